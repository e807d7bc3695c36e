"""F-NET-01 and F-OVL-01: clients whose answers get lost, and more of them than a server can serve."""

import contextlib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from avow import Client, DeliveryMethod
from avow.errors import AuthException, UnknownOutcome
from tests.bed.cases import Case
from tests.bed.proxy import Proxy
from tests.factories import make_access_key, new_email
from tests.faults.conftest import SQLITE_1, MakeFleet
from tests.faults.fleet import Fleet
from tests.faults.flood import Flood, flood, p99
from tests.faults.load import burst, p95
from tests.faults.people import code_of, sign_in
from tests.security.calls import Wish
from tests.security.place import Place

pytestmark = pytest.mark.timeout(1800)

Rounds = Callable[[int, int], int]

EMAIL = DeliveryMethod.EMAIL
_USUAL = 64  # clients that wait for each answer; they keep a server busy


# --- F-NET-01 --------------------------------------------------------------------------------------------------


def test_f_net_01_lost_answers(case: Case, fleet: Fleet, rounds: Rounds) -> None:
    place = fleet.place(rotation="always")
    times = rounds(5, 500)
    with contextlib.closing(Proxy("127.0.0.1", fleet.instances[0].port)) as proxy, _client(place, proxy) as client:
        case.control(lambda: sign_in(place))

        def lose(path: str) -> None:
            proxy.cut_after = path.encode()

        with case.cell("sign-up"):
            for _ in range(times):
                who = new_email()
                lose("POST /v1/auth/otp/signup/")
                _definite(lambda who=who: client.otp.sign_up(EMAIL, who))  # type: ignore[misc]  # bound at once
                assert client.otp.verify_code(EMAIL, who, code_of(place, who))["user"]["userId"]
                assert _people(fleet, place, who) == (1, 1)
        with case.cell("verify"):
            for _ in range(times):
                who = new_email()
                client.otp.sign_up_or_in(EMAIL, who)
                code = code_of(place, who)
                lose("POST /v1/auth/otp/verify/")
                _definite(lambda who=who, code=code: client.otp.verify_code(EMAIL, who, code))  # type: ignore[misc]
                with pytest.raises(AuthException) as refused:
                    client.otp.verify_code(EMAIL, who, code)
                assert refused.value.status_code == 401
                assert _people(fleet, place, who) == (1, 1)
        with case.cell("refresh"):
            token = sign_in(place).refresh_jwt
            for _ in range(times):
                place.advance(31)
                lose("POST /v1/auth/refresh")
                with contextlib.suppress(UnknownOutcome):
                    token = client.refresh_session(token)["refreshSessionToken"]["jwt"]
                assert proxy.cut_after is None
                token = client.refresh_session(token)["refreshSessionToken"]["jwt"]
        with case.cell("exchange of an access key"):
            secret = make_access_key(place.avow)[1]
            for _ in range(times):
                lose("POST /v1/auth/accesskey/exchange")
                # Nothing is spent by it, so the client asks again by itself.
                assert client.exchange_access_key(secret)["keyId"] == secret[:27]
                assert proxy.cut_after is None
        with case.cell("management create: a user"):
            for _ in range(times):
                who = new_email()
                lose("POST /v1/mgmt/user/create")
                _definite(lambda who=who: client.mgmt.user.create(who))  # type: ignore[misc]  # bound at once
                assert proxy.cut_after is None
                with pytest.raises(AuthException) as refused:
                    client.mgmt.user.create(who)
                assert refused.value.error_code == "E062107"
                assert _people(fleet, place, who) == (1, 0)
        with case.cell("management create: an access key"):
            for number in range(times):
                lose("POST /v1/mgmt/accesskey/create")
                name = f"machine {number}"
                _definite(lambda name=name: client.mgmt.access_key.create(name))  # type: ignore[misc]  # bound at once
                assert proxy.cut_after is None
                assert [row[2] for row in place.rows("access_keys")].count(name) == 1
        assert proxy.cuts == 6 * times


@contextlib.contextmanager
def _client(place: Place, proxy: Proxy) -> Iterator[Client]:
    """Give a client of the SDK that calls through the proxy."""
    avow = place.avow
    url, key = f"http://127.0.0.1:{proxy.port}", avow.management_key
    client = Client(avow.project_id, base_url=url, management_key=key, clock=avow.server.clock)
    with client:
        yield client


def _definite(call: Callable[[], object]) -> None:
    """Make a call whose answer is lost: it ends as done, or by the error that says that nobody knows."""
    with contextlib.suppress(UnknownOutcome):
        call()


def _people(fleet: Fleet, place: Place, login_id: str) -> tuple[int, int]:
    """Return how many users have a login ID, and how many sessions these have."""
    project_id = place.avow.project_id
    users = fleet.rows("SELECT user_id FROM login_ids WHERE project_id = ? AND login_id = ?", project_id, login_id)
    query = "SELECT id FROM sessions WHERE project_id = ? AND user_id = ?"
    return len(users), sum(len(fleet.rows(query, project_id, user_id)) for (user_id,) in users)


