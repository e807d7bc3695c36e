"""S-PWD-01, 02, 05, 06, 08 and S-RAC-03: a password is whole, and is not found by trying."""

import json
import secrets
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from tests.bed.cases import Case
from tests.factories import make_user, new_email
from tests.security.calls import Answer, assert_refused
from tests.security.counting import stand_still
from tests.security.dos.raw import Told, head, tell
from tests.security.password.people import (
    GOOD,
    NEW,
    SIGN_IN,
    SIGN_UP,
    UPDATE,
    WRONG,
    Owner,
    make_owner,
    sign_up,
    stored,
)
from tests.security.place import Place
from tests.security.webauthn.holder import Holder

pytestmark = pytest.mark.timeout(900)  # the stated counts take minutes on two cores

Rounds = Callable[[int, int], int]

IN_A_ROW = 10  # the documented default
MEGABYTE = 1024 * 1024
DAY = 86_400


def test_s_pwd_01_no_truncation(case: Case, each_place: Place) -> None:
    place, password = each_place, "a" * 72 + "X"
    owner = make_owner(place, password)
    case.control(lambda: owner.send().status == 200)
    before = stored(place)
    for name, other in {
        "another last character": "a" * 72 + "Y",
        "the first 72 characters": "a" * 72,
        "one more": password + "X",
        "with a space behind": password + " ",
        "in capitals": password.upper(),
    }.items():
        with case.cell(name):
            assert_refused(owner.send(other), code="E062901")
            assert stored(place) == before
    with case.cell("the password, NUL and a tail"):
        # No request may hold a NUL: it is refused with the body, and its password never looked at.
        for tail in ("\0", "\0Y", "\0" * 10):
            assert_refused(owner.send(password + tail), 400)
            assert_refused(sign_up(place, new_email(), password + tail), 400)
        assert stored(place)["passwords"] == before["passwords"]
    with case.cell("128 characters, every one of which counts"):
        long = "".join(chr(ord("a") + number % 23) for number in range(128))
        login_id = new_email()
        assert sign_up(place, login_id, long).status == 200
        another = Owner(place, "", login_id, long)
        assert another.send().status == 200
        assert_refused(another.send(long[:-1] + "A"))
        assert_refused(another.send(long[:-1]))
    with case.cell("256 characters of four bytes each"):
        login_id, wide = new_email(), "\U0001f40e" * 255 + "\U0001f434"
        assert sign_up(place, login_id, wide).status == 200
        assert Owner(place, "", login_id, wide).send().status == 200
        assert_refused(Owner(place, "", login_id, wide[:-1] + "\U0001f40e").send())


@pytest.mark.alone
def test_s_pwd_02_long_passwords_cost_nothing(case: Case, place: Place, rounds: Rounds) -> None:
    owner = make_owner(place)
    case.control(lambda: owner.send().status == 200)
    count = rounds(10, 50)
    for path in (SIGN_IN, SIGN_UP):
        for size in (MEGABYTE, 10 * MEGABYTE):
            name = f"{path}, {size // MEGABYTE} MB"
            before, request = stored(place), _long(path, size, place.api.project_id)
            with ThreadPoolExecutor(count) as pool:
                told = list(pool.map(lambda _, request=request: _tell(place, request), range(count)))
            with case.cell(f"{name}: refused before it is hashed"):
                assert {each.status for each in told} <= {400, 413}
                assert stored(place) == before
            if case.full_only(f"{name}: within 250 ms"):
                with case.cell(f"{name}: within 250 ms"):
                    assert statistics.quantiles([each.seconds for each in told], n=20)[18] < 0.25
    with case.cell("1,025 characters"):
        assert_refused(owner.send("ab" * 512 + "c"), 400)
        assert_refused(sign_up(place, new_email(), "ab" * 128 + "c"), 400)
    if case.full_only("others sign in meanwhile"):
        with case.cell("others sign in meanwhile"):
            assert _sign_ins_meanwhile(place, owner, count) < 2


