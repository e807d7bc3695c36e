"""Applications of others and what people allow them, as the caller sees them."""

from collections.abc import Mapping, Sequence
from typing import Any

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.calls.mgmt import ssoapplication
from avow.sdk.calls.mgmt.ssoapplication import Secret
from avow.sdk.flow import Flows
from avow.wire import thirdparty as wire

__all__ = ["AsyncThirdPartyApplication"]


class AsyncThirdPartyApplication:
    """Applications of others, which people allow to act for them; `client.mgmt.third_party_application`.

    They are OpenID clients, and everybody whom they sign in is asked for consent. An application that does not exist
    raises `AuthException` (404); what cannot be used is refused (400).
    """

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def create(
        self,
        name: str,
        login_page_url: str,
        description: str | None = None,
        logo: str | None = None,
        approved_callback_urls: Sequence[str] | None = None,
        permissions_scopes: Sequence[Mapping[str, Any]] | None = None,
        attributes_scopes: Sequence[Mapping[str, Any]] | None = None,
        jwt_bearer_settings: Mapping[str, Any] | None = None,
        custom_attributes: Mapping[str, Any] | None = None,
        force_pkce: bool | None = None,
        default_audience: str | None = None,
    ) -> dict[str, Any]:
        """Make an application of others.

        Args:
            name: For people.
            login_page_url: A sign-in page of its own, or "".
            description: For people.
            logo: URL of a picture.
            approved_callback_urls: Where authorization answers may go.
            permissions_scopes: Scopes that it may ask for, each `{"name", "description", "values"}`.
            attributes_scopes: Likewise.
            jwt_bearer_settings: Kept and shown.
            custom_attributes: Kept and shown.
            force_pkce: Its requests need a challenge; they do unless this is False.
            default_audience: Identifier of the API that is meant when a request names none.

        Returns:
            `{"id", "cleartext"}`: its client_id and secret.
        """
        values = {
            "name": name,
            "loginPageUrl": login_page_url,
            "description": description,
            "logo": logo,
            "approvedCallbackUrls": approved_callback_urls,
            "permissionsScopes": permissions_scopes,
            "attributesScopes": attributes_scopes,
            "jwtBearerSettings": jwt_bearer_settings,
            "customAttributes": custom_attributes,
            "forcePkce": force_pkce,
            "defaultAudience": default_audience,
        }
        return await self._run(self._flows.deliver(ssoapplication.made(wire.CREATE, values)))

    async def update(
        self,
        id: str,
        name: str,
        login_page_url: str,
        description: str | None = None,
        logo: str | None = None,
        approved_callback_urls: Sequence[str] | None = None,
        permissions_scopes: Sequence[Mapping[str, Any]] | None = None,
        attributes_scopes: Sequence[Mapping[str, Any]] | None = None,
        jwt_bearer_settings: Mapping[str, Any] | None = None,
        custom_attributes: Mapping[str, Any] | None = None,
        force_pkce: bool | None = None,
        default_audience: str | None = None,
    ) -> None:
        """Make an application as it is given; what is not given is emptied. Secrets and consents stay."""
        values = {
            "id": id,
            "name": name,
            "loginPageUrl": login_page_url,
            "description": description,
            "logo": logo,
            "approvedCallbackUrls": approved_callback_urls,
            "permissionsScopes": permissions_scopes,
            "attributesScopes": attributes_scopes,
            "jwtBearerSettings": jwt_bearer_settings,
            "customAttributes": custom_attributes,
            "forcePkce": force_pkce,
            "defaultAudience": default_audience,
        }
        await self._run(self._flows.deliver(ssoapplication.changed(wire.UPDATE, values)))

    async def patch(
        self,
        id: str,
        name: str | None = None,
        login_page_url: str | None = None,
        description: str | None = None,
        logo: str | None = None,
        approved_callback_urls: Sequence[str] | None = None,
        permissions_scopes: Sequence[Mapping[str, Any]] | None = None,
        attributes_scopes: Sequence[Mapping[str, Any]] | None = None,
        jwt_bearer_settings: Mapping[str, Any] | None = None,
        custom_attributes: Mapping[str, Any] | None = None,
        force_pkce: bool | None = None,
        default_audience: str | None = None,
    ) -> None:
        """Change what is given of an application and nothing else."""
        values = {
            "id": id,
            "name": name,
            "loginPageUrl": login_page_url,
            "description": description,
            "logo": logo,
            "approvedCallbackUrls": approved_callback_urls,
            "permissionsScopes": permissions_scopes,
            "attributesScopes": attributes_scopes,
            "jwtBearerSettings": jwt_bearer_settings,
            "customAttributes": custom_attributes,
            "forcePkce": force_pkce,
            "defaultAudience": default_audience,
        }
        await self._run(self._flows.deliver(ssoapplication.changed(wire.PATCH, values)))

    async def delete(self, id: str) -> None:
        """Delete an application for ever, with its consents; what it was granted ends at once."""
        await self._run(self._flows.deliver(ssoapplication.delete(wire.DELETE, id)))

    async def delete_batch(self, ids: Sequence[str]) -> None:
        """Delete several applications for ever, all or none."""
        await self._run(self._flows.deliver(ssoapplication.batch(ids)))

    async def load(self, id: str) -> dict[str, Any]:
        """Return an application, without its secrets."""
        return await self._run(self._flows.deliver(ssoapplication.load(wire.LOAD, id)))

    async def load_all(self) -> dict[str, Any]:
        """Return the applications of others, `{"apps": [...]}`, the oldest first."""
        return await self._run(self._flows.deliver(ssoapplication.load_all(wire.LOAD_ALL)))

    async def get_secret(self, id: str) -> Secret:
        """Return the secret of an application, `{"cleartext"}`; the audit says who read it."""
        return await self._run(self._flows.deliver(ssoapplication.reveal(id)))

    async def rotate_secret(self, id: str) -> Secret:
        """Give an application a new secret and return it, `{"cleartext"}`; the one before counts for a day more."""
        return await self._run(self._flows.deliver(ssoapplication.rotate(id)))

    async def search_consents(
        self,
        app_id: str | None = None,
        user_id: str | None = None,
        consent_id: str | None = None,
        page: int | None = None,
        limit: int | None = None,
        tenant_id: str | None = None,
    ) -> dict[str, Any]:
        """Return what people have allowed applications, `{"consents": [...], "total"}`, the oldest first.

        Args:
            app_id: Of this application.
            user_id: Of this user, `sub` in their tokens.
            consent_id: This one.
            page: Which page, from 0.
            limit: How many a page has; a hundred unless it is given.
            tenant_id: Of this tenant, for its users.
        """
        values = {
            "appId": app_id,
            "userId": user_id,
            "consentId": consent_id,
            "page": page,
            "limit": limit,
            "tenantId": tenant_id,
        }
        return await self._run(self._flows.deliver(ssoapplication.search_consents(values)))

    async def delete_consents(
        self,
        consent_ids: Sequence[str] | None = None,
        app_id: str | None = None,
        user_ids: Sequence[str] | None = None,
        tenant_id: str | None = None,
    ) -> None:
        """Take consents back to which all that is given applies; what came of them ends at once.

        Args:
            consent_ids: These.
            app_id: Of this application.
            user_ids: Of these users.
            tenant_id: Of this tenant, for its users.
        """
        values = {"consentIds": consent_ids, "appId": app_id, "userIds": user_ids, "tenantId": tenant_id}
        await self._run(self._flows.deliver(ssoapplication.delete_consents(values)))

    async def delete_tenant_consents(self, tenant_id: str) -> None:
        """Take back what a tenant has allowed applications for its users."""
        await self._run(self._flows.deliver(ssoapplication.delete_tenant_consents(tenant_id)))
