"""Management calls of SSO settings."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from avow.sdk.answers import as_is, ignored
from avow.sdk.calls.call import Call, call, shaped, text_of
from avow.sdk.options import AttributeMapping, RoleMapping
from avow.sdk.ssooptions import (
    FGAGroupMapping,
    OIDCAttributeMapping,
    SSOOIDCSettings,
    SSOSAMLSettings,
    SSOSAMLSettingsByMetadata,
    XAAIssuerSettings,
    XAAJWTBearerSettings,
    XAASettings,
)
from avow.wire import sso, xaa
from avow.wire.endpoint import Endpoint

__all__ = [
    "configure",
    "configure_auth_type",
    "configure_oidc",
    "configure_redirect",
    "configure_saml",
    "configure_saml_by_metadata",
    "configure_via_metadata",
    "configure_xaa",
    "delete",
    "delete_xaa",
    "get",
    "load",
    "load_all",
    "load_all_xaa",
    "load_xaa",
    "mapping",
    "new",
    "recalculate",
]

Shaped = TypeVar("Shaped")

_answer = as_is(dict[str, Any])


def load(tenant_id: str, sso_id: str | None) -> Call[dict[str, Any]]:
    """Return the call for one configuration."""
    return call(sso.LOAD, _ref(tenant_id, sso_id), _answer)


def load_all(tenant_id: str) -> Call[dict[str, Any]]:
    """Return the call for every configuration of a tenant."""
    return call(sso.LOAD_ALL, _ref(tenant_id, None), _answer)


def new(tenant_id: str, display_name: str, sso_id: str | None) -> Call[dict[str, Any]]:
    """Return the call that makes a further configuration."""
    body = _of(tenant_id, sso_id, displayName=display_name)
    return call(sso.NEW, shaped(body, sso.NewSettings), _answer)


def delete(tenant_id: str, sso_id: str | None) -> Call[None]:
    """Return the call that deletes a configuration."""
    return call(sso.DELETE, _ref(tenant_id, sso_id), ignored)


def recalculate(tenant_id: str, sso_id: str | None) -> Call[None]:
    """Return the call that works the roles of members out anew."""
    return call(sso.RECALCULATE, _ref(tenant_id, sso_id), ignored, is_repeatable=True)


def configure_auth_type(tenant_id: str, auth_type: str, sso_id: str | None) -> Call[None]:
    """Return the call that turns a configuration on or off."""
    body = _of(tenant_id, sso_id, authType=text_of("auth_type", auth_type))
    return _configuring(sso.CONFIGURE_AUTH_TYPE, body)


def configure_redirect(
    tenant_id: str, saml_redirect_url: str | None, oauth_redirect_url: str | None, sso_id: str | None
) -> Call[None]:
    """Return the call that says where people go once they have signed in."""
    body = _of(tenant_id, sso_id, samlRedirectUrl=saml_redirect_url, oauthRedirectUrl=oauth_redirect_url)
    return _configuring(sso.CONFIGURE_REDIRECT, body)


def configure_oidc(
    tenant_id: str, settings: SSOOIDCSettings, domains: Sequence[str] | None, sso_id: str | None
) -> Call[None]:
    """Return the call that sets an OpenID provider up."""
    values = {
        "name": settings.name,
        "clientId": settings.client_id,
        "clientSecret": settings.client_secret,
        "redirectUrl": settings.redirect_url,
        "authUrl": settings.auth_url,
        "tokenUrl": settings.token_url,
        "userDataUrl": settings.user_data_url,
        "scope": settings.scope,
        "JWKsUrl": settings.jwks_url,
        "userAttrMapping": _claims(settings.attribute_mapping),
        "manageProviderTokens": settings.manage_provider_tokens,
        "callbackDomain": settings.callback_domain,
        "prompt": settings.prompt,
        "grantType": settings.grant_type,
        "issuer": settings.issuer,
        "groupsPriority": settings.groups_priority,
        "fgaMappings": _fga(settings.fga_mappings),
        "usePkce": settings.use_pkce,
    }
    return _configuring(sso.CONFIGURE_OIDC, _of(tenant_id, sso_id, settings=values, domains=domains))


def configure_saml(
    tenant_id: str,
    settings: SSOSAMLSettings,
    redirect_url: str | None,
    domains: Sequence[str] | None,
    sso_id: str | None,
) -> Call[None]:
    """Return the call that sets a SAML identity provider up, written out."""
    values = {
        "idpUrl": settings.idp_url,
        "entityId": settings.idp_entity_id,
        "idpCert": settings.idp_cert,
        "idpAdditionalCerts": settings.idp_additional_certs,
        **_saml(settings),
    }
    body = _of(tenant_id, sso_id, settings=values, redirectUrl=redirect_url, domains=domains)
    return _configuring(sso.CONFIGURE_SAML, body)


def configure_saml_by_metadata(
    tenant_id: str,
    settings: SSOSAMLSettingsByMetadata,
    redirect_url: str | None,
    domains: Sequence[str] | None,
    sso_id: str | None,
) -> Call[None]:
    """Return the call that sets a SAML identity provider up, by its metadata."""
    values = {
        "idpMetadataUrl": settings.idp_metadata_url,
        "entityId": settings.idp_entity_id,
        **_saml(settings),
    }
    body = _of(tenant_id, sso_id, settings=values, redirectUrl=redirect_url, domains=domains)
    return _configuring(sso.CONFIGURE_SAML_BY_METADATA, body)


def get(tenant_id: str) -> Call[dict[str, Any]]:
    """Return the call for a tenant's SAML in the older form."""
    return call(sso.GET, _ref(tenant_id, None), _answer)


