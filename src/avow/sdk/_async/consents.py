"""What users have allowed applications, as the caller sees it."""

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.answers import OwnConsents
from avow.sdk.calls import consents
from avow.sdk.flow import Flows

__all__ = ["AsyncConsents"]


class AsyncConsents:
    """What the user of a session has allowed applications; `client.consents`."""

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def mine(self, refresh_token: str) -> OwnConsents:
        """Return what a session's user has allowed applications, `{"consents": [...]}`, the oldest first.

        Raises:
            AuthException: The token is not one of a live session.
        """
        return await self._run(self._flows.deliver(consents.mine(refresh_token)))

    async def revoke(self, refresh_token: str, consent_id: str) -> None:
        """Take back what a session's user has allowed an application; its tokens end at once.

        Args:
            refresh_token: Refresh token of the session.
            consent_id: As `mine` has it.

        Raises:
            NotFound: The user has no such consent.
            AuthException: The token is not one of a live session.
        """
        await self._run(self._flows.deliver(consents.revoke(refresh_token, consent_id)))
