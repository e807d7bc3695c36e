"""POST /v1/auth/totp/verify."""

from collections.abc import Callable

import pytest

from avow.server.users import actions as users
from avow.testing.server import Avow
from tests import phones
from tests.factories import make_totp_seed, make_user, new_email
from tests.security.place import claims_of
from tests.server.api import Api, Statements
from tests.server.totp.conftest import Person, verify, wrong


def test_code_opens_a_session(person: Person) -> None:
    session = person.verify()
    assert session["user"]["userId"] == person.id
    assert session["firstSeen"] is False
    assert claims_of(session["sessionJwt"])["amr"] == ["totp"]


# --- Once, and in its time ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("early", range(-3, 4))
def test_only_the_present_code_and_its_neighbours_count(person: Person, early: int) -> None:
    assert person.verify(person.code(early)).status == (200 if abs(early) <= 1 else 401)


def test_code_works_once(person: Person) -> None:
    code = person.code()
    assert person.verify(code).status == 200
    assert person.verify(code).refusal == (401, "E061102")
    person.api.clock.advance(30)
    assert person.verify(code).refusal == (401, "E061102")


def test_code_older_than_one_that_worked_is_refused(person: Person) -> None:
    earlier = person.code(-1)
    assert person.verify().status == 200
    assert person.verify(earlier).refusal == (401, "E061102")
    assert person.verify(person.code(1)).status == 200


def test_code_is_taken_with_the_space_that_apps_show(person: Person) -> None:
    code = person.code()
    assert person.verify(f"{code[:3]} {code[3:]}").status == 200


# --- Wrong codes -------------------------------------------------------------------------------------------------


def test_wrong_code_is_refused(person: Person) -> None:
    assert person.verify(wrong(person.phone, person.api.clock())).refusal == (401, "E061102")


def test_code_of_another_user_is_refused(make_person: Callable[..., Person]) -> None:
    one, two = make_person(), make_person()
    assert one.verify(two.code()).refusal == (401, "E061102")


def test_user_without_an_app_and_nobody_are_refused_alike(api: Api) -> None:
    login_id = new_email()
    make_user(api.avow, login_id)
    assert verify(api, login_id, "123456").refusal == verify(api, new_email(), "123456").refusal == (401, "E061102")


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345a", "\uff11\uff12\uff13\uff14\uff15\uff16"])
def test_what_is_no_code_costs_no_try(
    make_project: Callable[..., Avow], make_person: Callable[..., Person], code: str
) -> None:
    person = make_person(Api(make_project(guesses_per_hour=5)))
    for _ in range(6):
        assert person.verify(code).status in {400, 401}
    assert person.verify().status == 200


def _guess(person: Person, times: int) -> list[tuple[int, str]]:
    return [person.verify(wrong(person.phone, person.api.clock())).refusal for _ in range(times)]


def test_wrong_codes_of_an_hour_are_limited(
    make_project: Callable[..., Avow], make_person: Callable[..., Person]
) -> None:
    person = make_person(Api(make_project(guesses_per_hour=5)))
    assert _guess(person, 6) == [(401, "E061102")] * 5 + [(429, "E130429")]
    refused = person.verify()
    assert refused.refusal == (429, "E130429")
    person.api.clock.advance(int(refused.header("retry-after")) - 1)
    assert person.verify().refusal == (429, "E130429")
    person.api.clock.advance(1)
    assert person.verify().status == 200


def test_wrong_codes_of_a_day_are_limited_too(
    make_project: Callable[..., Avow], make_person: Callable[..., Person]
) -> None:
    person = make_person(Api(make_project(guesses_per_hour=5)))
    for _ in range(2):
        assert _guess(person, 5) == [(401, "E061102")] * 5
        person.api.clock.advance(3600)
    refused = person.verify()
    assert refused.refusal == (429, "E130429")
    assert int(refused.header("retry-after")) == 86400 - 2 * 3600
    person.api.clock.advance(86400 - 2 * 3600)
    assert person.verify().status == 200


def test_nobody_and_who_has_no_app_meet_the_same_limit(make_project: Callable[..., Avow]) -> None:
    api, login_id = Api(make_project(guesses_per_hour=5)), new_email()
    make_user(api.avow, login_id)
    for each in (login_id, new_email()):
        statuses = [verify(api, each, "123456").status for _ in range(6)]
        assert statuses == [401] * 5 + [429]


def test_code_that_worked_before_is_no_guess(
    make_project: Callable[..., Avow], make_person: Callable[..., Person]
) -> None:
    person = make_person(Api(make_project(guesses_per_hour=5)))
    code = person.code()
    assert [person.verify(code).status for _ in range(8)] == [200] + [401] * 7
    assert person.verify(person.code(1)).status == 200


def test_stranger_who_uses_the_tries_up_leaves_those_of_the_second_factor(
    make_project: Callable[..., Avow], make_person: Callable[..., Person]
) -> None:
    person = make_person(Api(make_project(guesses_per_hour=5)))
    first = person.api.sign_in(person.login_id)["refreshJwt"]
    _guess(person, 6)
    assert person.verify().refusal == (429, "E130429")
    code = wrong(person.phone, person.api.clock())
    assert [person.verify(code, first, mfa=True).status for _ in range(2)] == [401, 401]
    assert person.verify(None, first, mfa=True).status == 200


