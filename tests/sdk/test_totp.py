"""Authenticator apps and recovery codes by our SDK in both colours, against the server in this process."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from avow import DeliveryMethod, LoginOptions, RateLimitException
from avow.errors import FreshProofNeeded, InvalidCode, NotFound, SecondFactorNeeded, UserExists
from avow.testing.server import Avow, Server
from tests import phones
from tests.factories import new_email
from tests.phones import Phone
from tests.sdk.bed import WithoutAwait


@pytest.fixture(scope="module")
def avow_server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def avow(avow_server: Server) -> Avow:
    avow_server.clock.reset()
    return avow_server.project(guesses_per_hour=5)


@pytest.fixture(params=["sync", "async"])
def client(request: pytest.FixtureRequest, avow: Avow) -> Iterator[Any]:
    with asyncio.Runner() as runner:
        yield avow.client() if request.param == "sync" else WithoutAwait(avow.async_client(), runner)


@pytest.fixture
def login_id() -> str:
    return new_email()


@pytest.fixture
def phone(client: Any, avow: Avow, login_id: str) -> Phone:
    """The phone of somebody who has just signed up with it."""
    phones.begin_a_step(avow)
    phone = phones.scanning(client.totp.sign_up(login_id)["image"])
    client.totp.sign_in_code(login_id, phone.code(avow.server.clock(), -1))
    return phone


def signed_in(client: Any, avow: Avow, login_id: str, phone: Phone) -> str:
    """Sign in with the app; return the refresh token."""
    token: str = client.totp.sign_in_code(login_id, phone.code(avow.server.clock()))["refreshSessionToken"]["jwt"]
    return token


def test_sign_up_takes_the_arguments_of_older_and_newer_official_versions(client: Any) -> None:
    user = {"name": "Desmond"}
    for answer in (
        client.totp.sign_up(new_email(), user),
        client.totp.sign_up(login_id=new_email(), user=user),
        client.totp.sign_up(method=DeliveryMethod.EMAIL, login_id=new_email(), user=user),
    ):
        assert set(answer) == {"provisioningURL", "image", "key"}


def test_session_is_the_answer_of_a_code(client: Any, avow: Avow, login_id: str, phone: Phone) -> None:
    session = client.totp.sign_in_code(login_id, phone.code(avow.server.clock()))
    assert session["sessionToken"]["amr"] == ["totp"]
    assert client.validate_session(session["sessionToken"]["jwt"])["userId"] == session["userId"]
    with pytest.raises(InvalidCode):
        client.totp.sign_in_code(login_id, phone.code(avow.server.clock()))


def test_app_is_replaced_and_removed(client: Any, avow: Avow, login_id: str, phone: Phone) -> None:
    token = signed_in(client, avow, login_id, phone)
    new = phones.typing(client.totp.update_user(login_id, token)["key"])
    client.totp.sign_in_code(login_id, new.code(avow.server.clock()))
    assert client.totp.remove(token) is None
    with pytest.raises(NotFound):
        client.totp.remove(token)


def test_recovery_codes_are_made_counted_and_used(client: Any, avow: Avow, login_id: str, phone: Phone) -> None:
    token = signed_in(client, avow, login_id, phone)
    codes = client.recovery_codes.generate(token)["codes"]
    assert len(codes) == 10
    session = client.recovery_codes.sign_in(login_id, codes[0])
    assert session["sessionToken"]["amr"] == ["recovery"]
    left = client.recovery_codes.left(token)
    assert (left["left"], left["createdTime"] > 0) == (9, True)
    with pytest.raises(InvalidCode):
        client.recovery_codes.sign_in(login_id, codes[0])


def test_recovery_code_is_a_second_factor(client: Any, avow: Avow, login_id: str, phone: Phone) -> None:
    codes = client.recovery_codes.generate(signed_in(client, avow, login_id, phone))["codes"]
    client.otp.sign_in(DeliveryMethod.EMAIL, login_id)
    first = client.otp.verify_code(DeliveryMethod.EMAIL, login_id, avow.code(login_id))["refreshSessionToken"]["jwt"]
    with pytest.raises(InvalidCode):  # the owner of the address came, and what a stranger may have made is void
        client.recovery_codes.sign_in(login_id, codes[1], LoginOptions(mfa=True), first)
    codes = client.recovery_codes.generate(first)["codes"]
    session = client.recovery_codes.sign_in(login_id, codes[1], LoginOptions(mfa=True), first)
    assert session["sessionToken"]["amr"] == ["email", "recovery", "mfa"]


def test_refusals_have_their_classes(client: Any, avow: Avow, login_id: str, phone: Phone) -> None:
    with pytest.raises(UserExists):
        client.totp.sign_up(login_id)
    token = signed_in(client, avow, login_id, phone)
    avow.advance(3600)
    for change in (client.totp.remove, client.recovery_codes.generate):
        with pytest.raises(FreshProofNeeded) as late:
            change(token)
        assert (late.value.status_code, late.value.error_code) == (403, "E061402")
    wrong = f"{(int(phone.code(avow.server.clock())) + 7) % 1_000_000:06d}"
    for _ in range(5):
        with pytest.raises(InvalidCode):
            client.totp.sign_in_code(login_id, wrong)
    with pytest.raises(RateLimitException) as limited:
        client.totp.sign_in_code(login_id, phone.code(avow.server.clock()))
    assert 0 < limited.value.retry_after_seconds <= 3600


def test_app_that_was_not_shown_is_asked_for(client: Any, avow: Avow) -> None:
    login_id = new_email()
    client.otp.sign_up_or_in(DeliveryMethod.EMAIL, login_id)
    token = client.otp.verify_code(DeliveryMethod.EMAIL, login_id, avow.code(login_id))["refreshSessionToken"]["jwt"]
    phone = phones.typing(client.totp.update_user(login_id, token)["key"])
    client.totp.sign_in_code(login_id, phone.code(avow.server.clock()))
    with pytest.raises(SecondFactorNeeded) as needed:
        client.totp.remove(token)
    assert (needed.value.status_code, needed.value.error_code) == (403, "E061401")
