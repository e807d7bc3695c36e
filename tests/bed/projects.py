"""Projects for tests, made straight in the database, as `avow project create` makes them."""

from dataclasses import dataclass, field

from avow.clock import Clock
from avow.core.vault import Vault
from avow.server.keys import actions as keys
from avow.server.projects import actions as projects
from avow.server.store import Tx, open_store
from tests.bed.server import SECRET_KEY


@dataclass(frozen=True, slots=True)
class ProjectMade:
    """A project and a management key of it."""

    id: str
    management_key: str = field(repr=False)


def make_project(
    database_url: str, clock: Clock, *, name: str = "A project", algorithm: str = "ES256", **settings: object
) -> ProjectMade:
    """Insert a project with its session keys and a management key.

    Args:
        database_url: A database with the tables.
        clock: The clock of the servers that serve it.
        name: For messages and pages.
        algorithm: Of its session keys.
        settings: Changed project settings, by Python name.
    """

    def unit(tx: Tx) -> str:
        projects.create(tx, name)
        keys.create_set(tx, keys.SESSION, algorithm)
        if settings:
            projects.change_settings(tx, settings, actor="test")
        return keys.create_management_key(tx, "test")[1]

    store = open_store(database_url, vault=Vault.from_text(SECRET_KEY), clock=clock, pool_size=1, durable=False)
    try:
        id = projects.new_id(clock())
        return ProjectMade(id, store.run(id, unit))
    finally:
        store.close()
