"""How a project comes into being: its row, its roles, both key sets and a management key. Commands call it."""

from dataclasses import dataclass, field

from avow.server.keys import actions as keys
from avow.server.managementkeys.actions import TENANT_ADMIN
from avow.server.projects import actions as projects
from avow.server.roles import actions as roles
from avow.server.store import Store, Tx

__all__ = ["ROLES", "Founded", "complete", "found"]

# Django's two flags, which the integration maps the roles to; and whoever holds the third in a tenant administers it.
ROLES = ("is_staff", "is_superuser", TENANT_ADMIN)
_OIDC_ALGORITHM = "RS256"


@dataclass(frozen=True, slots=True)
class Founded:
    """A new project and its first management key, whose cleartext is stored nowhere."""

    project_id: str
    management_key: str = field(repr=False)


def found(tx: Tx, name: str, *, environment: str = "", algorithm: str = "ES256") -> Founded:
    """Insert the project whose id the unit is bound to; `complete` makes the rest.

    Args:
        tx: Unit of the new project.
        name: For messages and pages.
        environment: Free text, such as `production`.
        algorithm: Of the session keys.
    """
    projects.create(tx, name, environment=environment)
    keys.create_set(tx, keys.SESSION, algorithm)
    for role in ROLES:
        roles.create(tx, role)
    _, cleartext = keys.create_management_key(tx, "first")
    return Founded(tx.project_id, cleartext)


def complete(store: Store, project_id: str) -> bool:
    """Make the OpenID key set unless it is there: RSA keys take long, and a first sign-in needs none.

    They are made before the unit that inserts them, so that nobody's unit waits for it.

    Returns:
        Whether it was made now.
    """
    if store.look(project_id, _is_complete):
        return False
    made = keys.generate(_OIDC_ALGORITHM)

    def insert(tx: Tx) -> bool:
        if _is_complete(tx):
            return False
        keys.insert_set(tx, keys.OIDC, made)
        projects.bump(tx)
        return True

    return store.run(project_id, insert)


def _is_complete(tx: Tx) -> bool:
    return any(key.key_set == keys.OIDC for key in keys.published(tx))
