"""POST /v1/auth/magiclink/update/email and /v1/auth/magiclink/update/phone[/{method}]."""

import pytest

from tests.factories import make_user, new_email, new_phone
from tests.server.api import PAGE, Api

EMAIL, PHONE = "/v1/auth/magiclink/update/email", "/v1/auth/magiclink/update/phone"


def test_address_changes_when_the_token_came_back(api: Api) -> None:
    address, new = new_email(), new_email("new")
    token = api.sign_in(address)["refreshJwt"]
    body = {"loginId": address, "email": new, "URI": PAGE, "addToLoginIDs": True}
    assert "maskedEmail" in api.post(EMAIL, body, token=token).body
    assert api.get("/v1/auth/me", token=token)["email"] == address
    user = api.post("/v1/auth/magiclink/verify", {"token": api.link_token(new)})["user"]
    assert (user["email"], set(user["loginIds"])) == (new, {address, new})


@pytest.mark.parametrize(("suffix", "channel"), [("", "sms"), ("/voice", "voice"), ("/whatsapp", "whatsapp")])
def test_number_changes_when_the_token_came_back(suffix: str, channel: str, api: Api) -> None:
    address, number = new_email(), new_phone()
    token = api.sign_in(address)["refreshJwt"]
    api.post(f"{PHONE}{suffix}", {"loginId": address, "phone": number, "URI": PAGE}, token=token)
    assert api.avow.messages(number)[0].channel == channel
    user = api.post("/v1/auth/magiclink/verify", {"token": api.link_token(number)})["user"]
    assert (user["phone"], user["verifiedPhone"]) == (number, True)


@pytest.mark.parametrize("path", [EMAIL, PHONE])
def test_live_session_and_an_own_login_id_are_needed(path: str, api: Api) -> None:
    address, other = new_email(), new_email()
    make_user(api.avow, other)
    token = api.sign_in(address)["refreshJwt"]
    value = {"email": new_email("new"), "phone": new_phone()}
    assert api.post(path, {"loginId": address, **value}).refusal == (401, "E019401")
    assert api.post(path, {"loginId": other, **value}, token=token).refusal == (403, "E019403")