def _long(path: str, size: int, project_id: str) -> list[bytes]:
    """Return a request with a password of so many characters: its head, and its body."""
    body = json.dumps({"loginId": new_email(), "password": "x" * size}).encode()
    headers = [
        ("authorization", f"Bearer {project_id}"),
        ("content-type", "application/json"),
        ("content-length", str(len(body))),
    ]
    return [head("POST", path, headers), body]


def _tell(place: Place, request: list[bytes]) -> Told:
    assert place.servers is not None
    return tell(urlsplit(place.servers.url).port or 80, request)


def _sign_ins_meanwhile(place: Place, owner: Owner, count: int) -> float:
    """Return how much longer sign-ins take while others send long passwords."""
    alone = [owner.send().seconds for _ in range(30)]
    done, request = threading.Event(), _long(SIGN_IN, MEGABYTE, place.api.project_id)

    def flood(_: int) -> None:
        while not done.is_set():
            _tell(place, request)
            time.sleep(0.2)

    with ThreadPoolExecutor(count) as pool:
        running = [pool.submit(flood, number) for number in range(count)]
        beside = [owner.send().seconds for _ in range(30)]
        done.set()
        for each in running:
            each.result()
    return statistics.quantiles(beside, n=20)[18] / statistics.quantiles(alone, n=20)[18]


def test_s_pwd_05_online_guessing(case: Case, each_place: Place, rounds: Rounds) -> None:
    place = each_place
    stand_still(place)
    case.control(lambda: make_owner(place).send().status == 200)
    count = rounds(200, 1000)
    owner, nobody = make_owner(place), Owner(place, "", new_email())
    for name, victim in {"a user": owner, "nobody": nobody}.items():
        answers = [victim.send(f"{WRONG} {number}") for number in range(count)]
        with case.cell(f"{name}: ten in a row are looked at"):
            for answer in answers[:IN_A_ROW]:
                assert_refused(answer, code="E062901")
        with case.cell(f"{name}: then none"):
            for answer in answers[IN_A_ROW:]:
                assert_refused(answer, 429, code="E130429")
                assert 0 < int(answer.headers["retry-after"]) <= 900
    with case.cell("the right one is answered as a wrong one"):
        right, wrong = owner.send(), owner.send(WRONG)
        assert (right.status, right.body, right.headers["retry-after"]) == (
            wrong.status,
            wrong.body,
            wrong.headers["retry-after"],
        )
    with case.cell("whoever goes on waiting for the lock gets few tries a day"):
        looked_at, waited = 0, 0
        while waited < 4 * DAY:
            answer = owner.send(WRONG)
            wait = int(answer.headers["retry-after"]) if answer.status == 429 else 0
            looked_at += answer.status == 401
            waited += wait
            place.advance(wait)
        assert looked_at <= 100
    with case.cell("one password for many users, from one client"):
        place.advance(3 * DAY)
        victims = [make_owner(place) for _ in range(3)]
        login_ids = [new_email() for _ in range(count)]
        answers = [Owner(place, "", login_id).send(WRONG) for login_id in login_ids]
        looked_at = sum(answer.status == 401 for answer in answers)
        assert looked_at <= 100
        assert {answer.status for answer in answers[looked_at:]} <= {429}
        assert {victim.send().status for victim in victims} == {429}
        place.advance(600)
        assert {victim.send().status for victim in victims} == {200}


