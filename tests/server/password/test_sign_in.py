"""POST /v1/auth/password/signin: who is let in, who is not, and what wrong passwords bring."""

import hashlib
from collections.abc import Callable
from typing import Any

import bcrypt
import msgspec
import pytest

from avow.core.passwords import Checked, check, hashed, needs_rehash, schemes, verify
from avow.errors import Unavailable
from avow.server.challenges import actions as challenges
from avow.server.passwords import actions as passwords
from avow.server.passwords.rows import CounterRow
from avow.server.serving import Client
from avow.server.sessions import devices
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.testing.server import Avow
from avow.wire.hashes import HashedPassword
from tests.factories import join_tenant, make_tenant, make_user, new_email, new_phone
from tests.server.api import Api, Reply, Statements
from tests.server.password.people import (
    GOOD,
    OTHER,
    SIGN_IN,
    configure,
    give_password,
    held,
    make_imported,
    make_person,
    sign_in,
)
from tests.server.sessions.conftest import Person

WRONG = (401, "E062901")
LOCKED = (429, "E130429")


def fail(api: Api, login_id: str, times: int, **options: Any) -> list[tuple[int, str]]:
    return [sign_in(api, login_id, OTHER, **options).refusal for _ in range(times)]


def of_two_factors(make_project: Callable[..., Avow]) -> Person:
    """Return somebody with a password who has to show two factors."""
    api, number = Api(make_project(mfa="required")), new_phone()
    email, user_id = make_person(api.avow, phone=number)
    return Person(api, user_id, email, number, phone=None)


def wait(reply: Reply) -> int:
    assert reply.refusal == LOCKED
    return int(reply.header("retry-after"))


# --- Who is let in ---------------------------------------------------------------------------------------------------


def test_right_password_opens_a_session(api: Api) -> None:
    email, user_id = make_person(api.avow)
    session = sign_in(api, email)
    assert (session["user"]["userId"], session["firstSeen"]) == (user_id, False)
    assert api.avow.client().validate_session(session["sessionJwt"])["amr"] == ["pwd"]
    assert api.refresh(session["refreshJwt"]).status == 200


def test_every_login_id_of_the_user_will_do(api: Api) -> None:
    email, _ = make_person(api.avow, further_login_ids=["mia", "+12025550143"])
    for login_id in (email, email.upper(), "MIA", " mia ", "+1 202 555 0143"):
        assert sign_in(api, login_id).status == 200, login_id


def test_nobody_a_wrong_password_and_no_password_are_answered_alike(api: Api) -> None:
    email, _ = make_person(api.avow)
    make_user(api.avow, without := new_email())
    answers = [sign_in(api, each, OTHER) for each in (email, new_email(), without, "nobody")]
    assert {reply.refusal for reply in answers} == {WRONG}
    assert len({str(reply.body) for reply in answers}) == 1


def test_password_is_the_same_however_a_keyboard_composes_it(api: Api) -> None:
    email, _ = make_person(api.avow, "caf\u00e9 au lait, \u00fc")
    for typed in ("caf\u00e9 au lait, \u00fc", "cafe\u0301 au lait, u\u0308", "caf\u00e9\u00a0au\u2003lait, \u00fc"):
        assert sign_in(api, email, typed).status == 200
    for typed in ("cafe au lait, u", "Caf\u00e9 au lait, \u00fc", "caf\u00e9 au lait, \u00fc "):
        assert sign_in(api, email, typed).refusal == WRONG


def test_password_beyond_all_bounds_is_neither_looked_at_nor_counted(
    api: Api, monkeypatch: pytest.MonkeyPatch, statements: Statements
) -> None:
    email, _ = make_person(api.avow, "a" * 1024)
    assert sign_in(api, email, "a" * 1024).status == 200
    looked_at: list[str] = []

    def noted(stored: str | None, password: str) -> Checked:
        looked_at.append(password)
        return check(stored, password)

    monkeypatch.setattr("avow.server.password.handlers.check", noted)
    with statements:
        assert {sign_in(api, email, "a" * length).status for length in (1025, 100_000)} == {400}
    assert (looked_at, statements.ran) == ([], [])
    assert sign_in(api, email, "a" * 1023).refusal == WRONG


