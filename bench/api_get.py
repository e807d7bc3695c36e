"""A signed-in GET of Flask and of FastAPI: what our sign-in adds to the bare application.

    python -m bench.api_get [--rounds 61]

Applications are called in the process, by WSGI and by ASGI, without a socket; keys are at hand, so that nothing can
reach a network.
"""

import argparse
import asyncio
import io
import sys
from collections.abc import Callable, Coroutine
from itertools import cycle
from typing import Any

from fastapi import FastAPI
from flask import Flask

from avow import AsyncClient, Client
from avow.fastapi import Avow as FastApiAvow
from avow.fastapi import CurrentSession
from avow.flask import Avow as FlaskAvow
from avow.flask import current_session, login_required
from bench.rounds import Work, compare, report
from bench.validate import PROJECT, UNSEEN, Case

__all__ = ["main"]

BARE = "bare application"
COOKIE = "__Host-avow-session-token"
ANSWER = {"name": "jane"}


def main(arguments: list[str] | None = None) -> bool:
    """Run the benchmark and print; nothing here has a bar."""
    parser = argparse.ArgumentParser(prog="api_get")
    parser.add_argument("--rounds", type=int, default=61)
    rounds: int = parser.parse_args(arguments or []).rounds
    case, loop = Case("ES256"), asyncio.new_event_loop()
    try:
        for name, work in (("Flask", _flask(case)), ("FastAPI", _fastapi(case, loop))):
            report(f"{name}, signed-in GET", compare(work, BARE, rounds=rounds, seconds=0.006))
    finally:
        loop.close()
    return True


def _flask(case: Case) -> dict[str, Work]:
    app = Flask("bench")
    client = Client(PROJECT, public_key=case.key.public_jwk())
    app.config.update(AVOW_PROJECT_ID=PROJECT, AVOW_BASE_URL="http://localhost", AVOW_CLIENT=lambda: client)
    FlaskAvow(app)

    @app.get("/plain")
    def plain() -> dict[str, str]:
        return ANSWER

    @app.get("/guarded")
    @login_required
    def guarded() -> dict[str, str]:
        return ANSWER if current_session.user_id else {}

    def ask(path: str, **more: str) -> None:
        statuses: list[str] = []
        environ = {
            **{"REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": "", "HTTP_HOST": "shop"},
            **{"SERVER_NAME": "shop", "SERVER_PORT": "443", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "https"},
            **{
                "wsgi.version": (1, 0),
                "wsgi.input": io.BytesIO(),
                "wsgi.errors": sys.stderr,
                "REMOTE_ADDR": "192.0.2.7",
            },
            **{"wsgi.multithread": False, "wsgi.multiprocess": False, "wsgi.run_once": False},
            **more,
        }
        body = b"".join(app(environ, lambda status, *_: statuses.append(status)))  # type: ignore[arg-type]  # a start without its third argument
        _check(statuses[0], body)

    return _candidates(
        case,
        lambda: ask("/plain"),
        lambda token: ask("/guarded", HTTP_COOKIE=f"{COOKIE}={token}"),
        lambda token: ask("/guarded", HTTP_AUTHORIZATION=f"Bearer {token}"),
    )


def _fastapi(case: Case, loop: asyncio.AbstractEventLoop) -> dict[str, Work]:
    bare, ours = FastAPI(), FastAPI()
    client = AsyncClient(PROJECT, public_key=case.key.public_jwk())
    FastApiAvow(ours, project_id=PROJECT, base_url="http://localhost", client=lambda: client)

    @bare.get("/")
    async def plain() -> dict[str, str]:
        return ANSWER

    @ours.get("/")
    async def guarded(session: CurrentSession) -> dict[str, str]:
        return ANSWER if session.user_id else {}

    def ask(app: FastAPI, *headers: tuple[bytes, bytes]) -> None:
        loop.run_until_complete(_asked(app, headers))

    return _candidates(
        case,
        lambda: ask(bare),
        lambda token: ask(ours, (b"cookie", f"{COOKIE}={token}".encode())),
        lambda token: ask(ours, (b"authorization", f"Bearer {token}".encode())),
    )


def _asked(app: FastAPI, headers: tuple[tuple[bytes, bytes], ...]) -> Coroutine[Any, Any, None]:
    scope = {
        **{"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "https"},
        **{
            "path": "/",
            "raw_path": b"/",
            "query_string": b"",
            "root_path": "",
            "headers": [(b"host", b"shop"), *headers],
        },
        **{"client": ("192.0.2.7", 4711), "server": ("shop", 443)},
    }
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    async def whole() -> None:
        await app(scope, receive, send)
        _check(str(sent[0]["status"]), b"".join(each.get("body", b"") for each in sent[1:]))

    return whole()


def _candidates(
    case: Case, bare: Work, by_cookie: Callable[[str], None], by_header: Callable[[str], None]
) -> dict[str, Work]:
    unseen = cycle(case.tokens(UNSEEN))
    return {
        BARE: bare,
        "avow, cookie": lambda: by_cookie(case.token),
        "avow, header": lambda: by_header(case.token),
        "avow, header, unseen token": lambda: by_header(next(unseen)),
    }


def _check(status: str, body: bytes) -> None:
    if not status.startswith("200") or b"jane" not in body:
        raise LookupError(f"a request of the benchmark was answered {status}: {body[:200]!r}")


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
