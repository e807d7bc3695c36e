"""POST /v1/auth/password/update."""

import pytest

from avow.core.passwords import verify
from avow.server.passwords import actions as passwords
from tests.factories import make_user, new_email
from tests.server.api import Api, Reply
from tests.server.password.people import GOOD, NEW, UPDATE, configure, held, make_person, sign_in


def update(api: Api, login_id: str, token: str, password: str = NEW) -> Reply:
    return api.post(UPDATE, {"loginId": login_id, "newPassword": password}, token=token)


def test_password_is_changed_and_only_this_session_goes_on(api: Api) -> None:
    email, user_id = make_person(api.avow)
    own, other = sign_in(api, email)["refreshJwt"], sign_in(api, email)["refreshJwt"]
    api.post("/v1/auth/password/reset", {"loginId": email})
    link = api.link_token(email)
    assert update(api, email, own).body == {}
    assert verify(held(api.avow, user_id).encoded, NEW)
    assert api.refresh(own).status == 200
    assert api.refresh(other).refusal == (401, "E064001")
    assert api.post("/v1/auth/magiclink/verify", {"token": link}).refusal == (401, "E063010")
    assert sign_in(api, email).refusal == (401, "E062901")
    assert sign_in(api, email, NEW).status == 200


def test_owner_is_told_by_mail(api: Api) -> None:
    email, _ = make_person(api.avow)
    update(api, email, sign_in(api, email)["refreshJwt"])
    [letter] = api.avow.messages(email)
    assert "password" in letter.subject.lower()
    assert not letter.link
    assert NEW not in letter.text


def test_first_password_is_set_in_a_session(api: Api) -> None:
    email = new_email()
    session = api.sign_in(email)
    assert update(api, email, session["refreshJwt"]).status == 200
    assert held(api.avow, session["user"]["userId"]).is_own == 1
    assert sign_in(api, email, NEW).status == 200


def test_session_of_another_user_changes_nothing(api: Api) -> None:
    email, user_id = make_person(api.avow)
    before, foreign = held(api.avow, user_id), api.sign_in()["refreshJwt"]
    assert update(api, email, foreign).refusal == (401, "E019401")
    assert update(api, new_email(), foreign).refusal == (401, "E019401")
    assert update(api, email, "").refusal == (401, "E019401")
    assert held(api.avow, user_id) == before


def test_session_that_is_over_changes_nothing(api: Api) -> None:
    email, user_id = make_person(api.avow)
    before, token = held(api.avow, user_id), sign_in(api, email)["refreshJwt"]
    api.post("/v1/auth/logout", token=token)
    assert update(api, email, token).refusal == (401, "E064001")
    assert held(api.avow, user_id) == before


def test_old_sign_in_has_to_be_repeated_first(api: Api) -> None:
    email, _ = make_person(api.avow)
    token = sign_in(api, email)["refreshJwt"]
    api.clock.advance(3600)
    assert update(api, email, token).refusal == (403, "E061402")
    fresh = sign_in(api, email, token=token, loginOptions={"stepup": True})["refreshJwt"]
    assert update(api, email, fresh).status == 200


@pytest.mark.parametrize("password", ["", "short", "password1234"])
def test_weak_password_changes_nothing(api: Api, password: str) -> None:
    email, user_id = make_person(api.avow)
    before = held(api.avow, user_id)
    assert update(api, email, sign_in(api, email)["refreshJwt"], password).refusal == (400, "E011004")
    assert held(api.avow, user_id) == before


def test_temporary_password_is_not_chosen_again(api: Api) -> None:
    email, user_id = make_person(api.avow, state="temporary")
    token = api.sign_in(email)["refreshJwt"]
    assert update(api, email, token, GOOD).refusal == (400, "E011004")
    assert update(api, email, token).status == 200
    assert held(api.avow, user_id).state == "active"


def test_earlier_passwords_are_refused_where_the_settings_say_so(api: Api) -> None:
    email, user_id = make_person(api.avow)
    configure(api, reuse=True, reuseAmount=3)
    token = sign_in(api, email)["refreshJwt"]
    assert update(api, email, token, GOOD).refusal == (400, "E011004")
    for password in ("the first of them", "the second of them"):
        assert update(api, email, token, password).status == 200
    assert update(api, email, token, GOOD).refusal == (400, "E011004")
    assert len(api.avow.run(lambda tx: passwords.earlier(tx, user_id, 24))) == 2


def test_disabled_user_changes_nothing(api: Api) -> None:
    make_user(api.avow, email := new_email())
    token = api.sign_in(email)["refreshJwt"]
    key = api.avow.management_key
    body = {"loginId": email, "status": "disabled"}
    assert api.post("/v1/mgmt/user/update/status", body, token=key).status == 200
    assert update(api, email, token).refusal == (401, "E064001")
