"""Recovery codes: the routes by which people get them, use one, and see how many are left."""

from avow.wire.bounds import Code, LoginId
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape
from avow.wire.login import LoginOptions
from avow.wire.secret import Secret
from avow.wire.sessions import JwtResponse

__all__ = ["ENDPOINTS", "GENERATE", "LEFT", "VERIFY", "RecoveryCode", "RecoveryCodes", "RecoveryCodesLeft"]


class RecoveryCodes(Shape, frozen=True, kw_only=True):
    """Ten new codes, each for one sign-in. They are not shown again, and those before them are void.

    Attributes:
        codes: As people write them down: `7K3M-QX0D-9ZTA`.
    """

    codes: tuple[Secret, ...]


class RecoveryCodesLeft(Shape, frozen=True, kw_only=True):
    """How many codes of the user are left.

    Attributes:
        left: 0 to 10.
        created_time: When they were made, seconds since the epoch; 0 when there are none.
    """

    left: int
    created_time: int


class RecoveryCode(Shape, frozen=True, kw_only=True):
    """A code that its owner had put aside.

    Attributes:
        login_id: What the user signs in with.
        code: As it was shown; dashes, spaces and small letters do not matter.
        login_options: See there; for `stepup` and `mfa` show the refresh token of the live session.
    """

    login_id: LoginId
    code: Code
    login_options: LoginOptions | None = None


GENERATE = Endpoint(
    "recoverycodes.generate", "POST", "/v1/auth/avow/recoverycodes/generate", Nothing, RecoveryCodes, Caller.SESSION
)
VERIFY = Endpoint(
    "recoverycodes.verify", "POST", "/v1/auth/avow/recoverycodes/verify", RecoveryCode, JwtResponse, Caller.PROJECT
)
LEFT = Endpoint("recoverycodes.left", "GET", "/v1/auth/avow/recoverycodes", Nothing, RecoveryCodesLeft, Caller.SESSION)

ENDPOINTS = (GENERATE, VERIFY, LEFT)
