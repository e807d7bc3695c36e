"""S-SDK-04: many users at once through one client, and the answer is always that of the token."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from avow import AsyncClient, Client
from avow.sdk.transport import Response
from avow.sdk.validate import TokenCache, _Entry
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


def test_cache_is_bounded_and_forgets_what_was_used_longest_ago() -> None:
    cache = TokenCache(size=3)
    keys = [(1, PROJECT, (), f"token{number}") for number in range(4)]
    for key in keys[:3]:
        cache.add(key, _Entry(1, "k", b"{}"))
    cache.find(keys[0])
    cache.add(keys[3], _Entry(1, "k", b"{}"))
    assert len(cache) == 3
    assert [cache.find(key) is not None for key in keys] == [True, False, True, True]
