"""S-SDK-04: many users at once through one client, and the answer is always that of the token."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from avow import AsyncClient, Client
from avow.sdk.transport import Response
from avow.sdk.validate import HeldToken, TokenCache
from tests.sdk.bed import PROJECT, AsyncTransport, FakeServer, SyncTransport, json_response

USERS = 50
VALIDATIONS = 2000


def _tokens(server: FakeServer) -> list[tuple[str, str]]:
    return [(f"U{number}", server.session_token(f"U{number}")) for number in range(USERS)]


def _interleaved(tokens: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return (tokens[number * 7 % USERS] for number in range(VALIDATIONS))


def test_threads_get_their_own_user(server: FakeServer) -> None:
    client = Client(PROJECT, transport=SyncTransport(server), clock=server.clock)

    def mixed_up(pair: tuple[str, str]) -> bool:
        answer = client.validate_session(pair[1])
        return (answer["sub"], answer["sessionToken"]["sub"], answer["jwt"]) != (pair[0], pair[0], pair[1])

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(mixed_up, _interleaved(_tokens(server)))) == 0


def test_tasks_get_their_own_user(server: FakeServer) -> None:
    client = AsyncClient(PROJECT, transport=AsyncTransport(server), clock=server.clock)

    async def mixed_up(user: str, token: str) -> bool:
        answer = await client.validate_session(token)
        return (answer["sub"], answer["jwt"]) != (user, token)

    async def all_of_them() -> int:
        return sum(await asyncio.gather(*(mixed_up(*pair) for pair in _interleaved(_tokens(server)))))

    assert asyncio.run(all_of_them()) == 0


def test_refreshes_at_once_get_their_own_session(server: FakeServer) -> None:
    tokens = {server.refresh_token(f"U{number}"): f"U{number}" for number in range(USERS)}

    def refresh(request: object) -> Response:
        shown = server.last.headers["authorization"].partition(":")[2]
        return json_response(200, server.session_body(tokens[shown]))

    server.answers["POST /v1/auth/refresh"] = refresh
    client = AsyncClient(PROJECT, transport=AsyncTransport(server), clock=server.clock)

    async def all_of_them() -> list[str]:
        answers = await asyncio.gather(*(client.refresh_session(token) for token in tokens))
        return [answer["userId"] for answer in answers]

    assert asyncio.run(all_of_them()) == list(tokens.values())


def test_cache_is_bounded_and_keeps_what_is_used() -> None:
    cache = TokenCache(size=8)
    kept = (1, PROJECT, (), "kept")
    cache.add(kept, HeldToken(1, "k", b"{}", "U1"))
    for number in range(100):
        cache.add((1, PROJECT, (), f"token{number}"), HeldToken(1, "k", b"{}", "U1"))
        assert cache.find(kept) is not None
        assert len(cache) <= 8
    assert cache.find((1, PROJECT, (), "token0")) is None
    assert cache.find((1, PROJECT, (), "token99")) is not None
    cache.drop(kept)
    assert cache.find(kept) is None


def test_cache_tells_key_sets_issuers_and_audiences_apart() -> None:
    cache = TokenCache()
    cache.add((1, PROJECT, ("C1",), "token"), HeldToken(1, "k", b"{}", "U1"))
    for other in ((2, PROJECT, ("C1",), "token"), (1, "P2", ("C1",), "token"), (1, PROJECT, (), "token")):
        assert cache.find(other) is None
