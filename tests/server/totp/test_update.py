"""POST /v1/auth/totp/update and /v1/auth/avow/totp/remove."""

from collections.abc import Callable

import pytest

from avow.testing.server import Avow
from tests import phones
from tests.factories import change_settings, make_user, new_email
from tests.phones import Phone
from tests.server.api import Api, Reply
from tests.server.totp.conftest import Person, verify, wrong

UPDATE = "/v1/auth/totp/update"
REMOVE = "/v1/auth/avow/totp/remove"


def update(api: Api, login_id: str, token: str) -> Reply:
    return api.post(UPDATE, {"loginId": login_id}, token=token)


def enrolled(api: Api, login_id: str, token: str) -> Phone:
    return phones.scanning(update(api, login_id, token)["image"])


def test_user_adds_an_app(api: Api) -> None:
    login_id = new_email()
    session = api.sign_in(login_id)
    phone = enrolled(api, login_id, session["refreshJwt"])
    assert api.get("/v1/auth/me", token=session["refreshJwt"])["TOTP"] is False
    confirmed = verify(api, login_id, phone.code(api.clock()))
    assert confirmed["user"]["userId"] == session["user"]["userId"]
    assert (confirmed["user"]["TOTP"], confirmed["firstSeen"]) == (True, False)
    assert api.get("/v1/auth/me", token=session["refreshJwt"])["TOTP"] is True


def test_owner_is_told_of_the_app_once_it_counts(api: Api) -> None:
    login_id = new_email()
    phone = enrolled(api, login_id, api.sign_in(login_id)["refreshJwt"])
    before = len(api.avow.messages(login_id))
    assert verify(api, login_id, phone.code(api.clock())).status == 200
    told, *others = api.avow.messages(login_id)
    assert (told.subject, told.code, len(others)) == ("Test: An authenticator app was added", "", before)
    assert verify(api, login_id, phone.code(api.clock(), 1)).status == 200
    assert len(api.avow.messages(login_id)) == before + 1


def test_first_code_is_used_by_confirming(api: Api) -> None:
    login_id = new_email()
    phone = enrolled(api, login_id, api.sign_in(login_id)["refreshJwt"])
    code = phone.code(api.clock())
    assert verify(api, login_id, code).status == 200
    assert verify(api, login_id, code).refusal == (401, "E061102")
    assert verify(api, login_id, phone.code(api.clock(), 1)).status == 200


def test_app_before_goes_on_until_the_new_one_is_confirmed(person: Person) -> None:
    session = person.verify()["refreshJwt"]
    new = enrolled(person.api, person.login_id, session)
    assert person.verify(person.code(1)).status == 200
    assert verify(person.api, person.login_id, new.code(person.api.clock())).status == 200
    person.api.clock.advance(60)
    assert person.verify().refusal == (401, "E061102")
    assert verify(person.api, person.login_id, new.code(person.api.clock())).status == 200


def test_seed_that_was_never_confirmed_neither_lets_in_nor_keeps_out(api: Api) -> None:
    login_id = new_email()
    session = api.sign_in(login_id)["refreshJwt"]
    first, second = (phones.typing(update(api, login_id, session)["key"]) for _ in range(2))
    assert first.app.secret != second.app.secret
    assert api.sign_in(login_id).status == 200
    assert verify(api, login_id, first.code(api.clock())).refusal == (401, "E061102")
    assert verify(api, login_id, second.code(api.clock())).status == 200


def test_seed_ends_with_the_session_that_asked_for_it(api: Api) -> None:
    login_id = new_email()
    session = api.sign_in(login_id)["refreshJwt"]
    phone = enrolled(api, login_id, session)
    assert api.post("/v1/auth/logout", token=session).status == 200
    assert verify(api, login_id, phone.code(api.clock())).refusal == (401, "E061102")


def test_new_app_can_be_confirmed_as_a_second_factor(api: Api) -> None:
    login_id = new_email()
    session = api.sign_in(login_id)["refreshJwt"]
    phone = enrolled(api, login_id, session)
    assert verify(api, login_id, phone.code(api.clock()), session, mfa=True).status == 200


# --- Who may -----------------------------------------------------------------------------------------------------


def test_strangers_who_try_at_a_seed_that_waits_do_not_keep_its_user_from_it(make_project: Callable[..., Avow]) -> None:
    api, login_id = Api(make_project(guesses_per_hour=15)), new_email()
    session = api.sign_in(login_id)["refreshJwt"]
    phone = enrolled(api, login_id, session)
    for _ in range(12):
        assert verify(api, login_id, wrong(phone, api.clock())).refusal == (401, "E061102")
    assert verify(api, login_id, phone.code(api.clock())).status == 200


def test_user_who_shows_the_session_has_tries_of_their_own(make_project: Callable[..., Avow]) -> None:
    api, login_id = Api(make_project(guesses_per_hour=5)), new_email()
    session = api.sign_in(login_id)["refreshJwt"]
    phone = enrolled(api, login_id, session)
    for _ in range(5):
        verify(api, login_id, wrong(phone, api.clock()))
    other = api.sign_in(new_email())["refreshJwt"]
    for token in ("", other):
        assert verify(api, login_id, phone.code(api.clock()), token).refusal == (429, "E130429")
    assert verify(api, login_id, phone.code(api.clock()), session).status == 200


