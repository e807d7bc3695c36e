"""An OpenID and OAuth provider on loopback whose key and every answer the test holds.

It keeps to the books until a test says otherwise: codes count once, for the redirect URI and the code challenge that
they were asked for with. `answers` replaces what it says at a path.
"""

import base64
import contextlib
import hashlib
import json
import secrets
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from avow.core.tokens import SigningKey
from avow.core.tokens.encoding import to_base64url

__all__ = ["Asked", "Issued", "OpenIdPeer", "Said", "jws", "listening", "openid_peer"]

Handler = Callable[["Seen"], "Said"]
_had: set[int] = set()


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that came: its path, query and form, headers in lower case."""

    verb: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """An answer; `write` speaks on the connection itself instead."""

    body: object = b""
    status: int = 200
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    write: Callable[[Any], None] | None = None

    @property
    def data(self) -> bytes:
        """Return the bytes of the body."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True, slots=True)
class Asked:
    """An authorization request, as the browser brings it."""

    url: str
    parameters: dict[str, str]

    @classmethod
    def of(cls, url: str) -> "Asked":
        """Read the request that a browser is sent away with; a parameter that is there twice is refused."""
        pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
        assert len(dict(pairs)) == len(pairs), url
        return cls(url, dict(pairs))

    def __getitem__(self, name: str) -> str:
        return self.parameters[name]


@dataclass(slots=True)
class Issued:
    """A code and what it is good for."""

    asked: Asked
    person: dict[str, object]


