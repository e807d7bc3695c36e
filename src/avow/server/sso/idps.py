"""The SAML identity provider of a configuration: as it is written out, or as its metadata says.

Metadata that has an address is fetched when somebody signs in, kept in memory for an hour and in the database until it
is replaced: while the provider cannot be asked, what it said last goes on, for a week and never beyond the end that it
named itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from avow.core.saml import MAX_METADATA_BYTES, IdentityProvider, SamlRefused, parse_metadata
from avow.errors import FetchFailed
from avow.server.outgoing import Document
from avow.server.serving import Steps, aside, obtain, read, write
from avow.server.sso import rows
from avow.server.sso.actions import Connection
from avow.server.sso.rows import FetchedRow, MetadataRow
from avow.server.sso.stored import Saml
from avow.server.store import Tx

__all__ = ["provider"]

_FRESH_SECONDS: Final = 3600
_STALE_SECONDS: Final = 7 * 86_400
_TYPES: Final = "application/samlmetadata+xml, application/xml, text/xml"


@dataclass(frozen=True, slots=True)
class _Described:
    """An identity provider, the metadata that it was read from, and when."""

    idp: IdentityProvider
    text: str = field(repr=False)
    read_at: int


def provider(connection: Connection, now: int) -> Steps[IdentityProvider]:
    """Return whom to ask, and whom to believe.

    Args:
        connection: Of kind `saml`.
        now: Seconds since the epoch.

    Raises:
        FetchFailed: There is neither new metadata nor any that still counts.
        SamlRefused: What is written out is no identity provider.
    """
    saml = connection.settings.saml
    if not saml.metadata_url:
        return IdentityProvider(entity_id=saml.entity_id, sso_url=saml.sso_url, certificates=saml.certificates)
    try:
        found = yield from obtain(_document(saml, now))
    except FetchFailed:
        document = yield from read(_kept, connection)
        if not document:
            raise
        return (yield from aside(_read_again, document, saml.entity_id, now))
    if (yield from read(_is_newer, connection, found)):
        yield from write(_keep, connection, found)
    return _current(found.idp, now)


def _document(saml: Saml, now: int) -> Document[_Described]:
    """Return what is fetched; a copy in memory is of one address and one entity."""
    return Document(
        saml.metadata_url,
        kind=f"saml-metadata {saml.entity_id}",
        read=_reader(saml.entity_id, now),
        accept=_TYPES,
        most_bytes=MAX_METADATA_BYTES,
        fresh_seconds=_FRESH_SECONDS,
        stale_seconds=_STALE_SECONDS - _FRESH_SECONDS,
    )


def _reader(entity_id: str, now: int) -> Callable[[bytes], _Described]:
    """Return what reads metadata; SamlRefused is a ValueError, which makes an answer count as none."""

    def read_metadata(document: bytes) -> _Described:
        return _Described(parse_metadata(document, entity_id, now), document.decode(), now)

    return read_metadata


def _read_again(document: str, entity_id: str, now: int) -> IdentityProvider:
    try:
        return parse_metadata(document.encode(), entity_id, now)
    except SamlRefused as refused:
        raise FetchFailed(detail=f"kept metadata: {refused}") from refused


def _current(idp: IdentityProvider, now: int) -> IdentityProvider:
    """Return it, unless the end that it named has come while it was kept."""
    if idp.valid_until is not None and idp.valid_until <= now:
        raise FetchFailed(detail="the metadata has ended")
    return idp


def _is_newer(tx: Tx, connection: Connection, found: _Described) -> bool:
    """Tell whether it replaces what the database holds: of another address, or an hour older.

    What is used for longer because the provider is down is no newer by that: its week goes on.
    """
    held = tx.one(rows.METADATA_AGE, FetchedRow, **_place(connection))
    return held is None or held.fetched_at <= found.read_at - _FRESH_SECONDS


def _kept(tx: Tx, connection: Connection) -> str:
    """Return the metadata that was kept of the address that the configuration has now; "" for none that counts."""
    found = tx.one(rows.METADATA, MetadataRow, **_place(connection), since=tx.now - _STALE_SECONDS)
    return found.document if found else ""


def _keep(tx: Tx, connection: Connection, found: _Described) -> None:
    tx.run(rows.PUT_METADATA, **_place(connection), document=found.text, fetched_at=found.read_at)


def _place(connection: Connection) -> dict[str, str]:
    url = connection.settings.saml.metadata_url
    return {"tenant_id": connection.tenant_id, "sso_id": connection.id, "url": url}
