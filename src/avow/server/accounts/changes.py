"""The routes that change one thing about a user: status, addresses, names, roles, tenants."""

from dataclasses import replace

from avow.core import addresses
from avow.errors import NotFound
from avow.server.accounts import actions, grants, reach
from avow.server.accounts.rows import AccountRow
from avow.server.serving import Call, Handler, writes
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.server.users import applications
from avow.wire import accountchanges as wire
from avow.wire.accountchanges import (
    ChangeApplications,
    ChangeAttribute,
    ChangeEmail,
    ChangeLoginId,
    ChangeName,
    ChangePhone,
    ChangePicture,
    ChangeRecoveryEmail,
    ChangeRecoveryPhone,
    ChangeRoles,
    ChangeStatus,
    ChangeTenant,
)
from avow.wire.accounts import PatchUser, UserAnswer

__all__ = ["HANDLERS", "answer", "patched"]


def update_status(tx: Tx, call: Call[ChangeStatus]) -> UserAnswer:
    """Let a user sign in or not; disabling ends every session of theirs at once."""
    return patched(tx, call, PatchUser(login_id=call.body.login_id, status=call.body.status))


def update_login_id(tx: Tx, call: Call[ChangeLoginId]) -> UserAnswer:
    """Put another login ID in the place of one; without a new one it goes, if it is not the user's last."""
    body = call.body
    _lock_to_become(tx, call, body.login_id)
    return answer(tx, actions.replace_login_id(tx, body.login_id, body.new_login_id or "", actor=_actor(call)))


def update_email(tx: Tx, call: Call[ChangeEmail]) -> UserAnswer:
    """Give a user another e-mail address; not `verified`, they have to prove it. Their login IDs stay."""
    body = call.body
    row = _lock_to_become(tx, call, body.login_id)
    email = addresses.email(body.email).address if body.email else ""
    if body.fail_on_conflict and email:
        actions.require_free(tx, row.id, email=email)
    actions.write(tx, row, actions.with_email(row, email, body.verified), actor=_actor(call))
    return answer(tx, row.id)


def update_phone(tx: Tx, call: Call[ChangePhone]) -> UserAnswer:
    """Give a user another phone number; not `verified`, they have to prove it. Their login IDs stay."""
    body = call.body
    row = _lock_to_become(tx, call, body.login_id)
    phone = addresses.phone(body.phone).e164 if body.phone else ""
    if body.fail_on_conflict and phone:
        actions.require_free(tx, row.id, phone=phone)
    actions.write(tx, row, actions.with_phone(row, phone, body.verified), actor=_actor(call))
    return answer(tx, row.id)


def update_name(tx: Tx, call: Call[ChangeName]) -> UserAnswer:
    """Change the names that are given; the others stay."""
    body = call.body
    wanted = PatchUser(
        login_id=body.login_id,
        display_name=body.display_name,
        given_name=body.given_name,
        middle_name=body.middle_name,
        family_name=body.family_name,
    )
    return patched(tx, call, wanted)


def update_picture(tx: Tx, call: Call[ChangePicture]) -> UserAnswer:
    """Change the URL of a user's picture."""
    return patched(tx, call, PatchUser(login_id=call.body.login_id, picture=call.body.picture or ""))


def update_attribute(tx: Tx, call: Call[ChangeAttribute]) -> UserAnswer:
    """Change one custom attribute, which the project has to define; null removes it."""
    body = call.body
    values = {body.attribute_key: body.attribute_value}
    return patched(tx, call, PatchUser(login_id=body.login_id, custom_attributes=values))


def update_recovery_email(tx: Tx, call: Call[ChangeRecoveryEmail]) -> UserAnswer:
    """Change the address for account recovery."""
    body = call.body
    row = _lock_to_become(tx, call, body.login_id)
    email = addresses.email(body.recovery_email).address if body.recovery_email else ""
    state = int(bool(email) and bool(body.verified))
    after = replace(row, recovery_email=email, is_recovery_email_verified=state)
    actions.write(tx, row, after, actor=_actor(call))
    return answer(tx, row.id)


def update_recovery_phone(tx: Tx, call: Call[ChangeRecoveryPhone]) -> UserAnswer:
    """Change the number for account recovery."""
    body = call.body
    row = _lock_to_become(tx, call, body.login_id)
    phone = addresses.phone(body.recovery_phone).e164 if body.recovery_phone else ""
    state = int(bool(phone) and bool(body.verified))
    after = replace(row, recovery_phone=phone, is_recovery_phone_verified=state)
    actions.write(tx, row, after, actor=_actor(call))
    return answer(tx, row.id)


def add_roles(tx: Tx, call: Call[ChangeRoles]) -> UserAnswer:
    """Give a user roles of the project, or with `tenantId` in that tenant; those held already stay."""
    call.management.require("role")
    row = actions.lock(tx, call.body.login_id)
    grants.add_roles(tx, row.id, call.body.role_names or (), call.body.tenant_id or "")
    return _granted(tx, call, row.id, "role.granted")


def set_roles(tx: Tx, call: Call[ChangeRoles]) -> UserAnswer:
    """Give a user exactly these roles of the project, or with `tenantId` in that tenant."""
    call.management.require("role")
    row = actions.lock(tx, call.body.login_id)
    grants.set_roles(tx, row.id, call.body.role_names or (), call.body.tenant_id or "")
    return _granted(tx, call, row.id, "role.set")


