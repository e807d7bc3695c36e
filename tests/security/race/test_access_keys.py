"""S-RAC-05 of access keys: what ends a key ends it for every exchange that begins afterwards."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from avow.server.users import actions as users
from tests.bed.cases import Case
from tests.factories import make_access_key, make_user
from tests.security.place import Place

pytestmark = pytest.mark.timeout(900)  # the stated counts take minutes on two cores

EXCHANGE = "/v1/auth/accesskey/exchange"
KEYS = "/v1/mgmt/accesskey"
CLIENTS = 20


def test_s_rac_05_no_exchange_outlives_a_key(case: Case, place: Place, rounds: Callable[[int, int], int]) -> None:
    control = make_access_key(place.avow)[1]
    case.control(lambda: place.api.post(EXCHANGE, control, {}).status == 200)
    for call in ("deactivate", "rotate", "delete"):
        with case.cell(f"the access key: {call}"):
            for _ in range(rounds(1, 10)):
                id, secret = make_access_key(place.avow)
                late = _exchanges_after(place, secret, lambda call=call, id=id: _manage(place, call, id))  # type: ignore[misc]
                assert set(late) == {401}
    with case.cell("the user of the access key is disabled"):
        user = make_user(place.avow)
        secret = make_access_key(place.avow, user_id=user)[1]
        late = _exchanges_after(
            place, secret, lambda: place.avow.run(lambda tx: users.set_status(tx, user, "disabled"))
        )
        assert set(late) == {401}


def _manage(place: Place, call: str, id: str) -> None:
    assert place.api.post(f"{KEYS}/{call}", place.avow.management_key, {"id": id}).status == 200


def _exchanges_after(place: Place, secret: str, change: Callable[[], object]) -> list[int]:
    """Return the statuses of the exchanges that began after the change was acknowledged."""
    done, told = threading.Event(), list[tuple[float, int]]()

    def exchange(_: int) -> None:
        while not done.is_set():
            begun = time.monotonic()
            told.append((begun, place.api.post(EXCHANGE, secret, {}).status))

    with ThreadPoolExecutor(CLIENTS) as pool:
        running = [pool.submit(exchange, number) for number in range(CLIENTS)]
        try:
            _wait_for(lambda: sum(status == 200 for _, status in told) > CLIENTS)
            change()
            changed_at = time.monotonic()
            _wait_for(lambda: sum(begun > changed_at for begun, _ in told) > CLIENTS)
        finally:
            done.set()
        for each in running:
            each.result()
    return [status for begun, status in told if begun > changed_at]


def _wait_for(holds: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "nothing happened"
        time.sleep(0.005)
