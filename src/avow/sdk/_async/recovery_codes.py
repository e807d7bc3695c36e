"""Recovery codes, as the caller sees them."""

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.answers import JWTResponse, NewRecoveryCodes, RecoveryCodesLeft
from avow.sdk.calls import recovery_codes
from avow.sdk.flow import Audience, Flows
from avow.sdk.options import LoginOptions

__all__ = ["AsyncRecoveryCodes"]


class AsyncRecoveryCodes:
    """Codes that users put aside for the day on which the phone is lost; `client.recovery_codes`."""

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def generate(self, refresh_token: str) -> NewRecoveryCodes:
        """Make ten codes for the signed-in user; those before are void. The answer is the only one that has them.

        Args:
            refresh_token: Refresh token of the user's session.

        Returns:
            `codes`, such as `7K3M-QX0D-9ZTA`.

        Raises:
            FreshProofNeeded: The sign-in is too long ago; step up, or sign in again.
            SecondFactorNeeded: The user has an app or a passkey, and did not show it in this session.
            AuthException: Any other refusal.
        """
        return await self._run(self._flows.deliver(recovery_codes.generate(refresh_token)))

    async def sign_in(
        self,
        login_id: str,
        code: str,
        login_options: LoginOptions | None = None,
        refresh_token: str | None = None,
        audience: Audience = None,
    ) -> JWTResponse:
        """Take a code, which is used by that, and open a session.

        Args:
            login_id: What the user signs in with.
            code: As it was written down; dashes, spaces and small letters do not matter.
            login_options: Options of the session to come; `mfa=True` makes it the second factor.
            refresh_token: Refresh token of the live session, for step-up and MFA.
            audience: The tokens must name one of these.

        Returns:
            The session: verified tokens, the user, and whether they are new.

        Raises:
            InvalidCode: The code is wrong or was used before.
            AuthException: Any other refusal.
            RateLimitException: There were too many wrong codes.
        """
        call = recovery_codes.sign_in(login_id, code, login_options, refresh_token)
        return await self._run(self._flows.sign_in(call, audience))

    async def left(self, refresh_token: str) -> RecoveryCodesLeft:
        """Return how many codes the signed-in user has left, and when they were made.

        Args:
            refresh_token: Refresh token of the user's session.

        Raises:
            AuthException: The token is not one of a live session.
        """
        return await self._run(self._flows.deliver(recovery_codes.left(refresh_token)))
