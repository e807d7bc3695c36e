"""The routes of access keys.

A tenant's administrator makes and finds the keys of that tenant, and changes those that are wholly its own, as `reach`
says; what is out of reach answers as what does not exist.
"""

from avow.core.accesskeys import KeyClaims
from avow.core.tokens import SigningKey, sign
from avow.errors import InvalidArgument, MissingArgument
from avow.server.accesskeys import actions, reach
from avow.server.accesskeys.actions import ACTIVE, INACTIVE, HeldKey, Wanted
from avow.server.serving import Call, Confinement, Slice, Steps, read, reads, steps, writes
from avow.server.store import Tx, json_object
from avow.wire import accesskeys as wire
from avow.wire.accesskeys import (
    AccessKey,
    AccessKeyAnswer,
    AccessKeyId,
    AccessKeyIds,
    AccessKeys,
    CreateAccessKey,
    CreatedAccessKey,
    ExchangeAccessKey,
    ExchangedAccessKey,
    KeyTenantAnswer,
    LoadAccessKey,
    SearchAccessKeys,
    UpdateAccessKey,
)

__all__ = ["SLICE"]

_TOO_LONG = "The custom claims, roles and tenants of the access key are too many for one session token."


def exchange(call: Call[ExchangeAccessKey]) -> Steps[ExchangedAccessKey]:
    """Exchange an access key for a session token.

    The token names the key as its subject and as `keyId`, and says what the key holds now. There is no refresh token:
    when it ends, exchange the key again. A key that does not exist, was deactivated, has ended or may not be used from
    here is refused with one and the same answer.
    """
    claims = yield from read(actions.exchange, call)
    return ExchangedAccessKey(
        key_id=claims.key_id,
        session_jwt=_signed(call.project.signing_key, claims),
        expiration=claims.expires_at,
    )


def create(tx: Tx, call: Call[CreateAccessKey]) -> CreatedAccessKey:
    """Make an access key and return it with its secret, this once.

    It holds what the user has whom it acts for; without one the roles in its tenants, and without those its roles of
    the project.
    """
    wanted = reach.require_created(tx, call)
    key_id, cleartext = actions.create(tx, wanted, actor=call.management.actor)
    return CreatedAccessKey(cleartext=cleartext, key=_shown(call.confinement, actions.get(tx, key_id)))


def load(tx: Tx, call: Call[LoadAccessKey]) -> AccessKeyAnswer:
    """Return an access key, without its secret."""
    return AccessKeyAnswer(key=_shown(call.confinement, actions.get(tx, call.body.id or "")))


def search(tx: Tx, call: Call[SearchAccessKeys]) -> AccessKeys:
    """Return the access keys that match everything asked for, the oldest first, without their secrets.

    More than 20,000 are refused: ask for those of some tenants, of a user, or with an attribute.
    """
    body = call.body
    wanted = Wanted(
        tenant_ids=call.confinement.within(body.tenant_ids),
        user_id=body.bound_user_id or "",
        created_by=body.creating_user or "",
        custom_attributes=body.custom_attributes or {},
    )
    found = actions.search(tx, wanted, most=wire.MOST_LISTED)
    return AccessKeys(keys=tuple(_shown(call.confinement, key) for key in found))


def update(tx: Tx, call: Call[UpdateAccessKey]) -> AccessKeyAnswer:
    """Change the name, and whatever else is given: description, custom claims, permitted addresses, attributes."""
    body = call.body
    before = actions.lock(tx, body.id)
    if body.permitted_ips is not None and body.permitted_ips != actions.permitted_ips(before):
        reach.require_right_to_use(tx, call, before)
    actions.update(tx, body, actor=call.management.actor)
    return AccessKeyAnswer(key=_shown(call.confinement, actions.get(tx, body.id)))


def rotate(tx: Tx, call: Call[AccessKeyId]) -> CreatedAccessKey:
    """Give an access key a new secret, shown this once; the one before ends at once, everything else stays."""
    key_id, caller = call.body.id, call.management
    reach.require_own(tx, call, [key_id])
    key = actions.get(tx, key_id)
    reach.require_right_to_use(tx, call, key)
    cleartext = actions.rotate(tx, key_id, actor=caller.actor, tenant_id=caller.tenant_id)
    return CreatedAccessKey(cleartext=cleartext, key=_shown(call.confinement, key))