@pytest.mark.parametrize("has_password", [True, False])
def test_one_hash_of_todays_cost_is_checked_for_a_user_and_for_nobody(
    api: Api, monkeypatch: pytest.MonkeyPatch, has_password: bool
) -> None:
    email = make_person(api.avow)[0] if has_password else new_email()
    checked: list[list[str]] = []

    def noted(text: str) -> schemes.Scheme:
        checked.append(text.split("$")[1:4])
        return schemes.read(text)

    monkeypatch.setattr("avow.core.passwords.read", noted)
    assert sign_in(api, email, OTHER).refusal == WRONG
    assert checked == [["argon2id", "v=19", "m=19456,t=2,p=1"]]


def test_disabled_user_is_told_only_with_the_right_password(api: Api) -> None:
    email, user_id = make_person(api.avow)
    api.avow.run(lambda tx: users.set_status(tx, user_id, "disabled"))
    assert sign_in(api, email, OTHER).refusal == WRONG
    assert sign_in(api, email).refusal == (403, "E062110")


def test_invited_user_is_here_for_the_first_time(api: Api) -> None:
    email, _ = make_person(api.avow, status="invited", is_verified=False)
    session = sign_in(api, email)
    assert (session["firstSeen"], session["user"]["status"]) == (True, "enabled")
    assert session["user"]["verifiedEmail"] is False


@pytest.mark.parametrize("state", ["temporary", "expired"])
def test_password_that_has_ended_only_says_so(api: Api, state: str) -> None:
    email, user_id = make_person(api.avow, state="temporary" if state == "temporary" else "active")
    if state == "expired":
        api.avow.run(lambda tx: passwords.expire(tx, user_id))
    assert sign_in(api, email).refusal == (401, "E062909")
    assert sign_in(api, email, OTHER).refusal == WRONG


def test_password_ends_by_itself_where_the_settings_say_so(api: Api) -> None:
    email, _ = make_person(api.avow)
    configure(api, expiration=True, expirationWeeks=2)
    api.clock.advance(14 * 86_400 - 1)
    assert sign_in(api, email).status == 200
    api.clock.advance(1)
    assert sign_in(api, email).refusal == (401, "E062909")
    configure(api, expiration=False)
    assert sign_in(api, email).status == 200


def test_where_passwords_are_switched_off_nobody_comes_in(api: Api, make_project: Callable[..., Avow]) -> None:
    email, user_id = make_person(api.avow)
    make_tenant(api.avow, tenant_id="acme")
    join_tenant(api.avow, user_id, "acme")
    configure(api, "acme", enabled=False)
    assert sign_in(api, email, OTHER).refusal == WRONG
    assert sign_in(api, email).refusal == (400, "E019400")
    other = Api(make_project(sign_in_methods=["otp", "magiclink"]))
    assert sign_in(other, make_person(other.avow)[0]).refusal == (400, "E019400")


def test_password_of_another_project_lets_nobody_in(api: Api, make_project: Callable[..., Avow]) -> None:
    email, _ = make_person(api.avow)
    other = Api(make_project())
    make_person(other.avow, OTHER, login_id=email)
    assert sign_in(api, email, OTHER).refusal == WRONG
    assert sign_in(other, email).refusal == WRONG
    assert sign_in(other, email, OTHER).status == 200


# --- Options ---------------------------------------------------------------------------------------------------------


def test_step_up_and_second_factor_need_the_live_session_of_this_user(api: Api) -> None:
    email, user_id = make_person(api.avow)
    first, other = api.sign_in(email)["refreshJwt"], api.sign_in()["refreshJwt"]
    for wish in ("stepup", "mfa"):
        for token in ("", other):
            for login_id in (email, new_email()):
                assert sign_in(api, login_id, token=token, loginOptions={wish: True}).refusal[0] == 401
    session = sign_in(api, email, token=first, loginOptions={"mfa": True})
    assert session["user"]["userId"] == user_id
    assert api.avow.client().validate_session(session["sessionJwt"])["amr"] == ["email", "pwd", "mfa"]
    session = sign_in(api, email, token=first, loginOptions={"stepup": True})
    assert dict(api.avow.client().validate_session(session["sessionJwt"]))["su"] is True


