"""The fixtures of the test bed, and what a run says and does at its start and end."""

import contextlib
import errno
import gc
import os
import socket
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from avow.testing.clock import FileClock
from tests.bed import postgres, programs, run, valkey
from tests.bed.counts import is_full
from tests.bed.sms import SmsSink, sms_gateway
from tests.bed.smtp import SmtpSink, smtp_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DATABASES = ("sqlite", "postgres")
_FOUND = pytest.StashKey[dict[str, programs.Program | None]]()
_RUN = pytest.StashKey[run.Run]()


# --- The run ---------------------------------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """Find the programs, refuse a run that lacks one, and make the folder of the run."""
    found = {name: find() for name, find in programs.FINDERS.items()}
    config.stash[_FOUND] = found
    if not run.is_controller() or config.option.collectonly:
        return
    missing = [name for name, program in found.items() if program is None and not programs.may_be_missing(name)]
    if missing:
        pytest.exit("\n".join(programs.missing_sentence(name) for name in missing), returncode=1)
    config.stash[_RUN] = run.Run()


def pytest_collection_finish() -> None:
    """Take the tests themselves out of the search for cycles, which among thousands of them stops everything for long.

    A server in the process would then not answer in time.
    """
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """After each module, take what stays of it out as well: it grows to millions, and a search to six seconds."""
    result = yield
    if nextitem is not None and nextitem.path != item.path:
        gc.collect()
        gc.freeze()
    return result


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what the run started."""
    if started := config.stash.get(_RUN, None):
        started.end()


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what the run uses."""
    lines = [
        str(program) if program else f"{name}: none; its tests are skipped ({programs.ALLOW_MISSING})"
        for name, program in config.stash[_FOUND].items()
    ]
    return [*lines, f"counts: {'as stated' if is_full() else 'reduced (AVOW_TEST_FULL=1 for the stated ones)'}"]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say at the end where each test stood that ran out of time: its own report is long and far above."""
    stats = terminalreporter.stats
    for report in [*stats.get("failed", ()), *stats.get("error", ())]:
        if "from pytest-timeout." not in report.longreprtext:
            continue
        terminalreporter.write_line(f"out of time: {report.nodeid} ({report.when})")
        for entry in report.longrepr.reprtraceback.reprentries:
            if entry.reprfileloc is not None:
                terminalreporter.write_line(f"    {entry.reprfileloc.path}:{entry.reprfileloc.lineno}")


def program(config: pytest.Config, name: str) -> programs.Program:
    """Return a program that the run found; skip the test when it may be missing."""
    found = config.stash[_FOUND][name]
    if found is None:
        pytest.skip(programs.missing_sentence(name))
    return found


# --- Counts and time -------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def rounds() -> Callable[[int, int], int]:
    """Choose a count: `rounds(normal, full)`."""

    def choose(normal: int, full: int) -> int:
        return full if is_full() else normal

    return choose


@pytest.fixture
def clock(tmp_path: Path) -> FileClock:
    """Give a clock that the test moves; `clock.path` lets other processes read it."""
    return FileClock(tmp_path / "clock")


# --- Network ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """Leave every machine but this one unreachable; the servers that the environment names stay reachable."""
    named = [os.environ.get(name, "") for name in ("AVOW_TEST_POSTGRES_URL", "AVOW_TEST_VALKEY_URL")]
    allowed = {"localhost", "::1", *(urlsplit(url).hostname for url in named)}
    connect = socket.socket.connect

    def connect_here(self: socket.socket, address: Any) -> None:
        is_internet = self.family in {socket.AF_INET, socket.AF_INET6}
        if is_internet and address[0] not in allowed and not address[0].startswith("127."):
            raise OSError(errno.ENETUNREACH, f"tests do not reach {address[0]}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_here)
        yield


# --- Databases and cache ---------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres_server_url(pytestconfig: pytest.Config) -> str:
    """Give the URL of the run's PostgreSQL server, where databases may be created."""
    return postgres.shared_url(program(pytestconfig, "postgres"))


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Give the URL of an empty PostgreSQL database of this test."""
    with postgres.fresh_database(request.getfixturevalue("postgres_server_url")) as url:
        yield url


@pytest.fixture
def sqlite_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Give the URL of a SQLite database of this test; the file does not exist yet."""
    name = f"{run.worker_number()}-{time.monotonic_ns()}"
    home = run.folder() / name
    home.mkdir(mode=0o700)
    yield f"sqlite:///{home}/avow.sqlite3"
    with contextlib.suppress(FileNotFoundError):
        for file in home.iterdir():
            file.unlink()
        home.rmdir()


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> str:
    """Give the URL of an empty database of this test; each test runs on SQLite and on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=DATABASES)
def ready_database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Give the URL of a database of this test that has its tables; on SQLite and on PostgreSQL."""
    from tests.bed.databases import ready_postgres, ready_sqlite  # here, so that the bed loads without the server

    if request.param == "sqlite":
        with ready_sqlite() as url:
            yield url
    else:
        with ready_postgres(request.getfixturevalue("postgres_server_url")) as url:
            yield url


@pytest.fixture(scope="session")
def valkey_server_url(pytestconfig: pytest.Config) -> str:
    """Give the URL of the run's Valkey server."""
    return valkey.shared_url(program(pytestconfig, "valkey"))


@pytest.fixture
def valkey_url(valkey_server_url: str) -> str:
    """Give the URL of an empty Valkey database of this test."""
    return valkey.empty_database(valkey_server_url)


# --- Mail and SMS ----------------------------------------------------------------------------------------------


@pytest.fixture
def smtp_sink() -> Iterator[SmtpSink]:
    """Give a running mail server that keeps what it is sent."""
    with smtp_server() as sink:
        yield sink


@pytest.fixture
def sms_sink() -> Iterator[SmsSink]:
    """Give a running SMS gateway that keeps what it is sent."""
    with sms_gateway() as sink:
        yield sink


# --- Browser ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def chromium(pytestconfig: pytest.Config) -> str:
    """Give the path of Chromium."""
    return program(pytestconfig, "chromium").where


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator["Browser"]:
    """Give a running Chromium.

    Of a module, not of the session: while Playwright's synchronous half runs, no other event loop can.
    """
    from tests.bed.browser import running_browser  # Playwright is loaded where it is used: it takes 0.2 s

    with running_browser(chromium) as started:
        yield started


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    """Give a page of a fresh browser profile; a script error on it fails the test."""
    context = browser.new_context(locale="en-GB")
    fresh = context.new_page()
    errors: list[str] = []
    fresh.on("pageerror", lambda error: errors.append(str(error)))
    yield fresh
    context.close()
    assert errors == []
