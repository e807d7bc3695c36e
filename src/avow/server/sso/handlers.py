"""The routes of SSO settings, and of the links to set them up.

What is stored here, sign-in over SAML and OpenID Connect goes by (`signin.py`). No address is fetched when settings are
saved. Who says which groups give which roles gives roles, and so does who says whose word counts for groups and people:
both need the right to.
"""

from collections.abc import Sequence
from dataclasses import replace

from msgspec.structs import replace as changed

from avow.errors import InvalidArgument, MissingArgument
from avow.server.serving import Call, Slice, Steps, read, reads, steps, write, writes
from avow.server.sso import actions, given, recalculation, setup_links, xaa
from avow.server.sso.actions import Connection
from avow.server.sso.answering import save, shown
from avow.server.sso.signin import HANDLERS
from avow.server.sso.stored import Mappings, Oidc, Saml
from avow.server.store import Tx
from avow.server.tenants import actions as tenants
from avow.wire import sso as wire
from avow.wire import xaa as xaa_wire
from avow.wire.endpoint import Nothing
from avow.wire.sso import (
    ConfigureAuthType,
    ConfigureMapping,
    ConfigureOidc,
    ConfigureRedirect,
    ConfigureSaml,
    ConfigureSamlByMetadata,
    ConfigureSamlByUrl,
    ConfigureSamlManually,
    GenerateLink,
    GivenOidc,
    GivenSaml,
    GivenSamlByMetadata,
    NewSettings,
    SsoRef,
)
from avow.wire.ssosettings import AllSsoSettings, LegacySettings, SsoLink, SsoSettings

__all__ = ["SLICE"]


def load(tx: Tx, call: Call[SsoRef]) -> SsoSettings:
    """Return the first SSO configuration of a tenant, or the one that `ssoId` names; the client secret is left out."""
    tenant = tenants.get(tx, call.body.tenant_id)
    connection = actions.load(tx, tenant.id, actions.connection_id(call.body.sso_id))
    return shown(tx, call, tenant.id, [connection])[0].settings(tenant)


def load_all(tx: Tx, call: Call[SsoRef]) -> AllSsoSettings:
    """Return every SSO configuration of a tenant, the first one first; client secrets are left out."""
    tenant = tenants.get(tx, call.body.tenant_id)
    found = shown(tx, call, tenant.id, actions.load_all(tx, tenant.id))
    return AllSsoSettings(settings=tuple(each.settings(tenant) for each in found))


def new(tx: Tx, call: Call[NewSettings]) -> SsoSettings:
    """Make a further SSO configuration of a tenant, which is empty as yet."""
    body = call.body
    wanted = actions.connection_id(body.sso_id)
    if body.sso_id and not wanted:
        raise InvalidArgument(error_message="Every tenant has this SSO configuration from the start.")
    made = actions.create(tx, body.tenant_id, body.display_name, wanted, actor=call.management.actor)
    return shown(tx, call, made.tenant_id, [made])[0].settings(tenants.get(tx, made.tenant_id))


def configure_oidc(tx: Tx, call: Call[ConfigureOidc]) -> None:
    """Let a tenant sign in at an OpenID provider.

    Everything that stood is replaced, but the client secret and PKCE stay when they are absent, and so do groups and
    roles. The secret is given anew once the client or an address it is sent to changes.
    """
    body, wanted = call.body, call.body.settings or GivenOidc()
    before = actions.lock(tx, body.tenant_id, actions.connection_id(body.sso_id))
    oidc = given.oidc(wanted, before.settings.oidc)
    _require_secret_of_same_client(before, oidc, wanted.client_secret or "")
    mappings = before.settings.mappings
    if wanted.groups_priority is not None:
        mappings = changed(mappings, groups_priority=wanted.groups_priority)
    if wanted.fga_mappings is not None:
        mappings = changed(mappings, fga=given.fga(wanted.fga_mappings))
    after = replace(before, kind="oidc", settings=changed(before.settings, oidc=oidc, mappings=mappings))
    save(tx, call, before, after, "oidc", secret=wanted.client_secret or "", domains=body.domains or ())


def configure_saml(tx: Tx, call: Call[ConfigureSaml]) -> None:
    """Let a tenant sign in at a SAML identity provider that is written out here.

    Everything that stood is replaced, but a redirect URL and default roles stay when they are absent. A certificate
    has to be one that signatures can be checked with.
    """
    body, wanted = call.body, call.body.settings or GivenSaml()
    before = actions.lock(tx, body.tenant_id, actions.connection_id(body.sso_id))
    saml = given.saml(wanted, _redirect_url(before, body.redirect_url))
    _save_saml(tx, call, before, saml, _mappings(tx, before, wanted), body.domains)


