"""Wrong passwords: counted before they are looked at, for the account and for where they come from.

Each account has a count, and so has each login ID of nobody: both are locked alike. Whoever shows that they were signed
in as its user before is counted apart, so that whoever locks the account from elsewhere does not lock its user out:
each trusted device has a count of its own. All sessions have one together, and so have all sign-ins that wait for a
second factor, however many of them somebody with one factor begins.

What a tenant asks for beyond its project is counted in the quiet: an answer by it would tell who is a member there.
"""

from typing import Final

from avow.core.addresses import LoginId
from avow.core.networks import subscriber
from avow.core.passwords.lockout import lock_seconds
from avow.errors import RateLimitException
from avow.server.passwords import rows
from avow.server.passwords.rows import CounterRow
from avow.server.serving import Client, Project
from avow.server.store import Tx

__all__ = [
    "SESSIONS",
    "WAITING",
    "bucket_of",
    "bucket_of_nobody",
    "check_client",
    "clear",
    "clear_all",
    "count_client",
    "give_back",
    "quiet",
    "spend",
    "spend_quietly",
]

SESSIONS: Final = "sessions"
WAITING: Final = "waiting"

_REMEMBERED_SECONDS: Final = 86_400
# Nodes differ by less: what another node has just counted is not taken for a lock.
_BEYOND_SECONDS: Final = _REMEMBERED_SECONDS + 60
_CLIENT_SECONDS: Final = 600


def bucket_of(user_id: str, device: str = "") -> str:
    """Return where wrong passwords of a user are counted.

    Args:
        user_id: Whose password is tried.
        device: The id of a trusted device of theirs, `SESSIONS` for whoever shows a session, `WAITING` for one that
            waited for a second factor; "" for whoever shows nothing.
    """
    return f"password:{user_id}:{device}" if device else f"password:{user_id}"


def bucket_of_nobody(identity: LoginId) -> str:
    """Return where those are counted for a login ID that nobody has."""
    return f"password:new:{identity.canonical}"


def quiet(bucket: str) -> str:
    """Return where wrong passwords of a bucket are counted besides, for a lock that no answer tells of."""
    return f"quiet-{bucket}"


def spend(tx: Tx, bucket: str, series: int) -> int:
    """Count a password as wrong before it is looked at; return how many there were in a row, this one included.

    The last of a series locks the bucket, and the right one that comes to be it opens it again.

    Raises:
        RateLimitException: The bucket is locked; nothing is counted.
    """
    failures = _spent(tx, bucket, series)
    if failures is None:
        locked = tx.one(rows.COUNTED, CounterRow, bucket=bucket)
        raise _wait(locked.ends_at - _BEYOND_SECONDS - tx.now if locked else 1)
    return failures


def spend_quietly(tx: Tx, bucket: str, series: int) -> bool:
    """Count a password as wrong in a bucket of `quiet`; False when that is locked: no password is looked at then."""
    return _spent(tx, quiet(bucket), series) is not None


def give_back(tx: Tx, bucket: str) -> None:
    """Take back what was counted of a password that nobody came to look at."""
    tx.run(rows.GIVE_BACK, bucket=bucket, ends_at=tx.now + _REMEMBERED_SECONDS)


def clear(tx: Tx, bucket: str) -> None:
    """Forget the wrong passwords of a bucket: the right one came."""
    tx.run(rows.CLEAR, bucket=bucket, quiet=quiet(bucket))


def clear_all(tx: Tx, user_id: str) -> None:
    """Forget the wrong passwords of a user, but those of trusted devices: there is another one now."""
    sessions, waiting = bucket_of(user_id, SESSIONS), bucket_of(user_id, WAITING)
    own = bucket_of(user_id)
    tx.run(rows.CLEAR_ALL, bucket=own, quiet=quiet(own), sessions=sessions, waiting=waiting)


def check_client(tx: Tx, project: Project, client: Client) -> None:
    """Refuse an address from which too many wrong passwords came, of whomever: one password tried on many users.

    Raises:
        RateLimitException: With the seconds until its window ends.
    """
    counted = tx.one(rows.COUNTED, CounterRow, bucket=_bucket_of_client(client))
    if counted is not None and counted.value >= project.settings.password_failures_per_client:
        raise _wait(counted.ends_at - tx.now)


def count_client(tx: Tx, client: Client) -> None:
    """Count a wrong password for the address that it came from."""
    tx.run(rows.COUNT, bucket=_bucket_of_client(client), ends_at=tx.now + _CLIENT_SECONDS)


def _spent(tx: Tx, bucket: str, series: int) -> int | None:
    """Count one, and lock the bucket by the last of a series; None when it is locked already."""
    remembered = tx.now + _REMEMBERED_SECONDS
    spent = tx.one(rows.SPEND, CounterRow, bucket=bucket, ends_at=remembered, locked_beyond=tx.now + _BEYOND_SECONDS)
    if spent is None:
        return None
    if seconds := lock_seconds(spent.value, series):
        tx.run(rows.LOCK, bucket=bucket, ends_at=tx.now + _BEYOND_SECONDS + seconds)
    return spent.value


def _bucket_of_client(client: Client) -> str:
    return f"password:at:{subscriber(client.address)}"


def _wait(seconds: int) -> RateLimitException:
    return RateLimitException(
        error_message="There were too many wrong passwords; wait as long as Retry-After says, or sign in another way.",
        retry_after_seconds=max(1, seconds),
    )
