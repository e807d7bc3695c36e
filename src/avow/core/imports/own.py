"""Our own form of an imported user: an object of JSON, or a row of a table."""

from collections.abc import Mapping
from typing import Final

import msgspec

from avow import shaping
from avow.core.imports.context import Context
from avow.core.imports.people import Found
from avow.core.imports.records import user_of
from avow.errors import InvalidArgument
from avow.wire import codec
from avow.wire.imports import ImportedUser

__all__ = ["ATTRIBUTE", "COLUMNS", "of_json", "of_table", "unwrapped"]

ATTRIBUTE: Final = "attribute:"
_SEVERAL: Final = frozenset({"loginIds", "additionalLoginIds", "roleNames", "externalIds"})
_TENANTS: Final = "tenants"
COLUMNS: Final = (
    "loginId", "additionalLoginIds", "email", "verifiedEmail", "phone", "verifiedPhone", "displayName", "name",
    "givenName", "middleName", "familyName", "picture", "status", "test", "roleNames", _TENANTS, "externalIds",
    "createdTime", "passwordHash",
)  # fmt: skip
_KNOWN: Final[Mapping[str, str]] = {name.lower(): name for name in COLUMNS}
_NOTHING: Final = str.maketrans("", "", " _-")


class _Reported(msgspec.Struct, frozen=True):
    """A line of a report of refused lines, whose record may be imported again as it is."""

    line: int
    reason: str
    record: msgspec.Raw


def of_json(data: bytes, context: Context) -> Found:
    """Read an object of JSON; a line of a report of refused lines is the record in it."""
    return Found(codec.decode(ImportedUser, unwrapped(data)))


def unwrapped(data: bytes) -> bytes:
    """Return the record in a line of a report; anything else as it is."""
    if not data.startswith(b'{"line":'):
        return data
    try:
        return bytes(shaping.decode(data, _Reported).record)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return data


def of_table(data: bytes, context: Context) -> Found:
    """Read a row: lists are separated by semicolons, tenants written `acme=Editor|Viewer;other`.

    Raises:
        InvalidArgument: A column is not known, or a value cannot be read.
    """
    given: dict[str, object] = {}
    attributes: dict[str, object] = {}
    for name, text in codec.decode(dict[str, str], unwrapped(data)).items():
        if name.lower().startswith(ATTRIBUTE):
            attributes[name[len(ATTRIBUTE) :].strip()] = text
            continue
        column = _KNOWN.get(name.translate(_NOTHING).lower())
        if column is None:
            raise InvalidArgument(
                error_message=f"There is no column {name[:64]!r}; those of attributes are named {ATTRIBUTE}NAME."
            )
        given[column] = text
    record = {name: _parts(str(text)) if name in _SEVERAL else text for name, text in given.items()}
    if _TENANTS in record:
        record["userTenants"] = [_tenant(part) for part in _parts(str(record.pop(_TENANTS)))]
    return Found(user_of({**record, "customAttributes": attributes}), has_texts=True)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _tenant(text: str) -> dict[str, object]:
    tenant_id, _, names = text.partition("=")
    return {"tenantId": tenant_id.strip(), "roleNames": [name.strip() for name in names.split("|") if name.strip()]}
