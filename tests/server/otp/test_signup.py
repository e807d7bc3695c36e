"""POST /v1/auth/otp/signup/{method}."""

from collections.abc import Callable

import pytest

from avow.testing.server import Avow
from tests.factories import make_user, new_email, new_phone
from tests.server.api import Api, Statements

PATH = "/v1/auth/otp/signup"


def test_nobody_exists_before_the_code_came_back(api: Api) -> None:
    address = new_email()
    assert api.post(f"{PATH}/email", {"loginId": address})["maskedEmail"].endswith(".com")
    assert api.post("/v1/auth/otp/signin/email", {"loginId": address}).refusal == (401, "E062108")
    assert api.verify_code(address, api.avow.code(address))["firstSeen"] is True
    assert api.post("/v1/auth/otp/signin/email", {"loginId": address}).status == 200


def test_taken_login_id_is_refused_in_any_spelling(api: Api) -> None:
    address = new_email()
    make_user(api.avow, address)
    for spelling in (address, address.upper(), f" {address} "):
        assert api.post(f"{PATH}/email", {"loginId": spelling}).refusal == (400, "E062107")


def test_taken_login_id_answers_alike_when_existence_is_hidden(make_project: Callable[..., Avow]) -> None:
    api = Api(make_project(hides_existence=True))
    known, unknown = new_email(), new_email()
    make_user(api.avow, known)
    assert api.post(f"{PATH}/email", {"loginId": known}).body == api.post(f"{PATH}/email", {"loginId": unknown}).body
    assert api.avow.messages(known) == []
    assert api.verify_code(known, "123456").refusal == (401, "E061102")


@pytest.mark.parametrize(
    ("method", "fields"),
    [
        ("sms", ("phone",)),
        ("voice", ("voice", "phone")),
        ("whatsapp", ("whatsapp", "phone")),
    ],
)
def test_number_is_found_under_the_name_of_the_method(method: str, fields: tuple[str, ...], api: Api) -> None:
    for name in fields:
        number = new_phone()
        api.post(f"{PATH}/{method}", {"loginId": f"name {number}", name: number})
        assert api.avow.messages(number)[0].channel == method


def test_login_id_that_is_no_address_needs_one_besides(api: Api) -> None:
    assert api.post(f"{PATH}/email", {"loginId": "mia"}).refusal == (400, "E011004")
    assert api.post(f"{PATH}/sms", {"loginId": new_email()}).refusal == (400, "E011004")


@pytest.mark.parametrize("body", [{}, {"loginId": None}, {"loginId": ""}, {"loginId": 7}, {"loginId": "x" * 321}])
def test_malformed_body_is_refused(body: object, api: Api) -> None:
    refused = api.post(f"{PATH}/email", body)
    assert refused.status == 400
    assert refused.body["errorCode"].startswith("E01100")


def test_delivery_method_that_does_not_exist_is_not_found(api: Api) -> None:
    assert api.post(f"{PATH}/pigeon", {"loginId": new_email()}).status == 404


def test_sixth_message_within_ten_minutes_is_refused(api: Api) -> None:
    address = new_email()
    for _ in range(5):
        assert api.post(f"{PATH}/email", {"loginId": address}).status == 200
    refused = api.post(f"{PATH}/email", {"loginId": address})
    assert refused.refusal == (429, "E130429")
    assert refused.header("retry-after") == "600"
    api.clock.advance(599)
    assert api.post(f"{PATH}/email", {"loginId": address}).header("retry-after") == "1"
    api.clock.advance(1)
    assert api.post(f"{PATH}/email", {"loginId": address}).status == 200


def test_refused_send_leaves_the_last_code_alive(make_project: Callable[..., Avow]) -> None:
    api, address = Api(make_project(sends_per_address=1)), new_email()
    api.post(f"{PATH}/email", {"loginId": address})
    code = api.avow.code(address)
    assert api.post(f"{PATH}/email", {"loginId": address}).refusal == (429, "E130429")
    assert api.verify_code(address, code).status == 200


def test_code_of_a_login_id_that_was_taken_meanwhile_opens_nothing(api: Api) -> None:
    address, login_id = new_email(), f"name {new_phone()}"
    api.post(f"{PATH}/email", {"loginId": login_id, "email": address})
    code = api.avow.code(address)
    make_user(api.avow, login_id, email=new_email())
    assert api.verify_code(login_id, code).refusal == (401, "E061102")


def test_send_runs_six_statements(api: Api, statements: Statements) -> None:
    address = new_email()
    api.post(f"{PATH}/email", {"loginId": new_email()})
    with statements:
        api.post(f"{PATH}/email", {"loginId": address})
    assert statements.ran == [
        "users.OWNER",
        "challenges.COUNTED",
        "challenges.PUT",
        "delivery.LOCK_SENDS",
        "delivery.SENDS",
        "delivery.INSERT_MESSAGE",
    ]
