"""The management call that imports users."""

import base64
from typing import TypedDict

from avow.sdk.answers import UserResponse, as_is
from avow.sdk.calls.call import Call, call
from avow.wire.imports import IMPORT, ImportUsers

__all__ = ["ImportedUsers", "UserFailure", "import_users"]


class UserFailure(TypedDict):
    """A user who was not imported, and why."""

    user: str
    reason: str


class ImportedUsers(TypedDict):
    """What an import did."""

    users: list[UserResponse]
    failures: list[UserFailure]


_imported = as_is(ImportedUsers)


def import_users(source: str, users: bytes | None, hashes: bytes | None, *, dryrun: bool) -> Call[ImportedUsers]:
    """Return the call that imports users."""
    body = ImportUsers(source=source, dryrun=dryrun, users=_encoded(users), hashes=_encoded(hashes))
    return call(IMPORT, body, _imported)


def _encoded(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()