def configure_saml_by_metadata(tx: Tx, call: Call[ConfigureSamlByMetadata]) -> None:
    """Let a tenant sign in at a SAML identity provider that describes itself at an address.

    The address is stored; it is read when somebody signs in, not now.
    """
    body, wanted = call.body, call.body.settings or GivenSamlByMetadata()
    before = actions.lock(tx, body.tenant_id, actions.connection_id(body.sso_id))
    saml = given.saml_by_metadata(wanted, _redirect_url(before, body.redirect_url))
    _save_saml(tx, call, before, saml, _mappings(tx, before, wanted), body.domains)


def configure_manually(tx: Tx, call: Call[ConfigureSamlManually]) -> None:
    """Do as `/v1/mgmt/sso/saml`, for the first configuration of a tenant; the mappings stay. Deprecated."""
    body = call.body
    before = actions.lock(tx, body.tenant_id, "")
    wanted = GivenSaml(idp_url=body.idp_url, entity_id=body.entity_id, idp_cert=body.idp_cert)
    saml = given.saml(wanted, _redirect_url(before, body.redirect_url))
    saml = changed(saml, attributes=before.settings.saml.attributes)
    _save_saml(tx, call, before, saml, before.settings.mappings, body.domains)


def configure_via_metadata(tx: Tx, call: Call[ConfigureSamlByUrl]) -> None:
    """Do as `/v1/mgmt/sso/saml/metadata`, for the first configuration of a tenant; the mappings stay. Deprecated."""
    body = call.body
    before = actions.lock(tx, body.tenant_id, "")
    wanted = GivenSamlByMetadata(idp_metadata_url=body.idp_metadata_url)
    saml = given.saml_by_metadata(wanted, _redirect_url(before, body.redirect_url))
    saml = changed(saml, attributes=before.settings.saml.attributes)
    _save_saml(tx, call, before, saml, before.settings.mappings, body.domains)


def configure_mapping(tx: Tx, call: Call[ConfigureMapping]) -> None:
    """Replace which groups give which roles, and which attributes fill which fields, of a tenant's SAML. Deprecated."""
    body = call.body
    if not body.tenant_id:
        raise MissingArgument(error_message="The field tenantId is missing.")
    before = actions.lock(tx, body.tenant_id, "")
    saml = changed(before.settings.saml, attributes=given.attributes(body.attribute_mapping))
    given_roles = actions.role_mappings(tx, body.tenant_id, body.role_mappings or ())
    mappings = changed(before.settings.mappings, roles=given_roles)
    after = replace(before, settings=changed(before.settings, saml=saml, mappings=mappings))
    save(tx, call, before, after, "mapping")


def configure_redirect(tx: Tx, call: Call[ConfigureRedirect]) -> None:
    """Say where people go once they have signed in; a sign-in leads there only if the project approves of it."""
    body = call.body
    before = actions.lock(tx, body.tenant_id, actions.connection_id(body.sso_id))
    settings = before.settings
    if body.saml_redirect_url is not None:
        url = given.url("samlRedirectUrl", body.saml_redirect_url)
        settings = changed(settings, saml=changed(settings.saml, redirect_url=url))
    if body.oauth_redirect_url is not None:
        url = given.url("oauthRedirectUrl", body.oauth_redirect_url)
        settings = changed(settings, oidc=changed(settings.oidc, redirect_url=url))
    save(tx, call, before, replace(before, settings=settings), "redirect")


def configure_auth_type(tx: Tx, call: Call[ConfigureAuthType]) -> None:
    """Turn an SSO configuration off (`none`), or on again by the SAML or OpenID settings it has."""
    body = call.body
    before = actions.lock(tx, body.tenant_id, actions.connection_id(body.sso_id))
    ways = {"none": True, "saml": before.settings.saml.is_set, "oidc": before.settings.oidc.is_set}
    if not ways[body.auth_type]:
        raise InvalidArgument(error_message=f"The configuration has no settings for {body.auth_type} yet.")
    save(tx, call, before, replace(before, kind=body.auth_type), "auth type")


def delete(tx: Tx, call: Call[SsoRef]) -> None:
    """Delete an SSO configuration with its client secret and domains, for ever. The first one is then empty."""
    body = call.body
    actions.delete(tx, body.tenant_id, actions.connection_id(body.sso_id), actor=call.management.actor)


def get(tx: Tx, call: Call[SsoRef]) -> LegacySettings:
    """Return the SAML of a tenant's first SSO configuration. Deprecated: `/v2/mgmt/sso/settings` tells more."""
    tenant = tenants.get(tx, call.body.tenant_id)
    connection = actions.load(tx, tenant.id, actions.connection_id(call.body.sso_id))
    return shown(tx, call, tenant.id, [connection])[0].legacy()


