"""The routes of key sets."""

from avow.server.serving import Answer, Call, Slice, plain
from avow.wire import keys as wire
from avow.wire.endpoint import Nothing

__all__ = ["SLICE"]

# A new key is published a whole rotation before it signs, so a key set may be kept for a while.
_PUBLIC = {"cache-control": "public, max-age=60", "access-control-allow-origin": "*"}


def session_keys(call: Call[Nothing]) -> Answer:
    """Return the keys that verify session and refresh tokens, the next one included."""
    return Answer(call.project.jwks, headers=_PUBLIC)


def oidc_keys(call: Call[Nothing]) -> Answer:
    """Return the keys that verify ID tokens and API access tokens, and those of the session set."""
    return Answer(call.project.oidc_jwks, headers=_PUBLIC)


SLICE = Slice("keys", (plain(wire.KEYS, session_keys), plain(wire.OIDC_KEYS, oidc_keys)))
