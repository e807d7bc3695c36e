"""F-UPG-01: an upgrade from an earlier release while it serves; `tests/faults/releases` keeps those releases."""

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from avow import Client
from avow.testing.clock import FileClock
from tests.bed.cases import Case
from tests.bed.counts import is_full
from tests.bed.server import SECRET_KEY, Instance, Servers, launch
from tests.bed.smtp import SmtpSink
from tests.faults.balancer import Balancer, balancing
from tests.faults.customers import Customer, Customers, Letters
from tests.faults.earlier import EARLIER, THIS_RELEASE, Release, unpacked
from tests.faults.load import Load
from tests.security.calls import Api
from tests.security.place import NO_LIMITS
from tests.security.tables import read_table

pytestmark = [pytest.mark.timeout(1800), pytest.mark.alone]

_USERS = 100_000 if is_full() else 3_000
_STEPS = 200 if is_full() else 8  # of all clients together, in each stage of an upgrade
_CLIENTS = 4 if is_full() else 2
_CUSTOMERS = 100 if is_full() else 24
_MOST_ERRORS = 0.001
_LONGEST_SECONDS = 5.0
_DOWN_SECONDS = 10.0 if is_full() else 30.0  # the commands of a reduced run share the machine with other tests


@dataclass(frozen=True, slots=True)
class Shop:
    """A project that an earlier release has made, with its users, and the servers of that release.

    Attributes:
        earlier: That release.
        variables: What commands of either release are told.
        balancer: The way to the servers.
        customers: Some of the users.
    """

    earlier: Release
    variables: Mapping[str, str]
    project_id: str
    servers: Servers
    balancer: Balancer
    customers: Customers

    def api(self, server: Instance) -> Api:
        """Return the API of one server alone, whose connections are those of the balancer."""
        return Api(self.project_id, self.balancer.way_to(server.port), server.url)

    def replace(self, server: Instance) -> None:
        """Stop a server, and start this release in its place."""
        assert server.stop() == 0
        server.release = None
        server.start()
        server.wait()
        self.balancer.wait_for(server.port)

    def migrate(self) -> None:
        """Run this release's `avow migrate`."""
        assert THIS_RELEASE.told("migrate", variables=self.variables) == {"outcome": "migrated"}


class OpenShop(Protocol):
    """Opens a shop that stays until the test ends."""

    def __call__(self, database_url: str, *, servers: int) -> Shop:
        """Let the earlier release make tables, project and users in an empty database, and serve them."""
        ...


