"""Sign-in through SSO, as the caller sees it."""

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.answers import JWTResponse
from avow.sdk.calls import sso as calls
from avow.sdk.calls.sso import SSOStart
from avow.sdk.flow import Audience, Flows
from avow.sdk.options import LoginOptions

__all__ = ["AsyncSAML", "AsyncSSO"]


class AsyncSSO:
    """Sign people in at the identity provider of their tenant, over SAML or OpenID Connect; `client.sso`."""

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def start(
        self,
        tenant: str,
        return_url: str | None = None,
        login_options: LoginOptions | None = None,
        refresh_token: str | None = None,
        prompt: str | None = None,
        sso_id: str | None = None,
        login_hint: str | None = None,
        force_authn: bool | None = None,
    ) -> SSOStart:
        """Begin a sign-in; send the browser to `url` of the answer.

        It comes back to your page with `code`, which `exchange_token` takes, or with `err`, the code of an error.

        Args:
            tenant: Id of a tenant; or an e-mail address or domain, of which the tenant is found that signs in with it.
            return_url: Your page, approved for the project; absent: the one of the tenant's SSO settings.
            login_options: Options of the session to come. With `stepup` or `mfa` the person proves who they are anew.
            refresh_token: Refresh token of the live session, for step-up and MFA.
            prompt: As OpenID has it: `login`, `consent`, `select_account`, `none`.
            sso_id: Which of several SSO configurations of the tenant.
            login_hint: Whom the identity provider shall expect.
            force_authn: The person signs in anew at the identity provider, whatever session there is.

        Returns:
            `{"url": ...}`, good for ten minutes and for the first browser that opens it.

        Raises:
            AuthException: No tenant signs in by this id, address or domain (unless the project hides that), the page
                is not approved, or any other refusal.
            RateLimitException: Too many requests.
        """
        return await self._run(
            self._flows.deliver(
                calls.start(
                    tenant,
                    return_url,
                    login_options,
                    refresh_token,
                    prompt=prompt,
                    sso_id=sso_id,
                    login_hint=login_hint,
                    force_authn=force_authn,
                )
            )
        )

    async def exchange_token(self, code: str, audience: Audience = None) -> JWTResponse:
        """Exchange the code that your page was given for a session.

        Args:
            code: As it came; it works once, for two minutes.
            audience: The tokens must name one of these.

        Returns:
            The session: verified tokens, the user, and whether they are new; beside them `idpResponse`, what the
            identity provider said, and `tenantSSOID`, the SSO configuration that was used.

        Raises:
            InvalidCode: The code is wrong, used, or of a configuration that is off.
            CodeExpired: It came too late.
            SsoOnly: Another tenant of the person signs its members in by its own SSO only.
            AuthException: Any other refusal.
            RateLimitException: Too many requests.
        """
        return await self._run(self._flows.sign_in(calls.exchange_token(code), audience))


class AsyncSAML:
    """The older names of `client.sso`, for SAML and OpenID Connect alike; `client.saml`."""

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def start(
        self,
        tenant: str,
        return_url: str | None = None,
        login_options: LoginOptions | None = None,
        refresh_token: str | None = None,
    ) -> SSOStart:
        """Begin a sign-in as `client.sso.start` does.

        Args:
            tenant: Id of a tenant; or an e-mail address or domain, of which the tenant is found that signs in with it.
            return_url: Your page, approved for the project.
            login_options: Options of the session to come.
            refresh_token: Refresh token of the live session, for step-up and MFA.

        Returns:
            `{"url": ...}`, where to send the browser.

        Raises:
            AuthException: The call was refused.
            RateLimitException: Too many requests.
        """
        return await self._run(
            self._flows.deliver(calls.start_by_older_name(tenant, return_url, login_options, refresh_token))
        )

    async def exchange_token(self, code: str, audience: Audience = None) -> JWTResponse:
        """Exchange the code that your page was given for a session, as `client.sso.exchange_token` does.

        Args:
            code: As it came; it works once, for two minutes.
            audience: The tokens must name one of these.

        Returns:
            The session: verified tokens, the user, and whether they are new.

        Raises:
            AuthException: The call was refused.
            RateLimitException: Too many requests.
        """
        return await self._run(self._flows.sign_in(calls.exchange_token_by_older_name(code), audience))
