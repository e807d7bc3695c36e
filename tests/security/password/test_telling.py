"""S-PWD-04: neither words nor time tell who exists, nor what is on file of them."""

import gc
import re
import statistics
from collections.abc import Callable
from math import erf, sqrt
from typing import Any

import pytest

from avow.server.projects import rows as projects
from avow.server.store import Tx
from tests.bed.cases import Case
from tests.factories import make_user, new_email
from tests.security.calls import Answer
from tests.security.conftest import MakePlace
from tests.security.counting import stand_still
from tests.security.password.people import RESET, WRONG, Owner, make_owner
from tests.security.place import Place

Rounds = Callable[[int, int], int]

_WITH = re.compile(r"\A\s*WITH .*?\)(?=\s*SELECT u\.)", re.DOTALL)


def _shown(answer: Answer) -> tuple[int, bytes, dict[str, str]]:
    """Return what an answer shows, without what is random in every answer."""
    return answer.status, answer.content, {k: v for k, v in answer.headers.items() if k != "x-request-id"}


def test_s_pwd_04_answers_tell_nothing(case: Case, make_each_place: MakePlace) -> None:
    place = make_each_place()
    case.control(lambda: make_owner(place).send().status == 200)
    make_user(place.avow, without := new_email())
    missing = Owner(place, "", new_email())
    known = {
        "a user": make_owner(place),
        "a user without a password": Owner(place, "", without),
        "a user who has not proven the address": make_owner(place, is_verified=False),
        "an invited user": make_owner(place, status="invited"),
        "a disabled user": make_owner(place, status="disabled"),
    }
    for name, owner in known.items():
        with case.cell(f"sign-in, {name}"):
            assert _shown(owner.send(WRONG)) == _shown(Owner(place, "", new_email()).send(WRONG))
        with case.cell(f"replace, {name}"):
            assert _shown(owner.replace(WRONG)) == _shown(Owner(place, "", new_email()).replace(WRONG))
        with case.cell(f"reset, {name}"):
            answers = [_reset(place, each) for each in (owner.login_id, new_email())]
            assert [answer.status for answer in answers] == [200, 200]
            assert [sorted(answer.body) for answer in answers] == [["maskedEmail", "resetMethod"]] * 2
            assert len({len(answer.content) for answer in answers}) == 1
    with case.cell("two hundred wrong ones each"):
        stand_still(place)  # the seconds to wait count down
        owner = make_owner(place)
        for _ in range(200):
            assert _shown(owner.send(WRONG)) == _shown(missing.send(WRONG))
    with case.cell("no letter to nobody and to a disabled user"):
        assert _reset(place, missing.login_id).status == 200
        assert not place.avow.messages(missing.login_id)
        assert not place.avow.messages(known["a disabled user"].login_id)
    with case.cell("a login ID that is no address"):
        named = make_owner(place, login_id="mia", email=new_email("kept"))
        assert _shown(named.send(WRONG)) == _shown(Owner(place, "", "nobody").send(WRONG))
        first, again, other = (_reset(place, each).body for each in ("mia", "mia", "nobody"))
        assert first == again
        assert first.keys() == other.keys()
        assert "kept" not in first["maskedEmail"]


def _reset(place: Place, login_id: str) -> Answer:
    return place.api.post(RESET, body={"loginId": login_id})


@pytest.mark.alone
@pytest.mark.parametrize("what", ["sign-in", "sign-in while locked", "reset"])
def test_s_pwd_04_time_tells_nothing(case: Case, make_each_place: MakePlace, rounds: Rounds, what: str) -> None:
    place = make_each_place(password_failures_per_client=1_000_000)
    case.control(lambda: make_owner(place).send().status == 200)
    owners = [make_owner(place) for _ in range(rounds(6, 20))]
    pairs = [(owner, Owner(place, "", new_email())) for owner in owners]
    calls: dict[str, Callable[[Owner], Answer]] = {
        "sign-in": lambda owner: owner.send(WRONG),
        "sign-in while locked": lambda owner: owner.send(WRONG),
        "reset": lambda owner: _reset(place, owner.login_id),
    }
    if what == "sign-in while locked":
        for pair in pairs:
            for owner in pair:
                assert [owner.send(WRONG).status for _ in range(11)][-1] == 429
    call = calls[what]
    with case.cell(f"{what}: as many statements for a user as for nobody"):
        ran = [min((_statements(call, pair[side]) for pair in pairs[:3]), key=len) for side in (0, 1)]
        assert ran[0] == ran[1]
    # Beside other tests the machine is noisy: what it then shows is only a difference that is plain, and comes twice.
    for _ in range(2):
        times = _times(call, pairs, rounds(5, 10))
        known, missing = (statistics.median(each) for each in times)
        if abs(known - missing) < 0.5 * missing:
            break
    with case.cell(f"{what}: medians differ by under 50 %"):
        assert abs(known - missing) < 0.5 * missing
    if case.full_only(f"{what}: medians differ by under 10 % and 5 ms"):
        with case.cell(f"{what}: medians differ by under 10 % and 5 ms"):
            assert abs(known - missing) < min(0.1 * missing, 0.005)
            # Of a hundred samples without a difference one falls below; a cause shows the more in three times as many.
            assert _mann_whitney(*times) > 0.01 or _mann_whitney(*_times(call, pairs, 30)) > 0.01


def _times(call: Callable[[Owner], Answer], pairs: list[tuple[Owner, Owner]], rounds: int) -> tuple[list[float], ...]:
    """Return the seconds of calls for users and for nobody, in turn."""
    gc.collect()
    times: tuple[list[float], ...] = ([], [])
    for number in range(rounds):
        for place, pair in enumerate(pairs):
            for side in (0, 1) if (number + place) % 2 else (1, 0):
                times[side].append(call(pair[side]).seconds)
    return times


def _statements(call: Callable[[Owner], Answer], owner: Owner) -> list[str]:
    """Return what the statements of one call begin with, but for the look at the project that comes once a second."""
    ran: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for name in ("one", "all", "run"):
            patch.setattr(Tx, name, _noting(getattr(Tx, name), ran))
        call(owner)
    return ran


def _noting(method: Callable[..., Any], ran: list[str]) -> Callable[..., Any]:
    def noted(tx: Tx, sql: str, *rest: Any, **parameters: Any) -> Any:
        if sql != projects.FIND_VERSION:
            ran.append(" ".join(_WITH.sub("", sql).split()[:3]))
        return method(tx, sql, *rest, **parameters)

    return noted


def _mann_whitney(one: list[float], other: list[float]) -> float:
    """Return the probability of such a difference, or a greater one, between samples of one distribution.

    Spec: Mann and Whitney 1947, with the normal approximation for large samples.
    """
    ranked = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    rank_sum = sum(rank for rank, (_, side) in enumerate(ranked, 1) if side == 0)
    n, m = len(one), len(other)
    u = rank_sum - n * (n + 1) / 2
    z = (abs(u - n * m / 2) - 0.5) / sqrt(n * m * (n + m + 1) / 12)
    return 1 - erf(z / sqrt(2))
