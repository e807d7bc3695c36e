"""Magic links: the routes that send a link and take its token back."""

from avow.wire.endpoint import Caller, Endpoint
from avow.wire.links import LinkSignIn, LinkSignUp, LinkToken, LinkUpdateEmail, LinkUpdatePhone
from avow.wire.login import ALL_METHODS, PHONE_METHODS, MaskedAddress
from avow.wire.sessions import JwtResponse

__all__ = [
    "ENDPOINTS",
    "SIGN_IN",
    "SIGN_UP",
    "SIGN_UP_OR_IN",
    "UPDATE_EMAIL",
    "UPDATE_PHONE",
    "UPDATE_PHONE_BY_METHOD",
    "VERIFY",
]

SIGN_UP = Endpoint(
    "magiclink.sign_up",
    "POST",
    "/v1/auth/magiclink/signup/{method}",
    LinkSignUp,
    MaskedAddress,
    Caller.PROJECT,
    ALL_METHODS,
)
SIGN_IN = Endpoint(
    "magiclink.sign_in",
    "POST",
    "/v1/auth/magiclink/signin/{method}",
    LinkSignIn,
    MaskedAddress,
    Caller.PROJECT,
    ALL_METHODS,
)
SIGN_UP_OR_IN = Endpoint(
    "magiclink.sign_up_or_in",
    "POST",
    "/v1/auth/magiclink/signup-in/{method}",
    LinkSignIn,
    MaskedAddress,
    Caller.PROJECT,
    ALL_METHODS,
)
VERIFY = Endpoint("magiclink.verify", "POST", "/v1/auth/magiclink/verify", LinkToken, JwtResponse, Caller.PROJECT)
UPDATE_EMAIL = Endpoint(
    "magiclink.update_user_email",
    "POST",
    "/v1/auth/magiclink/update/email",
    LinkUpdateEmail,
    MaskedAddress,
    Caller.SESSION,
)
# The Python client names no method here (it means sms), the Go and browser clients do.
UPDATE_PHONE = Endpoint(
    "magiclink.update_user_phone",
    "POST",
    "/v1/auth/magiclink/update/phone",
    LinkUpdatePhone,
    MaskedAddress,
    Caller.SESSION,
)
UPDATE_PHONE_BY_METHOD = Endpoint(
    "magiclink.update_user_phone_by_method",
    "POST",
    "/v1/auth/magiclink/update/phone/{method}",
    LinkUpdatePhone,
    MaskedAddress,
    Caller.SESSION,
    PHONE_METHODS,
)

ENDPOINTS = (SIGN_UP, SIGN_IN, SIGN_UP_OR_IN, VERIFY, UPDATE_EMAIL, UPDATE_PHONE, UPDATE_PHONE_BY_METHOD)
