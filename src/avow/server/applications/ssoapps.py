"""The contract's operations of applications that sign people in: `mgmt.sso_application`, OpenID and SAML."""

from collections.abc import Iterable
from typing import Any, Final, Literal

import msgspec

from avow import shaping
from avow.core import certificates, ids
from avow.core.oidc import clients
from avow.core.redirects import is_url
from avow.errors import InvalidArgument, MissingArgument, NotFound
from avow.server.applications import actions, secrets
from avow.server.applications.actions import HeldApplication
from avow.server.applications.rows import ApplicationRow
from avow.server.applications.samladdresses import addresses
from avow.server.applications.secrets import Kinds
from avow.server.keys import saml as saml_keys
from avow.server.serving import Call, Project, Steps, reads, steps, write, writes
from avow.server.store import Tx
from avow.wire import ssoapplications as wire
from avow.wire.applicationsecrets import WhichApplication
from avow.wire.endpoint import Nothing
from avow.wire.ssoapplications import (
    CreateOidc,
    LoadApplication,
    MadeId,
    OidcView,
    SamlApplication,
    SamlApplicationSettings,
    SamlView,
    SsoApplication,
    SsoApplications,
    UpdateOidc,
)

__all__ = ["HANDLERS", "settings_of"]

_KINDS: Final[Kinds] = ("oidc", "saml")
_PREFIX = "N"
_ALGORITHMS: Final = (None, "", "sha256")  # by which every signature is made
_NAMED_BY: Final = (None, "", "email", "phone")
_FORMATS: Final = ("urn:oasis:names:tc:SAML:1.1:nameid-format:", "urn:oasis:names:tc:SAML:2.0:nameid-format:")
_KEPT: Final = tuple(each.name for each in msgspec.structs.fields(SamlApplicationSettings))


def create_oidc(tx: Tx, call: Call[CreateOidc]) -> MadeId:
    """Make an OpenID application, as the preset `regular-web` has it, with a secret; nobody is asked for consent.

    Where its answers may go, and its other settings, `mgmt.app.update` says.
    """
    body = call.body
    _check(call, body)
    settings = clients.preset("regular-web", None, is_open=call.project.is_open)
    row = _row(tx, "oidc", body, body.name, body.login_page_url, settings)
    actions.insert(tx, row, actor=call.management.actor)
    actions.add_secret(tx, row.id)
    return MadeId(id=row.id)


def create_saml(call: Call[SamlApplication]) -> Steps[MadeId]:
    """Make a SAML application, known by its metadata or by what stands here.

    What its service provider has to know of us, `load` shows: our name, certificate and addresses. Requests have to be
    signed where a certificate is given. Addresses in `acsAllowedCallbacks` are compared character by character.
    """
    yield from saml_keys.needed(call.project)  # aside from the unit: a new key takes long
    return (yield from write(_created_saml, call))


def _created_saml(tx: Tx, call: Call[SamlApplication]) -> MadeId:
    body = call.body
    _check(call, body)
    row = _row(tx, "saml", body, _name(body), body.login_page_url or "", settings_of(body))
    actions.insert(tx, row, actor=call.management.actor)
    return MadeId(id=row.id)


def update_oidc(tx: Tx, call: Call[UpdateOidc]) -> Nothing:
    """Make an OpenID application as the body says; what it leaves out is emptied. The further settings stay."""
    body = call.body
    _check(call, body)
    held = _locked(tx, body.id, "oidc")
    actions.save(tx, _changed(held, body, body.name, body.login_page_url), actor=call.management.actor)
    return Nothing()


def update_saml(tx: Tx, call: Call[SamlApplication]) -> Nothing:
    """Make a SAML application as the body says; what it leaves out is emptied."""
    body = call.body
    if not body.id:
        raise MissingArgument(error_message="Name the application by its id.")
    _check(call, body)
    row = _changed(_locked(tx, body.id, "saml"), body, _name(body), body.login_page_url or "")
    settings = msgspec.json.encode(settings_of(body)).decode()
    actions.save(tx, msgspec.structs.replace(row, settings=settings), actor=call.management.actor)
    return Nothing()


def delete(tx: Tx, call: Call[WhichApplication]) -> Nothing:
    """Delete an application for ever, with its secrets; what it was granted ends at once."""
    secrets.held(tx, call.body.id, _KINDS)
    actions.delete(tx, call.body.id, actor=call.management.actor)
    return Nothing()


def load(tx: Tx, call: Call[LoadApplication]) -> SsoApplication:
    """Return an application, without its secrets."""
    return _shown(secrets.held(tx, call.body.id, _KINDS), call.project, saml_keys.certificate(tx))


def load_all(tx: Tx, call: Call[Nothing]) -> SsoApplications:
    """Return all OpenID and SAML applications, the oldest first; above ten thousand `mgmt.app.list` has pages."""
    certificate = saml_keys.certificate(tx)
    found = actions.whole(tx, _KINDS)
    return SsoApplications(apps=tuple(_shown(each, call.project, certificate) for each in found))


def _row(
    tx: Tx,
    kind: Literal["oidc", "saml"],
    body: CreateOidc | SamlApplication,
    name: str,
    login_page_url: str,
    settings: msgspec.Struct,
) -> ApplicationRow:
    return ApplicationRow(
        id=body.id or ids.directory_id(_PREFIX, tx.now),
        kind=kind,
        name=name,
        description=body.description or "",
        logo=body.logo or "",
        is_enabled=int(body.enabled is not False),
        is_trusted=1,
        login_page_url=login_page_url,
        force_authentication=int(body.force_authentication or False),
        settings=msgspec.json.encode(settings).decode(),
        created_at=tx.now,
        updated_at=tx.now,
    )


