"""`python -m examples.django_oidc.api`: the API server, a process of its own that knows the provider and nobody else.

It verifies access tokens: RS256 by a key that the provider publishes, for this API, by this provider. One message is
for everybody, one for everybody with a token, one for tokens with the permission `read:admin-messages`.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import jwt

__all__ = ["make_api"]

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_PERMISSION = "read:admin-messages"


class _Refused(Exception):
    """A request is refused: with which status, words and challenge (RFC 6750 section 3)."""

    def __init__(self, status: str, message: str, error: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.error = status, message, error


def make_api(domain: str, audience: str) -> Application:
    """Return the WSGI application of an API that a provider gives tokens for.

    Args:
        domain: Host, and port, of the provider.
        audience: What this API is called there.
    """
    verifier = _Verifier(domain, audience)

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
        try:
            header = environ.get("HTTP_AUTHORIZATION", "")
            said = {"text": _message(environ.get("PATH_INFO", ""), header, verifier)}
            status = "200 OK"
        except _Refused as refused:
            said, status = {"message": refused.message}, refused.status
            if status.startswith(("401", "403")):
                headers.append(("WWW-Authenticate", "Bearer" + (f' error="{refused.error}"' if refused.error else "")))
        start_response(status, headers)
        return [json.dumps(said).encode()]

    return application


class _Verifier:
    """Says what access tokens are worth."""

    def __init__(self, domain: str, audience: str) -> None:
        self.issuer, self.audience = f"https://{domain}/", audience
        self.keys = jwt.PyJWKClient(f"{self.issuer}.well-known/jwks.json", timeout=5)

    def claims_of(self, header: str) -> dict[str, Any]:
        """Return the claims of the token in an Authorization header."""
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _Refused("401 Unauthorized", "Requires authentication")
        try:
            return jwt.decode(
                token,
                self.keys.get_signing_key_from_jwt(token).key,
                algorithms=["RS256"],
                audience=self.audience,
                issuer=self.issuer,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.PyJWKClientConnectionError as error:
            raise _Refused("503 Service Unavailable", "The provider cannot be reached") from error
        except jwt.PyJWTError as error:
            raise _Refused("401 Unauthorized", "Bad credentials", "invalid_token") from error


def _message(path: str, header: str, verifier: _Verifier) -> str:
    if path == "/api/messages/public":
        return "This is a public message."
    if path not in ("/api/messages/protected", "/api/messages/admin"):
        raise _Refused("404 Not Found", "Not Found")
    claims = verifier.claims_of(header)
    if path.endswith("/protected"):
        return "This is a protected message."
    permissions = claims.get("permissions")
    if not isinstance(permissions, list) or _PERMISSION not in permissions:
        raise _Refused("403 Forbidden", "Permission denied", "insufficient_scope")
    return "This is an admin message."


class _Server(ThreadingMixIn, WSGIServer):
    """Answers several at once."""

    daemon_threads = True


class _Handler(WSGIRequestHandler):
    """Keeps quiet."""

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def main() -> None:
    """Serve until somebody ends it."""
    parser = argparse.ArgumentParser(prog="python -m examples.django_oidc.api", description=__doc__)
    parser.add_argument("--port", type=int, default=6060)
    port: int = parser.parse_args().port
    api = make_api(os.environ["AUTH0_DOMAIN"], os.environ["AUTH0_AUDIENCE"])
    with make_server("127.0.0.1", port, api, _Server, _Handler) as server:
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            sys.exit(130)


if __name__ == "__main__":
    main()
