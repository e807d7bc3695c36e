"""Where in a PostgreSQL database the tables are: a URL may name a schema, `postgresql://...?schema=avow`.

Everything of a connection then happens in that schema: it is all of the search path, so that no statement names it,
and none finds a table of the application that has the database.
"""

import re
from dataclasses import dataclass, field

from avow.server.store.refused import StoreRefused

__all__ = ["Place", "place_of"]

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}", re.ASCII)
_PARAMETER = "schema="


@dataclass(frozen=True, slots=True)
class Place:
    """A database of PostgreSQL, and the schema in it.

    Attributes:
        url: As libpq takes it; it may hold a password.
        schema: "" for the one that the server chooses by itself.
    """

    url: str = field(repr=False)
    schema: str = ""

    @property
    def settings(self) -> str:
        """Return the statement that a connection begins with, or ""; `place_of` takes no name that needs quotes."""
        return f"SET search_path = {self.schema}" if self.schema else ""


def place_of(url: str) -> Place:
    """Take a URL of PostgreSQL apart.

    Raises:
        StoreRefused: The name of the schema is not one that needs no quotes.
    """
    address, mark, query = url.partition("?")
    parts = query.split("&") if mark else []
    named = [part.removeprefix(_PARAMETER) for part in parts if part.startswith(_PARAMETER)]
    if not named:
        return Place(url)
    if len(named) > 1 or not _NAME.fullmatch(named[0]) or named[0].startswith("pg_"):
        raise StoreRefused(
            "The schema in the database URL is one name of small letters, digits and underscores: ?schema=avow"
        )
    rest = "&".join(part for part in parts if not part.startswith(_PARAMETER))
    return Place(f"{address}?{rest}" if rest else address, named[0])
