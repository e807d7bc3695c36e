"""What has ended goes after a while, and nothing else."""

from collections.abc import Iterator

import pytest

from avow.server.imports import actions as imports
from avow.server.operations.housekeeping import Housekeeper
from avow.server.store import Tx
from avow.testing.clock import MovableClock
from avow.testing.server import Server
from tests.factories import new_email
from tests.server.api import START, Api

DAY = 86400


@pytest.fixture
def server(database_url: str) -> Iterator[Server]:
    """Give a server of its own: a round goes through every project, and other tests have left many."""
    started = Server(database_url, clock=MovableClock(lambda: START))
    yield started
    started.close()


def count(api: Api, table: str) -> int:
    """Return how many rows of a table the project has."""

    class Row:
        def __init__(self, number: int) -> None:
            self.number = number

    sql = f"SELECT COUNT(*) FROM {table} WHERE project_id = :project_id"
    found = api.avow.run(lambda tx: tx.one(sql, Row))
    assert found is not None
    return found.number


def test_ended_challenge_and_budget_go_after_a_day(api: Api) -> None:
    login_id = new_email()
    api.post("/v1/auth/otp/signup/email", {"loginId": login_id})
    api.verify_code(login_id, "000000")
    housekeeper = Housekeeper(api.avow.server.site.store)
    assert count(api, "challenges") == 1
    housekeeper.run_once()
    assert count(api, "challenges") == 1
    api.avow.advance(DAY // 2)
    housekeeper.run_once()
    assert count(api, "challenges") == 1  # ended, but a late code is still told why it fails
    api.avow.advance(DAY)
    housekeeper.run_once()
    assert count(api, "challenges") == 0
    assert count(api, "counters") == 0


def test_session_goes_thirty_days_after_its_end(api: Api) -> None:
    api.sign_in()
    housekeeper = Housekeeper(api.avow.server.site.store)
    api.avow.advance(28 * DAY + 29 * DAY)
    housekeeper.run_once()
    assert count(api, "sessions") == 1
    api.avow.advance(2 * DAY)
    housekeeper.run_once()
    assert count(api, "sessions") == 0
    assert count(api, "users") == 1


def test_import_is_forgotten_thirty_days_after_it_was_finished(api: Api) -> None:
    def begin(tx: Tx) -> None:
        for import_id in ("finished", "interrupted"):
            imports.begin(tx, import_id, "users.jsonl")
        imports.finish(tx, "finished")

    api.avow.run(begin)
    housekeeper = Housekeeper(api.avow.server.site.store)
    api.avow.advance(30 * DAY - 1)
    housekeeper.run_once()
    assert count(api, "imports") == 2
    api.avow.advance(1)
    housekeeper.run_once()
    assert [each.id for each in (api.avow.run(lambda tx: imports.find(tx, "interrupted")),) if each] == ["interrupted"]
    assert count(api, "imports") == 1


def test_more_than_one_step_is_taken(api: Api) -> None:
    insert = "INSERT INTO counters (project_id, id, value, ends_at) VALUES (:project_id, :id, 1, :now - 1)"
    api.avow.run(lambda tx: [tx.run(insert, id=f"guess:{number}") for number in range(450)])
    assert Housekeeper(api.avow.server.site.store).run_once() >= 450
    assert count(api, "counters") == 0


def test_stopping_ends_the_thread(api: Api) -> None:
    housekeeper = Housekeeper(api.avow.server.site.store)
    housekeeper.start()
    housekeeper.stop()
    housekeeper.start()
    housekeeper.stop()
