"""Magic links and enchanted links: sent, polled and taken back."""

from functools import partial

from msgspec.structs import replace as changed

from avow.core import links
from avow.errors import InvalidLink
from avow.server.challenges import actions as challenges
from avow.server.enchantedlink import actions as enchantedlink
from avow.server.flows.acts.codes import masked, recipient, second
from avow.server.flows.acts.turn import Outcome, Turn, Unit, proven
from avow.server.flows.state import Sent
from avow.server.magiclink import actions as magiclink
from avow.server.proofs.recipients import require_method
from avow.server.screens.values import Said
from avow.server.serving import Steps, read
from avow.server.store import Tx

__all__ = ["poll", "poll_number", "send", "send_number", "verify"]

_LINK = "magiclink"
_NUMBER = "enchantedlink"
_ENDED = Said("wrong.link-ended")


def send(tx: Tx, turn: Turn) -> Outcome:
    """Send a link that leads back to the page of the flow; as a second factor, to an address of the user."""
    require_method(turn.call, _LINK)
    state, token = second(tx, turn) if turn.adds else turn.naming(), links.new_link_token()
    to = recipient(tx, turn, state, turn.options)
    address = magiclink.send(tx, turn.call.project, to, turn.return_url(), token)
    is_again = turn.given.get("again") == "yes"
    sent = Sent(by=state.by, to=masked(address), at=tx.now, is_again=is_again, challenge_id=token.challenge_id)
    notice = Said("notice.sent-again") if is_again else None
    return Outcome("sent", changed(state, sent=sent, notice=notice, way=state.way if turn.adds else _LINK))


def send_number(tx: Tx, turn: Turn) -> Outcome:
    """Send three links, of which the one with the shown number signs in whoever waits here."""
    require_method(turn.call, _NUMBER)
    state = second(tx, turn) if turn.adds else turn.naming()
    pending = enchantedlink.send(tx, turn.call.project, recipient(tx, turn, state, turn.options), "")
    is_again = turn.given.get("again") == "yes"
    sent = Sent(
        by=state.by,
        to=pending.masked_email or pending.masked_phone or "",
        at=tx.now,
        is_again=is_again,
        pending_ref=pending.pending_ref,
        link_id=pending.link_id,
    )
    notice = Said("notice.sent-again") if is_again else None
    return Outcome("sent", changed(state, sent=sent, notice=notice, way=state.way if turn.adds else _NUMBER))


def verify(tx: Tx, turn: Turn) -> Outcome:
    """Take the token of a link back: of a sign-in, or of a password that was forgotten."""
    token = turn.text("token", 512) or turn.state.token
    is_reset = magiclink.look(tx, token, magiclink.RESET) is not None
    if is_reset and turn.given.get("resets") != "yes":  # this flow has nowhere to choose a password
        return turn.refuse(_ENDED)
    try:
        result = magiclink.verify(tx, turn.call.project, turn.call.client, token)
    except InvalidLink:
        return turn.refuse(_ENDED)
    outcome = proven(tx, turn, "password" if is_reset else _LINK, result)
    if is_reset and outcome.name in {"done", "second-factor"}:
        return Outcome(outcome.name, changed(outcome.state, must_choose=True))
    return outcome


def poll(turn: Turn) -> Steps[Unit | None]:
    """Look whether the link is still good: whoever opened it in this browser has gone on there."""
    if turn.state.sent.is_ended or not turn.state.sent.challenge_id:
        return None
    if (yield from read(_is_live, turn.state.sent.challenge_id)):
        return None
    return lambda tx: turn.refuse(_ENDED, sent=changed(turn.state.sent, is_ended=True))


def poll_number(turn: Turn) -> Steps[Unit | None]:
    """Look whether the right number was chosen; then the session is whose waits here."""
    require_method(turn.call, _NUMBER)
    sent = turn.state.sent
    if sent.is_ended or not sent.pending_ref:
        return None
    try:
        is_clicked = yield from read(enchantedlink.is_clicked, sent.pending_ref)
    except InvalidLink:
        return lambda tx: turn.refuse(_ENDED, sent=changed(sent, is_ended=True))
    return partial(_given, turn=turn) if is_clicked else None


def _given(tx: Tx, turn: Turn) -> Outcome:
    result = enchantedlink.pending_session(tx, turn.call.project, turn.call.client, turn.state.sent.pending_ref)
    return proven(tx, turn, _NUMBER, result)


def _is_live(tx: Tx, challenge_id: str) -> bool:
    return any(
        challenges.is_live(tx, purpose=purpose, challenge_id=challenge_id)
        for purpose in ("magic-link", "password-reset")
    )
