"""S-RAC-01 with passkeys: of many that finish one ceremony, or show one count, at once, one is let in."""

from collections.abc import Callable

import pytest

from tests.bed.authenticator import Authenticator, Forgery
from tests.bed.cases import Case
from tests.factories import new_email
from tests.security.calls import Wish, assert_refused
from tests.security.conftest import MakePlace
from tests.security.place import Place
from tests.security.webauthn.holder import Holder

pytestmark = pytest.mark.timeout(900)

Rounds = Callable[[int, int], int]
RACERS = 50
ORIGIN = "https://rp.example"


def test_s_rac_01_passkey_answers_count_once(case: Case, make_place: MakePlace, rounds: Rounds) -> None:
    place = make_place(passkey_rp_id="rp.example", passkey_origins=[ORIGIN])
    holder, login_id = Holder(place, origin=ORIGIN), new_email()
    person = holder.person(login_id)
    case.control(lambda: holder.sign_in(login_id).status == 200)
    kinds: dict[str, Callable[[], Wish]] = {
        "sign-in": lambda: holder.sign_in_wish(login_id),
        "sign-in without a login ID": lambda: holder.sign_in_wish(""),
        "sign-up": lambda: _sign_up_wish(place),
    }
    for kind, made in kinds.items():
        with case.cell(f"passkey response, {kind}"):
            for _ in range(rounds(8, 100)):
                _assert_one_winner(place, made(), "sessions")
    with case.cell("passkey response, update"):
        for _ in range(rounds(8, 40)):  # a user has at most fifty
            begun = holder.begun("update", {"loginId": login_id}, person.refresh_jwt)
            response = Authenticator().create(begun["options"], ORIGIN)
            wish = holder.finish_wish("update", begun["transactionId"], response)
            _assert_one_winner(place, wish, "passkeys")
    with case.cell("two ceremonies answered with one count, as by a copied device"):
        counting = Holder(place, Authenticator(counts=True), ORIGIN)
        counting.sign_up(other := new_email())
        for number in range(1, rounds(8, 100) + 1):
            wishes = [_counted(counting, other, number) for _ in range(10)]
            answers = place.http.send_at_once(wishes)
            assert sum(answer.status == 200 for answer in answers) == 1
            for answer in answers:
                if answer.status != 200:
                    assert_refused(answer)


def _counted(holder: Holder, login_id: str, count: int) -> Wish:
    begun = holder.begun("signin", {"loginId": login_id})
    shown = holder.device.show(begun["options"], ORIGIN, Forgery(count=count))
    return holder.finish_wish("signin", begun["transactionId"], shown)


def _sign_up_wish(place: Place) -> Wish:
    holder = Holder(place, origin=ORIGIN)
    begun = holder.begun("signup", {"user": {"loginId": new_email()}})
    return holder.finish_wish("signup", begun["transactionId"], holder.device.create(begun["options"], ORIGIN))


def _assert_one_winner(place: Place, wish: Wish, table: str) -> None:
    before = len(place.rows(table))
    answers = place.http.send_at_once([wish] * RACERS)
    assert sum(answer.status == 200 for answer in answers) == 1
    for answer in answers:
        if answer.status != 200:
            assert_refused(answer)
    assert len(place.rows(table)) == before + 1
