"""The routes of tokens that management makes and changes.

Tokens that a caller hands in are verified before the transaction that changes anything.
"""

from functools import partial

from avow.errors import UserExists
from avow.server.jwt import actions
from avow.server.serving import Call, Issued, OneToken, Refusal, Slice, Steps, read, steps, write, writes
from avow.server.store import Tx
from avow.wire import jwt as wire
from avow.wire.jwt import (
    Anonymous,
    Impersonate,
    ImpersonateStepup,
    MgmtSignIn,
    MgmtSignUp,
    StopImpersonation,
    UpdateJwt,
)

__all__ = ["SLICE"]


def update_jwt(call: Call[UpdateJwt]) -> Steps[OneToken]:
    """Add custom claims to a live session and return its token made anew, with the user's rights of now.

    The claims stand at the top level and stay in the session's tokens to come; null takes one away. Reserved names are
    passed over. The new token is of the kind that was handed in, and lives no longer than it would have.
    """
    shown = yield from read(actions.read, call.project, call.body.jwt)
    return (yield from write(actions.update, call, shown))


def impersonate(tx: Tx, call: Call[Impersonate]) -> OneToken | Refusal:
    """Let a user act in the name of another; return a refresh token of that session.

    The impersonator has the permission `Impersonate`: in the project for every user, in a tenant for those who are
    members of it alone. Nobody is impersonated who administers the project or may impersonate. The session lives an
    hour at most, names the impersonator in `act`, and ends with their right to it. In it nobody steps up, changes how
    the user signs in, ends their sessions or administers a tenant.
    """
    return actions.impersonate(tx, call, is_step_up=bool(call.body.stepup))


def impersonate_stepup(tx: Tx, call: Call[ImpersonateStepup]) -> OneToken | Refusal:
    """Let a user act in the name of another as if that one had just proven themselves anew; see `impersonate`."""
    return actions.impersonate(tx, call, is_step_up=True)


def stop_impersonation(call: Call[StopImpersonation]) -> Steps[OneToken | Refusal]:
    """End a session in somebody else's name; return a refresh token of a new session of who acted."""
    shown = yield from read(actions.read, call.project, call.body.jwt)
    return (yield from write(actions.stop, call, shown))


def sign_in(call: Call[MgmtSignIn]) -> Steps[Issued | Refusal]:
    """Open a session for a user whom the back end vouches for. With `stepup` or `mfa`, `jwt` names a live session."""
    is_added = bool(call.body.stepup or call.body.mfa)
    shown = None
    if is_added and call.body.jwt:
        shown = yield from read(actions.read, call.project, call.body.jwt)
    return (yield from write(actions.sign_in, call, shown))


def sign_up(tx: Tx, call: Call[MgmtSignUp]) -> Issued | Refusal:
    """Create a user whom the back end vouches for, and open their first session."""
    return actions.sign_up(tx, call, or_in=False)


def sign_up_or_in(call: Call[MgmtSignUp]) -> Steps[Issued | Refusal]:
    """Open a session for a user whom the back end vouches for, who is created if need be."""
    unit = partial(actions.sign_up, call=call, or_in=True)
    try:
        return (yield from write(unit))
    except UserExists:  # somebody created them in this moment
        return (yield from write(unit))


def anonymous(tx: Tx, call: Call[Anonymous]) -> Issued | Refusal:
    """Open a session for somebody nobody knows. They have no login ID, and go when their sessions are forgotten."""
    return actions.open_anonymous(tx, call)


SLICE = Slice(
    "jwt",
    (
        steps(wire.UPDATE, update_jwt),
        writes(wire.IMPERSONATE, impersonate),
        writes(wire.IMPERSONATE_STEPUP, impersonate_stepup),
        steps(wire.STOP_IMPERSONATION, stop_impersonation),
        steps(wire.SIGN_IN, sign_in),
        writes(wire.SIGN_UP, sign_up),
        steps(wire.SIGN_UP_OR_IN, sign_up_or_in),
        writes(wire.ANONYMOUS, anonymous),
    ),
)
