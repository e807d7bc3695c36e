"""The routes of embedded links."""

from avow.server.embeddedlink import actions
from avow.server.serving import Call, Slice, writes
from avow.server.store import Tx
from avow.wire import embeddedlink as wire
from avow.wire.embeddedlink import EmbeddedSignIn, EmbeddedSignUp, EmbeddedToken

__all__ = ["SLICE"]


def sign_in(tx: Tx, call: Call[EmbeddedSignIn]) -> EmbeddedToken:
    """Return a token that signs a user in once; take it back with `POST /v1/auth/magiclink/verify`.

    Nothing is sent, and no address is proven: you vouch for whom you hand the token to. A user has one at a time. An
    invited user is enabled by it; of a disabled one it is refused when it comes back.
    """
    return EmbeddedToken(token=actions.sign_in(tx, call))


def sign_up(tx: Tx, call: Call[EmbeddedSignUp]) -> EmbeddedToken:
    """Return a token that creates a user and signs them in, once; the user exists when it comes back."""
    return EmbeddedToken(token=actions.sign_up(tx, call))


SLICE = Slice("embeddedlink", (writes(wire.SIGN_IN, sign_in), writes(wire.SIGN_UP, sign_up)))
