"""Applications and APIs as a node knows them: read once, and kept while the project's version stays.

Every change of an application moves that version, which nodes compare each second; so a secret that was taken back, or
an application that was switched off, counts no more within a second, everywhere.
"""

from dataclasses import dataclass

from avow.core.oidc.clients import Api, Client
from avow.core.vault import Vault
from avow.seen import SeenTokens
from avow.server.applications import actions, apis
from avow.server.applications.actions import HeldApplication
from avow.server.applications.rows import SecretRow
from avow.server.serving import Project, Steps, read

__all__ = ["KeptApplications", "Known"]

_MOST = 8192


@dataclass(frozen=True, slots=True)
class Known:
    """An application of the provider: the client, and the secrets that it can show."""

    client: Client
    secrets: tuple[SecretRow, ...]

    def is_secret(self, vault: Vault, project_id: str, secret: str, now: int) -> bool:
        """Tell whether a text is one of its secrets that counts now; constant time in the secret."""
        return actions.is_one_of(vault, project_id, self.client.id, self.secrets, secret, now)


class KeptApplications:
    """The applications and APIs that were asked for last, of every project."""

    def __init__(self) -> None:
        self._clients: SeenTokens[tuple[str, str], tuple[int, Known]] = SeenTokens(_MOST)
        self._apis: SeenTokens[tuple[str, str], tuple[int, Api]] = SeenTokens(_MOST)

    def client(self, project: Project, client_id: str) -> Steps[Known | None]:
        """Return a client of the project, switched off or not; None for none. Nobody remembers that there is none."""
        key = (project.id, client_id)
        kept = self._clients.find(key)
        if kept is not None and kept[0] == project.version:
            return kept[1]
        held: HeldApplication | None = yield from read(actions.find, client_id)
        if held is None or held.row.kind not in actions.OAUTH_KINDS:
            return None
        known = Known(actions.client_of(held), held.secrets)
        self._clients.add(key, (project.version, known))
        return known

    def api(self, project: Project, identifier: str) -> Steps[Api | None]:
        """Return an API of the project by its identifier; None for none."""
        key = (project.id, identifier)
        kept = self._apis.find(key)
        if kept is not None and kept[0] == project.version:
            return kept[1]
        held = yield from read(apis.find, identifier)
        if held is None or held.row.identifier != identifier:
            return None
        api = apis.api_of(held)
        self._apis.add(key, (project.version, api))
        return api
