"""The routes of key sets."""

from avow.server.published import published
from avow.server.serving import Answer, Call, Slice, plain
from avow.wire import keys as wire
from avow.wire.endpoint import Nothing

__all__ = ["SLICE"]


# A new key is published a whole rotation before it signs, so a key set may be kept for a while.
def session_keys(call: Call[Nothing]) -> Answer:
    """Return the keys that verify session and refresh tokens, the next one included."""
    return published(call.project.jwks)


def oidc_keys(call: Call[Nothing]) -> Answer:
    """Return the keys that verify ID tokens and API access tokens, and those of the session set."""
    return published(call.project.oidc_jwks)


SLICE = Slice("keys", (plain(wire.KEYS, session_keys), plain(wire.OIDC_KEYS, oidc_keys)))
