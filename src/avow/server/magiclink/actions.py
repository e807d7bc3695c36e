"""Magic links: sent, looked at, and taken back."""

from avow.core import links
from avow.errors import InvalidLink, MethodNotEnabled
from avow.server.challenges import actions as challenges
from avow.server.proofs import actions as proofs
from avow.server.proofs.actions import Binding
from avow.server.proofs.magiclinks import EMBEDDED, PAGE, PURPOSE, RESET, generate, send
from avow.server.serving import Client, Issued, Project, Refusal
from avow.server.store import Tx

__all__ = ["PAGE", "RESET", "generate", "look", "send", "verify"]


def look(tx: Tx, token: str, purpose: str = PURPOSE) -> Binding | None:
    """Return what a live link would do, consuming nothing; None when it is not live, or one of another purpose."""
    parsed = links.parse(token)
    if parsed is None:
        return None
    taken = challenges.look(tx, purpose=purpose, challenge_id=parsed[0], secret=parsed[1])
    return proofs.decoded(taken.binding) if taken else None


def verify(tx: Tx, project: Project, client: Client, token: str, *, beside: str = "") -> Issued | Refusal:
    """Take the token of a magic or embedded link back, or that of a reset, and do what it was made for; it works once.

    Args:
        tx: The unit.
        project: Whose settings count.
        client: Where the token comes from.
        token: What the link carried.
        beside: The user whose refresh token the caller shows beside it, or "".

    Raises:
        MethodNotEnabled: The project has switched off magic links, and passwords too.
        InvalidLink: The link is another user's than that; it stays theirs.
    """
    purposes = _purposes(project)
    if not purposes:
        raise MethodNotEnabled
    parsed = links.parse(token)
    if parsed is None:
        return Refusal(InvalidLink())
    taken = challenges.take_link(tx, purpose=purposes[0], others=purposes[1:], challenge_id=parsed[0], secret=parsed[1])
    if isinstance(taken, Refusal):
        return taken
    binding = proofs.decoded(taken.binding)
    if beside and binding.user_id and binding.user_id != beside:
        raise InvalidLink(error_message="The link is not for the user who is signed in.")
    return proofs.complete(tx, project, client, binding, via="reset" if taken.purpose == RESET else "magiclink")


def _purposes(project: Project) -> tuple[str, ...]:
    """Return which links come back here: those of the methods that the project has not switched off."""
    methods = project.settings.sign_in_methods
    own = (PURPOSE, EMBEDDED) if "magiclink" in methods else ()
    return (*own, RESET) if "password" in methods else own
