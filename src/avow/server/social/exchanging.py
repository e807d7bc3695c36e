"""The end of a sign-in with a social provider: the code that the application's page was given becomes a session."""

from avow.errors import InvalidCode
from avow.server.federation import actions as federation
from avow.server.proofs.recipients import require_method
from avow.server.serving import Call, Issued, Refusal
from avow.server.social import starting
from avow.server.store import Tx
from avow.wire.oauth import OAuthCode

__all__ = ["exchange"]


def exchange(tx: Tx, call: Call[OAuthCode]) -> Issued | Refusal:
    """Take the code that the application's page was given, and open the session that it is for.

    It works once, for two minutes. A provider that was switched off, deleted or set up anew
    as another one meanwhile signs nobody in.
    """
    require_method(call, starting.METHOD)
    granted = federation.peek_grant(tx, "oauth", call.body.code)
    if granted is not None and starting.standing(tx, granted.way, granted.provider) is None:
        return federation.refuse(tx, call, "oauth", starting.GONE, granted.way, InvalidCode())
    return federation.exchange(tx, call, "oauth", call.body.code)
