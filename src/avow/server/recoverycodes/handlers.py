"""The routes of recovery codes."""

from avow.core import recoverycodes as rules
from avow.errors import InvalidCode
from avow.server.proofs.recipients import require_method
from avow.server.recoverycodes import actions
from avow.server.serving import Call, Issued, Refusal, Slice, reads, writes
from avow.server.store import Tx
from avow.wire import recoverycodes as wire
from avow.wire.endpoint import Nothing
from avow.wire.recoverycodes import RecoveryCode, RecoveryCodes, RecoveryCodesLeft

__all__ = ["SLICE"]


def generate(tx: Tx, call: Call[Nothing]) -> RecoveryCodes:
    """Make ten recovery codes for the session's user; the answer is the only one that has them.

    Those before them are void. The sign-in has to be a recent one (E061402), and whoever has an authenticator app or a
    passkey has to have shown it there (E061401).
    """
    require_method(call, "recoverycodes")
    return RecoveryCodes(codes=actions.generate(tx, call))


def verify(tx: Tx, call: Call[RecoveryCode]) -> Issued | Refusal:
    """Exchange a recovery code for a session, whose `amr` says `recovery`. A code works once.

    With `mfa` and the refresh token (or mfa token) of the live session it is the second factor, in the place of the
    app. Alone it is one factor, as the app's code is.
    """
    require_method(call, "recoverycodes")
    code = rules.bare(call.body.code)
    return actions.verify(tx, call, code) if code else Refusal(InvalidCode())


def left(tx: Tx, call: Call[Nothing]) -> RecoveryCodesLeft:
    """Return how many recovery codes the session's user has left."""
    found = actions.left(tx, call)
    return RecoveryCodesLeft(left=found.count, created_time=found.created_at)


SLICE = Slice("recoverycodes", (writes(wire.GENERATE, generate), writes(wire.VERIFY, verify), reads(wire.LEFT, left)))
