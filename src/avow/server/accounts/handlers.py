"""The routes of users under management."""

from avow.errors import NotSupported
from avow.server.accounts import actions, changes, invitations
from avow.server.accounts.search import search
from avow.server.attributes import actions as attributes
from avow.server.serving import Call, Slice, reads, writes
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


def create_batch(tx: Tx, call: Call[CreateUsers]) -> UsersBatch:
    """Create up to a hundred users, all or none; with `invite` each is sent a link that signs them in."""
    body, actor = call.body, call.management.actor
    wanted = body.users or ()
    if any(each.password or each.hashed_password or each.seed for each in wanted):
        raise NotSupported(error_message="Passwords and seeds come with an import of users, not with a batch.")
    created = [actions.create(tx, each, is_test=bool(each.test), actor=actor) for each in wanted]
    profiles = users.find_several(tx, created)
    if body.invite:
        invitation = invitations.read(call.project, body)
        for profile in profiles:
            invitations.invite(tx, call.project, profile, invitation)
    return UsersBatch(created_users=tuple(map(actions.shown, profiles)))


def update(tx: Tx, call: Call[UpdateUser]) -> UserAnswer:
    """Make a user as the body says. What it leaves out is emptied; to change parts, patch."""
    return changes.answer(tx, actions.update(tx, call.body, actor=call.management.actor))


def patch(tx: Tx, call: Call[PatchUser]) -> UserAnswer:
    """Change what the body names; everything else stays."""
    return changes.answer(tx, actions.patch(tx, call.body, actor=call.management.actor))


def patch_batch(tx: Tx, call: Call[PatchUsers]) -> UsersBatch:
    """Patch up to a hundred users, all or none."""
    actor = call.management.actor
    # In one order everywhere, so that two batches do not wait for each other.
    wanted = sorted(call.body.users or (), key=lambda each: each.login_id)
    patched = [actions.patch(tx, each, actor=actor) for each in wanted]
    return UsersBatch(patched_users=tuple(map(actions.shown, users.find_several(tx, patched))))


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
    return _searched(tx, body, is_test=True if body.test_users_only else None if body.with_test_user else False)


def search_test_users(tx: Tx, call: Call[SearchUsers]) -> UsersAnswer:
    """Return one page of the test users that match every filter, and how many match."""
    return _searched(tx, call.body, is_test=True)


def delete(tx: Tx, call: Call[OneUser]) -> Nothing:
    """Delete a user with all they had, by login ID or by id."""
    actions.delete(tx, [actions.load(tx, call.body).id], actor=call.management.actor)
    return Nothing()


def delete_batch(tx: Tx, call: Call[UserIds]) -> Nothing:
    """Delete up to a thousand users by id; unknown ids are passed over."""
    actions.delete(tx, call.body.user_ids or (), actor=call.management.actor)
    return Nothing()


def delete_test_users(tx: Tx, call: Call[Nothing]) -> Nothing:
    """Delete every test user of the project."""
    actions.delete_test_users(tx, actor=call.management.actor)
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


def delete_attributes(tx: Tx, call: Call[AttributeNames]) -> CustomAttributes:
    """Remove custom attributes of users with every value of them; return those that are left."""
    names = call.body.names or ()
    actions.forget_attributes(tx, attributes.remove(tx, "user", names, actor=call.management.actor), names)
    return attributes.definitions(tx, "user")


def load_attributes(tx: Tx, call: Call[Nothing]) -> CustomAttributes:
    """Return the custom attributes that the project defines for users."""
    return attributes.definitions(tx, "user")


def _created(tx: Tx, call: Call[CreateUser], *, is_test: bool) -> UserAnswer:
    user_id = actions.create(tx, call.body, is_test=is_test, actor=call.management.actor)
    (profile,) = users.find_several(tx, [user_id])
    if call.body.invite:
        invitations.invite(tx, call.project, profile, invitations.read(call.project, call.body))
    return UserAnswer(user=actions.shown(profile))


def _searched(tx: Tx, body: SearchUsers, *, is_test: bool | None) -> UsersAnswer:
    found, total = search(tx, body, is_test=is_test)
    return UsersAnswer(users=_all_shown(found), total=total)


def _all_shown(found: list[users.Profile]) -> tuple[UserResponse, ...]:
    return tuple(map(actions.shown, found))


SLICE = Slice(
    "accounts",
    (
        writes(wire.CREATE, create),
        writes(wire.CREATE_TEST_USER, create_test_user),
        writes(wire.CREATE_BATCH, create_batch),
        writes(wire.UPDATE, update),
        writes(wire.PATCH, patch),
        writes(wire.PATCH_BATCH, patch_batch),
        reads(wire.LOAD, load),
        reads(wire.LOAD_SEVERAL, load_several),
        writes(wire.DELETE, delete),
        writes(wire.DELETE_BATCH, delete_batch),
        writes(wire.DELETE_TEST_USERS, delete_test_users),
        writes(wire.LOGOUT, logout),
        reads(wire.HISTORY, history),
        reads(usersearch.SEARCH, search_all),
        reads(usersearch.SEARCH_TEST_USERS, search_test_users),
        writes(attributes_wire.CREATE_OF_USERS, create_attributes),
        writes(attributes_wire.DELETE_OF_USERS, delete_attributes),
        reads(attributes_wire.LOAD_OF_USERS, load_attributes),
        *changes.HANDLERS,
    ),
)
