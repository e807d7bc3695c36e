"""Signing keys (two sets per project, always one key ahead) and management keys."""

from collections.abc import Iterable

import msgspec

from avow import shaping
from avow.core import ids
from avow.core.networks import Network, network
from avow.core.rights import EVERYTHING, Grant, parse, text_of
from avow.core.tokens import SigningKey
from avow.errors import InvalidArgument
from avow.server.keys import rows
from avow.server.keys.rows import ManagementKeyRow, SigningKeyRow
from avow.server.projects import actions as projects
from avow.server.serving import ManagementCaller
from avow.server.store import Tx

__all__ = [
    "OIDC",
    "SESSION",
    "ManagementKeyRow",
    "SigningKeyRow",
    "create_management_key",
    "create_set",
    "find_management_key",
    "generate",
    "grant_of",
    "insert_set",
    "list_management_keys",
    "list_signing_keys",
    "load_management_key",
    "opened",
    "permitted_ips_of",
    "private_der",
    "published",
    "reign",
    "remove_retired",
    "revoke_all",
    "revoke_keys_of_tenant",
    "revoke_management_key",
    "rotate",
]

SESSION = "session"
OIDC = "oidc"
_MAC = "management-key"
_ANYWHERE = "[]"
_LATE_SECONDS = 60
_ID_CHARACTERS = 27  # K and 26 more: see core.ids.directory_id


def create_set(tx: Tx, key_set: str, algorithm: str) -> None:
    """Insert the first active key of a set, and its next one, so that nobody ever meets an unknown kid."""
    insert_set(tx, key_set, generate(algorithm))


def generate(algorithm: str) -> tuple[SigningKey, SigningKey]:
    """Return the keys of a new set, for `insert_set`; RSA keys take so long that a handler makes them aside."""
    return SigningKey.generate(algorithm), SigningKey.generate(algorithm)


def insert_set(tx: Tx, key_set: str, made: tuple[SigningKey, SigningKey]) -> None:
    """Insert the first active key of a set, and its next one, made before the unit."""
    active, following = made
    _insert(tx, key_set, active, "active")
    _insert(tx, key_set, following, "next")


def rotate(tx: Tx, key_set: str, *, algorithm: str, overlap_seconds: int) -> str:
    """Retire the active key, promote the next one and publish a new next one.

    Args:
        tx: Unit of the project.
        key_set: `session` or `oidc`.
        algorithm: Of the new next key; it signs after the rotation after this one.
        overlap_seconds: How long the retired key stays published: the longest life of what it signed.

    Returns:
        The kid that signs now.

    Raises:
        InvalidArgument: The project has no such set.
    """
    projects.bump(tx)  # first: it locks the project, so that of two rotations at once the second waits
    tx.all(rows.RETIRE_ACTIVE, rows.IdRow, key_set=key_set, unpublish_at=tx.now + overlap_seconds)
    promoted = tx.one(rows.PROMOTE_NEXT, rows.IdRow, key_set=key_set)
    if promoted is None:
        raise InvalidArgument(error_message=f"The project has no key set {key_set!r}.")
    _insert(tx, key_set, SigningKey.generate(algorithm), "next")
    tx.audit("signing_key.rotated", actor="command", data={"set": key_set, "kid": promoted.id})
    return promoted.id


def remove_retired(tx: Tx, kid: str) -> SigningKeyRow:
    """Take a retired key out of the key set at once; what it signed is refused from now on.

    Raises:
        InvalidArgument: There is no retired key with this kid; an active one has to be rotated first.
    """
    removed = tx.one(rows.REMOVE_RETIRED, SigningKeyRow, id=kid)
    if removed is None:
        raise InvalidArgument(error_message="There is no retired key with this kid; rotate before you retire.")
    projects.bump(tx)
    tx.audit("signing_key.removed", actor="command", data={"set": removed.key_set, "kid": kid})
    return removed


def reign(tx: Tx, key: SigningKeyRow) -> tuple[int, int]:
    """Return from when to when a retired key signed, as epoch seconds.

    Its end is late rather than early: other nodes go on with the key for a second, and with what they have begun.
    """
    since = key.promoted_at or key.created_at
    successor = tx.one(rows.SUCCESSOR, rows.PromotedRow, key_set=key.key_set, id=key.id, since=since)
    return since, successor.promoted_at + _LATE_SECONDS if successor else tx.now


def published(tx: Tx) -> list[SigningKeyRow]:
    """Return the keys of both sets that clients may meet: next, active and retired ones within their overlap."""
    return tx.all(rows.PUBLISHED, SigningKeyRow)


def list_signing_keys(tx: Tx) -> list[SigningKeyRow]:
    """Return every key of the project, removed ones included."""
    return tx.all(rows.EVERY_SIGNING_KEY, SigningKeyRow)


def opened(tx: Tx, row: SigningKeyRow) -> SigningKey:
    """Return the key with its private half.

    Raises:
        SealBroken: The secret key of the server is not the one that sealed it.
    """
    if row.sealed_private is None:
        raise ValueError("a retired key signs nothing")
    return SigningKey.from_der(row.algorithm, tx.vault.open(row.sealed_private, row=_row_name(tx, row.id)))