def test_other_sessions_end_when_the_caller_asks(api: Api) -> None:
    email, _ = make_person(api.avow)
    before = sign_in(api, email)["refreshJwt"]
    assert sign_in(api, email, loginOptions={"revokeOtherSessions": True}).status == 200
    assert api.refresh(before).refusal == (401, "E064001")


# --- What others hashed ----------------------------------------------------------------------------------------------

OLD: dict[str, tuple[dict[str, Any], str]] = {
    "Django": (
        {"django": {"hash": "pbkdf2_sha256$10000$seasalt$CWWFdHOWwPnki7HvkcqN9iA2T3KLW1cf2uZ5kvArtVY="}},
        "l\u00e8tmein",
    ),
    "bcrypt": ({"bcrypt": {"hash": bcrypt.hashpw(b"of bcrypt", bcrypt.gensalt(4)).decode()}}, "of bcrypt"),
    "md5": ({"md5": {"hash": hashlib.md5(b"of md5").hexdigest()}}, "of md5"),
    "Firebase": (
        {
            "firebase": {
                "hash": "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
                "salt": "42xEC+ixf3L2lw==",
                "saltSeparator": "Bw==",
                "signerKey": (
                    "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="
                ),
                "memory": 14,
                "rounds": 8,
            }
        },
        "user1password",
    ),
}


@pytest.mark.parametrize("form", OLD)
def test_imported_hash_is_ours_after_the_first_sign_in(api: Api, form: str) -> None:
    fields, password = OLD[form]
    email, user_id = make_imported(api.avow, msgspec.convert(fields, HashedPassword))
    before = held(api.avow, user_id)
    assert needs_rehash(before.encoded)
    assert sign_in(api, email, password + "!").refusal == WRONG
    assert held(api.avow, user_id) == before
    assert sign_in(api, email, password).status == 200
    after = held(api.avow, user_id)
    assert (needs_rehash(after.encoded), verify(after.encoded, password)) == (False, True)
    assert (after.state, after.set_at, after.is_own) == (before.state, before.set_at, 0)
    assert sign_in(api, email, password).status == 200
    assert held(api.avow, user_id) == after


