"""What an application says of the Avow in it, as the settings of a server: those of its own first, then variables."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Final
from urllib.parse import urlsplit

from avow.sdk import environment
from avow.server.settings import Settings, SettingsRefused, from_environment
from avow.server.store import StoreRefused
from avow.server.store.opening import is_sqlite
from avow.server.store.places import place_of

__all__ = ["Said"]

# Of the application: where the mount is, who it is, and that it runs for its developer.
_OWN: Final = ("base_url", "public_url", "project_id", "management_key", "development")
_SERVER: Final = tuple(one.name for one in fields(Settings) if one.name not in ("public_url", "is_development"))
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Said:
    """Settings by their names in lower case, without `AVOW_`.

    Attributes:
        values: What the application says itself; they hold secrets.
    """

    values: Mapping[str, object] = field(repr=False)

    @classmethod
    def of(cls, values: Mapping[str, object]) -> "Said":
        """Take the names in capitals too, as in the configuration of Django and Flask; None is not said."""
        return cls({name.lower(): value for name, value in values.items() if value is not None})

    def text(self, name: str) -> str:
        """Return one setting: as said, or its variable, or "".

        Raises:
            SettingsRefused: It is bytes.
        """
        if name in self.values:
            return _text(name, self.values[name])
        if name == "base_url":
            return environment.base_url()
        return os.environ.get(f"AVOW_{name.upper()}", "")  # noqa: TID251 - the server's variables, for its own reader

    @property
    def base_url(self) -> str:
        """Return where people reach the mount, without a slash at its end."""
        return (self.text("public_url") or self.text("base_url")).rstrip("/")

    @property
    def prefix(self) -> str:
        """Return the path of the mount, as the application's server sees it."""
        return urlsplit(self.text("base_url") or self.base_url).path.rstrip("/")

    @property
    def is_development(self) -> bool:
        """Tell whether the application runs for its developer alone."""
        return self.text("development").lower() in {"1", "true", "yes", "on"}

    def variables(self) -> dict[str, str]:
        """Return what the command `avow` reads, for commands of the application."""
        said = {f"AVOW_{name.upper()}": value for name in _SERVER if (value := self.text(name))}
        return said | ({"AVOW_PUBLIC_URL": self.base_url} if self.base_url else {})

    def settings(self) -> Settings:
        """Return the settings of the server.

        Raises:
            SettingsRefused: Something is missing, unknown or unsafe; every finding is named.
        """
        findings = [*self._unknown(), *self._missing()]
        if not findings:
            try:
                # Whoever reaches the application through a proxy reaches the mount: numbers are shown where asked for.
                return from_environment(
                    {"AVOW_METRICS_NETWORKS": "", **self.variables()}, is_development=self.is_development
                )
            except SettingsRefused as refused:
                findings = [str(refused)]
        raise SettingsRefused("\n".join(findings))

    def _unknown(self) -> list[str]:
        found = []
        for name in sorted(self.values.keys() - {*_OWN, *_SERVER}):
            like = get_close_matches(name, (*_OWN, *_SERVER), 1)
            found.append(f"There is no setting {name}" + (f"; did you mean {like[0]}?" if like else "."))
        return found

    def _missing(self) -> list[str]:
        url, found = self.text("database_url"), []
        if not self.base_url:
            found.append("AVOW_BASE_URL must say where Avow is mounted, such as https://shop.example.com/auth.")
        if not url:
            found.append("AVOW_DATABASE_URL must be set: sqlite:////var/lib/shop/avow.sqlite3, or postgresql://...")
        elif wrong := _wrong_database(url):
            found.append(wrong)
        if self.is_development and urlsplit(self.base_url).hostname not in _HERE:
            found.append("Development shows everybody's codes: it is for an AVOW_BASE_URL on localhost only.")
        return found


def _wrong_database(url: str) -> str:
    try:
        if not is_sqlite(url) and not place_of(url).schema:
            return "AVOW_DATABASE_URL must name a schema for Avow's tables: add ?schema=avow to it."
    except StoreRefused as refused:
        return str(refused)
    return ""


def _text(name: str, value: object) -> str:
    if isinstance(value, bytes | bytearray):
        raise SettingsRefused(f"AVOW_{name.upper()} is bytes; give it as text.")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(map(str, value))
    return str(value)
