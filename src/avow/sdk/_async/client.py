"""The client: what an application holds for the life of its process."""

import warnings
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Self

from avow.clock import Clock, system_clock
from avow.core import rbac
from avow.sdk._async.consents import AsyncConsents
from avow.sdk._async.devices import AsyncDevices
from avow.sdk._async.enchantedlink import AsyncEnchantedLink
from avow.sdk._async.http import AsyncHttpTransport
from avow.sdk._async.magiclink import AsyncMagicLink
from avow.sdk._async.oauth import AsyncOAuth
from avow.sdk._async.otp import AsyncOTP
from avow.sdk._async.password import AsyncPassword
from avow.sdk._async.recovery_codes import AsyncRecoveryCodes
from avow.sdk._async.runner import AsyncRunner
from avow.sdk._async.sso import AsyncSAML, AsyncSSO
from avow.sdk._async.totp import AsyncTOTP
from avow.sdk._async.webauthn import AsyncWebAuthn
from avow.sdk.answers import JWTResponse, KeySession, LoginRecord, SessionClaims, Tenants, UserResponse
from avow.sdk.calls import accesskeys, sessions
from avow.sdk.calls.call import refused
from avow.sdk.config import RETRY_DELAYS_SECONDS, base_url_of, configure, fixed_keys
from avow.sdk.flow import Audience, Flows
from avow.sdk.keys import KeyRing
from avow.sdk.options import AccessKeyLoginOptions
from avow.sdk.shown import calling_for, signing_up
from avow.sdk.transport import AsyncTransport, Response
from avow.sdk.validate import HeldToken

if TYPE_CHECKING:
    from avow.sdk._async.mgmt import AsyncMgmt

__all__ = ["AsyncClient"]


