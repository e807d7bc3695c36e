"""POST /v1/auth/password/signup."""

from collections.abc import Callable

import pytest

from avow.core.passwords import needs_rehash, verify
from avow.testing.server import Avow
from tests.factories import make_user, new_email, new_phone
from tests.server.api import Api, Reply
from tests.server.password.people import GOOD, SIGN_UP, configure, held, sign_in


def sign_up(api: Api, login_id: str, password: str = GOOD, **fields: object) -> Reply:
    return api.post(SIGN_UP, {"loginId": login_id, "password": password, **fields})


def test_user_is_created_with_an_address_that_nobody_has_proven(api: Api) -> None:
    email = new_email()
    session = sign_up(api, email, user={"name": "Mia", "phone": "+12025550147"})
    assert session["firstSeen"] is True
    user = session["user"]
    assert (user["loginIds"], user["email"], user["verifiedEmail"]) == ([email], email, False)
    assert (user["name"], user["phone"], user["verifiedPhone"]) == ("Mia", "+12025550147", False)
    assert (user["password"], user["status"]) == (True, "enabled")
    stored = held(api.avow, user["userId"])
    assert verify(stored.encoded, GOOD)
    assert (stored.state, stored.is_own, needs_rehash(stored.encoded)) == ("active", 1, False)
    assert api.refresh(session["refreshJwt"]).status == 200
    assert sign_in(api, email)["firstSeen"] is False


@pytest.mark.parametrize("login_id", ["mia the first", "+12025550199"])
def test_name_or_number_is_a_login_id_too(api: Api, login_id: str) -> None:
    assert sign_up(api, login_id)["user"]["loginIds"] == [login_id]
    assert sign_in(api, login_id).status == 200


def test_taken_login_id_is_refused_before_the_password_is_hashed(api: Api) -> None:
    make_user(api.avow, email := new_email())
    assert sign_up(api, email).refusal == (400, "E062107")
    assert sign_up(api, email.upper()).refusal == (400, "E062107")


def test_address_beside_a_login_id_that_is_another_is_refused(api: Api) -> None:
    assert sign_up(api, new_email(), user={"email": new_email()}).refusal == (400, "E011004")
    assert sign_up(api, new_phone(), user={"phone": new_phone()}).refusal == (400, "E011004")


@pytest.mark.parametrize("password", ["", "short", "12345678", "password1234", "qwertyuiop", "Sunshine2026"])
def test_weak_password_creates_nobody(api: Api, password: str) -> None:
    email = new_email()
    assert sign_up(api, email, password).status == 400
    assert api.get("/v1/mgmt/user", {"loginId": email}, token=api.avow.management_key).status == 404


def test_what_person_and_project_are_called_is_no_password(make_project: Callable[..., Avow]) -> None:
    api = Api(make_project("Wonderland"))
    email = new_email("alice-liddell")
    for password in (email, email.partition("@")[0], "Alice Liddell", "Wonderland", "wonderland2026", "12 WONDERLAND!"):
        assert sign_up(api, email, password, user={"name": "Alice Liddell"}).refusal == (400, "E011004")
    assert sign_up(api, email, "wonderland of mine", user={"name": "Alice Liddell"}).status == 200


def test_settings_of_the_project_apply(api: Api) -> None:
    configure(api, minLength=10, nonAlphanumeric=True)
    assert sign_up(api, new_email(), "nosigns1here").refusal == (400, "E011004")
    assert sign_up(api, new_email(), "two words!").status == 200


def test_project_without_passwords_takes_nobody(api: Api, make_project: Callable[..., Avow]) -> None:
    configure(api, enabled=False)
    assert sign_up(api, new_email()).refusal == (400, "E019400")
    assert sign_up(Api(make_project(sign_in_methods=["otp"])), new_email()).refusal == (400, "E019400")


def test_project_that_hides_who_exists_takes_no_sign_up_by_password(make_project: Callable[..., Avow]) -> None:
    api = Api(make_project(hides_existence=True))
    make_user(api.avow, email := new_email())
    refused = [sign_up(api, each) for each in (email, new_email())]
    assert refused[0].body == refused[1].body
    assert refused[0].refusal == (400, "E019400")


def test_options_of_the_session_are_kept(api: Api) -> None:
    session = sign_up(api, new_email(), loginOptions={"customClaims": {"plan": "free"}})
    claims = api.avow.client().validate_session(session["sessionJwt"])
    assert claims["nsec"] == {"plan": "free"}
    assert claims["amr"] == ["pwd"]
    for wish in ("stepup", "mfa"):
        assert sign_up(api, new_email(), loginOptions={wish: True}).refusal[0] == 401


def test_address_is_proven_in_the_session_and_the_password_stays(api: Api) -> None:
    email = new_email()
    session = sign_up(api, email)
    body = {"loginId": email, "email": email}
    assert api.post("/v1/auth/otp/update/email", body, token=session["refreshJwt"]).status == 200
    assert api.verify_code(email, api.avow.code(email))["user"]["verifiedEmail"] is True
    assert sign_in(api, email).status == 200
