"""Passwords: typed, chosen at a sign-up, forgotten, replaced. Hashing lies between units, as in the method itself."""

from collections.abc import Callable, Iterable
from dataclasses import replace as with_state
from functools import partial
from typing import Any

from msgspec.structs import replace as changed

from avow.core import addresses, links
from avow.core.passwords import Checked, check, hashed, same
from avow.core.passwords.policy import Weakness, weakness
from avow.errors import InvalidArgument, Unavailable
from avow.server.flows.acts.codes import masked
from avow.server.flows.acts.turn import Outcome, Turn, Unit, own_login_id, proven
from avow.server.flows.says import UNREADABLE_EMAIL
from avow.server.flows.state import Sent
from avow.server.password import actions as password
from avow.server.password.actions import Attempt
from avow.server.passwords import actions as passwords
from avow.server.passwords.actions import Standard
from avow.server.passwords.blocklist import common
from avow.server.passwords.breaches import require_unbreached
from avow.server.proofs import magiclinks, recipients
from avow.server.proofs.binding import NewPerson
from avow.server.proofs.recipients import require_method
from avow.server.screens.values import Said
from avow.server.serving import Call, Steps, aside, read, write
from avow.server.store import Tx
from avow.wire.login import SignIn
from avow.wire.password import PasswordSignIn, PasswordSignUp, ReplacePassword, UpdatePassword
from avow.wire.passwords import MAX_CHARACTERS, PasswordSettings
from avow.wire.users import SignUpUser

__all__ = ["change", "name", "replace", "send_reset", "sign_in", "sign_up"]

_NAME = "password"
_WRONG = Said("wrong.password")
_USED = Said("wrong.password-used")
_WEAK = {
    Weakness.LONG: "wrong.password-long",
    Weakness.SHORT: "wrong.password-short",
    Weakness.LOWERCASE: "wrong.password-lowercase",
    Weakness.UPPERCASE: "wrong.password-uppercase",
    Weakness.NUMBER: "wrong.password-number",
    Weakness.SIGN: "wrong.password-sign",
    Weakness.GUESSED: "wrong.password-guessed",
}


def name(tx: Tx, turn: Turn) -> Outcome:
    """Take who somebody says they are; nothing is told about it."""
    return Outcome("named", changed(turn.naming(takes_any=turn.given.get("does") != "sign-up"), way=_NAME))


def sign_in(turn: Turn) -> Steps[Unit | None]:
    """Take a password; as a second factor, the one of the user."""
    require_method(turn.call, _NAME)
    typed = turn.text("password")
    if not typed:
        return lambda tx: turn.refuse(Said("wrong.missing"))
    if turn.adds:
        state = changed(turn.state, login_id=(yield from read(own_login_id, turn)))
    else:
        state = turn.naming(takes_any=True)
    body = PasswordSignIn(login_id=state.login_id, password=typed, login_options=turn.options)

    def opened(tx: Tx, call: Call[PasswordSignIn], attempt: Attempt, checked: Checked) -> Outcome:
        result = password.open_session(tx, call, attempt, checked.renewed)
        if result is None:
            raise Unavailable(detail="the credentials were changed by others at the same time")
        return proven(tx, _with(turn, state.login_id), _NAME, result)

    return (yield from _proven(turn, turn.asking(body), typed, opened))


def sign_up(turn: Turn) -> Steps[Unit | None]:
    """Create a user with a password."""
    require_method(turn.call, _NAME)
    typed, state = turn.text("new-password"), turn.state
    if not (addresses.is_email(state.login_id) or addresses.is_phone(state.login_id)):
        raise InvalidArgument(detail=UNREADABLE_EMAIL)
    user = SignUpUser(
        name=state.name or None,
        email=state.login_id if state.by == "email" else None,
        phone=state.login_id if state.by == "sms" else None,
    )
    if not typed:
        return lambda tx: turn.refuse(Said("wrong.missing"))
    body = PasswordSignUp(login_id=state.login_id, password=typed, user=user, login_options=turn.options)
    call: Call[PasswordSignUp] = turn.asking(body)
    person, settings = yield from read(password.newcomer, call)
    known = (person.typed, person.email, person.phone, person.name, person.given_name, person.family_name)
    weak = yield from _weakness(call, typed, settings, (*known, call.project.name))
    if weak is not None:
        return lambda tx: turn.refuse(weak)
    encoded = yield from aside(hashed, typed)
    return partial(_created, turn=turn, call=call, person=person, encoded=encoded)


def send_reset(tx: Tx, turn: Turn) -> Outcome:
    """Send a link to somebody who has forgotten their password; nothing tells whether there is such a user."""
    require_method(turn.call, _NAME)
    password.require_enabled(tx)
    state = turn.naming(takes_any=True)
    method = "sms" if addresses.is_phone(addresses.login_id(state.login_id).typed) else "email"
    asking: Call[SignIn] = turn.asking(
        SignIn(login_id=state.login_id, login_options=turn.options), method=method, hides=True
    )
    token = links.new_link_token()
    to = recipients.for_sign_in(tx, asking)
    address = magiclinks.send_reset(tx, turn.call.project, to, turn.return_url(), token)
    sent = Sent(by=state.by, to=masked(address), at=tx.now, challenge_id=token.challenge_id)
    return Outcome("sent", changed(state, sent=sent, way=_NAME))


