"""Magic links: sent, looked at, and taken back."""

from avow.core import links
from avow.errors import InvalidLink
from avow.server.challenges import actions as challenges
from avow.server.proofs import actions as proofs
from avow.server.proofs.actions import Binding
from avow.server.proofs.magiclinks import EMBEDDED, PAGE, PURPOSE, generate, send
from avow.server.serving import Client, Issued, Project, Refusal
from avow.server.store import Tx

__all__ = ["PAGE", "generate", "look", "send", "verify"]


def look(tx: Tx, token: str) -> Binding | None:
    """Return what a live link would do, consuming nothing; None when it is not live."""
    parsed = links.parse(token)
    if parsed is None:
        return None
    taken = challenges.look(tx, purpose=PURPOSE, challenge_id=parsed[0], secret=parsed[1])
    return proofs.decoded(taken.binding) if taken else None


def verify(tx: Tx, project: Project, client: Client, token: str, *, beside: str = "") -> Issued | Refusal:
    """Take the token of a magic or embedded link back and do what it was made for; it works once.

    Args:
        tx: The unit.
        project: Whose settings count.
        client: Where the token comes from.
        token: What the link carried.
        beside: The user whose refresh token the caller shows beside it, or "".

    Raises:
        InvalidLink: The link is another user's than that; it stays theirs.
    """
    parsed = links.parse(token)
    if parsed is None:
        return Refusal(InvalidLink())
    taken = challenges.take_link(tx, purpose=PURPOSE, other=EMBEDDED, challenge_id=parsed[0], secret=parsed[1])
    if isinstance(taken, Refusal):
        return taken
    binding = proofs.decoded(taken.binding)
    if beside and binding.user_id and binding.user_id != beside:
        raise InvalidLink(error_message="The link is not for the user who is signed in.")
    return proofs.complete(tx, project, client, binding, via="magiclink")