def test_s_pwd_06_lock_is_no_weapon(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: make_owner(place).send().status == 200)

    def locked() -> tuple[Owner, str]:
        """Return somebody whose password others have locked, and a token that their device still holds."""
        owner = make_owner(place)
        device = owner.sign_in().refresh_jwt
        for _ in range(IN_A_ROW):
            assert_refused(owner.send(WRONG))
        assert_refused(owner.send(), 429)
        return owner, device

    with case.cell("a code"):
        owner, _ = locked()
        assert place.sign_in(owner.login_id).id == owner.id
    with case.cell("a link"):
        owner, _ = locked()
        assert take_link(place, owner).status == 200
    with case.cell("a passkey"):
        owner, _ = locked()
        holder = Holder(place)
        assert holder.add(place.sign_in(owner.login_id)).status == 200
        assert holder.sign_in(owner.login_id).status == 200
        assert_refused(owner.send(), 429)
    with case.cell("the password, on a device that was signed in before"):
        owner, device = locked()
        assert owner.send(token=device).status == 200
        assert_refused(owner.send(), 429)  # the others go on waiting
    with case.cell("the sessions that are open go on"):
        owner, device = locked()
        assert place.api.refresh(device).status == 200
    with case.cell("a reset, and then the new password"):
        owner, _ = locked()
        session = place.api.post("/v1/auth/magiclink/verify", body={"token": owner.reset()}).body
        assert owner.update(session["refreshJwt"]).status == 200
        assert owner.send(NEW).status == 200
    with case.cell("the lock ends by itself"):
        owner, _ = locked()
        place.advance(900)
        assert owner.send().status == 200


def take_link(place: Place, owner: Owner) -> Answer:
    token = place.send_magic_link(owner.login_id, how="signin")
    return place.api.post("/v1/auth/magiclink/verify", body={"token": token})


def test_s_pwd_08_change_needs_the_current_password_or_the_session(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: make_owner(place).replace(GOOD).status == 200)
    owner, other = make_owner(place), make_owner(place)
    stranger = other.sign_in().refresh_jwt
    make_user(place.avow, without := new_email())
    before = stored(place)
    for name, token in {
        "without a token": "",
        "with another user's": stranger,
        "with a session token": place.open_session(other.id).session_jwt,
        "with a token that is none": "a.b.c",
    }.items():
        with case.cell(f"update {name}"):
            assert_refused(owner.update(token))
    with case.cell("update of a login ID of nobody"):
        body = {"loginId": new_email(), "newPassword": NEW}
        assert_refused(place.api.post(UPDATE, stranger, body))
    with case.cell("nothing was changed"):
        after = stored(place)
        assert (after["passwords"], after["users"]) == (before["passwords"], before["users"])
    with case.cell("replace with a wrong old password, fifty times"):
        answers = [owner.replace(f"{WRONG} {number}") for number in range(50)]
        assert [answer.status for answer in answers] == [401] * IN_A_ROW + [429] * (50 - IN_A_ROW)
        for answer in answers:
            assert_refused(answer, 401, 429)
        assert stored(place)["passwords"] == before["passwords"]
    with case.cell("replace and sign-in share one budget"):
        assert_refused(owner.send(), 429)
        third = make_owner(place)
        for number in range(IN_A_ROW):
            assert_refused(third.replace(WRONG) if number % 2 else third.send(WRONG))
        assert_refused(third.replace(GOOD), 429)
    with case.cell("replace for nobody, and for somebody without a password"):
        for login_id in (new_email(), without):
            assert_refused(Owner(place, "", login_id).replace(GOOD), code="E062901")


def test_s_rac_03_passwords_at_once_share_one_budget(case: Case, place: Place, rounds: Rounds) -> None:
    case.control(lambda: make_owner(place).send().status == 200)
    size = rounds(60, 500)
    with case.cell("passwords"):
        for _ in range(rounds(2, 20)):
            owner = make_owner(place)
            wishes = [owner.wish(f"{WRONG} {number}") for number in range(size - 1)]
            wishes.insert(secrets.randbelow(size), owner.wish())
            answers = place.http.send_at_once(wishes)
            wins = sum(answer.status == 200 for answer in answers)
            looked_at = sum(answer.status in (200, 401) for answer in answers)
            assert wins <= 1
            # The right one begins the count anew, so that as many may follow it.
            assert looked_at <= IN_A_ROW * (1 + wins) + wins
            for answer in answers:
                if answer.status != 200:
                    assert_refused(answer, 401, 429, 503)
            place.advance(2 * DAY)
    with case.cell("the right password many times at once is no attack"):
        owner = make_owner(place)
        answers = place.http.send_at_once([owner.wish()] * IN_A_ROW)
        assert {answer.status for answer in answers} == {200}
        assert owner.send().status == 200
