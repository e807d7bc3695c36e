"""Enchanted links: three links sent, the right one clicked anywhere, the session given to whoever waits."""

from dataclasses import dataclass, field

import msgspec

from avow import shaping
from avow.core import links
from avow.errors import InvalidLink, LinkPending
from avow.server.challenges import actions as challenges
from avow.server.delivery.actions import Link, Message, Parameters, text_options
from avow.server.proofs import actions as proofs
from avow.server.proofs.actions import Binding
from avow.server.proofs.recipients import Recipient
from avow.server.proofs.targets import link_to
from avow.server.serving import Client, Issued, Project, Refusal
from avow.server.store import Tx
from avow.wire.enchantedlink import PendingLink

__all__ = ["PAGE", "Generated", "generate", "is_clicked", "look", "pending_session", "send", "verify"]

PAGE = "enchanted-link"  # Avow's own page, where the caller names none
_LINK = "enchanted-link"
_PENDING = "enchanted-pending"
_ONE_CLICK = 1  # a wrong one of the three ends the sign-in
_POLLS = 100_000  # polling is not guessing; the rate limits bound it


class _Pending(msgspec.Struct, frozen=True, kw_only=True):
    """The side of whoever waits: which links it waits for, and what happens once the right one was clicked."""

    link_challenge: str
    proof: Binding
    is_clicked: bool = False


class _Click(msgspec.Struct, frozen=True, kw_only=True):
    """The side of the links: whom the right one answers."""

    pending_challenge: str
    link_id: str
    proof: Binding


@dataclass(frozen=True, slots=True)
class Generated:
    """The right link and what it is polled with, for whoever manages the project."""

    link: str = field(repr=False)
    pending_ref: str = field(repr=False)


def send(tx: Tx, project: Project, recipient: Recipient, uri: str) -> PendingLink:
    """Make three links of which one is right, and what the caller polls with.

    Raises:
        RateLimitException: The address has had its messages for now.
    """
    right, pending = links.new_link_token(), links.new_link_token()
    shown = links.enchanted_numbers()
    _put(tx, project, recipient, right, pending, shown.chosen, spares_live=recipient.is_test)
    sent = [
        Link(str(number), _link(project, uri, number, _token(right, is_right=number == shown.chosen)))
        for number in shown.numbers
    ]
    proofs.post(tx, project, recipient, _message(project, recipient, tuple(sent), right.challenge_id))
    masked = recipient.masked
    return PendingLink(
        link_id=str(shown.chosen),
        pending_ref=pending.text,
        masked_email=masked.masked_email,
        masked_phone=masked.masked_phone,
    )


def generate(tx: Tx, project: Project, recipient: Recipient, uri: str) -> Generated:
    """Make the right link alone for whoever manages the project, and send nothing; an earlier one is dead."""
    right, pending = links.new_link_token(), links.new_link_token()
    number = links.enchanted_numbers().chosen
    _put(tx, project, recipient, right, pending, number)
    return Generated(link=_link(project, uri, number, right.text), pending_ref=pending.text)


def look(tx: Tx, token: str) -> Binding | None:
    """Return what the links of a mail would do, consuming nothing; None when they are not live.

    Each of the three answers alike: who is lured into clicking must not learn which one is right.
    """
    parsed = links.parse(token)
    found = challenges.peek(tx, purpose=_LINK, challenge_id=parsed[0]) if parsed else None
    return shaping.decode(found.binding, _Click).proof if found else None


def verify(tx: Tx, token: str) -> Refusal | None:
    """Take the click: the right link lets whoever waits in, a wrong one ends the sign-in for all three."""
    parsed = links.parse(token)
    if parsed is None:
        return Refusal(InvalidLink())
    taken = challenges.take_link(tx, purpose=_LINK, challenge_id=parsed[0], secret=parsed[1])
    if isinstance(taken, Refusal):
        return taken
    click = shaping.decode(taken.binding, _Click)
    waiting = _Pending(link_challenge=taken.id, proof=click.proof, is_clicked=True)
    if not challenges.rebind(tx, purpose=_PENDING, challenge_id=click.pending_challenge, binding=_text(waiting)):
        return Refusal(InvalidLink())
    return None


