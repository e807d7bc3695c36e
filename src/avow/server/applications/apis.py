"""APIs (resource servers): made, found, changed and deleted, with the scopes that they know."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from avow import shaping
from avow.core import ids
from avow.core.oidc.clients import Api
from avow.errors import InvalidArgument, NotFound
from avow.server.applications import rows
from avow.server.applications.rows import ApiRow, CountRow, GrantRow, IdRow, PermissionRow
from avow.server.projects import actions as projects
from avow.server.store import MOST_IN_LIST, Tx, in_list, json_text
from avow.wire.applications import ApiPermission, CreateApi, UpdateApi

__all__ = [
    "MISSING",
    "HeldApi",
    "among",
    "api_of",
    "count",
    "create",
    "delete",
    "every",
    "find",
    "get",
    "list_page",
    "lock",
    "update",
]

MISSING = "There is no such API."
_TAKEN = "There is an API with this identifier already."
_PREFIX = "B"
_LIFETIME_SECONDS = 86_400
_MOST_LISTED = 1000


@dataclass(frozen=True, slots=True)
class HeldApi:
    """An API and the scopes that it knows."""

    row: ApiRow
    permissions: tuple[PermissionRow, ...] = ()


def api_of(held: HeldApi) -> Api:
    """Return an API as tokens for it are judged."""
    row = held.row
    return Api(
        identifier=row.identifier,
        lifetime_seconds=row.lifetime_seconds,
        algorithm=row.algorithm,
        has_rbac=bool(row.has_rbac),
        allows_offline=bool(row.allows_offline),
        scopes=frozenset(each.name for each in held.permissions),
        name=row.name,
        descriptions={each.name: each.description for each in held.permissions if each.description},
    )


def create(tx: Tx, wanted: CreateApi, *, actor: str) -> str:
    """Insert an API; return its id.

    Raises:
        InvalidArgument: There is one with this identifier or id, or a permission stands there twice.
    """
    if find(tx, wanted.identifier) is not None:  # by either: who names an API means one
        raise InvalidArgument(error_message=_TAKEN)
    made = tx.one(
        rows.INSERT_API,
        IdRow,
        id=ids.directory_id(_PREFIX, tx.now),
        identifier=wanted.identifier,
        name=wanted.name or wanted.identifier[:256],
        lifetime_seconds=wanted.lifetime_seconds or _LIFETIME_SECONDS,
        algorithm=wanted.algorithm or "RS256",
        has_rbac=int(wanted.rbac or False),
        allows_offline=int(wanted.allows_offline is not False),
    )
    if made is None:
        raise InvalidArgument(error_message=_TAKEN)
    _add(tx, made.id, wanted.permissions or ())
    projects.bump(tx)
    tx.audit("api.created", actor=actor, data={"api": made.id, "identifier": wanted.identifier})
    return made.id


def update(tx: Tx, wanted: UpdateApi, *, actor: str) -> None:
    """Change what is named of an API; scopes take the place of all before, and no machine keeps one that is gone.

    Raises:
        NotFound: There is no such API.
        InvalidArgument: A permission stands there twice.
    """
    row = lock(tx, wanted.id).row
    tx.one(
        rows.UPDATE_API,
        IdRow,
        id=row.id,
        name=wanted.name or row.name,
        lifetime_seconds=wanted.lifetime_seconds or row.lifetime_seconds,
        algorithm=wanted.algorithm or row.algorithm,
        has_rbac=row.has_rbac if wanted.rbac is None else int(wanted.rbac),
        allows_offline=row.allows_offline if wanted.allows_offline is None else int(wanted.allows_offline),
    )
    if wanted.permissions is not None:
        tx.run(rows.CLEAR_PERMISSIONS, api_id=row.id)
        _add(tx, row.id, wanted.permissions)
        _narrow_grants(tx, row.id, frozenset(each.name for each in wanted.permissions))
    projects.bump(tx)
    tx.audit("api.changed", actor=actor, data={"api": row.id})


def delete(tx: Tx, named: str, *, actor: str) -> None:
    """Delete an API for ever; tokens made before hold until they end.

    Raises:
        NotFound: There is no such API.
    """
    row = get(tx, named).row
    if tx.one(rows.DELETE_API, IdRow, id=row.id) is None:
        raise NotFound(error_message=MISSING)
    projects.bump(tx)
    tx.audit("api.deleted", actor=actor, data={"api": row.id})


def find(tx: Tx, named: str) -> HeldApi | None:
    """Return an API by its identifier or id, or None."""
    row = tx.one(rows.FIND_API, ApiRow, named=named)
    return _held(tx, [row])[0] if row else None


def get(tx: Tx, named: str) -> HeldApi:
    """Return an API by its identifier or id.

    Raises:
        NotFound: There is none.
    """
    found = find(tx, named)
    if found is None:
        raise NotFound(error_message=MISSING)
    return found


def among(tx: Tx, identifiers: Sequence[str]) -> list[HeldApi]:
    """Return the APIs that have one of these identifiers."""
    clause, listed = in_list("identifiers", identifiers[:MOST_IN_LIST])
    return _held(tx, tx.all(rows.APIS_AMONG.replace("(:identifiers)", clause), ApiRow, **listed))


def lock(tx: Tx, named: str) -> HeldApi:
    """Return an API that nobody else changes until the unit ends. Raises as `get`."""
    found = get(tx, named).row
    if tx.one(rows.LOCK_API, IdRow, id=found.id) is None:
        raise NotFound(error_message=MISSING)
    return get(tx, found.id)


def every(tx: Tx) -> Iterator[HeldApi]:
    """Return all APIs of the project, the oldest first."""
    passed_over = 0
    while found := list_page(tx, _MOST_LISTED, passed_over):
        yield from found
        passed_over += len(found)


def list_page(tx: Tx, most: int, passed_over: int = 0) -> list[HeldApi]:
    """Return APIs of the project, the oldest first, at most so many after so many."""
    return _held(tx, tx.all(rows.LIST_APIS, ApiRow, most=most, passed_over=passed_over))


def count(tx: Tx) -> int:
    """Return how many APIs there are."""
    found = tx.one(rows.COUNT_APIS, CountRow)
    return found.total if found else 0


def _add(tx: Tx, api_id: str, permissions: Iterable[ApiPermission]) -> None:
    known: set[str] = set()
    for each in permissions:
        if each.name in known:
            raise InvalidArgument(error_message=f"The permission {each.name[:100]!r} stands there twice.")
        known.add(each.name)
        tx.run(rows.ADD_PERMISSION, api_id=api_id, **msgspec.structs.asdict(each))


def _narrow_grants(tx: Tx, api_id: str, known: frozenset[str]) -> None:
    """Take scopes that an API knows no more from all that may have them there in their own name."""
    for each in tx.all(rows.GRANTS_AT, GrantRow, api_id=api_id):
        scopes = shaping.decode(each.scopes, list[str])
        if not known.issuperset(scopes):
            kept = json_text([scope for scope in scopes if scope in known])
            tx.run(rows.GRANT, application_id=each.application_id, api_id=api_id, scopes=kept)


def _held(tx: Tx, found: Sequence[ApiRow]) -> list[HeldApi]:
    if not found:
        return []
    clause, listed = in_list("api_ids", [row.id for row in found])
    known: dict[str, list[PermissionRow]] = {}
    for each in tx.all(rows.PERMISSIONS.replace("(:api_ids)", clause), PermissionRow, **listed):
        known.setdefault(each.api_id, []).append(each)
    return [HeldApi(row, tuple(known.get(row.id, ()))) for row in found]