def recalculate(call: Call[SsoRef]) -> Steps[Nothing]:
    """Give the members of a tenant exactly the roles that their groups give them now, some members at a time.

    Roles that were given by hand stay. Of a very large tenant one call may not come to the end (503): it goes on where
    it was when it is repeated, since only what differs is written.
    """
    call.management.require("role")
    body, actor = call.body, call.management.actor
    for connection in (yield from read(_named, body)):
        last = ""
        while found := (yield from read(recalculation.look, body.tenant_id, connection, last)):
            last = found.last
            if found.differing:
                yield from write(recalculation.recalculate, body.tenant_id, connection, found.differing, actor=actor)
    return Nothing()


def generate_link(tx: Tx, call: Call[GenerateLink]) -> SsoLink:
    """Make a link for whoever is to set a tenant's SSO up; an earlier one for the same configuration is void.

    The link is shown once. Nothing is sent to the address that the call names. It takes the right to give roles, as
    what is set up behind it does.
    """
    call.management.require("sso")
    call.management.require("role")
    return SsoLink(link=setup_links.generate(tx, call.project, call.body, actor=call.management.actor))


def revoke_link(tx: Tx, call: Call[SsoRef]) -> None:
    """Make the link of an SSO configuration void; without `ssoId`, every such link of the tenant."""
    setup_links.revoke(tx, call.body.tenant_id, call.body.sso_id, actor=call.management.actor)


def _named(tx: Tx, body: SsoRef) -> list[str]:
    """Return the configurations that a call is about: all of the tenant, unless it names one."""
    tenants.get(tx, body.tenant_id)
    if body.sso_id:
        return [actions.load(tx, body.tenant_id, actions.connection_id(body.sso_id)).id]
    return [each.id for each in actions.load_all(tx, body.tenant_id)]


def _require_secret_of_same_client(before: Connection, oidc: Oidc, secret: str) -> None:
    # Otherwise whoever may write settings, but never reads the secret, could have it sent to themselves.
    stays = before.sealed_secret is not None and not secret
    if stays and oidc.secret_goes_to != before.settings.oidc.secret_goes_to:
        raise InvalidArgument(
            error_message="Give the client secret again: clientId, tokenUrl or issuer are not those it was given for."
        )


def _redirect_url(before: Connection, wanted: str | None) -> str:
    return before.settings.saml.redirect_url if wanted is None else given.url("redirectUrl", wanted)


def _mappings(tx: Tx, before: Connection, wanted: GivenSaml | GivenSamlByMetadata) -> Mappings:
    """Return the mappings that a call asks for; default roles stay unless it names others, or says to take them."""
    default_roles = before.settings.mappings.default_roles
    if wanted.default_sso_roles:
        default_roles = tuple(dict.fromkeys(actions.role_ids(tx, before.tenant_id, wanted.default_sso_roles)))
    elif wanted.replace_default_sso_roles:
        default_roles = ()
    return Mappings(
        roles=actions.role_mappings(tx, before.tenant_id, wanted.role_mappings or ()),
        default_roles=default_roles,
        groups_priority=wanted.groups_priority or (),
        fga=given.fga(wanted.fga_mappings or {}),
    )


def _save_saml(
    tx: Tx,
    call: Call[object],
    before: Connection,
    saml: Saml,
    mappings: Mappings,
    domains: Sequence[str] | None,
) -> None:
    after = replace(before, kind="saml", settings=changed(before.settings, saml=saml, mappings=mappings))
    save(tx, call, before, after, "saml", domains=domains or ())


SLICE = Slice(
    "sso",
    (
        reads(wire.LOAD, load),
        reads(wire.LOAD_ALL, load_all),
        writes(wire.NEW, new),
        writes(wire.CONFIGURE_OIDC, configure_oidc),
        writes(wire.CONFIGURE_SAML, configure_saml),
        writes(wire.CONFIGURE_SAML_BY_METADATA, configure_saml_by_metadata),
        writes(wire.CONFIGURE_REDIRECT, configure_redirect),
        writes(wire.CONFIGURE_AUTH_TYPE, configure_auth_type),
        writes(wire.DELETE, delete),
        steps(wire.RECALCULATE, recalculate),
        reads(wire.GET, get),
        writes(wire.CONFIGURE, configure_manually),
        writes(wire.CONFIGURE_VIA_METADATA, configure_via_metadata),
        writes(wire.MAPPING, configure_mapping),
        writes(xaa_wire.CONFIGURE, xaa.configure),
        reads(xaa_wire.LOAD, xaa.load),
        reads(xaa_wire.LOAD_ALL, xaa.load_all),
        writes(xaa_wire.DELETE, xaa.delete),
        writes(wire.GENERATE_LINK, generate_link),
        writes(wire.REVOKE_LINK, revoke_link),
        *HANDLERS,
    ),
)
