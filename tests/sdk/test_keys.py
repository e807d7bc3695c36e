import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from avow import AsyncClient, AuthException, Client
from avow.core.tokens import SigningKey
from avow.errors import InvalidToken, KeysUnavailable, UnknownKey, Unreachable
from avow.sdk.keys import KeyRing, Snapshot, Wanted
from avow.sdk.transport import Request, Response
from tests.sdk.bed import PROJECT, START, AsyncTransport, FakeServer, SyncTransport

KEYS = f"/v2/keys/{PROJECT}"


def _failing(request: Request) -> Response:
    raise Unreachable


def test_unknown_keys_ask_at_most_once_a_minute(client: Any, server: FakeServer) -> None:
    """S-JWT-13: 200 unknown kids in ten seconds."""
    real = server.session_token()
    client.validate_session(real)
    for number in range(200):
        server.now = START + number // 20
        server.key = SigningKey.generate("ES256")
        with pytest.raises(UnknownKey):
            client.validate_session(server.session_token())
    assert server.count(KEYS) == 2
    assert client.validate_session(real)["sub"] == "U1"
    server.now = START + 61
    with pytest.raises(InvalidToken):
        client.validate_session(server.session_token())
    assert server.count(KEYS) == 3


def test_unknown_keys_ask_at_most_twice_from_the_start(client: Any, server: FakeServer) -> None:
    server.key = SigningKey.generate("EdDSA")
    for _ in range(50):
        with pytest.raises(UnknownKey):
            client.validate_session(server.session_token())
    assert server.count(KEYS) == 2


def test_rotation_is_followed(client: Any, server: FakeServer) -> None:
    old = server.session_token()
    client.validate_session(old)
    server.key = SigningKey.generate("RS256")
    server.published.insert(0, server.key)
    new = server.session_token()
    assert client.validate_session(new)["sub"] == "U1"
    assert client.validate_session(old)["sub"] == "U1"


def test_retired_key_dies_within_ten_minutes(client: Any, server: FakeServer) -> None:
    """S-JWT-19: a token that lives longer than the key is refused, seen or not."""
    token = server.session_token(session_expires_at=START + 7200)
    client.validate_session(token)
    server.published = [SigningKey.generate("ES256")]
    server.now = START + 600
    with pytest.raises(InvalidToken):
        client.validate_session(token)


def test_seen_token_dies_with_its_key_although_another_takes_the_name(client: Any, server: FakeServer) -> None:
    token = server.session_token()
    client.validate_session(token)
    other = SigningKey.generate("ES256")
    server.published = [SigningKey(server.key.kid, "ES256", None, other.public)]
    server.now = START + 300
    with pytest.raises(InvalidToken):
        client.validate_session(token)


def test_retired_key_dies_although_the_server_is_away(client: Any, server: FakeServer) -> None:
    token = server.session_token(session_expires_at=START + 7200)
    client.validate_session(token)
    server.answers[f"GET {KEYS}"] = _failing
    server.now = START + 599
    assert client.validate_session(token)["sub"] == "U1"
    server.now = START + 600
    with pytest.raises(KeysUnavailable):
        client.validate_session(token)


def test_keys_are_renewed_before_they_are_too_old(client: Any, server: FakeServer) -> None:
    token = server.session_token(session_expires_at=START + 7200)
    for second in range(0, 1200, 10):
        server.now = START + second
        client.validate_session(token)
    assert server.count(KEYS) == 4


def test_failing_renewal_is_tried_once_a_minute_and_harms_nobody(client: Any, server: FakeServer) -> None:
    token = server.session_token(session_expires_at=START + 7200)
    client.validate_session(token)
    server.answers[f"GET {KEYS}"] = Response(500)
    for second in range(300, 600, 10):
        server.now = START + second
        client.validate_session(token)
    assert server.count(KEYS) == 1 + 5


def test_renewal_in_passing_is_one_short_try(client: Any, server: FakeServer) -> None:
    token = server.session_token()
    client.validate_session(token)
    needed = server.last
    server.answers[f"GET {KEYS}"] = Response(503)
    server.now = START + 300
    client.validate_session(token)
    assert server.count(KEYS) == 2
    assert server.last.timeout_seconds < needed.timeout_seconds <= 10


