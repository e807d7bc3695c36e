"""POST /v1/auth/otp/update/email."""

from collections.abc import Callable

import pytest

from avow.testing.server import Avow
from tests.factories import make_user, new_email
from tests.server.api import Api, Reply

PATH = "/v1/auth/otp/update/email"


@pytest.fixture
def address() -> str:
    return new_email()


@pytest.fixture
def session(api: Api, address: str) -> Reply:
    return api.sign_in(address)


def test_address_changes_when_the_code_came_back(api: Api, address: str, session: Reply) -> None:
    new, token = new_email("new"), session["refreshJwt"]
    assert "maskedEmail" in api.post(PATH, {"loginId": address, "email": new}, token=token).body
    assert api.get("/v1/auth/me", token=token)["email"] == address
    user = api.verify_code(address, api.avow.code(new))["user"]
    assert (user["email"], user["verifiedEmail"], user["loginIds"]) == (new, True, [address])


def test_address_does_not_change_once_the_session_has_rested_too_long(make_project: Callable[..., Avow]) -> None:
    api, address, new = Api(make_project(idle_lifetime_seconds=100)), new_email(), new_email("new")
    session = api.sign_in(address)
    api.post(PATH, {"loginId": address, "email": new}, token=session["refreshJwt"])
    api.clock.advance(100)
    assert api.verify_code(address, api.avow.code(new)).refusal == (401, "E061102")


def test_new_address_becomes_a_login_id_when_asked(api: Api, address: str, session: Reply) -> None:
    new = new_email("new")
    body = {"loginId": address, "email": new, "addToLoginIDs": True}
    api.post(PATH, body, token=session["refreshJwt"])
    assert set(api.verify_code(address, api.avow.code(new))["user"]["loginIds"]) == {address, new}
    assert api.post("/v1/auth/otp/signin/email", {"loginId": new}).status == 200


def test_login_id_of_another_user_cannot_be_taken(api: Api, address: str, session: Reply) -> None:
    new = new_email("new")
    make_user(api.avow, new)
    body = {"loginId": address, "email": new, "addToLoginIDs": True, "onMergeUseExisting": True}
    api.post(PATH, body, token=session["refreshJwt"])
    assert api.verify_code(address, api.avow.code(new)).refusal == (400, "E062107")
    assert api.get("/v1/auth/me", token=session["refreshJwt"])["email"] == address


def test_only_an_own_login_id_can_be_named(api: Api, address: str, session: Reply) -> None:
    other = new_email()
    make_user(api.avow, other)
    for login_id in (other, new_email("nobody")):
        body = {"loginId": login_id, "email": new_email("new")}
        assert api.post(PATH, body, token=session["refreshJwt"]).refusal == (403, "E019403")


def test_live_session_is_needed(api: Api, address: str, session: Reply) -> None:
    body = {"loginId": address, "email": new_email("new")}
    assert api.post(PATH, body).refusal == (401, "E019401")
    assert api.post(PATH, body, token=session["sessionJwt"]).refusal == (401, "E064002")
    api.post("/v1/auth/logout", token=session["refreshJwt"])
    assert api.post(PATH, body, token=session["refreshJwt"]).refusal == (401, "E064001")


def test_malformed_address_is_refused(api: Api, address: str, session: Reply) -> None:
    body = {"loginId": address, "email": "nowhere"}
    assert api.post(PATH, body, token=session["refreshJwt"]).refusal == (400, "E011004")
