from typing import Any

import pytest

from avow import API_RATE_LIMIT_RETRY_AFTER_HEADER, AuthException, AvowError, DeliveryMethod, RateLimitException, errors
from avow.sdk.transport import Request, Response
from tests.sdk.bed import FakeServer

EMAIL = DeliveryMethod.EMAIL
SIGN_UP = "POST /v1/auth/otp/signup/email"


def _refused(client: Any, answer: Response | None = None, server: FakeServer | None = None) -> AvowError:
    if server is not None and answer is not None:
        server.answers[SIGN_UP] = answer
    with pytest.raises(AvowError) as refused:
        client.otp.sign_up(EMAIL, "mia@example.com")
    return refused.value


@pytest.mark.parametrize("code", sorted(code for code, kind in errors.BY_CODE.items() if code.startswith("E")))
def test_every_code_becomes_its_class(client: Any, server: FakeServer, code: str) -> None:
    kind = errors.BY_CODE[code]
    server.answer(SIGN_UP, kind.status, {"errorCode": code, "errorDescription": "Said.", "errorMessage": "Why."})
    refused = _refused(client)
    assert type(refused) is kind
    assert (refused.error_code, refused.error_message) == (code, "Why.")
    assert isinstance(refused, RateLimitException) or refused.status_code == kind.status  # type: ignore[attr-defined]


def test_unknown_code_becomes_the_class_of_its_status(client: Any, server: FakeServer) -> None:
    for status, kind in ((400, AuthException), (401, AuthException), (403, errors.Forbidden), (404, errors.NotFound)):
        server.answer(SIGN_UP, status, {"errorCode": "E999999", "errorDescription": "New."})
        refused = _refused(client)
        assert type(refused) is kind
        assert isinstance(refused, AuthException)
        assert (refused.status_code, refused.error_code, refused.error_message) == (status, "E999999", "New.")


def test_answer_of_something_else_keeps_its_status_and_body(client: Any, server: FakeServer) -> None:
    for status in (301, 302, 304, 400, 401, 418, 502, 504):
        refused = _refused(client, Response(status, {"location": "https://evil.test/"}, (), b"<html>"), server)
        assert isinstance(refused, AuthException)
        assert (refused.status_code, refused.detail, refused.error_type) == (status, "<html>", "server error")
        assert "html" not in str(refused)
    assert len(server.requests) == 8


def test_rate_limit_says_how_long_to_wait(client: Any, server: FakeServer) -> None:
    envelope = {"errorCode": "E130429", "errorDescription": "Too many.", "errorMessage": "Wait."}
    server.answer(SIGN_UP, 429, envelope, retry_after="17")
    refused = _refused(client)
    assert isinstance(refused, RateLimitException)
    assert refused.rate_limit_parameters.get(API_RATE_LIMIT_RETRY_AFTER_HEADER) == 17
    assert (refused.status_code, refused.error_description, refused.error_message) == ("E130429", "Too many.", "Wait.")
    assert refused.error_type == "API rate limit exceeded"


def test_retry_after_that_is_no_number_counts_as_zero(client: Any, server: FakeServer) -> None:
    for said in ("Wed, 21 Oct 2026 07:28:00 GMT", "", "x", "1.5", "9" * 5000):
        server.answer(SIGN_UP, 429, {"errorCode": "E130429"}, retry_after=said)
        refused = _refused(client)
        assert isinstance(refused, RateLimitException)
        assert refused.rate_limit_parameters == {"Retry-After": 0}


def test_rate_limit_of_a_proxy_is_one_too(client: Any, server: FakeServer) -> None:
    refused = _refused(client, Response(429, {}, (), b"slow down"), server)
    assert isinstance(refused, RateLimitException)
    assert (refused.status_code, refused.rate_limit_parameters) == (429, {})


def test_envelope_of_another_shape_is_no_crash(client: Any, server: FakeServer) -> None:
    for body in (b"[]", b"null", b'{"errorCode":5}', b'{"errorCode":null}', b"\xff", b'"x"'):
        refused = _refused(client, Response(500, {}, (), body), server)
        assert type(refused) is errors.ServerFault


def test_sends_and_verifies_are_never_repeated(client: Any, server: FakeServer) -> None:
    for route, act in (
        (SIGN_UP, lambda: client.otp.sign_up(EMAIL, "mia@example.com")),
        ("POST /v1/auth/otp/verify/email", lambda: client.otp.verify_code(EMAIL, "mia@example.com", "123456")),
        ("POST /v1/auth/magiclink/verify", lambda: client.magiclink.verify("t")),
        ("POST /v1/auth/enchantedlink/pending-session", lambda: client.enchantedlink.get_session("p")),
    ):
        for kind in (errors.Unreachable, errors.UnknownOutcome, errors.TimedOut):
            server.requests.clear()
            server.answers[route] = _raising(kind())
            with pytest.raises(kind):
                act()
            assert [f"{request.verb} {request.path}" for request in server.requests].count(route) == 1


def test_refresh_and_gets_are_repeated(client: Any, server: FakeServer) -> None:
    token = server.refresh_token()
    server.answer("POST /v1/auth/refresh", 503, {"errorCode": "E019503"})
    with pytest.raises(errors.Unavailable):
        client.refresh_session(token)
    assert server.count("/v1/auth/refresh") == 3
    server.answers["GET /v1/auth/me"] = _raising(errors.Unreachable())
    with pytest.raises(errors.Unreachable):
        client.me(token)
    assert server.count("/v1/auth/me") == 3


def test_answer_that_is_not_json_is_typed(client: Any, server: FakeServer) -> None:
    for body in (b"<html>", b"[]", b"{}", b'{"maskedEmail":5}', b""):
        refused = _refused(client, Response(200, {}, (), body), server)
        assert type(refused) is errors.UnreadableAnswer


def _raising(error: AvowError) -> Any:
    def handle(request: Request) -> Response:
        raise error

    return handle


def test_a_code_is_not_spent_while_no_keys_can_be_had(client: Any, server: FakeServer) -> None:
    server.answers["GET /v2/keys/P2sdktests"] = _raising(errors.Unreachable())
    with pytest.raises(errors.KeysUnavailable):
        client.otp.verify_code(EMAIL, "mia@example.com", "123456")
    assert all("verify" not in request.path for request in server.requests)
