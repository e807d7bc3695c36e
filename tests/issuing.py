"""An issuer of access tokens in memory, and the same small API behind it in each framework."""

import asyncio
import hashlib
import itertools
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any
from urllib.parse import unquote, urlsplit

from avow.core.tokens import KeySet, SigningKey, sign
from avow.core.tokens.encoding import to_base64url, to_json
from avow.embed.transport import InProcessTransport
from avow.errors import Unreachable
from avow.sdk.transport import Request, Response, Transport
from avow.testing.server import Avow

__all__ = ["AUDIENCE", "FACES", "ISSUER", "Answer", "AsyncIssuer", "Issuer", "bearer", "proof"]

ISSUER = "https://id.example.com/"
AUDIENCE = "https://api.example.com/mcp"
NOW = 1_800_000_000

Headers = Iterable[tuple[str, str]]
Ask = Callable[..., "Answer"]
_numbers = itertools.count(1)


@dataclass
class Issuer:
    """Gives tokens, and answers who asks for its keys; the parts can be changed."""

    key: SigningKey = field(default_factory=lambda: SigningKey.generate("ES256"))
    now: int = NOW
    url: str = ISSUER
    is_away: bool = False
    description: dict[str, Any] = field(default_factory=dict)
    keys: bytes = b""
    asked: list[str] = field(default_factory=list)

    def clock(self) -> int:
        return self.now

    def send(self, request: Request) -> Response:
        self.asked.append(request.path)
        if self.is_away:
            raise Unreachable
        if request.path.endswith("/openid-configuration"):
            said = {"issuer": self.url, "jwks_uri": "https://keys.example.com/jwks?v=1", **self.description}
            return Response(200, body=json.dumps(said).encode())
        assert request.path.startswith("https://keys.example.com/jwks")
        return Response(200, body=self.keys or KeySet.of([self.key]).to_jwks())

    def close(self) -> None:
        pass

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return claims of a good token; None takes one away."""
        said = {
            "iss": self.url,
            "sub": "U1",
            "aud": AUDIENCE,
            "client_id": "shop",
            "jti": "j1",
            "iat": self.now,
            "exp": self.now + 300,
            "scope": "openid write",
            "permissions": ["read:admin"],
            **changes,
        }
        return {name: value for name, value in said.items() if value is not None}

    def token(self, typ: str = "at+jwt", /, *, key: SigningKey | None = None, **changes: Any) -> str:
        return sign(key or self.key, self.claims(**changes), typ=typ)


@dataclass
class AsyncIssuer:
    """The same for asyncio."""

    inner: Transport

    async def send(self, request: Request) -> Response:
        return self.inner.send(request)

    async def close(self) -> None:
        pass


def bearer(token: str) -> list[tuple[str, str]]:
    return [("Authorization", f"Bearer {token}")]


def proof(key: SigningKey, token: str, now: int, **changes: Any) -> str:
    """Return a proof of possession for GET of the API's address."""
    said = {
        "jti": f"p{next(_numbers)}",
        "htm": "GET",
        "htu": "https://api.example.com/any",
        "iat": now,
        "ath": to_base64url(hashlib.sha256(token.encode()).digest()),
        **changes,
    }
    jwk = json.loads(key.public_only().public_jwk())
    head = {"typ": "dpop+jwt", "alg": key.algorithm, "jwk": {each: jwk[each] for each in ("kty", "crv", "x", "y")}}
    message = f"{to_base64url(to_json(head))}.{to_base64url(to_json(said))}"
    return f"{message}.{to_base64url(key.signature(message.encode()))}"


# --- The API: /any, /admin (a permission), /write (a scope), /people ---

NEEDS: dict[str, dict[str, Any]] = {
    "/any": {},
    "/admin": {"permissions": ["read:admin"]},
    "/write": {"scopes": ["write"]},
    "/people": {"people_only": True},
}


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, header fields by lower-case name, and JSON."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def challenge(self) -> str:
        return self.headers.get("www-authenticate", "")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an API's issuer is, and the time there."""

    transport: Any
    async_transport: Any
    clock: Callable[[], int]
    issuer: str = ISSUER
    audience: str = AUDIENCE

    @classmethod
    def of(cls, issuer: Issuer) -> "Place":
        return cls(issuer, AsyncIssuer(issuer), issuer.clock)

    @classmethod
    def of_avow(cls, avow: Avow, issuer: str, audience: str) -> "Place":
        """Return the place of an API whose issuer is a server in this process."""
        carrier = _InProcess(avow)
        return cls(carrier, AsyncIssuer(carrier), avow.server.clock, issuer, audience)


@dataclass
class _InProcess:
    avow: Avow

    def send(self, request: Request) -> Response:
        path = urlsplit(request.path).path
        return InProcessTransport(self.avow.server.site).send(replace(request, path=path))

    def close(self) -> None:
        pass


