"""POST /v1/auth/otp/verify/{method}."""

from collections.abc import Callable

import pytest

from avow.testing.server import Avow
from tests.factories import make_user, new_email, new_phone
from tests.server.api import START, Api, Statements, wrong


@pytest.fixture
def address(api: Api) -> str:
    """An address to which a code is on its way."""
    sent_to = new_email()
    api.post("/v1/auth/otp/signup-in/email", {"loginId": sent_to})
    return sent_to


def test_code_opens_a_session_of_the_configured_life(api: Api, address: str) -> None:
    session = api.verify_code(address, api.avow.code(address))
    assert session["sessionExpiration"] == START + 600
    assert session["cookieExpiration"] == START + 28 * 86400
    assert session["cookieMaxAge"] == 28 * 86400
    assert session["firstSeen"] is True
    assert session["user"]["createdTime"] == START
    assert session.header("cache-control") == "no-store"


def test_code_lives_to_the_second(api: Api, address: str) -> None:
    code = api.avow.code(address)
    api.clock.advance(299)
    assert api.verify_code(address, wrong(code)).refusal == (401, "E061102")
    assert api.verify_code(address, code).status == 200


def test_code_is_dead_at_the_end_of_its_life(api: Api, address: str) -> None:
    code = api.avow.code(address)
    api.clock.advance(300)
    assert api.verify_code(address, code).refusal == (401, "E061104")


def test_life_of_a_code_is_a_setting(make_project: Callable[..., Avow]) -> None:
    api, address = Api(make_project(code_lifetime_seconds=30)), new_email()
    api.post("/v1/auth/otp/signup-in/email", {"loginId": address})
    code = api.avow.code(address)
    api.clock.advance(30)
    assert api.verify_code(address, code).refusal == (401, "E061104")


def test_attempts_are_counted(api: Api, address: str) -> None:
    code = api.avow.code(address)
    refusals = [api.verify_code(address, wrong(code)).refusal for _ in range(5)]
    assert refusals == [(401, "E061102")] * 4 + [(401, "E061103")]
    assert api.verify_code(address, code).refusal == (401, "E061103")


def test_last_attempt_still_counts(api: Api, address: str) -> None:
    code = api.avow.code(address)
    for _ in range(4):
        api.verify_code(address, wrong(code))
    assert api.verify_code(address, code).status == 200


def test_new_code_begins_with_all_attempts(api: Api, address: str) -> None:
    code = api.avow.code(address)
    for _ in range(5):
        api.verify_code(address, wrong(code))
    api.post("/v1/auth/otp/signup-in/email", {"loginId": address})
    assert api.verify_code(address, api.avow.code(address)).status == 200


def test_newer_code_takes_the_place_of_the_older(api: Api, address: str) -> None:
    older = api.avow.code(address)
    api.post("/v1/auth/otp/signup-in/email", {"loginId": address})
    newer = api.avow.code(address)
    if older != newer:
        assert api.verify_code(address, older).refusal == (401, "E061102")
    assert api.verify_code(address, newer).status == 200


def test_code_works_once(api: Api, address: str) -> None:
    code = api.avow.code(address)
    assert api.verify_code(address, code).status == 200
    assert api.verify_code(address, code).refusal == (401, "E061102")


def test_code_of_one_method_is_wrong_on_the_route_of_another(api: Api) -> None:
    address, number = new_email(), new_phone()
    make_user(api.avow, address, phone=number)
    api.post("/v1/auth/otp/signin/sms", {"loginId": address})
    code = api.avow.code(number)
    assert api.verify_code(address, code, "voice").refusal == (401, "E061102")
    assert api.verify_code(address, code, "email").refusal == (401, "E061102")
    assert api.verify_code(address, code, "sms").status == 200


@pytest.mark.parametrize("code", ["", "12345a", "\uff11\uff12\uff13\uff14\uff15\uff16", "12345678901"])
def test_what_is_no_code_costs_no_attempt(code: str, api: Api, address: str) -> None:
    for _ in range(6):
        assert api.verify_code(address, code).status in {400, 401}
    assert api.verify_code(address, api.avow.code(address)).status == 200


def test_wrong_codes_of_an_account_are_limited_over_all_its_codes(make_project: Callable[..., Avow]) -> None:
    api, address = Api(make_project(guesses_per_hour=5, code_attempts=3)), new_email()
    make_user(api.avow, address)
    for _ in range(2):
        api.post("/v1/auth/otp/signin/email", {"loginId": address})
        code = api.avow.code(address)
        for _ in range(3):
            refused = api.verify_code(address, wrong(code))
    assert refused.refusal == (429, "E130429")
    assert api.verify_code(address, code).refusal == (429, "E130429")
    assert api.post("/v1/auth/otp/signin/email", {"loginId": address}).refusal == (429, "E130429")
    api.clock.advance(int(refused.header("retry-after")))
    api.post("/v1/auth/otp/signin/email", {"loginId": address})
    assert api.verify_code(address, api.avow.code(address)).status == 200


def test_user_disabled_meanwhile_gets_no_session(api: Api) -> None:
    from avow.server.users import actions as users

    address = new_email()
    user_id = make_user(api.avow, address)
    api.post("/v1/auth/otp/signin/email", {"loginId": address})
    code = api.avow.code(address)
    api.avow.run(lambda tx: users.set_status(tx, user_id, "disabled"))
    assert api.verify_code(address, code).refusal == (403, "E062110")


def test_first_proof_of_an_address_ends_sessions_opened_before(api: Api) -> None:
    address, number = new_email(), new_phone()
    make_user(api.avow, address, phone=number, is_verified=False)
    api.post("/v1/auth/otp/signin/sms", {"loginId": address})
    before = api.verify_code(address, api.avow.code(number), "sms")
    api.sign_in(address)
    assert api.refresh(before["refreshJwt"]).refusal == (401, "E064001")


def test_method_that_is_switched_off_is_refused(make_project: Callable[..., Avow]) -> None:
    api = Api(make_project(sign_in_methods=["magiclink"]))
    assert api.verify_code(new_email(), "123456").refusal == (400, "E019400")


def test_sign_in_runs_five_statements(api: Api, statements: Statements) -> None:
    address = new_email()
    make_user(api.avow, address)
    api.post("/v1/auth/otp/signin/email", {"loginId": address})
    code = api.avow.code(address)
    with statements:
        api.verify_code(address, code)
    assert statements.ran == [
        "users.OWNER",
        "challenges.TAKE_CODE",
        "users.PROFILE_HELD",
        "sessions.INSERT",
        "store.INSERT_AUDIT",
    ]


def test_sign_up_runs_nine_statements(api: Api, statements: Statements) -> None:
    address = new_email()
    api.post("/v1/auth/otp/signup/email", {"loginId": address})
    code = api.avow.code(address)
    with statements:
        api.verify_code(address, code)
    assert statements.ran == [
        "users.OWNER",
        "challenges.TAKE_CODE",
        "users.INSERT",
        "users.CLAIM_LOGIN_ID",
        "roles.GRANT_DEFAULTS",
        "store.INSERT_AUDIT",
        "users.PROFILE",
        "sessions.INSERT",
        "store.INSERT_AUDIT",
    ]


def test_wrong_code_runs_six_statements(api: Api, address: str, statements: Statements) -> None:
    code = api.avow.code(address)
    with statements:
        api.verify_code(address, wrong(code))
    assert statements.ran == [
        "users.OWNER",
        "challenges.TAKE_CODE",
        "challenges.COUNTED",
        "challenges.SPEND_OF_SUBJECT",
        "challenges.COUNT",
        "store.INSERT_AUDIT",
    ]
