"""Passwords, as the caller sees them."""

from collections.abc import Mapping

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.answers import JWTResponse
from avow.sdk.calls import password as calls
from avow.sdk.calls.password import PasswordPolicy, PasswordReset
from avow.sdk.flow import Audience, Flows
from avow.sdk.options import LoginOptions

__all__ = ["AsyncPassword"]


class AsyncPassword:
    """Sign users up and in with a password; `client.password`."""

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def sign_up(
        self, login_id: str, password: str, user: Mapping[str, object] | None = None, audience: Audience = None
    ) -> JWTResponse:
        """Create a user with a password, and open their first session.

        The address is not proven by it. Let its owner prove it in this session, by `otp.update_user_email` or
        `magiclink.update_user_email` to the very same address: whoever proves it by a sign-in takes the account over,
        and this password ends.

        Args:
            login_id: What the user will sign in with.
            password: What `get_policy` asks for, at most 256 characters.
            user: What is known about them: `name`, `givenName`, `middleName`, `familyName`, `email`, `phone`.
            audience: The tokens must name one of these.

        Returns:
            The session: verified tokens, the user, and that they are new.

        Raises:
            UserExists: The login ID is taken.
            InvalidArgument: The password is not good enough; the text says why.
            AuthException: Any other refusal.
        """
        return await self._run(self._flows.sign_in(calls.sign_up(login_id, password, user), audience))

    async def sign_in(
        self,
        login_id: str,
        password: str,
        audience: Audience = None,
        *,
        login_options: LoginOptions | None = None,
        refresh_token: str | None = None,
    ) -> JWTResponse:
        """Exchange a password for a session.

        Args:
            login_id: What the user signs in with.
            password: As it was typed.
            audience: The tokens must name one of these.
            login_options: Options of the session to come.
            refresh_token: Refresh token of the live session, for step-up and MFA; one of an earlier session of the
                user also shows that their device is known, where others have locked the password.

        Returns:
            The session: verified tokens, the user, and whether they are new.

        Raises:
            InvalidPassword: It is wrong, or there is no such user.
            PasswordExpired: It was given for a while or has expired: `replace` it.
            SecondFactorNeeded: One more factor is to be shown.
            AuthException: Any other refusal.
            RateLimitException: There were too many wrong ones.
        """
        call = calls.sign_in(login_id, password, login_options, refresh_token)
        return await self._run(self._flows.sign_in(call, audience))

    async def send_reset(
        self, login_id: str, redirect_url: str | None = None, template_options: Mapping[str, object] | None = None
    ) -> PasswordReset:
        """Send a link to a user who has forgotten their password.

        `magiclink.verify` takes its token; then let them choose a password and hand it to `update` with the refresh
        token of that session.

        Args:
            login_id: What the user signs in with.
            redirect_url: Page of yours that takes the token; without one that of the project.
            template_options: Values for the message template.

        Returns:
            `resetMethod` and `maskedEmail` (or `maskedPhone`), the same whether there is such a user or not.

        Raises:
            AuthException: The call was refused.
            RateLimitException: Too many links were asked for.
        """
        call = calls.send_reset(login_id, redirect_url, template_options)
        return await self._run(self._flows.deliver(call))

    async def update(self, login_id: str, new_password: str, refresh_token: str) -> None:
        """Give the signed-in user another password, or their first; their other sessions end.

        Args:
            login_id: A login ID of the user.
            new_password: What `get_policy` asks for, at most 256 characters.
            refresh_token: Refresh token of the user's session.

        Raises:
            InvalidArgument: The password is not good enough; the text says why.
            FreshProofNeeded: The sign-in is too long ago; step up, or sign in again.
            SecondFactorNeeded: The user has an app or a passkey, and did not show it in this session.
            AuthException: Any other refusal.
        """
        await self._run(self._flows.deliver(calls.update(login_id, new_password, refresh_token)))

    async def replace(
        self, login_id: str, old_password: str, new_password: str, audience: Audience = None
    ) -> JWTResponse:
        """Replace a password, which may be temporary or expired, and open a session; those of before end.

        Args:
            login_id: What the user signs in with.
            old_password: The present one.
            new_password: Another one, as `get_policy` asks for.
            audience: The tokens must name one of these.

        Returns:
            The session: verified tokens and the user.

        Raises:
            InvalidPassword: The old one is wrong, or there is no such user.
            InvalidArgument: The new one is not good enough; the text says why.
            SecondFactorNeeded: One more factor is to be shown; nothing was replaced.
            AuthException: Any other refusal.
            RateLimitException: There were too many wrong ones.
        """
        return await self._run(self._flows.sign_in(calls.replace(login_id, old_password, new_password), audience))

    async def get_policy(self) -> PasswordPolicy:
        """Return what a new password has to be at least, for telling people while they type.

        Returns:
            `minLength`, and whether it has to have a `lowercase` letter, an `uppercase` one, a `number`, and something
            `nonAlphanumeric`.
        """
        return await self._run(self._flows.deliver(calls.get_policy()))