def activate(tx: Tx, call: Call[AccessKeyId]) -> None:
    """Let an access key be exchanged again."""
    _set_status(tx, call, (call.body.id,), ACTIVE)


def activate_batch(tx: Tx, call: Call[AccessKeyIds]) -> None:
    """Let access keys be exchanged again, all of them or none."""
    _set_status(tx, call, _ids(call.body), ACTIVE)


def deactivate(tx: Tx, call: Call[AccessKeyId]) -> None:
    """Let an access key be exchanged no more, until it is activated; tokens made before hold until they end."""
    _set_status(tx, call, (call.body.id,), INACTIVE)


def deactivate_batch(tx: Tx, call: Call[AccessKeyIds]) -> None:
    """Let access keys be exchanged no more, all of them or none."""
    _set_status(tx, call, _ids(call.body), INACTIVE)


def delete(tx: Tx, call: Call[AccessKeyId]) -> None:
    """Delete an access key for ever; tokens made before hold until they end."""
    _delete(tx, call, (call.body.id,))


def delete_batch(tx: Tx, call: Call[AccessKeyIds]) -> None:
    """Delete access keys for ever, all of them or none."""
    _delete(tx, call, _ids(call.body))


def _set_status(tx: Tx, call: Call[object], key_ids: tuple[str, ...], status: str) -> None:
    reach.require_own(tx, call, key_ids)
    if status == ACTIVE:  # as if it were made anew
        for key in actions.search(tx, Wanted(key_ids=key_ids)):
            reach.require_right_to_use(tx, call, key)
    caller = call.management
    actions.set_status(tx, key_ids, status, actor=caller.actor, tenant_id=caller.tenant_id)


def _delete(tx: Tx, call: Call[object], key_ids: tuple[str, ...]) -> None:
    reach.require_own(tx, call, key_ids)
    actions.delete(tx, key_ids, actor=call.management.actor, tenant_id=call.management.tenant_id)


def _ids(body: AccessKeyIds) -> tuple[str, ...]:
    """Return the ids in one order, so that two batches do not wait for each other."""
    if not body.ids:
        raise MissingArgument(error_message="Name the access keys by their ids.")
    return tuple(sorted(set(body.ids)))


def _signed(key: SigningKey, claims: KeyClaims) -> str:
    try:
        return sign(key, claims.session_token())
    except ValueError as wrong:
        raise InvalidArgument(error_message=_TOO_LONG, detail=str(wrong)) from wrong


def _shown(confinement: Confinement, key: HeldKey) -> AccessKey:
    row = key.row
    return AccessKey(
        id=row.id,
        name=row.name,
        role_names=key.held.roles,
        key_tenants=tuple(
            KeyTenantAnswer(tenant_id=tenant_id, tenant_name=held.name, role_names=held.roles)
            for tenant_id, held in key.held.tenants.items()
            if confinement.reaches(tenant_id)
        ),
        status=row.status,
        created_time=row.created_at,
        expire_time=row.expires_at,
        created_by=row.created_by,
        bound_user_id=row.user_id,
        custom_claims=json_object(row.custom_claims),
        description=row.description,
        permitted_ips=actions.permitted_ips(key),
        custom_attributes=json_object(row.custom_attributes),
    )


SLICE = Slice(
    "accesskeys",
    (
        steps(wire.EXCHANGE, exchange),
        writes(wire.CREATE, create),
        reads(wire.LOAD, load),
        reads(wire.SEARCH, search),
        writes(wire.UPDATE, update),
        writes(wire.ROTATE, rotate),
        writes(wire.ACTIVATE, activate),
        writes(wire.ACTIVATE_BATCH, activate_batch),
        writes(wire.DEACTIVATE, deactivate),
        writes(wire.DEACTIVATE_BATCH, deactivate_batch),
        writes(wire.DELETE, delete),
        writes(wire.DELETE_BATCH, delete_batch),
    ),
)
