"""Magic links through the official SDK."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from descope import AuthException

from avow.core import addresses
from avow.testing.server import Avow
from tests.contract.people import (
    EMAIL,
    METHOD_OF,
    Person,
    by_method,
    error_code,
    masked,
    masked_field,
    new_address,
)
from tests.factories import make_user, new_email, new_phone

PAGE = "https://app.example.com/verify-magic-link?from=mail"


def token_of(link: str) -> str:
    """Return the `t` of a link, which leads to the page that the caller named."""
    assert link.startswith(f"{PAGE}&t=")
    [token] = parse_qs(urlsplit(link).query)["t"]
    return token


@pytest.mark.operation("magiclink.sign_up", "magiclink.verify")
@by_method("magiclink.sign_up")
def test_sign_up_sends_a_link_that_opens_the_first_session(name: str, client: Any, avow: Avow, fits: Any) -> None:
    address = new_address(name)
    assert client.magiclink.sign_up(METHOD_OF[name], address, PAGE, {"name": "Mia"}) == masked(name, address)
    assert fits("magiclink.sign_up", masked_field(name))
    [message] = avow.messages(address)
    assert message.channel == name
    session = client.magiclink.verify(token_of(message.link))
    assert fits("magiclink.verify", "sessionJwt", "refreshJwt")
    assert session["firstSeen"] is True
    assert session["user"]["name"] == "Mia"
    assert session["user"]["verifiedEmail" if name == "email" else "verifiedPhone"] is True
    assert session["sessionToken"]["amr"] == ["email" if name == "email" else "sms"]


@pytest.mark.operation("magiclink.sign_in", "magiclink.verify")
@by_method("magiclink.sign_in")
def test_sign_in_sends_a_link_to_the_user(name: str, client: Any, avow: Avow, fits: Any) -> None:
    address = new_address(name)
    user_id = make_user(avow, address)
    assert client.magiclink.sign_in(METHOD_OF[name], address, PAGE) == masked(name, address)
    assert fits("magiclink.sign_in", masked_field(name))
    session = client.magiclink.verify(token_of(avow.link(address)))
    assert (session["userId"], session["firstSeen"]) == (user_id, False)


@pytest.mark.operation("magiclink.sign_up_or_in", "magiclink.verify")
@by_method("magiclink.sign_up_or_in")
def test_sign_up_or_in_creates_the_user_once(name: str, client: Any, avow: Avow, fits: Any) -> None:
    address = new_address(name)
    sessions = []
    for _ in range(2):
        assert client.magiclink.sign_up_or_in(METHOD_OF[name], address, PAGE) == masked(name, address)
        assert fits("magiclink.sign_up_or_in", masked_field(name))
        sessions.append(client.magiclink.verify(token_of(avow.link(address))))
    assert [session["firstSeen"] for session in sessions] == [True, False]
    assert sessions[0]["userId"] == sessions[1]["userId"]


@pytest.mark.operation("magiclink.update_user_email", "magiclink.verify")
def test_new_email_is_the_users_once_its_link_came_back(
    client: Any, avow: Avow, sign_in: Callable[..., Person], fits: Any
) -> None:
    person, address = sign_in(), new_email("new")
    answer = client.magiclink.update_user_email(
        person.login_id, address, person.refresh_jwt, add_to_login_ids=True, on_merge_use_existing=True
    )
    assert answer == addresses.masked_email(address)
    assert fits("magiclink.update_user_email", "maskedEmail")
    [token] = parse_qs(urlsplit(avow.link(address)).query)["t"]
    session = client.magiclink.verify(token)
    assert session["user"]["email"] == address
    assert set(session["user"]["loginIds"]) == {person.login_id, address}


@pytest.mark.operation("magiclink.update_user_phone", "magiclink.verify")
def test_new_phone_is_the_users_once_its_link_came_back(
    client: Any, avow: Avow, sign_in: Callable[..., Person], fits: Any
) -> None:
    person, number = sign_in(), new_phone()
    answer = client.magiclink.update_user_phone(METHOD_OF["sms"], person.login_id, number, person.refresh_jwt)
    assert answer == addresses.masked_phone(number)
    assert fits("magiclink.update_user_phone", "maskedPhone")
    [token] = parse_qs(urlsplit(avow.link(number)).query)["t"]
    session = client.magiclink.verify(token)
    assert (session["user"]["phone"], session["user"]["verifiedPhone"]) == (number, True)


# --- Where links lead ------------------------------------------------------------------------------------------


@pytest.mark.operation("magiclink.sign_up_or_in")
def test_link_leads_to_the_default_of_the_project_when_none_is_named(
    make_project: Callable[..., Avow], make_client: Callable[..., Any]
) -> None:
    avow = make_project(default_redirects={"magiclink": "https://app.example.com/default"})
    address = new_email()
    make_client(avow).magiclink.sign_up_or_in(EMAIL, address, None)
    assert avow.link(address).startswith("https://app.example.com/default?t=")


@pytest.mark.operation("magiclink.sign_up_or_in")
def test_page_that_is_not_approved_is_refused(
    make_project: Callable[..., Avow], make_client: Callable[..., Any]
) -> None:
    client = make_client(make_project(approved_redirects=["https://app.example.com/"]))
    with pytest.raises(AuthException) as refused:
        client.magiclink.sign_up_or_in(EMAIL, new_email(), "https://evil.example.org/verify")
    assert (refused.value.status_code, error_code(refused)) == (400, "E011004")


# --- Refusals --------------------------------------------------------------------------------------------------


@pytest.mark.operation("magiclink.verify")
def test_link_works_once(client: Any, avow: Avow) -> None:
    address = new_email()
    client.magiclink.sign_up_or_in(EMAIL, address, PAGE)
    token = token_of(avow.link(address))
    client.magiclink.verify(token)
    with pytest.raises(AuthException) as refused:
        client.magiclink.verify(token)
    assert (refused.value.status_code, error_code(refused)) == (401, "E063010")


@pytest.mark.operation("magiclink.verify")
def test_expired_link_is_refused(client: Any, avow: Avow) -> None:
    address = new_email()
    client.magiclink.sign_up_or_in(EMAIL, address, PAGE)
    token = token_of(avow.link(address))
    avow.advance(600)
    with pytest.raises(AuthException) as refused:
        client.magiclink.verify(token)
    assert (refused.value.status_code, error_code(refused)) == (401, "E062504")


@pytest.mark.operation("magiclink.verify")
def test_token_of_nothing_is_refused(client: Any) -> None:
    with pytest.raises(AuthException) as refused:
        client.magiclink.verify("nothing")
    assert (refused.value.status_code, error_code(refused)) == (401, "E063010")


@pytest.mark.operation("magiclink.sign_in")
def test_sign_in_of_nobody_is_refused(client: Any) -> None:
    with pytest.raises(AuthException) as refused:
        client.magiclink.sign_in(EMAIL, new_email(), PAGE)
    assert (refused.value.status_code, error_code(refused)) == (401, "E062108")


@pytest.mark.operation("magiclink.sign_up")
def test_second_sign_up_is_refused(client: Any, sign_in: Callable[..., Person]) -> None:
    with pytest.raises(AuthException) as refused:
        client.magiclink.sign_up(EMAIL, sign_in().login_id, PAGE)
    assert (refused.value.status_code, error_code(refused)) == (400, "E062107")