class AsyncClient:
    """A project on an Avow server. Make one and share it: it is safe for threads and tasks, and keeps connections.

    Attributes:
        otp: One-time codes.
        magiclink: Magic links.
        enchantedlink: Enchanted links.
        password: Passwords.
        totp: Authenticator apps.
        sso: SSO of tenants, over SAML and OpenID Connect.
        saml: The same under its older names.
        recovery_codes: Recovery codes.
        webauthn: Passkeys.
        oauth: Social providers.
        devices: Trusted devices.
        consents: What users have allowed applications.
    """

    def __init__(
        self,
        project_id: str | None = None,
        public_key: Mapping[str, object] | str | None = None,
        skip_verify: bool = False,
        management_key: str | None = None,
        timeout_seconds: float = 60,
        jwt_validation_leeway: int = 5,
        auth_management_key: str | None = None,
        fga_cache_url: str | None = None,
        *,
        base_url: str | None = None,
        verbose: bool = False,
        transport: AsyncTransport | None = None,
        clock: Clock = system_clock,
        retry_delays_seconds: Sequence[float] = RETRY_DELAYS_SECONDS,
    ) -> None:
        """Make a client; nothing is sent yet.

        Args:
            project_id: The project; else AVOW_PROJECT_ID, else DESCOPE_PROJECT_ID.
            public_key: One JWK to verify tokens with instead of fetching the project's keys; else AVOW_PUBLIC_KEY,
                else DESCOPE_PUBLIC_KEY. Such a client knows nothing of key rotation.
            skip_verify: Do not check TLS certificates. Only for development.
            management_key: Secret for `mgmt`; else AVOW_MANAGEMENT_KEY, else DESCOPE_MANAGEMENT_KEY.
            timeout_seconds: How long an answer may take.
            jwt_validation_leeway: Seconds by which the clocks of server and client may differ.
            auth_management_key: Secret that accompanies sign-in calls; else AVOW_AUTH_MANAGEMENT_KEY, else
                DESCOPE_AUTH_MANAGEMENT_KEY.
            fga_cache_url: Accepted for callers of the official SDK; no call uses it yet.
            base_url: Address of the server; else AVOW_BASE_URL, else DESCOPE_BASE_URI.
            verbose: Keep the last response of each thread or task for `get_last_response`.
            transport: Carries the requests instead of HTTP. The client does not close it.
            clock: Tells the seconds since the epoch; for tests.
            retry_delays_seconds: Pauses before each repetition of a call that may be repeated; () for none.

        Raises:
            AuthException: There is no project id or no address, or a value cannot be used (status 400); or
                `public_key` is no key.
        """
        config = configure(
            project_id,
            management_key=management_key,
            auth_management_key=auth_management_key,
            timeout_seconds=timeout_seconds,
            leeway_seconds=jwt_validation_leeway,
            retry_delays_seconds=tuple(retry_delays_seconds),
        )
        fixed, url = fixed_keys(public_key), base_url_of(base_url)
        if not url and transport is None and fixed is None:
            raise refused("The address of your Avow server is needed: pass base_url or set AVOW_BASE_URL.")
        if skip_verify:
            warnings.warn("TLS certificates are not checked (skip_verify): only for development.", stacklevel=2)
        self._owns_transport = transport is None
        carrier = transport or AsyncHttpTransport(url, verifies_tls=not skip_verify)
        self._flows = Flows(config, KeyRing(fixed), clock)
        self._runner = AsyncRunner(carrier, keeps_last=verbose)
        self._run = self._runner.run
        self.otp = AsyncOTP(self._flows, self._runner)
        self.magiclink = AsyncMagicLink(self._flows, self._runner)
        self.enchantedlink = AsyncEnchantedLink(self._flows, self._runner)
        self.password = AsyncPassword(self._flows, self._runner)
        self.totp = AsyncTOTP(self._flows, self._runner)
        self.sso = AsyncSSO(self._flows, self._runner)
        self.saml = AsyncSAML(self._flows, self._runner)
        self.recovery_codes = AsyncRecoveryCodes(self._flows, self._runner)
        self.webauthn = AsyncWebAuthn(self._flows, self._runner)
        self.oauth = AsyncOAuth(self._flows, self._runner)
        self.devices = AsyncDevices(self._flows, self._runner)
        self.consents = AsyncConsents(self._flows, self._runner)
        self._mgmt: AsyncMgmt | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(project_id={self._flows.config.project_id!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections. A client can be used again: it opens new ones."""
        if self._owns_transport:
            await self._runner.close()

    aclose = close  # only asynchronous: the official SDK's name

    @property
    def mgmt(self) -> "AsyncMgmt":
        """Return the management calls.

        Raises:
            AuthException: The client has no management key (status 400).
        """
        if not self._flows.config.management_key:
            raise refused("Management needs a key: pass management_key or set AVOW_MANAGEMENT_KEY.")
        if self._mgmt is None:
            from avow.sdk._async.mgmt import AsyncMgmt  # as much as all the rest, and most programs do not manage

            self._mgmt = AsyncMgmt(self._flows, self._runner)
        return self._mgmt

    def get_last_response(self) -> Response | None:
        """Return the last response in this thread or task; None unless the client was made with `verbose=True`."""
        return self._runner.last_response()

    # Sessions

    async def validate_session(self, session_token: str, audience: Audience = None) -> SessionClaims:
        """Verify a session token, without a request but for keys now and then.

        Args:
            session_token: As it came with a request.
            audience: The token must name one of these; when None, a token for somebody else is refused all the same.

        Returns:
            The claims, in dicts that are yours to change.

        Raises:
            TokenExpired: The token was right, but its time is over: refresh.
            InvalidToken: It is not a session token of this project.
            KeysUnavailable: The keys could not be fetched, so nobody can tell.
        """
        held = self._flows.validate_at_once(session_token, audience)
        if held is not None:
            return held.claims(session_token)
        return await self._run(self._flows.validate(session_token, audience))

    def validate_at_once(self, session_token: str, audience: Audience = None) -> HeldToken | None:
        """Verify a session token with the keys at hand, and read its claims only when they are asked for.

        What web frameworks call for each request; nothing is sent.

        Args:
            session_token: As it came with a request.
            audience: As for `validate_session`.

        Returns:
            The token; None when keys are to be fetched first, as `validate_session` does.

        Raises:
            TokenExpired: The token was right, but its time is over: refresh.
            InvalidToken: It is not a session token of this project.
        """
        return self._flows.validate_at_once(session_token, audience)

    async def refresh_session(self, refresh_token: str, audience: Audience = None) -> JWTResponse:
        """Exchange a refresh token for a new session token.

        Args:
            refresh_token: The newest refresh token of the session.
            audience: The tokens must name one of these.

        Returns:
            The session. Keep its `refreshSessionToken`: the one that was presented may be replaced by it.

        Raises:
            SessionEnded: The session is over: sign in again.
            InvalidToken: It is not a refresh token of this project.
            AuthException: Any other refusal.
        """
        return await self._run(self._flows.refresh(refresh_token, audience))

    async def validate_and_refresh_session(
        self, session_token: str, refresh_token: str, audience: Audience = None
    ) -> SessionClaims | JWTResponse:
        """Verify a session token, and refresh the session when it does not hold.

        Args:
            session_token: As it came with a request.
            refresh_token: The newest refresh token of the session.
            audience: The tokens must name one of these.

        Returns:
            The claims of the session token, or a new session (then it has `refreshSessionToken`) whose tokens go back
            to the browser.

        Raises:
            AuthException: Neither token holds.
        """
        return await self._run(self._flows.validate_and_refresh(session_token, refresh_token, audience))

    async def logout(self, refresh_token: str) -> None:
        """End the session of a refresh token. Session tokens made before hold until they expire.

        Raises:
            AuthException: The token is not one of a live session.
        """
        await self._run(self._flows.logout(refresh_token))

    async def logout_all(self, refresh_token: str) -> None:
        """End all sessions of the user on all devices.

        Raises:
            AuthException: The token is not one of a live session.
        """
        await self._run(self._flows.logout_all(refresh_token))

    async def me(self, refresh_token: str) -> UserResponse:
        """Return the user of a session.

        Raises:
            AuthException: The token is not one of a live session.
        """
        return await self._run(self._flows.deliver(sessions.me(refresh_token)))

    async def history(self, refresh_token: str) -> list[LoginRecord]:
        """Return the past sign-ins of the user.

        Raises:
            AuthException: The token is not one of a live session.
        """
        return await self._run(self._flows.deliver(sessions.history(refresh_token)))

    async def my_tenants(self, refresh_token: str, dct: bool = False, ids: Sequence[str] | None = None) -> Tenants:
        """Return tenants of the user: the selected one, or those named.

        Args:
            refresh_token: Refresh token of the session.
            dct: The tenant that is selected in the session.
            ids: These tenants; either this or `dct`.

        Raises:
            AuthException: The call was refused.
        """
        return await self._run(self._flows.deliver(sessions.my_tenants(refresh_token, dct=dct, ids=ids)))

    async def select_tenant(self, tenant_id: str, refresh_token: str) -> JWTResponse:
        """Make the session act in a tenant of the user.

        Args:
            tenant_id: The tenant; the tokens that come name it as `dct`.
            refresh_token: Refresh token of the session.

        Raises:
            AuthException: The user is not in the tenant, or any other refusal.
        """
        return await self._run(self._flows.sign_in(sessions.select_tenant(tenant_id, refresh_token)))

    def signing_up(self, refresh_token: str) -> AbstractContextManager[None]:
        """Let an anonymous user become somebody: `with client.signing_up(anonymous_token): client.otp.sign_up(...)`.

        Within it every sign-up of this client, in this thread or task and by any method, shows the session; whoever is
        created keeps the id of its user. A login ID that somebody has already leads to that user, as ever.

        Args:
            refresh_token: Of the anonymous session (`mgmt.jwt.anonymous`). It ends once somebody has signed up.

        Raises:
            InvalidToken: It has characters that no token has.
        """
        return signing_up(self._flows.config, refresh_token)

    def calling_for(self, address: str) -> AbstractContextManager[None]:
        """Call for somebody at an address: `with client.calling_for(address): client.password.sign_in(...)`.

        Within it every call of this client but those of management, in this thread or task, names the address. The
        server believes it of a client with `auth_management_key`, or one that is among its trusted proxies; limits per
        address and the history of sign-ins are then that person's, not your application's.

        Args:
            address: IP address of the person, as your application sees it.

        Raises:
            InvalidArgument: It is none.
        """
        return calling_for(self._flows.config, address)

    # Machines

    async def exchange_access_key(
        self,
        access_key: str,
        audience: Audience = None,
        login_options: AccessKeyLoginOptions | None = None,
    ) -> KeySession:
        """Exchange an access key for a session token, which other services validate as any other.

        Args:
            access_key: The secret, as it was shown when the key was made.
            audience: The token must name one of these.
            login_options: Custom claims for the token, and a tenant to act in.

        Returns:
            The token under `sessionToken`, and `keyId`. There is nothing to refresh: exchange the key again.

        Raises:
            InvalidAccessKey: The key does not count: unknown, replaced, inactive, ended, or not from here.
            AuthException: Any other refusal.
        """
        return await self._run(self._flows.exchange(accesskeys.exchange(access_key, login_options), audience))

    async def allow_impersonation(self, refresh_token: str, seconds: int) -> None:
        """Note that the user agrees to be impersonated, for `mgmt.jwt.impersonate(..., validate_consent=True)`.

        Args:
            refresh_token: Refresh token of the user's own session.
            seconds: For how long from now on, at most 30 days; 0 takes it back.

        Raises:
            AuthException: The token is not one of a live session, or somebody else acts in the user's name.
        """
        await self._run(self._flows.deliver(sessions.allow_impersonation(refresh_token, seconds)))

    # Roles and permissions of a validated session; nothing is sent. Of an empty list every name is held; arguments of
    # a wrong type raise InvalidArgument.

    def validate_permissions(self, jwt_response: Mapping[str, object] | None, permissions: Collection[str]) -> bool:
        """Say whether the session has every one of these permissions in the project."""
        return rbac.validate_permissions(jwt_response, permissions)

    def get_matched_permissions(
        self, jwt_response: Mapping[str, object] | None, permissions: Collection[str]
    ) -> list[str]:
        """Return those of these permissions that the session has in the project."""
        return rbac.get_matched_permissions(jwt_response, permissions)

    def validate_tenant_permissions(
        self, jwt_response: Mapping[str, object] | None, tenant: str, permissions: Collection[str]
    ) -> bool:
        """Say whether the session has every one of these permissions in a tenant."""
        return rbac.validate_tenant_permissions(jwt_response, tenant, permissions)

    def get_matched_tenant_permissions(
        self, jwt_response: Mapping[str, object] | None, tenant: str, permissions: Collection[str]
    ) -> list[str]:
        """Return those of these permissions that the session has in a tenant."""
        return rbac.get_matched_tenant_permissions(jwt_response, tenant, permissions)

    def validate_roles(self, jwt_response: Mapping[str, object] | None, roles: Collection[str]) -> bool:
        """Say whether the session has every one of these roles in the project."""
        return rbac.validate_roles(jwt_response, roles)

    def get_matched_roles(self, jwt_response: Mapping[str, object] | None, roles: Collection[str]) -> list[str]:
        """Return those of these roles that the session has in the project."""
        return rbac.get_matched_roles(jwt_response, roles)

    def validate_tenant_roles(
        self, jwt_response: Mapping[str, object] | None, tenant: str, roles: Collection[str]
    ) -> bool:
        """Say whether the session has every one of these roles in a tenant."""
        return rbac.validate_tenant_roles(jwt_response, tenant, roles)

    def get_matched_tenant_roles(
        self, jwt_response: Mapping[str, object] | None, tenant: str, roles: Collection[str]
    ) -> list[str]:
        """Return those of these roles that the session has in a tenant."""
        return rbac.get_matched_tenant_roles(jwt_response, tenant, roles)
