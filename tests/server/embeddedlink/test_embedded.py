"""POST /v1/mgmt/user/signin/embeddedlink and /signup/embeddedlink: tokens that management hands out."""

from collections.abc import Callable
from typing import Any

import pytest

from avow.server.users import actions as users
from avow.testing.server import Avow
from tests.factories import make_user, new_email
from tests.security.place import claims_of
from tests.server.api import PAGE, Api, Reply, Statements

SIGN_IN, SIGN_UP = "/v1/mgmt/user/signin/embeddedlink", "/v1/mgmt/user/signup/embeddedlink"


@pytest.fixture
def login_id(avow: Avow) -> str:
    address = new_email()
    make_user(avow, address)
    return address


def generate(api: Api, path: str, login_id: str, **body: Any) -> Reply:
    return api.post(path, {"loginId": login_id, **body}, token=api.avow.management_key)


def verify(api: Api, token: str) -> Reply:
    return api.post("/v1/auth/magiclink/verify", {"token": token})


def test_magic_link_and_embedded_link_do_not_end_each_other(api: Api, login_id: str) -> None:
    token = generate(api, SIGN_IN, login_id)["token"]
    api.post("/v1/auth/magiclink/signin/email", {"loginId": login_id, "URI": PAGE})
    mailed = api.link_token(login_id)
    assert verify(api, token).status == 200
    assert verify(api, mailed).status == 200


def test_token_is_taken_by_no_other_method_and_no_other_project(
    api: Api, login_id: str, make_project: Callable[..., Avow]
) -> None:
    token = generate(api, SIGN_IN, login_id)["token"]
    assert api.post("/v1/auth/enchantedlink/verify", {"token": token}).status == 401
    assert verify(Api(make_project()), token).refusal == (401, "E063010")
    assert verify(api, token).status == 200


def test_changed_secret_ends_the_token_after_three_tries(api: Api, login_id: str) -> None:
    token = generate(api, SIGN_IN, login_id)["token"]
    for _ in range(3):
        assert verify(api, token[:-1] + ("A" if token[-1] != "A" else "B")).refusal == (401, "E063010")
    assert verify(api, token).refusal == (401, "E063010")


def test_default_end_is_that_of_magic_links(api: Api, login_id: str) -> None:
    token = generate(api, SIGN_IN, login_id, timeout=0)["token"]
    api.avow.advance(601)
    assert verify(api, token).refusal == (401, "E062504")


def test_longest_time_is_four_weeks(api: Api, login_id: str) -> None:
    token = generate(api, SIGN_IN, login_id, timeout=28 * 86400)["token"]
    api.avow.advance(28 * 86400 - 1)
    assert verify(api, token).status == 200
    for timeout in (-1, 28 * 86400 + 1, "60", 1.5):
        assert generate(api, SIGN_IN, login_id, timeout=timeout).refusal == (400, "E011003")


def test_user_who_is_disabled_or_gone_is_not_signed_in(api: Api, avow: Avow, login_id: str) -> None:
    gone, disabled = new_email(), new_email()
    ids = {each: make_user(avow, each) for each in (gone, disabled)}
    tokens = [generate(api, SIGN_IN, each)["token"] for each in ids]
    avow.run(lambda tx: users.delete(tx, ids[gone]))
    avow.run(lambda tx: users.set_status(tx, ids[disabled], "disabled"))
    assert [verify(api, token).status for token in tokens] == [401, 401]


def test_reserved_claims_stay_the_servers(api: Api, login_id: str) -> None:
    claims = {"sub": "other", "exp": 1, "roles": ["admin"], "plan": "pro"}
    session = verify(api, generate(api, SIGN_IN, login_id, customClaims=claims)["token"])
    said = claims_of(session["sessionJwt"])
    assert (said["sub"], said["roles"], said["plan"]) == (session["user"]["userId"], [], "pro")
    refreshed = claims_of(api.refresh(session["refreshJwt"])["sessionJwt"])
    assert refreshed["plan"] == "pro"
    assert generate(api, SIGN_IN, login_id, customClaims={"x": "x" * 9000}).refusal == (400, "E011004")


def test_no_address_is_proven_and_no_other_session_ends(api: Api, avow: Avow) -> None:
    address = new_email()
    make_user(avow, address, is_verified=False)
    first = verify(api, generate(api, SIGN_IN, address)["token"])
    second = verify(api, generate(api, SIGN_IN, address)["token"])
    assert second["user"]["verifiedEmail"] is False
    assert claims_of(second["sessionJwt"])["amr"] == ["embedded"]
    assert api.refresh(first["refreshJwt"]).status == 200


def test_person_who_first_proves_the_address_ends_what_was_embedded(api: Api, avow: Avow) -> None:
    """Whoever had the token before the owner came has no way in any more."""
    address = new_email()
    make_user(avow, address, is_verified=False)
    session, waiting = verify(api, generate(api, SIGN_IN, address)["token"]), generate(api, SIGN_IN, address)["token"]
    api.sign_in(address)
    assert api.refresh(session["refreshJwt"]).status == 401
    assert verify(api, waiting).refusal == (401, "E063010")


def test_sign_up_creates_who_was_named(api: Api) -> None:
    address = new_email()
    person = {"givenName": "Mia", "family_name": "Moe", "name": "Mia Moe"}
    token = generate(api, SIGN_UP, address, user=person, emailVerified=True)["token"]
    session = verify(api, token)
    user = session["user"]
    assert session["firstSeen"] is True
    assert (user["email"], user["verifiedEmail"], user["givenName"], user["familyName"]) == (
        address,
        True,
        "Mia",
        "Moe",
    )


def test_sign_up_by_name_needs_no_address(api: Api) -> None:
    user = verify(api, generate(api, SIGN_UP, "robot", emailVerified=True)["token"])["user"]
    assert (user["email"], user["verifiedEmail"], user["loginIds"]) == ("", False, ["robot"])


def test_sign_up_of_a_taken_login_id_is_refused_early_and_late(api: Api, avow: Avow, login_id: str) -> None:
    assert generate(api, SIGN_UP, login_id.upper()).refusal == (400, "E062107")
    address = new_email()
    token = generate(api, SIGN_UP, address)["token"]
    make_user(avow, address)
    assert verify(api, token).refusal == (400, "E062107")


@pytest.mark.parametrize(
    "body",
    [{"user": {"email": "no address"}}, {"user": {"phone": "12"}}, {"loginOptions": {"stepup": True}}],
    ids=["email", "phone", "stepup"],
)
def test_sign_up_that_cannot_be_is_refused(api: Api, body: dict[str, Any]) -> None:
    assert generate(api, SIGN_UP, new_email(), **body).refusal == (400, "E011004")


def test_statements(api: Api, login_id: str, statements: Statements) -> None:
    with statements:
        token = generate(api, SIGN_IN, login_id)["token"]
    assert [each for each in statements.ran if not each.startswith(("keys.", "projects."))] == [
        "users.OWNER",
        "store.INSERT_AUDIT",
        "challenges.PUT",
    ]
    with statements:
        verify(api, token)
    assert statements.ran == [
        "challenges.SPEND_BY_ID",
        "challenges.CONSUME",
        "users.PROFILE_HELD",
        "sessions.INSERT",
        "store.INSERT_AUDIT",
    ]
