"""The routes of one-time codes."""

from typing import cast

from avow.server.otp import actions
from avow.server.proofs import recipients
from avow.server.proofs.recipients import Method, require_method
from avow.server.proofs.testusers import for_test_user
from avow.server.serving import Call, Issued, Refusal, Slice, writes
from avow.server.store import Tx
from avow.wire import otp as wire
from avow.wire import testusers
from avow.wire.login import MaskedAddress, SignIn, SignUp, UpdateEmail, UpdatePhone
from avow.wire.otp import VerifyCode
from avow.wire.testusers import GeneratedCode, GenerateProof

__all__ = ["SLICE"]


def sign_up(tx: Tx, call: Call[SignUp]) -> MaskedAddress:
    """Send a code to a new user's address; the user exists once the code comes back."""
    require_method(call, "otp")
    return actions.send(tx, call.project, recipients.for_sign_up(tx, call))


def sign_in(tx: Tx, call: Call[SignIn]) -> MaskedAddress:
    """Send a code to a user's address. For `stepup` and `mfa` show the refresh token of the live session."""
    require_method(call, "otp")
    return actions.send(tx, call.project, recipients.for_sign_in(tx, call))


def sign_up_or_in(tx: Tx, call: Call[SignIn]) -> MaskedAddress:
    """Send a code to the user with this login ID, or to the login ID itself where there is none yet."""
    require_method(call, "otp")
    return actions.send(tx, call.project, recipients.for_sign_up_or_in(tx, call))


def verify(tx: Tx, call: Call[VerifyCode]) -> Issued | Refusal:
    """Exchange a code for a session. A code works once; after the attempts of the project it is dead."""
    require_method(call, "otp")
    return actions.verify(
        tx,
        call.project,
        call.client,
        login_id=call.body.login_id,
        method=cast(Method, call.path["method"]),
        code=call.body.code,
    )


def update_email(tx: Tx, call: Call[UpdateEmail]) -> MaskedAddress:
    """Send a code to a new e-mail address of the session's user; it becomes theirs when the code comes back."""
    require_method(call, "otp")
    return actions.send(tx, call.project, recipients.for_email_update(tx, call))


def update_phone(tx: Tx, call: Call[UpdatePhone]) -> MaskedAddress:
    """Send a code to a new phone number of the session's user; it becomes theirs when the code comes back."""
    require_method(call, "otp")
    return actions.send(tx, call.project, recipients.for_phone_update(tx, call))


def generate(tx: Tx, call: Call[GenerateProof]) -> GeneratedCode:
    """Return a code of a test user, to whom nothing is ever sent; it stays valid when a send follows.

    It is taken back on the route of its delivery method (of `Embedded`: of e-mail), like one that was sent.
    """
    require_method(call, "otp")
    code = actions.generate(tx, call.project, for_test_user(tx, call, "code"))
    return GeneratedCode(login_id=call.body.login_id, code=code)


SLICE = Slice(
    "otp",
    (
        writes(wire.SIGN_UP, sign_up),
        writes(wire.SIGN_IN, sign_in),
        writes(wire.SIGN_UP_OR_IN, sign_up_or_in),
        writes(wire.VERIFY, verify),
        writes(wire.UPDATE_EMAIL, update_email),
        writes(wire.UPDATE_PHONE, update_phone),
        writes(testusers.GENERATE_CODE, generate),
    ),
)