def _changed(
    held: HeldApplication, body: UpdateOidc | SamlApplication, name: str, login_page_url: str
) -> ApplicationRow:
    return msgspec.structs.replace(
        held.row,
        name=name,
        description=body.description or "",
        logo=body.logo or "",
        is_enabled=int(body.enabled is not False),
        login_page_url=login_page_url,
        force_authentication=int(body.force_authentication or False),
    )


def _check(call: Call[Any], body: CreateOidc | UpdateOidc | SamlApplication) -> None:
    actions.check_addresses(body.login_page_url or "", body.logo or "", is_open=call.project.is_open)


def _locked(tx: Tx, application_id: str, kind: str) -> HeldApplication:
    held = actions.lock(tx, application_id)
    if held.row.kind != kind:
        raise NotFound(error_message=actions.MISSING)
    return held


def _name(body: SamlApplication) -> str:
    if not body.name:
        raise MissingArgument(error_message="Give the application a name.")
    return body.name


def settings_of(body: SamlApplication) -> SamlApplicationSettings:
    """Return what is kept of a SAML application.

    Raises:
        MissingArgument: Nothing says where SAML assertions go.
        InvalidArgument: An address, the certificate, or another setting cannot be used.
    """
    if body.use_metadata_info and not body.metadata_url:
        raise MissingArgument(error_message="metadataUrl is needed with useMetadataInfo.")
    if not body.use_metadata_info and not (body.entity_id and body.acs_url):
        raise MissingArgument(error_message="entityId and acsUrl are needed without useMetadataInfo.")
    urls = (body.metadata_url, body.acs_url, body.logout_redirect_url, *(body.acs_allowed_callbacks or ()))
    _require_urls(each for each in urls if each)
    _require_supported(body)
    if body.certificate:
        certificates.checked(body.certificate)
    values = {name: getattr(body, name) for name in _KEPT}
    return SamlApplicationSettings(**{name: value for name, value in values.items() if value is not None})


def _require_supported(body: SamlApplication) -> None:
    """Refuse settings that nothing here would go by."""
    wrong = {
        "acsAllowedCallbacks has addresses with wildcards; name each address.": any(
            "*" in each for each in body.acs_allowed_callbacks or ()
        ),
        "defaultSignatureAlgorithm is sha256: there are no signatures by SHA-1.": body.default_signature_algorithm
        not in _ALGORITHMS,
        "subjectNameIdType is email, phone, or empty for the user id.": body.subject_name_id_type not in _NAMED_BY,
        "subjectNameIdFormat is the URI of a NameID format, or empty.": not _is_format(body.subject_name_id_format),
        "entityId has characters that no name has.": not (body.entity_id or "").isprintable(),
    }
    for text, is_wrong in wrong.items():
        if is_wrong:
            raise InvalidArgument(error_message=text)


def _is_format(text: str | None) -> bool:
    return not text or (text.startswith(_FORMATS) and text.isprintable() and not text.endswith(":encrypted"))


def _require_urls(addresses: Iterable[str]) -> None:
    for each in addresses:
        if each and not is_url(each):
            raise InvalidArgument(error_message=f"{each[:200]!r} is not a URL of http or https.")


def _shown(held: HeldApplication, project: Project, certificate: str) -> SsoApplication:
    row = held.row
    is_saml = row.kind == "saml"
    return SsoApplication(
        id=row.id,
        name=row.name,
        description=row.description,
        enabled=bool(row.is_enabled),
        logo=row.logo,
        app_type=row.kind,
        saml_settings=_saml_view(row, project, certificate) if is_saml else SamlView(),
        oidc_settings=OidcView() if is_saml else _oidc_view(held, project),
    )


def _saml_view(row: ApplicationRow, project: Project, certificate: str) -> SamlView:
    kept = msgspec.structs.asdict(shaping.decode(row.settings, SamlApplicationSettings))
    ours = addresses(project, row.id)
    return SamlView(
        **kept,
        login_page_url=row.login_page_url,
        force_authentication=bool(row.force_authentication),
        idp_cert=certificate,
        idp_metadata_url=ours.metadata,
        idp_entity_id=ours.metadata,
        idp_sso_url=ours.sso,
        idp_initiated_url=ours.start,
        idp_logout_url=ours.slo,
    )


def _oidc_view(held: HeldApplication, project: Project) -> OidcView:
    row, client = held.row, actions.client_of(held)
    settings, issuer = client.settings, f"{project.public_url.rstrip('/')}/{project.id}"
    grants = settings.grant_types
    return OidcView(
        login_page_url=row.login_page_url,
        issuer=issuer,
        discovery_url=f"{issuer}/.well-known/openid-configuration",
        force_authentication=bool(row.force_authentication),
        back_channel_logout_url=settings.backchannel_logout_uri,
        client_id=row.id,
        client_type="public" if client.is_public else "confidential",
        approved_redirect_urls=settings.redirect_uris,
        authorization_code_disabled="authorization_code" not in grants,
        client_credentials_disabled="client_credentials" not in grants,
        refresh_token_disabled="refresh_token" not in grants,
        jwt_bearer_disabled=True,
        device_code_disabled="urn:ietf:params:oauth:grant-type:device_code" not in grants,
        force_pkce=settings.pkce == "required",
        default_audience=settings.default_audience,
    )


HANDLERS = (
    writes(wire.CREATE_OIDC, create_oidc),
    steps(wire.CREATE_SAML, create_saml),
    writes(wire.UPDATE_OIDC, update_oidc),
    writes(wire.UPDATE_SAML, update_saml),
    writes(wire.DELETE, delete),
    reads(wire.LOAD, load),
    reads(wire.LOAD_ALL, load_all),
    *secrets.handlers(_KINDS, wire.SECRET, wire.ROTATE, wire.ADD_SECRET, wire.REVOKE_SECRET),
)
