"""From what is stored to what answers show: our own addresses filled in, roles by name, no secret."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode, urlsplit

from avow.server.federation.starts import Way
from avow.server.serving import Project
from avow.server.sso.actions import Connection
from avow.server.sso.endpoints import callback_path
from avow.server.tenants import actions as tenants
from avow.server.tenants.actions import HeldTenant
from avow.wire.ssosettings import GroupsMapping, LegacySettings, OidcSettings, RoleItem, SamlSettings, SsoSettings
from avow.wire.xaa import XaaSettings

__all__ = ["Shown", "acs_url", "callback_url", "entity_id", "reached_at"]


def entity_id(project: Project, connection: Connection) -> str:
    """Return our name for the identity provider of a configuration; no two have the same one."""
    own = f"{project.id}-{quote(connection.tenant_id, safe='')}"
    further = f"?ssoId={connection.id}" if connection.id else ""
    return connection.settings.saml.sp_entity_id or own + further


def acs_url(project: Project, connection: Connection) -> str:
    """Return where the identity provider of a configuration answers to."""
    query = {"projectId": project.id, "tenantId": connection.tenant_id}
    if connection.id:
        query["ssoId"] = connection.id
    own = f"{project.public_url.rstrip('/')}/v1/auth/saml/acs?{urlencode(query)}"
    return connection.settings.saml.sp_acs_url or own


def callback_url(project: Project, connection: Connection) -> str:
    """Return where the OpenID provider of a configuration leads people back to; no two share it."""
    host = connection.settings.oidc.callback_domain
    way = Way(kind="sso", name=connection.id, tenant_id=connection.tenant_id)
    return (reached_at(project, host) if host else project.public_url.rstrip("/")) + callback_path(project.id, way)


def reached_at(project: Project, host: str) -> str:
    """Return our public address on another host; the path that we are mounted below is the same there."""
    return f"https://{host}{urlsplit(project.public_url).path.rstrip('/')}"


class Shown:
    """A configuration as answers show it.

    Args of the maker:
        project: Whose it is.
        connection: The configuration.
        names: Of roles, by id; a role that is gone is left out.
        domains: Of this configuration.
        certificate: Of the key by which the project signs its requests over SAML, PEM, or "".
    """

    def __init__(
        self,
        project: Project,
        connection: Connection,
        names: Mapping[str, str],
        domains: Sequence[str],
        certificate: str = "",
    ) -> None:
        self._certificate = certificate
        self._project = project
        self._connection = connection
        self._names = names
        self._domains = tuple(domains)

    def settings(self, tenant: HeldTenant) -> SsoSettings:
        """Return both halves."""
        connection = self._connection
        return SsoSettings(
            tenant=tenants.shown(tenant),
            saml=self._saml(),
            oidc=self._oidc(),
            sso_id=connection.sso_id,
            display_name=connection.display_name,
            auth_type=connection.kind,
            domains=self._domains,
        )

    def legacy(self) -> LegacySettings:
        """Return the older form."""
        saml = self._saml()
        return LegacySettings(
            tenant_id=self._connection.tenant_id,
            idp_entity_id=saml.idp_entity_id,
            idp_sso_url=saml.idp_sso_url,
            idp_certificate=saml.idp_certificate,
            idp_metadata_url=saml.idp_metadata_url,
            sp_entity_id=saml.sp_entity_id,
            sp_acs_url=saml.sp_acs_url,
            sp_certificate=saml.sp_certificate,
            user_mapping=saml.attribute_mapping,
            groups_mapping=saml.groups_mapping,
            redirect_url=saml.redirect_url,
            domains=self._domains,
            domain=self._domains[0] if self._domains else "",
        )

    def xaa(self) -> XaaSettings:
        """Return what it trusts."""
        xaa, mappings = self._connection.settings.xaa, self._connection.settings.mappings
        return XaaSettings(
            sso_id=self._connection.sso_id,
            enabled=xaa.is_enabled,
            settings=xaa.trust,
            groups_mapping=self._groups_mapping(),
            default_sso_roles=self._default_roles(),
            fga_mappings=mappings.fga,
            groups_priority=mappings.groups_priority,
            group_priority_enabled=xaa.ranks_groups,
            allow_override_roles=xaa.overrides_roles,
            provider_id=xaa.provider_id,
        )

    def _saml(self) -> SamlSettings:
        saml, mappings = self._connection.settings.saml, self._connection.settings.mappings
        return SamlSettings(
            idp_entity_id=saml.entity_id,
            idp_sso_url=saml.sso_url,
            idp_certificate=saml.certificates[0] if saml.certificates else "",
            idp_additional_certificates=saml.certificates[1:],
            idp_metadata_url=saml.metadata_url,
            sp_entity_id=entity_id(self._project, self._connection),
            sp_acs_url=acs_url(self._project, self._connection),
            sp_certificate=self._certificate,
            attribute_mapping=saml.attributes,
            groups_mapping=self._groups_mapping(),
            default_sso_roles=self._default_roles(),
            groups_priority=mappings.groups_priority,
            redirect_url=saml.redirect_url,
            fga_mappings=mappings.fga,
            config_fga_prefix=saml.fga_prefix,
            config_fga_suffix=saml.fga_suffix,
            disable_sign_request=saml.leaves_requests_unsigned,
            allow_idp_initiated=saml.takes_unsolicited,
        )

    def _oidc(self) -> OidcSettings:
        oidc, mappings = self._connection.settings.oidc, self._connection.settings.mappings
        return OidcSettings(
            name=oidc.name,
            client_id=oidc.client_id,
            redirect_url=oidc.redirect_url,
            auth_url=oidc.auth_url,
            token_url=oidc.token_url,
            user_data_url=oidc.user_data_url,
            scope=oidc.scope,
            jwks_url=oidc.jwks_url,
            user_attr_mapping=oidc.attributes,
            are_tokens_kept=oidc.are_tokens_kept,
            callback_domain=oidc.callback_domain,
            prompt=oidc.prompt,
            grant_type=oidc.grant_type,
            issuer=oidc.issuer,
            groups_mapping=self._groups_mapping(),
            default_sso_roles=self._default_roles(),
            groups_priority=mappings.groups_priority,
            fga_mappings=mappings.fga,
            use_pkce=oidc.use_pkce,
            callback_url=callback_url(self._project, self._connection),
        )

    def _groups_mapping(self) -> tuple[GroupsMapping, ...]:
        return tuple(
            GroupsMapping(role=RoleItem(id=each.role_id, name=self._names[each.role_id]), groups=each.groups)
            for each in self._connection.settings.mappings.roles
            if each.role_id in self._names
        )

    def _default_roles(self) -> tuple[str, ...]:
        kept = self._connection.settings.mappings.default_roles
        return tuple(self._names[each] for each in kept if each in self._names)
