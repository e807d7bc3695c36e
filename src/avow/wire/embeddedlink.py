"""Embedded links: the routes that hand management a token which signs a user up or in; magic links take it back."""

from typing import Annotated

from msgspec import Meta, field

from avow.wire.bounds import Claims, Flag, LoginId, Name
from avow.wire.endpoint import Caller, Endpoint, Shape
from avow.wire.login import LoginOptions
from avow.wire.secret import Secret
from avow.wire.users import SignUpUser

__all__ = [
    "ENDPOINTS",
    "MOST_SECONDS",
    "SIGN_IN",
    "SIGN_UP",
    "EmbeddedSignIn",
    "EmbeddedSignUp",
    "EmbeddedToken",
    "EmbeddedUser",
]

MOST_SECONDS = 28 * 86400
Timeout = Annotated[int, Meta(ge=0, le=MOST_SECONDS)]


class EmbeddedSignIn(Shape, frozen=True, kw_only=True):
    """The user whom the token is to sign in.

    Attributes:
        login_id: What they sign in with.
        custom_claims: Claims at the top level of the tokens; reserved names are dropped.
        timeout: Seconds that the token lives, at most four weeks; absent or 0: as long as magic links of the project.
    """

    login_id: LoginId
    custom_claims: Claims | None = None
    timeout: Timeout | None = None


class EmbeddedUser(SignUpUser, frozen=True, kw_only=True):
    """What is known of the user to be; names in the spelling of the official Python client too."""

    python_given_name: Name | None = field(default=None, name="given_name")
    python_middle_name: Name | None = field(default=None, name="middle_name")
    python_family_name: Name | None = field(default=None, name="family_name")


class EmbeddedSignUp(Shape, frozen=True, kw_only=True):
    """The user whom the token is to create and sign in.

    Attributes:
        login_id: What they will sign in with.
        user: What is known about them; without an address of its kind, a login ID that is one is theirs.
        login_options: Custom claims, at the top level of the tokens.
        email_verified: The e-mail address is theirs: you vouch for it.
        phone_verified: The number is theirs.
        timeout: As in `EmbeddedSignIn`.
    """

    login_id: LoginId
    user: EmbeddedUser | None = None
    login_options: LoginOptions | None = None
    email_verified: Flag = None
    phone_verified: Flag = None
    timeout: Timeout | None = None


class EmbeddedToken(Shape, frozen=True, kw_only=True):
    """A token for `POST /v1/auth/magiclink/verify`; it works once."""

    token: Secret


SIGN_IN = Endpoint(
    "mgmt.user.generate_embedded_link",
    "POST",
    "/v1/mgmt/user/signin/embeddedlink",
    EmbeddedSignIn,
    EmbeddedToken,
    Caller.MANAGEMENT,
)
SIGN_UP = Endpoint(
    "mgmt.user.generate_sign_up_embedded_link",
    "POST",
    "/v1/mgmt/user/signup/embeddedlink",
    EmbeddedSignUp,
    EmbeddedToken,
    Caller.MANAGEMENT,
)

ENDPOINTS = (SIGN_IN, SIGN_UP)
