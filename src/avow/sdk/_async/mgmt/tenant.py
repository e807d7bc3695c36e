"""Tenants, as the caller sees them."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.calls.mgmt import tenant
from avow.sdk.flow import Flows

__all__ = ["AsyncTenant"]


class AsyncTenant:
    """Make, change, delete and find tenants, the customer organisations of a project; `client.mgmt.tenant`.

    Every call raises `AuthException` when the server refuses it: an id or domain that is taken (400), a tenant that
    does not exist (404). Arguments of the same name mean the same in all of them:

    - `self_provisioning_domains`: mail domains whose users belong to the tenant; each belongs to one tenant only.
    - `custom_attributes`: values by name; they are found by `search_all`.
    - `enforce_sso`, `enforce_sso_exclusions`: its users sign in through its SSO only, but for these user ids.
    - `federated_app_ids`: applications of its SSO.
    - `disabled`: nobody signs in to it.
    """

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def create(
        self,
        name: str,
        id: str | None = None,
        self_provisioning_domains: Sequence[str] | None = None,
        custom_attributes: Mapping[str, object] | None = None,
        enforce_sso: bool | None = False,
        enforce_sso_exclusions: Sequence[str] | None = None,
        federated_app_ids: Sequence[str] | None = None,
        disabled: bool | None = False,
    ) -> dict[str, Any]:
        """Make a tenant.

        Returns:
            `{"id": ...}`, the id given or one made up.
        """
        values = {
            "name": name,
            "id": id,
            "selfProvisioningDomains": self_provisioning_domains,
            "customAttributes": custom_attributes,
            "enforceSSO": enforce_sso,
            "enforceSSOExclusions": enforce_sso_exclusions,
            "federatedAppIds": federated_app_ids,
            "disabled": disabled,
        }
        return await self._run(self._flows.deliver(tenant.create(values)))

    async def update(
        self,
        id: str,
        name: str,
        self_provisioning_domains: Sequence[str] | None = None,
        custom_attributes: Mapping[str, object] | None = None,
        enforce_sso: bool | None = False,
        enforce_sso_exclusions: Sequence[str] | None = None,
        federated_app_ids: Sequence[str] | None = None,
        disabled: bool | None = False,
    ) -> None:
        """Replace all that a tenant is: what is not given is emptied."""
        values = {
            "id": id,
            "name": name,
            "selfProvisioningDomains": self_provisioning_domains,
            "customAttributes": custom_attributes,
            "enforceSSO": enforce_sso,
            "enforceSSOExclusions": enforce_sso_exclusions,
            "federatedAppIds": federated_app_ids,
            "disabled": disabled,
        }
        await self._run(self._flows.deliver(tenant.change(values, overrides=True)))

    async def patch_tenant(
        self,
        id: str,
        name: str | None = None,
        self_provisioning_domains: Sequence[str] | None = None,
        custom_attributes: Mapping[str, object] | None = None,
        disabled: bool | None = None,
        enforce_sso: bool | None = None,
        enforce_sso_exclusions: Sequence[str] | None = None,
        federated_app_ids: Sequence[str] | None = None,
        role_inheritance: str | None = None,
    ) -> None:
        """Change only what is given; a custom attribute of None is taken out, those not named stay."""
        values = {
            "id": id,
            "name": name,
            "selfProvisioningDomains": self_provisioning_domains,
            "customAttributes": custom_attributes,
            "disabled": disabled,
            "enforceSSO": enforce_sso,
            "enforceSSOExclusions": enforce_sso_exclusions,
            "federatedAppIds": federated_app_ids,
            "roleInheritance": role_inheritance,
        }
        await self._run(self._flows.deliver(tenant.change(values, overrides=False)))

    async def update_settings(
        self,
        id: str,
        self_provisioning_domains: Sequence[str],
        domains: Sequence[str] | None = None,
        auth_type: str | None = None,
        session_settings_enabled: bool | None = None,
        refresh_token_expiration: int | None = None,
        refresh_token_expiration_unit: str | None = None,
        session_token_expiration: int | None = None,
        session_token_expiration_unit: str | None = None,
        stepup_token_expiration: int | None = None,
        stepup_token_expiration_unit: str | None = None,
        enable_inactivity: bool | None = None,
        inactivity_time: int | None = None,
        inactivity_time_unit: str | None = None,
        JITDisabled: bool | None = None,  # noqa: N803 - the official name
        sso_setup_suite_settings: Mapping[str, object] | None = None,
        enforce_sso: bool | None = None,
        enforce_sso_exclusions: Sequence[str] | None = None,
        federated_app_ids: Sequence[str] | None = None,
        *,
        mfa: Literal["off", "enrolled", "required", ""] | None = None,
        trusted_device_days: int | None = None,
        fresh_proof_seconds: int | None = None,
    ) -> None:
        """Change the named settings of a tenant; units are `seconds`, `minutes`, `hours`, `days` or `weeks`.

        The last three are Avow's own: `mfa` says which members show a second factor (`off`, `enrolled`, `required`),
        `trusted_device_days` for how long a device is trusted, `fresh_proof_seconds` how old a sign-in may be that
        changes how a member signs in. Of project and tenants the strictest holds; "" and -1 leave it to the project.
        """
        values = {
            "tenantId": id,
            "selfProvisioningDomains": self_provisioning_domains,
            "domains": domains,
            "authType": auth_type,
            "enabled": session_settings_enabled,
            "refreshTokenExpiration": refresh_token_expiration,
            "refreshTokenExpirationUnit": refresh_token_expiration_unit,
            "sessionTokenExpiration": session_token_expiration,
            "sessionTokenExpirationUnit": session_token_expiration_unit,
            "stepupTokenExpiration": stepup_token_expiration,
            "stepupTokenExpirationUnit": stepup_token_expiration_unit,
            "enableInactivity": enable_inactivity,
            "inactivityTime": inactivity_time,
            "inactivityTimeUnit": inactivity_time_unit,
            "JITDisabled": JITDisabled,
            "ssoSetupSuiteSettings": sso_setup_suite_settings,
            "enforceSSO": enforce_sso,
            "enforceSSOExclusions": enforce_sso_exclusions,
            "federatedAppIds": federated_app_ids,
            "mfa": mfa,
            "trustedDeviceDays": trusted_device_days,
            "freshProofSeconds": fresh_proof_seconds,
        }
        await self._run(self._flows.deliver(tenant.update_settings(values)))

    async def update_default_roles(self, tenant_id: str, role_names: Sequence[str]) -> None:
        """Say what new members of a tenant hold there: roles of the project or of the tenant, by name."""
        await self._run(self._flows.deliver(tenant.update_default_roles(tenant_id, role_names)))

    async def delete(self, id: str, cascade: bool = False) -> None:
        """Delete a tenant for ever; with `cascade` its users and access keys that belong to no other tenant too.

        Nothing of the tenant works from the call on. Of one with very many members the call may raise AuthException
        (503) before the last of them is gone: repeat it to go on, or leave it to the server, which does so in minutes.
        """
        await self._run(self._flows.deliver(tenant.delete(id, cascade)))

    async def load(self, id: str) -> dict[str, Any]:
        """Return a tenant."""
        return await self._run(self._flows.deliver(tenant.load(id)))

    async def load_settings(self, id: str) -> dict[str, Any]:
        """Return the settings of a tenant."""
        return await self._run(self._flows.deliver(tenant.load_settings(id)))

    async def load_all(self) -> dict[str, Any]:
        """Return every tenant, `{"tenants": [...]}`, the oldest first; at most 20,000, beyond that search (400)."""
        return await self._run(self._flows.deliver(tenant.load_all()))

    async def search_all(
        self,
        ids: Sequence[str] | None = None,
        names: Sequence[str] | None = None,
        self_provisioning_domains: Sequence[str] | None = None,
        custom_attributes: Mapping[str, object] | None = None,
    ) -> dict[str, Any]:
        """Return the tenants that match everything given, `{"tenants": [...]}`, the oldest first."""
        values = {
            "tenantIds": ids,
            "tenantNames": names,
            "tenantSelfProvisioningDomains": self_provisioning_domains,
            "customAttributes": custom_attributes,
        }
        return await self._run(self._flows.deliver(tenant.search_all(values)))

    async def generate_sso_configuration_link(
        self,
        tenant_id: str,
        expire_time: int | None = None,
        email: str | None = None,
        sso_id: str | None = None,
        actor_id: str | None = None,
    ) -> str:
        """Return a link for whoever is to set a tenant's SSO up; an earlier one for the same configuration is void.

        Whoever holds the link may use it. Nothing is sent.

        Args:
            tenant_id: Whose SSO.
            expire_time: Seconds that the link lives, at most 30 days; a day if absent.
            email: Whom it is for.
            sso_id: Which SSO configuration; the first one if absent.
            actor_id: Who is named in the audit for what is done behind the link.
        """
        values = {
            "tenantId": tenant_id,
            "expireTime": expire_time,
            "email": email,
            "ssoId": sso_id,
            "actorId": actor_id,
        }
        return await self._run(self._flows.deliver(tenant.generate_sso_link(values)))

    async def revoke_sso_configuration_link(self, tenant_id: str, sso_id: str | None = None) -> None:
        """Make the link of an SSO configuration void; without `sso_id`, every such link of the tenant."""
        await self._run(self._flows.deliver(tenant.revoke_sso_link(tenant_id, sso_id)))