def flask_api(place: Place, **more: Any) -> Ask:
    from flask import Flask

    from avow.flask import ResourceServer, current_token

    app = Flask("api")
    api = ResourceServer(place.issuer, audience=place.audience, clock=place.clock, transport=place.transport, **more)

    def view() -> dict[str, str]:
        return {"subject": current_token.subject}

    for path, needs in NEEDS.items():
        guarded = api.token_required(**needs)(view) if needs else api.token_required(view)
        app.add_url_rule(path, path, guarded)
    app.add_url_rule("/any/<path:rest>", "rest", lambda rest: api.token_required(view)())

    def ask(path: str, headers: Headers = ()) -> Answer:
        found = app.test_client(use_cookies=False).get(path, base_url="https://api.example.com", headers=list(headers))
        return Answer(found.status_code, _lower(found.headers.items()), found.json)

    return ask


def django_api(place: Place, *, is_async: bool = False, **more: Any) -> Ask:
    import_module("tests.django.conftest")  # configures Django, once in a process
    from django.http import HttpRequest, JsonResponse
    from django.test import AsyncRequestFactory, RequestFactory, override_settings

    from avow.django.resource import ResourceServer, token_of

    api = ResourceServer(
        place.issuer,
        audience=place.audience,
        clock=place.clock,
        transport=place.transport,
        async_transport=place.async_transport,
        **more,
    )

    def view(request: HttpRequest) -> JsonResponse:
        return JsonResponse({"subject": token_of(request).subject})

    async def async_view(request: HttpRequest) -> JsonResponse:
        return view(request)

    def ask(path: str, headers: Headers = ()) -> Answer:
        sent: dict[str, str] = {}
        for name, value in headers:
            sent[name] = f"{sent[name]},{value}" if name in sent else value  # as servers of WSGI join them
        guarded: Any = api.token_required(**NEEDS.get(path, {}))(async_view if is_async else view)
        made = AsyncRequestFactory() if is_async else RequestFactory()
        request = made.get(path, headers=sent, secure=True)
        request.path, request.META["HTTP_HOST"] = unquote(path), "api.example.com"  # as servers say it
        with override_settings(ALLOWED_HOSTS=["api.example.com"]):
            found = asyncio.run(guarded(request)) if is_async else guarded(request)
        return Answer(found.status_code, _lower(found.headers.items()), json.loads(found.content))

    return ask


def fastapi_api(place: Place, **more: Any) -> Ask:
    from fastapi import Depends, FastAPI

    from avow.fastapi import AccessToken, ResourceServer

    app = FastAPI()
    said: dict[str, Any] = {"clock": place.clock, "transport": place.async_transport, **more}
    api = ResourceServer(place.issuer, audience=place.audience, **said)

    def add(path: str, needs: dict[str, Any]) -> None:
        required = Depends(api.require(**needs))

        async def endpoint(token: AccessToken = required) -> dict[str, str]:
            return {"subject": token.subject}

        app.get(path)(endpoint)

    for path, needs in {**NEEDS, "/any/{rest:path}": {}}.items():
        add(path, needs)
    return _asgi(app)


def mcp_api(place: Place, **more: Any) -> Ask:
    from avow.mcp import access_token, protected

    async def echo(scope: Any, receive: Any, send: Any) -> None:
        del receive
        assert scope["user"].access_token.subject == access_token().subject
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps({"subject": access_token().subject}).encode()})

    said: dict[str, Any] = {"clock": place.clock, "transport": place.async_transport, **more}
    apps = {
        path: protected(place.issuer, audience=place.audience, **needs, **said)(echo) for path, needs in NEEDS.items()
    }

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await apps.get(scope["path"], apps["/any"])(scope, receive, send)

    return _asgi(app)


FACES: dict[str, Callable[..., Ask]] = {
    "Flask": flask_api,
    "Django": django_api,
    "Django, asynchronous": lambda place, **more: django_api(place, is_async=True, **more),
    "FastAPI": fastapi_api,
    "MCP": mcp_api,
}


def _asgi(app: Any) -> Ask:
    def ask(path: str, headers: Headers = (), verb: str = "GET", kind: str = "http") -> Answer:
        return asyncio.run(_spoken(app, path, headers, verb, kind))

    return ask


async def _spoken(app: Any, path: str, headers: Headers, verb: str, kind: str) -> Answer:
    """Speak ASGI by hand: no client takes anything away from the headers."""
    heard: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"} if kind == "websocket" else {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        heard.append(message)

    fields = [(name.lower().encode(), value.encode()) for name, value in headers]
    scope = {
        "type": kind,
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": verb,
        "scheme": "https",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": b"q=1",
        "root_path": "",
        "headers": [(b"host", b"api.example.com"), *fields],
        "client": ("192.0.2.7", 4711),
        "server": ("api.example.com", 443),
    }
    await app(scope, receive, send)
    if kind == "websocket":
        return Answer(heard[0]["code"], {"type": heard[0]["type"]}, None)
    body = b"".join(each.get("body", b"") for each in heard[1:])
    told = _lower((name.decode(), value.decode()) for name, value in heard[0]["headers"])
    is_json = bool(body) and not told.get("content-type", "").startswith("text/plain")
    return Answer(heard[0]["status"], told, json.loads(body) if is_json else None)


def _lower(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in fields}
