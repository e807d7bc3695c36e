from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from avow.core.vault import Vault
from avow.server.store import open_store
from tests.bed.server import NOBODY_CARRIES
from tests.cli.programs import SECRET_KEY, Running, free_port, in_process, start, start_dev
from tests.cli.shops import Shop

StartDev = Callable[..., Running]
StartServe = Callable[..., Running]


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[StartDev]:
    """Start `avow dev` on a data directory; stopped after the test."""
    started: list[Running] = []

    def begin(*arguments: str, data: Path | None = None, variables: Mapping[str, str] | None = None) -> Running:
        started.append(start_dev(data or tmp_path / "data", *arguments, variables=variables))
        return started[-1]

    yield begin
    for each in started:
        each.stop()


@pytest.fixture(scope="session")
def made_installation(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Give the settings of an installation with a project, made by the commands."""
    home = tmp_path_factory.mktemp("installation")
    settings = {
        "AVOW_DATABASE_URL": f"sqlite:///{home}/avow.sqlite3",
        "AVOW_SECRET_KEY": SECRET_KEY,
        **NOBODY_CARRIES,
    }
    assert in_process("migrate", variables=settings).code == 0
    made = in_process("project", "create", "Shop", "--json", variables=settings)
    assert made.code == 0, made.err
    return {**settings, "PROJECT_ID": made.json()["project_id"], "MANAGEMENT_KEY": made.json()["management_key"]}


@pytest.fixture
def installation(made_installation: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Give the settings of a copy of that installation, for this test alone."""
    original = made_installation["AVOW_DATABASE_URL"].removeprefix("sqlite:///")
    copy = tmp_path / "avow.sqlite3"
    assert in_process("backup", str(copy), variables=made_installation).code == 0, original
    return {**made_installation, "AVOW_DATABASE_URL": f"sqlite:///{copy}"}


@pytest.fixture
def serve(tmp_path: Path, installation: dict[str, str]) -> Iterator[StartServe]:
    """Start `avow serve` over an installation; stopped after the test."""
    started: list[Running] = []

    def begin(*arguments: str, variables: Mapping[str, str] | None = None) -> Running:
        port = free_port()
        settings = {**installation, "AVOW_NOTICE_SECONDS": "0", **(variables or {})}
        running = start(tmp_path / "serve.log", "serve", "--port", str(port), *arguments, variables=settings)
        running.port = port
        started.append(running)
        running.wait()
        return running

    yield begin
    for each in started:
        each.stop()


@pytest.fixture
def shop(ready_database_url: str) -> Iterator[Shop]:
    """Give a project on SQLite and on PostgreSQL, for commands that run in this process."""
    variables = {"AVOW_DATABASE_URL": ready_database_url, "AVOW_SECRET_KEY": SECRET_KEY}
    made = in_process("project", "create", "Shop", "--json", variables=variables).json()
    store = open_store(ready_database_url, vault=Vault.from_text(SECRET_KEY), pool_size=1)
    yield Shop(variables, store, made["project_id"])
    store.close()