# --- F-OVL-01 --------------------------------------------------------------------------------------------------
@pytest.mark.alone
def test_f_ovl_01_overload(case: Case, make_fleet: MakeFleet, rounds: Rounds) -> None:
    # With the system's clock: one that is read from a file lets go of the interpreter (decision 0036).
    fleet = make_fleet(SQLITE_1, settings={"AVOW_TEST_CLOCK": ""})
    place = fleet.place(rotation="never")  # the same tokens are shown for longer than the grace of a rotation
    case.control(lambda: sign_in(place))
    people = [place.open_session() for _ in range(16)]
    wishes = [place.api.wish("POST", "/v1/auth/refresh", person.refresh_jwt) for person in people]
    wishes += [place.api.wish("GET", "/v1/auth/me", person.refresh_jwt) for person in people]
    usual = [place.api.carrier.send(wish).seconds for wish in wishes]
    _capacity(fleet, wishes, rounds(1, 4))  # a process that has just begun does less
    capacities = [_capacity(fleet, wishes, rounds(1, 8))]
    memory = _memory(fleet)
    # In halves: what grows in the first is filled once, what grows in the second would go on growing.
    loads, memories = [], []
    for _ in range(2):
        loads.append(_overload(fleet, wishes, 3 * capacities[-1], rounds(1, 30)))
        memories.append(_memory(fleet))
        capacities.append(_capacity(fleet, wishes, rounds(1, 8)))
    # What a machine can do changes within a minute: each half stands beside the better of its neighbours.
    shares = [load.goodput / max(sides) for load, sides in zip(loads, pairwise(capacities), strict=True)]
    told = "capacity {:.0f}, {:.0f}, {:.0f}/s; ".format(*capacities) + "; ".join(load.told() for load in loads)
    print(told)  # noqa: T201 - what was measured belongs to the report
    # A share of what the machine can do is only known while nothing else runs on it: full runs ask for it.
    if case.full_only("three times the capacity is offered"):
        with case.cell("three times the capacity is offered"):
            assert all(load.offered >= 2.5 * before for load, before in zip(loads, capacities, strict=False)), told
    if case.full_only("goodput stays at 70 %"):
        with case.cell("goodput stays at 70 %"):
            assert min(shares) >= 0.7, told
    with case.cell("what is refused is refused with 429 or 503, and every request is answered"):
        assert all(set(load.statuses) <= {200, 429, 503} for load in loads), told
    if case.full_only("what is refused is refused within 1 s"):
        with case.cell("what is refused is refused within 1 s"):
            assert all(p99(load.refused_seconds) <= 1 for load in loads), told
    with case.cell("memory is bounded"):
        assert memories[0] - memory < 150 * 2**20
        assert memories[1] - memories[0] < 20 * 2**20
    with case.cell("more at once than are taken: the rest is refused, probes and key sets are not"):
        probes = [place.api.wish("GET", path) for path in ("/healthz", f"/v2/keys/{place.avow.project_id}")]
        crowd = burst(fleet.servers.urls, [*wishes * 60, *probes * 10], per_second=1e6)
        assert set(crowd.statuses) == {200, 503}, crowd.statuses
        assert {each.status for each in crowd.outcomes if each.number >= 60 * len(wishes)} == {200}
        slowest = max(each.seconds for each in crowd.outcomes if each.status == 200)
        assert max(each.seconds for each in crowd.outcomes if each.status == 503) < slowest + 0.5
    with case.cell("what was acknowledged in it stands"):
        leaving = [place.open_session() for _ in range(60)]
        exits = [place.api.wish("POST", "/v1/auth/logout", person.refresh_jwt) for person in leaving]
        share = len(wishes) // 2  # of 30 rounds of the wishes beside each of 60 who leave
        asked = [each for exit, turn in zip(exits, range(60), strict=True) for each in (*_half(wishes, turn), exit)]
        crowd = burst(fleet.servers.urls, asked, per_second=1e6)
        left = [
            leaving[each.number // (share + 1)]
            for each in crowd.outcomes
            if each.number % (share + 1) == share and each.status == 200
        ]
        assert left
        for person in left:
            assert place.api.refresh(person.refresh_jwt).status == 401
    with case.cell("normal within 10 s after"):
        assert p95([place.api.carrier.send(wish).seconds for wish in wishes]) < 5 * p95(usual) + 0.2


def _half(wishes: list[Wish], turn: int) -> list[Wish]:
    """Return the first half in even turns, the second in odd ones."""
    middle = len(wishes) // 2
    return wishes[middle:] if turn % 2 else wishes[:middle]


def _capacity(fleet: Fleet, wishes: list[Wish], seconds: int) -> float:
    """Return how many requests a second the server does when each client waits for its answer."""
    return flood(fleet.servers.url, wishes, lines=_USUAL, seconds=seconds).goodput


def _overload(fleet: Fleet, wishes: list[Wish], per_second: float, seconds: int) -> Flood:
    """Ask for more than the server can do, on twice as many connections as it takes requests at once."""
    crowd = 2 * fleet.local.site.settings.requests_at_once
    return flood(fleet.servers.url, wishes, lines=crowd, seconds=seconds, per_second=per_second)


def _memory(fleet: Fleet) -> int:
    process = fleet.instances[0].process
    assert process is not None
    return int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * 4096
