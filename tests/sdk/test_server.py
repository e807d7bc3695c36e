"""The SDK and our own server, in one process: both halves could agree on a mistake, but not on two shapes."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from avow import AuthException, DeliveryMethod, LoginOptions, RateLimitException
from avow.errors import (
    InvalidCode,
    InvalidLink,
    LinkPending,
    SessionEnded,
    TokenExpired,
    UserExists,
    UserNotFound,
)
from avow.testing.server import Avow, Server
from tests.sdk.bed import WithoutAwait

EMAIL, SMS = DeliveryMethod.EMAIL, DeliveryMethod.SMS
MAIL, PHONE, PAGE = "mia@example.com", "+12025550123", "https://app.example.com/verify"


@pytest.fixture(scope="module")
def avow_server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def avow(avow_server: Server) -> Avow:
    return avow_server.project()


@pytest.fixture(params=["sync", "async"])
def client(request: pytest.FixtureRequest, avow: Avow) -> Iterator[Any]:
    with asyncio.Runner() as runner:
        yield avow.client() if request.param == "sync" else WithoutAwait(avow.async_client(), runner)


@pytest.fixture
def sign_in(client: Any, avow: Avow) -> Callable[[], Any]:
    def act() -> Any:
        client.otp.sign_up_or_in(EMAIL, MAIL)
        return client.otp.verify_code(EMAIL, MAIL, avow.code(MAIL))

    return act


def test_code_opens_a_session(client: Any, avow: Avow) -> None:
    with pytest.raises(UserNotFound):
        client.otp.sign_in(EMAIL, MAIL)
    masked = client.otp.sign_up(EMAIL, MAIL, {"name": "Mia", "phone": PHONE})
    assert MAIL not in masked
    with pytest.raises(InvalidCode) as refused:
        client.otp.verify_code(EMAIL, MAIL, "000000" if avow.code(MAIL) != "000000" else "111111")
    assert refused.value.status_code == 401
    answer = client.otp.verify_code(EMAIL, MAIL, avow.code(MAIL))
    assert (answer["firstSeen"], answer["user"]["name"]) == (True, "Mia")
    assert answer["userId"] == answer["user"]["userId"] == client.validate_session(answer["sessionToken"]["jwt"])["sub"]
    with pytest.raises(UserExists) as again:
        client.otp.sign_up(EMAIL, MAIL)
    assert (again.value.status_code, again.value.error_code) == (400, "E062107")


def test_session_is_refreshed_and_ended(client: Any, avow: Avow, sign_in: Callable[[], Any]) -> None:
    first = sign_in()
    session, refresh = first["sessionToken"]["jwt"], first["refreshSessionToken"]["jwt"]
    avow.advance(700)
    with pytest.raises(TokenExpired):
        client.validate_session(session)
    second = client.validate_and_refresh_session(session, refresh)
    newest = second["refreshSessionToken"]["jwt"]
    # Our SDK promised to keep the newest token, so the session rotates; within the grace the generation is the same.
    assert second["refreshSessionToken"]["jti"] != first["refreshSessionToken"]["jti"]
    assert client.refresh_session(newest)["refreshSessionToken"]["jti"] == second["refreshSessionToken"]["jti"]
    client.logout(newest)
    with pytest.raises(SessionEnded) as refused:
        client.refresh_session(newest)
    assert refused.value.status_code == 401


def test_logout_all_ends_the_other_sessions(client: Any, sign_in: Callable[[], Any]) -> None:
    one, two = sign_in()["refreshSessionToken"]["jwt"], sign_in()["refreshSessionToken"]["jwt"]
    client.logout_all(one)
    for token in (one, two):
        with pytest.raises(AuthException) as refused:
            client.me(token)
        assert refused.value.status_code == 401


def test_person_is_told_about_themselves(client: Any, sign_in: Callable[[], Any]) -> None:
    token = sign_in()["refreshSessionToken"]["jwt"]
    assert client.me(token)["loginIds"] == [MAIL]
    assert len(client.history(token)) >= 1
    assert client.my_tenants(token, ids=["T1"]) == {"tenants": []}
    with pytest.raises(AuthException):
        client.select_tenant("T1", token)


def test_magic_link_opens_a_session_once(client: Any, avow: Avow) -> None:
    assert "***" in client.magiclink.sign_up_or_in(EMAIL, MAIL, PAGE)
    link = avow.link(MAIL)
    assert link.startswith(f"{PAGE}?t=")
    token = link.partition("t=")[2]
    assert client.magiclink.verify(token)["user"]["email"] == MAIL
    with pytest.raises(InvalidLink):
        client.magiclink.verify(token)


def test_enchanted_link_is_waited_for(client: Any, avow: Avow) -> None:
    pending = client.enchantedlink.sign_up_or_in(MAIL, PAGE)
    with pytest.raises(LinkPending) as refused:
        client.enchantedlink.get_session(pending["pendingRef"])
    assert refused.value.status_code == 401
    links = next(message.links for message in avow.messages(MAIL) if message.links)
    right = next(link for link in links if link.id == pending["linkId"])
    assert client.enchantedlink.verify(right.url.partition("t=")[2]) is None
    assert client.enchantedlink.get_session(pending["pendingRef"])["user"]["email"] == MAIL


def test_new_address_counts_after_its_code(client: Any, avow: Avow, sign_in: Callable[[], Any]) -> None:
    token = sign_in()["refreshSessionToken"]["jwt"]
    client.otp.update_user_email(MAIL, "new@example.com", token, add_to_login_ids=True)
    client.otp.verify_code(EMAIL, MAIL, avow.code("new@example.com"))
    assert client.me(token)["email"] == "new@example.com"
    client.otp.update_user_phone(SMS, MAIL, PHONE, token)
    client.otp.verify_code(SMS, MAIL, avow.code(PHONE))
    assert client.me(token)["phone"] == PHONE


def test_options_travel(client: Any, avow: Avow, sign_in: Callable[[], Any]) -> None:
    token = sign_in()["refreshSessionToken"]["jwt"]
    client.otp.sign_in(EMAIL, MAIL, LoginOptions(custom_claims={"plan": "pro"}, revoke_other_sessions=True))
    answer = client.otp.verify_code(EMAIL, MAIL, avow.code(MAIL))
    assert answer["sessionToken"]["nsec"] == {"plan": "pro"}
    with pytest.raises(AuthException):
        client.me(token)


def test_settings_are_changed(client: Any) -> None:
    assert client.mgmt.project.get_settings()["codeDigits"] == 6
    assert client.mgmt.project.set_settings(code_digits=8)["codeDigits"] == 8
    assert client.mgmt.project.set_settings(code_digits=None)["codeDigits"] == 6
    with pytest.raises(AuthException) as refused:
        client.mgmt.project.set_settings(code_digits=1)
    assert refused.value.status_code == 400


def test_rate_limit_says_how_long_and_then_lets_go(client: Any, avow: Avow) -> None:
    def ask_often() -> None:
        for _ in range(20):
            client.otp.sign_up_or_in(EMAIL, MAIL)

    with pytest.raises(RateLimitException) as refused:
        ask_often()
    wait = refused.value.rate_limit_parameters["Retry-After"]
    assert wait > 0
    avow.advance(wait)
    assert client.otp.sign_up_or_in(EMAIL, MAIL)
