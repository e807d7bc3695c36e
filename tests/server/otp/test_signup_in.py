"""POST /v1/auth/otp/signup-in/{method}."""

from avow.server.users import actions as users
from tests.factories import make_user, new_email, new_phone
from tests.server.api import Api

PATH = "/v1/auth/otp/signup-in"


def test_user_is_created_at_the_first_time_only(api: Api) -> None:
    number = new_phone()
    seen = []
    for _ in range(2):
        api.post(f"{PATH}/sms", {"loginId": number})
        seen.append(api.verify_code(number, api.avow.code(number), "sms"))
    assert [each["firstSeen"] for each in seen] == [True, False]
    assert seen[0]["user"]["userId"] == seen[1]["user"]["userId"]


def test_spellings_of_one_address_are_one_user(api: Api) -> None:
    address = new_email()
    first = api.sign_in(address)["user"]
    api.post(f"{PATH}/email", {"loginId": address.upper()})
    assert api.verify_code(address.upper(), api.avow.code(address))["user"]["userId"] == first["userId"]


def test_disabled_user_is_refused(api: Api) -> None:
    address = new_email()
    user_id = make_user(api.avow, address)
    api.avow.run(lambda tx: users.set_status(tx, user_id, "disabled"))
    assert api.post(f"{PATH}/email", {"loginId": address}).refusal == (403, "E062110")


def test_first_session_of_an_invited_user_is_said_to_be_the_first(api: Api) -> None:
    make_user(api.avow, address := new_email(), status="invited")
    assert [api.sign_in(address)["firstSeen"] for _ in range(2)] == [True, False]


def test_invited_user_is_enabled_by_the_proof(api: Api) -> None:
    address = new_email()
    make_user(api.avow, address, status="invited", is_verified=False)
    assert api.sign_in(address)["user"]["status"] == "enabled"
