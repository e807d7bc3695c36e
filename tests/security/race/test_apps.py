"""S-RAC-01 and 03: codes of apps and recovery codes, many at the same moment."""

import secrets
from collections.abc import Callable
from itertools import islice

import pytest

from tests import phones
from tests.bed.cases import Case
from tests.factories import make_recovery_codes, new_email
from tests.security.calls import Answer, Wish, assert_refused
from tests.security.conftest import MakePlace
from tests.security.place import Place
from tests.security.totp.people import SIGN_UP, VERIFY, Owner, enrol, make_owner

pytestmark = pytest.mark.timeout(900)  # the stated counts take minutes on two cores

Rounds = Callable[[int, int], int]

RACERS = 50
GUESSES = 20  # of an hour


def test_s_rac_01_codes_of_apps_and_recovery_codes_are_spent_once(
    case: Case, make_place: MakePlace, rounds: Rounds
) -> None:
    place = make_place(guesses_per_hour=100)  # racers that come too late count as wrong recovery codes
    case.control(lambda: bool(make_owner(place).sign_in()))
    kinds: dict[str, Callable[[], Wish]] = {
        "TOTP step": lambda: _step(place),
        "TOTP step, as a second factor": lambda: _second_factor(place),
        "recovery code": lambda: _recovery_code(place),
    }
    for kind, start in kinds.items():
        with case.cell(kind):
            for _ in range(rounds(8, 100)):
                _assert_one_winner(place, start())
    with case.cell("first code of a sign-up makes one user"):
        for _ in range(rounds(8, 100)):
            login_id = new_email()
            phone = phones.typing(place.api.post(SIGN_UP, body={"loginId": login_id}).body["key"])
            code = phone.code(place.avow.server.clock())
            _assert_one_winner(place, place.api.wish("POST", VERIFY, body={"loginId": login_id, "code": code}))
            assert len([row for row in place.rows("login_ids", "login_id") if row[1] == login_id]) == 1
    with case.cell("first code of an update makes one app"):
        for _ in range(rounds(8, 100)):
            person = place.sign_in()
            owner = Owner(place, person.id, person.login_id, enrol(place, person.login_id, person.refresh_jwt), b"")
            _assert_one_winner(place, owner.wish(owner.code()))


def _step(place: Place) -> Wish:
    owner = make_owner(place)
    return owner.wish(owner.code())


def _second_factor(place: Place) -> Wish:
    owner = make_owner(place)
    return owner.wish(owner.code(), place.open_session(owner.id).refresh_jwt, mfa=True)


def _recovery_code(place: Place) -> Wish:
    owner = make_owner(place)
    [code] = make_recovery_codes(place.avow, owner.id, 1)
    body = {"loginId": owner.login_id, "code": code}
    return place.api.wish("POST", "/v1/auth/avow/recoverycodes/verify", body=body)


def _assert_one_winner(place: Place, wish: Wish) -> None:
    before = len(place.rows("sessions"))
    answers = place.http.send_at_once([wish] * RACERS)
    assert sum(answer.status == 200 for answer in answers) == 1
    for answer in answers:
        if answer.status != 200:
            assert_refused(answer)
    assert len(place.rows("sessions")) == before + 1


def test_s_rac_03_wrong_codes_of_apps_at_once_share_one_budget(
    case: Case, make_place: MakePlace, rounds: Rounds
) -> None:
    place, size = make_place(guesses_per_hour=GUESSES), rounds(150, 500)
    case.control(lambda: bool(make_owner(place).sign_in()))
    with case.cell("TOTP codes"):
        for _ in range(rounds(5, 50)):
            owner = make_owner(place)
            before, answers = _wrong_codes(place), _fire(place, owner, size)
            wins = sum(answer.status == 200 for answer in answers)
            assert wins <= 1
            assert _wrong_codes(place) - before <= GUESSES
    with case.cell("TOTP codes, after the budget is spent"):
        for _ in range(rounds(5, 50)):
            owner = make_owner(place)
            for code in islice(owner.wrong_codes(), GUESSES):
                assert_refused(owner.send(code), code="E061102")
            before = _wrong_codes(place)
            for answer in _fire(place, owner, size):
                assert_refused(answer, 429)
            assert _wrong_codes(place) == before


def _fire(place: Place, owner: Owner, size: int) -> list[Answer]:
    """Send wrong codes and the right one, at a random place among them, in the same moment."""
    wishes = [owner.wish(code) for code in islice(owner.wrong_codes(), size - 1)]
    wishes.insert(secrets.randbelow(size), owner.wish(owner.code()))
    answers = place.http.send_at_once(wishes)
    for answer in answers:
        if answer.status != 200:
            assert_refused(answer, 401, 429)
    return answers


def _wrong_codes(place: Place) -> int:
    return len([row for row in place.rows("audit_events") if "code.refused" in row])
