"""Authenticator apps, as the caller sees them."""

from collections.abc import Mapping

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.answers import JWTResponse, TOTPResponse
from avow.sdk.calls import totp
from avow.sdk.flow import Audience, Flows
from avow.sdk.options import DeliveryMethod, LoginOptions

__all__ = ["AsyncTOTP"]


class AsyncTOTP:
    """Sign users up and in with the codes of an authenticator app; `client.totp`."""

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def sign_up(
        self, login_id: str, user: Mapping[str, object] | None = None, *, method: DeliveryMethod | None = None
    ) -> TOTPResponse:
        """Make a seed for a new user; `sign_in_code` creates them with the first code of their app, within an hour.

        Show one of the three forms and keep none: the answer is the only one that has the seed.

        Args:
            login_id: What the user will sign in with.
            user: What is known about them; as in `otp.sign_up`. No address is proven by it.
            method: Of older versions of the official SDK; nothing is sent.

        Returns:
            `provisioningURL` (a link for the phone), `image` (QR image: PNG in base64), `key` (for typing).

        Raises:
            UserExists: The login ID is taken (unless the project hides that).
            AuthException: Any other refusal.
            RateLimitException: Too many requests.
        """
        return await self._run(self._flows.deliver(totp.sign_up(login_id, user)))

    async def sign_in_code(
        self,
        login_id: str,
        code: str,
        login_options: LoginOptions | None = None,
        refresh_token: str | None = None,
        audience: Audience = None,
    ) -> JWTResponse:
        """Take a code of the user's app, and open a session; the first code of a new seed makes it count.

        Args:
            login_id: What the user signs in with.
            code: Six digits, as text.
            login_options: Options of the session to come.
            refresh_token: Refresh token of the live session, for step-up and MFA.
            audience: The tokens must name one of these.

        Returns:
            The session: verified tokens, the user, and whether they are new.

        Raises:
            InvalidCode: The code is wrong, was used before, or is older than one that was.
            AuthException: Any other refusal.
            RateLimitException: There were too many wrong codes.
        """
        call = totp.sign_in_code(login_id, code, login_options, refresh_token)
        return await self._run(self._flows.sign_in(call, audience))

    async def update_user(self, login_id: str, refresh_token: str) -> TOTPResponse:
        """Make a seed for the signed-in user, who adds an app or replaces the one they have.

        It counts once `sign_in_code` takes its first code, within an hour; the app before goes on until then.

        Args:
            login_id: A login ID of the user.
            refresh_token: Refresh token of the user's session.

        Returns:
            As `sign_up`.

        Raises:
            FreshProofNeeded: The sign-in is too long ago; step up, or sign in again.
            SecondFactorNeeded: The user has an app or a passkey, and did not show it in this session.
            AuthException: Any other refusal.
        """
        return await self._run(self._flows.deliver(totp.update_user(login_id, refresh_token)))

    async def remove(self, refresh_token: str) -> None:
        """Take the app away from the signed-in user.

        Args:
            refresh_token: Refresh token of the user's session, in which the app was shown a short while ago.

        Raises:
            NotFound: They have no app.
            FreshProofNeeded, SecondFactorNeeded: As `update_user`.
            AuthException: Any other refusal.
        """
        await self._run(self._flows.deliver(totp.remove(refresh_token)))
