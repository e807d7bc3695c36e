"""POST /v1/auth/otp/update/phone/{method}."""

from collections.abc import Callable

import pytest

from avow.testing.server import Avow
from tests.factories import new_email, new_phone
from tests.server.api import Api

PATH = "/v1/auth/otp/update/phone"


@pytest.mark.parametrize("method", ["sms", "voice", "whatsapp"])
def test_number_changes_when_the_code_came_back(method: str, api: Api) -> None:
    address, number = new_email(), new_phone()
    token = api.sign_in(address)["refreshJwt"]
    api.post(f"{PATH}/{method}", {"loginId": address, "phone": number}, token=token)
    assert api.avow.messages(number)[0].channel == method
    assert api.get("/v1/auth/me", token=token)["phone"] == ""
    user = api.verify_code(address, api.avow.code(number), method)["user"]
    assert (user["phone"], user["verifiedPhone"]) == (number, True)


def test_second_factor_keeps_what_the_session_had(api: Api) -> None:
    address, number = new_email(), new_phone()
    token = api.sign_in(address)["refreshJwt"]
    api.post(f"{PATH}/sms", {"loginId": address, "phone": number, "mfa": True}, token=token)
    session = api.verify_code(address, api.avow.code(number), "sms")
    claims = api.avow.client().validate_session(session["sessionJwt"])
    assert claims["amr"] == ["email", "sms", "mfa"]


def test_country_that_gets_no_messages_is_refused(make_project: Callable[..., Avow]) -> None:
    api, address = Api(make_project(phone_countries=["DE"])), new_email()
    token = api.sign_in(address)["refreshJwt"]
    refused = api.post(f"{PATH}/sms", {"loginId": address, "phone": new_phone()}, token=token)
    assert refused.refusal == (400, "E011004")
