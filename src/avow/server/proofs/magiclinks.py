"""Magic links: sent by whoever needs one proven (sign-ins, invitations, resets), and taken back by their method.

Links that management hands to the application instead (embedded, or of test users) are made here too.
"""

from avow.core import addresses, links
from avow.server.challenges import actions as challenges
from avow.server.delivery.actions import Message, Parameters, Template, text_options
from avow.server.proofs import actions as proofs
from avow.server.proofs.recipients import Recipient
from avow.server.proofs.targets import link_to
from avow.server.serving import Project
from avow.server.store import Tx
from avow.wire.login import MaskedAddress

__all__ = ["EMBEDDED", "PAGE", "PURPOSE", "RESET", "RESET_PAGE", "folded", "generate", "send", "send_reset"]

PAGE = "magic-link"  # Avow's own page, where the caller names none
PURPOSE = "magic-link"
EMBEDDED = "embedded-link"  # comes back by the same route, and one does not take the place of the other
RESET = "password-reset"  # likewise: it signs in, so that a new password can be chosen
RESET_PAGE = "reset-password"
_ATTEMPTS = 3  # a token cannot be guessed; more than one try only for a link that a client cut short


def send(
    tx: Tx,
    project: Project,
    recipient: Recipient,
    uri: str,
    token: links.LinkToken | None = None,
    *,
    lifetime_seconds: int = 0,
) -> MaskedAddress:
    """Make a link, remember the MAC of its secret and queue the message; any earlier link of the recipient is dead.

    Args:
        tx: The unit.
        project: Whose settings count.
        recipient: Who gets it.
        uri: Approved page of the application, or "" for Avow's own.
        token: What the link carries, when the caller wants to know its link again; otherwise made here.
        lifetime_seconds: How long it lives; 0 for the project's setting.

    Raises:
        RateLimitException: The address has had its messages for now.
    """
    token = token or links.new_link_token()
    lifetime = lifetime_seconds or project.settings.link_lifetime_seconds
    _put(tx, recipient, token, lifetime_seconds=lifetime, spares_live=recipient.is_test)
    link = link_to(project, PAGE, uri, token.text)
    proofs.post(tx, project, recipient, _message(recipient, link, token.challenge_id, lifetime))
    return recipient.masked


def send_reset(
    tx: Tx, project: Project, recipient: Recipient, uri: str, token: links.LinkToken | None = None
) -> MaskedAddress:
    """Send the link to somebody who has forgotten their password; as `send`, and neither kills a link of the other.

    Args:
        tx: The unit.
        project: Whose settings count.
        recipient: Who gets it.
        uri: Approved page of the application, or "" for Avow's own.
        token: As of `send`.

    Raises:
        RateLimitException: The address has had its messages for now.
    """
    token, lifetime = token or links.new_link_token(), project.settings.link_lifetime_seconds
    _put(tx, recipient, token, purpose=RESET, lifetime_seconds=lifetime, spares_live=recipient.is_test)
    link = link_to(project, RESET_PAGE, uri, token.text)
    message = _message(recipient, link, token.challenge_id, lifetime, template="password-reset")
    proofs.post(tx, project, recipient, message)
    return recipient.masked


def generate(
    tx: Tx, project: Project, recipient: Recipient, *, purpose: str = PURPOSE, lifetime_seconds: int = 0
) -> str:
    """Make a link for whoever manages the project, and send nothing; return its token.

    Any earlier one of the recipient and this purpose is dead.
    """
    token = links.new_link_token()
    lifetime = lifetime_seconds or project.settings.link_lifetime_seconds
    _put(tx, recipient, token, purpose=purpose, lifetime_seconds=lifetime)
    return token.text


def folded(address: str, *, by_email: bool) -> str:
    """Return an address as bindings compare it."""
    return addresses.email(address).folded if by_email else address


def _put(
    tx: Tx,
    recipient: Recipient,
    token: links.LinkToken,
    *,
    lifetime_seconds: int,
    purpose: str = PURPOSE,
    spares_live: bool = False,
) -> None:
    challenges.put(
        tx,
        purpose=purpose,
        subject=recipient.subject,
        secret=token.secret,
        binding=proofs.encoded(recipient.binding),
        attempts=_ATTEMPTS,
        lifetime_seconds=lifetime_seconds,
        challenge_id=token.challenge_id,
        spares_live=spares_live,
    )


def _message(
    recipient: Recipient, link: str, challenge_id: str, lifetime_seconds: int, *, template: Template | None = None
) -> Message:
    binding = recipient.binding
    return Message(
        template=template or ("update-magic-link" if binding.does == "update" else "magic-link"),
        method=binding.method,
        address=binding.address,
        locale=recipient.locale,
        parameters=Parameters(
            lifetime_seconds=lifetime_seconds,
            link=link,
            device=binding.from_device,
            place=binding.from_address,
            options=text_options(recipient.options.template_options),
        ),
        challenge_id=challenge_id,
    )
