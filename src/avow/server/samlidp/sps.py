"""The service provider of an application: as it is written out, or as its metadata says."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from avow import shaping
from avow.core import certificates
from avow.core.pathparts import id_of
from avow.core.saml import MAX_METADATA_BYTES
from avow.core.saml.idp import AttributeRule, GroupRule, LogoutService, OwnIdp, Sp, parse_metadata
from avow.errors import FetchFailed, InvalidRequest, NotFound
from avow.server.applications import actions as applications
from avow.server.applications.samladdresses import addresses
from avow.server.outgoing import Document
from avow.server.serving import Call, Project, Steps, obtain, read
from avow.server.store import Tx
from avow.wire.ssoapplications import SamlApplicationSettings

__all__ = ["Application", "application", "described", "own_idp", "plain"]

_KIND: Final = "saml"
_FRESH_SECONDS: Final = 3600
_STALE_SECONDS: Final = 7 * 86_400
_TYPES: Final = "application/samlmetadata+xml, application/xml, text/xml"


@dataclass(frozen=True, slots=True)
class Application:
    """A SAML application.

    Attributes:
        id: See `applications`.
        name: For people.
        login_page_url: A sign-in page of its own, or "".
        forces_authn: Everybody signs in anew for it.
        settings: All else.
    """

    id: str
    name: str
    login_page_url: str
    forces_authn: bool
    settings: SamlApplicationSettings

    @property
    def attributes(self) -> list[AttributeRule]:
        """Return which attributes its service provider is told."""
        return [AttributeRule(each.name, each.type, each.value) for each in self.settings.attribute_mapping]

    @property
    def groups(self) -> list[GroupRule]:
        """Return which groups it is told."""
        return [
            GroupRule(each.name, each.type, each.value, tuple((role.id, role.name) for role in each.roles))
            for each in self.settings.groups_mapping
        ]


def application(call: Call[Any]) -> Steps[Application]:
    """Return the application that a path names.

    Raises:
        NotFound: There is none, or it is of another kind.
        InvalidRequest: It is switched off.
    """
    try:
        named = id_of(call.path["applicationId"])
    except ValueError:
        raise NotFound(error_message=applications.MISSING) from None
    row = yield from read(_found, named)
    if row is None:
        raise NotFound(error_message=applications.MISSING)
    settings = shaping.decode(row.settings, SamlApplicationSettings)
    if not row.is_enabled:
        raise InvalidRequest(error_message="The application is switched off.")
    return Application(row.id, row.name, row.login_page_url, bool(row.force_authentication), settings)


def own_idp(project: Project, application_id: str) -> OwnIdp:
    """Return what we are for an application's service provider."""
    known = addresses(project, application_id)
    return OwnIdp(entity_id=known.metadata, sso_url=known.sso, slo_url=known.slo)


def plain(settings: SamlApplicationSettings) -> Sp:
    """Return the service provider as far as the settings say it."""
    url = settings.logout_redirect_url
    return Sp(
        entity_id=settings.entity_id,
        acs_url=settings.acs_url,
        further_acs=settings.acs_allowed_callbacks,
        certificates=(settings.certificate,) if settings.certificate else (),
        # A certificate is given for signed requests; one that is too short to be any is a placeholder.
        needs_signature=len(settings.certificate) >= certificates.MIN_LENGTH,
        logout=LogoutService(url) if url else None,
        name_id_format=settings.subject_name_id_format,
        name_id_source=settings.subject_name_id_type,
        default_relay_state=settings.default_relay_state,
    )


def described(settings: SamlApplicationSettings, now: int) -> Steps[Sp]:
    """Return the service provider, by its metadata where the settings name them.

    Raises:
        FetchFailed: The metadata cannot be had, or has ended.
    """
    said = plain(settings)
    if not settings.use_metadata_info:
        return said
    found = yield from obtain(_document(settings, now))
    if found.valid_until is not None and found.valid_until <= now:
        raise FetchFailed(detail="the metadata has ended")
    return replace(
        found,
        further_acs=(*found.further_acs, *said.further_acs),
        logout=found.logout or said.logout,
        name_id_format=said.name_id_format,
        name_id_source=said.name_id_source,
        default_relay_state=said.default_relay_state,
    )


def _found(tx: Tx, application_id: str) -> applications.ApplicationRow | None:
    held = applications.find(tx, application_id)
    return held.row if held is not None and held.row.kind == _KIND else None


def _document(settings: SamlApplicationSettings, now: int) -> Document[Sp]:
    """Return what is fetched; a copy in memory is of one address and one entity."""
    return Document(
        settings.metadata_url,
        kind=f"saml-sp {settings.entity_id}",
        read=_reader(settings.entity_id, now),
        accept=_TYPES,
        most_bytes=MAX_METADATA_BYTES,
        fresh_seconds=_FRESH_SECONDS,
        stale_seconds=_STALE_SECONDS - _FRESH_SECONDS,
    )


def _reader(entity_id: str, now: int) -> Callable[[bytes], Sp]:
    """Return what reads metadata; SamlRefused is a ValueError, which makes an answer count as none."""
    return lambda document: parse_metadata(document, entity_id, now)