def test_tries_of_the_second_factor_are_limited(
    make_project: Callable[..., Avow], make_person: Callable[..., Person]
) -> None:
    person = make_person(Api(make_project(guesses_per_hour=5)))
    first = person.api.sign_in(person.login_id)["refreshJwt"]
    code = wrong(person.phone, person.api.clock())
    assert [person.verify(code, first, mfa=True).status for _ in range(6)] == [401] * 5 + [429]
    assert person.verify(None, first, mfa=True).status == 429
    assert person.verify().status == 200


# --- Options -----------------------------------------------------------------------------------------------------


def test_app_is_a_second_factor(person: Person) -> None:
    first = person.api.sign_in(person.login_id)
    session = person.verify(None, first["refreshJwt"], mfa=True)
    assert claims_of(session["sessionJwt"])["amr"] == ["email", "totp", "mfa"]


def test_app_steps_a_session_up(person: Person) -> None:
    first = person.api.sign_in(person.login_id)
    claims = claims_of(person.verify(None, first["refreshJwt"], stepup=True)["sessionJwt"])
    assert (claims["amr"], claims["su"]) == (["email", "totp"], True)


@pytest.mark.parametrize("option", ["mfa", "stepup"])
def test_second_factor_needs_the_session_of_the_same_user(make_person: Callable[..., Person], option: str) -> None:
    one, two = make_person(), make_person()
    foreign = two.verify()["refreshJwt"]
    code = one.code()
    for token in ("", foreign):
        assert one.verify(code, token, **{option: True}).refusal == (401, "E019401")
    assert one.verify(wrong(one.phone, one.api.clock()), foreign, **{option: True}).refusal == (401, "E019401")
    assert one.verify(code).status == 200


def test_custom_claims_land_under_nsec(person: Person) -> None:
    claims = claims_of(person.verify(customClaims={"plan": "pro", "sub": "U1"})["sessionJwt"])
    assert claims["nsec"]["plan"] == "pro"
    assert claims["sub"] == person.id


def test_other_sessions_end_when_that_is_asked_for(person: Person) -> None:
    other = person.api.sign_in(person.login_id)["refreshJwt"]
    mine = person.verify(revokeOtherSessions=True)["refreshJwt"]
    assert person.api.refresh(other).refusal == (401, "E064001")
    assert person.api.refresh(mine).status == 200


# --- Whose account -----------------------------------------------------------------------------------------------


def test_disabled_user_gets_no_session(person: Person) -> None:
    person.api.avow.run(lambda tx: users.set_status(tx, person.id, "disabled"))
    assert person.verify().refusal == (403, "E062110")


def test_invited_user_with_a_seed_of_managements_is_enabled_by_it(api: Api) -> None:
    login_id = new_email()
    user_id = make_user(api.avow, login_id, status="invited")
    phone = phones.holding(make_totp_seed(api.avow, user_id, is_own=False))
    session = verify(api, login_id, phone.code(api.clock()))
    assert session["firstSeen"] is True
    assert session["user"]["status"] == "enabled"


def test_imported_seed_signs_in(api: Api) -> None:
    login_id, key = new_email(), "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP"
    body = {"users": [{"loginId": login_id, "seed": key}], "invite": False}
    assert api.post("/v1/mgmt/user/create/batch", body, token=api.avow.management_key).status == 200
    phone = phones.typing(key.replace(" ", ""))
    assert verify(api, login_id, phone.code(api.clock())).status == 200


def test_seed_of_managements_stays_when_the_address_is_proven(api: Api) -> None:
    login_id = new_email()
    user_id = make_user(api.avow, login_id, is_verified=False)
    phone = phones.holding(make_totp_seed(api.avow, user_id, is_own=False))
    assert api.sign_in(login_id)["user"]["TOTP"] is True
    assert verify(api, login_id, phone.code(api.clock())).status == 200


def test_removed_app_signs_nobody_in(person: Person) -> None:
    api = person.api
    removal = api.post("/v1/mgmt/user/totp/delete", {"loginId": person.login_id}, token=api.avow.management_key)
    assert removal.status == 200
    assert person.verify().refusal == (401, "E061102")


def test_refusals_and_sign_ins_are_audited(person: Person) -> None:
    code = person.code()
    person.verify(wrong(person.phone, person.api.clock()))
    person.verify(code)
    statement = """
        SELECT action, outcome, user_id, method, data FROM audit_events
        WHERE project_id = :project_id AND method = 'totp' ORDER BY id
    """
    events = person.api.avow.run(lambda tx: tx.all(statement, lambda *columns: columns))
    assert {event[:4] for event in events} == {
        ("code.refused", "refused", person.id, "totp"),
        ("session.opened", "done", person.id, "totp"),
    }
    assert code not in repr(events)


# --- Cost --------------------------------------------------------------------------------------------------------


def test_sign_in_runs_seven_statements(person: Person, statements: Statements) -> None:
    code = person.code()
    assert person.verify(person.code(-1)).status == 200  # the project is known
    with statements:
        assert person.verify(code).status == 200
    assert statements.ran == [
        "users.OWNER",
        "users.PROFILE_HELD",
        "totp.HOLD",
        "challenges.USED_UP",
        "totp.USE_STEP",
        "sessions.INSERT",
        "store.INSERT_AUDIT",
    ]
