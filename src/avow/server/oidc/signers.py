"""The keys that sign for the OpenID provider: opened once in a process, made with the first token if need be."""

from avow.core.tokens import SigningKey
from avow.seen import SeenTokens
from avow.server.keys import actions as keys
from avow.server.projects import actions as projects
from avow.server.serving import Project, Steps, aside, read, write
from avow.server.store import Tx

__all__ = ["Signers"]

_STANDARD = "RS256"
_MOST = 512


class Signers:
    """The opened keys of a process, by kid."""

    def __init__(self) -> None:
        self._opened: SeenTokens[str, SigningKey] = SeenTokens(_MOST)

    def key(self, project: Project, algorithm: str) -> Steps[SigningKey]:
        """Return the key that signs a token now.

        RS256 is the algorithm of the OpenID set; another one is signed with the session key where that has it, which
        the OpenID key set lists too, and by RS256 otherwise.
        """
        if algorithm != _STANDARD and project.signing_key.algorithm == algorithm:
            return project.signing_key
        kid = project.oidc_kid
        if not kid:
            made = yield from aside(keys.generate, _STANDARD)
            kid = yield from write(_keep, made)
        found = self._opened.find(kid)
        if found is None:
            named, der = yield from read(keys.private_der, kid)
            found = SigningKey.from_der(named, der)
            self._opened.add(kid, found)
        return found


def _keep(tx: Tx, made: tuple[SigningKey, SigningKey]) -> str:
    """Insert the set unless somebody was faster; return the kid that signs."""
    projects.bump(tx)  # first: it locks the project
    before = [key for key in keys.published(tx) if key.key_set == keys.OIDC and key.state == "active"]
    if before:
        return before[0].id
    keys.insert_set(tx, keys.OIDC, made)
    return made[0].kid
