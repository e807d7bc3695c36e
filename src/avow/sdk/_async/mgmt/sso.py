"""SSO settings, as the caller sees them."""

from collections.abc import Sequence
from typing import Any

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.calls.mgmt import sso
from avow.sdk.flow import Flows
from avow.sdk.options import AttributeMapping, RoleMapping
from avow.sdk.ssooptions import SSOOIDCSettings, SSOSAMLSettings, SSOSAMLSettingsByMetadata, XAASettings

__all__ = ["AsyncSSOSettings"]


class AsyncSSOSettings:
    """Say at which identity provider a tenant signs in, and which roles its groups give; `client.mgmt.sso`.

    A tenant has a first SSO configuration from the start and may have more, each with an `sso_id`; without one, the
    first is meant. Every call raises `AuthException` when the server refuses it: an address, certificate or role that
    cannot be used, or a domain of another tenant (400), no right to give roles (403), a tenant or configuration that
    does not exist (404).
    """

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def load_settings(self, tenant_id: str, *, sso_id: str | None = None) -> dict[str, Any]:
        """Return an SSO configuration.

        Returns:
            `{"tenant", "saml", "oidc", "ssoId", "displayName", "authType", "domains"}`. In `saml` stand `spEntityId`
            and `spACSUrl`, which the identity provider asks for. `clientSecret` is always "".
        """
        return await self._run(self._flows.deliver(sso.load(tenant_id, sso_id)))

    async def recalculate_sso_mappings(self, tenant_id: str, sso_id: str | None = None) -> None:
        """Give the members of a tenant exactly the roles that their groups give them now; given by hand, roles stay.

        Args:
            tenant_id: Whose members.
            sso_id: By the groups of this configuration alone; none: of each.
        """
        await self._run(self._flows.deliver(sso.recalculate(tenant_id, sso_id)))

    async def configure_sso_redirect_url(
        self,
        tenant_id: str,
        saml_redirect_url: str | None = None,
        oauth_redirect_url: str | None = None,
        sso_id: str | None = None,
    ) -> None:
        """Say where people go once they have signed in; None leaves an address, "" takes it."""
        redirects = sso.configure_redirect(tenant_id, saml_redirect_url, oauth_redirect_url, sso_id)
        await self._run(self._flows.deliver(redirects))

    async def load_all_settings(self, tenant_id: str) -> dict[str, Any]:
        """Return every SSO configuration of a tenant, `{"SSOSettings": [...]}`, each as `load_settings` shows it."""
        return await self._run(self._flows.deliver(sso.load_all(tenant_id)))

    async def new_settings(self, tenant_id: str, display_name: str, sso_id: str | None = None) -> dict[str, Any]:
        """Make a further SSO configuration, which is empty as yet, and return it as `load_settings` shows it.

        Args:
            tenant_id: Whose.
            display_name: For people.
            sso_id: Up to 64 letters, digits and `_.-`; made up if absent.
        """
        return await self._run(self._flows.deliver(sso.new(tenant_id, display_name, sso_id)))

    async def delete_settings(self, tenant_id: str, sso_id: str | None = None) -> None:
        """Delete an SSO configuration with its client secret and domains, for ever; the first one is then empty."""
        await self._run(self._flows.deliver(sso.delete(tenant_id, sso_id)))

    async def configure_auth_type(self, tenant_id: str, auth_type: str, sso_id: str | None = None) -> None:
        """Turn an SSO configuration off (`none`), or on again by the `saml` or `oidc` settings it has."""
        await self._run(self._flows.deliver(sso.configure_auth_type(tenant_id, auth_type, sso_id)))

    async def configure_oidc_settings(
        self,
        tenant_id: str,
        settings: SSOOIDCSettings,
        domains: Sequence[str] | None = None,
        *,
        sso_id: str | None = None,
    ) -> None:
        """Let a tenant sign in at an OpenID provider.

        Args:
            tenant_id: Whose.
            settings: The provider; all that stood before goes, but what `SSOOIDCSettings` says.
            domains: Mail domains that sign in here; none takes those there are.
            sso_id: Which configuration.
        """
        await self._run(self._flows.deliver(sso.configure_oidc(tenant_id, settings, domains, sso_id)))

    async def configure_saml_settings(
        self,
        tenant_id: str,
        settings: SSOSAMLSettings,
        redirect_url: str | None = None,
        domains: Sequence[str] | None = None,
        *,
        sso_id: str | None = None,
    ) -> None:
        """Let a tenant sign in at a SAML identity provider that is written out.

        Args:
            tenant_id: Whose.
            settings: The identity provider; all that stood before goes, but what `SSOSAMLSettings` says.
            redirect_url: Where people go once they have signed in; None leaves the address, "" takes it.
            domains: Mail domains that sign in here; none takes those there are.
            sso_id: Which configuration.
        """
        await self._run(self._flows.deliver(sso.configure_saml(tenant_id, settings, redirect_url, domains, sso_id)))

    async def configure_saml_settings_by_metadata(
        self,
        tenant_id: str,
        settings: SSOSAMLSettingsByMetadata,
        redirect_url: str | None = None,
        domains: Sequence[str] | None = None,
        *,
        sso_id: str | None = None,
    ) -> None:
        """Let a tenant sign in at a SAML identity provider, by the address of its metadata; see the call before."""
        saml = sso.configure_saml_by_metadata(tenant_id, settings, redirect_url, domains, sso_id)
        await self._run(self._flows.deliver(saml))

    async def configure_xaa_settings(self, tenant_id: str, settings: XAASettings, sso_id: str | None = None) -> None:
        """Say whose ID-JAG tokens an SSO configuration trusts; this is stored, the tokens are not taken yet."""
        await self._run(self._flows.deliver(sso.configure_xaa(tenant_id, settings, sso_id)))

    async def load_xaa_settings(self, tenant_id: str, sso_id: str | None = None) -> dict[str, Any]:
        """Return what an SSO configuration trusts."""
        return await self._run(self._flows.deliver(sso.load_xaa(tenant_id, sso_id)))

    async def load_all_xaa_settings(self, tenant_id: str) -> dict[str, Any]:
        """Return what each SSO configuration of a tenant trusts, `{"XAASettings": [...]}`."""
        return await self._run(self._flows.deliver(sso.load_all_xaa(tenant_id)))

    async def delete_xaa_settings(self, tenant_id: str, sso_id: str | None = None) -> None:
        """Trust nobody from now on; groups and roles of the SSO configuration stay."""
        await self._run(self._flows.deliver(sso.delete_xaa(tenant_id, sso_id)))

    async def get_settings(self, tenant_id: str) -> dict[str, Any]:
        """Return a tenant's SAML in the older form; `load_settings` tells more."""
        return await self._run(self._flows.deliver(sso.get(tenant_id)))

    async def configure(
        self,
        tenant_id: str,
        idp_url: str,
        entity_id: str,
        idp_cert: str,
        redirect_url: str,
        domains: Sequence[str] | None = None,
        *,
        domain: str | None = None,
    ) -> None:
        """Do as `configure_saml_settings` does, leaving the mappings as they are; the older form.

        Args:
            tenant_id: Whose.
            idp_url: Where people sign in.
            entity_id: Name of the identity provider.
            idp_cert: Certificate that its signatures are checked with, PEM.
            redirect_url: Where people go once they have signed in; "" for nowhere in particular.
            domains: Mail domains that sign in here; none takes those there are.
            domain: One such domain, as older programs say it.
        """
        wanted = domains if domain is None else [domain, *(domains or ())]
        older = sso.configure(tenant_id, idp_url, entity_id, idp_cert, redirect_url, wanted)
        await self._run(self._flows.deliver(older))

    async def configure_via_metadata(
        self,
        tenant_id: str,
        idp_metadata_url: str,
        redirect_url: str | None = None,
        domains: Sequence[str] | None = None,
    ) -> None:
        """Do as `configure_saml_settings_by_metadata` does, leaving the mappings as they are; the older form."""
        older = sso.configure_via_metadata(tenant_id, idp_metadata_url, redirect_url, domains)
        await self._run(self._flows.deliver(older))

    async def mapping(
        self,
        tenant_id: str,
        role_mappings: Sequence[RoleMapping] | None = None,
        attribute_mapping: AttributeMapping | None = None,
    ) -> None:
        """Replace which groups give which roles, and which attributes fill which fields; the older form.

        Args:
            tenant_id: Whose.
            role_mappings: Groups that give roles; none given, none do.
            attribute_mapping: Which attribute fills which field; absent: the usual ones.
        """
        await self._run(self._flows.deliver(sso.mapping(tenant_id, role_mappings, attribute_mapping)))
