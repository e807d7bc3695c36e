"""Hands out what `avow.web` has for browsers, under addresses that stay."""

from functools import cache
from hashlib import sha256
from importlib import resources

from avow.errors import NotFound
from avow.server.serving import Answer, Call, Slice, plain
from avow.wire.endpoint import Caller, Endpoint, Nothing

__all__ = ["SCRIPT", "SLICE"]

SCRIPT = Endpoint("browser.script", "GET", "/sdk/{file}", Nothing, Nothing, Caller.ANYONE)
_TYPES = {"js": "text/javascript; charset=utf-8", "mjs": "text/javascript; charset=utf-8", "ts": "text/plain"}
_HEADERS = {
    # The address stays the same from version to version, so browsers ask again now and then.
    "cache-control": "public, max-age=600, stale-while-revalidate=86400",
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
}


def script(call: Call[Nothing]) -> Answer:
    """Answer a script for applications' pages, or its types: `avow.js` (classic), `avow.mjs`, `avow.d.ts`."""
    found = _files().get(call.path["file"])
    if found is None:
        raise NotFound
    body, kind, tag = found
    return Answer(body, 200, kind, {**_HEADERS, "etag": tag})


@cache
def _files() -> dict[str, tuple[bytes, str, str]]:
    """Return text, content type and tag of every file by its name."""
    web = resources.files("avow.web")
    files = [*(web / "served").iterdir(), *(each for each in web.iterdir() if each.name.endswith(".d.ts"))]
    found = {each.name: each.read_bytes() for each in files}
    return {
        name: (body, _TYPES[name.rpartition(".")[2]], f'"{sha256(body).hexdigest()[:16]}"')
        for name, body in found.items()
    }


SLICE = Slice("browser", (plain(SCRIPT, script),))
