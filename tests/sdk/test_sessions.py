from collections.abc import Callable
from typing import Any

import pytest

from avow.errors import (
    AuthException,
    InvalidToken,
    KeysUnavailable,
    SessionEnded,
    TokenExpired,
    UnknownKey,
    UnreadableAnswer,
)
from avow.sdk.transport import Response
from tests.sdk.bed import PROJECT, FakeServer


def test_session_is_validated_with_the_fetched_keys(client: Any, server: FakeServer) -> None:
    token = server.session_token()
    answer = client.validate_session(token)
    assert answer["sub"] == answer["userId"] == "U1"
    assert answer["jwt"] == answer["sessionToken"]["jwt"] == token
    assert answer["projectId"] == PROJECT
    assert answer["roles"] == ["editor"]
    assert answer["tenants"]["T1"]["roles"] == ["admin"]
    assert server.count(f"/v2/keys/{PROJECT}") == 1


def test_second_validation_asks_nobody_and_gives_new_dicts(client: Any, server: FakeServer) -> None:
    token = server.session_token()
    first = client.validate_session(token)
    first["roles"].append("owner")
    first["sessionToken"]["sub"] = "U2"
    second = client.validate_session(token)
    assert second["roles"] == ["editor"]
    assert second["sessionToken"]["sub"] == "U1"
    assert len(server.requests) == 1


def test_expired_session_is_refused_to_the_second(client: Any, server: FakeServer) -> None:
    token = server.session_token()
    server.now += 604
    assert client.validate_session(token)["sub"] == "U1"
    server.now += 1
    with pytest.raises(TokenExpired) as refused:
        client.validate_session(token)
    assert refused.value.status_code == 401


def test_refresh_token_is_no_session_token_and_the_other_way_round(client: Any, server: FakeServer) -> None:
    server.answer("POST /v1/auth/refresh", body=server.session_body())
    with pytest.raises(InvalidToken):
        client.validate_session(server.refresh_token())
    with pytest.raises(InvalidToken):
        client.refresh_session(server.session_token())
    assert server.count("/v1/auth/refresh") == 0


@pytest.mark.parametrize("token", ["", None, 5, b"bytes", "a.b.c", "nonsense", "\ud800.x.y", "."])
def test_nonsense_is_an_auth_exception(client: Any, server: FakeServer, token: Any) -> None:
    with pytest.raises(AuthException):
        client.validate_session(token)
    with pytest.raises(AuthException):
        client.refresh_session(token)


def test_refresh_keeps_the_newest_token(client: Any, server: FakeServer) -> None:
    old, new = server.refresh_token(), server.refresh_token(generation=2)
    server.answer("POST /v1/auth/refresh", body=server.session_body(refreshJwt=new))
    assert client.refresh_session(old)["refreshSessionToken"]["jwt"] == new
    assert server.last.headers["authorization"] == f"Bearer {PROJECT}:{old}"
    assert server.last.headers["x-avow-stores-rotated-tokens"] == "1"


def test_refresh_without_a_new_token_keeps_the_old(client: Any, server: FakeServer) -> None:
    old = server.refresh_token()
    body = server.session_body()
    del body["refreshJwt"]
    server.answer("POST /v1/auth/refresh", body=body)
    assert client.refresh_session(old)["refreshSessionToken"]["jwt"] == old


def test_refresh_token_in_the_cookie_is_found(client: Any, server: FakeServer) -> None:
    old, new = server.refresh_token(), server.refresh_token(generation=2)
    body = server.session_body(refreshJwt="")
    answer = Response(200, {}, ("DS=x; Path=/", f"DSR={new}; Path=/; HttpOnly"), _json(body))
    server.answers["POST /v1/auth/refresh"] = answer
    assert client.refresh_session(old)["refreshSessionToken"]["jwt"] == new


def test_validate_and_refresh_refreshes_only_when_needed(client: Any, server: FakeServer) -> None:
    session, refresh = server.session_token(), server.refresh_token()
    assert "refreshSessionToken" not in client.validate_and_refresh_session(session, refresh)
    server.now += 700
    server.answer("POST /v1/auth/refresh", body=server.session_body())
    answer = client.validate_and_refresh_session(session, refresh)
    assert answer["refreshSessionToken"]["drn"] == "DSR"
    assert answer["userId"] == "U1"


