"""Passwords of users, as management sets and ends them; part of `client.mgmt.user`."""

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.calls.mgmt import password as calls
from avow.sdk.flow import Flows

__all__ = ["AsyncUserPasswords"]


class AsyncUserPasswords:
    """The calls of `AsyncUser` that are about passwords."""

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def set_temporary_password(self, login_id: str, password: str) -> None:
        """Give a user a password that only lets them replace it; every session of theirs ends.

        Args:
            login_id: Whose.
            password: What the password settings ask for, at most 256 characters.

        Raises:
            UserMissing: There is no such user.
            InvalidArgument: The password is too weak, or one that they had.
        """
        await self._run(self._flows.deliver(calls.set_temporary(login_id, password)))

    async def set_active_password(self, login_id: str, password: str) -> None:
        """Give a user another password; every session of theirs ends. Arguments and errors as above."""
        await self._run(self._flows.deliver(calls.set_active(login_id, password)))

    async def set_password(self, login_id: str, password: str) -> None:
        """Do as `set_temporary_password`, which is the name to use."""
        await self._run(self._flows.deliver(calls.set_password(login_id, password)))

    async def expire_password(self, login_id: str) -> None:
        """Let a user's password do no more than replace it; their sessions go on.

        Raises:
            UserMissing: There is no such user.
            InvalidArgument: They have no password.
        """
        await self._run(self._flows.deliver(calls.expire(login_id)))
