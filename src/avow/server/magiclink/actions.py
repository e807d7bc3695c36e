"""Magic links: sent, looked at, and taken back."""

from avow.core import links
from avow.errors import InvalidLink
from avow.server.challenges import actions as challenges
from avow.server.delivery.actions import Message, Parameters, text_options
from avow.server.proofs import actions as proofs
from avow.server.proofs.actions import Binding
from avow.server.proofs.recipients import Recipient
from avow.server.proofs.targets import link_to
from avow.server.serving import Client, Issued, Project, Refusal
from avow.server.store import Tx
from avow.wire.login import MaskedAddress

__all__ = ["PAGE", "look", "send", "verify"]

PAGE = "magic-link"  # Avow's own page, where the caller names none
_PURPOSE = "magic-link"
_ATTEMPTS = 3  # a token cannot be guessed; more than one try only for a link that a client cut short


def send(
    tx: Tx, project: Project, recipient: Recipient, uri: str, token: links.LinkToken | None = None
) -> MaskedAddress:
    """Make a link, remember the MAC of its secret and queue the message; any earlier link of the recipient is dead.

    Args:
        tx: The unit.
        project: Whose settings count.
        recipient: Who gets it.
        uri: Approved page of the application, or "" for Avow's own.
        token: What the link carries, when the caller wants to know its link again; otherwise made here.

    Raises:
        RateLimitException: The address has had its messages for now.
    """
    token = token or links.new_link_token()
    lifetime = project.settings.link_lifetime_seconds
    challenges.put(
        tx,
        purpose=_PURPOSE,
        subject=recipient.subject,
        secret=token.secret,
        binding=proofs.encoded(recipient.binding),
        attempts=_ATTEMPTS,
        lifetime_seconds=lifetime,
        challenge_id=token.challenge_id,
    )
    link = link_to(project, PAGE, uri, token.text)
    proofs.post(tx, project, recipient, _message(project, recipient, link, token.challenge_id))
    return recipient.masked


def look(tx: Tx, token: str) -> Binding | None:
    """Return what a live link would do, consuming nothing; None when it is not live."""
    parsed = links.parse(token)
    if parsed is None:
        return None
    taken = challenges.look(tx, purpose=_PURPOSE, challenge_id=parsed[0], secret=parsed[1])
    return proofs.decoded(taken.binding) if taken else None


def verify(tx: Tx, project: Project, client: Client, token: str) -> Issued | Refusal:
    """Take a link's token back and do what it was sent for; it works once."""
    parsed = links.parse(token)
    if parsed is None:
        return Refusal(InvalidLink())
    taken = challenges.take_link(tx, purpose=_PURPOSE, challenge_id=parsed[0], secret=parsed[1])
    if isinstance(taken, Refusal):
        return taken
    return proofs.complete(tx, project, client, proofs.decoded(taken.binding))


def _message(project: Project, recipient: Recipient, link: str, challenge_id: str) -> Message:
    binding = recipient.binding
    return Message(
        template="update-magic-link" if binding.does == "update" else "magic-link",
        method=binding.method,
        address=binding.address,
        locale=recipient.locale,
        parameters=Parameters(
            lifetime_seconds=project.settings.link_lifetime_seconds,
            link=link,
            device=binding.from_device,
            place=binding.from_address,
            options=text_options(recipient.options.template_options),
        ),
        challenge_id=challenge_id,
    )
