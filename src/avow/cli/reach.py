"""How a command reaches the data: a database and its secret key, from a data directory or from the environment."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from avow.cli.devdata import DevData
from avow.cli.problems import CannotStart
from avow.core.vault import Vault
from avow.server.projects import actions as projects
from avow.server.settings import DEFAULT_DATABASE_URL, Settings, from_environment
from avow.server.store import Store, check_schema, check_secret, open_store

__all__ = ["Reached", "database_url", "reached", "reached_project"]


@dataclass(frozen=True, slots=True)
class Reached:
    """An open database.

    Attributes:
        store: For units.
        settings: Where the database is; of a directory of `avow dev` also where its server answers.
        project_id: The project that the command is about; "" until `reached_project` chose one.
    """

    store: Store
    settings: Settings
    project_id: str = ""


def database_url(data: Path | None) -> str:
    """Return where the data lies: in a directory of `avow dev`, or where `avow serve` would look for it.

    Raises:
        CannotStart: The directory is none of `avow dev`; or neither it nor the settings of a server are given.
    """
    if data is not None:
        return DevData.open(data).database_url
    if not _NEEDED & os.environ.keys():
        raise CannotStart("Set AVOW_DATABASE_URL (and AVOW_SECRET_KEY), or name a directory of `avow dev` with --data.")
    return os.environ.get("AVOW_DATABASE_URL", DEFAULT_DATABASE_URL)


@contextmanager
def reached(data: Path | None) -> Generator[Reached]:
    """Open the database for a command, beside whatever server runs on it.

    Raises:
        SettingsRefused: The environment does not say where it is, or lacks the secret key.
        StoreRefused: It is not of this release, damaged, or was made with another secret key.
        CannotStart: The directory is none of `avow dev`.
    """
    settings = _settings(data)
    vault = Vault.from_text(settings.secret_key, settings.previous_secret_keys)
    store = open_store(settings.database_url, vault=vault, pool_size=1)
    try:
        check_schema(store)
        check_secret(store, vault)
        yield Reached(store, settings)
    finally:
        store.close()


@contextmanager
def reached_project(data: Path | None, project: str) -> Generator[Reached]:
    """Open the database and choose a project: by id or name, or the only one.

    Raises:
        CannotStart: There is no such project, or it has to be named.
    """
    with reached(data) as found:
        yield replace(found, project_id=_chosen(found.store, project))


def _settings(data: Path | None) -> Settings:
    if data is None:
        database_url(None)
        settings = from_environment({name: value for name, value in os.environ.items() if name in _NEEDED})
        return replace(settings, public_url=os.environ.get("AVOW_PUBLIC_URL") or settings.public_url)
    opened = DevData.open(data)
    settings = Settings(database_url=opened.database_url, secret_key=opened.facts.secret_key, is_development=True)
    return replace(settings, public_url=opened.facts.public_url or settings.public_url)


def _chosen(store: Store, project: str) -> str:
    known = store.look_anywhere(projects.every)
    matching = [row.id for row in known if not project or project in (row.id, row.name)]
    if len(matching) == 1:
        return matching[0]
    if not known:
        raise CannotStart("There is no project yet; make one with `avow project create NAME`.")
    if not matching:
        raise CannotStart(f"There is no project {project!r}; `avow project list` shows those there are.")
    several = f"several projects named {project!r}" if project else "several projects"
    raise CannotStart(f"There are {several}; name one by its id with --project (`avow project list`).")


# Commands need no mail server and only show the server's address, so an error there does not stop them.
_NEEDED = frozenset({"AVOW_DATABASE_URL", "AVOW_SECRET_KEY", "AVOW_PREVIOUS_SECRET_KEYS"})