def configure(
    tenant_id: str,
    idp_url: str,
    entity_id: str,
    idp_cert: str,
    redirect_url: str,
    domains: Sequence[str] | None,
) -> Call[None]:
    """Return the older call that sets a SAML identity provider up."""
    body = _of(
        tenant_id,
        None,
        idpURL=text_of("idp_url", idp_url),
        entityId=text_of("entity_id", entity_id),
        idpCert=text_of("idp_cert", idp_cert),
        redirectURL=redirect_url,
        domains=domains,
    )
    return _configuring(sso.CONFIGURE, body)


def configure_via_metadata(
    tenant_id: str, idp_metadata_url: str, redirect_url: str | None, domains: Sequence[str] | None
) -> Call[None]:
    """Return the older call that sets a SAML identity provider up by its metadata."""
    url = text_of("idp_metadata_url", idp_metadata_url)
    body = _of(tenant_id, None, idpMetadataURL=url, redirectURL=redirect_url, domains=domains)
    return _configuring(sso.CONFIGURE_VIA_METADATA, body)


def mapping(
    tenant_id: str, role_mappings: Sequence[RoleMapping] | None, attribute_mapping: AttributeMapping | None
) -> Call[None]:
    """Return the older call that replaces the mappings."""
    attributes = _attributes(attribute_mapping)
    body = _of(tenant_id, None, roleMappings=_roles(role_mappings), attributeMapping=attributes)
    return _configuring(sso.MAPPING, body)


def configure_xaa(tenant_id: str, settings: XAASettings, sso_id: str | None) -> Call[None]:
    """Return the call that says whose tokens are trusted."""
    body = _of(
        tenant_id,
        sso_id,
        enabled=settings.enabled,
        settings=_trust(settings.settings),
        roleMappings=_roles(settings.role_mappings),
        defaultSSORoles=settings.default_sso_roles,
        fgaMappings=_fga(settings.fga_mappings),
        groupsPriority=settings.groups_priority,
        groupPriorityEnabled=settings.group_priority_enabled,
        allowOverrideRoles=settings.allow_override_roles,
        providerID=settings.provider_id,
    )
    return _configuring(xaa.CONFIGURE, body)


def load_xaa(tenant_id: str, sso_id: str | None) -> Call[dict[str, Any]]:
    """Return the call for what a configuration trusts."""
    return call(xaa.LOAD, _ref(tenant_id, sso_id), _answer)


def load_all_xaa(tenant_id: str) -> Call[dict[str, Any]]:
    """Return the call for what every configuration of a tenant trusts."""
    return call(xaa.LOAD_ALL, _ref(tenant_id, None), _answer)


def delete_xaa(tenant_id: str, sso_id: str | None) -> Call[None]:
    """Return the call that ends what a configuration trusts."""
    return call(xaa.DELETE, _ref(tenant_id, sso_id), ignored)