def change(turn: Turn) -> Steps[Unit | None]:
    """Set a new password in the session that the flow is in."""
    require_method(turn.call, _NAME)
    typed = turn.text("new-password")
    if not typed:
        return lambda tx: turn.refuse(Said("wrong.missing"))
    login_id = yield from read(own_login_id, turn)
    call: Call[UpdatePassword] = turn.asking(UpdatePassword(login_id=login_id, new_password=typed), as_self=True)
    standard = yield from read(password.own_standard, call)
    encoded = yield from _encoded(call, typed, standard)
    if isinstance(encoded, Said):
        return lambda tx: turn.refuse(encoded)
    return partial(_changed, turn=turn, call=call, standard=standard, encoded=encoded)


def replace(turn: Turn) -> Steps[Unit | None]:
    """Replace a password that has expired, by whoever knows it."""
    require_method(turn.call, _NAME)
    old, new = turn.text("old"), turn.text("new-password")
    if not old or not new:
        return lambda tx: turn.refuse(Said("wrong.missing"))
    body = ReplacePassword(login_id=turn.state.login_id, old_password=old, new_password=new)
    call: Call[ReplacePassword] = turn.asking(body)
    attempt = yield from write(password.begin, call, None)
    if not (yield from _is_theirs(call, attempt, old)).is_theirs:
        return lambda tx: turn.refuse(_WRONG)
    standard = yield from write(password.accept, call, attempt)
    if standard is None:
        raise Unavailable(detail="the credentials were changed by others at the same time")
    encoded = _USED if same(old, new) else (yield from _encoded(call, new, standard))
    if isinstance(encoded, Said):
        return lambda tx: turn.refuse(encoded)
    return partial(_replaced, turn=turn, call=call, attempt=attempt, standard=standard, encoded=encoded)


def _proven(
    turn: Turn,
    call: Call[PasswordSignIn],
    typed: str,
    then: Callable[[Tx, Call[PasswordSignIn], Attempt, Checked], Outcome],
) -> Steps[Unit | None]:
    """Go on for whoever knows the password; otherwise the try stays counted."""
    attempt = yield from write(password.begin, call, call.body.login_options)
    checked = yield from _is_theirs(call, attempt, typed)
    if not checked.is_theirs:
        state = _with(turn, call.body.login_id).state
        return lambda tx: Outcome("refused", state, _WRONG)
    return lambda tx: then(tx, call, attempt, checked)


def _is_theirs(call: Call[object], attempt: Attempt, typed: str) -> Steps[Checked]:
    try:
        checked = yield from aside(check, attempt.encoded, typed)
    except Unavailable:  # nobody has looked at it
        yield from write(password.forget, attempt)
        raise
    if not checked.is_theirs:
        yield from write(password.refuse, call, attempt)
    return checked


def _encoded(call: Call[object], typed: str, standard: Standard) -> Steps[str | Said]:
    """Return a new password as it is kept, or why it cannot be taken."""
    weak = yield from _weakness(call, typed, standard.settings, standard.names)
    if weak is not None:
        return weak
    try:
        return (yield from aside(passwords.encode, typed, standard))
    except InvalidArgument:
        return _USED


def _weakness(call: Call[Any], typed: str, settings: PasswordSettings, names: Iterable[str]) -> Steps[Said | None]:
    """Return why a new password is not good enough, or None."""
    found = weakness(typed, settings, names, common())
    if found is not None:
        counts = {Weakness.SHORT: settings.min_length, Weakness.LONG: MAX_CHARACTERS}
        return Said(_WEAK[found], {"count": counts[found]} if found in counts else {})
    try:
        yield from require_unbreached(call.project, typed)
    except InvalidArgument:
        return Said("wrong.password-guessed")
    return None


def _created(tx: Tx, turn: Turn, call: Call[PasswordSignUp], person: NewPerson, encoded: str) -> Outcome:
    return proven(tx, turn, _NAME, password.create(tx, call, person, encoded))


def _changed(tx: Tx, turn: Turn, call: Call[UpdatePassword], standard: Standard, encoded: str) -> Outcome:
    if not password.update(tx, call, standard, encoded):
        raise Unavailable(detail="the credentials were changed by others at the same time")
    return turn.come("done", must_choose=False)


def _replaced(
    tx: Tx, turn: Turn, call: Call[ReplacePassword], attempt: Attempt, standard: Standard, encoded: str
) -> Outcome:
    result = password.replace(tx, call, attempt, standard, encoded)
    if result is None:
        raise Unavailable(detail="the credentials were changed by others at the same time")
    return proven(tx, turn, _NAME, result)


def _with(turn: Turn, login_id: str) -> Turn:
    return with_state(turn, state=changed(turn.state, login_id=login_id))
