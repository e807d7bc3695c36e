"""Secrets of applications as the contract has them: read back, rotated, added and revoked; the same of all kinds."""

from collections.abc import Sequence

from avow.errors import NotFound
from avow.server.applications import actions
from avow.server.applications.actions import HeldApplication, Kind
from avow.server.applications.rows import SecretRow
from avow.server.serving import Call, Handler, writes
from avow.server.store import Tx
from avow.wire.applicationsecrets import (
    AddedSecret,
    AddSecret,
    Cleartext,
    RevokeSecret,
    SecretMeta,
    SecretMetas,
    WhichApplication,
    WhichSecret,
)
from avow.wire.endpoint import Endpoint

__all__ = ["Kinds", "handlers", "held"]

Kinds = Sequence[Kind]


def handlers(
    kinds: Kinds,
    read: Endpoint[WhichSecret, Cleartext],
    rotate: Endpoint[WhichApplication, Cleartext],
    add: Endpoint[AddSecret, AddedSecret],
    revoke: Endpoint[RevokeSecret, SecretMetas],
) -> tuple[Handler, ...]:
    """Return the handlers of the secrets of applications of these kinds."""

    def reveal(tx: Tx, call: Call[WhichSecret]) -> Cleartext:
        """Return a secret of an application in clear text, "" when it keeps none; the audit says who read it."""
        body = call.body
        found = held(tx, body.id, kinds)
        return Cleartext(cleartext=actions.revealed(tx, found, body.secret_name or "", actor=call.management.actor))

    def renew(tx: Tx, call: Call[WhichApplication]) -> Cleartext:
        """Give an application a new secret and return it; the one before counts for a day more."""
        held(tx, call.body.id, kinds)
        return Cleartext(cleartext=actions.rotate(tx, call.body.id, actor=call.management.actor))

    def enlarge(tx: Tx, call: Call[AddSecret]) -> AddedSecret:
        """Add a secret with a name beside those that an application has, and return it; rotating leaves it alone."""
        body, actor = call.body, call.management.actor
        held(tx, body.id, kinds)
        found = actions.lock(tx, body.id)
        row, secret = actions.add_named_secret(tx, found, body.name, ends_at=body.expire_time or None, actor=actor)
        return AddedSecret(meta=_meta(row), cleartext=secret)

    def end(tx: Tx, call: Call[RevokeSecret]) -> SecretMetas:
        """End a secret with a name at once; return those that are left."""
        body = call.body
        actions.revoke_secret(tx, held(tx, body.id, kinds), body.name, actor=call.management.actor)
        return SecretMetas(secrets=tuple(map(_meta, actions.get(tx, body.id).secrets)))

    return writes(read, reveal), writes(rotate, renew), writes(add, enlarge), writes(revoke, end)


def held(tx: Tx, application_id: str, kinds: Kinds) -> HeldApplication:
    """Return an application of one of these kinds.

    Raises:
        NotFound: There is none.
    """
    found = actions.get(tx, application_id)
    if found.row.kind not in kinds:
        raise NotFound(error_message=actions.MISSING)
    return found


def _meta(row: SecretRow) -> SecretMeta:
    return SecretMeta(id=row.id, name=actions.name_of(row), expire_time=row.ends_at or 0, created_time=row.created_at)
