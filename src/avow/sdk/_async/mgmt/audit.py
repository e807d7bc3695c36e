"""The audit, as the caller sees it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.calls.mgmt import audit
from avow.sdk.flow import Flows

__all__ = ["AsyncAudit"]


class AsyncAudit:
    """Find what happened in the project, add to it, and have it sent on; `client.mgmt.audit`."""

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def search(
        self,
        user_ids: Sequence[str] | None = None,
        actions: Sequence[str] | None = None,
        excluded_actions: Sequence[str] | None = None,
        devices: Sequence[str] | None = None,
        methods: Sequence[str] | None = None,
        geos: Sequence[str] | None = None,
        remote_addresses: Sequence[str] | None = None,
        login_ids: Sequence[str] | None = None,
        tenants: Sequence[str] | None = None,
        no_tenants: bool = False,
        text: str | None = None,
        from_ts: datetime | None = None,
        to_ts: datetime | None = None,
        *,
        limit: int | None = None,
        page: int | None = None,
    ) -> dict[str, Any]:
        """Return the events that match everything given, the newest first.

        Args:
            user_ids: Of these users.
            actions: Of these actions, such as `session.opened`.
            excluded_actions: Of other actions than these.
            devices: By these kinds of devices: `Bot`, `Mobile`, `Desktop`, `Tablet`, `Unknown`.
            methods: By these methods of sign-in: `otp`, `magiclink`, `enchantedlink`, ...
            geos: From these countries; the server does not know any.
            remote_addresses: From these addresses.
            login_ids: Of users who have these login ids.
            tenants: Of these tenants.
            no_tenants: With `tenants`: also events of no tenant.
            text: Whose action, actor, user, tenant, address, device or data contain it, in whatever case.
            from_ts: Not older than this; 30 days ago when not given. Without a zone it is local time.
            to_ts: Not newer than this.
            limit: Events on a page, at most 1000, which is also the default.
            page: Which page, from 0.

        Returns:
            `{"audits": [{"id", "projectId", "userId", "action", "type", "actorId", "occurred", "device", "method",
            "geo", "remoteAddress", "loginIds", "tenants", "data"}], "total": ...}`; `occurred` is a `datetime` in UTC
            without a zone.
        """
        wanted = {
            "noTenants": no_tenants,
            "userIds": user_ids,
            "actions": actions,
            "excludedActions": excluded_actions,
            "devices": devices,
            "methods": methods,
            "geos": geos,
            "remoteAddresses": remote_addresses,
            "externalIds": login_ids,
            "tenants": tenants,
            "text": text,
            "limit": limit,
            "page": page,
        }
        return await self._run(self._flows.deliver(audit.search(wanted, from_ts, to_ts)))

    async def create_event(
        self,
        action: str,
        type: str,
        actor_id: str,
        tenant_id: str,
        user_id: str | None = None,
        data: Mapping[str, object] | None = None,
    ) -> None:
        """Add an event of your own to the audit.

        Args:
            action: What happened.
            type: `info`, `warn` or `error`.
            actor_id: Who did it, as your application knows them.
            tenant_id: The tenant concerned, or "".
            user_id: The user concerned.
            data: What belongs to it besides, at most 16 KiB of JSON; never a secret.
        """
        made = audit.create_event(action, type, actor_id, tenant_id, user_id, data)
        await self._run(self._flows.deliver(made))

    async def create_audit_webhook(
        self,
        name: str,
        url: str | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        hmac_secret: str | None = None,
        filters: Sequence[Mapping[str, object]] | None = None,
        description: str | None = None,
    ) -> dict[str, Any]:
        """Make a webhook that is sent the events of the audit, or change the one of this name.

        Args:
            name: Unique in the project.
            url: Where to, https. Not given: as it was. "": the webhook is deleted.
            headers: Sent with each event, such as `Authorization`. Not given: as they were; with another `url` they
                have to be given anew.
            hmac_secret: What signs, 16 characters or more; a new webhook gets one if none is given.
            filters: Each `{"filterType": "actions" or "tenants", "operator": "includes" or "excludes", "values":
                [...]}`; all have to hold. Not given: as they were.
            description: For people.

        Returns:
            `{"hmacSecret": ...}`: the secret that was made for a new webhook, this once; "" otherwise.
        """
        made = audit.create_audit_webhook(name, url, headers, hmac_secret, filters, description)
        return await self._run(self._flows.deliver(made))
