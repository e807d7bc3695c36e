"""The wrapper around an MCP server's ASGI application: nothing but the metadata is answered without a token.

Spec: Model Context Protocol, authorization; RFC 9728; RFC 6750.
"""

import json
from collections.abc import Callable, Collection, Sequence
from contextvars import ContextVar
from typing import Any, Final, TypeAlias, Unpack
from urllib.parse import quote, urlsplit

from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken as McpToken
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from avow.clock import Clock, system_clock
from avow.sdk._async.resource import AsyncGuard
from avow.sdk.integration.pages import NEVER_STORED
from avow.sdk.integration.refusals import Refusal
from avow.sdk.resource.credentials import Head, Shown, shown
from avow.sdk.resource.guard import Judge
from avow.sdk.resource.metadata import metadata
from avow.sdk.resource.settings import Arguments, Resource
from avow.sdk.resource.tokens import AccessToken, Needs, needs
from avow.sdk.transport import AsyncTransport

__all__ = ["ProtectedApp", "access_token", "protected"]

Headers: TypeAlias = dict[str, str]

_POLICY_VIOLATION: Final = 1008
_JSON: Final = {"Content-Type": "application/json"}
# Anybody may read the metadata: pages of other sites are clients too.
_OPEN: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "MCP-Protocol-Version",
    "Cache-Control": "public, max-age=300",
}
# What clients in pages send and read, beside what every page may.
_SENT: Final = ("Authorization", "DPoP", "Last-Event-ID", "MCP-Protocol-Version", "Mcp-Session-Id")
_READ: Final = ("DPoP-Nonce", "Mcp-Session-Id", "WWW-Authenticate")
_current: ContextVar[AccessToken | None] = ContextVar("avow_access_token", default=None)


def access_token() -> AccessToken:
    """Return the access token of the call at work, in tools, resources and prompts.

    Raises:
        LookupError: The server is not protected, or no call is at work.
    """
    found = _current.get()
    if found is None:
        raise LookupError("No access token: is the server's application wrapped by avow.mcp.protected?")
    return found


def protected(
    issuer: str,
    *,
    audience: str,
    scopes: Sequence[str] = (),
    permissions: Collection[str] = (),
    people_only: bool = False,
    scopes_offered: Sequence[str] = (),
    origins: Sequence[str] = (),
    clock: Clock = system_clock,
    transport: AsyncTransport | None = None,
    **more: Unpack[Arguments],
) -> Callable[[ASGIApp], "ProtectedApp"]:
    """Return a decorator of ASGI applications: every request needs an access token of the issuer for this server.

    Args:
        issuer: As it calls itself, character by character.
        audience: The address of the MCP server, with its path, as clients have it; the issuer knows the API by it.
        scopes: What every token has to be given for; clients are told to ask for it.
        permissions: What everybody who calls has to hold in the claim `permissions`.
        people_only: Refuse tokens that an application got for itself.
        scopes_offered: Further scopes that single tools look for, so that clients know of them.
        origins: Pages of these origins may call, such as `https://inspector.example.com`; `*` for all, as a token is
            needed in any case.
        clock: Tells the time; for tests.
        transport: Carries requests to the issuer; for tests.
        more: As `avow.sdk.resource.settings.Resource` explains.

    Raises:
        InvalidSettings: They cannot be used; the text says what to set.
        ValueError: Names are a text instead of a list.
    """
    # Clients are told where the metadata is, and proofs of possession name the address that clients have.
    more.setdefault("publishes_metadata", True)
    more.setdefault("public_url", _origin(audience))
    said = Resource(issuer=issuer, audience=audience, **more)
    wanted = needs(permissions, scopes, people_only=people_only)
    document = metadata(said, [*dict.fromkeys((*scopes, *needs(scopes=scopes_offered).scopes))])
    guard = AsyncGuard(Judge(said, clock), transport)
    pages = needs(scopes=origins).scopes
    return lambda app: ProtectedApp(app, guard, said, wanted, document, pages)


class ProtectedApp:
    """An ASGI application behind a guard.

    Attributes:
        resource: What the guard was told.
        metadata: What the server says of itself at `resource.metadata_path`.
    """

    def __init__(
        self,
        app: ASGIApp,
        guard: AsyncGuard,
        said: Resource,
        wanted: Needs,
        metadata: dict[str, object],
        origins: Sequence[str] = (),
    ) -> None:
        """Keep what comes next."""
        self.resource, self.metadata = said, metadata
        self._app, self._guard, self._wanted = AuthContextMiddleware(app), guard, wanted
        self._guarded: ASGIApp = self._judge
        if origins:
            verbs = ("GET", "POST", "DELETE")
            self._guarded = CORSMiddleware(self._judge, origins, verbs, _SENT, expose_headers=_READ)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it pass with its token."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if scope["type"] == "http" and scope["path"] == self.resource.metadata_path:
            await _answer_metadata(scope["method"], self.metadata, send)
            return
        await self._guarded(scope, receive, send)

    async def _judge(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = _head(scope)
        found = await self._guard.judge(head, self._wanted)
        if isinstance(found, Refusal):
            await _refuse(scope["type"], found, send)
            return
        mark = _current.set(found)
        try:
            user = _user(found, shown(head), self.resource.audience)
            await self._app({**scope, "user": user}, receive, send)
        finally:
            _current.reset(mark)


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""  # refused as an audience
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else ""


def _head(scope: Scope) -> Head:
    def field(name: bytes) -> list[str]:
        return [value.decode("latin-1") for key, value in scope["headers"] if key == name]

    # Scheme and host are those of the audience.
    return Head(scope.get("method", "GET"), lambda: quote(scope["path"]), field(b"authorization"), field(b"dpop"))


def _user(token: AccessToken, presented: object, audience: str) -> AuthenticatedUser:
    """Return the caller as the package knows callers: it keeps each session for the one who began it."""
    text = presented.token if isinstance(presented, Shown) else ""
    made = McpToken(
        token=text,
        client_id=token.client_id,
        scopes=sorted(token.scopes),
        expires_at=token.expires_at,
        resource=audience,
        subject=token.subject,
        claims=dict(token.claims),
    )
    return AuthenticatedUser(made)


async def _answer_metadata(verb: str, document: dict[str, object], send: Send) -> None:
    if verb == "OPTIONS":
        await _answer(204, _OPEN, b"", send)
    elif verb in ("GET", "HEAD"):
        body = json.dumps(document).encode()
        await _answer(200, {**_OPEN, **_JSON}, body, send, is_sent=verb == "GET")
    else:
        await _answer(405, {"Allow": "GET, HEAD, OPTIONS"}, b"", send)


async def _refuse(kind: str, refusal: Refusal, send: Send) -> None:
    if kind == "websocket":
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": refusal.sentence})
        return
    body = json.dumps({"error": refusal.sentence}).encode()
    await _answer(refusal.status, {**NEVER_STORED, **_JSON, **refusal.headers}, body, send)


async def _answer(status: int, headers: Headers, body: bytes, send: Send, *, is_sent: bool = True) -> None:
    fields = {**headers, "Content-Length": str(len(body))}
    raw: list[Any] = [(name.lower().encode(), value.encode()) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body if is_sent else b""})
