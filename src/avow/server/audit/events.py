"""Events of the audit: found again, shown as the contract shows them, and added by applications."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from avow import shaping
from avow.core import addresses, devices
from avow.core.networks import canonical
from avow.errors import InvalidArgument
from avow.server.audit import rows
from avow.server.audit.rows import CountRow, EventRow, LoginIdRow
from avow.server.store import Search, Tx, containing, in_list
from avow.wire.audit import MOST_ON_PAGE, Audit, CreateEvent, SearchAudit

__all__ = ["create", "forget", "load", "search"]

_DAY_SECONDS: Final = 86400
_USUAL_DAYS: Final = 30
_MOST_BYTES: Final = 16_384
_FOR: Final = " for "
_TYPES: Final[Mapping[str, str]] = {"done": "info", "refused": "warn"}
_LOWER: Final = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_KINDS: Final = {each.lower(): each for each in devices.KINDS}


def search(tx: Tx, body: SearchAudit, tenants: Sequence[str] | None, *, with_none: bool) -> tuple[list[Audit], int]:
    """Return the page of events that match, the newest first, and how many there are on all pages.

    Args:
        tx: Unit of the project.
        body: What is asked for.
        tenants: Events of these tenants alone; None for every tenant.
        with_none: Besides those of `tenants`, events of no tenant.
    """
    if body.geos and "" not in body.geos:
        return [], 0  # no event knows a country
    limit, page = body.limit or MOST_ON_PAGE, body.page or 0
    found = _filtered(tx, Search(rows.SEARCH), body, tenants, with_none=with_none)
    events = found.order("e.occurred_at DESC, e.id DESC").page(limit, limit * page).all(tx, EventRow)
    if not page and len(events) < limit:
        total = len(events)
    else:
        counted = _filtered(tx, Search(rows.COUNT), body, tenants, with_none=with_none)
        total = counted.all(tx, CountRow)[0].total
    return _shown(tx, events), total


def load(tx: Tx, event_ids: Sequence[str]) -> dict[str, Audit]:
    """Return events by id; those that are gone are missing."""
    clause, listed = in_list("ids", event_ids)
    return {each.id: each for each in _shown(tx, tx.all(rows.FIND.replace("(:ids)", clause), EventRow, **listed))}


def create(tx: Tx, body: CreateEvent, *, actor: str) -> None:
    """Record an event of the application's own; who called stays beside whom the call names.

    Raises:
        InvalidArgument: The data are too large.
    """
    data = body.data or {}
    if len(msgspec.json.encode(data)) > _MOST_BYTES:
        raise InvalidArgument(error_message="The data of an event take at most 16 KiB.")
    tx.audit(
        body.action,
        outcome=body.type,
        actor=f"{actor}{_FOR}{body.actor_id}",
        user_id=body.user_id or "",
        tenant_id=body.tenant_id,
        data=data,
    )


def forget(tx: Tx, days: int, most: int) -> int:
    """Delete events older than so many days, at most `most`; return how many."""
    return tx.run(rows.FORGET, before=tx.now - days * _DAY_SECONDS, most=most)


def _filtered(tx: Tx, found: Search, body: SearchAudit, tenants: Sequence[str] | None, *, with_none: bool) -> Search:
    """Add the conditions; times of the contract are milliseconds, those of rows whole seconds."""
    from_ms = (tx.now - _USUAL_DAYS * _DAY_SECONDS) * 1000 if body.from_ is None else body.from_
    found.where("e.occurred_at >= :occurred_from", occurred_from=-(-from_ms // 1000))
    if body.to is not None:
        found.where("e.occurred_at <= :occurred_to", occurred_to=body.to // 1000)
    if tenants is not None and with_none:
        found.within("e.tenant_id IN (:tenants) OR e.tenant_id = ''", {"tenants": tenants})
    elif tenants is not None:
        found.among("e.tenant_id", "tenants", tenants)
    if body.user_ids:
        found.among("e.user_id", "user_ids", body.user_ids)
    if body.external_ids:
        known = [addresses.login_id(each).canonical for each in body.external_ids]
        found.within(rows.OF_LOGIN_IDS, {"login_ids": known})
    if body.actions:
        found.among("e.action", "actions", body.actions)
    if body.excluded_actions:
        found.within("e.action NOT IN (:excluded)", {"excluded": body.excluded_actions})
    _by_caller(found, body)
    if body.text and body.text.strip():
        found.where(rows.WITH_TEXT, text=containing(body.text.strip().translate(_LOWER)))
    return found


def _by_caller(found: Search, body: SearchAudit) -> None:
    if body.devices:
        found.among("e.device_kind", "devices", [_KINDS.get(each.lower(), each) for each in body.devices])
    if body.methods:
        found.among("e.method", "methods", body.methods)
    if body.remote_addresses:
        found.among("e.address", "addresses", [canonical(each) or each for each in body.remote_addresses])


def _shown(tx: Tx, events: Sequence[EventRow]) -> list[Audit]:
    known = _login_ids(tx, (event.user_id for event in events))
    return [_audit(tx.project_id, event, known.get(event.user_id, ())) for event in events]


def _login_ids(tx: Tx, user_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    wanted = sorted({each for each in user_ids if each})
    found: dict[str, tuple[str, ...]] = {}
    if wanted:
        clause, listed = in_list("user_ids", wanted)
        for row in tx.all(rows.LOGIN_IDS.replace("(:user_ids)", clause), LoginIdRow, **listed):
            found[row.user_id] = (*found.get(row.user_id, ()), row.login_id)
    return found


def _audit(project_id: str, event: EventRow, login_ids: tuple[str, ...]) -> Audit:
    return Audit(
        id=event.id,
        project_id=project_id,
        user_id=event.user_id,
        action=event.action,
        type=_TYPES.get(event.outcome, event.outcome),
        actor_id=_actor_id(event.actor),
        occurred=str(event.occurred_at * 1000),
        device=event.device_kind,
        method=event.method,
        geo="",
        remote_address=event.address,
        external_ids=login_ids,
        tenants=(event.tenant_id,) if event.tenant_id else (),
        data=shaping.decode(event.data, dict[str, object]),
    )


def _actor_id(actor: str) -> str:
    """Return whom an event made by an application names, the id of a user or key, or the word there is."""
    caller, named, whom = actor.partition(_FOR)
    return whom if named else caller.removeprefix("user:").removeprefix("key:")