def private_der(tx: Tx, kid: str) -> tuple[str, bytes]:
    """Return algorithm and private half of a key that signs, opened.

    Raises:
        InvalidArgument: There is no such key any more.
    """
    row = next((each for each in published(tx) if each.id == kid and each.sealed_private is not None), None)
    if row is None or row.sealed_private is None:
        raise InvalidArgument(error_message="There is no such key.")
    return row.algorithm, tx.vault.open(row.sealed_private, row=_row_name(tx, kid))


def create_management_key(
    tx: Tx,
    name: str,
    *,
    description: str = "",
    expires_at: int | None = None,
    permitted_ips: Iterable[str] = (),
    rights: Iterable[str] = EVERYTHING,
    tenant_id: str = "",
    actor: str = "command",
) -> tuple[str, str]:
    """Insert a management key; return its id and its cleartext, which is shown once and stored nowhere.

    Args:
        tx: Unit of the project.
        name: For people.
        description: For people.
        expires_at: When it ends, or None.
        permitted_ips: Networks that it may be used from; none for everywhere.
        rights: What it may do, as `core.rights` says; everything unless it is named, nothing when it is empty.
        tenant_id: The one tenant that it is confined to, which must exist, or "".
        actor: Who makes it, for the audit.
    """
    key_id = ids.directory_id(ids.MANAGEMENT_KEY, tx.now)
    cleartext = key_id + ids.secret_text()
    held = text_of(rights)
    tx.run(
        rows.INSERT_MANAGEMENT_KEY,
        id=key_id,
        name=name,
        description=description,
        secret_mac=tx.vault.mac(_MAC, tx.project_id, cleartext),
        permitted_ips=msgspec.json.encode(list(permitted_ips)).decode(),
        rights=held,
        tenant_id=tenant_id or None,
        expires_at=expires_at,
    )
    tx.audit("management_key.created", actor=actor, tenant_id=tenant_id, data={"id": key_id, "rights": held})
    return key_id, cleartext


def find_management_key(tx: Tx, secret: str) -> ManagementCaller | None:
    """Return the live management key with this cleartext, or None; constant time in the secret."""
    found = tx.one(rows.FIND_SECRET, rows.SecretRow, id=secret[:_ID_CHARACTERS])
    if found is None or not tx.vault.is_mac(found.secret_mac, _MAC, tx.project_id, secret):
        return None
    return ManagementCaller(found.id, grant_of(found))


def grant_of(row: ManagementKeyRow | rows.SecretRow) -> Grant:
    """Return what the key of a row may do."""
    if row.permitted_ips == _ANYWHERE:
        networks: tuple[Network, ...] = ()
    else:
        named = [network(each) for each in permitted_ips_of(row)]
        networks = tuple(each for each in named if each is not None)
        if len(networks) != len(named):
            raise ValueError(f"the management key {row.id} names an address that is none")
    return Grant(parse(row.rights), row.tenant_id or "", networks, row.expires_at)


def permitted_ips_of(row: ManagementKeyRow | rows.SecretRow) -> tuple[str, ...]:
    """Return the networks of a row as they were given."""
    return shaping.decode(row.permitted_ips, tuple[str, ...])


def load_management_key(tx: Tx, key_id: str) -> ManagementKeyRow | None:
    """Return a management key without its secret, or None; revoked ones too."""
    return tx.one(rows.FIND_MANAGEMENT_KEY, ManagementKeyRow, id=key_id)


def list_management_keys(tx: Tx) -> list[ManagementKeyRow]:
    """Return the management keys of the project, without their secrets; revoked ones too."""
    return tx.all(rows.LIST_MANAGEMENT_KEYS, ManagementKeyRow)


def revoke_management_key(tx: Tx, key_id: str, *, actor: str = "command") -> bool:
    """Revoke a management key at once and for ever; tell whether it was there."""
    revoked = tx.one(rows.REVOKE_MANAGEMENT_KEY, rows.IdRow, id=key_id)
    if revoked is not None:
        tx.audit("management_key.revoked", actor=actor, data={"id": key_id})
    return revoked is not None


def revoke_keys_of_tenant(tx: Tx, tenant_id: str, *, actor: str = "command") -> None:
    """Revoke the management keys of a tenant that is deleted."""
    for revoked in tx.all(rows.REVOKE_KEYS_OF_TENANT, rows.IdRow, tenant_id=tenant_id):
        tx.audit("management_key.revoked", actor=actor, tenant_id=tenant_id, data={"id": revoked.id})


def revoke_all(tx: Tx, *, actor: str) -> None:
    """Revoke every management key of a project that is deleted."""
    revoked = tx.run(rows.REVOKE_ALL)
    tx.audit("management_key.revoked", actor=actor, data={"keys": revoked})


def _insert(tx: Tx, key_set: str, key: SigningKey, state: str) -> None:
    tx.run(
        rows.INSERT_SIGNING_KEY,
        id=key.kid,
        key_set=key_set,
        algorithm=key.algorithm,
        state=state,
        public_jwk=key.public_jwk(),
        sealed_private=tx.vault.seal(key.to_der(), row=_row_name(tx, key.kid)),
        promoted_at=tx.now if state == "active" else None,
    )


def _row_name(tx: Tx, kid: str) -> str:
    return f"signing_keys/sealed_private/{tx.project_id}/{kid}"
