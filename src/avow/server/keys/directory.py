"""What the edge asks: the project of a call with its keys and settings, kept for a second, and management keys."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from avow.clock import Clock
from avow.core.redirects import approve_origin
from avow.core.tokens import KeySet, SigningKey
from avow.errors import Unavailable
from avow.server.keys import actions
from avow.server.projects import actions as projects
from avow.server.projects.layouts import layouts
from avow.server.serving import ManagementCaller, Project, Steps, read
from avow.server.settings import Settings
from avow.server.store import Tx

__all__ = ["ProjectDirectory", "load"]

_ORIGINS_SECONDS = 5
_HOSTS_SECONDS = 2
_NEVER = 2**62


@dataclass(slots=True)
class _Entry:
    """A snapshot, when it was last compared, and when a retired key leaves it although the version stays."""

    project: Project
    checked_at: int
    keys_until: int


class ProjectDirectory:
    """Snapshots of projects, each compared with the database's version counter at most a second ago.

    One reader per project looks while the others go on with what they have, so an expired snapshot costs one query,
    not one per waiting request.
    """

    def __init__(self, clock: Clock, settings: Settings, carriers: frozenset[str]) -> None:
        """Begin with nothing read; `carriers` are the delivery methods that this server can send by."""
        self._clock = clock
        self._settings = settings
        self._carriers = carriers
        self._entries: dict[str, _Entry] = {}
        self._origins: tuple[Sequence[str], int] = ((), -_ORIGINS_SECONDS)
        self._hosts: tuple[dict[str, str], int] = ({}, 0)

    def knows(self, project_id: str) -> bool:
        """Tell whether this node has read such a project before."""
        return project_id in self._entries

    def find(self, project_id: str) -> Steps[Project | None]:
        """Return the project, or None when there is none."""
        now = self._clock()
        entry = self._entries.get(project_id)
        if entry is not None:
            if entry.checked_at == now:
                return entry.project
            entry.checked_at = now
            try:
                version = yield from read(projects.find_version)
            except Unavailable:  # key sets are answered from what is known; a unit meets the trouble itself
                version = entry.project.version
            if version == entry.project.version and now < entry.keys_until:
                return entry.project
        loaded = yield from read(_load, self._settings)
        if loaded is None:
            self._entries.pop(project_id, None)
            return None
        project, keys_until = replace(loaded[0], carriers=self._carriers), loaded[1]
        self._entries[project_id] = _Entry(project, now, keys_until)
        return project

    def at_host(self, host: str) -> Steps[str]:
        """Return the project whose OpenID provider is at the root of a host, "" when there is none.

        A host that a project has of its own is that project's; any other one counts as the server's public address,
        which belongs to the first project without a host of its own.
        """
        now = self._clock()
        known, read_at = self._hosts
        if abs(now - read_at) >= _HOSTS_SECONDS or not known:
            known = {row.issuer_host or "": row.id for row in reversed((yield from read(projects.every)))}
            self._hosts = (known, now)
        return known.get(host.lower()) or known.get("", "")

    def allows_origin(self, origin: str) -> Steps[bool]:
        """Tell whether any project lets pages of this origin call (a preflight names no project)."""
        known, read_at = self._origins
        if abs(self._clock() - read_at) >= _ORIGINS_SECONDS:
            known = yield from read(projects.origins)
            self._origins = (known, self._clock())
        return approve_origin(origin, known, default_open=self._settings.is_development)

    def management_key(self, tx: Tx, secret: str) -> ManagementCaller | None:
        """Return the live management key with this secret, or None."""
        return actions.find_management_key(tx, secret)


def load(tx: Tx, settings: Settings) -> Project | None:
    """Read the project of the unit whole: settings, published keys, and the private half of the active one."""
    loaded = _load(tx, settings)
    return loaded[0] if loaded else None


def _load(tx: Tx, settings: Settings) -> tuple[Project, int] | None:
    """Return the project, and when the first of its retired keys stops being published."""
    row = projects.find(tx)
    if row is None:
        return None
    keys = actions.published(tx)
    sessions = [key for key in keys if key.key_set == actions.SESSION]
    active = next((key for key in sessions if key.state == "active"), None)
    if active is None:
        raise RuntimeError(f"project {row.id} has no active session key")
    session_keys = [SigningKey.from_jwk(key.public_jwk) for key in sessions]
    oidc_keys = [SigningKey.from_jwk(key.public_jwk) for key in keys if key.key_set == actions.OIDC]
    oidc_active = next((key.id for key in keys if key.key_set == actions.OIDC and key.state == "active"), "")
    session_set, oidc_set = KeySet.of(session_keys), KeySet.of([*oidc_keys, *session_keys])
    policy = projects.settings(tx)
    layout, key_layout = layouts(tx, policy)
    project = Project(
        id=row.id,
        name=row.name,
        version=row.version,
        settings=policy,
        signing_key=actions.opened(tx, active),
        session_keys=session_set,
        jwks=session_set.to_jwks(),
        oidc_jwks=oidc_set.to_jwks(),
        oidc_kid=oidc_active,
        oidc_keys=oidc_set,
        public_url=settings.public_url,
        is_open=settings.is_development,
        issuer_host=row.issuer_host or "",
        callable_networks=settings.callable_networks,
        breached_passwords=settings.breached_passwords,
        layout=layout,
        key_layout=key_layout,
    )
    return project, min((key.unpublish_at for key in keys if key.unpublish_at is not None), default=_NEVER)
