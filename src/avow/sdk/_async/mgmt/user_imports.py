"""Users brought from elsewhere; part of `client.mgmt.user`."""

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.calls.mgmt import userimports as calls
from avow.sdk.calls.mgmt.userimports import ImportedUsers
from avow.sdk.flow import Flows

__all__ = ["AsyncUserImports"]


class AsyncUserImports:
    """The calls of `AsyncUser` that are about imports."""

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def import_users(
        self, source: str, users: bytes | None = None, hashes: bytes | None = None, dryrun: bool = False
    ) -> ImportedUsers:
        """Import up to a thousand users that another system exported, with the hashes of their passwords.

        Each stands for themselves; nobody is updated, and nobody is sent anything. For more users, and to go on after
        an interruption, there is `avow user import`.

        Args:
            source: `avow` (lines of JSON), `csv`, `auth0`, `firebase`, `django` or `keycloak`.
            users: What that system exported.
            hashes: What it exported apart from it: the password hashes of Auth0, the hash parameters of Firebase.
            dryrun: Say what would happen, and write nothing.

        Returns:
            The users who were imported, and in `failures` those who were not, with the reason.

        Raises:
            InvalidArgument: The source is not known, or there are too many users.
            MissingArgument: There are no users.
        """
        return await self._run(self._flows.deliver(calls.import_users(source, users, hashes, dryrun=dryrun)))
