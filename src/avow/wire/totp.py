"""Authenticator apps: the routes that hand out a seed, and take the app's codes."""

from msgspec import field

from avow.wire.bounds import Code, LoginId
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape
from avow.wire.login import LoginOptions
from avow.wire.secret import Secret
from avow.wire.sessions import JwtResponse
from avow.wire.users import SignUpUser

__all__ = [
    "ENDPOINTS",
    "REMOVE",
    "SIGN_UP",
    "UPDATE",
    "VERIFY",
    "TotpCode",
    "TotpEnrolment",
    "TotpSignUp",
    "TotpUpdate",
]


class TotpSignUp(Shape, frozen=True, kw_only=True):
    """A new user who will sign in with an authenticator app.

    Attributes:
        login_id: What they will sign in with.
        user: What is known about them; none of their addresses is proven by this.
    """

    login_id: LoginId
    user: SignUpUser | None = None


class TotpUpdate(Shape, frozen=True, kw_only=True):
    """The user of the session, who adds or replaces their authenticator app.

    Attributes:
        login_id: One of their login IDs.
    """

    login_id: LoginId


class TotpEnrolment(Shape, frozen=True, kw_only=True):
    """Three ways to bring one new seed into an app. It is not shown again.

    Attributes:
        provisioning_url: `otpauth://totp/...`, for a link on the phone itself.
        image: The same as a QR image: PNG, base64 (with padding, as `data:image/png;base64,` takes it).
        key: The seed for typing: base 32 without padding.
    """

    provisioning_url: Secret = field(name="provisioningURL")
    image: Secret
    key: Secret


class TotpCode(Shape, frozen=True, kw_only=True):
    """A code that the app shows.

    Attributes:
        login_id: What the user signs in with.
        code: Six digits, as a string.
        login_options: See there; for `stepup` and `mfa` show the refresh token of the live session.
    """

    login_id: LoginId
    code: Code
    login_options: LoginOptions | None = None


SIGN_UP = Endpoint("totp.sign_up", "POST", "/v1/auth/totp/signup", TotpSignUp, TotpEnrolment, Caller.PROJECT)
VERIFY = Endpoint("totp.sign_in_code", "POST", "/v1/auth/totp/verify", TotpCode, JwtResponse, Caller.PROJECT)
UPDATE = Endpoint("totp.update_user", "POST", "/v1/auth/totp/update", TotpUpdate, TotpEnrolment, Caller.SESSION)
REMOVE = Endpoint("totp.remove", "POST", "/v1/auth/avow/totp/remove", Nothing, Nothing, Caller.SESSION)

ENDPOINTS = (SIGN_UP, VERIFY, UPDATE, REMOVE)
