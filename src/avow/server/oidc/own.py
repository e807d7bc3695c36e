"""What a person has allowed applications: seen by themselves, and taken back with all that came of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from avow import shaping
from avow.core.oidc.clients import Api
from avow.errors import NotFound
from avow.server.applications import actions as applications
from avow.server.applications import apis, consents
from avow.server.applications.consents import ConsentRow
from avow.server.oidc import grants
from avow.server.serving import Call, Project, SessionCaller, Slice, reads, writes
from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from avow.wire import ownconsents as wire
from avow.wire.endpoint import Nothing
from avow.wire.ownconsents import OwnConsent, OwnConsents, RevokeConsent

__all__ = ["SLICE", "Allowed", "allowed", "take_back"]


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a user has allowed one application.

    Attributes:
        consent: As it is told on the wire.
        scopes: By audience; "" for what is of no API.
        apis: Those of the audiences that there still are.
    """

    consent: OwnConsent
    scopes: Mapping[str, tuple[str, ...]]
    apis: tuple[Api, ...]


def my_consents(tx: Tx, call: Call[Nothing]) -> OwnConsents:
    """Return what the user has allowed applications, the oldest first."""
    sessions.live(tx, call.project, call.session)
    return OwnConsents(consents=tuple(each.consent for each in allowed(tx, call.session.user_id)))


def revoke_consent(tx: Tx, call: Call[RevokeConsent]) -> Nothing:
    """Take back what the user has allowed an application; its tokens end at once. Of another's nothing is told."""
    take_back(tx, call.project, call.session, call.body.consent_id)
    return Nothing()


def allowed(tx: Tx, user_id: str) -> tuple[Allowed, ...]:
    """Return what a user has allowed applications."""
    found = consents.of_user(tx, user_id)
    names = applications.names(tx, sorted({row.application_id for row in found}))
    kept = [shaping.decode(row.scopes, dict[str, tuple[str, ...]]) for row in found]
    known = _apis(tx, sorted({audience for scopes in kept for audience in scopes if audience}))
    return tuple(
        Allowed(_told(row, names, scopes), scopes, tuple(known[each] for each in scopes if each in known))
        for row, scopes in zip(found, kept, strict=True)
    )


def take_back(tx: Tx, project: Project, caller: SessionCaller, consent_id: str) -> None:
    """Take back a consent of the user whose session it is.

    Raises:
        SessionEnded: The session has ended.
        Forbidden: Somebody else acts in it.
        NotFound: The user has no such consent.
    """
    sessions.require_oneself(sessions.live(tx, project, caller))
    row = next((each for each in consents.of_user(tx, caller.user_id) if each.id == consent_id), None)
    if row is None:
        raise NotFound(error_message="You have no consent with this id.")
    grants.withdraw(tx, row.application_id, caller.user_id, actor=f"user:{caller.user_id}")


def _told(row: ConsentRow, names: Mapping[str, str], scopes: Mapping[str, tuple[str, ...]]) -> OwnConsent:
    return OwnConsent(
        id=row.id,
        application_id=row.application_id,
        application_name=names.get(row.application_id, ""),
        scopes=tuple(sorted({each for listed in scopes.values() for each in listed})),
        created_time=row.created_at,
        modified_time=row.updated_at,
    )


def _apis(tx: Tx, identifiers: list[str]) -> dict[str, Api]:
    found = apis.among(tx, identifiers) if identifiers else []
    return {each.row.identifier: apis.api_of(each) for each in found}


SLICE = Slice("ownconsents", (reads(wire.MY_CONSENTS, my_consents), writes(wire.REVOKE_CONSENT, revoke_consent)))
