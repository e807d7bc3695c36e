"""What users sign in with, as management hands it out, lists and removes it; part of `client.mgmt.user`."""

from collections.abc import Mapping, Sequence
from typing import Any

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.calls.mgmt import credentials, userproofs
from avow.sdk.calls.mgmt.credentials import Passkeys, ProviderToken, TrustedDevices
from avow.sdk.calls.mgmt.userproofs import CreateUserObj, GeneratedCode, GeneratedEnchantedLink, GeneratedLink
from avow.sdk.flow import Flows
from avow.sdk.options import DeliveryMethod, LoginOptions
from avow.wire import credentials as routes

__all__ = ["AsyncUserCredentials"]


class AsyncUserCredentials:
    """The calls of `AsyncUser` that are about ways to sign in."""

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def generate_otp_for_test_user(
        self, method: DeliveryMethod, login_id: str, login_options: LoginOptions | None = None
    ) -> GeneratedCode:
        """Return a code of a test user, who is never sent anything.

        Take it back with `client.otp.verify_code`. It stays valid when the application has a code sent to the user
        afterwards.

        Args:
            method: What the code stands for; the user's address of that kind is proven by it. `EMBEDDED` stands for
                none, and its code is taken back with `EMAIL`.
            login_id: What the test user signs in with.
            login_options: Custom claims, which stand at the top level of the tokens.

        Raises:
            UserMissing: There is no such user.
            InvalidArgument: It is no test user, or they have no such address.
            AuthException: Any other refusal.
        """
        return await self._run(self._flows.deliver(userproofs.code(method, login_id, login_options)))

    async def generate_magic_link_for_test_user(
        self, method: DeliveryMethod, login_id: str, uri: str | None = None, login_options: LoginOptions | None = None
    ) -> GeneratedLink:
        """Return a magic link of a test user; take its `t` back with `client.magiclink.verify`.

        Args:
            method: As in `generate_otp_for_test_user`.
            login_id: What the test user signs in with.
            uri: Page of the application that the link leads to; None for the project's default.
            login_options: As in `generate_otp_for_test_user`.

        Raises:
            AuthException: As in `generate_otp_for_test_user`; or the URL is not an approved one.
        """
        return await self._run(self._flows.deliver(userproofs.magic_link(method, login_id, uri, login_options)))

    async def generate_enchanted_link_for_test_user(
        self, login_id: str, uri: str | None = None, login_options: LoginOptions | None = None
    ) -> GeneratedEnchantedLink:
        """Return the right enchanted link of a test user, and the `pendingRef` that its session is polled with.

        Args:
            login_id: What the test user signs in with.
            uri: Page of the application that the link leads to; None for the project's default.
            login_options: As in `generate_otp_for_test_user`.

        Raises:
            AuthException: As in `generate_magic_link_for_test_user`.
        """
        return await self._run(self._flows.deliver(userproofs.enchanted_link(login_id, uri, login_options)))

    async def generate_embedded_link(
        self, login_id: str, custom_claims: Mapping[str, Any] | None = None, timeout: int = 0
    ) -> str:
        """Return a token that signs a user in, once; take it back with `client.magiclink.verify`.

        Nothing is sent, and no address is proven: you vouch for whom you hand the token to.

        Args:
            login_id: What the user signs in with.
            custom_claims: Claims for the tokens, at their top level.
            timeout: Seconds that it lives, at most four weeks; 0 for as long as magic links of the project.

        Raises:
            UserMissing: There is no such user.
            AuthException: Any other refusal.
        """
        return await self._run(self._flows.deliver(userproofs.embedded_sign_in(login_id, custom_claims, timeout)))

    async def generate_sign_up_embedded_link(
        self,
        login_id: str,
        user: CreateUserObj | None = None,
        email_verified: bool = False,
        phone_verified: bool = False,
        login_options: LoginOptions | None = None,
        timeout: int = 0,
    ) -> str:
        """Return a token that creates a user and signs them in, once; take it back with `client.magiclink.verify`.

        Args:
            login_id: What the user will sign in with.
            user: What is known of them.
            email_verified: The e-mail address is theirs: you vouch for it.
            phone_verified: The number is theirs.
            login_options: Custom claims, which stand at the top level of the tokens.
            timeout: As in `generate_embedded_link`.

        Raises:
            UserExists: The login ID is taken.
            AuthException: Any other refusal.
        """
        made = userproofs.embedded_sign_up(
            login_id,
            user,
            login_options,
            email_verified=email_verified,
            phone_verified=phone_verified,
            timeout=timeout,
        )
        return await self._run(self._flows.deliver(made))

    async def list_passkeys(self, login_id: str) -> Passkeys:
        """Return the passkeys of a user, the oldest first."""
        return await self._run(self._flows.deliver(credentials.list_passkeys(login_id)))

    async def delete_passkey(self, login_id: str, credential_id: str) -> None:
        """Remove one passkey of a user."""
        await self._run(self._flows.deliver(credentials.remove_passkey(login_id, credential_id)))

    async def remove_all_passkeys(self, login_id: str) -> None:
        """Remove every passkey of a user."""
        await self._run(self._flows.deliver(credentials.remove_all(routes.REMOVE_PASSKEYS, login_id)))

    async def remove_totp_seed(self, login_id: str) -> None:
        """Remove the seed of a user's authenticator app."""
        await self._run(self._flows.deliver(credentials.remove_all(routes.REMOVE_TOTP_SEED, login_id)))

    async def remove_recovery_codes(self, login_id: str) -> None:
        """Remove the recovery codes of a user."""
        await self._run(self._flows.deliver(credentials.remove_all(routes.REMOVE_RECOVERY_CODES, login_id)))

    async def list_trusted_devices(self, identifiers: Sequence[str]) -> TrustedDevices:
        """Return the devices of users, named by login ID or id, that are trusted now; the one used last first."""
        return await self._run(self._flows.deliver(credentials.list_trusted_devices(identifiers)))

    async def remove_trusted_device(self, identifier: str, device_ids: Sequence[str]) -> None:
        """Trust devices of a user, named by login ID or id, no more: all of them or none."""
        await self._run(self._flows.deliver(credentials.remove_trusted_devices(identifier, device_ids)))

    async def get_provider_token(
        self,
        login_id: str,
        provider: str,
        withRefreshToken: bool | None = False,  # noqa: N803 - the contract's name
        forceRefresh: bool | None = False,  # noqa: N803 - the contract's name
    ) -> ProviderToken:
        """Return the token that a provider (`google`, ...) gave when a user signed in there.

        Args:
            login_id: What the user signs in with.
            provider: Whose token.
            withRefreshToken: The provider's refresh token too.
            forceRefresh: A token that is fetched anew; not supported yet.

        Raises:
            NotFound: They have no token of this provider.
            AuthException: Any other refusal.
        """
        found = credentials.provider_token(
            login_id, provider, with_refresh_token=withRefreshToken, force_refresh=forceRefresh
        )
        return await self._run(self._flows.deliver(found))
