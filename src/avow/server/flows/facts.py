"""What choices of flows can ask about: facts of an execution, of its project and of its person."""

from avow.core.flows.machine import Facts
from avow.errors import SecondFactorNeeded, SessionEnded
from avow.server.flows import offers
from avow.server.flows.acts.account import has_two_factors
from avow.server.flows.state import State
from avow.server.serving import Project
from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from avow.server.users import actions as users

__all__ = ["NAMES", "facts_of"]

_FACTORS = {
    "factor-totp": "totp",
    "factor-webauthn": "webauthn",
    "factor-pwd": "pwd",
    "factor-email": "email",
    "factor-sms": "sms",
}
NAMES = frozenset(
    {
        "signed-in",
        "proven",
        "waits",
        "several-factors",
        "several-tenants",
        "offers-passkey",
        "two-factors",
        "must-choose-password",
        *_FACTORS,
    }
)


def facts_of(tx: Tx, project: Project, state: State) -> Facts:
    """Return what tells whether a fact holds now."""

    def holds(name: str) -> bool:
        match name:
            case "signed-in":
                return _is_signed_in(tx, project, state)
            case "proven":
                return state.session is not None
            case "waits":
                return state.waiting is not None
            case "several-factors":
                return len(state.factors) > 1
            case "must-choose-password":
                return state.must_choose
            case "two-factors":
                return has_two_factors(tx, project, state)
            case "several-tenants":
                return _has_several_tenants(tx, state)
            case "offers-passkey":
                return offers.is_due(tx, project, state)
            case _:
                return _FACTORS.get(name, "") in state.factors

    return holds


def _is_signed_in(tx: Tx, project: Project, state: State) -> bool:
    try:
        return state.caller is not None and bool(sessions.live(tx, project, state.caller.caller))
    except (SessionEnded, SecondFactorNeeded):
        return False


def _has_several_tenants(tx: Tx, state: State) -> bool:
    profile = users.find(tx, state.session.user_id) if state.session else None
    return profile is not None and len(profile.tenants) > 1
