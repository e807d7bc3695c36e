"""Management calls of the audit."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from avow.sdk.answers import as_is, ignored
from avow.sdk.calls.call import Call, call, shaped, text_of
from avow.sdk.transport import Response
from avow.wire import audit

__all__ = ["create_audit_webhook", "create_event", "search"]

Shaped = TypeVar("Shaped")

_all = as_is(dict[str, Any])


def search(wanted: Mapping[str, object], from_ts: datetime | None, to_ts: datetime | None) -> Call[dict[str, Any]]:
    """Return the call for events that match."""
    body = {**wanted, "from": _milliseconds(from_ts), "to": _milliseconds(to_ts)}
    return call(audit.SEARCH, shaped(body, audit.SearchAudit), _found, is_repeatable=True)


def create_event(
    action: str,
    type: str,
    actor_id: str,
    tenant_id: str,
    user_id: str | None,
    data: Mapping[str, object] | None,
) -> Call[None]:
    """Return the call that adds an event."""
    body = {
        "action": text_of("action", action),
        "type": type,
        "actorId": actor_id,
        "tenantId": tenant_id,
        "userId": user_id,
        "data": data,
    }
    return call(audit.CREATE_EVENT, shaped(body, audit.CreateEvent), ignored)


def create_audit_webhook(
    name: str,
    url: str | None,
    headers: Mapping[str, str] | None,
    hmac_secret: str | None,
    filters: Sequence[Mapping[str, object]] | None,
    description: str | None,
) -> Call[dict[str, Any]]:
    """Return the call that makes a webhook, or changes one."""
    body = {
        "name": text_of("name", name),
        "url": url,
        "headers": headers,
        "hmacSecret": hmac_secret,
        "filters": filters,
        "description": description,
    }
    return call(audit.SET_WEBHOOK, shaped(body, audit.SetWebhook), _all)


def _milliseconds(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp() * 1000)


def _found(response: Response) -> dict[str, Any]:
    """Read the answer; times become `datetime`s without a zone, UTC, as the official SDK gives them."""
    answer = _all(response)
    return {"audits": [_event(each) for each in answer["audits"]], "total": answer["total"]}


def _event(sent: dict[str, Any]) -> dict[str, Any]:
    event = {name: value for name, value in sent.items() if name != "externalIds"}
    occurred = datetime.fromtimestamp(int(sent["occurred"]) / 1000, UTC)
    return {**event, "loginIds": sent["externalIds"], "occurred": occurred.replace(tzinfo=None)}