def test_validate_and_refresh_needs_both_tokens(client: Any, server: FakeServer) -> None:
    with pytest.raises(AuthException) as refused:
        client.validate_and_refresh_session("", server.refresh_token())
    assert refused.value.status_code == 400
    server.now += 1
    with pytest.raises(AuthException) as refused:
        client.validate_and_refresh_session("wrong", "")
    assert refused.value.status_code == 400


def test_ended_session_is_told(client: Any, server: FakeServer) -> None:
    server.answer("POST /v1/auth/refresh", 401, {"errorCode": "E064001", "errorDescription": "It has ended."})
    with pytest.raises(SessionEnded) as refused:
        client.refresh_session(server.refresh_token())
    assert (refused.value.status_code, refused.value.error_message) == (401, "It has ended.")


def test_answer_without_a_session_is_unreadable(client: Any, server: FakeServer) -> None:
    server.answer("POST /v1/auth/refresh", body={})
    with pytest.raises(UnreadableAnswer):
        client.refresh_session(server.refresh_token())


def test_tokens_of_an_answer_are_verified(client: Any, server: FakeServer) -> None:
    foreign = FakeServer()
    server.answer("POST /v1/auth/refresh", body=server.session_body(sessionJwt=foreign.session_token()))
    with pytest.raises(UnknownKey):
        client.refresh_session(server.refresh_token())


def test_audience_is_demanded(client: Any, server: FakeServer) -> None:
    token = server.session_token()
    client.validate_session(token)
    with pytest.raises(InvalidToken):
        client.validate_session(token, audience="C1")
    named = server.session_token(claims={"aud": ["C2", "C1"]})
    assert client.validate_session(named, audience=["C1"])["aud"] == ["C2", "C1"]
    with pytest.raises(InvalidToken):
        client.validate_session(named)
    with pytest.raises(AuthException) as refused:
        client.validate_session(named, audience=[])
    assert refused.value.status_code == 400


def test_logout_forgets_the_session_tokens(make_client: Callable[..., Any], server: FakeServer) -> None:
    client = make_client()
    cache = getattr(client, "wrapped", client)._flows._checker.cache
    client.validate_session(server.session_token(session_id="S1"))
    client.validate_session(server.session_token(session_id="S2"))
    assert len(cache) == 2
    server.answer("POST /v1/auth/logout")
    assert client.logout(server.refresh_token(session_id="S1")) is None
    assert len(cache) == 1
    server.answer("POST /v1/auth/logoutall")
    assert client.logout_all(server.refresh_token(session_id="S3")) is None
    assert len(cache) == 0


def test_me_history_and_tenants(client: Any, server: FakeServer) -> None:
    token = server.refresh_token()
    server.answer("GET /v1/auth/me", body={"userId": "U1"})
    server.answer("GET /v1/auth/me/history", body=[{"userId": "U1"}])
    server.answer("POST /v1/auth/me/tenants", body={"tenants": [{"id": "T1"}]})
    assert client.me(token) == {"userId": "U1"}
    assert server.last.body is None
    assert client.history(token) == [{"userId": "U1"}]
    assert client.my_tenants(token, dct=True) == {"tenants": [{"id": "T1"}]}
    assert client.my_tenants(token, ids=["T1"]) == {"tenants": [{"id": "T1"}]}
    assert server.body() == {"dct": False, "ids": ["T1"]}
    for wrong in ({}, {"dct": True, "ids": ["T1"]}):
        with pytest.raises(AuthException) as refused:
            client.my_tenants(token, **wrong)
        assert refused.value.status_code == 400


def test_select_tenant(client: Any, server: FakeServer) -> None:
    server.answer(
        "POST /v1/auth/tenant/select", body=server.session_body(sessionJwt=server.session_token(selected_tenant="T1"))
    )
    assert client.select_tenant("T1", server.refresh_token())["sessionToken"]["dct"] == "T1"
    assert server.body() == {"tenant": "T1"}


def test_keys_that_cannot_be_had_fail_closed(client: Any, server: FakeServer) -> None:
    route = f"GET /v2/keys/{PROJECT}"
    for broken in (
        Response(500, {}, (), b"<html>"),
        Response(200, {}, (), b"<html>"),
        Response(200, {}, (), b'{"keys":[]}'),
        Response(200, {}, (), b""),
        Response(302, {"location": "http://evil.test/"}, (), b""),
    ):
        server.answers[route] = broken
        server.now += 10
        with pytest.raises(KeysUnavailable) as refused:
            client.validate_session(server.session_token())
        assert refused.value.status_code == 503


def _json(body: object) -> bytes:
    import msgspec

    return msgspec.json.encode(body)
