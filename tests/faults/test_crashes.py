"""F-CRS-01 to 04: servers are killed in the middle of their work; what they answered stands."""

import itertools
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import pytest

from avow.server.keys import actions as keys
from tests.bed.cases import Case
from tests.factories import make_access_key, make_user, new_email
from tests.faults.fleet import Fleet
from tests.faults.load import Load, Silence, ask
from tests.faults.people import nearby, open_sessions, sign_in, start_code, start_link
from tests.security.calls import Answer, Wish, assert_refused
from tests.security.counting import code_wish
from tests.security.place import Person, Place, claims_of, token_of

pytestmark = pytest.mark.timeout(3600)

Rounds = Callable[[int, int], int]

GRACE_SECONDS = 30
_CHANCE = random.Random(20)


def test_f_crs_01_killed_during_sign_ups(case: Case, fleet: Fleet, rounds: Rounds) -> None:
    place = fleet.place()
    case.control(lambda: place.sign_in())
    acknowledged: list[Person] = []
    waits: list[float] = []
    settings_after: list[bool] = []
    management: list[bool] = []
    for cycle in range(rounds(2, 200)):
        before = len(acknowledged)
        limit = 900_000_000 + cycle
        with Load(lambda _: acknowledged.append(sign_in(place)), clients=16) as load:
            load.wait_for(lambda seen=before: len(acknowledged) > seen + 8)  # type: ignore[misc]  # bound at once
            answer = _set_limit(place, limit)
            role, secret = _make_role_and_key(place, f"role-{cycle}")
            time.sleep(_CHANCE.random() * 0.2)
            fleet.kill()
        begun = time.monotonic()
        fleet.start()
        place.sign_in()
        waits.append(time.monotonic() - begun)
        settings_after.append(answer and _limit(place) == limit)
        management.append(_holds(place, secret, role))
        fleet.assert_whole()
        people = acknowledged[before:]
        answers = place.http.send_at_once([place.api.wish("GET", "/v1/auth/me", each.refresh_jwt) for each in people])
        assert {answer.status for answer in answers} == {200}
    with case.cell("acknowledged users and sessions are there"):
        users, sessions = ({row[1] for row in place.rows(table)} for table in ("users", "sessions"))
        assert len(acknowledged) > 8
        assert {person.id for person in acknowledged} - users == set()
        assert {person.session_id for person in acknowledged} - sessions == set()
    with case.cell("acknowledged changes of settings are there"):
        assert all(settings_after)
    with case.cell("acknowledged roles and access keys are there"):
        assert all(management)
    with case.cell("nothing is half made, and the file is sound"):
        fleet.assert_whole()
    with case.cell("the first sign-in after the restart"):
        assert sorted(waits)[len(waits) // 2] < max(3.0, 3 * fleet.start_seconds), waits


def _make_role_and_key(place: Place, name: str) -> tuple[str, str]:
    """Make a role and an access key that has it, both acknowledged; return its name and the cleartext."""
    key = place.avow.management_key
    assert place.api.post("/v1/mgmt/role/create", key, {"name": name}).status == 200
    made = place.api.post("/v1/mgmt/accesskey/create", key, {"name": "machine", "roleNames": [name]})
    assert made.status == 200, made.content
    return name, made.body["cleartext"]


def _holds(place: Place, secret: str, role: str) -> bool:
    answer = place.api.post("/v1/auth/accesskey/exchange", secret, {})
    return answer.status == 200 and claims_of(answer.body["sessionJwt"])["roles"] == [role]


def test_f_crs_02_used_codes_stay_used(case: Case, fleet: Fleet, rounds: Rounds) -> None:
    place = fleet.place()
    case.control(lambda: place.sign_in())
    revived: list[str] = []
    twice: list[str] = []
    acknowledged = unknown = 0
    for _ in range(rounds(2, 200)):
        proofs = _proofs(place, rounds(20, 50))
        first = _prove_and_kill(fleet, place, proofs)
        fleet.start()
        tries = [place.http.send_at_once(list(proofs.values())) for _ in range(2)]
        for who, *answers in zip(proofs, *tries, strict=True):
            again = [answer.status for answer in answers]
            assert set(again) <= {200, 401}, again
            acknowledged += first.get(who) == 200
            unknown += first.get(who) is None
            if first.get(who) == 200 and 200 in again:
                revived.append(who)
            if again.count(200) > 1:
                twice.append(who)
        fleet.assert_whole()
    sessions = fleet.rows(
        "SELECT user_id, COUNT(*) FROM sessions WHERE project_id = ? GROUP BY user_id HAVING COUNT(*) > 1",
        place.avow.project_id,
    )
    with case.cell("an acknowledged code or link is never usable again"):
        assert acknowledged > 0
        assert revived == []
    with case.cell("an unacknowledged one works at most once"):
        assert unknown > 0
        assert twice == []
        assert sessions == []


def _prove_and_kill(fleet: Fleet, place: Place, proofs: dict[str, Wish]) -> dict[str, int | None]:
    """Use the codes and links in turn until the servers are killed; return what was answered, None without answer."""
    waiting, first = iter(sorted(proofs)), dict[str, int | None]()

    def prove(_: int) -> None:
        who = next(waiting, None)
        if who is None:
            time.sleep(0.01)
            return
        answer = ask(place, proofs[who])
        first[who] = None if isinstance(answer, Silence) else answer.status

    wanted = _CHANCE.randrange(len(proofs) - 4)
    with Load(prove, clients=4) as load:
        load.wait_for(lambda: len(first) > wanted)
        fleet.kill()
    return first


def test_f_crs_03_revocations_hold(case: Case, fleet: Fleet, rounds: Rounds) -> None:
    place = fleet.place()
    case.control(lambda: place.api.me(place.open_session().refresh_jwt).status == 200)
    ended: dict[str, list[str]] = {"logout": [], "logoutall": []}
    alive: list[str] = []
    for _ in range(rounds(2, 200)):
        _end_and_kill(fleet, place, ended)
        fleet.start()
        newest = [*ended["logout"][-40:], *ended["logoutall"][-40:]]
        for verb, path in (("GET", "/v1/auth/me"), ("POST", "/v1/auth/refresh")):
            answers = place.http.send_at_once([place.api.wish(verb, path, token) for token in newest])
            alive += [token for token, answer in zip(newest, answers, strict=True) if answer.status != 401]
    for how, tokens in ended.items():
        with case.cell(how):
            assert tokens
            assert [token for token in tokens if token in alive] == []
    with case.cell("user disabled"):
        for ends in _ends_of_users(place):
            people = open_sessions(place, 12)
            ids = [person.id for person in people]
            told = [place.http.send(ends(person)) for person in people]
            fleet.kill()
            assert [answer.status for answer in told] == [200] * len(people), told[0].content
            fleet.start()
            for verb, path in (("GET", "/v1/auth/me"), ("POST", "/v1/auth/refresh")):
                wishes = [place.api.wish(verb, path, person.refresh_jwt) for person in people]
                for answer in place.http.send_at_once(wishes):
                    assert_refused(answer)
            assert not {row[1] for row in place.rows("users") if row[1] in ids and row[2] == "enabled"}
    with case.cell("access key deleted"):
        key_id, secret = make_access_key(place.avow)
        wish = place.api.wish("POST", "/v1/auth/accesskey/exchange", secret, {})
        assert place.api.carrier.send(wish).status == 200
        deleted = place.api.post("/v1/mgmt/accesskey/delete", place.avow.management_key, {"id": key_id})
        fleet.kill()
        assert deleted.status == 200
        fleet.start()
        assert_refused(place.api.carrier.send(wish))
    with case.cell("management key"):
        key_id, key = place.avow.run(lambda tx: keys.create_management_key(tx, "leaver"))
        assert place.api.get("/v1/mgmt/avow/project/settings", key).status == 200
        place.avow.run(lambda tx: keys.revoke_management_key(tx, key_id))
        fleet.kill()
        fleet.start()
        assert_refused(place.api.get("/v1/mgmt/avow/project/settings", key))


def _ends_of_users(place: Place) -> tuple[Callable[[Person], Wish], ...]:
    """Return the management calls that shut a user out: disabled, and deleted."""
    user, key = "/v1/mgmt/user", place.avow.management_key

    def wish(path: str, **body: object) -> Wish:
        return place.api.wish("POST", f"{user}/{path}", key, body)

    return (
        lambda person: wish("update/status", loginId=_login_id(place, person), status="disabled"),
        lambda person: wish("delete", userId=person.id),
    )


def _login_id(place: Place, person: Person) -> str:
    answer = place.api.get(f"/v1/mgmt/user?userId={person.id}", place.avow.management_key)
    assert answer.status == 200, answer.content
    return str(answer.body["user"]["loginIds"][0])


def _end_and_kill(fleet: Fleet, place: Place, ended: dict[str, list[str]]) -> None:
    """End sessions until the servers are killed; note the tokens of those whose end was acknowledged."""
    supply = iter(list(zip(itertools.cycle(ended), open_sessions(place, 80), strict=False)))

    def end(_: int) -> None:
        how, person = next(supply, ("", None))
        if person is None:
            time.sleep(0.01)
            return
        answer = ask(place, place.api.wish("POST", f"/v1/auth/{how}", person.refresh_jwt))
        if not isinstance(answer, Silence):
            assert answer.status == 200, answer.content
            ended[how].append(person.refresh_jwt)

    wanted = sum(map(len, ended.values())) + _CHANCE.randrange(1, 60)
    with Load(end, clients=6) as load:
        load.wait_for(lambda: sum(map(len, ended.values())) >= wanted)
        fleet.kill()


@dataclass(slots=True)
class _Holder:
    """A client that keeps the newest refresh token it was given, and the older ones."""

    tokens: list[str] = field(default_factory=list)

    def refresh(self, place: Place) -> Answer | Silence:
        answer = ask(place, place.api.wish("POST", "/v1/auth/refresh", self.tokens[-1]))
        if isinstance(answer, Silence):
            return answer
        if answer.status == 200 and claims_of(answer.body["refreshJwt"])["gen"] > claims_of(self.tokens[-1])["gen"]:
            self.tokens.append(answer.body["refreshJwt"])
        return answer


def test_f_crs_04_rotation_survives(case: Case, fleet: Fleet, rounds: Rounds) -> None:
    place = fleet.place(rotation="always", rotation_grace_seconds=GRACE_SECONDS)
    case.control(lambda: place.api.refresh(place.open_session().refresh_jwt).status == 200)
    in_flight = 0
    with ThreadPoolExecutor(32) as clients:

        def refresh_all(holders: list[_Holder]) -> None:
            answers = list(clients.map(lambda holder: holder.refresh(place), holders))
            refused = [each for each in answers if isinstance(each, Silence) or each.status != 200]
            assert refused == [], fleet.said()

        for _ in range(rounds(2, 200)):
            user_id = make_user(place.avow)
            holders = [_Holder([person.refresh_jwt]) for person in place.open_sessions(32, user_id)]
            for _ in range(2):
                place.advance(GRACE_SECONDS + 1)
                refresh_all(holders)
            place.advance(GRACE_SECONDS + 1)
            answered: list[Answer | Silence] = []
            killer = threading.Thread(target=_kill_after, args=(fleet, answered, _CHANCE.randrange(24)))
            killer.start()
            list(clients.map(partial(_counted, place, answered), holders))
            killer.join()
            in_flight += sum(isinstance(each, Silence) for each in answered)
            fleet.start()
            with case.cell(f"cycle {case_number(case)}: all go on with the newest token they hold"):
                refresh_all(holders)
                place.advance(GRACE_SECONDS + 1)
                refresh_all(holders)
                assert {len(holder.tokens) for holder in holders} == {5}
            with case.cell(f"cycle {case_number(case)}: old tokens are refused"):
                for number in (1, -1):  # reuse of an old one ends the family, its newest token included
                    tokens = [holder.tokens[number] for holder in holders[:: rounds(8, 1)]]
                    wishes = [place.api.wish("POST", "/v1/auth/refresh", token) for token in tokens]
                    for answer in place.http.send_at_once(wishes):
                        assert_refused(answer)
    assert in_flight > 0, "no request was cut off"


def _counted(place: Place, answered: list[Answer | Silence], holder: _Holder) -> None:
    answered.append(holder.refresh(place))


def _kill_after(fleet: Fleet, answered: Sequence[object], count: int) -> None:
    """Kill the servers as soon as so many requests have been answered."""
    while len(answered) < count:
        time.sleep(0.0005)
    fleet.kill()


def case_number(case: Case) -> int:
    """Return the number of the cycle by the cells that were tried."""
    return len(case.cells) // 2 + 1


def _proofs(place: Place, count: int) -> dict[str, Wish]:
    """Have codes and links sent, and return the requests that use them, by login ID.

    They are asked for in this process: what is killed is their use.
    """
    near = nearby(place)
    coded, linked = ([new_email() for _ in range(count)] for _ in range(2))
    for login_id in coded:
        start_code(near, login_id)
    for login_id in linked:
        start_link(near, login_id)
    letters = {letter.to: letter for letter in place.avow.messages()}
    proofs = {each: code_wish(place, each, letters[each].code) for each in coded}
    for each in linked:
        body = {"token": token_of(letters[each].link)}
        proofs[each] = place.api.wish("POST", "/v1/auth/magiclink/verify", body=body)
    return proofs


def _set_limit(place: Place, limit: int) -> bool:
    body = {"settings": {"sendsPerAddress": limit}}
    wish = place.api.wish("POST", "/v1/mgmt/avow/project/settings", place.avow.management_key, body)
    answer = ask(place, wish)
    if isinstance(answer, Silence):
        return False
    assert answer.status == 200, answer.content
    return True


def _limit(place: Place) -> int:
    answer = place.api.get("/v1/mgmt/avow/project/settings", place.avow.management_key)
    return int(answer.body["sendsPerAddress"])
