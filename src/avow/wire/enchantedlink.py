"""Enchanted links: the routes that send three links, take the token of the right one back, and answer the waiting."""

from msgspec import UNSET, UnsetType

from avow.wire.bounds import SecretReference
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape
from avow.wire.links import LinkSignIn, LinkSignUp, LinkToken, LinkUpdateEmail, LinkUpdatePhone
from avow.wire.secret import Secret
from avow.wire.sessions import JwtResponse

__all__ = [
    "ENDPOINTS",
    "METHODS",
    "PENDING_SESSION",
    "SIGN_IN",
    "SIGN_UP",
    "SIGN_UP_OR_IN",
    "UPDATE_EMAIL",
    "UPDATE_PHONE",
    "VERIFY",
    "PendingLink",
    "PendingSession",
]

METHODS = ("email", "sms")


class PendingLink(Shape, frozen=True, kw_only=True):
    """The links are on their way; the person clicks the one with this number while the caller asks for the session.

    Attributes:
        link_id: The number to show, two digits.
        pending_ref: What to ask for the session with; a secret of the caller.
        masked_email: `j***@e***.com`, when they went by e-mail.
        masked_phone: `+*******1234`, when they went to a phone.
    """

    link_id: str
    pending_ref: Secret
    masked_email: str | UnsetType = UNSET
    masked_phone: str | UnsetType = UNSET


class PendingSession(Shape, frozen=True, kw_only=True):
    """What the start answered as `pendingRef`."""

    pending_ref: SecretReference


SIGN_UP = Endpoint(
    "enchantedlink.sign_up",
    "POST",
    "/v1/auth/enchantedlink/signup/{method}",
    LinkSignUp,
    PendingLink,
    Caller.PROJECT,
    METHODS,
)
SIGN_IN = Endpoint(
    "enchantedlink.sign_in",
    "POST",
    "/v1/auth/enchantedlink/signin/{method}",
    LinkSignIn,
    PendingLink,
    Caller.PROJECT,
    METHODS,
)
SIGN_UP_OR_IN = Endpoint(
    "enchantedlink.sign_up_or_in",
    "POST",
    "/v1/auth/enchantedlink/signup-in/{method}",
    LinkSignIn,
    PendingLink,
    Caller.PROJECT,
    METHODS,
)
VERIFY = Endpoint("enchantedlink.verify", "POST", "/v1/auth/enchantedlink/verify", LinkToken, Nothing, Caller.PROJECT)
PENDING_SESSION = Endpoint(
    "enchantedlink.get_session",
    "POST",
    "/v1/auth/enchantedlink/pending-session",
    PendingSession,
    JwtResponse,
    Caller.PROJECT,
)
UPDATE_EMAIL = Endpoint(
    "enchantedlink.update_user_email",
    "POST",
    "/v1/auth/enchantedlink/update/email",
    LinkUpdateEmail,
    PendingLink,
    Caller.SESSION,
)
UPDATE_PHONE = Endpoint(
    "enchantedlink.update_user_phone",
    "POST",
    "/v1/auth/enchantedlink/update/phone/{method}",
    LinkUpdatePhone,
    PendingLink,
    Caller.SESSION,
    ("sms",),
)

ENDPOINTS = (SIGN_UP, SIGN_IN, SIGN_UP_OR_IN, VERIFY, PENDING_SESSION, UPDATE_EMAIL, UPDATE_PHONE)
