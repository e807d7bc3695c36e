"""Users of Django: what `manage.py dumpdata auth.user` writes, or of a user model of one's own; also as fixtures."""

from typing import Any, Final

from avow.core.imports.context import Context
from avow.core.imports.moments import first, seconds_of
from avow.core.imports.own import unwrapped
from avow.core.imports.people import Found
from avow.core.imports.records import object_in, user_of
from avow.wire import codec

__all__ = ["found"]

# What every model of Django has that somebody signs in with (AbstractBaseUser).
_OF_USERS: Final = ("password", "last_login")
_FLAGS: Final = ("is_staff", "is_superuser")


def found(data: bytes, context: Context) -> Found | None:
    """Read an entry of a dump; None when it is not of a user.

    `is_staff` and `is_superuser` become the roles of these names, groups written by name (`--natural-foreign`) roles
    too. A user signs in by name, and by e-mail address where nobody else does.
    """
    record = codec.decode(dict[str, Any], unwrapped(data))
    fields = object_in(record.get("fields"))
    if not all(name in fields for name in _OF_USERS):
        return None
    nick, email = first(fields.get("username")), first(fields.get("email"))
    login_ids = [each for each in (nick, email) if each]
    encoded = first(fields.get("password"))
    user = user_of(
        {
            "loginIds": login_ids[:1],
            "email": email,
            "givenName": first(fields.get("first_name")),
            "familyName": first(fields.get("last_name")),
            "displayName": " ".join(filter(None, (first(fields.get("first_name")), first(fields.get("last_name"))))),
            "status": "disabled" if fields.get("is_active") is False else None,
            "roleNames": _roles(fields) if context.takes_roles else [],
            "externalIds": [first(record.get("pk"))] if first(record.get("pk")) else [],
            "createdTime": seconds_of(fields.get("date_joined")),
            "hashedPassword": {"django": {"hash": encoded}} if encoded else None,
        }
    )
    return Found(user, spare_login_ids=tuple(login_ids[1:]))


def _roles(fields: dict[str, Any]) -> list[str]:
    groups = fields.get("groups")
    named = [each[0] for each in groups if isinstance(each, list) and each] if isinstance(groups, list) else []
    return [*(flag for flag in _FLAGS if fields.get(flag) is True), *map(str, named)]
