"""Passkeys: asked for, shown, created; and the offer to create one, which is not repeated for a while."""

from functools import partial
from urllib.parse import urlsplit

from avow.core.passkeys import answers
from avow.core.passkeys.answers import Created, NewPasskey, UsedPasskey
from avow.errors import InvalidPasskey
from avow.server.flows import offers
from avow.server.flows.acts.turn import Outcome, Turn, Unit, own_login_id, proven
from avow.server.flows.state import Away
from avow.server.passkey import actions as passkey
from avow.server.passkey.actions import Expected, Unfit
from avow.server.passkey.ceremonies import ADD, SIGN_UP
from avow.server.proofs.recipients import require_method
from avow.server.screens.values import Said
from avow.server.serving import Issued, Refusal, Steps, aside, read, write
from avow.server.store import Tx
from avow.wire.webauthn import (
    AddPasskey,
    PasskeyTransaction,
    PasskeyUser,
    SignInByPasskey,
    SignUpByPasskey,
)

__all__ = ["add", "ask", "decline", "make", "show"]

_METHOD = "webauthn"
_MOST_ANSWER = 65_536
_WRONG = Said("wrong.passkey")
_FAILURES = {"authenticator_already_registered": "wrong.passkey-exists"}


def ask(tx: Tx, turn: Turn) -> Outcome:
    """Begin a ceremony: to sign in with whichever passkey the device offers, to sign up, or to add one."""
    require_method(turn.call, _METHOD)
    does, origin, state = turn.given.get("does"), _origin(turn), turn.state
    if does == "add":
        added = AddPasskey(login_id=own_login_id(tx, turn), origin=origin, mfa=state.waiting is not None)
        begun = passkey.start_adding(tx, turn.asking(added, as_self=True))
    elif does == "sign-up":
        state = turn.naming()
        user = PasskeyUser(login_id=state.login_id, name=state.name or None)
        begun = passkey.start_sign_up(tx, turn.asking(SignUpByPasskey(user=user, origin=origin)))
    else:
        body = SignInByPasskey(login_id="", origin=origin, login_options=turn.options if turn.adds else None)
        begun = passkey.start_sign_in(tx, turn.asking(body))
    return turn.come("asked", away=_away(begun), login_id=state.login_id, name=state.name)


def show(turn: Turn) -> Steps[Unit | None]:
    """Take the passkey that is shown."""
    require_method(turn.call, _METHOD)
    if not turn.text("response", _MOST_ANSWER):
        return _cancelled(turn)
    answer = answers.shown(turn.text("response", _MOST_ANSWER))
    yield from _ready()
    expected = yield from read(passkey.expect_shown, _transaction(turn), answer.id)
    verdict = passkey.judge_shown(expected, answer)
    if isinstance(verdict, Unfit):
        yield from write(passkey.refuse, turn.call, expected, verdict)
        return lambda tx: Outcome("cancelled", turn.state, _WRONG)
    return partial(_shown, turn=turn, expected=expected, used=verdict)


def make(turn: Turn) -> Steps[Unit | None]:
    """Take the first passkey of somebody new."""
    return (yield from _created(turn, SIGN_UP))


def add(turn: Turn) -> Steps[Unit | None]:
    """Take another passkey of the user of the session."""
    return (yield from _created(turn, ADD))


def decline(tx: Tx, turn: Turn) -> Outcome:
    """Go on without a passkey, and offer none for a while."""
    if turn.state.who is not None:
        offers.decline(tx, turn.state.who.user_id)
    return turn.come("done")


def _created(turn: Turn, purpose: str) -> Steps[Unit | None]:
    require_method(turn.call, _METHOD)
    if not turn.text("response", _MOST_ANSWER):
        return _cancelled(turn)
    answer: Created = answers.created(turn.text("response", _MOST_ANSWER))
    yield from _ready()
    expected = yield from read(passkey.expect, ADD if purpose == ADD else SIGN_UP, _transaction(turn))
    call = turn.asking(turn.call.body, as_self=purpose == ADD)
    if purpose == ADD and not expected.begun.is_continued_by(call.caller, call.client):
        raise InvalidPasskey(detail="begun by another client, or in another session")
    verdict = passkey.judge_created(expected, answer)
    if isinstance(verdict, Unfit):
        yield from write(passkey.refuse, call, expected, verdict)
        return lambda tx: Outcome("cancelled", turn.state, _WRONG)
    return partial(_added if purpose == ADD else _joined, turn=turn, expected=expected, new=verdict)


def _shown(tx: Tx, turn: Turn, expected: Expected, used: UsedPasskey) -> Outcome:
    return proven(tx, turn, _METHOD, passkey.sign_in(tx, turn.call, expected, used), _WRONG)


def _joined(tx: Tx, turn: Turn, expected: Expected, new: NewPasskey) -> Outcome:
    return proven(tx, turn, _METHOD, passkey.sign_up(tx, turn.call, expected, new))


def _added(tx: Tx, turn: Turn, expected: Expected, new: NewPasskey) -> Outcome:
    result = passkey.add(tx, turn.asking(turn.call.body, as_self=True), expected, new)
    if isinstance(result, Issued | Refusal):
        return proven(tx, turn, _METHOD, result, _WRONG)
    return turn.come("done", away=Away())


def _cancelled(turn: Turn) -> Unit:
    """Return what happens when the browser came back without a passkey."""
    key = _FAILURES.get(turn.text("failureReason", 64), "wrong.passkey-cancelled")
    return lambda tx: Outcome("cancelled", turn.state, Said(key))


def _ready() -> Steps[None]:
    """Load what judges answers, once in a process, beside the requests that are in progress."""
    if not answers.is_loaded():
        yield from aside(answers.load)


def _transaction(turn: Turn) -> str:
    """Return the ceremony that is meant: the one that was begun here, or one of autofill, which the page begins."""
    return turn.text("transactionId", 512) or turn.state.away.transaction_id


def _origin(turn: Turn) -> str:
    parts = urlsplit(turn.call.project.public_url)
    return turn.text("origin", 320) or f"{parts.scheme}://{parts.netloc}"


def _away(begun: PasskeyTransaction) -> Away:
    return Away(transaction_id=begun.transaction_id, options=begun.options, creates=begun.create)
