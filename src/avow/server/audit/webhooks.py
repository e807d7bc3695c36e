"""Webhooks of the audit: where a project's events are sent to, under which name, and what is kept sealed of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from avow import shaping
from avow.core.networks import Network
from avow.core.targets import target
from avow.core.webhooks import MIN_SECRET_CHARACTERS, Filter, new_secret
from avow.errors import InvalidArgument, MissingArgument, NotSupported
from avow.server.audit import rows
from avow.server.audit.rows import CountRow, NameRow, WebhookRow
from avow.server.store import Tx
from avow.wire.audit import SetWebhook, WebhookFilter
from avow.wire.secret import SECRET, Secret, described, shown

__all__ = ["Sealed", "Webhook", "opened", "put", "remove", "rules_of"]

MOST_WEBHOOKS: Final = 10
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_VALUE: Final = re.compile(r"[\x20-\x7e\t]*", re.ASCII)
# What we say ourselves, and what would change who reads a request or where it ends.
_OURS: Final = frozenset(
    {"host", "content-length", "content-type", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect"}
)
_OUR_PREFIX: Final = "webhook-"


class Sealed(msgspec.Struct, frozen=True):
    """What is kept sealed of a webhook."""

    secret: Secret
    headers: Annotated[dict[str, str], Meta(extra=SECRET)]

    __repr__ = described
    __rich_repr__ = shown


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook, opened to be called."""

    name: str
    url: str
    sealed: Sealed = field(repr=False)


def put(tx: Tx, body: SetWebhook, allowed: Sequence[Network], *, actor: str) -> str:
    """Make a webhook, or change the one of this name; return the secret that was made for it, or "".

    Args:
        tx: Unit of the project.
        body: What is to stand in it; what is absent stays.
        allowed: Networks that may be called besides the public ones.
        actor: Who does it, for the audit.

    Raises:
        InvalidArgument: The address may not be called, a header or the secret cannot be used, or there are too many.
        MissingArgument: A new webhook without an address.
        NotSupported: The call asks for what Avow does not do.
    """
    if body.authentication or body.insecure:
        raise NotSupported(error_message="Avow takes `headers` for authentication, and always checks certificates.")
    _check(body, allowed)
    held = tx.one(rows.LOCK_WEBHOOK, WebhookRow, name=body.name)
    if held is None:
        return _made(tx, body, actor)
    before = opened(tx, held)
    secret = body.hmac_secret or before.sealed.secret
    headers = before.sealed.headers if body.headers is None else body.headers
    _require_headers_of_same_receiver(before, body)
    tx.run(
        rows.UPDATE_WEBHOOK,
        name=body.name,
        description=held.description if body.description is None else body.description,
        url=body.url or held.url,
        filters=held.filters if body.filters is None else _text(body.filters),
        sealed=_sealed(tx, body.name, secret, headers),
    )
    tx.audit("webhook.changed", actor=actor, data={"webhook": body.name})
    return ""


def remove(tx: Tx, name: str, *, actor: str) -> None:
    """Delete a webhook with all that waits for it; one that does not exist is none."""
    if tx.run(rows.DELETE_WEBHOOK, name=name):
        tx.audit("webhook.deleted", actor=actor, data={"webhook": name})


def opened(tx: Tx, row: WebhookRow) -> Webhook:
    """Return a webhook with its secret.

    Raises:
        SealBroken: An earlier secret key of the installation is missing.
    """
    plain = tx.vault.open(row.sealed, row=rows.sealed_row(tx.project_id, row.name))
    return Webhook(row.name, row.url, shaping.decode(plain, Sealed))


def rules_of(row: WebhookRow) -> list[Filter]:
    """Return the conditions of a webhook."""
    return [
        Filter(each.filter_type, each.operator != "excludes", frozenset(each.values or ()))
        for each in shaping.decode(row.filters, tuple[WebhookFilter, ...])
        if each.filter_type is not None and each.filter_type != "all"
    ]


def _require_headers_of_same_receiver(before: Webhook, body: SetWebhook) -> None:
    # Otherwise whoever may set webhooks, but never reads their headers, could have them sent to themselves.
    moves = bool(body.url) and body.url != before.url
    if moves and before.sealed.headers and body.headers is None:
        raise InvalidArgument(error_message="Give the headers again: they were given for another address.")


def _made(tx: Tx, body: SetWebhook, actor: str) -> str:
    if not body.url:
        raise MissingArgument(error_message="A new webhook needs the URL to send events to.")
    held = tx.one(rows.COUNT_WEBHOOKS, CountRow)
    if held is not None and held.total >= MOST_WEBHOOKS:
        raise InvalidArgument(error_message=f"A project has at most {MOST_WEBHOOKS} webhooks.")
    secret = body.hmac_secret or new_secret()
    made = tx.one(
        rows.INSERT_WEBHOOK,
        NameRow,
        name=body.name,
        description=body.description or "",
        url=body.url,
        filters=_text(body.filters or ()),
        sealed=_sealed(tx, body.name, secret, body.headers or {}),
    )
    if made is None:
        raise InvalidArgument(error_message="Somebody makes a webhook of this name at this moment; try again.")
    tx.audit("webhook.created", actor=actor, data={"webhook": body.name})
    return "" if body.hmac_secret else secret


def _check(body: SetWebhook, allowed: Sequence[Network]) -> None:
    if body.url and target(body.url, allowed) is None:
        raise InvalidArgument(error_message="The webhook's URL must be https and lead to a public address.")
    if body.hmac_secret and len(body.hmac_secret) < MIN_SECRET_CHARACTERS:
        raise InvalidArgument(error_message=f"The secret must have {MIN_SECRET_CHARACTERS} characters or more.")
    for name, value in (body.headers or {}).items():
        is_ours = name.lower() in _OURS or name.lower().startswith(_OUR_PREFIX)
        if is_ours or not _HEADER.fullmatch(name) or not _VALUE.fullmatch(value):
            raise InvalidArgument(error_message="A header of the webhook cannot be used.")
    for each in body.filters or ():
        if each.filter_type in ("actions", "tenants") and not each.values:
            raise InvalidArgument(error_message="A filter of a webhook needs values.")


def _text(filters: Sequence[WebhookFilter]) -> str:
    return msgspec.json.encode(filters).decode()


def _sealed(tx: Tx, name: str, secret: str, headers: Mapping[str, str]) -> bytes:
    plain = msgspec.json.encode(Sealed(secret, dict(headers)))
    return tx.vault.seal(plain, row=rows.sealed_row(tx.project_id, name))