def test_first_fetch_that_failed_is_not_repeated_by_everybody(client: Any, server: FakeServer) -> None:
    server.answers[f"GET {KEYS}"] = Response(500)
    for _ in range(20):
        with pytest.raises(KeysUnavailable):
            client.validate_session(server.session_token())
    assert server.count(KEYS) == 1
    del server.answers[f"GET {KEYS}"]
    server.answers[f"GET {KEYS}"] = server._keys
    server.now += 2
    assert client.validate_session(server.session_token())["sub"] == "U1"


def test_refresh_is_not_tried_when_the_keys_cannot_be_had(client: Any, server: FakeServer) -> None:
    server.answers[f"GET {KEYS}"] = Response(500)
    with pytest.raises(KeysUnavailable):
        client.validate_and_refresh_session(server.session_token(), server.refresh_token())
    assert server.count("/v1/auth/refresh") == 0


def test_static_key_asks_nobody(make_client: Callable[..., Any], server: FakeServer) -> None:
    client = make_client(public_key=server.key.public_jwk())
    assert client.validate_session(server.session_token())["sub"] == "U1"
    server.key = SigningKey.generate("ES256")
    with pytest.raises(UnknownKey):
        client.validate_session(server.session_token())
    assert server.requests == []


def test_public_key_that_is_none_is_refused_at_once(make_client: Callable[..., Any]) -> None:
    for wrong in ("{", "[]", '{"kty":"oct","k":"AAAA","alg":"HS256","kid":"k"}', {"kty": "RSA", "alg": "RS256"}):
        with pytest.raises(AuthException) as refused:
            make_client(public_key=wrong)
        assert refused.value.error_type == "invalid public key"


def test_threads_share_one_fetch(server: FakeServer) -> None:
    gate = threading.Barrier(20)
    client = Client(PROJECT, transport=SyncTransport(server), clock=server.clock)
    token = server.session_token()

    def validate(_: int) -> str:
        gate.wait()
        return client.validate_session(token)["sub"]

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(validate, range(20))) == {"U1"}
    assert server.count(KEYS) == 1


def test_tasks_share_one_fetch(server: FakeServer) -> None:
    client = AsyncClient(PROJECT, transport=AsyncTransport(server), clock=server.clock)
    token = server.session_token()

    async def all_at_once() -> list[str]:
        answers = await asyncio.gather(*(client.validate_session(token) for _ in range(50)))
        return [answer["sub"] for answer in answers]

    assert set(asyncio.run(all_at_once())) == {"U1"}
    assert server.count(KEYS) == 1


def test_cancelled_fetch_leaves_the_others_to_fetch(server: FakeServer) -> None:
    client = AsyncClient(PROJECT, transport=AsyncTransport(server), clock=server.clock)
    token = server.session_token()

    async def cancel_the_first() -> str:
        first = asyncio.create_task(client.validate_session(token))
        second = asyncio.create_task(client.validate_session(token))
        await asyncio.sleep(0)
        first.cancel()
        return (await second)["sub"]

    assert asyncio.run(cancel_the_first()) == "U1"


def test_client_works_in_one_event_loop_after_another(server: FakeServer) -> None:
    client = AsyncClient(PROJECT, transport=AsyncTransport(server), clock=server.clock)

    async def contended() -> None:
        server.now += 1000
        await asyncio.gather(*(client.validate_session(server.session_token(f"U{n}")) for n in range(5)))

    asyncio.run(contended())
    asyncio.run(contended())
    assert server.count(KEYS) == 2


def test_clock_that_goes_back_makes_the_keys_unknown() -> None:
    ring = KeyRing()
    assert isinstance(ring.judge(START), Wanted)
    ring.accept(FakeServer()._keys(Request("GET", "/")).body, START, is_search=False)
    assert isinstance(ring.judge(START), Snapshot)
    assert isinstance(ring.judge(START - 1), Wanted)
    assert ring.current(START - 1) is None


def test_same_key_set_keeps_its_version() -> None:
    ring, server = KeyRing(), FakeServer()
    body = server._keys(Request("GET", "/")).body
    ring.accept(body, START, is_search=False)
    first = ring.current(START)
    ring.accept(body, START + 5, is_search=False)
    second = ring.current(START + 5)
    assert first is not None
    assert second is not None
    assert (first.version, second.fetched_at) == (second.version, START + 5)
    ring.accept(FakeServer()._keys(Request("GET", "/")).body, START + 6, is_search=False)
    third = ring.current(START + 6)
    assert third is not None
    assert third.version != first.version
