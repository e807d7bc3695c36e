"""Searching users: every filter is one condition, two statements for ids and count, one for what is shown."""

from collections.abc import Mapping, Sequence
from typing import LiteralString

from avow.core import addresses
from avow.errors import Forbidden, InvalidArgument, NotSupported
from avow.server.accounts import rows
from avow.server.accounts.rows import CountRow, IdRow
from avow.server.attributes import actions as attributes
from avow.server.store import Search, Tx, containing
from avow.server.users import actions as users
from avow.server.users.actions import Profile
from avow.wire.usersearch import RolesWanted, SearchUsers, SortBy

__all__ = ["search"]

_USUAL_LIMIT = 100
_ORDER: Mapping[str, tuple[LiteralString, LiteralString]] = {
    "name": ("u.name_folded", "u.name_folded DESC"),
    "displayname": ("u.name_folded", "u.name_folded DESC"),
    "givenname": ("u.given_name", "u.given_name DESC"),
    "middlename": ("u.middle_name", "u.middle_name DESC"),
    "familyname": ("u.family_name", "u.family_name DESC"),
    "email": ("u.email_folded", "u.email_folded DESC"),
    "phone": ("u.phone", "u.phone DESC"),
    "status": ("u.status", "u.status DESC"),
    "test": ("u.is_test", "u.is_test DESC"),
    "verifiedemail": ("u.is_email_verified", "u.is_email_verified DESC"),
    "verifiedphone": ("u.is_phone_verified", "u.is_phone_verified DESC"),
    "createdtime": ("u.created_at", "u.created_at DESC"),
    "modifiedtime": ("u.updated_at", "u.updated_at DESC"),
    "userid": ("u.id", "u.id DESC"),
}


def search(tx: Tx, body: SearchUsers, *, is_test: bool | None, tenant_id: str = "") -> tuple[list[Profile], int]:
    """Return the page of users that match, in order, and how many there are on all pages.

    Args:
        tx: Unit of the project.
        body: What is asked for.
        is_test: Test users alone, none of them, or with None both.
        tenant_id: Roles count that are held in this tenant, or with "" anywhere.

    Raises:
        InvalidArgument: A filter or an order cannot be used.
        NotSupported: A filter is of something that Avow does not have yet.
    """
    _refuse_unsupported(body)
    limit, page = body.limit or _USUAL_LIMIT, body.page or 0
    found = _filtered(Search(rows.FIND), body, is_test, tenant_id).order(_order(body.sort or ()))
    ids = [row.id for row in found.page(limit, limit * page).all(tx, IdRow)]
    if len(ids) < limit and (ids or not page):
        total = limit * page + len(ids)  # the last page
    else:
        total = _filtered(Search(rows.COUNT), body, is_test, tenant_id).all(tx, CountRow)[0].total
    return (users.find_several(tx, ids) if ids else []), total


def _filtered(found: Search, body: SearchUsers, is_test: bool | None, tenant_id: str) -> Search:
    is_narrow = _is_narrow(body)
    if is_test is not None:
        found.where("u.is_test = :is_test", is_test=int(is_test))
    if body.tenant_ids:
        found.within(rows.IN_TENANTS, {"tenant_ids": body.tenant_ids})
    if body.role_names and tenant_id:
        _by_tenant_roles(found, rows.WITH_ROLE_NAMES_IN_TENANT, {tenant_id: RolesWanted(values=body.role_names)})
    elif body.role_names:
        found.within(rows.HOLDING_ROLES if is_narrow else rows.WITH_ROLES, {"role_names": body.role_names})
    if body.sso_app_ids:
        if tenant_id:
            raise Forbidden(error_message="Only a caller of the whole project sees which applications a user reaches.")
        found.within(rows.WITH_APPLICATIONS, {"application_ids": body.sso_app_ids})
    _by_identity(found, body)
    _by_time(found, body)
    for name, value in (body.custom_attributes or {}).items():
        found.within(rows.WITH_ATTRIBUTE, {"attribute_values": attributes.searchable(value)}, attribute=name)
    _by_tenant_roles(found, rows.WITH_ROLE_IDS_IN_TENANT, body.tenant_role_ids)
    _by_tenant_roles(found, rows.WITH_ROLE_NAMES_IN_TENANT, body.tenant_role_names)
    if body.text and body.text.strip():
        text = body.text.strip()
        having_text = rows.HAVING_TEXT if is_narrow else rows.WITH_TEXT
        found.where(having_text, folded=containing(users.folded_name(text)), text=containing(text.lower()))
    return found


def _is_narrow(body: SearchUsers) -> bool:
    """Tell whether some filter leaves few users, so that the others are asked of each of them."""
    return bool(
        body.tenant_ids
        or body.user_ids
        or body.login_ids
        or body.emails
        or body.phones
        or body.custom_attributes
        or body.tenant_role_ids
        or body.tenant_role_names
    )


def _by_identity(found: Search, body: SearchUsers) -> None:
    if body.user_ids:
        found.among("u.id", "ids", body.user_ids)
    if body.login_ids:
        found.within(rows.WITH_LOGIN_IDS, {"login_ids": _canonical(body.login_ids)})
    if body.statuses:
        found.among("u.status", "statuses", body.statuses)
    if body.emails:
        found.among("u.email_folded", "emails", _canonical(body.emails))
    if body.phones:
        found.among("u.phone", "phones", [addresses.phone(each).e164 for each in body.phones])


def _by_time(found: Search, body: SearchUsers) -> None:
    """Compare whole seconds, which is what rows hold, with the milliseconds of the contract."""
    if body.from_created_time:
        found.where("u.created_at >= :created_from", created_from=-(-body.from_created_time // 1000))
    if body.to_created_time:
        found.where("u.created_at <= :created_to", created_to=body.to_created_time // 1000)
    if body.from_modified_time:
        found.where("u.updated_at >= :modified_from", modified_from=-(-body.from_modified_time // 1000))
    if body.to_modified_time:
        found.where("u.updated_at <= :modified_to", modified_to=body.to_modified_time // 1000)


def _by_tenant_roles(found: Search, condition: LiteralString, wanted: Mapping[str, RolesWanted] | None) -> None:
    for tenant, roles in (wanted or {}).items():
        names = list(dict.fromkeys(roles.values or ()))
        if names:
            found.within(condition, {"roles": names}, tenant=tenant, least=len(names) if roles.every else 1)


def _order(sort: Sequence[SortBy]) -> LiteralString:
    """Return the order; ids stand last and go the way of the key before, so that an index has that order too."""
    keys: list[LiteralString] = []
    for each in sort:
        known = _ORDER.get(each.field.replace("_", "").lower())
        if known is None:
            raise InvalidArgument(error_message=f"Users cannot be sorted by {each.field!r}.")
        keys.append(known[1] if each.desc else known[0])
    last: LiteralString = "u.id DESC" if sort and sort[-1].desc else "u.id"
    return ", ".join([*keys, *([] if keys else ["u.created_at"]), last])


def _canonical(texts: Sequence[str]) -> list[str]:
    return [addresses.login_id(each).canonical for each in texts]


def _refuse_unsupported(body: SearchUsers) -> None:
    if body.family_ids or body.dependent or body.lock_reasons or body.temp_lock_reasons:
        raise NotSupported(error_message="Avow does not support a filter of this search yet.")