def _configuring(endpoint: Endpoint[Shaped, Any], body: Mapping[str, object]) -> Call[None]:
    return call(endpoint, shaped(body, endpoint.request), ignored)


def _ref(tenant_id: str, sso_id: str | None) -> sso.SsoRef:
    return shaped(_of(tenant_id, sso_id), sso.SsoRef)


def _of(tenant_id: str, sso_id: str | None, **values: object) -> dict[str, object]:
    return {"tenantId": text_of("tenant_id", tenant_id), "ssoId": sso_id or None, **values}


def _saml(settings: SSOSAMLSettings | SSOSAMLSettingsByMetadata) -> dict[str, object]:
    """Return what both ways of SAML share; an empty list of default roles takes them all."""
    defaults = settings.default_sso_roles
    return {
        "spACSUrl": settings.sp_acs_url,
        "spEntityId": settings.sp_entity_id,
        "attributeMapping": _attributes(settings.attribute_mapping),
        "roleMappings": _roles(settings.role_mappings),
        "defaultSSORoles": defaults,
        "replaceDefaultSSORoles": True if defaults is not None and not defaults else None,
        "groupsPriority": settings.groups_priority,
        "fgaMappings": _fga(settings.fga_mappings),
        "configFGATenantIDResourcePrefix": settings.config_fga_tenant_id_resource_prefix,
        "configFGATenantIDResourceSuffix": settings.config_fga_tenant_id_resource_suffix,
        "disableSignRequest": settings.disable_sign_request,
        "allowIdpInitiated": settings.allow_idp_initiated,
    }


def _roles(mappings: Sequence[RoleMapping] | None) -> list[dict[str, object]]:
    return [{"groups": each.groups, "roleName": each.role_name} for each in mappings or ()]


def _attributes(attributes: AttributeMapping | None) -> dict[str, object] | None:
    if attributes is None:
        return None
    return {
        "name": attributes.name,
        "email": attributes.email,
        "phoneNumber": attributes.phone_number,
        "group": attributes.group,
        "givenName": attributes.given_name,
        "middleName": attributes.middle_name,
        "familyName": attributes.family_name,
        "picture": attributes.picture,
        "customAttributes": attributes.custom_attributes,
    }


def _claims(claims: OIDCAttributeMapping | None) -> dict[str, object] | None:
    if claims is None:
        return None
    return {
        "loginId": claims.login_id,
        "name": claims.name,
        "givenName": claims.given_name,
        "middleName": claims.middle_name,
        "familyName": claims.family_name,
        "email": claims.email,
        "verifiedEmail": claims.verified_email,
        "username": claims.username,
        "phoneNumber": claims.phone_number,
        "verifiedPhone": claims.verified_phone,
        "picture": claims.picture,
    }


def _fga(mappings: Mapping[str, FGAGroupMapping] | None) -> dict[str, object] | None:
    if mappings is None:
        return None
    return {
        group: {
            "relations": [
                {
                    "resource": each.resource,
                    "relationDefinition": each.relation_definition,
                    "namespace": each.namespace,
                }
                for each in mapping.relations or ()
            ]
        }
        for group, mapping in mappings.items()
    }


def _trust(trust: XAAJWTBearerSettings | None) -> dict[str, object] | None:
    if trust is None:
        return None
    return {
        "issuers": None if trust.issuers is None else {url: _issuer(each) for url, each in trust.issuers.items()},
        "jwtBearerGrantTypeAudienceToUse": trust.jwt_bearer_grant_type_audience_to_use,
        "jwtBearerGrantTypeScopeToUse": trust.jwt_bearer_grant_type_scope_to_use,
        "jwtBearerGrantTypeCustomClaimsToUse": trust.jwt_bearer_grant_type_custom_claims_to_use,
    }


def _issuer(issuer: XAAIssuerSettings) -> dict[str, object]:
    return {
        "jwksUri": issuer.jwks_uri,
        "signAlgorithm": issuer.sign_algorithm,
        "userInfoUri": issuer.user_info_uri,
        "externalIdFieldName": issuer.external_id_field_name,
        "jitDisabled": issuer.jit_disabled,
        "attributeMapping": _attributes(issuer.attribute_mapping),
    }
