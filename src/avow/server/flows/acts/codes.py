"""One-time codes: sent and taken back."""

import re
import unicodedata

from msgspec.structs import replace as changed

from avow.errors import InvalidArgument, InvalidCode, UserDisabled
from avow.server.flows.acts.turn import Outcome, Turn, own_login_id, own_profile, proven
from avow.server.flows.state import Sent, State
from avow.server.otp import actions as otp
from avow.server.proofs import recipients
from avow.server.proofs.recipients import Recipient, require_method
from avow.server.screens.values import Said
from avow.server.serving import Call, Refusal
from avow.server.store import Tx
from avow.wire.login import LoginOptions, MaskedAddress, SignIn, SignUp
from avow.wire.users import SignUpUser

__all__ = ["digits", "masked", "recipient", "second", "send", "verify"]

_NAME = "otp"
_BETWEEN_DIGITS = re.compile(r"[\s.\-]+")


def send(tx: Tx, turn: Turn) -> Outcome:
    """Send a code to whoever was named; as a second factor, to an address of the user."""
    require_method(turn.call, _NAME)
    state = second(tx, turn) if turn.adds else turn.naming()
    masked_address = otp.send(tx, turn.call.project, recipient(tx, turn, state, turn.options))
    sent = Sent(by=state.by, to=masked(masked_address), at=tx.now, is_again=turn.given.get("again") == "yes")
    notice = Said("notice.sent-again") if sent.is_again else None
    way = state.way if turn.adds else _NAME
    return Outcome("sent", changed(state, sent=sent, notice=notice, way=way))


def verify(tx: Tx, turn: Turn) -> Outcome:
    """Take a code back."""
    require_method(turn.call, _NAME)
    typed, login_id = digits(turn.text("code", 64)), turn.state.login_id
    if not typed:
        return turn.refuse(Said("wrong.code-shape"))
    result = otp.verify(
        tx, turn.call.project, turn.call.client, login_id=login_id, method=turn.state.sent.by, code=typed
    )
    error = None
    if isinstance(result, Refusal) and isinstance(result.error, InvalidCode):
        left = otp.attempts_left(tx, login_id)
        error = Said("wrong.code", {"count": left}) if left else Said("wrong.code-last")
    return proven(tx, turn, _NAME, result, error)


def recipient(tx: Tx, turn: Turn, state: State, options: LoginOptions) -> Recipient:
    """Return who gets a code or link; of a user who cannot get one nothing is told, and nothing is sent."""
    method = state.by
    does = turn.given.get("does", "sign-in")
    if does == "sign-up":
        user = SignUpUser(name=state.name) if state.name else None
        body = SignUp(login_id=state.login_id, user=user, login_options=options)
        return recipients.for_sign_up(tx, turn.asking(body, method=method, hides=True))
    asking: Call[SignIn] = turn.asking(
        SignIn(login_id=state.login_id, login_options=options), method=method, hides=not turn.adds
    )
    resolve = recipients.for_sign_up_or_in if does == "sign-up-or-in" else recipients.for_sign_in
    try:
        return resolve(tx, asking)
    except (UserDisabled, InvalidArgument):
        if turn.adds:
            raise
        return recipients.decoy(tx, asking)


def masked(address: MaskedAddress) -> str:
    """Return a masked address, whichever it is."""
    return address.masked_email or address.masked_phone or ""


def digits(typed: str) -> str:
    """Return a code as ASCII digits, whatever script and separators it was typed with; "" for anything else."""
    found = [unicodedata.decimal(character, None) for character in _BETWEEN_DIGITS.sub("", typed)]
    return "".join(map(str, found)) if found and None not in found else ""


def second(tx: Tx, turn: Turn) -> State:
    """Return the state with the user's own login ID and the delivery method of the second factor."""
    own_profile(tx, turn)
    by = turn.given.get("by") or turn.state.sent.by
    return changed(turn.state, login_id=own_login_id(tx, turn), by="sms" if by == "sms" else "email")
