"""Batches of users in which each stands for itself."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from avow.errors import AuthException
from avow.server.serving import Steps, write
from avow.server.store import Tx
from avow.wire.accounts import BatchAccount, FailedUser, PatchUser
from avow.wire.users import UserResponse

__all__ = ["each_for_itself", "failed_user"]

Wanted = TypeVar("Wanted", bound=BatchAccount | PatchUser)
_Done = tuple[UserResponse, ...]


def each_for_itself(
    unit: Callable[[Tx, Sequence[Wanted]], _Done], wanted: Sequence[Wanted]
) -> Steps[tuple[_Done, tuple[FailedUser, ...]]]:
    """Write users in one unit; when one of them is refused, each in a unit of its own.

    Returns:
        The users that were written, and those that were refused with the reason.

    Raises:
        AuthException: The server cannot write now; some users may have been written.
    """
    try:
        return (yield from write(unit, wanted)), ()
    except AuthException as refusal:
        if not _is_of_the_user(refusal):
            raise
    done: list[UserResponse] = []
    failed: list[FailedUser] = []
    for each in wanted:
        try:
            done += yield from write(unit, [each])
        except AuthException as refusal:
            if not _is_of_the_user(refusal):
                raise
            failed.append(failed_user(each, refusal))
    return tuple(done), tuple(failed)


def _is_of_the_user(refusal: AuthException) -> bool:
    status = refusal.status_code or 0
    return 400 <= status < 500 or status == 501


def failed_user(wanted: BatchAccount | PatchUser, refusal: AuthException) -> FailedUser:
    """Return a user of a batch who was refused, and why."""
    user = UserResponse(
        login_ids=(wanted.login_id,),
        user_id="",
        name=wanted.display_name or "",
        email=wanted.email or "",
        phone=wanted.phone or "",
    )
    return FailedUser(failure=refusal.error_message or "", user=user)