def is_clicked(tx: Tx, pending_ref: str) -> bool:
    """Tell whether the right link has been clicked, consuming nothing.

    Raises:
        InvalidLink: A wrong link was clicked, or the links have expired: nobody needs to ask again.
    """
    found = _find_pending(tx, pending_ref)
    if found is None:
        return False
    pending = shaping.decode(found.binding, _Pending)
    if pending.is_clicked or challenges.is_live(tx, purpose=_LINK, challenge_id=pending.link_challenge):
        return pending.is_clicked
    # A right click makes the links dead too, and may have come after the first look: only what stands now tells.
    found = _find_pending(tx, pending_ref)
    if found is not None and not shaping.decode(found.binding, _Pending).is_clicked:
        raise InvalidLink
    return found is not None


def pending_session(tx: Tx, project: Project, client: Client, pending_ref: str) -> Issued | Refusal:
    """Give the session to whoever waits, once.

    Raises:
        LinkPending: Nobody has clicked yet, somebody has the session already, or there is no such sign-in.
    """
    found = _find_pending(tx, pending_ref)
    if found is None:
        raise LinkPending
    pending = shaping.decode(found.binding, _Pending)
    if not pending.is_clicked or not challenges.consume(tx, found.id):
        raise LinkPending
    return proofs.complete(tx, project, client, pending.proof, via="enchantedlink")


def _put(
    tx: Tx,
    project: Project,
    recipient: Recipient,
    right: links.LinkToken,
    pending: links.LinkToken,
    number: int,
    *,
    spares_live: bool = False,
) -> None:
    """Store both sides: of whoever waits, and of the links."""
    waiting = _Pending(link_challenge=right.challenge_id, proof=recipient.binding)
    click = _Click(pending_challenge=pending.challenge_id, link_id=str(number), proof=recipient.binding)
    for purpose, token, binding, attempts in (
        (_PENDING, pending, waiting, _POLLS),
        (_LINK, right, click, _ONE_CLICK),
    ):
        challenges.put(
            tx,
            purpose=purpose,
            subject=recipient.subject,
            secret=token.secret,
            binding=_text(binding),
            attempts=attempts,
            lifetime_seconds=project.settings.link_lifetime_seconds,
            challenge_id=token.challenge_id,
            spares_live=spares_live,
        )


def _link(project: Project, uri: str, number: int, token: str) -> str:
    """Return one of the links; Avow's own page shows the number that stands beside it."""
    link = link_to(project, PAGE, uri, token)
    return link if uri else f"{link}&n={number}"


def _token(right: links.LinkToken, *, is_right: bool) -> str:
    """Return the right token, or one of the same challenge with another secret, which ends the sign-in."""
    return right.text if is_right else links.new_link_token(right.challenge_id).text


def _find_pending(tx: Tx, pending_ref: str) -> challenges.Taken | None:
    parsed = links.parse(pending_ref)
    return challenges.look(tx, purpose=_PENDING, challenge_id=parsed[0], secret=parsed[1]) if parsed else None


def _text(value: msgspec.Struct) -> str:
    return msgspec.json.encode(value).decode()


def _message(project: Project, recipient: Recipient, sent: tuple[Link, ...], challenge_id: str) -> Message:
    binding = recipient.binding
    return Message(
        template="update-enchanted-link" if binding.does == "update" else "enchanted-link",
        method=binding.method,
        address=binding.address,
        locale=recipient.locale,
        parameters=Parameters(
            lifetime_seconds=project.settings.link_lifetime_seconds,
            links=sent,
            device=binding.from_device,
            place=binding.from_address,
            options=text_options(recipient.options.template_options),
        ),
        challenge_id=challenge_id,
    )
