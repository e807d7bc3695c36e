"""POST /v1/auth/password/reset, and what the link is good for."""

from collections.abc import Callable

import pytest

from avow.core import addresses
from avow.core.passwords import verify
from avow.server.users import actions as users
from avow.testing.server import Avow
from tests.factories import make_user, new_email, new_phone
from tests.server.api import PAGE, Api, Reply, Statements
from tests.server.password.people import NEW, RESET, UPDATE, configure, held, make_person, sign_in


def reset(api: Api, login_id: str, **fields: object) -> Reply:
    return api.post(RESET, {"loginId": login_id, "redirectUrl": PAGE, **fields})


def take(api: Api, token: str) -> Reply:
    return api.post("/v1/auth/magiclink/verify", {"token": token})


def test_link_signs_in_and_lets_a_new_password_be_set(api: Api) -> None:
    email, user_id = make_person(api.avow)
    other = sign_in(api, email)["refreshJwt"]
    sent = reset(api, email)
    assert sent.body == {"resetMethod": "magiclink", "maskedEmail": addresses.masked_email(email)}
    assert api.avow.link(email).startswith(f"{PAGE}?t=")
    assert sign_in(api, email).status == 200  # the old one is good until then
    session = take(api, api.link_token(email))
    assert session["user"]["userId"] == user_id
    body = {"loginId": email, "newPassword": NEW}
    assert api.post(UPDATE, body, token=session["refreshJwt"]).status == 200
    assert verify(held(api.avow, user_id).encoded, NEW)
    assert api.refresh(other).refusal == (401, "E064001")
    assert api.refresh(session["refreshJwt"]).status == 200


def test_letter_is_of_its_own_and_speaks_the_readers_language(api: Api) -> None:
    email, _ = make_person(api.avow)
    assert api.post(RESET, {"loginId": email}, accept_language="de-AT").status == 200
    [letter] = api.avow.messages(email)
    assert "Passwort" in letter.subject
    assert letter.link in letter.text


def test_number_gets_its_link_by_sms(api: Api) -> None:
    phone = new_phone()
    make_person(api.avow, login_id=phone)
    for number in (phone, new_phone()):
        assert reset(api, number).body == {"resetMethod": "magiclink", "maskedPhone": addresses.masked_phone(number)}
    assert [message.channel for message in api.avow.messages(phone)] == ["sms"]


def test_answer_tells_nothing_of_who_exists(api: Api) -> None:
    email, _ = make_person(api.avow)
    elsewhere, _ = make_person(api.avow, login_id="mia", email=new_email("kept"))
    disabled, disabled_id = make_person(api.avow)
    api.avow.run(lambda tx: users.set_status(tx, disabled_id, "disabled"))
    make_user(api.avow, "numbered", phone=new_phone())
    shapes = set()
    for login_id in (email, new_email(), elsewhere, disabled, "numbered", "nobody"):
        sent = reset(api, login_id)
        shapes.add((sent.status, tuple(sent.body)))
    assert shapes == {(200, ("resetMethod", "maskedEmail"))}
    assert not api.avow.messages(disabled)
    assert "kept" not in reset(api, "mia")["maskedEmail"]


def test_limits_of_messages_tell_nothing_either(make_project: Callable[..., Avow]) -> None:
    api = Api(make_project(sends_per_address=3))
    email, _ = make_person(api.avow)
    statuses = [[reset(api, each).status for _ in range(5)] for each in (email, new_email())]
    assert statuses[0] == statuses[1] == [200, 200, 200, 429, 429]


def test_user_and_nobody_run_the_same_statements(api: Api, statements: Statements) -> None:
    email, _ = make_person(api.avow)
    ran = []
    for login_id in (email, new_email()):
        with statements:
            assert reset(api, login_id).status == 200
        ran.append(statements.ran)
    assert ran[0] == ran[1]


def test_user_without_a_password_gets_one(api: Api) -> None:
    make_user(api.avow, email := new_email())
    reset(api, email)
    token = take(api, api.link_token(email))["refreshJwt"]
    assert api.post(UPDATE, {"loginId": email, "newPassword": NEW}, token=token).status == 200
    assert sign_in(api, email, NEW).status == 200


def test_link_works_once_and_a_newer_one_takes_its_place(api: Api) -> None:
    email, _ = make_person(api.avow)
    reset(api, email)
    first = api.link_token(email)
    reset(api, email)
    second = api.link_token(email)
    assert take(api, first).refusal == (401, "E063010")
    assert take(api, second).status == 200
    assert take(api, second).refusal == (401, "E063010")


