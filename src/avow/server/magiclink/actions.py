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


def verify(tx: Tx, project: Project, client: Client, token: str) -> Issued | Refusal:
    """Take the token of a magic or embedded link back and do what it was made for; it works once."""
    parsed = links.parse(token)
    if parsed is None:
        return Refusal(InvalidLink())
    taken = challenges.take_link(tx, purpose=PURPOSE, other=EMBEDDED, challenge_id=parsed[0], secret=parsed[1])
    if isinstance(taken, Refusal):
        return taken
    return proofs.complete(tx, project, client, proofs.decoded(taken.binding))
