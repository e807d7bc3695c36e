"""Social sign-in, as the caller sees it."""

from collections.abc import Iterable, Mapping

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.answers import JWTResponse
from avow.sdk.calls import oauth
from avow.sdk.calls.oauth import SignInURL, Wishes
from avow.sdk.flow import Audience, Flows
from avow.sdk.options import LoginOptions

__all__ = ["AsyncOAuth"]


class AsyncOAuth:
    """Sign users up and in with Google, GitHub and other providers; `client.oauth`."""

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def start(
        self,
        provider: str,
        return_url: str = "",
        login_options: LoginOptions | None = None,
        refresh_token: str | None = None,
        *,
        prompt: str | None = None,
        login_hint: str | None = None,
        scopes: Iterable[str] | None = None,
        parameters: Mapping[str, str] | None = None,
        popup: bool = False,
    ) -> SignInURL:
        """Begin a sign-in with a provider; whom nobody knows yet is signed up.

        Send the browser to the address in the answer. It comes back to `return_url` with `code`, which
        `exchange_token` takes, or with `err` and the code of an error.

        Args:
            provider: Name of a provider of the project, such as `google`.
            return_url: Page of your application, one of the approved redirects; else the project's default.
            login_options: Options of the session to come.
            refresh_token: Refresh token of the live session, for step-up and MFA.
            prompt: What the provider shall ask: `login`, `consent`, `select_account`, `none`.
            login_hint: Whom the provider shall expect.
            scopes: In the place of the provider's usual ones.
            parameters: Further ones of the request to the provider.
            popup: The browser is a popup: the page that opened it gets `{"type": "avow", "code": ...}` as a message
                (`window.addEventListener("message", ...)`), from the origin of the Avow server.

        Returns:
            `{"url": ...}`, good for ten minutes and for the first browser that opens it.

        Raises:
            InvalidArgument: There is no such provider, or the page is not approved.
            MethodNotEnabled: The project has social sign-in switched off.
            AuthException: Any other refusal.
            RateLimitException: Too many requests.
        """
        wishes = _wishes(prompt, login_hint, scopes, parameters, popup)
        call = oauth.start(provider, return_url, login_options, refresh_token, wishes)
        return await self._run(self._flows.deliver(call))

    async def sign_in(
        self,
        provider: str,
        return_url: str = "",
        login_options: LoginOptions | None = None,
        refresh_token: str | None = None,
        *,
        prompt: str | None = None,
        login_hint: str | None = None,
        scopes: Iterable[str] | None = None,
        parameters: Mapping[str, str] | None = None,
        popup: bool = False,
    ) -> SignInURL:
        """Begin a sign-in with a provider, as `start`; whom nobody knows comes back with `err`."""
        wishes = _wishes(prompt, login_hint, scopes, parameters, popup)
        call = oauth.sign_in(provider, return_url, login_options, refresh_token, wishes)
        return await self._run(self._flows.deliver(call))

    async def sign_up(
        self,
        provider: str,
        return_url: str = "",
        login_options: LoginOptions | None = None,
        *,
        prompt: str | None = None,
        login_hint: str | None = None,
        scopes: Iterable[str] | None = None,
        parameters: Mapping[str, str] | None = None,
        popup: bool = False,
    ) -> SignInURL:
        """Begin a sign-up with a provider, as `start`; whom somebody knows already comes back with `err`."""
        wishes = _wishes(prompt, login_hint, scopes, parameters, popup)
        return await self._run(self._flows.deliver(oauth.sign_up(provider, return_url, login_options, wishes)))

    async def update_user(
        self,
        provider: str,
        refresh_token: str,
        return_url: str = "",
        login_options: LoginOptions | None = None,
        *,
        prompt: str | None = None,
        login_hint: str | None = None,
        scopes: Iterable[str] | None = None,
        parameters: Mapping[str, str] | None = None,
        popup: bool = False,
    ) -> SignInURL:
        """Begin to connect a provider to the signed-in user, who is asked in the browser first.

        Args:
            provider: Name of a provider of the project.
            refresh_token: Refresh token of the user's session.
            return_url: As in `start`.
            login_options: Options of the session that the code opens.
            prompt: As in `start`.
            login_hint: As in `start`.
            scopes: As in `start`.
            parameters: As in `start`.
            popup: As in `start`.

        Raises:
            FreshProofNeeded: The sign-in is too long ago; step up, or sign in again.
            AuthException: Any other refusal.
        """
        wishes = _wishes(prompt, login_hint, scopes, parameters, popup)
        call = oauth.update_user(provider, refresh_token, return_url, login_options, wishes)
        return await self._run(self._flows.deliver(call))

    async def exchange_token(self, code: str, audience: Audience = None) -> JWTResponse:
        """Take the code that came to your page, and open the session.

        Args:
            code: Value of `code`; two minutes, one use.
            audience: The tokens must name one of these.

        Returns:
            The session: verified tokens, the user, and whether they are new.

        Raises:
            InvalidCode: The code is none, was used, or is of another method.
            CodeExpired: It came too late.
            AuthException: Any other refusal.
        """
        return await self._run(self._flows.sign_in(oauth.exchange_token(code), audience))


def _wishes(
    prompt: str | None,
    login_hint: str | None,
    scopes: Iterable[str] | None,
    parameters: Mapping[str, str] | None,
    popup: bool,
) -> Wishes:
    return Wishes(prompt=prompt, login_hint=login_hint, scopes=scopes, parameters=parameters or {}, is_popup=popup)
