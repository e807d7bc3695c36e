"""Which users a management caller may touch, and which roles they may give.

A caller of one tenant finds its members, and changes those who are wholly its own: members of no other tenant, without
a private role and without a role of the project that is not everybody's. Otherwise they could take the place of
somebody who may more than they do.
"""

from collections.abc import Iterable, Sequence

import msgspec

from avow.core import addresses
from avow.errors import Forbidden, InvalidArgument, UserMissing
from avow.server.accounts import rows
from avow.server.accounts.rows import IdRow, LoginIdRow, MemberRow
from avow.server.serving import Call
from avow.server.store import Tx, in_list
from avow.server.users import actions as users
from avow.wire.accounts import Association, CreateUser, NewAccount, PatchUser, UpdateUser
from avow.wire.users import UserResponse

__all__ = [
    "is_limited",
    "require_created",
    "require_own",
    "require_patched",
    "require_right_to_give",
    "require_right_to_replace",
    "shown_to",
]


def is_limited(call: Call[object]) -> bool:
    """Tell whether the caller may not change each user in every way."""
    return bool(call.management.tenant_id) or not call.management.may("role")


def require_right_to_give(call: Call[object], wanted: Iterable[NewAccount | UpdateUser | PatchUser]) -> None:
    """Refuse a caller who names roles without the right to give them.

    Raises:
        Forbidden: The right is missing.
    """
    if any(each.role_names or _roles_in_tenants(each.user_tenants) for each in wanted):
        call.management.require("role")


def require_right_to_replace(tx: Tx, call: Call[object], user_id: str, wanted: UpdateUser | PatchUser) -> None:
    """Refuse a caller who gives or takes roles of a user without the right to.

    Args:
        tx: The unit that locked the user.
        call: Who calls.
        user_id: Whose roles the call replaces, if with none.
        wanted: What it names.

    Raises:
        Forbidden: The right is missing.
    """
    if call.management.may("role"):
        return
    require_right_to_give(call, [wanted])
    is_patch = isinstance(wanted, PatchUser)
    if is_patch and wanted.role_names is None and wanted.user_tenants is None:
        return
    if tx.one(rows.HOLDS_ROLE, IdRow, user_id=user_id) is not None:
        call.management.require("role")


def require_own(tx: Tx, call: Call[object], user_ids: Sequence[str]) -> None:
    """Refuse users whom a caller of one tenant may not change; call it with the users locked.

    Raises:
        UserMissing: One is not a member of the tenant.
        Forbidden: One is more than a member of the tenant.
    """
    tenant_id = call.management.tenant_id
    if not tenant_id or not user_ids:
        return
    clause, listed = in_list("user_ids", user_ids)
    members = tx.all(rows.OWN.replace("(:user_ids)", clause), MemberRow, tenant_id=tenant_id, **listed)
    if {row.id for row in members} != set(user_ids):
        raise UserMissing
    if any(row.is_shared for row in members):
        raise Forbidden(error_message="The user is more than a member of this tenant.")


def require_created(tx: Tx, call: Call[object], wanted: CreateUser) -> CreateUser:
    """Return a user as the caller may create them; of a caller of one tenant, a member of that tenant.

    Nobody but the project vouches for an address: the user proves it by signing in. And nobody but the project has
    codes for one address sent to another: a login ID that is an address is the user's own.

    Raises:
        Forbidden: It is more than a caller of one tenant may give.
        NotFound: Another tenant.
        InvalidArgument: A role that they do not see.
    """
    require_right_to_give(call, [wanted])
    tenant_id = call.management.tenant_id
    if not tenant_id:
        return wanted
    if wanted.additional_login_ids:
        raise Forbidden(error_message="Only a caller of the whole project gives further login IDs.")
    _require_within(tx, call, wanted)
    _require_own_addresses([wanted.login_id], wanted.email or None, wanted.phone or None)
    return msgspec.structs.replace(
        wanted,
        user_tenants=wanted.user_tenants or (Association(tenant_id=tenant_id),),
        verified_email=False,
        verified_phone=False,
    )


