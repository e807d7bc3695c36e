"""S-RAC-01 to 05: what happens when many ask for the same thing in the same moment."""

import base64
import functools
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from avow.errors import UserExists
from avow.server.keys import actions as keys
from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from avow.server.users import actions as users
from tests.bed.cases import Case
from tests.factories import grant, make_role, make_user, new_email
from tests.security.calls import Answer, Wish, assert_refused
from tests.security.conftest import MakePlace
from tests.security.place import Person, Place, claims_of, claims_text, token_of

pytestmark = pytest.mark.timeout(900)  # the stated counts take minutes on two cores

Rounds = Callable[[int, int], int]

GRACE_SECONDS = 30
RACERS = 50
ATTEMPTS = 5


def test_s_rac_01_one_time_secrets_are_spent_once(case: Case, place: Place, rounds: Rounds) -> None:
    case.control(lambda: place.sign_in())
    user = new_email()
    place.sign_in(user)
    kinds: dict[str, Callable[[str], Wish]] = {
        "one-time code": lambda who: _code_wish(place, who, place.send_code(who)),
        "magic link": lambda who: _token_wish(place, "magiclink", place.send_magic_link(who)),
        "enchanted link": lambda who: _token_wish(place, "enchantedlink", place.send_enchanted_link(who)[0]),
        "enchanted link, the session that waits": lambda who: _clicked(place, who),
    }
    for kind, start in kinds.items():
        for does, somebody in (("sign-in", lambda: user), ("sign-up", new_email)):
            with case.cell(f"{kind}, {does}"):
                for _ in range(rounds(8, 100)):
                    _assert_one_winner(place, start(somebody()))
    for kind, made in (("embedded link", _embedded_wish), ("invitation", _invitation_wish)):
        with case.cell(kind):
            for _ in range(rounds(8, 100)):
                _assert_one_winner(place, made(place, new_email()))


