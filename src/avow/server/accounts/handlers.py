"""The routes of users under management.

A tenant's administrator finds the members of that tenant, creates more, and changes and deletes those who are wholly
its own, as `reach` says.
"""

from collections.abc import Sequence
from functools import partial
from itertools import starmap

import msgspec

from avow.server.accounts import actions, batches, changes, credentials, invitations, newcomers, passwords, reach
from avow.server.accounts.newcomers import HashedAccount
from avow.server.accounts.search import search
from avow.server.attributes import actions as attributes
from avow.server.serving import Call, Slice, Steps, read, reads, steps, write, writes
from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.wire import accounts as wire
from avow.wire import attributes as attributes_wire
from avow.wire import usersearch
from avow.wire.accounts import (
    CreateUser,
    CreateUsers,
    LoadUsers,
    OneUser,
    PatchUser,
    PatchUsers,
    UpdateUser,
    UserAnswer,
    UserIds,
    UsersAnswer,
    UsersBatch,
)
from avow.wire.attributes import AttributeNames, CustomAttributes, DefineAttributes
from avow.wire.endpoint import Nothing
from avow.wire.sessions import LoginRecord
from avow.wire.users import UserResponse
from avow.wire.usersearch import SearchUsers

__all__ = ["SLICE"]


def create(tx: Tx, call: Call[CreateUser]) -> UserAnswer:
    """Create a user; with `invite` also send them a link that signs them in.

    A login ID that is an e-mail address or phone number is the user's own, verified, where no other is named. The user
    is `invited` until they prove an address, unless another status is named.
    """
    return _created(tx, call, is_test=bool(call.body.test))


def create_test_user(tx: Tx, call: Call[CreateUser]) -> UserAnswer:
    """Create a test user: nothing is ever sent to them."""
    return _created(tx, call, is_test=True)


def create_batch(call: Call[CreateUsers]) -> Steps[UsersBatch]:
    """Create up to a hundred users, each for itself; with `invite` each is sent a link that signs them in.

    A user that cannot be created is named in `failedUsers` with the reason, the others are created. A password in
    clear has to be what the password settings ask for, and at most fifty users come with one; one that another system
    hashed is hashed anew at the first sign-in.
    """
    reach.require_right_to_give(call, call.body.users or ())
    wanted, refused = yield from newcomers.prepared(call.body.users or ())
    created, failed = yield from batches.each_for_itself(partial(_create_several, call), wanted)
    return UsersBatch(created_users=created, failed_users=(*starmap(batches.failed_user, refused), *failed))


def update(tx: Tx, call: Call[UpdateUser]) -> UserAnswer:
    """Make a user as the body says. What it leaves out is emptied; to change parts, patch."""
    if reach.is_limited(call):
        reach.require_right_to_replace(tx, call, actions.lock(tx, call.body.login_id).id, call.body)
    return changes.answer(tx, actions.update(tx, call.body, actor=call.management.actor))


def patch(tx: Tx, call: Call[PatchUser]) -> UserAnswer:
    """Change what the body names; everything else stays.

    A new phone number counts as verified unless `verifiedPhone` says otherwise, a new e-mail address does not.
    """
    return changes.patched(tx, call, call.body)


def patch_batch(call: Call[PatchUsers]) -> Steps[UsersBatch]:
    """Patch up to a hundred users, each for itself.

    A user that cannot be changed is named in `failedUsers` with the reason, the others are changed.
    """
    wanted = call.body.users or ()
    if any(each.role_names is not None or each.user_tenants is not None for each in wanted):
        call.management.require("role")
    # In one order everywhere, so that two batches do not wait for each other.
    ordered = sorted(wanted, key=lambda each: each.login_id)
    patched, failed = yield from batches.each_for_itself(partial(_patch_several, call), ordered)
    return UsersBatch(patched_users=patched, failed_users=failed)


def load(tx: Tx, call: Call[OneUser]) -> UserAnswer:
    """Return a user, by login ID or by id."""
    return UserAnswer(user=actions.shown(actions.load(tx, call.body)))


def load_several(tx: Tx, call: Call[LoadUsers]) -> UsersAnswer:
    """Return the users with these ids, in their order; unknown ids are passed over."""
    found = _all_shown(users.find_several(tx, call.body.user_ids or ()))
    return UsersAnswer(users=found, total=len(found))


def search_all(tx: Tx, call: Call[SearchUsers]) -> UsersAnswer:
    """Return one page of the users that match every filter, and how many match."""
    body = call.body
    tenant_id = call.management.tenant_id
    if tenant_id:
        call.confinement.require(*(body.tenant_role_ids or ()), *(body.tenant_role_names or ()))
        tenants = call.confinement.within(body.tenant_ids)
        if not tenants:
            return UsersAnswer()
        body = msgspec.structs.replace(body, tenant_ids=tenants)
    is_test = True if body.test_users_only else None if body.with_test_user else False
    found = _searched(tx, body, is_test=is_test, tenant_id=tenant_id)
    return UsersAnswer(users=tuple(reach.shown_to(call, each) for each in found.users), total=found.total)


def search_test_users(tx: Tx, call: Call[SearchUsers]) -> UsersAnswer:
    """Return one page of the test users that match every filter, and how many match."""
    return _searched(tx, call.body, is_test=True)


def delete(tx: Tx, call: Call[OneUser]) -> Nothing:
    """Delete a user with all they had, by login ID or by id."""
    actions.delete(tx, [actions.load(tx, call.body).id], actor=call.management.actor)
    return Nothing()