def require_patched(tx: Tx, call: Call[object], user_id: str, wanted: PatchUser) -> None:
    """Refuse a change that the caller may not make; call it with the user locked.

    Raises:
        UserMissing, Forbidden, NotFound, InvalidArgument: As `require_own` and `require_created`.
    """
    require_own(tx, call, [user_id])
    require_right_to_replace(tx, call, user_id, wanted)
    if any(each is not None for each in (wanted.email, wanted.verified_email, wanted.phone, wanted.verified_phone)):
        users.require_right_to_become(tx, call.management, user_id)
    if call.management.tenant_id:
        _require_within(tx, call, wanted)
        if wanted.email is not None or wanted.phone is not None:
            held = [row.login_id for row in tx.all(rows.LOGIN_IDS, LoginIdRow, user_id=user_id)]
            _require_own_addresses(held, wanted.email, wanted.phone)


def shown_to(call: Call[object], user: UserResponse) -> UserResponse:
    """Return a user as the caller may see them: of a caller of one tenant, without what they are elsewhere."""
    if not call.management.tenant_id:
        return user
    return msgspec.structs.replace(
        user,
        role_names=(),
        permissions=(),
        sso_app_ids=(),
        user_tenants=tuple(each for each in user.user_tenants if call.confinement.reaches(each.tenant_id)),
    )


def _require_within(tx: Tx, call: Call[object], wanted: CreateUser | PatchUser) -> None:
    call.confinement.require(*(each.tenant_id for each in wanted.user_tenants or ()))
    if wanted.role_names is not None and (wanted.role_names or isinstance(wanted, PatchUser)):
        raise Forbidden(error_message="Only a caller of the whole project gives roles of the project.")
    if wanted.verified_email or wanted.verified_phone:
        raise Forbidden(error_message="Only a caller of the whole project vouches for an address.")
    if wanted.sso_app_ids is not None and (wanted.sso_app_ids or isinstance(wanted, PatchUser)):
        raise Forbidden(error_message="Only a caller of the whole project says which applications a user reaches.")
    names = _roles_in_tenants(wanted.user_tenants)
    if not names:
        return
    clause, listed = in_list("names", names)
    statement = rows.PRIVATE_ROLES.replace("(:names)", clause)
    if hidden := tx.all(statement, IdRow, tenant_id=call.management.tenant_id, **listed):
        raise InvalidArgument(error_message=f"There is no role named {hidden[0].id!r}.")


def _require_own_addresses(login_ids: Iterable[str], email: str | None, phone: str | None) -> None:
    """Refuse an address beside a login ID that is another one: codes for that one would go there.

    Args:
        login_ids: All that the user signs in with.
        email: The address that they are to have, "" for none, or None where it stays.
        phone: The number, likewise.

    Raises:
        Forbidden: It is none of the login IDs of its kind.
        InvalidArgument: It is malformed.
    """
    identities = [addresses.login_id(each) for each in login_ids]
    emails = {each.canonical for each in identities if addresses.is_email(each.typed)}
    phones = {_number(each.typed) for each in identities if addresses.is_phone(each.typed)} - {""}
    is_other_email = email is not None and emails and (not email or addresses.email(email).folded not in emails)
    is_other_phone = phone is not None and phones and (not phone or addresses.phone(phone).e164 not in phones)
    if is_other_email or is_other_phone:
        raise Forbidden(
            error_message="A login ID that is an e-mail address or phone number has to be the user's own, "
            "unless a caller of the whole project gives another."
        )


def _number(login_id: str) -> str:
    """Return the number that a login ID of digits is, or "": it may be a name."""
    try:
        return addresses.phone(login_id).e164
    except InvalidArgument:
        return ""


def _roles_in_tenants(tenants: Sequence[Association] | None) -> list[str]:
    return list(dict.fromkeys(name for each in tenants or () for name in each.role_names or ()))
