"""The routes of passkeys."""

from avow.core.passkeys import answers
from avow.errors import InvalidPasskey, MissingArgument
from avow.server.passkey import actions
from avow.server.passkey.actions import Unfit
from avow.server.passkey.ceremonies import ADD, SIGN_UP
from avow.server.proofs.recipients import require_method
from avow.server.serving import Call, Issued, Refusal, Slice, Steps, aside, read, reads, steps, write, writes
from avow.server.store import Tx
from avow.wire import webauthn as wire
from avow.wire.endpoint import Nothing
from avow.wire.webauthn import (
    AddPasskey,
    FinishPasskey,
    OwnPasskey,
    OwnPasskeys,
    PasskeyAdded,
    PasskeyTransaction,
    RemovePasskey,
    RenamePasskey,
    SignInByPasskey,
    SignUpByPasskey,
    SignUpOrInByPasskey,
)

__all__ = ["SLICE"]

_NAME = "webauthn"


def sign_up_start(tx: Tx, call: Call[SignUpByPasskey]) -> PasskeyTransaction:
    """Begin the sign-up of a new user, who exists once their first passkey is there.

    Hand `JSON.parse(options).publicKey` to `PublicKeyCredential.parseCreationOptionsFromJSON`, create the passkey with
    `navigator.credentials.create`, and send what `JSON.stringify(credential.toJSON())` gives within five minutes.
    `origin` has to be one of the project's `passkey_origins`.
    """
    require_method(call, _NAME)
    return actions.start_sign_up(tx, call)


def sign_up_finish(call: Call[FinishPasskey]) -> Steps[Issued | Refusal]:
    """Take the first passkey of a new user, and open their first session. A transaction is good for one answer."""
    require_method(call, _NAME)
    answer = answers.created(call.body.response)
    yield from _ready()
    expected = yield from read(actions.expect, SIGN_UP, _transaction(call))
    verdict = actions.judge_created(expected, answer)
    if isinstance(verdict, Unfit):
        return (yield from write(actions.refuse, call, expected, verdict))
    return (yield from write(actions.sign_up, call, expected, verdict))


def sign_in_start(tx: Tx, call: Call[SignInByPasskey]) -> PasskeyTransaction:
    """Begin a sign-in by passkey.

    Hand `JSON.parse(options).publicKey` to `PublicKeyCredential.parseRequestOptionsFromJSON`. With an empty `loginId`
    the device offers the passkeys it has for the domain: begin so for autofill (`mediation: "conditional"`). For
    `stepup` and `mfa` show the refresh token of the live session.
    """
    require_method(call, _NAME)
    return actions.start_sign_in(tx, call)


def sign_in_finish(call: Call[FinishPasskey]) -> Steps[Issued | Refusal]:
    """Take the passkey that is shown, and open a session. A transaction is good for one answer.

    A passkey whose counter does not grow is refused, because it may have been copied; those that keep none (always 0)
    are taken.
    """
    require_method(call, _NAME)
    answer = answers.shown(call.body.response)
    yield from _ready()
    expected = yield from read(actions.expect_shown, _transaction(call), answer.id)
    verdict = actions.judge_shown(expected, answer)
    if isinstance(verdict, Unfit):
        return (yield from write(actions.refuse, call, expected, verdict))
    return (yield from write(actions.sign_in, call, expected, verdict))


def sign_up_or_in_start(tx: Tx, call: Call[SignUpOrInByPasskey]) -> PasskeyTransaction:
    """Begin the sign-in of the user with this login ID, or the sign-up where there is none; `create` says which.

    Finish it as what it is. A project that hides who exists answers 400.
    """
    require_method(call, _NAME)
    return actions.start_sign_up_or_in(tx, call)


def update_start(tx: Tx, call: Call[AddPasskey]) -> PasskeyTransaction:
    """Begin to add a passkey to the user of the session, who has to have signed in a short while ago.

    A device that holds one of the user's passkeys makes no second (`InvalidStateError` in the browser).
    """
    require_method(call, _NAME)
    return actions.start_adding(tx, call)


def update_finish(call: Call[FinishPasskey]) -> Steps[PasskeyAdded | Issued | Refusal]:
    """Take the new passkey of a user; with `mfa` a session comes with it that counts it as a factor.

    The session that began it has to live on; a refresh token that is shown has to be that session's, and without one
    the device (User-Agent) the one that began. The owner of the account is told by e-mail.
    """
    require_method(call, _NAME)
    answer = answers.created(call.body.response)
    yield from _ready()
    expected = yield from read(actions.expect, ADD, _transaction(call))
    if not expected.begun.is_continued_by(call.caller, call.client):
        raise InvalidPasskey(detail="begun by another client, or in another session")
    verdict = actions.judge_created(expected, answer)
    if isinstance(verdict, Unfit):
        return (yield from write(actions.refuse, call, expected, verdict))
    return (yield from write(actions.add, call, expected, verdict))


def mine(tx: Tx, call: Call[Nothing]) -> OwnPasskeys:
    """Return the passkeys of the session's user, the oldest first."""
    return OwnPasskeys(
        passkeys=tuple(
            OwnPasskey(
                id=row.id,
                rp_id=row.rp_id,
                kind=row.kind,
                display_name=row.display_name,
                created_time=row.created_at,
                last_used_time=row.last_used_at or 0,
                is_backed_up=bool(row.is_backed_up),
            )
            for row in actions.own(tx, call)
        )
    )


def rename(tx: Tx, call: Call[RenamePasskey]) -> Nothing:
    """Give one of the user's passkeys a name that its owner knows it by."""
    actions.rename(tx, call)
    return Nothing()


def remove(tx: Tx, call: Call[RemovePasskey]) -> Nothing:
    """Remove one of the user's passkeys; it signs nobody in any more, and the owner is told by e-mail.

    The user has to have signed in a short while ago. The device still offers it until it is deleted there, too.
    """
    actions.remove(tx, call)
    return Nothing()


def _ready() -> Steps[None]:
    """Load what judges answers, once in a process, beside the requests that are in progress."""
    if not answers.is_loaded():
        yield from aside(answers.load)


def _transaction(call: Call[FinishPasskey]) -> str:
    if not call.body.transaction:
        raise MissingArgument(error_message="transactionId is missing.")
    return call.body.transaction


SLICE = Slice(
    "passkey",
    (
        writes(wire.SIGN_UP_START, sign_up_start),
        steps(wire.SIGN_UP_FINISH, sign_up_finish),
        writes(wire.SIGN_IN_START, sign_in_start),
        steps(wire.SIGN_IN_FINISH, sign_in_finish),
        writes(wire.SIGN_UP_OR_IN_START, sign_up_or_in_start),
        writes(wire.ADD_START, update_start),
        steps(wire.ADD_FINISH, update_finish),
        reads(wire.MINE, mine),
        writes(wire.RENAME_MINE, rename),
        writes(wire.REMOVE_MINE, remove),
    ),
)
