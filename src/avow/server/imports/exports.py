"""Users as an import takes them back, a page at a time."""

from dataclasses import dataclass
from typing import cast

from avow.core.imports.people import STORED
from avow.server.imports import rows
from avow.server.imports.rows import IdRow, PasswordRow
from avow.server.store import Tx, in_list
from avow.server.users import actions as users
from avow.server.users.actions import Profile
from avow.wire.accounts import Association, Status
from avow.wire.imports import ExportedUser

__all__ = ["Page", "page"]

_MOST = 500


@dataclass(frozen=True, slots=True)
class Page:
    """Some users, in the order of their ids.

    Attributes:
        users: As they are exported.
        last: The id of the last of them.
    """

    users: tuple[ExportedUser, ...]
    last: str

    def __bool__(self) -> bool:
        """Tell whether there is anybody."""
        return bool(self.last)


def page(tx: Tx, after: str = "", *, has_passwords: bool = False) -> Page:
    """Return the users behind an id; those without an identity are left out.

    Args:
        tx: Unit of the project.
        after: The last id of the page before, or "".
        has_passwords: With the hashes of their passwords.
    """
    ids = [row.id for row in tx.all(rows.PAGE, IdRow, after=after, most=_MOST)]
    if not ids:
        return Page((), "")
    hashes: dict[str, str] = {}
    if has_passwords:
        clause, listed = in_list("user_ids", ids)
        found = tx.all(rows.PASSWORDS.replace("(:user_ids)", clause), PasswordRow, **listed)
        hashes = {row.user_id: row.encoded for row in found}
    profiles = users.find_several(tx, ids)
    return Page(tuple(_exported(each, hashes.get(each.id, "")) for each in profiles), ids[-1])


def _exported(profile: Profile, encoded: str) -> ExportedUser:
    shown = profile.shown()
    return ExportedUser(
        login_ids=shown.login_ids,
        email=shown.email or None,
        verified_email=shown.verified_email or None,
        phone=shown.phone or None,
        verified_phone=shown.verified_phone or None,
        name=shown.name or None,
        given_name=shown.given_name or None,
        middle_name=shown.middle_name or None,
        family_name=shown.family_name or None,
        picture=shown.picture or None,
        status=cast(Status, shown.status),
        test=shown.test or None,
        role_names=shown.role_names or None,
        user_tenants=tuple(
            Association(tenant_id=each.tenant_id, role_names=each.role_names or None) for each in shown.user_tenants
        )
        or None,
        custom_attributes=shown.custom_attributes or None,
        external_ids=shown.external_ids or None,
        created_time=shown.created_time,
        password_hash=f"{STORED}{encoded}" if encoded else None,
    )
