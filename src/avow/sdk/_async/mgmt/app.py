"""Applications and APIs of the OpenID provider, as the caller sees them."""

from collections.abc import Mapping, Sequence
from typing import Any

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.calls.mgmt import app
from avow.sdk.flow import Flows

__all__ = ["AsyncApi", "AsyncApp"]


class AsyncApp:
    """Make, change, find and delete the applications that sign people in through Avow; `client.mgmt.app`.

    The official SDK has fewer settings for the same applications, in `client.mgmt.sso_application`.
    """

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def create(
        self,
        name: str,
        preset: str = "regular-web",
        id: str | None = None,
        description: str | None = None,
        logo: str | None = None,
        trusted: bool | None = None,
        login_page_url: str | None = None,
        force_authentication: bool | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> dict[str, Any]:
        """Make an application and return it with its secret, this once.

        Args:
            name: For people.
            preset: `regular-web`, `spa`, `native` or `machine`.
            id: Its client_id; made up unless it is given.
            description: For people.
            logo: URL of a picture.
            trusted: Nobody is asked for consent; true unless it is said, and for a native application false.
            login_page_url: A sign-in page of the application's own.
            force_authentication: Everybody signs in anew for it.
            settings: What differs from the preset, such as `redirectUris`.

        Returns:
            `application`, and `secret` unless it is public.
        """
        values = {
            "name": name,
            "preset": preset,
            "id": id,
            "description": description,
            "logo": logo,
            "trusted": trusted,
            "loginPageUrl": login_page_url,
            "forceAuthentication": force_authentication,
            "settings": settings,
        }
        return await self._run(self._flows.deliver(app.create(values)))

    async def load(self, id: str) -> dict[str, Any]:
        """Return an application, without its secrets."""
        return await self._run(self._flows.deliver(app.load(id)))

    async def list(self, page: int | None = None, limit: int | None = None) -> dict[str, Any]:
        """Return a page of the applications of the project, the oldest first, and how many there are (`total`).

        Args:
            page: Which, from 0.
            limit: How many are on a page; a thousand unless it is said, which is the most.
        """
        return await self._run(self._flows.deliver(app.list_all(page, limit)))

    async def update(
        self,
        id: str,
        name: str | None = None,
        description: str | None = None,
        logo: str | None = None,
        enabled: bool | None = None,
        trusted: bool | None = None,
        login_page_url: str | None = None,
        force_authentication: bool | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> dict[str, Any]:
        """Change what is given of an application; of `settings` None puts one back to what the preset has.

        One that becomes public loses its secrets; one that was public gets one: the answer has `secret`, this once.
        """
        values = {
            "id": id,
            "name": name,
            "description": description,
            "logo": logo,
            "enabled": enabled,
            "trusted": trusted,
            "loginPageUrl": login_page_url,
            "forceAuthentication": force_authentication,
            "settings": settings,
        }
        return await self._run(self._flows.deliver(app.update(values)))

    async def rotate_secret(self, id: str, overlap_seconds: int | None = None) -> dict[str, Any]:
        """Give an application a new secret and return it, this once; those before count for a day, or as long as said.

        Args:
            id: The application.
            overlap_seconds: How long those before count; 0 ends them at once.
        """
        return await self._run(self._flows.deliver(app.rotate_secret(id, overlap_seconds)))

    async def grant(self, id: str, audience: str, scopes: Sequence[str] | None) -> dict[str, Any]:
        """Say what an application may do at an API in its own name; None takes the API away.

        Args:
            id: The application.
            audience: Identifier of the API.
            scopes: Of those that the API knows.
        """
        return await self._run(self._flows.deliver(app.grant(id, audience, scopes)))

    async def delete(self, id: str) -> None:
        """Delete an application for ever."""
        await self._run(self._flows.deliver(app.delete(id)))


class AsyncApi:
    """Make, change, find and delete the APIs that access tokens are for; `client.mgmt.api`."""

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def create(
        self,
        identifier: str,
        name: str | None = None,
        permissions: Mapping[str, str] | None = None,
        lifetime_seconds: int | None = None,
        rbac: bool | None = None,
        allows_offline: bool | None = None,
        algorithm: str | None = None,
    ) -> dict[str, Any]:
        """Make an API.

        Args:
            identifier: Its audience, which stays for ever.
            name: For people.
            permissions: The scopes that it knows, with what they are for.
            lifetime_seconds: Life of access tokens for it; a day unless it is said.
            rbac: Tokens say which of its permissions the user holds.
            allows_offline: Refresh tokens are given for it; true unless it is said.
            algorithm: Of its tokens: `RS256`, or that of the project's session keys.
        """
        values = {
            "identifier": identifier,
            "name": name,
            "lifetimeSeconds": lifetime_seconds,
            "rbac": rbac,
            "allowsOffline": allows_offline,
            "algorithm": algorithm,
        }
        return await self._run(self._flows.deliver(app.create_api(values, permissions)))

    async def load(self, id: str) -> dict[str, Any]:
        """Return an API by its id or identifier."""
        return await self._run(self._flows.deliver(app.load_api(id)))

    async def list(self, page: int | None = None, limit: int | None = None) -> dict[str, Any]:
        """Return a page of the APIs of the project, the oldest first, and how many there are (`total`).

        Args:
            page: Which, from 0.
            limit: How many are on a page; a thousand unless it is said, which is the most.
        """
        return await self._run(self._flows.deliver(app.list_apis(page, limit)))

    async def update(
        self,
        id: str,
        name: str | None = None,
        permissions: Mapping[str, str] | None = None,
        lifetime_seconds: int | None = None,
        rbac: bool | None = None,
        allows_offline: bool | None = None,
        algorithm: str | None = None,
    ) -> dict[str, Any]:
        """Change what is given of an API; permissions take the place of all before, and those gone are in no token."""
        values = {
            "id": id,
            "name": name,
            "lifetimeSeconds": lifetime_seconds,
            "rbac": rbac,
            "allowsOffline": allows_offline,
            "algorithm": algorithm,
        }
        return await self._run(self._flows.deliver(app.update_api(values, permissions)))

    async def delete(self, id: str) -> None:
        """Delete an API for ever; access tokens for it hold until they end."""
        await self._run(self._flows.deliver(app.delete_api(id)))
