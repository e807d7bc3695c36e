"""Users of Auth0: what its export job or extension writes, what its import takes, and the export of password hashes.

Beside the fields of its API, the headings of its extension are understood (`Email Verified`). A password hash may stand
in the record (`passwordHash`, `password_hash`, `custom_password_hash`) or in an export of its own, found there by the
user's id or address.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from avow.core.imports.context import Context
from avow.core.imports.moments import first, seconds_of
from avow.core.imports.own import unwrapped
from avow.core.imports.people import Found
from avow.core.imports.records import object_in, texts_in, user_of
from avow.errors import InvalidArgument
from avow.wire import codec

__all__ = ["found", "hashes_in"]

_DATABASE: Final = "auth0|"
_KNOWN_DIGESTS: Final = frozenset({"sha1", "sha256", "sha512"})


def found(data: bytes, context: Context) -> Found:
    """Read a user of Auth0, or a line of its export of password hashes, which names the user too."""
    record = _plain(codec.decode(dict[str, Any], unwrapped(data)))
    user_id, email, phone = _user_id(record), first(record.get("email")), first(record.get("phone_number"))
    nick = first(record.get("username"))
    login_ids = [each for each in (email, nick, phone) if each] or [user_id]
    details = object_in(record.get("app_metadata"))
    user = user_of(
        {
            "loginIds": login_ids[:1],
            "email": email,
            "verifiedEmail": _is_true(record.get("email_verified")) or None,
            "phone": phone,
            "verifiedPhone": _is_true(record.get("phone_verified")) or None,
            "displayName": _name(record, email, nick),
            "givenName": first(record.get("given_name")),
            "familyName": first(record.get("family_name")),
            "picture": first(record.get("picture")),
            "status": "disabled" if _is_true(record.get("blocked")) else None,
            "roleNames": texts_in(details.get("roles")) if context.takes_roles else [],
            "customAttributes": {**object_in(record.get("user_metadata")), **details},
            "externalIds": [user_id] if user_id else [],
            "createdTime": seconds_of(record.get("created_at")),
            **_password(record, context, user_id, email),
        }
    )
    return Found(user, spare_login_ids=tuple(login_ids[1:]), is_lenient=True)


def hashes_in(data: bytes) -> dict[str, str]:
    """Return the hash in one line of the export of password hashes, by what it may be looked for with.

    Raises:
        AuthException: The line is no object of JSON.
    """
    record = _plain(codec.decode(dict[str, Any], data))
    text = first(record.get("passwordhash"), record.get("password_hash"))
    keys = (_user_id(record), first(record.get("email")).lower(), first(record.get("username")).lower())
    return {key: text for key in keys if key and text}


def _plain(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record by the names of the API: `Email Verified` is `email_verified`."""
    return {name.strip().lower().replace(" ", "_"): value for name, value in record.items()}


def _user_id(record: Mapping[str, Any]) -> str:
    listed = first(record.get("user_id"), record.get("id"), object_in(record.get("_id")).get("$oid"))
    return f"{_DATABASE}{listed}" if listed and "|" not in listed else listed


def _name(record: Mapping[str, Any], email: str, nick: str) -> str:
    """Return the name; Auth0 puts the address there where it knows none."""
    name = first(record.get("name"))
    return "" if name in (email, nick) else name


def _password(record: Mapping[str, Any], context: Context, user_id: str, email: str) -> dict[str, object]:
    custom = object_in(record.get("custom_password_hash"))
    if custom:
        return {"hashedPassword": _custom(custom)}
    text = first(record.get("passwordhash"), record.get("password_hash"))
    for key in (user_id, email.lower()):
        text = text or (context.hash_of(key) if key else "")
    return {"passwordHash": text} if text else {}


def _custom(record: Mapping[str, Any]) -> dict[str, object]:
    """Return a hash as Auth0's own import takes it."""
    algorithm, made, salt = (
        first(record.get("algorithm")).lower(),
        *map(object_in, (record.get("hash"), record.get("salt"))),
    )
    value = first(made.get("value"))
    if algorithm == "bcrypt":
        return {"bcrypt": {"hash": value}}
    if algorithm == "argon2":
        return {"argon2": {"hash": value}}
    if algorithm == "md5" or algorithm in _KNOWN_DIGESTS:
        place = "after" if salt.get("position") == "suffix" else "before"
        of_form = {} if algorithm == "md5" else {"type": algorithm}
        form = {**of_form, "hash": _hexadecimal(made), "saltAt": place}
        if salt.get("value"):
            form["salt"] = _salt(salt)
        return {"md5" if algorithm == "md5" else "sha": form}
    raise InvalidArgument(error_message=f"Password hashes of {algorithm[:32]!r} are not taken from Auth0.")


def _hexadecimal(made: Mapping[str, Any]) -> str:
    value = first(made.get("value"))
    if made.get("encoding", "hex") != "base64":
        return value
    try:
        return base64.b64decode(value, validate=True).hex()
    except binascii.Error:
        raise InvalidArgument(error_message="The password hash is not base64.") from None


def _salt(salt: Mapping[str, Any]) -> str:
    if salt.get("encoding", "utf8") != "utf8":
        raise InvalidArgument(error_message="A salt that is no text is not taken from Auth0.")
    return str(salt["value"])


def _is_true(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.lower() == "true")