def delete_batch(tx: Tx, call: Call[UserIds]) -> Nothing:
    """Delete up to a thousand users by id; unknown ids are passed over, but of one tenant's callers refused."""
    user_ids = call.body.user_ids or ()
    if call.management.tenant_id:
        actions.lock_several(tx, user_ids)
        reach.require_own(tx, call, user_ids)
    actions.delete(tx, user_ids, actor=call.management.actor)
    return Nothing()


def delete_test_users(call: Call[Nothing]) -> Steps[Nothing]:
    """Delete every test user of the project, some at a time; who repeats a call that did not end goes on with it."""
    last = ""
    while found := (yield from read(actions.find_test_users, last)):
        yield from write(actions.delete, found, actor=call.management.actor)
        last = found[-1]
    return Nothing()


def logout(tx: Tx, call: Call[OneUser]) -> Nothing:
    """End every session of a user at once, by login ID or by id."""
    user_id = actions.load(tx, call.body).id
    sessions.end_all(tx, user_id, why="logged out by management", actor=call.management.actor)
    return Nothing()


def history(tx: Tx, call: Call[list[str]]) -> list[LoginRecord]:
    """Return the last sign-ins of up to a hundred users, the newest first."""
    return [
        LoginRecord(user_id=row.user_id, login_time=row.created_at, ip=row.address, selected_tenant=row.tenant_id or "")
        for row in sessions.history(tx, call.body)
    ]


def create_attributes(tx: Tx, call: Call[DefineAttributes]) -> CustomAttributes:
    """Define custom attributes of users, all or none; return every one that is defined."""
    attributes.define(tx, "user", call.body.attributes or (), actor=call.management.actor)
    return attributes.definitions(tx, "user")


def delete_attributes(call: Call[AttributeNames]) -> Steps[CustomAttributes]:
    """Remove custom attributes of users with every value of them; return those that are left.

    Nobody is given a value from now on; those there are go some users at a time. Who repeats a call that did not end
    goes on with it.
    """
    names, last = call.body.names or (), ""
    left = yield from write(_remove_attributes, names, actor=call.management.actor)
    while found := (yield from read(actions.find_with_attributes, names, last)):
        yield from write(actions.forget_attributes, found, names)
        last = found[-1]
    return left


def load_attributes(tx: Tx, call: Call[Nothing]) -> CustomAttributes:
    """Return the custom attributes that the project defines for users."""
    return attributes.definitions(tx, "user")


def _created(tx: Tx, call: Call[CreateUser], *, is_test: bool) -> UserAnswer:
    wanted = reach.require_created(tx, call, call.body)
    user_id = actions.create(tx, wanted, is_test=is_test, actor=call.management.actor)
    (profile,) = users.find_several(tx, [user_id])
    if call.body.invite:
        invitations.invite(tx, call.project, profile, invitations.read(call.project, call.body))
    return UserAnswer(user=reach.shown_to(call, actions.shown(profile)))


def _create_several(call: Call[CreateUsers], tx: Tx, wanted: Sequence[HashedAccount]) -> tuple[UserResponse, ...]:
    created: list[str] = []
    for each in wanted:
        created.append(actions.create(tx, each, is_test=bool(each.test), actor=call.management.actor))
        newcomers.insert(tx, created[-1], encoded=each.encoded, seed=each.seed)
    profiles = users.find_several(tx, created)
    if call.body.invite:
        invitation = invitations.read(call.project, call.body)
        for profile in profiles:
            invitations.invite(tx, call.project, profile, invitation)
    return _all_shown(profiles)


def _patch_several(call: Call[PatchUsers], tx: Tx, wanted: Sequence[PatchUser]) -> tuple[UserResponse, ...]:
    if reach.is_limited(call):
        for each in wanted:
            reach.require_patched(tx, call, actions.lock(tx, each.login_id).id, each)
    patched = [actions.patch(tx, each, actor=call.management.actor, vouches=True) for each in wanted]
    return _all_shown(users.find_several(tx, patched))


def _remove_attributes(tx: Tx, names: Sequence[str], *, actor: str) -> CustomAttributes:
    attributes.remove(tx, "user", names, actor=actor)
    return attributes.definitions(tx, "user")


def _searched(tx: Tx, body: SearchUsers, *, is_test: bool | None, tenant_id: str = "") -> UsersAnswer:
    found, total = search(tx, body, is_test=is_test, tenant_id=tenant_id)
    return UsersAnswer(users=_all_shown(found), total=total)


def _all_shown(found: list[users.Profile]) -> tuple[UserResponse, ...]:
    return tuple(map(actions.shown, found))


SLICE = Slice(
    "accounts",
    (
        writes(wire.CREATE, create),
        writes(wire.CREATE_TEST_USER, create_test_user),
        steps(wire.CREATE_BATCH, create_batch),
        writes(wire.UPDATE, update),
        writes(wire.PATCH, patch),
        steps(wire.PATCH_BATCH, patch_batch),
        reads(wire.LOAD, load),
        reads(wire.LOAD_SEVERAL, load_several),
        writes(wire.DELETE, delete),
        writes(wire.DELETE_BATCH, delete_batch),
        steps(wire.DELETE_TEST_USERS, delete_test_users),
        writes(wire.LOGOUT, logout),
        reads(wire.HISTORY, history),
        reads(usersearch.SEARCH, search_all),
        reads(usersearch.SEARCH_TEST_USERS, search_test_users),
        writes(attributes_wire.CREATE_OF_USERS, create_attributes),
        steps(attributes_wire.DELETE_OF_USERS, delete_attributes),
        reads(attributes_wire.LOAD_OF_USERS, load_attributes),
        *changes.HANDLERS,
        *passwords.HANDLERS,
        *credentials.HANDLERS,
    ),
)