def remove_roles(tx: Tx, call: Call[ChangeRoles]) -> UserAnswer:
    """Take roles of the project from a user, or with `tenantId` in that tenant."""
    call.management.require("role")
    row = actions.lock(tx, call.body.login_id)
    grants.remove_roles(tx, row.id, call.body.role_names or (), call.body.tenant_id or "")
    return _granted(tx, call, row.id, "role.withdrawn")


def add_tenant(tx: Tx, call: Call[ChangeTenant]) -> UserAnswer:
    """Make a user a member of a tenant, with its default roles; a second time changes nothing."""
    row = actions.lock(tx, call.body.login_id)
    grants.join(tx, row.id, [call.body.tenant_id])
    tx.audit("tenant.member_added", actor=_actor(call), user_id=row.id, tenant_id=call.body.tenant_id)
    return answer(tx, row.id)


def remove_tenant(tx: Tx, call: Call[ChangeTenant]) -> UserAnswer:
    """End a user's membership in a tenant, and the roles held there."""
    row = actions.lock(tx, call.body.login_id)
    if not grants.leave(tx, row.id, call.body.tenant_id):
        raise NotFound(error_message="The user is not a member of this tenant.")
    tx.audit("tenant.member_removed", actor=_actor(call), user_id=row.id, tenant_id=call.body.tenant_id)
    return answer(tx, row.id)


def add_applications(tx: Tx, call: Call[ChangeApplications]) -> UserAnswer:
    """Let a user reach these applications too; who could reach all can reach no other from now on."""
    row = actions.lock(tx, call.body.login_id)
    applications.add(tx, row.id, call.body.sso_app_ids or ())
    return _reaching(tx, call, row.id, "application.allowed")


def set_applications(tx: Tx, call: Call[ChangeApplications]) -> UserAnswer:
    """Let a user reach exactly these applications; with none named they may reach all."""
    row = actions.lock(tx, call.body.login_id)
    applications.set_all(tx, row.id, call.body.sso_app_ids or ())
    return _reaching(tx, call, row.id, "application.reach_set")


def remove_applications(tx: Tx, call: Call[ChangeApplications]) -> UserAnswer:
    """Take applications that a user may reach; without the last one they reach none.

    Of a user who may reach all nothing can be taken: name those that they may reach.
    """
    row = actions.lock(tx, call.body.login_id)
    applications.remove(tx, row.id, call.body.sso_app_ids or ())
    return _reaching(tx, call, row.id, "application.forbidden")


def patched(tx: Tx, call: Call[object], wanted: PatchUser) -> UserAnswer:
    """Change what is named of a user whom the caller may change, and return them as they are now."""
    if reach.is_limited(call):
        reach.require_patched(tx, call, actions.lock(tx, wanted.login_id).id, wanted)
    # An address is vouched for by a caller of the whole project only.
    user_id = actions.patch(tx, wanted, actor=_actor(call), vouches=not call.management.tenant_id)
    shown = answer(tx, user_id)
    return UserAnswer(user=reach.shown_to(call, shown.user))


def answer(tx: Tx, user_id: str) -> UserAnswer:
    """Return the user as they are now."""
    (profile,) = users.find_several(tx, [user_id])
    return UserAnswer(user=actions.shown(profile))


def _lock_to_become(tx: Tx, call: Call[object], login_id: str) -> AccountRow:
    """Lock a user whose addresses or login IDs the caller changes: who has those can sign in as them."""
    row = actions.lock(tx, login_id)
    users.require_right_to_become(tx, call.management, row.id)
    return row


def _granted(tx: Tx, call: Call[ChangeRoles], user_id: str, action: str) -> UserAnswer:
    names = list(call.body.role_names or ())
    tenant_id = call.body.tenant_id or ""
    tx.audit(action, actor=_actor(call), user_id=user_id, tenant_id=tenant_id, data={"roles": names})
    return answer(tx, user_id)


def _reaching(tx: Tx, call: Call[ChangeApplications], user_id: str, action: str) -> UserAnswer:
    named = list(call.body.sso_app_ids or ())
    tx.audit(action, actor=_actor(call), user_id=user_id, data={"applications": named})
    return answer(tx, user_id)


def _actor(call: Call[object]) -> str:
    return call.management.actor


HANDLERS: tuple[Handler, ...] = (
    writes(wire.UPDATE_STATUS, update_status),
    writes(wire.UPDATE_LOGIN_ID, update_login_id),
    writes(wire.UPDATE_EMAIL, update_email),
    writes(wire.UPDATE_PHONE, update_phone),
    writes(wire.UPDATE_NAME, update_name),
    writes(wire.UPDATE_PICTURE, update_picture),
    writes(wire.UPDATE_ATTRIBUTE, update_attribute),
    writes(wire.UPDATE_RECOVERY_EMAIL, update_recovery_email),
    writes(wire.UPDATE_RECOVERY_PHONE, update_recovery_phone),
    writes(wire.ADD_ROLES, add_roles),
    writes(wire.SET_APPLICATIONS, set_applications),
    writes(wire.ADD_APPLICATIONS, add_applications),
    writes(wire.REMOVE_APPLICATIONS, remove_applications),
    writes(wire.SET_ROLES, set_roles),
    writes(wire.REMOVE_ROLES, remove_roles),
    writes(wire.ADD_TENANT, add_tenant),
    writes(wire.REMOVE_TENANT, remove_tenant),
)