@pytest.fixture
def open_shop(clock: FileClock, smtp_sink: SmtpSink, tmp_path: Path) -> Iterator[OpenShop]:
    with contextlib.ExitStack() as stack:

        def open_one(database_url: str, *, servers: int) -> Shop:
            earlier = unpacked(EARLIER)
            variables = {"AVOW_DATABASE_URL": database_url, "AVOW_SECRET_KEY": SECRET_KEY}
            project_id, key = _found(earlier, variables, tmp_path / "users.jsonl")
            notice = "1" if servers > 1 else "0"  # there is no other server that a balancer would have to turn to
            settings = {"AVOW_SMTP_PORT": str(smtp_sink.port), "AVOW_NOTICE_SECONDS": notice}
            running = stack.enter_context(
                launch(database_url, clock, instances=servers, settings=settings, release=earlier.folder)
            )
            balancer = stack.enter_context(balancing(running.instances, patience_seconds=60))
            api, chosen = Api(project_id, balancer, running.url), range(0, _USERS, _USERS // _CUSTOMERS)
            customers = Customers(api, key, Letters(smtp_sink), [_login_id(each) for each in chosen], _CLIENTS)
            return Shop(earlier, variables, project_id, running, balancer, customers)

        yield open_one


def test_f_upg_01_rolling_upgrade(case: Case, open_shop: OpenShop, postgres_url: str) -> None:
    shop = open_shop(postgres_url, servers=2)
    first, second = shop.servers.instances
    guest = Customer(_login_id(1))
    case.control(lambda: shop.customers.sign_in(guest, shop.api(first), shop.api(second)))
    with _explained(shop), Load(shop.customers.step, _CLIENTS) as load:
        _go_on(load)
        with case.cell("the earlier release serves while the tables change and afterwards"):
            shop.migrate()
            _go_on(load)
            assert shop.balancer.changes == []
        with case.cell("an earlier server that is started on newer tables says why it does not serve"):
            said = shop.earlier.avow("serve", "--check", variables=shop.variables)
            assert said.code == 2
            assert "newer than this release" in said.err
        with case.cell("one server is of this release"):
            shop.replace(first)
            _go_on(load)
        with case.cell("codes and tokens of each release are good at the other"):
            _assert_interchangeable(shop, guest, first, second)
            _assert_interchangeable(shop, guest, second, first)
        with case.cell("every server is of this release"):
            shop.replace(second)
            _go_on(load)
    _assert_kept(case, shop)
    with case.cell("of a thousand requests at most one fails"):
        errors = shop.customers.errors
        assert len(errors) <= _MOST_ERRORS * len(shop.customers.asked), errors[:5]
    with case.cell("no request waits for more than 5 s"):
        assert shop.customers.longest.seconds <= _LONGEST_SECONDS, shop.customers.longest


def test_f_upg_01_upgrade_of_the_only_server(case: Case, open_shop: OpenShop, sqlite_url: str) -> None:
    shop = open_shop(sqlite_url, servers=1)
    (server,) = shop.servers.instances
    guest = Customer(_login_id(1))
    case.control(lambda: shop.customers.sign_in(guest, shop.api(server), shop.api(server)))
    with _explained(shop), Load(shop.customers.step, _CLIENTS) as load:
        _go_on(load)
        with case.cell("nobody is served for at most 10 s"):
            begun = time.monotonic()
            assert server.stop() == 0
            shop.migrate()
            server.release = None
            server.start()
            server.wait()
            shop.balancer.wait_for(server.port)
            assert time.monotonic() - begun <= _DOWN_SECONDS
        _go_on(load)
    _assert_kept(case, shop)
    with case.cell("the database is sound"):
        assert read_table(sqlite_url, "PRAGMA integrity_check") == [("ok",)]
        assert read_table(sqlite_url, "PRAGMA foreign_key_check") == []


def _found(earlier: Release, variables: Mapping[str, str], file: Path) -> tuple[str, str]:
    """Make the tables, a project and its users; return the project's id and a management key."""
    assert earlier.told("migrate", variables=variables) == {"outcome": "created"}
    made = earlier.told("project", "create", "Shop", variables=variables)
    earlier.told("project", "set", *(f"{name}={value}" for name, value in NO_LIMITS.items()), variables=variables)
    users = ({"loginId": _login_id(each), "verifiedEmail": True, "name": "Jane"} for each in range(_USERS))
    file.write_text("".join(f"{json.dumps(user)}\n" for user in users))
    assert earlier.told("user", "import", str(file), variables=variables)["created"] == _USERS
    return made["project_id"], made["management_key"]


def _login_id(number: int) -> str:
    return f"user-{number:06}@example.com"


@contextlib.contextmanager
def _explained(shop: Shop) -> Iterator[None]:
    """Say beside a failure what became of the letters and what the servers wrote."""
    try:
        yield
    except AssertionError as failure:
        columns = "id, state, attempts, due_at, leased_until, created_at, finished_at, error"
        sql = f"SELECT {columns} FROM outbox ORDER BY created_at DESC LIMIT 600"
        rows = read_table(shop.variables["AVOW_DATABASE_URL"], sql)
        failure.add_note(f"letters at {time.time():.0f}: {rows}")
        for server in shop.servers.instances:
            failure.add_note(server.said()[-3000:])
        raise


def _go_on(load: Load) -> None:
    """Wait while the clients work."""
    before = len(load.seconds)
    load.wait_for(lambda: len(load.seconds) >= before + _STEPS, seconds=600)


def _assert_interchangeable(shop: Shop, guest: Customer, here: Instance, there: Instance) -> None:
    """Assert that what one server gives out is good at another."""
    person = shop.customers.sign_in(guest, shop.api(here), shop.api(there))
    for server in (here, there):
        with Client(shop.project_id, base_url=server.url) as client:
            assert client.validate_session(person.session_jwt)
        assert shop.api(server).me(person.refresh_jwt).status == 200
    renewed = shop.api(here).refresh(person.refresh_jwt)
    assert shop.api(there).refresh(renewed.body["refreshJwt"]).status == 200


def _assert_kept(case: Case, shop: Shop) -> None:
    with case.cell("what was acknowledged is kept, and tokens of the earlier release are good"):
        shop.customers.assert_kept()
    with case.cell("nobody is lost"):
        assert read_table(shop.variables["AVOW_DATABASE_URL"], "SELECT COUNT(*) FROM users") == [(_USERS,)]
