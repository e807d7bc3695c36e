"""The data directory of `avow dev`: its keys in `dev.json`, the database, and a lock that lets one server in."""

import fcntl
import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import msgspec

from avow import shaping
from avow.cli.problems import CannotStart
from avow.core.ids import secret_text
from avow.wire.secret import Secret, described, shown

__all__ = ["DevData", "DevFacts", "is_dev_directory"]

_FACTS = "dev.json"


class DevFacts(msgspec.Struct, omit_defaults=True):
    """What `dev.json` keeps in clear text: development data is nobody's secret but the developer's.

    Attributes:
        secret_key: Of the installation.
        project_id: Of the one project.
        management_key: Of that project.
        public_url: Where the server answered at its last start, for links that commands send.
    """

    secret_key: Secret
    project_id: str = ""
    management_key: Secret = ""
    public_url: str = ""

    __repr__ = described
    __rich_repr__ = shown


def is_dev_directory(path: Path) -> bool:
    """Tell whether `avow dev` made this directory."""
    return (path / _FACTS).exists()


@dataclass(slots=True)
class DevData:
    """An open data directory.

    Attributes:
        path: The directory, absolute.
        facts: What `dev.json` says.
    """

    path: Path
    facts: DevFacts = field(repr=False)
    _lock: int = -1

    @classmethod
    def open(cls, path: Path) -> "DevData":
        """Open a directory, made by an earlier start.

        Raises:
            CannotStart: It is none of `avow dev`, or cannot be read.
        """
        try:
            raw = (path / _FACTS).read_bytes()
            return cls(path.absolute(), shaping.decode(raw, DevFacts))
        except FileNotFoundError:
            raise CannotStart(f"{path} is not a data directory of `avow dev`; start `avow dev` there first.") from None
        except (OSError, msgspec.DecodeError) as error:
            raise CannotStart(f"{path / _FACTS} cannot be read: {error}.") from error

    @classmethod
    def make(cls, path: Path) -> "DevData":
        """Open a directory, made now unless it is there, and keep every other `avow dev` out of it.

        Raises:
            CannotStart: Another server uses it, or it cannot be written.
        """
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(path / "dev.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise CannotStart(f"The data directory {path} cannot be made: {error.strerror}.") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise CannotStart(
                f"Another `avow dev` uses {path}; stop it, or give this one a directory of its own with --data."
            ) from None
        if is_dev_directory(path):
            data = cls.open(path)
        else:
            data = cls(path.absolute(), DevFacts(secret_text()))
            data.save()
        data._lock = lock
        return data

    @property
    def database_url(self) -> str:
        """Return the URL of the database."""
        return f"sqlite:///{quote(str(self.path / 'avow.sqlite3'))}"

    def save(self) -> None:
        """Write `dev.json`, in one step and for the owner only."""
        fresh = self.path / f"{_FACTS}.new"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(self.facts)) + b"\n")
            file.flush()
            os.fsync(descriptor)
        fresh.replace(self.path / _FACTS)

    def close(self) -> None:
        """Let the next server in."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
