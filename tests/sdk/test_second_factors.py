"""Second factors, trusted devices and anonymous users through the SDK, against our own server in this process."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from avow import AsyncClient, Client, DeliveryMethod, LoginOptions
from avow.errors import FreshProofNeeded, InvalidToken, NotFound, SecondFactorNeeded
from avow.sdk.calls import sessions
from avow.sdk.failures import failure
from avow.sdk.transport import Response
from avow.testing.server import Avow, Server
from tests import phones
from tests.factories import make_totp_seed, make_user, new_email
from tests.phones import Phone
from tests.sdk.bed import WithoutAwait

EMAIL = DeliveryMethod.EMAIL
HEADER = "x-descope-trusted-device-token"


@pytest.fixture(scope="module")
def avow_server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def avow(avow_server: Server) -> Avow:
    return avow_server.project(mfa="enrolled", trusted_device_days=30)


@pytest.fixture(params=["sync", "async"])
def client(request: pytest.FixtureRequest, avow: Avow) -> Iterator[Any]:
    with asyncio.Runner() as runner:
        yield avow.client() if request.param == "sync" else WithoutAwait(avow.async_client(), runner)


@pytest.fixture
def mia(avow: Avow) -> tuple[str, Phone]:
    """Somebody with a mailbox and an app."""
    login_id = new_email()
    return login_id, phones.holding(make_totp_seed(avow, make_user(avow, login_id)))


@pytest.fixture
def asked(client: Any, avow: Avow, mia: tuple[str, Phone]) -> Callable[[], SecondFactorNeeded]:
    """Sign in with the first factor only."""

    def act() -> SecondFactorNeeded:
        client.otp.sign_in(EMAIL, mia[0])
        with pytest.raises(SecondFactorNeeded) as refused:
            client.otp.verify_code(EMAIL, mia[0], avow.code(mia[0]))
        return refused.value

    return act


@pytest.fixture
def sign_in(
    client: Any, avow: Avow, mia: tuple[str, Phone], asked: Callable[[], SecondFactorNeeded]
) -> Callable[[], Any]:
    """Sign in with both."""

    def act() -> Any:
        needed = asked()
        avow.advance(30)
        options = LoginOptions(mfa=True)
        return client.totp.sign_in_code(mia[0], mia[1].code(avow.server.clock()), options, needed.mfa_token)

    return act


def test_error_names_the_factors_and_carries_the_way_on(asked: Callable[[], SecondFactorNeeded]) -> None:
    needed = asked()
    assert (needed.status_code, needed.error_code, needed.factors) == (403, "E061401", ("totp",))
    assert needed.mfa_token.startswith("mfa.")
    assert needed.mfa_token not in repr(needed) + str(needed) + needed.detail


def test_factor_opens_the_session(client: Any, sign_in: Callable[[], Any]) -> None:
    session = sign_in()
    assert session["sessionToken"]["amr"] == ["email", "totp", "mfa"]
    assert client.validate_session(session["sessionToken"]["jwt"])["userId"] == session["userId"]


def test_token_that_waits_is_no_session_and_no_refresh_token(
    client: Any, asked: Callable[[], SecondFactorNeeded]
) -> None:
    token = asked().mfa_token
    with pytest.raises(InvalidToken):
        client.validate_session(token)
    with pytest.raises(InvalidToken):
        client.refresh_session(token)
    with pytest.raises(SecondFactorNeeded) as refused:
        client.me(token)
    assert (refused.value.factors, refused.value.mfa_token) == (("totp",), "")


def test_change_of_credentials_asks_for_a_fresh_proof(
    client: Any, avow: Avow, mia: tuple[str, Phone], sign_in: Callable[[], Any]
) -> None:
    session = sign_in()
    avow.advance(3600)
    with pytest.raises(FreshProofNeeded):
        client.totp.update_user(mia[0], session["refreshSessionToken"]["jwt"])


def test_owner_lists_and_removes_devices(client: Any, sign_in: Callable[[], Any]) -> None:
    session = sign_in()
    refresh_token = session["refreshSessionToken"]["jwt"]
    [device] = client.devices.mine(refresh_token)["devices"]
    assert session["trustedDeviceJwt"].startswith(device["id"])
    client.devices.remove(refresh_token, device["id"])
    assert client.devices.mine(refresh_token)["devices"] == []
    with pytest.raises(NotFound):
        client.devices.remove(refresh_token, device["id"])


def test_trusted_device_is_not_asked(avow: Avow, mia: tuple[str, Phone]) -> None:
    client = avow.client()
    token = _device_token(avow, client, mia)
    with client.devices.showing(token):
        client.otp.sign_in(EMAIL, mia[0])
        session = client.otp.verify_code(EMAIL, mia[0], avow.code(mia[0]))
    assert session["sessionToken"]["amr"] == ["email"]
    client.otp.sign_in(EMAIL, mia[0])
    with pytest.raises(SecondFactorNeeded):
        client.otp.verify_code(EMAIL, mia[0], avow.code(mia[0]))


def test_tasks_speak_each_for_their_own_device(avow: Avow) -> None:
    client = avow.async_client()

    async def shown(device: str) -> str:
        with client.devices.showing(device):
            await asyncio.sleep(0)
            return str(_headers_of(client).get(HEADER, ""))

    async def both() -> list[str]:
        return [*await asyncio.gather(shown("Done"), shown("Dother"), shown(""))]

    assert asyncio.run(both()) == ["Done", "Dother", ""]


def test_token_of_a_device_goes_to_no_other_client(avow: Avow) -> None:
    one, other = avow.client(), avow.client()
    with one.devices.showing("Dtoken"):
        assert _headers_of(one)[HEADER] == "Dtoken"
        assert HEADER not in _headers_of(other)
        with one.devices.showing("Dother"):
            assert _headers_of(one)[HEADER] == "Dother"
        assert _headers_of(one)[HEADER] == "Dtoken"
    assert HEADER not in _headers_of(one)


def test_token_that_would_break_a_header_is_refused(avow: Avow) -> None:
    client = avow.client()
    with pytest.raises(InvalidToken):
        client.devices.showing("D\r\nx-evil: 1")
    with pytest.raises(InvalidToken):
        client.signing_up("")


def test_anonymous_user_becomes_somebody(avow: Avow) -> None:
    client, login_id = avow.client(), new_email()
    before = client.mgmt.jwt.anonymous()
    with client.signing_up(before["refreshSessionToken"]["jwt"]):
        client.otp.sign_up(EMAIL, login_id)
    after = client.otp.verify_code(EMAIL, login_id, avow.code(login_id))
    assert after["userId"] == before["userId"]


def test_strange_envelope_is_read_all_the_same() -> None:
    body = b'{"errorCode":"E061401","errorDescription":"x","factors":null,"mfaToken":null}'
    found = failure(Response(403, {}, (), body))
    assert isinstance(found, SecondFactorNeeded)
    assert (found.factors, found.mfa_token) == ((), "")


def _device_token(avow: Avow, client: Client, mia: tuple[str, Phone]) -> str:
    client.otp.sign_in(EMAIL, mia[0])
    with pytest.raises(SecondFactorNeeded) as needed:
        client.otp.verify_code(EMAIL, mia[0], avow.code(mia[0]))
    code = mia[1].code(avow.server.clock())
    session = client.totp.sign_in_code(mia[0], code, LoginOptions(mfa=True), needed.value.mfa_token)
    return session["trustedDeviceJwt"]


def _headers_of(client: Client | AsyncClient) -> Any:
    flows: Any = client._flows
    return flows.config.request(sessions.me("a.b.c")).headers
