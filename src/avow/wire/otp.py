"""One-time codes: the routes that send a code and take it back."""

from avow.wire.bounds import Code, LoginId
from avow.wire.endpoint import Caller, Endpoint, Shape
from avow.wire.login import ALL_METHODS, PHONE_METHODS, MaskedAddress, SignIn, SignUp, UpdateEmail, UpdatePhone
from avow.wire.sessions import JwtResponse

__all__ = [
    "ENDPOINTS",
    "SIGN_IN",
    "SIGN_UP",
    "SIGN_UP_OR_IN",
    "UPDATE_EMAIL",
    "UPDATE_PHONE",
    "VERIFY",
    "VerifyCode",
]


class VerifyCode(Shape, frozen=True, kw_only=True):
    """A typed code.

    Attributes:
        login_id: What the user signs in with.
        code: The digits, as a string.
    """

    login_id: LoginId
    code: Code


SIGN_UP = Endpoint(
    "otp.sign_up", "POST", "/v1/auth/otp/signup/{method}", SignUp, MaskedAddress, Caller.PROJECT, ALL_METHODS
)
SIGN_IN = Endpoint(
    "otp.sign_in", "POST", "/v1/auth/otp/signin/{method}", SignIn, MaskedAddress, Caller.PROJECT, ALL_METHODS
)
SIGN_UP_OR_IN = Endpoint(
    "otp.sign_up_or_in", "POST", "/v1/auth/otp/signup-in/{method}", SignIn, MaskedAddress, Caller.PROJECT, ALL_METHODS
)
VERIFY = Endpoint(
    "otp.verify_code", "POST", "/v1/auth/otp/verify/{method}", VerifyCode, JwtResponse, Caller.PROJECT, ALL_METHODS
)
UPDATE_EMAIL = Endpoint(
    "otp.update_user_email", "POST", "/v1/auth/otp/update/email", UpdateEmail, MaskedAddress, Caller.SESSION
)
UPDATE_PHONE = Endpoint(
    "otp.update_user_phone",
    "POST",
    "/v1/auth/otp/update/phone/{method}",
    UpdatePhone,
    MaskedAddress,
    Caller.SESSION,
    PHONE_METHODS,
)

ENDPOINTS = (SIGN_UP, SIGN_IN, SIGN_UP_OR_IN, VERIFY, UPDATE_EMAIL, UPDATE_PHONE)
