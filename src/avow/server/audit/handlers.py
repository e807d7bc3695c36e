"""The routes of the audit."""

from avow.server.audit import events, webhooks
from avow.server.serving import Call, Slice, reads, writes
from avow.server.store import Tx
from avow.wire import audit as wire
from avow.wire.audit import Audits, CreateEvent, SearchAudit, SetWebhook, WebhookAnswer

__all__ = ["SLICE"]


def search(tx: Tx, call: Call[SearchAudit]) -> Audits:
    """Return events of the audit, the newest first, of the last 30 days unless `from` says otherwise.

    A tenant's administrator sees the events of that tenant.
    """
    tenants = call.confinement.within(call.body.tenants)
    with_none = bool(call.body.no_tenants) and not call.confinement.tenant_id
    found, total = events.search(tx, call.body, tenants, with_none=with_none)
    return Audits(audits=tuple(found), total=total)


def create_event(tx: Tx, call: Call[CreateEvent]) -> None:
    """Add an event of the application's own to the audit; the key that called stays on record beside `actorId`."""
    events.create(tx, call.body, actor=call.management.actor)


def set_webhook(tx: Tx, call: Call[SetWebhook]) -> WebhookAnswer:
    """Make a webhook that receives the events of the audit, or change the one of this name.

    Each event is one POST, signed by HMAC-SHA256 in the headers of Standard Webhooks. It arrives at least once, in no
    promised order; `webhook-id` is the event's id. An empty `url` deletes the webhook.
    """
    if call.body.url == "":
        webhooks.remove(tx, call.body.name, actor=call.management.actor)
        return WebhookAnswer()
    made = webhooks.put(tx, call.body, call.project.callable_networks, actor=call.management.actor)
    return WebhookAnswer(hmac_secret=made)


SLICE = Slice(
    "audit",
    (
        reads(wire.SEARCH, search),
        writes(wire.CREATE_EVENT, create_event),
        writes(wire.SET_WEBHOOK, set_webhook),
    ),
)
