"""One throwaway PostgreSQL cluster for a test run, and a fresh database for each test that asks."""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from tests.bed import run
from tests.bed.programs import Program

_SETTINGS = {
    "listen_addresses": "",  # only a Unix socket in a folder of ours
    "fsync": "off",  # the cluster dies with the run; what Avow promises about power loss is tested on SQLite
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "max_wal_size": "1GB",
    "autovacuum": "off",
    "log_min_messages": "warning",
}


class _Identity(TypedDict, total=False):
    """The user that a program runs as, for `subprocess`; empty for our own."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Cluster:
    """A PostgreSQL server of our own.

    Attributes:
        binaries: Folder of `initdb` and `postgres`.
        home: Folder that holds data, socket and log.
    """

    binaries: Path
    home: Path

    @property
    def url(self) -> str:
        """Return the URL of its first database."""
        return f"postgresql://avow@/postgres?host={self.home}"

    def create(self) -> None:
        """Make the data folder, owned by the user that runs the server."""
        self.home.mkdir(mode=0o700, parents=True)
        owner = _owner()
        if owner:
            os.chown(self.home, owner.pw_uid, owner.pw_gid)
        arguments = ["-D", str(self.home / "data"), "-U", "avow", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        self._run([str(self.binaries / "initdb"), *arguments])

    def start(self) -> int:
        """Start the server, wait until it answers, and return its process id."""
        settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        with (self.home / "log").open("ab") as log:
            process = subprocess.Popen(
                [str(self.binaries / "postgres"), "-D", str(self.home / "data"), "-k", str(self.home), *settings],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                **_as_owner(),
            )
        run.note_process(process, signal.SIGINT)
        until = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url).close()
            except psycopg.OperationalError:
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"PostgreSQL did not start:\n{(self.home / 'log').read_text()}") from None
                time.sleep(0.02)
            else:
                return run.leave_to_keeper(process)

    def stop(self, pid: int, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT ends its sessions, SIGQUIT is a crash."""
        run.stop_process(pid, how)
        run.forget_process(pid)

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.home, **_as_owner())
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


def new_cluster(program: Program, name: str) -> Cluster:
    """Return a cluster in the folder of the run, created but not started; for tests that stop and start their own."""
    cluster = Cluster(_readable(Path(program.where)), run.folder() / name)
    cluster.create()
    return cluster


def shared_url(program: Program) -> str:
    """Return the URL of the run's server, which the first caller starts."""

    def start() -> str:
        cluster = new_cluster(program, "pg")
        cluster.start()
        return cluster.url

    return program.url or run.once("postgres", start)


@contextlib.contextmanager
def fresh_database(admin_url: str, template: str = "template0") -> Iterator[str]:
    """Create a database, hand out its URL, and drop it."""
    name = f"avow_test_{secrets.token_hex(6)}"
    create_database(admin_url, name, template)
    try:
        yield database_url(admin_url, name)
    finally:
        drop_database(admin_url, name)


def create_database(admin_url: str, name: str, template: str = "template0") -> None:
    """Create a database as a copy of another."""
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(statement)


def drop_database(admin_url: str, name: str) -> None:
    """Drop a database, whoever is connected to it."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def database_url(admin_url: str, name: str) -> str:
    """Return the URL of another database on the same server."""
    return urlunsplit(urlsplit(admin_url)._replace(path=f"/{name}"))


def _owner() -> pwd.struct_passwd | None:
    """Return the user that runs the server: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("PostgreSQL refuses to run as root and there is no user postgres or nobody to run it as.")


def _as_owner() -> _Identity:
    owner = _owner()
    return _Identity(user=owner.pw_uid, group=owner.pw_gid, extra_groups=[]) if owner else _Identity()


def _readable(binaries: Path) -> Path:
    """Return the binaries, or a copy of their installation where the server's user cannot read them."""
    owner = _owner()
    if not owner:
        return binaries
    program = str(binaries / "postgres")
    if subprocess.run(["test", "-x", program], check=False, **_as_owner()).returncode == 0:
        return binaries
    package = binaries.parent.parent
    copy = run.folder() / "postgres-installation"
    # A package from pip keeps its shared libraries beside itself and finds them by the way from here to there.
    for folder in (package, package.with_name(f"{package.name}.libs")):
        if folder.exists() and not (copy / folder.name).exists():
            shutil.copytree(folder, copy / folder.name, symlinks=True)
    return copy / package.name / binaries.parent.name / binaries.name
