"""The routes that set and end the password of a user.

A password is judged and hashed between two units: the first reads what it is judged by, the second writes it if that
still stands, and otherwise all begins again.
"""

from typing import Final

from avow.core.passwords.policy import require_good
from avow.errors import Unavailable
from avow.server.accounts import actions, reach
from avow.server.challenges import actions as challenges
from avow.server.passwords import actions as passwords
from avow.server.passwords.actions import Standard, State
from avow.server.passwords.blocklist import common
from avow.server.passwords.breaches import require_unbreached
from avow.server.serving import Call, Handler, Steps, aside, read, steps, write, writes
from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.wire import passwords as wire
from avow.wire.accounts import OneUser
from avow.wire.endpoint import Nothing
from avow.wire.passwords import ExpirePassword, SetPassword

__all__ = ["HANDLERS"]

_TRIES: Final = 3


def set_temporary_password(call: Call[SetPassword]) -> Steps[Nothing]:
    """Give a user a password that only lets them replace it.

    It has to be what the password settings ask for. Every session of the user ends, and so do codes and links that are
    on their way to them, wrong tries at the password before, and its lock.
    """
    yield from _set(call, "temporary")
    return Nothing()


def set_active_password(call: Call[SetPassword]) -> Steps[Nothing]:
    """Give a user another password; what it has to be and what it ends are those of `set/temporary`."""
    yield from _set(call, "active")
    return Nothing()


def set_password(call: Call[SetPassword]) -> Steps[Nothing]:
    """Give a user a password that only lets them replace it, unless `setActive`. Deprecated: say which, by address."""
    yield from _set(call, "active" if call.body.set_active else "temporary")
    return Nothing()


def expire_password(tx: Tx, call: Call[ExpirePassword]) -> Nothing:
    """Let a user's password do no more than replace it. Their sessions go on; `logout` ends them."""
    user_id = actions.lock(tx, call.body.login_id).id
    passwords.expire(tx, user_id)
    tx.audit("password.expired", actor=call.management.actor, user_id=user_id)
    return Nothing()


def _set(call: Call[SetPassword], state: State) -> Steps[None]:
    for _ in range(_TRIES):
        standard = yield from read(_look, call)
        require_good(call.body.password, standard.settings, standard.names, common())
        yield from require_unbreached(call.project, call.body.password)
        encoded = yield from aside(passwords.encode, call.body.password, standard)
        if (yield from write(_written, call, standard, encoded, state)):
            return
    raise Unavailable(detail="the password was changed by others at the same time")


def _look(tx: Tx, call: Call[SetPassword]) -> Standard:
    profile = actions.load(tx, OneUser(login_id=call.body.login_id))
    reach.require_own(tx, call, [profile.id])
    users.require_right_to_become(tx, call.management, profile.id)
    return passwords.standard_of(tx, profile, call.project.name)


def _written(tx: Tx, call: Call[SetPassword], standard: Standard, encoded: str, state: State) -> bool:
    """Write the password with all that follows; False when what it was judged by has changed."""
    user_id = actions.lock(tx, call.body.login_id).id
    if user_id != standard.user_id or not standard.is_of(passwords.held(tx, user_id)):
        return False
    reach.require_own(tx, call, [user_id])
    users.require_right_to_become(tx, call.management, user_id)
    actor = call.management.actor
    # What a caller of one tenant sets goes when the owner of the user's address comes: it would outlive the membership.
    is_own = bool(call.management.tenant_id)
    passwords.replace(tx, user_id, encoded, state, remembers=standard.remembered, is_own=is_own)
    sessions.end_all(tx, user_id, why="password set", actor=actor)
    challenges.drop_all(tx, user_id)
    tx.audit("password.set", actor=actor, user_id=user_id, data={"state": state})
    return True


HANDLERS: tuple[Handler, ...] = (
    steps(wire.SET_TEMPORARY, set_temporary_password),
    steps(wire.SET_ACTIVE, set_active_password),
    steps(wire.SET, set_password),
    writes(wire.EXPIRE, expire_password),
)
