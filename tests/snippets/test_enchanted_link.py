"""The manual, heading "Enchanted Link"."""

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from avow import REFRESH_SESSION_TOKEN_NAME, SESSION_TOKEN_NAME, AuthException, DescopeClient
from avow.testing.server import Avow


def start(descope_client: DescopeClient, email: str) -> tuple[str, str]:
    resp = descope_client.enchantedlink.sign_up_or_in(
        login_id=email,
        uri="http://myapp.com/verify-enchanted-link",  # Set redirect URI here or via console
    )
    link_identifier = resp["linkId"]  # Show the user which link they should press in their email
    pending_ref = resp["pendingRef"]  # Used to poll for a valid session
    return link_identifier, pending_ref


def poll(
    descope_client: DescopeClient, pending_ref: str, sleep: Callable[[int], None], max_tries: int
) -> tuple[str, str] | None:
    jwt_response: Any = None
    done = False
    i = 0
    while not done and i < max_tries:
        try:
            i = i + 1
            sleep(4)
            jwt_response = descope_client.enchantedlink.get_session(pending_ref)
            done = True
        except AuthException as e:  # Poll while still receiving 401 Unauthorized
            if e.status_code != 401:  # Other failures means something's wrong, abort
                logging.info(f"Failed pending session, err: {e}")
                done = True

    if jwt_response:
        session_token = jwt_response[SESSION_TOKEN_NAME].get("jwt")
        refresh_token = jwt_response[REFRESH_SESSION_TOKEN_NAME].get("jwt")
        return session_token, refresh_token
    return None


def verify(descope_client: DescopeClient, token: str) -> bool:
    try:
        descope_client.enchantedlink.verify(token=token)
        # Token is valid
        return True
    except AuthException as e:
        # Token is invalid
        return e.status_code != 401


def token_of(avow: Avow, email: str, link_identifier: str) -> str:
    [url] = [link.url for link in avow.messages(email)[0].links if link.id == link_identifier]
    assert url.startswith("http://myapp.com/verify-enchanted-link?t=")
    return parse_qs(urlsplit(url).query)["t"][0]


def test_enchanted_link_shows_one_of_three_numbers(descope_client: DescopeClient, avow: Avow, email: str) -> None:
    link_identifier, _ = start(descope_client, email)
    numbers = [link.id for link in avow.messages(email)[0].links]
    assert len(numbers) == len(set(numbers)) == 3
    assert link_identifier in numbers


def test_enchanted_link_is_polled_until_it_is_clicked(descope_client: DescopeClient, avow: Avow, email: str) -> None:
    link_identifier, pending_ref = start(descope_client, email)
    slept: list[int] = []

    def sleep(seconds: int) -> None:
        slept.append(seconds)
        avow.advance(seconds)
        if len(slept) == 3:  # the person looks into the mail on another device
            assert verify(descope_client, token_of(avow, email, link_identifier))

    tokens = poll(descope_client, pending_ref, sleep, max_tries=10)
    assert tokens
    assert len(slept) == 3
    assert descope_client.me(tokens[1])["email"] == email
    assert descope_client.validate_session(tokens[0])["sub"] == descope_client.me(tokens[1])["userId"]


def test_enchanted_link_is_polled_in_vain_when_nobody_clicks(
    descope_client: DescopeClient, avow: Avow, email: str
) -> None:
    _, pending_ref = start(descope_client, email)
    assert poll(descope_client, pending_ref, avow.advance, max_tries=5) is None


@pytest.mark.parametrize("is_right", [True, False])
def test_enchanted_link_is_verified(descope_client: DescopeClient, avow: Avow, email: str, is_right: bool) -> None:
    link_identifier, _ = start(descope_client, email)
    numbers = [link.id for link in avow.messages(email)[0].links]
    number = link_identifier if is_right else next(each for each in numbers if each != link_identifier)
    assert verify(descope_client, token_of(avow, email, number)) is is_right
