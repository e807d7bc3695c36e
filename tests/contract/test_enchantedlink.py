"""Enchanted links through the official SDK."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from descope import AuthException

from avow.testing.server import Avow
from tests.contract.people import Person, error_code, masked, masked_field, new_address
from tests.factories import make_user, new_email, new_phone

PAGE = "https://app.example.com/verify-enchanted-link"


def tokens(avow: Avow, address: str) -> dict[str, str]:
    """Return the three tokens of the newest message by the number beside each."""
    links = avow.messages(address)[0].links
    assert len(links) == 3
    return {link.id: parse_qs(urlsplit(link.url).query)["t"][0] for link in links}


def click(client: Any, avow: Avow, address: str, answer: dict[str, str], fits: Any) -> dict[str, Any]:
    """Poll in vain, click the link with the number that was shown, and return the session that waits."""
    with pytest.raises(AuthException) as pending:
        client.enchantedlink.get_session(answer["pendingRef"])
    assert (pending.value.status_code, error_code(pending)) == (401, "E062503")
    assert client.enchantedlink.verify(tokens(avow, address)[answer["linkId"]]) is None
    session: dict[str, Any] = client.enchantedlink.get_session(answer["pendingRef"])
    assert fits("enchantedlink.get_session", "sessionJwt", "refreshJwt")
    return session


def assert_started(operation: str, name: str, address: str, answer: dict[str, str], fits: Any) -> None:
    assert fits(operation, masked_field(name))
    assert answer[masked_field(name)] == masked(name, address)
    assert len(answer["linkId"]) == 2
    assert answer["linkId"].isdigit()
    assert answer["pendingRef"]


@pytest.mark.operation(
    "enchantedlink.sign_up", "enchantedlink.sign_up_with_phone", "enchantedlink.verify", "enchantedlink.get_session"
)
@pytest.mark.parametrize(("suffix", "name"), [("", "email"), ("_with_phone", "sms")])
def test_sign_up_opens_the_first_session_for_whoever_waits(
    suffix: str, name: str, client: Any, avow: Avow, fits: Any
) -> None:
    address = new_address(name)
    answer = getattr(client.enchantedlink, f"sign_up{suffix}")(address, PAGE, {"name": "Mia"})
    assert_started(f"enchantedlink.sign_up{suffix}", name, address, answer, fits)
    session = click(client, avow, address, answer, fits)
    assert session["firstSeen"] is True
    assert session["user"]["name"] == "Mia"
    assert session["user"]["loginIds"] == [address]


@pytest.mark.operation(
    "enchantedlink.sign_in", "enchantedlink.sign_in_with_phone", "enchantedlink.verify", "enchantedlink.get_session"
)
@pytest.mark.parametrize(("suffix", "name"), [("", "email"), ("_with_phone", "sms")])
def test_sign_in_opens_a_session_for_whoever_waits(suffix: str, name: str, client: Any, avow: Avow, fits: Any) -> None:
    address = new_address(name)
    user_id = make_user(avow, address)
    answer = getattr(client.enchantedlink, f"sign_in{suffix}")(address, PAGE)
    assert_started(f"enchantedlink.sign_in{suffix}", name, address, answer, fits)
    session = click(client, avow, address, answer, fits)
    assert (session["userId"], session["firstSeen"]) == (user_id, False)


@pytest.mark.operation(
    "enchantedlink.sign_up_or_in",
    "enchantedlink.sign_up_or_in_with_phone",
    "enchantedlink.verify",
    "enchantedlink.get_session",
)
@pytest.mark.parametrize(("suffix", "name"), [("", "email"), ("_with_phone", "sms")])
def test_sign_up_or_in_creates_the_user_once(suffix: str, name: str, client: Any, avow: Avow, fits: Any) -> None:
    address = new_address(name)
    sessions = []
    for _ in range(2):
        answer = getattr(client.enchantedlink, f"sign_up_or_in{suffix}")(address, PAGE)
        assert_started(f"enchantedlink.sign_up_or_in{suffix}", name, address, answer, fits)
        sessions.append(click(client, avow, address, answer, fits))
    assert [session["firstSeen"] for session in sessions] == [True, False]
    assert sessions[0]["userId"] == sessions[1]["userId"]


@pytest.mark.operation("enchantedlink.update_user_email")
def test_new_email_is_the_users_once_its_link_was_clicked(
    client: Any, avow: Avow, sign_in: Callable[..., Person], fits: Any
) -> None:
    person, address = sign_in(), new_email("new")
    answer = client.enchantedlink.update_user_email(person.login_id, address, person.refresh_jwt, add_to_login_ids=True)
    assert_started("enchantedlink.update_user_email", "email", address, answer, fits)
    session = click(client, avow, address, answer, fits)
    assert session["user"]["email"] == address
    assert set(session["user"]["loginIds"]) == {person.login_id, address}
    assert session["userId"] == person.id


@pytest.mark.operation("enchantedlink.update_user_phone")
def test_new_phone_is_the_users_once_its_link_was_clicked(
    client: Any, avow: Avow, sign_in: Callable[..., Person], fits: Any
) -> None:
    person, number = sign_in(), new_phone()
    answer = client.enchantedlink.update_user_phone(person.login_id, number, person.refresh_jwt)
    assert_started("enchantedlink.update_user_phone", "sms", number, answer, fits)
    session = click(client, avow, number, answer, fits)
    assert (session["user"]["phone"], session["user"]["verifiedPhone"]) == (number, True)


@pytest.mark.operation("enchantedlink.verify")
def test_click_answers_an_object(client: Any, avow: Avow, fits: Any) -> None:
    address = new_email()
    answer = client.enchantedlink.sign_up_or_in(address, PAGE)
    client.enchantedlink.verify(tokens(avow, address)[answer["linkId"]])
    assert fits("enchantedlink.verify")


# --- Refusals --------------------------------------------------------------------------------------------------


@pytest.mark.operation("enchantedlink.verify", "enchantedlink.get_session")
def test_wrong_number_ends_the_sign_in(client: Any, avow: Avow) -> None:
    address = new_email()
    answer = client.enchantedlink.sign_up_or_in(address, PAGE)
    sent = tokens(avow, address)
    wrong = next(token for number, token in sent.items() if number != answer["linkId"])
    for token in (wrong, sent[answer["linkId"]]):
        with pytest.raises(AuthException) as refused:
            client.enchantedlink.verify(token)
        assert (refused.value.status_code, error_code(refused)) == (401, "E063010")
    with pytest.raises(AuthException) as refused:
        client.enchantedlink.get_session(answer["pendingRef"])
    assert refused.value.status_code == 401


@pytest.mark.operation("enchantedlink.get_session")
def test_session_is_given_once(client: Any, avow: Avow, fits: Any) -> None:
    address = new_email()
    answer = client.enchantedlink.sign_up_or_in(address, PAGE)
    click(client, avow, address, answer, fits)
    with pytest.raises(AuthException) as refused:
        client.enchantedlink.get_session(answer["pendingRef"])
    assert refused.value.status_code == 401


@pytest.mark.operation("enchantedlink.sign_in")
def test_sign_in_of_nobody_is_refused(client: Any) -> None:
    with pytest.raises(AuthException) as refused:
        client.enchantedlink.sign_in(new_email(), PAGE)
    assert (refused.value.status_code, error_code(refused)) == (401, "E062108")


@pytest.mark.operation("enchantedlink.sign_up")
def test_second_sign_up_is_refused(client: Any, sign_in: Callable[..., Person]) -> None:
    with pytest.raises(AuthException) as refused:
        client.enchantedlink.sign_up(sign_in().login_id, PAGE, None)
    assert (refused.value.status_code, error_code(refused)) == (400, "E062107")
