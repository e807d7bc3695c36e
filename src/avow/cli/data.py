"""`avow migrate` and `avow backup`: the database as a whole."""

from pathlib import Path

from avow.cli.output import say
from avow.cli.reach import database_url
from avow.server.store import backup, ensure

__all__ = ["copy", "migrate"]

_SENTENCES = {
    "created": "The database is made. Next: avow project create NAME",
    "migrated": "The database has this release's schema now.",
    "current": "The database has this release's schema already; nothing to do.",
}


def migrate(*, data: Path | None, as_json: bool) -> None:
    """Make the tables, or bring those of an older release up to date; other servers may run meanwhile."""
    url = database_url(data)
    outcome = ensure(url)
    if outcome == "older":
        outcome = _upgrade(url, is_quiet=as_json)
    say(_SENTENCES[outcome], {"outcome": outcome}, as_json=as_json)


def copy(target: Path, *, data: Path | None, as_json: bool) -> None:
    """Write a consistent copy of a SQLite database while its server goes on."""
    backup(database_url(data), str(target))
    say(
        f"The copy is in {target}. It is of no use without the secret key; keep that elsewhere.",
        {"target": str(target)},
        as_json=as_json,
    )


def _upgrade(url: str, *, is_quiet: bool) -> str:
    from avow.server.store.migrate import migrate as upgrade  # loads Alembic and SQLAlchemy

    if is_quiet:
        return upgrade(url)
    from rich.console import Console

    with Console(stderr=True).status("Migrating the database; servers of the older release may go on ..."):
        return upgrade(url)
