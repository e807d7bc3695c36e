"""Access keys, as the caller sees them."""

from collections.abc import Mapping, Sequence

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.calls.mgmt import access_key
from avow.sdk.calls.mgmt.access_key import AccessKeyAnswer, AccessKeys, CreatedAccessKey
from avow.sdk.flow import Flows
from avow.sdk.options import AssociatedTenant

__all__ = ["AsyncAccessKey"]


class AsyncAccessKey:
    """Make, change, delete and find the secrets of machines; `client.mgmt.access_key`.

    A machine exchanges its key for session tokens: `client.exchange_access_key`. Every call raises `AuthException` when
    the server refuses it: a role, address or attribute that cannot be (400), a key, tenant or user that does not exist
    (404), more than the caller may give (403).
    """

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def create(
        self,
        name: str,
        expire_time: int = 0,
        role_names: Sequence[str] | None = None,
        key_tenants: Sequence[AssociatedTenant] | None = None,
        user_id: str | None = None,
        custom_claims: Mapping[str, object] | None = None,
        description: str | None = None,
        permitted_ips: Sequence[str] | None = None,
        custom_attributes: Mapping[str, object] | None = None,
    ) -> CreatedAccessKey:
        """Make a key and return it with its secret, this once.

        Args:
            name: For people.
            expire_time: When it ends, seconds since the epoch; 0 for never. It cannot be moved later.
            role_names: Roles in the project; they do not count beside `key_tenants`.
            key_tenants: Tenants, with the roles there.
            user_id: The user whom it acts for: its tokens have what the user has at the time, and neither roles nor
                tenants of its own. It counts no more while the user is disabled.
            custom_claims: Claims for the top level of its tokens; reserved names are dropped.
            description: For people.
            permitted_ips: Addresses and networks (`192.0.2.0/24`) that it may be exchanged from; none for everywhere.
            custom_attributes: Values by the names of attributes.

        Returns:
            `cleartext`, the secret to keep, and `key`.
        """
        values = {
            "name": name,
            "expireTime": expire_time,
            "userId": user_id,
            "customClaims": custom_claims,
            "description": description,
            "permittedIps": permitted_ips,
            "customAttributes": custom_attributes,
        }
        return await self._run(self._flows.deliver(access_key.create(values, role_names, key_tenants)))

    async def load(self, id: str) -> AccessKeyAnswer:
        """Return a key, without its secret."""
        return await self._run(self._flows.deliver(access_key.load(id)))

    async def search_all_access_keys(
        self,
        tenant_ids: Sequence[str] | None = None,
        bound_user_id: str | None = None,
        creating_user: str | None = None,
        custom_attributes: Mapping[str, object] | None = None,
    ) -> AccessKeys:
        """Return the keys that match everything given, the oldest first; more than 20,000 are refused (400).

        Args:
            tenant_ids: Keys of any of these tenants.
            bound_user_id: Keys that act for this user.
            creating_user: Keys that this user made, or the management key with this id.
            custom_attributes: Keys with all of these values.
        """
        wanted = {
            "tenantIds": tenant_ids,
            "boundUserId": bound_user_id,
            "creatingUser": creating_user,
            "customAttributes": custom_attributes,
        }
        return await self._run(self._flows.deliver(access_key.search(wanted)))

    async def update(
        self,
        id: str,
        name: str,
        description: str | None = None,
        custom_claims: Mapping[str, object] | None = None,
        permitted_ips: Sequence[str] | None = None,
        custom_attributes: Mapping[str, object] | None = None,
    ) -> None:
        """Change a key; what is not given stays, and so do its roles, tenants, user and end.

        Args:
            id: The key.
            name: For people.
            description: For people; "" for none.
            custom_claims: Claims for the top level of its tokens, in the place of all before.
            permitted_ips: Where it may be exchanged from; an empty list for everywhere.
            custom_attributes: Values by the names of attributes, in the place of all before.
        """
        values = {
            "id": id,
            "name": name,
            "description": description,
            "customClaims": custom_claims,
            "permittedIps": permitted_ips,
            "customAttributes": custom_attributes,
        }
        await self._run(self._flows.deliver(access_key.update(values)))

    async def deactivate(self, id: str) -> None:
        """Let a key be exchanged no more, at once; tokens made before hold until they end."""
        await self._run(self._flows.deliver(access_key.deactivate(id)))

    async def activate(self, id: str) -> None:
        """Let a key be exchanged again."""
        await self._run(self._flows.deliver(access_key.activate(id)))

    async def delete(self, id: str) -> None:
        """Delete a key for ever; tokens made before hold until they end."""
        await self._run(self._flows.deliver(access_key.delete(id)))

    async def rotate(self, id: str) -> CreatedAccessKey:
        """Give a key a new secret and return it, this once; the one before ends at once, everything else stays."""
        return await self._run(self._flows.deliver(access_key.rotate(id)))

    async def activate_batch(self, ids: Sequence[str]) -> None:
        """Let keys be exchanged again, all of them or none; at most 500."""
        await self._run(self._flows.deliver(access_key.activate_batch(ids)))

    async def deactivate_batch(self, ids: Sequence[str]) -> None:
        """Let keys be exchanged no more, all of them or none; at most 500."""
        await self._run(self._flows.deliver(access_key.deactivate_batch(ids)))

    async def delete_batch(self, ids: Sequence[str]) -> None:
        """Delete keys for ever, all of them or none; at most 500."""
        await self._run(self._flows.deliver(access_key.delete_batch(ids)))
