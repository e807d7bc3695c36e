"""Applications whose client_id is the address of a document: fetched when they ask, kept when somebody allows them.

Nothing is stored before a person has signed in and agreed, so that strangers make no rows. At the token endpoint what
was stored counts, and nothing is fetched there.
"""

from dataclasses import replace
from functools import partial
from typing import Any

import msgspec

from avow.clock import Clock
from avow.core.networks import subscriber
from avow.core.oidc import documents
from avow.core.oidc.clients import Client
from avow.errors import FetchFailed, InvalidRequest, RateLimitException
from avow.server.applications import actions as applications
from avow.server.applications.actions import ApplicationRow
from avow.server.applications.kept import KeptApplications
from avow.server.outgoing import Document
from avow.server.serving import Call, Steps, count, obtain
from avow.server.serving import Client as Caller
from avow.server.store import Tx

__all__ = ["MOST_ASKED", "client", "keep"]

MOST_ASKED = 600  # by one address in ten minutes: each may be a call to another server
_WINDOW_SECONDS = 600
_FRESH_SECONDS = 600
_ACTOR = "client-document"


def client(kept: KeptApplications, call: Call[Any], client_id: str, clock: Clock) -> Steps[Client | None]:
    """Return who asks for an authorization: an application of the project, or one that publishes what it is.

    Raises:
        InvalidRequest: Its document cannot be had, or says what cannot be.
        RateLimitException: Too many were asked for from this address.
    """
    known = yield from kept.client(call.project, client_id)
    is_published = known is None or known.client.is_published
    if not is_published or not call.project.settings.allows_client_documents:
        return known.client if known is not None and not is_published else None
    if not documents.is_document_id(client_id):
        return None
    yield from _counted(call, clock())
    document = Document(
        client_id,
        "client",
        partial(documents.read, client_id),
        most_bytes=documents.MOST_BYTES,
        fresh_seconds=_FRESH_SECONDS,
        stale_seconds=0,
    )
    try:
        found = yield from obtain(document)
    except FetchFailed as failed:
        text = "The document that client_id names cannot be had, or does not describe this client."
        raise InvalidRequest(error_message=text, detail=failed.detail) from failed
    if known is None:
        return found
    return replace(found, is_enabled=known.client.is_enabled, is_trusted=known.client.is_trusted)


def keep(tx: Tx, found: Client, caller: Caller) -> None:
    """Keep what an application says of itself, as it is now; what management says of it stays."""
    settings = msgspec.json.encode(found.settings).decode()
    held = applications.find(tx, found.id)
    if held is None:
        applications.insert(tx, _row(tx, found, settings), actor=_ACTOR, caller=caller)
        return
    row = held.row
    if row.kind == applications.PUBLISHED and (row.settings, row.name) != (settings, found.name):
        row = applications.lock(tx, found.id).row
        row = msgspec.structs.replace(row, settings=settings, name=found.name)
        applications.save(tx, row, actor=_ACTOR, caller=caller)


def _row(tx: Tx, found: Client, settings: str) -> ApplicationRow:
    return ApplicationRow(
        id=found.id,
        kind=applications.PUBLISHED,
        name=found.name,
        description="",
        logo="",
        is_enabled=1,
        is_trusted=0,
        login_page_url="",
        force_authentication=0,
        settings=settings,
        created_at=tx.now,
        updated_at=tx.now,
    )


def _counted(call: Call[Any], now: int) -> Steps[None]:
    window = now // _WINDOW_SECONDS
    ends_at = (window + 1) * _WINDOW_SECONDS
    [seen] = yield from count(
        (f"client-documents:{call.project.id}:{subscriber(call.client.address)}:{window}", ends_at)
    )
    if seen > MOST_ASKED:
        raise RateLimitException(retry_after_seconds=ends_at - now)
