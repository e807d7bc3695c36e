"""Consents under management: found, and taken back with all that came of them."""

from collections.abc import Sequence

from avow.errors import MissingArgument
from avow.server.applications import consents
from avow.server.applications.consents import HeldConsent, Wanted
from avow.server.oidc import grants
from avow.server.serving import Call, Slice, Steps, read, reads, steps, write
from avow.server.store import Tx
from avow.wire import thirdparty as wire
from avow.wire.endpoint import Nothing
from avow.wire.thirdparty import Consent, Consents, DeleteConsents, DeleteTenantConsents, SearchConsents

__all__ = ["SLICE"]

_PAGE = 100
_MOST_IN_STEP = 100


def search_consents(tx: Tx, call: Call[SearchConsents]) -> Consents:
    """Return what people have allowed applications, the oldest first, and how many such consents there are."""
    body = call.body
    wanted = Wanted(
        application_id=body.app_id or "",
        tenant_id=body.tenant_id or "",
        ids=[body.consent_id] if body.consent_id else None,
        user_ids=[body.user_id] if body.user_id else None,
    )
    limit = body.limit or _PAGE
    found = consents.search(tx, wanted, limit, limit * (body.page or 0))
    return Consents(consents=tuple(map(_shown, found)), total=consents.count(tx, wanted))


def delete_consents(call: Call[DeleteConsents]) -> Steps[Nothing]:
    """Take consents back: codes and refresh tokens that came of them end at once.

    Of what is named, all has to apply; an empty list applies to none. Nothing named is refused. Where an application
    and users are named, and nothing else, what it was granted for them ends without a consent too: one that is trusted
    has none. They go some at a time; who repeats a call that did not end goes on with it.
    """
    body = call.body
    wanted = Wanted(
        application_id=body.app_id or "",
        tenant_id=body.tenant_id or "",
        ids=body.consent_ids,
        user_ids=body.user_ids,
    )
    if wanted == Wanted():
        raise MissingArgument(error_message="Say which consents: consentIds, appId, userIds or tenantId.")
    actor = call.management.actor
    yield from _taken_back(wanted, actor)
    if wanted == Wanted(application_id=wanted.application_id, user_ids=body.user_ids) and wanted.application_id:
        users = sorted(set(body.user_ids or ()))
        for start in range(0, len(users), _MOST_IN_STEP):
            yield from write(_end_grants, wanted.application_id, users[start : start + _MOST_IN_STEP], actor)
    return Nothing()


def delete_tenant_consents(call: Call[DeleteTenantConsents]) -> Steps[Nothing]:
    """Take back what a tenant has allowed applications for its users."""
    body = call.body
    wanted = Wanted(application_id=body.app_id or "", tenant_id=body.tenant_id, ids=body.consent_ids)
    return (yield from _taken_back(wanted, call.management.actor))


def _taken_back(wanted: Wanted, actor: str) -> Steps[Nothing]:
    while found := (yield from read(consents.search, wanted, _MOST_IN_STEP)):
        yield from write(_take_back, found, actor)
    return Nothing()


def _take_back(tx: Tx, found: list[HeldConsent], actor: str) -> None:
    # In one order everywhere, so that two such calls do not wait for each other.
    for each in sorted(found, key=lambda row: row.id):
        if each.user_id:
            grants.withdraw(tx, each.application_id, each.user_id, actor=actor)
        else:
            consents.delete(tx, each, actor=actor)


def _end_grants(tx: Tx, application_id: str, user_ids: Sequence[str], actor: str) -> None:
    for each in user_ids:
        grants.withdraw(tx, application_id, each, actor=actor)


def _shown(row: HeldConsent) -> Consent:
    return Consent(
        id=row.id,
        app_id=row.application_id,
        user_id=row.user_id,
        scopes=row.scopes,
        granted_by=row.granted_by,
        created_time=row.created_at,
        tenant_id=row.tenant_id,
        modified_time=row.updated_at,
    )


SLICE = Slice(
    "consents",
    (
        reads(wire.SEARCH_CONSENTS, search_consents),
        steps(wire.DELETE_CONSENTS, delete_consents),
        steps(wire.DELETE_TENANT_CONSENTS, delete_tenant_consents),
    ),
)
