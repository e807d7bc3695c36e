"""The receivers of webhooks on docs/audit.md: they take what Avow signs, and nothing else."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from avow.core.webhooks import new_secret, sign

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "audit.md"
SECRET = new_secret()
BODY = json.dumps({"id": "V1", "action": "session.opened"}).encode()

Post = Callable[[dict[str, str], bytes], int]


def receiver(framework: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the app of the page's block for a framework."""
    monkeypatch.setenv("AUDIT_WEBHOOK_SECRET", SECRET)
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {"__name__": "receiver"}
    for block in blocks:
        if "def is_genuine" in block or f"from {framework} import" in block:
            exec(compile(block, PAGE.name, "exec"), names)  # noqa: S102 - our own page
    return names["app"]


def flask_post(monkeypatch: pytest.MonkeyPatch) -> Post:
    pytest.importorskip("flask")
    client = receiver("flask", monkeypatch).test_client()
    return lambda headers, body: int(
        client.post("/avow", data=body, headers={**headers, "content-type": "application/json"}).status_code
    )


def fastapi_post(monkeypatch: pytest.MonkeyPatch) -> Post:
    """Speak ASGI by hand: the framework's own client would bring another HTTP library."""
    pytest.importorskip("fastapi")
    import asyncio

    app = receiver("fastapi", monkeypatch)

    def post(headers: dict[str, str], body: bytes) -> int:
        status: list[int] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                status.append(message["status"])

        sent = [(b"content-type", b"application/json"), *((k.encode(), v.encode()) for k, v in headers.items())]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
            "path": "/avow", "raw_path": b"/avow", "query_string": b"", "root_path": "", "headers": sent,
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        asyncio.run(app(scope, receive, send))
        return status[0]

    return post


@pytest.fixture(params=[flask_post, fastapi_post], ids=["flask", "fastapi"])
def post(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Post:
    made: Post = request.param(monkeypatch)
    return made


def headers(secret: str = SECRET, *, event_id: str = "V1", age_seconds: int = 0) -> dict[str, str]:
    at = int(time.time()) - age_seconds
    return {"webhook-id": event_id, "webhook-timestamp": str(at), "webhook-signature": sign(secret, event_id, at, BODY)}


def test_what_avow_signs_is_taken(post: Post) -> None:
    assert post(headers(), BODY) == 204


def test_what_nobody_signed_or_somebody_else_is_refused(post: Post) -> None:
    good = headers()
    assert post({}, BODY) == 401
    assert post(headers(new_secret()), BODY) == 401
    assert post(good, BODY + b" ") == 401
    assert post({**good, "webhook-id": "V2"}, BODY) == 401
    assert post({**good, "webhook-timestamp": str(int(good["webhook-timestamp"]) + 1)}, BODY) == 401
    assert post({**good, "webhook-timestamp": "soon"}, BODY) == 401
    assert post({**good, "webhook-signature": "v1,"}, BODY) == 401


def test_what_was_sent_long_ago_is_refused(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)  # for the page's block as well
    assert post(headers(age_seconds=299), BODY) == 204
    assert post(headers(age_seconds=301), BODY) == 401
    assert post(headers(age_seconds=-301), BODY) == 401
