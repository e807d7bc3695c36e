"""Users under management: created, changed as a whole or in parts, loaded, ended and deleted.

A change locks the user's row first and writes it back whole: two changes at once cannot take each other back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import msgspec

from avow.core import addresses
from avow.core.addresses import LoginId
from avow.errors import InvalidArgument, MissingArgument, NotSupported, UserExists, UserMissing
from avow.server.accounts import grants, rows
from avow.server.accounts.rows import AccountRow, IdRow, LoginIdRow
from avow.server.attributes import actions as attributes
from avow.server.challenges import actions as challenges
from avow.server.sessions import actions as sessions
from avow.server.store import About, Tx, audit_several, in_list, json_object, json_text
from avow.server.users import actions as users
from avow.server.users import applications
from avow.server.users.actions import NewUser, Profile
from avow.wire.accounts import NewAccount, OneUser, PatchUser, UpdateUser
from avow.wire.users import UserResponse

__all__ = [
    "create",
    "delete",
    "find_test_users",
    "find_with_attributes",
    "forget_attributes",
    "load",
    "lock",
    "lock_several",
    "patch",
    "replace_login_id",
    "require_free",
    "shown",
    "update",
    "with_email",
    "with_phone",
    "write",
]

_UNSUPPORTED_STATUS = "expired"
_MOST_IN_STEP = 200


def shown(profile: Profile) -> UserResponse:
    """Return a user as management sees them: the recovery addresses too."""
    row = profile.row
    return msgspec.structs.replace(
        profile.shown(), recovery_email=row.recovery_email, recovery_phone=row.recovery_phone
    )


def load(tx: Tx, named: OneUser) -> Profile:
    """Return the user with this login ID or id.

    Raises:
        MissingArgument: Neither is given.
        UserMissing: There is no such user.
    """
    if named.login_id:
        user_id = users.find_owner(tx, addresses.login_id(named.login_id).canonical)
    elif named.user_id:
        user_id = named.user_id
    else:
        raise MissingArgument(error_message="Name the user by loginId or userId.")
    found = users.find_several(tx, [user_id]) if user_id else []
    if not found:
        raise UserMissing
    return found[0]


def create(tx: Tx, wanted: NewAccount, *, is_test: bool, actor: str) -> str:
    """Insert a user with roles, tenants and attributes; return the user id.

    A login ID that is an e-mail address or a phone number is the user's, verified, where no other is named.

    Raises:
        UserExists: A login ID is taken.
        InvalidArgument: An address, attribute or role cannot be used.
        NotFound: A tenant or application does not exist.
    """
    _refuse_families(wanted.family_associations)
    email, is_email_verified = _email(wanted.login_id, wanted.email, wanted.verified_email)
    phone, is_phone_verified = _phone(wanted.login_id, wanted.phone, wanted.verified_phone)
    values = attributes.checked(tx, "user", wanted.custom_attributes or {})
    user = NewUser(
        login_id=addresses.login_id(wanted.login_id),
        email=email,
        is_email_verified=is_email_verified,
        is_email_vouched=is_email_verified,
        phone=phone,
        is_phone_verified=is_phone_verified,
        is_phone_vouched=is_phone_verified,
        name=wanted.display_name or "",
        given_name=wanted.given_name or "",
        middle_name=wanted.middle_name or "",
        family_name=wanted.family_name or "",
        picture=wanted.picture or "",
        status=_status(wanted.status or "invited"),
        is_test=is_test,
        further_login_ids=_further(wanted),
        custom_attributes=values,
    )
    user_id = users.create(tx, user, actor=actor)
    attributes.put(tx, "user", user_id, values, is_new=True)
    grants.add_roles(tx, user_id, wanted.role_names or ())
    grants.set_tenants(tx, user_id, wanted.user_tenants or (), is_new=True)
    applications.add(tx, user_id, wanted.sso_app_ids or ())
    return user_id


def update(tx: Tx, wanted: UpdateUser, *, actor: str) -> str:
    """Make a user as the body says, what it leaves out emptied; return the user id.

    Whether they are a test user and may sign in stays. Without `additionalLoginIds` their login IDs do, and without
    `ssoAppIds` the applications that they may reach: a change of name opens none.

    Raises:
        UserMissing: There is no such user.
        UserExists, InvalidArgument, NotFound: As `create`.
    """
    _refuse_families(wanted.family_associations)
    row = lock(tx, wanted.login_id)
    email, is_email_verified = _email(wanted.login_id, wanted.email, None)
    phone, is_phone_verified = _phone(wanted.login_id, wanted.phone, None)
    changed = with_email(row, email, wanted.verified_email, default=is_email_verified)
    changed = with_phone(changed, phone, wanted.verified_phone, default=is_phone_verified)
    values = attributes.checked(tx, "user", wanted.custom_attributes or {})
    changed = replace(
        changed,
        name=wanted.display_name or "",
        given_name=wanted.given_name or "",
        middle_name=wanted.middle_name or "",
        family_name=wanted.family_name or "",
        picture=wanted.picture or "",
    )
    write(tx, row, changed, values=values, actor=actor)
    if wanted.additional_login_ids is not None:
        _set_login_ids(tx, row.id, [addresses.login_id(wanted.login_id), *_further(wanted)])
    grants.set_roles(tx, row.id, wanted.role_names or ())
    grants.set_tenants(tx, row.id, wanted.user_tenants or ())
    if wanted.sso_app_ids is not None:
        applications.set_all(tx, row.id, wanted.sso_app_ids)
    return row.id


def patch(tx: Tx, wanted: PatchUser, *, actor: str, vouches: bool = False) -> str:
    """Change what the body names and nothing else; return the user id. Raises as `update`.

    Args:
        tx: The unit.
        wanted: What changes.
        actor: For the audit.
        vouches: A new phone number of which nothing else is said counts as verified. The contract's own tests expect
            it of management; of e-mail addresses they say nothing, and these have to be proven.
    """
    _refuse_families(wanted.family_associations)
    row = lock(tx, wanted.login_id)
    changed = row
    if wanted.email is not None or wanted.verified_email is not None:
        email = row.email if wanted.email is None else _email_or_nothing(wanted.email)
        changed = with_email(changed, email, wanted.verified_email)
    if wanted.phone is not None or wanted.verified_phone is not None:
        phone = row.phone if wanted.phone is None else _phone_or_nothing(wanted.phone)
        changed = with_phone(changed, phone, wanted.verified_phone, default=vouches)
    changed = replace(
        changed,
        name=_given(wanted.display_name, row.name),
        given_name=_given(wanted.given_name, row.given_name),
        middle_name=_given(wanted.middle_name, row.middle_name),
        family_name=_given(wanted.family_name, row.family_name),
        picture=_given(wanted.picture, row.picture),
        status=_status(wanted.status) if wanted.status else row.status,
    )
    values = None
    if wanted.custom_attributes is not None:
        values = _merged(row, attributes.checked(tx, "user", wanted.custom_attributes), wanted.custom_attributes)
    write(tx, row, changed, values=values, actor=actor)
    if wanted.role_names is not None:
        grants.set_roles(tx, row.id, wanted.role_names)
    if wanted.user_tenants is not None:
        grants.set_tenants(tx, row.id, wanted.user_tenants)
    if wanted.sso_app_ids is not None:
        applications.set_all(tx, row.id, wanted.sso_app_ids)
    return row.id


def lock(tx: Tx, login_id: str) -> AccountRow:
    """Return the user with this login ID, whose row nobody else changes until the unit ends.

    Raises:
        UserMissing: There is none.
    """
    found = tx.one(rows.LOCK, AccountRow, login_id=addresses.login_id(login_id).canonical)
    if found is None:
        raise UserMissing
    return found


def write(
    tx: Tx, before: AccountRow, after: AccountRow, *, values: Mapping[str, object] | None = None, actor: str
) -> None:
    """Write a locked user back; disabling ends the sessions in the same unit.

    Args:
        tx: The unit that locked it.
        before: As it was.
        after: As it is to be.
        values: All custom attributes, or None when they stay.
        actor: For the audit.
    """
    if values is not None:
        after = replace(after, custom_attributes=json_text(values))
        attributes.put(tx, "user", after.id, values)
    proofs_before, proofs_after = _proofs(before), _proofs(after)
    tx.run(
        rows.WRITE,
        **asdict(after),
        name_folded=users.folded_name(after.name, after.given_name, after.middle_name, after.family_name),
        email_folded=addresses.email(after.email).folded if after.email else "",
        moved=int(proofs_before != proofs_after),
    )
    if after.status == "disabled" and before.status != "disabled":
        sessions.end_all(tx, after.id, why="disabled", actor=actor)
    names = [name for name, value in asdict(after).items() if value != getattr(before, name)]
    tx.audit("user.changed", actor=actor, user_id=after.id, data={"fields": names})


def with_email(row: AccountRow, email: str, is_verified: bool | None, *, default: bool = False) -> AccountRow:
    """Return the user with this address; verified as told, or as before when it stays, or by default."""
    if is_verified is None:
        if email == row.email:
            return row
        is_verified = default
    state = int(bool(email) and is_verified)
    return replace(row, email=email, is_email_verified=state, is_email_vouched=state)


def with_phone(row: AccountRow, phone: str, is_verified: bool | None, *, default: bool = False) -> AccountRow:
    """Return the user with this number; verified as told, or as before when it stays, or by default."""
    if is_verified is None:
        if phone == row.phone:
            return row
        is_verified = default
    state = int(bool(phone) and is_verified)
    return replace(row, phone=phone, is_phone_verified=state, is_phone_vouched=state)


def require_free(tx: Tx, user_id: str, *, email: str = "", phone: str = "") -> None:
    """Refuse an address that another user has, as their own or to sign in with.

    Raises:
        UserExists: One has it.
    """
    folded = addresses.email(email).folded if email else ""
    other = tx.one(rows.OTHER_OWNER, IdRow, user_id=user_id, email_folded=folded, phone=phone, login_id=folded or phone)
    if other is not None:
        raise UserExists(error_message="Another user has this address already.")


def replace_login_id(tx: Tx, login_id: str, new: str, *, actor: str) -> str:
    """Put another login ID in the place of one, or take it away; return the user id.

    Raises:
        UserMissing: There is no such user.
        UserExists: Somebody else has the new one.
        InvalidArgument: It is the last one of the user, who could not sign in any more.
    """
    row, old = lock(tx, login_id), addresses.login_id(login_id)
    if not new:
        if len(tx.all(rows.LOGIN_IDS, LoginIdRow, user_id=row.id)) < 2:
            raise InvalidArgument(error_message="A user keeps at least one login ID.")
        users.drop_login_id(tx, row.id, old.canonical)
    else:
        identity = addresses.login_id(new)
        if identity.canonical == old.canonical:
            users.drop_login_id(tx, row.id, old.canonical)  # the same in another spelling
        if users.find_owner(tx, identity.canonical) != row.id and not users.claim_login_id(tx, row.id, identity):
            raise UserExists
        if identity.canonical != old.canonical:
            users.drop_login_id(tx, row.id, old.canonical)
    # What was sent to the old one must not go on signing in.
    challenges.drop_all(tx, row.id)
    tx.audit("user.login_id_changed", actor=actor, user_id=row.id)
    return row.id


def delete(tx: Tx, user_ids: Sequence[str], *, actor: str) -> int:
    """Delete users with all they had; return how many there were, at most as many as a list takes."""
    if not user_ids:
        return 0
    attributes.clear_keys_of_users(tx, user_ids)
    clause, listed = in_list("user_ids", user_ids)
    deleted = [row.id for row in tx.all(rows.DELETE.replace("(:user_ids)", clause), IdRow, **listed)]
    # Afterwards: whoever was changing one of them has written by now, and nobody will again.
    attributes.clear(tx, "user", deleted)
    challenges.drop_several(tx, deleted)
    audit_several(tx, "user.deleted", [About(user_id=each) for each in deleted], actor=actor)
    return len(deleted)


def lock_several(tx: Tx, user_ids: Sequence[str]) -> None:
    """Keep users as they are until the unit ends; unknown ids are passed over."""
    clause, listed = in_list("user_ids", user_ids)
    tx.all(rows.LOCK_SEVERAL.replace("(:user_ids)", clause), IdRow, **listed)


def find_test_users(tx: Tx, after: str) -> list[str]:
    """Return the ids of some test users beyond an id, in order."""
    return [row.id for row in tx.all(rows.TEST_USERS, IdRow, after=after, most=_MOST_IN_STEP)]


def find_with_attributes(tx: Tx, names: Sequence[str], after: str) -> list[str]:
    """Return the ids of some users beyond an id who have a value of these attributes, in order."""
    return attributes.owners(tx, "user", names, after=after, most=_MOST_IN_STEP)


def forget_attributes(tx: Tx, user_ids: Sequence[str], names: Sequence[str]) -> None:
    """Take the values of attributes from users, at most as many as a list takes."""
    attributes.forget(tx, "user", names, user_ids)
    for user_id in user_ids:
        row = tx.one(rows.LOCK_BY_ID, AccountRow, id=user_id)
        if row is not None:
            kept = {name: value for name, value in _values(row).items() if name not in names}
            after = replace(row, custom_attributes=json_text(kept))
            tx.run(
                rows.WRITE,
                **asdict(after),
                name_folded=users.folded_name(row.name, row.given_name, row.middle_name, row.family_name),
                email_folded=addresses.email(row.email).folded if row.email else "",
                moved=0,
            )


def _email(login_id: str, email: str | None, is_verified: bool | None) -> tuple[str, bool]:
    """Return the address and whether it is verified.

    Spec: contract "tokens" section 10 (a login ID that is an address, and no other named).
    """
    if email:
        return addresses.email(email).address, bool(is_verified)
    if addresses.is_email(login_id):
        return addresses.email(login_id).address, is_verified is not False
    return "", False


def _phone(login_id: str, phone: str | None, is_verified: bool | None) -> tuple[str, bool]:
    if phone:
        return addresses.phone(phone).e164, bool(is_verified)
    if login_id.strip().startswith("+") and addresses.is_phone(login_id):
        return addresses.phone(login_id).e164, is_verified is not False
    return "", False


def _email_or_nothing(text: str) -> str:
    return addresses.email(text).address if text else ""


def _phone_or_nothing(text: str) -> str:
    return addresses.phone(text).e164 if text else ""


def _further(wanted: UpdateUser) -> tuple[LoginId, ...]:
    """Return the additional login IDs, each once and without the main one."""
    main = addresses.login_id(wanted.login_id).canonical
    found = {each.canonical: each for each in map(addresses.login_id, wanted.additional_login_ids or ())}
    found.pop(main, None)
    return tuple(found.values())


def _set_login_ids(tx: Tx, user_id: str, wanted: Sequence[LoginId]) -> None:
    held = {row.login_id for row in tx.all(rows.LOGIN_IDS, LoginIdRow, user_id=user_id)}
    for identity in wanted:
        if identity.canonical not in held and not users.claim_login_id(tx, user_id, identity):
            raise UserExists
    for login_id in held - {identity.canonical for identity in wanted}:
        users.drop_login_id(tx, user_id, login_id)


def _merged(row: AccountRow, checked: Mapping[str, object], named: Mapping[str, object]) -> dict[str, object]:
    kept = {name: value for name, value in _values(row).items() if name not in named}
    return {**kept, **checked}


def _values(row: AccountRow) -> dict[str, object]:
    return json_object(row.custom_attributes)


def _proofs(row: AccountRow) -> tuple[object, ...]:
    return row.email, row.is_email_verified, row.phone, row.is_phone_verified


def _given(value: str | None, before: str) -> str:
    return before if value is None else value


def _status(wanted: str) -> str:
    if wanted == _UNSUPPORTED_STATUS:
        raise InvalidArgument(error_message="A user cannot be made expired; disable them.")
    return wanted


def _refuse_families(families: Sequence[object] | None) -> None:
    if families:
        raise NotSupported(error_message="Avow does not support families of users yet.")
