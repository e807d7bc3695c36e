"""`client.webauthn`: both colours, on our own server, with a device in software as the browser."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from avow import AuthException, LoginOptions
from avow.errors import (
    FreshProofNeeded,
    InvalidArgument,
    InvalidPasskey,
    NoPasskeys,
    NotFound,
    UserExists,
    UserNotFound,
)
from avow.testing.server import Avow, Server
from tests.bed.authenticator import Authenticator, Forgery
from tests.factories import make_user, new_email
from tests.sdk.bed import WithoutAwait

ORIGIN = "http://localhost:8000"


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
def device() -> Authenticator:
    return Authenticator()


def _sign_up(client: Any, device: Authenticator, login_id: str) -> Any:
    begun = client.webauthn.sign_up_start(login_id, ORIGIN, {"name": "Mia"})
    return client.webauthn.sign_up_finish(begun["transactionId"], device.create(begun["options"], ORIGIN))


def _refresh_token(session: Any) -> str:
    return str(session["refreshSessionToken"]["jwt"])


def test_user_signs_up_and_in(client: Any, device: Authenticator) -> None:
    login_id = new_email()
    first = _sign_up(client, device, login_id)
    assert (first["firstSeen"], first["user"]["name"]) == (True, "Mia")
    for named in (login_id, ""):
        begun = client.webauthn.sign_in_start(named, ORIGIN)
        shown = json.loads(device.show(begun["options"], ORIGIN))  # the object itself will do, too
        session = client.webauthn.sign_in_finish(begun["transactionId"], shown)
        assert (session["userId"], session["sessionToken"]["amr"]) == (first["userId"], ["webauthn"])


def test_sign_up_or_in_says_which_it_is(client: Any, device: Authenticator) -> None:
    login_id = new_email()
    begun = client.webauthn.sign_up_or_in_start(login_id, ORIGIN)
    client.webauthn.sign_up_finish(begun["transactionId"], device.create(begun["options"], ORIGIN))
    assert (begun["create"], client.webauthn.sign_up_or_in_start(login_id, ORIGIN)["create"]) == (True, False)


def test_passkeys_are_added_listed_named_and_removed(client: Any, device: Authenticator) -> None:
    login_id, other = new_email(), Authenticator("EdDSA")
    token = _refresh_token(_sign_up(client, device, login_id))
    begun = client.webauthn.update_start(login_id, token, ORIGIN)
    made = other.create(begun["options"], ORIGIN)
    assert client.webauthn.update_finish(begun["transactionId"], made, refresh_token=token) is None
    first, second = client.webauthn.passkeys(token)["passkeys"]
    client.webauthn.rename(token, second["id"], "My key")
    client.webauthn.remove(token, first["id"])
    assert [each["displayName"] for each in client.webauthn.passkeys(token)["passkeys"]] == ["My key"]
    for call in (client.webauthn.remove, lambda *named: client.webauthn.rename(*named, "Again")):
        with pytest.raises(NotFound):
            call(token, first["id"])


def test_update_with_mfa_returns_a_session(client: Any, device: Authenticator) -> None:
    login_id, other = new_email(), Authenticator()
    token = _refresh_token(_sign_up(client, device, login_id))
    begun = client.webauthn.update_start(login_id, token, ORIGIN, mfa=True)
    session = client.webauthn.update_finish(begun["transactionId"], other.create(begun["options"], ORIGIN))
    assert session["sessionToken"]["amr"] == ["webauthn", "mfa"]
    assert client.me(_refresh_token(session))["loginIds"] == [login_id]


def test_step_up_shows_the_passkey_anew(client: Any, device: Authenticator, avow: Avow) -> None:
    login_id = new_email()
    token = _refresh_token(_sign_up(client, device, login_id))
    avow.advance(3600)
    with pytest.raises(FreshProofNeeded):
        client.webauthn.update_start(login_id, token, ORIGIN)
    begun = client.webauthn.sign_in_start(login_id, ORIGIN, LoginOptions(stepup=True), token)
    session = client.webauthn.sign_in_finish(begun["transactionId"], device.show(begun["options"], ORIGIN))
    assert session["sessionToken"]["su"] is True


def test_refusals_are_classes(client: Any, device: Authenticator, avow: Avow) -> None:
    login_id, without = new_email(), new_email()
    _sign_up(client, device, login_id)
    make_user(avow, without)
    with pytest.raises(UserExists):
        client.webauthn.sign_up_start(login_id, ORIGIN)
    with pytest.raises(NoPasskeys):
        client.webauthn.sign_in_start(without, ORIGIN)
    with pytest.raises(UserNotFound):
        client.webauthn.sign_in_start(new_email(), ORIGIN)
    with pytest.raises(InvalidArgument):
        client.webauthn.sign_in_start(login_id, "https://evil.example")
    begun = client.webauthn.sign_in_start(login_id, ORIGIN)
    with pytest.raises(InvalidPasskey):
        client.webauthn.sign_in_finish(
            begun["transactionId"], device.show(begun["options"], ORIGIN, Forgery(rp_id="evil.example"))
        )


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("sign_up_start", ("", ORIGIN)),
        ("sign_up_start", ("mia", "")),
        ("sign_up_start", ("mia", ORIGIN, {"name": 7})),
        ("sign_up_finish", ("", "{}")),
        ("sign_up_finish", ("C", "")),
        ("sign_in_start", (None, ORIGIN)),
        ("sign_in_start", ("mia", ORIGIN, LoginOptions(mfa=True))),
        ("sign_in_finish", ("C", 7)),
        ("sign_up_or_in_start", ("", ORIGIN)),
        ("update_start", ("mia", "", ORIGIN)),
        ("update_finish", ("", "{}")),
        ("passkeys", ("",)),
        ("rename", ("a.b.c", "id", "x" * 65)),
        ("remove", ("a.b.c", "")),
    ],
)
def test_argument_that_cannot_be_used_is_not_sent(client: Any, name: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(AuthException) as refused:
        getattr(client.webauthn, name)(*arguments)
    assert refused.value.status_code == 400
