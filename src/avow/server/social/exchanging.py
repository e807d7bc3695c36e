"""The end of a sign-in with a social provider: the code that the application's page was given becomes a session."""

from avow.errors import InvalidCode
from avow.server.federation import actions as federation
from avow.server.proofs.recipients import require_method
from avow.server.serving import Call, Issued, Refusal
from avow.server.social import actions, arriving, starting
from avow.server.store import Tx
from avow.wire.oauth import OAuthCode

__all__ = ["exchange"]


def exchange(tx: Tx, call: Call[OAuthCode]) -> Issued | Refusal:
    """Take the code that the application's page was given, and open the session that it is for.

    It works once, for two minutes. A provider that was switched off or deleted meanwhile signs nobody in.
    """
    require_method(call, starting.METHOD)
    granted = federation.peek_grant(tx, "oauth", call.body.code)
    held = actions.find(tx, granted.way.name) if granted else None
    if granted is not None and (held is None or not held.settings.is_enabled):
        return federation.refuse(tx, call, "oauth", arriving.GONE, granted.way, InvalidCode())
    return federation.exchange(tx, call, "oauth", call.body.code)
