"""One-time codes: sent, and taken back."""

from avow.core import addresses
from avow.core import otp as rules
from avow.errors import InvalidCode
from avow.server.challenges import actions as challenges
from avow.server.delivery.actions import Message, Parameters, text_options
from avow.server.proofs import actions as proofs
from avow.server.proofs.actions import Binding
from avow.server.proofs.recipients import Method, Recipient, subject_of
from avow.server.serving import Client, Issued, Project, Refusal
from avow.server.store import Tx
from avow.wire.login import MaskedAddress

__all__ = ["attempts_left", "generate", "send", "verify"]

# One purpose for sign-ins and updates by every delivery method: one live code and one guess budget per account.
_PURPOSE = "otp"


def send(tx: Tx, project: Project, recipient: Recipient) -> MaskedAddress:
    """Make a code, remember its MAC and queue the message; any earlier code of the recipient is dead.

    Raises:
        RateLimitException: The address has had its messages, or the account its wrong codes, for now.
    """
    challenges.check_guesses(tx, project, recipient.subject, _sent_to(recipient.binding))
    code = rules.new_code(project.settings.code_digits)
    challenge_id = _put(tx, project, recipient, code, spares_live=recipient.is_test)
    proofs.post(tx, project, recipient, _message(project, recipient, code, challenge_id))
    return recipient.masked


def generate(tx: Tx, project: Project, recipient: Recipient) -> str:
    """Make a code for whoever manages the project, and send nothing; any earlier code of the recipient is dead."""
    code = rules.new_code(project.settings.code_digits)
    _put(tx, project, recipient, code)
    return code


def verify(tx: Tx, project: Project, client: Client, *, login_id: str, method: Method, code: str) -> Issued | Refusal:
    """Take a code back and do what it was sent for."""
    if not rules.is_code_shaped(code):
        return Refusal(InvalidCode())
    subject = subject_of(tx, login_id)
    taken = challenges.take_code(
        tx,
        project,
        purpose=_PURPOSE,
        subject=subject,
        code=_bound(method, code),
        sent_to=lambda binding: _sent_to(proofs.decoded(binding)),
    )
    if isinstance(taken, Refusal):
        return taken
    return proofs.complete(tx, project, client, proofs.decoded(taken.binding), via="otp")


def attempts_left(tx: Tx, login_id: str) -> int:
    """Return how often the live code of a login ID may still be tried."""
    return challenges.attempts_left(tx, purpose=_PURPOSE, subject=subject_of(tx, login_id))


def _put(tx: Tx, project: Project, recipient: Recipient, code: str, *, spares_live: bool = False) -> str:
    return challenges.put(
        tx,
        purpose=_PURPOSE,
        subject=recipient.subject,
        secret=_bound(recipient.binding.method, code),
        binding=proofs.encoded(recipient.binding),
        attempts=project.settings.code_attempts,
        lifetime_seconds=project.settings.code_lifetime_seconds,
        spares_live=spares_live,
    )


def _sent_to(binding: Binding) -> str:
    return binding.user_id if binding.is_embedded else addresses.login_id(binding.address).canonical


def _bound(method: str, code: str) -> str:
    """Return the secret that is MACed: the code of one delivery method is wrong on another one's route."""
    return f"{method}:{code}"


def _message(project: Project, recipient: Recipient, code: str, challenge_id: str) -> Message:
    binding = recipient.binding
    return Message(
        template="update-otp" if binding.does == "update" else "otp",
        method=binding.method,
        address=binding.address,
        locale=recipient.locale,
        parameters=Parameters(
            lifetime_seconds=project.settings.code_lifetime_seconds,
            code=code,
            device=binding.from_device,
            place=binding.from_address,
            options=text_options(recipient.options.template_options),
        ),
        challenge_id=challenge_id,
    )
