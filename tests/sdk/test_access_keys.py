"""The exchange of an access key: what is sent, what comes back, and what is refused before anything is sent."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from avow import AccessKeyLoginOptions, AssociatedTenant
from avow.core.accesskeys import KeyClaims
from avow.core.grants import Held
from avow.core.sessions import TenantGrants
from avow.core.tokens import sign
from avow.errors import InvalidAccessKey, InvalidArgument, InvalidToken, UnreadableAnswer
from tests.sdk.bed import PROJECT, FakeServer

EXCHANGE = "/v1/auth/accesskey/exchange"
KEY = "A" + "0" * 69
HELD = Held(("editor",), ("write",), {"T1": TenantGrants("One", ("buyer",), ("buy",))})


def answer(server: FakeServer, **claims: Any) -> str:
    """Have the server answer with a token of a key; return it."""
    fields = {"project_id": PROJECT, "key_id": "A1", "issued_at": server.now, "expires_at": server.now + 600}
    token = sign(server.key, KeyClaims(**{**fields, "held": HELD, **claims}).session_token())
    server.answer(f"POST {EXCHANGE}", body={"keyId": "A1", "sessionJwt": token, "expiration": server.now + 600})
    return token


def test_key_is_exchanged_for_a_verified_token(client: Any, server: FakeServer) -> None:
    token = answer(server)
    session = client.exchange_access_key(KEY)
    assert session == {
        "sessionToken": {**session["sessionToken"], "jwt": token, "sub": "A1", "keyId": "A1"},
        "roles": ["editor"],
        "permissions": ["write"],
        "tenants": {"T1": {"name": "One", "roles": ["buyer"], "permissions": ["buy"]}},
        "projectId": PROJECT,
        "keyId": "A1",
    }
    sent = next(request for request in server.requests if request.path == EXCHANGE)
    assert sent.headers["authorization"] == f"Bearer {PROJECT}:{KEY}"


@pytest.mark.parametrize(
    ("options", "body"),
    [
        (None, {}),
        (AccessKeyLoginOptions(), {}),
        (
            AccessKeyLoginOptions(custom_claims={"run": 7}, selected_tenant="T1"),
            {"customClaims": {"run": 7}, "selectedTenant": "T1"},
        ),
    ],
)
def test_login_options_are_sent(
    options: AccessKeyLoginOptions | None, body: dict[str, Any], client: Any, server: FakeServer
) -> None:
    answer(server)
    client.exchange_access_key(KEY, login_options=options)
    sent = next(request for request in server.requests if request.path == EXCHANGE)
    options_sent = json.loads(sent.body or b"")["loginOptions"]
    assert {name: value for name, value in options_sent.items() if value is not None} == body


@pytest.mark.parametrize("key", ["", None, 7, "two words", "A1:B2", "A1\r\nx: y", "ä"])
def test_what_cannot_be_a_key_is_not_sent(key: Any, client: Any, server: FakeServer) -> None:
    with pytest.raises(InvalidArgument) as refused:
        client.exchange_access_key(key)
    assert refused.value.status_code == 400
    assert server.requests == []


def test_refusal_is_the_class_of_its_code(client: Any, server: FakeServer) -> None:
    body = {"errorCode": "E062803", "errorDescription": "The access key is not valid."}
    server.answer(f"POST {EXCHANGE}", 401, body)
    with pytest.raises(InvalidAccessKey) as refused:
        client.exchange_access_key(KEY)
    assert refused.value.status_code == 401
    assert server.count(EXCHANGE) == 1


def test_exchange_is_repeated_while_the_server_is_down(client: Any, server: FakeServer) -> None:
    server.answer(f"POST {EXCHANGE}", 503, {"errorCode": "E019503", "errorDescription": "down"})
    with pytest.raises(Exception, match="E019503"):
        client.exchange_access_key(KEY)
    assert server.count(EXCHANGE) == 3


def test_token_of_a_user_is_no_answer_to_an_exchange(client: Any, server: FakeServer) -> None:
    server.answer(f"POST {EXCHANGE}", body={"sessionJwt": server.session_token()})
    with pytest.raises(UnreadableAnswer):
        client.exchange_access_key(KEY)


def test_token_for_somebody_else_is_refused(client: Any, server: FakeServer) -> None:
    answer(server)
    with pytest.raises(InvalidToken):
        client.exchange_access_key(KEY, audience="another service")


def test_validated_token_of_a_key_names_no_user(client: Any, server: FakeServer) -> None:
    token = answer(server)
    for _ in range(2):  # verified, and remembered
        said = client.validate_session(token)
        assert said["keyId"] == "A1"
        assert "userId" not in said
    assert client.validate_session(server.session_token())["userId"]


@pytest.mark.parametrize(
    "call",
    [
        lambda keys: keys.create(""),
        lambda keys: keys.create("x", key_tenants=[AssociatedTenant("")]),
        lambda keys: keys.create("x", expire_time=-1),
        lambda keys: keys.load(""),
        lambda keys: keys.update("A1", ""),
        lambda keys: keys.rotate(""),
        lambda keys: keys.activate(""),
        lambda keys: keys.delete_batch([]),
        lambda keys: keys.deactivate_batch([]),
    ],
)
def test_management_calls_that_cannot_be_are_not_sent(
    call: Callable[[Any], object], make_client: Callable[..., Any], server: FakeServer
) -> None:
    keys = make_client(management_key="K1").mgmt.access_key
    with pytest.raises(InvalidArgument):
        call(keys)
    assert server.requests == []
