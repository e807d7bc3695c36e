"""The routes that set and end the password of a user.

A password is judged and hashed between two units: the first reads what it is judged by, the second writes it if that
still stands, and otherwise all begins again.
"""

from dataclasses import dataclass, field
from typing import Final

from avow.core.passwords import hashed, verify
from avow.core.passwords.policy import require_good
from avow.errors import InvalidArgument, Unavailable
from avow.server.accounts import actions, reach
from avow.server.challenges import actions as challenges
from avow.server.passwords import actions as passwords
from avow.server.passwords.actions import State
from avow.server.serving import Call, Handler, Steps, aside, read, steps, write, writes
from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.server.users.actions import Profile
from avow.wire import passwords as wire
from avow.wire.accounts import OneUser
from avow.wire.endpoint import Nothing
from avow.wire.passwords import ExpirePassword, PasswordSettings, SetPassword

__all__ = ["HANDLERS", "names_of"]

_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a new password of a user is judged by.

    Attributes:
        user_id: Whose it is to be.
        names: What they are called.
        settings: Of the project, or of their tenants.
        present: Their password as it is stored, or None.
        earlier: Those before it that are remembered.
    """

    user_id: str
    names: tuple[str, ...]
    settings: PasswordSettings
    present: str | None = field(repr=False)
    earlier: tuple[str, ...] = field(repr=False)

    @property
    def remembered(self) -> int:
        """Return how many are kept beside the present one."""
        return max(0, self.settings.reuse_amount - 1) if self.settings.reuse else 0


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


def names_of(profile: Profile) -> tuple[str, ...]:
    """Return what a user is called, none of which is a password."""
    row = profile.row
    return (*profile.login_ids, row.email, row.phone, row.name, row.given_name, row.family_name)


def _set(call: Call[SetPassword], state: State) -> Steps[None]:
    for _ in range(_TRIES):
        seen = yield from read(_look, call)
        require_good(call.body.password, seen.settings, seen.names)
        encoded = yield from aside(_hashed, call.body.password, seen)
        if (yield from write(_written, call, seen, encoded, state)):
            return
    raise Unavailable(detail="the password was changed by others at the same time")


def _look(tx: Tx, call: Call[SetPassword]) -> _Seen:
    profile = actions.load(tx, OneUser(login_id=call.body.login_id))
    reach.require_own(tx, call, [profile.id])
    users.require_right_to_become(tx, call.management, profile.id)
    settings = passwords.settings_of_user(tx, profile.id)
    present = passwords.held(tx, profile.id)
    most = settings.reuse_amount - 1 if settings.reuse else 0
    return _Seen(
        profile.id,
        names_of(profile),
        settings,
        present.encoded if present else None,
        passwords.earlier(tx, profile.id, most),
    )


def _hashed(password: str, seen: _Seen) -> str:
    refused = (seen.present, *seen.earlier) if seen.settings.reuse else ()
    if any(each is not None and verify(each, password) for each in refused):
        raise InvalidArgument(error_message=f"The password is one of the last {seen.settings.reuse_amount}.")
    return hashed(password)


def _written(tx: Tx, call: Call[SetPassword], seen: _Seen, encoded: str, state: State) -> bool:
    """Write the password with all that follows; False when what it was judged by has changed."""
    user_id = actions.lock(tx, call.body.login_id).id
    present = passwords.held(tx, user_id)
    if user_id != seen.user_id or (present.encoded if present else None) != seen.present:
        return False
    reach.require_own(tx, call, [user_id])
    users.require_right_to_become(tx, call.management, user_id)
    actor = call.management.actor
    passwords.replace(tx, user_id, encoded, state, remembers=seen.remembered)
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
