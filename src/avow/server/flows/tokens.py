"""The session at the end of a flow: made anew from its row each time, so that a lost answer can be given again."""

from dataclasses import replace
from typing import Any

from avow.errors import FlowExpired, SessionEnded
from avow.server.flows.state import State
from avow.server.serving import Call, DeviceToken, Issued, Refusal
from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from avow.server.users import actions as users

__all__ = ["completed", "issued_for"]


def issued_for(tx: Tx, call: Call[Any], state: State) -> Issued | None:
    """Return the session that a flow has opened, or the one that it was begun in, continued; None without either.

    Raises:
        FlowExpired: It has ended meanwhile.
    """
    if state.session is None:
        return _continued(tx, call, state)
    who = state.session
    try:
        row = sessions.hold(tx, call.project, who.user_id, who.session_id, who.generation)
    except SessionEnded:
        raise FlowExpired from None
    profile = users.find(tx, who.user_id)
    if profile is None:
        raise FlowExpired
    issued = Issued(
        key=call.project.signing_key,
        claims=sessions.claims_of(tx, call.project, row, profile),
        refreshes=True,
        user=profile.shown(),
    )
    return completed(issued, state)


def completed(issued: Issued, state: State) -> Issued:
    """Return a session with all that came with it on its way through the flow."""
    kept = state.kept
    return replace(
        issued,
        first_seen=kept.first_seen,
        trusted_device=DeviceToken(kept.device_token, kept.device_seconds) if kept.device_token else None,
        idp_response=kept.idp_response,
        tenant_sso_id=kept.tenant_sso_id,
    )


def _continued(tx: Tx, call: Call[Any], state: State) -> Issued | None:
    if state.caller is None:
        return None
    result = sessions.refresh(tx, replace(call, caller=state.caller.caller))
    if isinstance(result, Refusal):
        raise FlowExpired
    return replace(result, refreshes=True)
