"""Test users: the routes by which management is handed a code or link of theirs instead of a message being sent."""

from typing import Literal

from msgspec import field

from avow.wire.bounds import LoginId, Url
from avow.wire.endpoint import Caller, Endpoint, Shape
from avow.wire.login import LoginOptions
from avow.wire.secret import Secret

__all__ = [
    "ENDPOINTS",
    "GENERATE_CODE",
    "GENERATE_ENCHANTED_LINK",
    "GENERATE_MAGIC_LINK",
    "GenerateEnchantedLink",
    "GenerateMagicLink",
    "GenerateProof",
    "GeneratedCode",
    "GeneratedEnchantedLink",
    "GeneratedLink",
]

Delivery = Literal["email", "sms", "voice", "whatsapp", "Embedded", "embedded"]


class GenerateProof(Shape, frozen=True, kw_only=True):
    """The test user whose code is wanted.

    Attributes:
        login_id: What they sign in with.
        delivery_method: The method that it stands for, whose address is proven by it; `Embedded` stands for none and
            proves nothing, and its code is taken back on the routes of e-mail.
        login_options: Custom claims, at the top level of the tokens, and whether other sessions end; step-up and MFA
            need a session of the user and are refused.
    """

    login_id: LoginId
    delivery_method: Delivery
    login_options: LoginOptions | None = None


class GenerateMagicLink(GenerateProof, frozen=True, kw_only=True):
    """The test user whose magic link is wanted, and where it leads.

    Attributes:
        uri: Page of the application that gets the token as `t`; absent, the project's default or Avow's own page.
        redirect_url: The same under its newer name.
    """

    uri: Url | None = field(default=None, name="URI")
    redirect_url: Url | None = None


class GenerateEnchantedLink(Shape, frozen=True, kw_only=True):
    """The test user whose enchanted link is wanted, and where it leads; the fields of `GenerateMagicLink`."""

    login_id: LoginId
    uri: Url | None = field(default=None, name="URI")
    redirect_url: Url | None = None
    login_options: LoginOptions | None = None


class GeneratedCode(Shape, frozen=True, kw_only=True):
    """A code, and whose it is."""

    login_id: str
    code: Secret


class GeneratedLink(Shape, frozen=True, kw_only=True):
    """A magic link, and whose it is; its token is `t` in the query."""

    login_id: str
    link: Secret


class GeneratedEnchantedLink(GeneratedLink, frozen=True, kw_only=True):
    """The right one of the three links, and what the session is polled with."""

    pending_ref: Secret


GENERATE_CODE = Endpoint(
    "mgmt.user.generate_otp_for_test_user",
    "POST",
    "/v1/mgmt/tests/generate/otp",
    GenerateProof,
    GeneratedCode,
    Caller.MANAGEMENT,
)
GENERATE_MAGIC_LINK = Endpoint(
    "mgmt.user.generate_magic_link_for_test_user",
    "POST",
    "/v1/mgmt/tests/generate/magiclink",
    GenerateMagicLink,
    GeneratedLink,
    Caller.MANAGEMENT,
)
GENERATE_ENCHANTED_LINK = Endpoint(
    "mgmt.user.generate_enchanted_link_for_test_user",
    "POST",
    "/v1/mgmt/tests/generate/enchantedlink",
    GenerateEnchantedLink,
    GeneratedEnchantedLink,
    Caller.MANAGEMENT,
)

ENDPOINTS = (GENERATE_CODE, GENERATE_MAGIC_LINK, GENERATE_ENCHANTED_LINK)