def test_s_rac_02_refreshes_at_once_make_one_successor(case: Case, make_place: MakePlace, rounds: Rounds) -> None:
    place = make_place(rotation="always", rotation_grace_seconds=GRACE_SECONDS)
    case.control(lambda: place.api.refresh(place.open_session().refresh_jwt).status == 200)
    person = place.open_session()
    first = token = person.refresh_jwt
    with case.cell("all answers carry the same successor"):
        for _ in range(rounds(30, 200)):
            place.advance(GRACE_SECONDS + 1)
            answers = place.http.send_at_once([place.api.wish("POST", "/v1/auth/refresh", token)] * RACERS)
            assert {answer.status for answer in answers} == {200}
            successors = [answer.body["refreshJwt"] for answer in answers]
            assert len({claims_text(each) for each in successors}) == 1  # ES256 signs the same claims anew each time
            assert claims_of(successors[0])["gen"] == claims_of(token)["gen"] + 1
            token = successors[0]
            young = place.http.send_at_once([place.api.wish("POST", "/v1/auth/refresh", token)] * 5)
            assert {claims_text(answer.body["refreshJwt"]) for answer in young} == {claims_text(token)}
    with case.cell("reuse after the grace ends the family for all racers"):
        place.advance(GRACE_SECONDS + 1)
        wishes = [place.api.wish("POST", "/v1/auth/refresh", stale) for stale in [first] * RACERS]
        for answer in place.http.send_at_once(wishes):
            assert_refused(answer)
        assert_refused(place.api.refresh(token))
        noted = [row for row in place.rows("audit_events") if "session.reuse_detected" in row]
        assert len(noted) == 1
    with case.cell("stale and current at once never leave two families"):
        thief = place.open_session()
        place.advance(GRACE_SECONDS + 1)
        current = place.api.refresh(thief.refresh_jwt).body["refreshJwt"]
        place.advance(GRACE_SECONDS + 1)
        mixed = [thief.refresh_jwt, current] * (RACERS // 2)
        answers = place.http.send_at_once([place.api.wish("POST", "/v1/auth/refresh", each) for each in mixed])
        given = [answer.body["refreshJwt"] for answer in answers if answer.status == 200]
        assert len({claims_of(each)["gen"] for each in given}) <= 1
        for survivor in (thief.refresh_jwt, current, *given):
            assert_refused(place.api.refresh(survivor))


def test_s_rac_03_wrong_codes_at_once_share_one_budget(case: Case, place: Place, rounds: Rounds) -> None:
    case.control(lambda: place.sign_in())
    size = rounds(150, 500)
    with case.cell("the right code at a random place among wrong ones"):
        for _ in range(rounds(5, 50)):
            who = new_email()
            place.send_code(who)
            guesses = _guesses(place, who, size)
            before = _wrong_codes(place)
            answers = place.http.send_at_once(guesses)
            wins = sum(answer.status == 200 for answer in answers)
            assert wins <= 1
            assert wins + _wrong_codes(place) - before <= ATTEMPTS
            _assert_others_refused(answers, wins)
    with case.cell("the right code after the budget is spent"):
        for _ in range(rounds(5, 50)):
            who = new_email()
            right = place.send_code(who)
            for wish in _wrong(place, who, right, ATTEMPTS):
                assert_refused(place.api.carrier.send(wish))
            before = _wrong_codes(place)
            answers = place.http.send_at_once(_guesses(place, who, size))
            _assert_others_refused(answers, 0)
            assert _wrong_codes(place) == before


def test_s_rac_04_one_login_id_has_one_user(case: Case, place: Place, rounds: Rounds) -> None:
    case.control(lambda: place.sign_in())
    turns = rounds(2, 10)
    with case.cell("sign-ups by mixed methods and spellings"):
        for _ in range(turns):
            address = new_email()
            place.http.send_at_once(list(_sign_up_starts(place, address, rounds(40, 100))))
            answers = place.http.send_at_once(list(_all_proofs(place, address)))
            assert sum(answer.status == 200 and b"sessionJwt" in answer.content for answer in answers) >= 1
            assert not [answer for answer in answers if answer.status >= 500]
            assert len({row for row in place.rows("login_ids", "login_id") if row[1] == address}) == 1
            _assert_no_orphans(place)
    with case.cell("two sign-ups of one address by code and by link"):
        for _ in range(turns):
            address = new_email()
            code = place.send_code(address, how="signup")
            link = place.send_magic_link(address, how="signup")
            proofs = [_code_wish(place, address, code), _token_wish(place, "magiclink", link)]
            answers = place.http.send_at_once(proofs * 10)
            users_seen = {answer.body["user"]["userId"] for answer in answers if answer.status == 200}
            assert len(users_seen) == 1
            for answer in answers:
                if answer.status != 200:
                    assert_refused(answer, 400, 401)
            _assert_no_orphans(place)
    with case.cell("a change of address and a sign-up for it"):
        for _ in range(turns):
            _race_change_with_sign_up(place)
    with case.cell("the same user created a hundred times"):
        address = new_email()

        def create(_: int) -> bool:
            try:
                return bool(make_user(place.avow, address))
            except UserExists:
                return False

        with ThreadPoolExecutor(16) as pool:
            assert sum(pool.map(create, range(100))) == 1
        _assert_no_orphans(place)
    with case.cell("a hundred management creates"):
        for _ in range(turns):
            address = new_email()
            bodies = [{"loginId": each} for each in _spellings(address)] * 20
            answers = place.http.send_at_once([_managed(place, "create", body) for body in bodies])
            assert sum(answer.status == 200 for answer in answers) == 1
            for answer in answers:
                if answer.status != 200:
                    assert_refused(answer, 400, code="E062107")
            _assert_one_owner(place, address)
    with case.cell("batch create and import"):
        for _ in range(turns):
            _race_batches(place, new_email())


def test_s_rac_05_nothing_outlives_a_revocation(case: Case, make_place: MakePlace, rounds: Rounds) -> None:
    place = make_place(rotation="always")
    case.control(lambda: place.api.refresh(place.open_session().refresh_jwt).status == 200)
    changes: dict[str, Callable[[Person], object]] = {
        "the user is disabled": lambda one: place.avow.run(lambda tx: users.set_status(tx, one.id, "disabled")),
        "logoutall": lambda one: place.api.post("/v1/auth/logoutall", one.refresh_jwt).body,
        "the user is deleted": lambda one: place.avow.run(lambda tx: users.delete(tx, one.id)),
        "the signing key is removed": lambda _: _remove_signing_key(place),
    }
    for name, change in changes.items():
        with case.cell(name):
            for _ in range(rounds(2, 10)):
                place.advance(2)  # each node reads changed keys within a second
                late = _refreshes_after(place, place.open_sessions(20, make_user(place.avow)), change)
                assert late
                assert {status for status, _ in late} == {401}
    with case.cell("a role is deleted"):
        for _ in range(rounds(2, 10)):
            place.advance(2)
            user = make_user(place.avow)
            name = f"role-{secrets.token_hex(4)}"
            role = make_role(place.avow, name)
            grant(place.avow, user, role)
            delete = functools.partial(_delete_role, place, role)
            late = _refreshes_after(place, place.open_sessions(20, user), delete)
            assert late
            assert {status for status, _ in late} == {200}
            assert not [roles for _, roles in late if name in roles]


def test_s_rac_05_nothing_outlives_a_change_by_management(case: Case, make_place: MakePlace, rounds: Rounds) -> None:
    place = make_place(rotation="always")
    case.control(lambda: place.api.refresh(place.open_session().refresh_jwt).status == 200)

    with case.cell("disabled, role and key changed by management"):
        for _ in range(rounds(1, 10)):
            _assert_management_acts_at_once(place)
            _assert_key_ends_at_once(place)


# --- One-time secrets ------------------------------------------------------------------------------------------


def _code_wish(place: Place, login_id: str, code: str) -> Wish:
    return place.api.wish("POST", "/v1/auth/otp/verify/email", body={"loginId": login_id, "code": code})


def _token_wish(place: Place, method: str, token: str) -> Wish:
    return place.api.wish("POST", f"/v1/auth/{method}/verify", body={"token": token})


def _managed(place: Place, path: str, body: object) -> Wish:
    return place.api.wish("POST", f"/v1/mgmt/user/{path}", place.avow.management_key, body)


def _embedded_wish(place: Place, login_id: str) -> Wish:
    make_user(place.avow, login_id)
    answer = place.api.carrier.send(_managed(place, "signin/embeddedlink", {"loginId": login_id}))
    return _token_wish(place, "magiclink", answer.body["token"])


def _invitation_wish(place: Place, login_id: str) -> Wish:
    answer = place.api.carrier.send(_managed(place, "create", {"loginId": login_id, "invite": True}))
    assert answer.status == 200, answer.content
    return _token_wish(place, "magiclink", token_of(place.avow.link(login_id)))


def _clicked(place: Place, login_id: str) -> Wish:
    token, pending = place.send_enchanted_link(login_id)
    assert place.api.carrier.send(_token_wish(place, "enchantedlink", token)).status == 200
    return place.api.wish("POST", "/v1/auth/enchantedlink/pending-session", body={"pendingRef": pending})


def _assert_one_winner(place: Place, wish: Wish) -> None:
    before = len(place.rows("sessions"))
    answers = place.http.send_at_once([wish] * RACERS)
    assert sum(answer.status == 200 for answer in answers) == 1
    _assert_others_refused(answers, 1)
    gives_session = "enchantedlink/verify" not in wish.path
    assert len(place.rows("sessions")) == before + gives_session


def _assert_others_refused(answers: list[Answer], wins: int) -> None:
    assert sum(answer.status == 200 for answer in answers) == wins
    for answer in answers:
        if answer.status != 200:
            assert_refused(answer)


def _wrong(place: Place, login_id: str, right: str, count: int) -> list[Wish]:
    codes = (f"{number:06d}" for number in range(1_000_000))
    others = (code for code in codes if code != right)
    return [_code_wish(place, login_id, next(others)) for _ in range(count)]


def _guesses(place: Place, login_id: str, count: int) -> list[Wish]:
    right = place.avow.code(login_id)
    wishes = _wrong(place, login_id, right, count - 1)
    wishes.insert(secrets.randbelow(count), _code_wish(place, login_id, right))
    return wishes


def _wrong_codes(place: Place) -> int:
    return len([row for row in place.rows("audit_events") if "code.refused" in row])


# --- Login IDs -------------------------------------------------------------------------------------------------


def _spellings(address: str) -> tuple[str, ...]:
    name, _, host = address.partition("@")
    return (address, address.upper(), f"{name}@{host.title()}", f" {address}", f"{name.title()}@{host}")


def _race_batches(place: Place, address: str) -> None:
    """Create one user by several batches and imports at once, each with somebody else besides."""
    wishes, others = list[Wish](), list[str]()
    for number, spelling in enumerate(_spellings(address) * 4):
        others.append(new_email())
        users = [{"loginId": spelling}, {"loginId": others[-1]}]
        encoded = base64.b64encode(json.dumps({"users": users}).encode()).decode()
        imported = _managed(place, "import", {"source": "avow", "users": encoded})
        wishes.append(imported if number % 2 else _managed(place, "create/batch", {"users": users}))
    answers = place.http.send_at_once(wishes)
    assert {answer.status for answer in answers} == {200}
    refused = [
        each for answer in answers for each in answer.body.get("failedUsers") or answer.body.get("failures") or ()
    ]
    assert len(refused) == len(wishes) - 1
    for each in (address, *others):
        _assert_one_owner(place, each)


def _assert_one_owner(place: Place, address: str) -> None:
    assert len([row for row in place.rows("login_ids", "login_id") if row[1] == address]) == 1
    _assert_no_orphans(place)


def _sign_up_starts(place: Place, address: str, count: int) -> Iterator[Wish]:
    spellings = _spellings(address)
    for number in range(count):
        method = ("otp", "magiclink", "enchantedlink")[number % 3]
        path = f"/v1/auth/{method}/{('signup', 'signup-in')[number % 2]}/email"
        yield place.api.wish("POST", path, body={"loginId": spellings[number % len(spellings)]})


def _all_proofs(place: Place, address: str) -> Iterator[Wish]:
    """Answer every letter that was sent to an address, in whatever spelling, and poll for who waits."""
    for message in place.avow.messages(address):
        if message.code:
            yield _code_wish(place, address, message.code)
            yield _code_wish(place, address.upper(), message.code)
        elif message.links:
            yield from (_token_wish(place, "enchantedlink", token_of(link.url)) for link in message.links)
        else:
            yield _token_wish(place, "magiclink", token_of(message.link))


def _race_change_with_sign_up(place: Place) -> None:
    owner, address = place.sign_in(), new_email()
    body = {"loginId": owner.login_id, "email": address, "addToLoginIDs": True}
    assert place.api.post("/v1/auth/otp/update/email", owner.refresh_jwt, body).status == 200
    change = _code_wish(place, owner.login_id, place.avow.code(address))
    sign_up = _code_wish(place, address, place.send_code(address, how="signup"))
    answers = place.http.send_at_once([change, sign_up] * 5)
    assert {answer.status for answer in answers} <= {200, 400, 401}
    assert sum(answer.status == 200 for answer in answers) == 1
    assert len([row for row in place.rows("login_ids", "login_id") if row[1] == address]) == 1
    _assert_no_orphans(place)


def _assert_no_orphans(place: Place) -> None:
    """Assert that each user has a login ID."""
    known = {row[1] for row in place.rows("users")}
    owners: set[Any] = {row[3] for row in place.rows("login_ids", "login_id")}
    assert known == owners


# --- Revocation ------------------------------------------------------------------------------------------------


def _refreshes_after(
    place: Place, clients: list[Person], change: Callable[[Person], object]
) -> list[tuple[int, list[str]]]:
    """Return status and roles of the refreshes that began after the change was acknowledged."""
    done, told = threading.Event(), list[tuple[float, int, list[str]]]()

    def refresh(person: Person) -> None:
        while not done.is_set():
            begun = time.monotonic()
            answer = place.api.refresh(person.refresh_jwt)
            roles = claims_of(answer.body["sessionJwt"])["roles"] if answer.status == 200 else []
            told.append((begun, answer.status, roles))

    with ThreadPoolExecutor(len(clients)) as pool:
        running = [pool.submit(refresh, client) for client in clients]
        try:
            _wait_for(lambda: sum(status == 200 for _, status, _ in told) > len(clients))
            change(clients[0])
            changed_at = time.monotonic()
            _wait_for(lambda: sum(begun > changed_at for begun, _, _ in told) > len(clients))
        finally:
            done.set()
        for each in running:
            each.result()
    return [(status, roles) for begun, status, roles in told if begun > changed_at]


def _assert_management_acts_at_once(place: Place) -> None:
    login_id, role = new_email(), f"role-{secrets.token_hex(4)}"
    user = make_user(place.avow, login_id)
    grant(place.avow, user, make_role(place.avow, role))

    def change(path: str, **body: object) -> None:
        answer = place.api.carrier.send(_managed(place, path, {"loginId": login_id, **body}))
        assert answer.status == 200, answer.content

    late = _refreshes_after(
        place, place.open_sessions(20, user), lambda _: change("update/role/remove", roleNames=[role])
    )
    assert {status for status, _ in late} == {200}
    assert not [roles for _, roles in late if role in roles]
    late = _refreshes_after(place, place.open_sessions(20, user), lambda _: change("update/status", status="disabled"))
    assert {status for status, _ in late} == {401}


def _assert_key_ends_at_once(place: Place) -> None:
    """Call management with a key from several threads, delete it in the middle, and look at what began after."""
    (key_id, secret) = place.avow.run(lambda tx: keys.create_management_key(tx, "short", rights=["*"]))
    done, told = threading.Event(), list[tuple[float, int]]()

    def call(_: int) -> None:
        while not done.is_set():
            begun = time.monotonic()
            answer = place.api.get("/v1/mgmt/license", secret)
            told.append((begun, answer.status))

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(call, number) for number in range(4)]
        try:
            _wait_for(lambda: sum(status == 200 for _, status in told) > 4)
            body = {"ids": [key_id]}
            deleted = place.api.post("/v1/mgmt/managementkey/delete", place.avow.management_key, body)
            assert deleted.status == 200, deleted.content
            changed_at = time.monotonic()
            _wait_for(lambda: sum(begun > changed_at for begun, _ in told) > 8)
        finally:
            done.set()
        for each in running:
            each.result()
    assert {status for begun, status in told if begun > changed_at} == {401}


def _wait_for(holds: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "nothing happened"
        time.sleep(0.005)


def _remove_signing_key(place: Place) -> None:
    kid = place.avow.run(_rotated_out)
    place.avow.run(lambda tx: sessions.remove_signing_key(tx, kid))


def _rotated_out(tx: Tx) -> str:
    active = next(row for row in keys.published(tx) if (row.key_set, row.state) == (keys.SESSION, "active"))
    keys.rotate(tx, keys.SESSION, algorithm="ES256", overlap_seconds=3600)
    return active.id


def _delete_role(place: Place, role: str, _: Person) -> None:
    place.avow.run(lambda tx: tx.run("DELETE FROM roles WHERE project_id = :project_id AND id = :role", role=role))