def test_link_and_sign_in_link_leave_each_other_alone(api: Api) -> None:
    email, _ = make_person(api.avow)
    reset(api, email)
    mine = api.link_token(email)
    api.post("/v1/auth/magiclink/signin/email", {"loginId": email, "URI": PAGE})
    other = api.link_token(email)
    assert take(api, other).status == take(api, mine).status == 200


def test_link_lives_as_long_as_other_links(api: Api) -> None:
    email, _ = make_person(api.avow)
    reset(api, email)
    token = api.link_token(email)
    api.clock.advance(600)
    assert take(api, token).refusal == (401, "E062504")


@pytest.mark.parametrize(
    ("methods", "expected"),
    [(["password"], (200, "")), (["password", "magiclink"], (200, "")), (["otp"], (400, "E019400"))],
)
def test_reset_goes_with_passwords_not_with_magic_links(
    make_project: Callable[..., Avow], methods: list[str], expected: tuple[int, str]
) -> None:
    api = Api(make_project(sign_in_methods=methods))
    email, _ = make_person(api.avow)
    assert reset(api, email).refusal == expected
    if expected[0] == 200:
        assert take(api, api.link_token(email)).status == 200


def test_links_of_a_method_that_is_switched_off_come_to_nothing(make_project: Callable[..., Avow]) -> None:
    api = Api(make_project())
    email, _ = make_person(api.avow)
    reset(api, email)
    mine = api.link_token(email)
    api.post("/v1/auth/magiclink/signin/email", {"loginId": email, "URI": PAGE})
    other = api.link_token(email)
    change = {"settings": {"signInMethods": ["password"]}}
    assert api.post("/v1/mgmt/avow/project/settings", change, token=api.avow.management_key).status == 200
    api.clock.advance(2)
    assert take(api, other).refusal == (401, "E063010")
    assert take(api, mine).status == 200


def test_project_without_passwords_sends_none(api: Api) -> None:
    email, _ = make_person(api.avow)
    configure(api, enabled=False)
    assert reset(api, email).refusal == reset(api, new_email()).refusal == (400, "E019400")
    assert not api.avow.messages(email)


def test_page_that_is_not_approved_is_refused(make_project: Callable[..., Avow]) -> None:
    api = Api(make_project(approved_redirects=["https://app.example.com/"]))
    email, _ = make_person(api.avow)
    assert reset(api, email, redirectUrl="https://evil.example.org/").refusal == (400, "E011004")
    assert not api.avow.messages(email)


def test_default_of_the_project_and_then_our_own_page_take_the_token(make_project: Callable[..., Avow]) -> None:
    api = Api(make_project(default_redirects={"password": "https://app.example.com/new-password"}))
    email, _ = make_person(api.avow)
    reset(api, email, redirectUrl=None)
    assert api.avow.link(email).startswith("https://app.example.com/new-password?t=")
    api = Api(make_project())
    email, _ = make_person(api.avow)
    reset(api, email, redirectUrl=None)
    assert api.avow.link(email).startswith(f"http://localhost:8000/reset-password/{api.avow.project_id}?t=")


def test_test_user_gets_no_letter_and_takes_the_link_of_management(api: Api) -> None:
    email, _ = make_person(api.avow, is_test=True)
    body = {"loginId": email, "deliveryMethod": "email", "URI": PAGE}
    made = api.post("/v1/mgmt/tests/generate/magiclink", body, token=api.avow.management_key)
    assert reset(api, email).status == 200
    assert not api.avow.messages(email)
    session = take(api, made["link"].rpartition("t=")[2])
    assert api.post(UPDATE, {"loginId": email, "newPassword": NEW}, token=session["refreshJwt"]).status == 200
    assert not api.avow.messages(email)


def test_owner_who_comes_by_a_reset_ends_the_password_of_whoever_signed_up(api: Api) -> None:
    email = new_email()
    session = api.post("/v1/auth/password/signup", {"loginId": email, "password": "of the squatter"})
    reset(api, email)
    owner = take(api, api.link_token(email))
    assert owner["user"]["userId"] == session["user"]["userId"]
    assert owner["user"]["password"] is False
    assert api.refresh(session["refreshJwt"]).refusal == (401, "E064001")
    assert sign_in(api, email, "of the squatter").refusal == (401, "E062901")
