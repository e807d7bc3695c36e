"""The same fact of many, recorded in few statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from avow.core.ids import AUDIT, directory_id
from avow.server.store.rows import FIND_WEBHOOK, INSERT_AUDITS, WebhookRow
from avow.server.store.search import many_rows
from avow.server.store.tx import Tx

__all__ = ["About", "audit_several"]


@dataclass(frozen=True, slots=True)
class About:
    """What one of several events is about; ids and outcomes only, never a secret."""

    user_id: str = ""
    data: Mapping[str, object] = field(default_factory=dict)


def audit_several(tx: Tx, action: str, about: Sequence[About], *, actor: str, tenant_id: str = "") -> None:
    """Record what was done to each of many, as `Tx.audit` records one; nobody named, nothing recorded.

    Args:
        tx: The unit that did it.
        action: What happened to each, `noun.verb`.
        about: One for each event.
        actor: Who did it.
        tenant_id: The tenant concerned, or "".
    """
    if not about:
        return
    is_unsent = tx.one(FIND_WEBHOOK, WebhookRow) is not None
    events = [
        {
            "id": directory_id(AUDIT, tx.now),
            "user_id": each.user_id,
            "data": msgspec.json.encode(each.data, order="sorted").decode(),
        }
        for each in about
    ]
    for sql, params in many_rows(INSERT_AUDITS, events):
        tx.run(sql, action=action, actor=actor, tenant_id=tenant_id, is_unsent=int(is_unsent), **params)
    if is_unsent:
        tx.after_commit("audit")
