"""The routes of Cross-App Access: what an SSO configuration trusts is stored and shown; no grant is answered yet."""

from dataclasses import replace

from msgspec.structs import replace as changed

from avow.errors import InvalidArgument
from avow.server.serving import Call
from avow.server.sso import actions, given
from avow.server.sso.answering import save, shown
from avow.server.sso.stored import Xaa
from avow.server.store import Tx
from avow.server.tenants import actions as tenants
from avow.wire.sso import SsoRef
from avow.wire.xaa import AllXaaSettings, ConfigureXaa, GivenIssuer, GivenTrust, Issuer, Trust, XaaSettings

__all__ = ["configure", "delete", "load", "load_all"]

# Spec: RFC 8725 section 3.2; no algorithm whose key both sides hold.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "")


def configure(tx: Tx, call: Call[ConfigureXaa]) -> None:
    """Say whose ID-JAG tokens an SSO configuration of a tenant trusts. They are not taken yet."""
    body = call.body
    before = actions.lock(tx, body.tenant_id, actions.connection_id(body.sso_id))
    xaa = Xaa(
        is_enabled=bool(body.enabled),
        trust=_trust(body.settings or GivenTrust()),
        ranks_groups=bool(body.group_priority_enabled),
        overrides_roles=bool(body.allow_override_roles),
        provider_id=body.provider_id or "",
    )
    mappings = before.settings.mappings
    if body.role_mappings is not None:
        mappings = changed(mappings, roles=actions.role_mappings(tx, body.tenant_id, body.role_mappings))
    if body.default_sso_roles is not None:
        mappings = changed(mappings, default_roles=actions.role_ids(tx, body.tenant_id, body.default_sso_roles))
    if body.groups_priority is not None:
        mappings = changed(mappings, groups_priority=body.groups_priority)
    if body.fga_mappings is not None:
        mappings = changed(mappings, fga=given.fga(body.fga_mappings))
    after = replace(before, settings=changed(before.settings, xaa=xaa, mappings=mappings))
    save(tx, call, before, after, "xaa")


def load(tx: Tx, call: Call[SsoRef]) -> XaaSettings:
    """Return what the first SSO configuration of a tenant trusts, or the one that `ssoId` names."""
    tenant = tenants.get(tx, call.body.tenant_id)
    connection = actions.load(tx, tenant.id, actions.connection_id(call.body.sso_id))
    return shown(tx, call, tenant.id, [connection])[0].xaa()


def load_all(tx: Tx, call: Call[SsoRef]) -> AllXaaSettings:
    """Return what each SSO configuration of a tenant trusts, the first one first."""
    tenant = tenants.get(tx, call.body.tenant_id)
    found = shown(tx, call, tenant.id, actions.load_all(tx, tenant.id))
    return AllXaaSettings(settings=tuple(each.xaa() for each in found))


def delete(tx: Tx, call: Call[SsoRef]) -> None:
    """Trust nobody from now on; groups and roles of the SSO configuration stay."""
    before = actions.lock(tx, call.body.tenant_id, actions.connection_id(call.body.sso_id))
    save(tx, call, before, replace(before, settings=changed(before.settings, xaa=Xaa())), "xaa")


def _trust(wanted: GivenTrust) -> Trust:
    issuers = wanted.issuers or {}
    return Trust(
        issuers={given.url("issuer", url): _issuer(each or GivenIssuer()) for url, each in issuers.items() if url},
        audience=wanted.audience or "",
        scope=wanted.scope or "",
        custom_claims=wanted.custom_claims or "",
    )


def _issuer(wanted: GivenIssuer) -> Issuer:
    algorithm = wanted.sign_algorithm or ""
    if algorithm not in _ALGORITHMS:
        raise InvalidArgument(error_message=f"signAlgorithm is one of {', '.join(_ALGORITHMS[:-1])}.")
    return Issuer(
        jwks_uri=given.url("jwksUri", wanted.jwks_uri),
        sign_algorithm=algorithm,
        user_info_uri=given.url("userInfoUri", wanted.user_info_uri),
        external_id_field_name=wanted.external_id_field_name or "",
        jit_disabled=bool(wanted.jit_disabled),
        attribute_mapping=given.attributes(wanted.attribute_mapping),
    )