class OpenIdPeer:
    """A provider.

    Attributes:
        url: Its issuer.
        key: Signs ID tokens; a test may replace it.
        person: Claims of whoever signs in next.
        client: Client id and secret that it knows.
        seen: Every request of a server, the newest last.
        answers: By path: what is answered instead.
        id_claims: Claims of ID tokens that differ from the books; None drops one.
        in_id_token: Put the person's claims into the ID token, not only behind the user endpoint.
        metadata: What discovery says besides; None drops one.
        make_id_token: Makes an ID token of its claims, instead of signing them with `key`.
    """

    def __init__(self, url: str, clock: Callable[[], int]) -> None:
        """Begin with a key and nobody."""
        self.url = url
        self.clock = clock
        self.key = SigningKey.generate("ES256")
        self.keys = [self.key]
        self.person: dict[str, object] = {"sub": "248289761001", "email": "jane@example.com", "email_verified": True}
        self.client = ("avow", "a-secret-of-the-client")
        self.seen: list[Seen] = []
        self.answers: dict[str, Handler] = {}
        self.id_claims: dict[str, object] = {}
        self.metadata: dict[str, object] = {}
        self.in_id_token = True
        self.make_id_token: Callable[[dict[str, object]], str] | None = None
        self.codes: dict[str, Issued] = {}
        self.tokens: dict[str, dict[str, object]] = {}

    # --- The browser ---

    def authorize(self, url: str, **answer: str | None) -> str:
        """Sign the person in whom the test named; return where the browser is sent back to.

        Args:
            url: Where the server sent the browser.
            answer: Parameters of the callback that differ from the books; None drops one.
        """
        asked = Asked.of(url)
        code = secrets.token_urlsafe(24)
        self.codes[code] = Issued(asked, dict(self.person))
        given: dict[str, str | None] = {"code": code, "state": asked["state"], "iss": self.url, **answer}
        query = urlencode({name: value for name, value in given.items() if value is not None})
        return f"{asked['redirect_uri']}?{query}"

    def calls(self, path: str) -> list[Seen]:
        """Return the requests to a path."""
        return [each for each in self.seen if each.path == path]

    # --- Its endpoints ---

    def meanwhile(self, path: str, happens: Callable[[], object]) -> None:
        """Let something happen while the next call of a path is on its way, which is answered by the books."""

        def answer(seen: Seen) -> Said:
            del self.answers[path]
            self.seen.remove(seen)
            happens()
            return self.answer(seen)

        self.answers[path] = answer

    def answer(self, seen: Seen) -> Said:
        """Answer a request of the server."""
        self.seen.append(seen)
        if seen.path in self.answers:
            return self.answers[seen.path](seen)
        route = {
            "/.well-known/openid-configuration": self._discovery,
            "/jwks": self._jwks,
            "/token": self._token,
            "/userinfo": self._userinfo,
            "/user": self._userinfo,
            "/user/emails": self._emails,
        }.get(seen.path)
        return route(seen) if route else Said({"error": "not_found"}, 404)

    def _discovery(self, _: Seen) -> Said:
        found = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/jwks",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "PS256", "EdDSA"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            **self.metadata,
        }
        return Said({name: value for name, value in found.items() if value is not None})

    def _jwks(self, _: Seen) -> Said:
        return Said({"keys": [json.loads(key.public_jwk()) for key in self.keys]})

    def _token(self, seen: Seen) -> Said:
        form = seen.form
        issued = self.codes.pop(form.get("code", ""), None)
        if issued is None or not self._knows(seen):
            return Said({"error": "invalid_grant"}, 400)
        challenge = issued.asked.parameters.get("code_challenge")
        proven = to_base64url(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if form.get("redirect_uri") != issued.asked["redirect_uri"] or (challenge and proven != challenge):
            return Said({"error": "invalid_grant"}, 400)
        access_token = secrets.token_urlsafe(24)
        self.tokens[access_token] = issued.person
        found: dict[str, object] = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": 3600,
            "refresh_token": secrets.token_urlsafe(24),
            "scope": issued.asked.parameters.get("scope", ""),
        }
        if "openid" in issued.asked.parameters.get("scope", ""):
            found["id_token"] = self.id_token(issued)
        return Said(found)

    def id_token(self, issued: Issued) -> str:
        """Make the ID token of a code."""
        now = self.clock()
        claims: dict[str, object] = {
            "iss": self.url,
            "aud": self.client[0],
            "exp": now + 300,
            "iat": now,
            "auth_time": now,
            "nonce": issued.asked.parameters.get("nonce", ""),
            **(issued.person if self.in_id_token else {"sub": issued.person["sub"]}),
            **self.id_claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        return self.make_id_token(claims) if self.make_id_token else jws(claims, self.key)

    def _knows(self, seen: Seen) -> bool:
        """Tell whether a token request shows the client's secret, one way or the other."""
        header = seen.headers.get("authorization", "")
        if header.startswith("Basic "):
            return base64.b64decode(header[6:]).decode() == ":".join(self.client)
        if "client_assertion" in seen.form:
            return True
        return (seen.form.get("client_id"), seen.form.get("client_secret")) == self.client

    def _userinfo(self, seen: Seen) -> Said:
        person = self.tokens.get(seen.headers.get("authorization", "").removeprefix("Bearer "))
        return Said(person) if person is not None else Said({"error": "invalid_token"}, 401)

    def _emails(self, seen: Seen) -> Said:
        person = self.tokens.get(seen.headers.get("authorization", "").removeprefix("Bearer "), {})
        return Said(person.get("emails", []))


def jws(claims: dict[str, object], key: SigningKey, **header: object) -> str:
    """Return claims as a compact JWS with any header; None drops a member of it."""
    members = {"alg": key.algorithm, "kid": key.kid, "typ": "JWT", **header}
    kept = {name: value for name, value in members.items() if value is not None}
    message = ".".join(to_base64url(json.dumps(part).encode()) for part in (kept, claims))
    return f"{message}.{to_base64url(key.signature(message.encode()))}"


@contextlib.contextmanager
def openid_peer(clock: Callable[[], int]) -> Iterator[OpenIdPeer]:
    """Give a provider on a free port of loopback."""
    peer = OpenIdPeer("", clock)
    with listening(peer):
        yield peer


@contextlib.contextmanager
def listening(peer: OpenIdPeer, port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Let a provider answer, on a free port of loopback unless one is named; return the port, which its URL names."""

    class Listener(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer("GET", {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            self._answer("POST", _first(body.decode()))

        def _answer(self, verb: str, form: dict[str, str]) -> None:
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            said = peer.answer(Seen(verb, parts.path, _first(parts.query), form, headers))
            if said.write is not None:
                self.close_connection = True
                with contextlib.suppress(OSError):
                    said.write(self)
                return
            self.send_response(said.status)
            for name, value in {"content-type": said.content_type, **said.headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(said.data)))
            with contextlib.suppress(OSError):  # whoever asked did not wait
                self.end_headers()
                self.wfile.write(said.data)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = _bound(port, Listener)
    server.daemon_threads = True
    port = server.server_port
    peer.url = f"http://127.0.0.1:{port}"
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        peer.url = f"https://localhost:{port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _bound(port: int, listener: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    """Bind the port that is named, or a free one that no provider of this run had: servers keep what was said there."""
    while True:
        server = ThreadingHTTPServer(("127.0.0.1", port), listener)
        if port or server.server_port not in _had:
            _had.add(server.server_port)
            return server
        server.server_close()


def _first(text: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}