def test_login_id_of_somebody_else_is_refused(person: Person) -> None:
    session = person.verify()["refreshJwt"]
    for login_id in (make_and_name(person.api), new_email()):
        assert update(person.api, login_id, session).refusal == (403, "E019403")


def make_and_name(api: Api) -> str:
    login_id = new_email()
    make_user(api.avow, login_id)
    return login_id


def test_session_is_needed(person: Person) -> None:
    session = person.verify()
    for token in ("", session["sessionJwt"], person.api.avow.management_key):
        assert update(person.api, person.login_id, token).status == 401
        assert person.api.post(REMOVE, token=token).status == 401


@pytest.mark.parametrize("late", [0, 1])
def test_sign_in_has_to_be_a_recent_one(
    make_project: Callable[..., Avow], make_person: Callable[..., Person], late: int
) -> None:
    person = make_person(Api(make_project(fresh_proof_seconds=600)))
    session = person.verify()["refreshJwt"]
    person.api.clock.advance(599 + late)
    refusal = (403, "E061402") if late else (200, "")
    assert update(person.api, person.login_id, session).refusal == refusal
    assert person.api.post(REMOVE, token=session).refusal == refusal


def test_step_up_makes_it_recent(make_project: Callable[..., Avow], make_person: Callable[..., Person]) -> None:
    person = make_person(Api(make_project(fresh_proof_seconds=600)))
    session = person.verify()["refreshJwt"]
    person.api.clock.advance(600)
    stepped_up = person.verify(None, session, stepup=True)["refreshJwt"]
    assert update(person.api, person.login_id, stepped_up).status == 200


def test_app_is_not_replaced_or_removed_without_being_shown(person: Person) -> None:
    by_mail = person.api.sign_in(person.login_id)["refreshJwt"]
    assert update(person.api, person.login_id, by_mail).refusal == (403, "E061401")
    assert person.api.post(REMOVE, token=by_mail).refusal == (403, "E061401")
    assert person.verify().status == 200


def test_recovery_code_stands_in_for_a_lost_app(person: Person) -> None:
    api = person.api
    codes = api.post("/v1/auth/avow/recoverycodes/generate", token=person.verify()["refreshJwt"])["codes"]
    body = {"loginId": person.login_id, "code": codes[0]}
    session = api.post("/v1/auth/avow/recoverycodes/verify", body)["refreshJwt"]
    phone = enrolled(api, person.login_id, session)
    assert verify(api, person.login_id, phone.code(api.clock())).status == 200


def test_who_has_to_have_an_app_adds_it_while_their_sign_in_waits(make_project: Callable[..., Avow]) -> None:
    api, login_id = Api(make_project()), new_email()
    api.sign_in(login_id)
    change_settings(api.avow, {"mfa": "required"})
    api.clock.advance(2)
    api.post("/v1/auth/otp/signin/email", {"loginId": login_id})
    waits = api.verify_code(login_id, api.avow.code(login_id))
    assert waits.refusal == (403, "E061401")
    token = waits.body["mfaToken"]
    phone = enrolled(api, login_id, token)
    assert verify(api, login_id, phone.code(api.clock()), token, mfa=True).status == 200


def test_user_removes_their_app(person: Person) -> None:
    session = person.verify()["refreshJwt"]
    enrolled(person.api, person.login_id, session)
    assert person.api.post(REMOVE, token=session).status == 200
    assert person.api.get("/v1/auth/me", token=session)["TOTP"] is False
    assert person.verify(person.code(1)).refusal == (401, "E061102")
    assert person.api.post(REMOVE, token=session).refusal == (404, "E019404")


def test_seed_that_waits_goes_with_the_app(person: Person) -> None:
    session = person.verify()["refreshJwt"]
    waiting = enrolled(person.api, person.login_id, session)
    assert person.api.post(REMOVE, token=session).status == 200
    assert verify(person.api, person.login_id, waiting.code(person.api.clock())).refusal == (401, "E061102")


def test_management_removes_app_and_seed_that_waits_and_leaves_recovery_codes(person: Person) -> None:
    api, session = person.api, person.verify()["refreshJwt"]
    codes = api.post("/v1/auth/avow/recoverycodes/generate", token=session)["codes"]
    waiting = enrolled(api, person.login_id, session)
    body = {"loginId": person.login_id}
    assert api.post("/v1/mgmt/user/totp/delete", body, token=api.avow.management_key).status == 200
    assert verify(api, person.login_id, waiting.code(api.clock())).refusal == (401, "E061102")
    used = api.post("/v1/auth/avow/recoverycodes/verify", body | {"code": codes[0]})
    assert used.status == 200


def test_changes_are_audited_without_the_seed(api: Api) -> None:
    login_id = new_email()
    session = api.sign_in(login_id)
    answer = update(api, login_id, session["refreshJwt"])
    verified = verify(api, login_id, phones.typing(answer["key"]).code(api.clock()))
    assert api.post(REMOVE, token=verified["refreshJwt"]).status == 200
    statement = """
        SELECT action, actor, data FROM audit_events
        WHERE project_id = :project_id AND action LIKE 'totp.%' ORDER BY id
    """
    events = api.avow.run(lambda tx: tx.all(statement, lambda *columns: columns))
    actor = f"user:{session['user']['userId']}"
    assert sorted(event[:2] for event in events) == [("totp.enrolled", actor), ("totp.removed", actor)]
    assert answer["key"] not in repr(events)
