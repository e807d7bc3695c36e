"""A server that is a dictionary, and a client of either colour that is called without await."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import msgspec

from avow.core.sessions import SessionClaims, TenantGrants
from avow.core.tokens import KeySet, SigningKey, sign
from avow.sdk.transport import Request, Response

PROJECT = "P2sdktests"
START = 1_800_000_000

Answer = Response | Callable[[Request], Response]


def json_response(status: int, body: object, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, named, (), msgspec.json.encode(body))


def without_nulls(value: Any) -> Any:
    """What JSON says when null and absent are one."""
    if not isinstance(value, dict):
        return value
    return {name: without_nulls(part) for name, part in value.items() if part is not None}


class FakeServer:
    """Answers from a table; records what it was asked."""

    def __init__(self) -> None:
        self.now = START
        self.key = SigningKey.generate("ES256")
        self.published = [self.key]
        self.requests: list[Request] = []
        self.answers: dict[str, Answer] = {f"GET /v2/keys/{PROJECT}": self._keys}

    def clock(self) -> int:
        return self.now

    def answer(self, route: str, status: int = 200, body: object = None, **headers: str) -> None:
        self.answers[route] = json_response(status, {} if body is None else body, **headers)

    def handle(self, request: Request) -> Response:
        self.requests.append(request)
        found = self.answers.get(f"{request.verb} {request.path}")
        if found is None:
            return json_response(404, {"errorCode": "E019404", "errorDescription": "There is nothing here."})
        return found(request) if callable(found) else found

    def count(self, path: str) -> int:
        return sum(request.path == path for request in self.requests)

    @property
    def last(self) -> Request:
        return self.requests[-1]

    def body(self) -> dict[str, Any]:
        """The body of the last request that had one."""
        last = next(request.body for request in reversed(self.requests) if request.body is not None)
        sent: dict[str, Any] = msgspec.json.decode(last)
        return sent

    def claims(self, user: str = "U1", session: str = "S1", **changes: Any) -> SessionClaims:
        fields: dict[str, Any] = {
            "project_id": PROJECT,
            "user_id": user,
            "session_id": session,
            "generation": 1,
            "issued_at": self.now,
            "rotated_at": self.now,
            "session_expires_at": self.now + 600,
            "expires_at": self.now + 28 * 86400,
            "amr": ("email",),
            "roles": ("editor",),
            "permissions": ("documents.read",),
            "tenants": {"T1": TenantGrants("Acme", ("admin",), ("billing.view",))},
        }
        return SessionClaims(**fields | changes)

    def session_token(self, user: str = "U1", **changes: Any) -> str:
        return sign(self.key, self.claims(user, **changes).session_token())

    def refresh_token(self, user: str = "U1", **changes: Any) -> str:
        return sign(self.key, self.claims(user, **changes).refresh_token())

    def session_body(self, user: str = "U1", **changes: Any) -> dict[str, Any]:
        return {
            "sessionJwt": self.session_token(user),
            "refreshJwt": self.refresh_token(user),
            "cookieDomain": "example.com",
            "cookiePath": "/app",
            "cookieMaxAge": 2419200,
            "cookieExpiration": START + 2419200,
            "user": {"userId": user, "loginIds": [f"{user}@example.com"], "name": "Mia"},
            "firstSeen": False,
        } | changes

    def _keys(self, request: Request) -> Response:
        return Response(200, {}, (), KeySet.of(self.published).to_jwks())


class SyncTransport:
    def __init__(self, server: FakeServer) -> None:
        self.server = server
        self.closed = 0

    def send(self, request: Request) -> Response:
        return self.server.handle(request)

    def close(self) -> None:
        self.closed += 1


class AsyncTransport:
    def __init__(self, server: FakeServer) -> None:
        self.server = server
        self.closed = 0

    async def send(self, request: Request) -> Response:
        await asyncio.sleep(0)
        return self.server.handle(request)

    async def close(self) -> None:
        self.closed += 1


class WithoutAwait:
    """An object whose coroutines are run to their end by whoever calls them."""

    def __init__(self, wrapped: object, runner: asyncio.Runner) -> None:
        self.wrapped = wrapped
        self.runner = runner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.wrapped, name)
        if type(found).__module__.startswith("avow.sdk._async"):
            return WithoutAwait(found, self.runner)
        return self._called(found) if inspect.iscoroutinefunction(found) else found

    def _called(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **kwargs: self.runner.run(function(*args, **kwargs))