def test_renewed_hash_does_not_take_the_place_of_another_password(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    email, user_id = make_imported(api.avow, msgspec.convert(OLD["md5"][0], HashedPassword))

    def meanwhile(stored: str | None, password: str) -> Checked:
        checked = check(stored, password)
        if checked.renewed:
            made = hashed(GOOD)
            api.avow.run(lambda tx: passwords.replace(tx, user_id, made, "active", remembers=0))
        return checked

    monkeypatch.setattr("avow.server.password.handlers.check", meanwhile)
    assert sign_in(api, email, "of md5").refusal == WRONG
    assert verify(held(api.avow, user_id).encoded, GOOD)


# --- Wrong ones ------------------------------------------------------------------------------------------------------


def test_ten_wrong_ones_lock_and_the_right_one_is_answered_as_they_are(api: Api) -> None:
    email, _ = make_person(api.avow)
    assert fail(api, email, 10) == [WRONG] * 10
    assert (wait(sign_in(api, email, OTHER)), wait(sign_in(api, email))) == (900, 900)
    assert sign_in(api, email).body == sign_in(api, email, OTHER).body
    api.clock.advance(899)
    assert wait(sign_in(api, email)) == 1
    api.clock.advance(1)
    assert sign_in(api, email).status == 200


def test_login_id_of_nobody_is_locked_likewise(api: Api) -> None:
    email, nobody = make_person(api.avow)[0], new_email()
    assert fail(api, email, 10) == fail(api, nobody, 10)
    api.clock.advance(17)
    answers = sign_in(api, email), sign_in(api, nobody)
    assert answers[0].body == answers[1].body
    assert wait(answers[0]) == wait(answers[1]) == 883
    assert fail(api, f" {nobody.upper()}", 1) == [LOCKED]


def test_each_further_series_locks_longer_until_the_right_one_comes(api: Api) -> None:
    email, _ = make_person(api.avow)
    configure(api, lockAttempts=2)
    for seconds in (900, 1800, 3600):
        fail(api, email, 2)
        assert wait(sign_in(api, email)) == seconds
        api.clock.advance(seconds)
    assert sign_in(api, email).status == 200
    fail(api, email, 2)
    assert wait(sign_in(api, email)) == 900


def test_right_one_begins_the_count_anew(api: Api) -> None:
    email, _ = make_person(api.avow)
    for _ in range(3):
        assert fail(api, email, 9) == [WRONG] * 9
        assert sign_in(api, email).status == 200


def test_wrong_ones_are_forgotten_after_a_day_without(api: Api) -> None:
    email, _ = make_person(api.avow)
    fail(api, email, 9)
    api.clock.advance(86_400)
    assert fail(api, email, 9) == [WRONG] * 9
    assert sign_in(api, email).status == 200


def test_another_password_ends_the_lock(api: Api) -> None:
    email, _ = make_person(api.avow)
    fail(api, email, 10)
    body = {"loginId": email, "password": OTHER}
    assert api.post("/v1/mgmt/user/password/set/active", body, token=api.avow.management_key).status == 200
    assert sign_in(api, email, OTHER).status == 200


def test_without_a_lock_a_hundred_in_a_row_are_the_most(api: Api) -> None:
    email, user_id = make_person(api.avow)
    configure(api, lock=False)
    counter = "UPDATE counters SET value = 98 WHERE project_id = :project_id AND id = :id"
    fail(api, email, 1)
    api.avow.run(lambda tx: tx.run(counter, id=f"password:{user_id}"))
    assert fail(api, email, 3) == [WRONG, WRONG, LOCKED]


def test_lock_keeps_nobody_out_who_comes_another_way(api: Api) -> None:
    email, user_id = make_person(api.avow)
    known = sign_in(api, email)["refreshJwt"]
    device = api.avow.run(lambda tx: devices.trust(tx, Client("203.0.113.7"), user_id, 30)).text
    fail(api, email, 10)
    assert sign_in(api, email).refusal == LOCKED
    assert api.sign_in(email).status == 200
    body = {"loginId": email, "password": GOOD}
    assert api.post(SIGN_IN, body, x_descope_trusted_device_token=device).status == 200
    assert api.post(SIGN_IN, body, x_descope_trusted_device_token=device[:-1]).refusal == LOCKED
    assert sign_in(api, email, token=known).status == 200
    assert sign_in(api, email).refusal == LOCKED  # whoever locked it goes on waiting


def test_known_device_has_a_count_of_its_own(api: Api) -> None:
    email, _ = make_person(api.avow)
    known, foreign = sign_in(api, email)["refreshJwt"], api.sign_in()["refreshJwt"]
    assert fail(api, email, 11, token=known) == [WRONG] * 10 + [LOCKED]
    assert sign_in(api, email, token=known).refusal == LOCKED
    assert sign_in(api, email).status == 200
    assert fail(api, email, 10, token=foreign) == [WRONG] * 10
    assert sign_in(api, email).refusal == LOCKED  # another's token is none


def test_sessions_share_their_count(api: Api) -> None:
    """Whoever has one factor opens as many as they like."""
    email, _ = make_person(api.avow)
    assert fail(api, email, 5, token=sign_in(api, email)["refreshJwt"]) == [WRONG] * 5
    another = api.sign_in(email)["refreshJwt"]
    assert fail(api, email, 6, token=another) == [WRONG] * 5 + [LOCKED]
    begun_later = api.sign_in(email)["refreshJwt"]
    assert sign_in(api, email, token=begun_later).refusal == LOCKED
    assert sign_in(api, email, token=begun_later, loginOptions={"stepup": True}).refusal == LOCKED
    assert sign_in(api, email).status == 200


def test_sign_ins_that_wait_share_their_count(make_project: Callable[..., Avow]) -> None:
    person = of_two_factors(make_project)
    options = {"mfa": True}
    for _ in range(2):
        assert fail(person.api, person.email, 5, token=person.waiting(), loginOptions=options) == [WRONG] * 5
    later = person.waiting()
    assert sign_in(person.api, person.email, token=later, loginOptions=options).refusal == LOCKED
    assert sign_in(person.api, person.email, token=later).refusal == LOCKED  # without the wish likewise
    session = person.by_sms(later, options)
    assert session.status == 200  # which has a count of its own
    token = session["refreshJwt"]
    assert sign_in(person.api, person.email, token=token, loginOptions={"stepup": True}).status == 200


def test_another_password_ends_the_lock_of_sessions(make_project: Callable[..., Avow]) -> None:
    person = of_two_factors(make_project)
    waiting, session = person.waiting(), person.by_sms(person.waiting(), {"mfa": True})["refreshJwt"]
    for token in (waiting, session):
        assert fail(person.api, person.email, 11, token=token)[-1] == LOCKED
    give_password(person.api.avow, person.id, GOOD)
    options = {"mfa": True}
    for token in (person.waiting(), session):
        assert sign_in(person.api, person.email, token=token, loginOptions=options).status == 200


def test_session_that_is_over_still_shows_a_known_device(api: Api) -> None:
    email, _ = make_person(api.avow)
    known = sign_in(api, email)["refreshJwt"]
    assert api.post("/v1/auth/logout", token=known).status == 200
    fail(api, email, 10)
    assert sign_in(api, email, token=known).status == 200


def test_one_address_tries_no_password_on_everybody(make_project: Callable[..., Avow]) -> None:
    api = Api(make_project(password_failures_per_client=5))
    email, _ = make_person(api.avow)
    known = sign_in(api, email)["refreshJwt"]
    for number in range(5):
        assert sign_in(api, f"user-{number}@example.com", OTHER).refusal == WRONG
    assert wait(sign_in(api, email)) == 600
    assert wait(sign_in(api, "user-9@example.com", OTHER)) == 600
    assert sign_in(api, email, token=known).status == 200
    assert sign_in(api, email, token=api.avow.management_key).status == 200  # a back end calls for many
    api.clock.advance(600)
    assert sign_in(api, email).status == 200


def test_right_passwords_from_one_address_count_for_nothing(make_project: Callable[..., Avow]) -> None:
    api = Api(make_project(password_failures_per_client=2))
    email, _ = make_person(api.avow)
    assert [sign_in(api, email).status for _ in range(5)] == [200] * 5


def test_back_end_with_its_key_is_not_counted(make_project: Callable[..., Avow]) -> None:
    api = Api(make_project(password_failures_per_client=2))
    for number in range(4):
        assert sign_in(api, f"user-{number}@example.com", OTHER, token=api.avow.management_key).refusal == WRONG


def test_back_end_that_says_whom_it_calls_for_shares_the_limit_of_nobody(make_project: Callable[..., Avow]) -> None:
    """With a management key the nearest forwarded address counts: what its own client wrote before does not."""
    api = Api(make_project(password_failures_per_client=2))
    email, _ = make_person(api.avow)

    def tried(forwarded: str, token: str, password: str = OTHER) -> int:
        body = {"loginId": email if password == GOOD else new_email(), "password": password}
        return api.post(SIGN_IN, body, token=token, x_forwarded_for=forwarded).status

    key = api.avow.management_key
    assert [tried("198.51.100.1", key) for _ in range(3)] == [401, 401, 429]
    assert [tried(f"203.0.113.{number}, 198.51.100.2", key) for number in range(3)] == [401, 401, 429]
    assert tried("198.51.100.3", key, GOOD) == 200
    assert [tried(f"198.51.100.{number}", "") for number in range(4, 7)] == [401, 401, 429]  # believed of nobody else
    assert [tried(f"198.51.100.{number}", f"{key}x") for number in range(4, 7)] == [401] * 3
    assert tried("198.51.100.3", "", GOOD) == 429
    asked = "SELECT address FROM sessions WHERE project_id = :project_id"
    assert api.avow.run(lambda tx: tx.all(asked, lambda address: address)) == ["198.51.100.3"]


def test_try_that_nobody_came_to_look_at_is_taken_back(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    email, _ = make_person(api.avow)

    def full(_: object) -> None:
        raise Unavailable(detail="the pool for slow work is full")

    with monkeypatch.context() as patch:
        patch.setattr(type(api.avow.server.site.pool), "submit", lambda _, work: full(work))
        assert [sign_in(api, email).status for _ in range(12)] == [503] * 12
    assert fail(api, email, 9) == [WRONG] * 9
    assert sign_in(api, email).status == 200


def test_audit_tells_of_wrong_ones_and_of_the_lock(api: Api) -> None:
    email, user_id = make_person(api.avow)
    fail(api, email, 10)
    search = {"userIds": [user_id], "actions": ["password.refused", "password.locked"]}
    found = api.post("/v1/mgmt/audit/search", search, token=api.avow.management_key)["audits"]
    assert [each["action"] for each in found].count("password.refused") == 9
    assert [each["action"] for each in found].count("password.locked") == 1
    assert OTHER not in str(found)


# --- At the same time ------------------------------------------------------------------------------------------------


def test_password_changed_while_it_was_looked_at_lets_nobody_in(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    email, user_id = make_person(api.avow)
    made = hashed(OTHER)

    def meanwhile(stored: str | None, password: str) -> Checked:
        checked = check(stored, password)
        if checked.is_theirs:
            api.avow.run(lambda tx: passwords.replace(tx, user_id, made, "active", remembers=0))
        return checked

    monkeypatch.setattr("avow.server.password.handlers.check", meanwhile)
    assert sign_in(api, email).refusal == WRONG


def test_user_disabled_while_the_password_was_looked_at_stays_out(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    email, user_id = make_person(api.avow)

    def meanwhile(stored: str | None, password: str) -> Checked:
        api.avow.run(lambda tx: users.set_status(tx, user_id, "disabled"))
        return check(stored, password)

    monkeypatch.setattr("avow.server.password.handlers.check", meanwhile)
    assert sign_in(api, email).refusal == (403, "E062110")


def test_address_proven_while_the_password_was_looked_at_costs_no_sign_in(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    email, user_id = make_person(api.avow, is_verified=False)
    calls = list[str]()

    def meanwhile(stored: str | None, password: str) -> Checked:
        calls.append(password)
        if len(calls) == 1:
            api.avow.run(lambda tx: users.prove_email(tx, user_id, email))
        return check(stored, password)

    monkeypatch.setattr("avow.server.password.handlers.check", meanwhile)
    assert sign_in(api, email).status == 200
    assert len(calls) == 2


# --- Cost ------------------------------------------------------------------------------------------------------------


def test_sign_in_runs_few_statements(api: Api, statements: Statements) -> None:
    email, _ = make_person(api.avow)
    sign_in(api, email)  # which reads the project
    with statements:
        sign_in(api, email)
    assert statements.ran == [
        "passwords.TRIED",
        "passwords.SETTINGS_OF_USER",
        "passwords.COUNTED",
        "passwords.SPEND",
        "users.PROFILE_HELD",
        "passwords.CLEAR",
        "passwords.SETTINGS_OF_USER",
        "passwords.HELD",
        "sessions.INSERT",
        "store.INSERT_AUDIT",
    ]


def test_wrong_password_of_a_user_and_of_nobody_run_the_same_statements(api: Api, statements: Statements) -> None:
    email, _ = make_person(api.avow)
    ran = []
    for login_id in (email, new_email(), "nobody"):
        with statements:
            sign_in(api, login_id, OTHER)
        ran.append(statements.ran)
    assert ran[0] == ran[1] == ran[2]
    fail(api, email, 9)
    fail(api, "nobody", 9)
    ran = []
    for login_id in (email, "nobody"):
        with statements:
            assert sign_in(api, login_id, OTHER).refusal == LOCKED
        ran.append(statements.ran)
    assert ran[0] == ran[1]


def test_counts_are_cleaned_up(api: Api) -> None:
    fail(api, new_email(), 3)

    def left(tx: Tx) -> int:
        challenges.forget(tx, 100)
        return len(tx.all("SELECT value, ends_at FROM counters WHERE project_id = :project_id", CounterRow))

    api.clock.advance(2 * 86_400)
    assert api.avow.run(left) == 0
