"""POST /v1/auth/otp/signin/{method}."""

from collections.abc import Callable

import pytest

from avow.server.keys.directory import ProjectDirectory
from avow.server.users import actions as users
from avow.testing.server import Avow
from tests.factories import make_user, new_email, new_phone
from tests.server.api import Api

PATH = "/v1/auth/otp/signin"


def test_code_goes_to_the_address_of_the_user_not_to_the_login_id(api: Api) -> None:
    address, number = new_email(), new_phone()
    make_user(api.avow, f"name {number}", email=address, phone=number)
    assert "maskedPhone" in api.post(f"{PATH}/sms", {"loginId": f"name {number}"}).body
    assert [message.channel for message in api.avow.messages(number)] == ["sms"]
    api.post(f"{PATH}/email", {"loginId": f"name {number}"})
    assert [message.channel for message in api.avow.messages(address)] == ["email"]


def test_any_login_id_of_the_user_will_do(api: Api) -> None:
    address, number = new_email(), new_phone()
    user_id = make_user(api.avow, address, further_login_ids=(number,))
    assert api.post(f"{PATH}/email", {"loginId": number}).status == 200
    assert api.verify_code(number, api.avow.code(address))["user"]["userId"] == user_id


def test_user_without_such_an_address_is_refused(api: Api) -> None:
    address = new_email()
    make_user(api.avow, address)
    assert api.post(f"{PATH}/sms", {"loginId": address}).refusal == (400, "E011004")


def test_unknown_login_id_is_refused(api: Api) -> None:
    assert api.post(f"{PATH}/email", {"loginId": new_email()}).refusal == (401, "E062108")


def test_unknown_login_id_answers_alike_when_existence_is_hidden(make_project: Callable[..., Avow]) -> None:
    api = Api(make_project(hides_existence=True))
    known, unknown = new_email(), new_email()
    make_user(api.avow, known)
    assert api.post(f"{PATH}/email", {"loginId": known}).body == api.post(f"{PATH}/email", {"loginId": unknown}).body
    assert api.avow.messages(unknown) == []


def test_method_that_the_server_cannot_send_by_is_refused(api: Api) -> None:
    """A code that nobody carries would leave the person waiting."""
    address = new_email()
    make_user(api.avow, address)
    directory = api.avow.server.site.edge.directory
    assert isinstance(directory, ProjectDirectory)
    without_mail = ProjectDirectory(api.avow.server.clock, api.avow.server.site.settings, frozenset({"sms"}))
    api.avow.server.site.edge.directory = without_mail
    try:
        assert api.post(f"{PATH}/email", {"loginId": address}).refusal == (400, "E011004")
    finally:
        api.avow.server.site.edge.directory = directory
    assert api.post(f"{PATH}/email", {"loginId": address}).status == 200


def test_user_of_another_project_is_unknown(api: Api, make_project: Callable[..., Avow]) -> None:
    address = new_email()
    make_user(make_project(), address)
    assert api.post(f"{PATH}/email", {"loginId": address}).refusal == (401, "E062108")


def test_disabled_user_is_refused(api: Api) -> None:
    address = new_email()
    user_id = make_user(api.avow, address)
    api.avow.run(lambda tx: users.set_status(tx, user_id, "disabled"))
    assert api.post(f"{PATH}/email", {"loginId": address}).refusal == (403, "E062110")


def test_step_up_and_second_factor_need_a_live_session_of_the_user(api: Api) -> None:
    address, other = new_email(), new_email()
    mine, theirs = api.sign_in(address), api.sign_in(other)
    for option in ("stepup", "mfa"):
        body = {"loginId": address, "loginOptions": {option: True}}
        assert api.post(f"{PATH}/email", body).refusal == (401, "E019401")
        assert api.post(f"{PATH}/email", body, token=theirs["refreshJwt"]).refusal == (401, "E019401")
        assert api.post(f"{PATH}/email", body, token=mine["refreshJwt"]).status == 200
    api.post("/v1/auth/logout", token=mine["refreshJwt"])
    assert api.post(f"{PATH}/email", body, token=mine["refreshJwt"]).refusal == (401, "E064001")


@pytest.mark.parametrize("option", ["stepup", "mfa"])
def test_step_up_and_second_factor_end_with_the_session_they_add_to(api: Api, option: str) -> None:
    address = new_email()
    for ends in (False, True):
        mine = api.sign_in(address)
        body = {"loginId": address, "loginOptions": {option: True}}
        assert api.post(f"{PATH}/email", body, token=mine["refreshJwt"]).status == 200
        if ends:
            api.post("/v1/auth/logoutall", token=mine["refreshJwt"])
        answer = api.verify_code(address, api.avow.code(address))
        assert answer.refusal == ((401, "E061102") if ends else (200, ""))
        api.clock.advance(700)
