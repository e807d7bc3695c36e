"""Challenges: one-time secrets on their way back. Spent, judged and consumed in one unit; MACs only at rest.

The right code is taken by one conditional DELETE. Whatever else is tried is spent first, and then judged. Reading first
and writing later would let every racer win.
"""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from avow.core import ids, otp
from avow.errors import (
    CodeExpired,
    InvalidCode,
    InvalidLink,
    LinkExpired,
    RateLimitException,
    TooManyAttempts,
)
from avow.server.challenges import rows
from avow.server.serving import Project, Refusal
from avow.server.store import Tx, in_list

__all__ = [
    "Taken",
    "attempts_left",
    "check_guesses",
    "check_tries",
    "consume",
    "count_try",
    "drop",
    "drop_all",
    "drop_several",
    "forget",
    "is_live",
    "look",
    "peek",
    "put",
    "rebind",
    "spend",
    "take_code",
    "take_link",
]

_HOUR_SECONDS = 3600
_DAY_SECONDS = 86400
_HOURS_OF_A_DAY = 2  # so many times the budget of an hour is that of a day
_KEPT_SECONDS = 86400


@dataclass(frozen=True, slots=True)
class Taken:
    """A challenge that was answered rightly.

    Attributes:
        id: The challenge.
        subject: Whose it was.
        binding: What success does, JSON as its maker wrote it.
        purpose: Of a link: which of those it was.
    """

    id: str
    subject: str
    binding: str = field(repr=False)
    purpose: str = ""


def put(
    tx: Tx,
    *,
    purpose: str,
    subject: str,
    secret: str,
    binding: str,
    attempts: int,
    lifetime_seconds: int,
    challenge_id: str | None = None,
    spares_live: bool = False,
) -> str:
    """Store a new challenge in the place of any earlier one of this purpose and subject; return its id.

    Args:
        tx: The unit that also queues the message.
        purpose: One of `rows.PURPOSES`.
        subject: User id, or `new:` and the login ID of a sign-up.
        secret: The code or link secret; only its MAC is stored.
        binding: What success does, JSON for the slice that takes it.
        attempts: How often it may be tried.
        lifetime_seconds: How long it lives.
        challenge_id: An id chosen before, when the message names it.
        spares_live: Leave an earlier one that still takes an attempt, and store nothing: nobody is told this secret.
    """
    if purpose not in rows.PURPOSES:
        raise TypeError(f"{purpose} is none of the purposes by which challenges are found again")
    challenge_id = challenge_id or ids.random_id(ids.CHALLENGE)
    tx.run(
        rows.PUT_SPARING if spares_live else rows.PUT,
        id=challenge_id,
        purpose=purpose,
        subject=subject,
        mac=_mac(tx, purpose, subject, secret),
        binding=binding,
        attempts_left=attempts,
        expires_at=tx.now + lifetime_seconds,
    )
    return challenge_id


def take_code(
    tx: Tx, project: Project, *, purpose: str, subject: str, code: str, sent_to: Callable[[str], str]
) -> Taken | Refusal:
    """Take a typed code: one attempt is spent whatever it is, the right one is consumed.

    Args:
        tx: The unit.
        project: Whose settings count.
        purpose: As it was stored.
        subject: As it was stored.
        code: What was typed.
        sent_to: Returns the address that the code of a binding went to; wrong codes count against it too.

    Raises:
        RateLimitException: The account has had its wrong codes for this hour; even the right one is refused.
    """
    mac = _mac(tx, purpose, subject, code)
    taken = tx.one(
        rows.TAKE_CODE,
        rows.TakenRow,
        purpose=purpose,
        subject=subject,
        mac=mac,
        guesses=_guesses(subject),
        most_guesses=project.settings.guesses_per_hour,
    )
    if taken is not None:
        return Taken(taken.id, taken.subject, taken.binding)
    check_guesses(tx, project, subject)
    spent = tx.one(rows.SPEND_OF_SUBJECT, rows.SpentRow, purpose=purpose, subject=subject)
    if spent is None:
        return _dead_code(tx, purpose, subject)
    match otp.judge(otp.Spent(spent.mac, spent.attempts_left, spent.expires_at), mac, tx.now):
        case otp.Accepted():
            return _consumed(tx, spent) or Refusal(InvalidCode())
        case otp.Wrong(attempts_left):
            _count_guess(tx, subject, sent_to(spent.binding))
            data = {"purpose": purpose, "attempts_left": attempts_left}
            tx.audit("code.refused", outcome="refused", method=purpose, data=data)
            return Refusal(InvalidCode() if attempts_left else TooManyAttempts())
        case otp.Dead():
            return Refusal(CodeExpired())


def take_link(tx: Tx, *, purpose: str, challenge_id: str, secret: str, others: tuple[str, ...] = ()) -> Taken | Refusal:
    """Take the token of a link: spent and, when the secret is right, consumed.

    Args:
        tx: The unit.
        purpose: As it was stored.
        challenge_id: From the token.
        secret: From the token.
        others: Up to two other purposes that the same route takes.
    """
    wanted = {"id": challenge_id, **_purposes(purpose, *others)}
    spent = tx.one(rows.SPEND_BY_ID, rows.SpentLinkRow, **wanted)
    if spent is None:
        fate = tx.one(rows.FATE_BY_ID, rows.FateRow, **wanted)
        is_expired = fate is not None and fate.expires_at <= tx.now
        return Refusal(LinkExpired() if is_expired else InvalidLink())
    if not hmac.compare_digest(spent.mac, _mac(tx, spent.purpose, spent.subject, secret)):
        tx.audit("link.refused", outcome="refused", data={"purpose": spent.purpose})
        return Refusal(InvalidLink())
    taken = _consumed(tx, spent)
    return replace(taken, purpose=spent.purpose) if taken is not None else Refusal(InvalidLink())


def look(tx: Tx, *, purpose: str, challenge_id: str, secret: str) -> Taken | None:
    """Return a live challenge whose secret this is, consuming nothing; for pages that ask before they act."""
    found = tx.one(rows.FIND_BY_ID, rows.SpentRow, purpose=purpose, id=challenge_id)
    if found is None or not hmac.compare_digest(found.mac, _mac(tx, purpose, found.subject, secret)):
        return None
    return Taken(found.id, found.subject, found.binding)


def peek(tx: Tx, *, purpose: str, challenge_id: str) -> Taken | None:
    """Return a challenge that still takes an attempt, by its id alone; nothing is proven by that."""
    found = tx.one(rows.FIND_BY_ID, rows.SpentRow, purpose=purpose, id=challenge_id)
    return Taken(found.id, found.subject, found.binding) if found and found.attempts_left > 0 else None


def spend(tx: Tx, *, purpose: str, subject: str) -> Taken | None:
    """Spend an attempt at the live challenge of a subject and return it, held until the unit ends; None without one.

    For what the caller judges by the binding; whoever then deletes the challenge (`consume`) has used it.
    """
    spent = tx.one(rows.SPEND_OF_SUBJECT, rows.SpentRow, purpose=purpose, subject=subject)
    return Taken(spent.id, spent.subject, spent.binding) if spent is not None else None


def attempts_left(tx: Tx, *, purpose: str, subject: str) -> int:
    """Return how often the live challenge of a subject may still be tried; 0 when there is none."""
    fate = tx.one(rows.FATE_OF_SUBJECT, rows.FateRow, purpose=purpose, subject=subject)
    return fate.attempts_left if fate is not None and fate.expires_at > tx.now else 0


def rebind(tx: Tx, *, purpose: str, challenge_id: str, binding: str) -> bool:
    """Replace the binding of a live challenge; False when it is not live."""
    return tx.one(rows.REBIND, rows.IdRow, purpose=purpose, id=challenge_id, binding=binding) is not None


def is_live(tx: Tx, *, purpose: str, challenge_id: str) -> bool:
    """Tell whether a challenge still takes an attempt."""
    fate = tx.one(rows.FATE_BY_ID, rows.FateRow, id=challenge_id, **_purposes(purpose))
    return fate is not None and fate.attempts_left > 0 and fate.expires_at > tx.now


def consume(tx: Tx, challenge_id: str) -> bool:
    """Delete a challenge; True for the one caller who did."""
    return tx.one(rows.CONSUME, rows.IdRow, id=challenge_id) is not None


def drop(tx: Tx, *, purpose: str, subject: str) -> None:
    """Make the challenge of a subject for one purpose void, if there is one."""
    tx.run(rows.DROP, purpose=purpose, subject=subject)


def drop_all(tx: Tx, subject: str) -> None:
    """Make every challenge of a subject void, as after a change of credentials."""
    tx.run(rows.DROP_OF_SUBJECT, subject=subject)


def drop_several(tx: Tx, subjects: Sequence[str]) -> None:
    """Make every challenge of these subjects void, at most as many as a list takes."""
    clause, listed = in_list("subjects", subjects)
    tx.run(rows.DROP_OF_SUBJECTS.replace("(:subjects)", clause), **listed)


def check_guesses(tx: Tx, project: Project, subject: str, address: str = "") -> None:
    """Refuse when the account has had its wrong codes for this hour, or the address that a code is to go to.

    Without the second, whoever guesses would only have to begin under one new login ID after the other.

    Raises:
        RateLimitException: With the seconds until the budget starts anew.
    """
    used = tx.one(rows.COUNTED, rows.CounterRow, subject=_guesses(subject), address=_guesses_at(address))
    if used is not None and used.value >= project.settings.guesses_per_hour:
        raise RateLimitException(retry_after_seconds=max(1, used.ends_at - tx.now))


def check_tries(tx: Tx, project: Project, what: str) -> None:
    """Refuse when the wrong tries of this hour or day are used up, at a secret that nobody sent: an app's code.

    No new code has to be asked for between two tries, so that the hour's budget alone would let in, within years,
    whoever goes on guessing. A day has twice the budget of an hour. The caller holds what is tried until its unit ends:
    otherwise tries at the same moment would all find the budget unused.

    Args:
        tx: The unit that judges.
        project: Whose settings count.
        what: What is tried, and of whom: `totp:<subject>`. Also of nobody: a limit would tell who exists.

    Raises:
        RateLimitException: With the seconds until the budget starts anew; even the right secret is refused.
    """
    most = project.settings.guesses_per_hour
    used = tx.one(
        rows.USED_UP,
        rows.CounterRow,
        hourly=_guesses(what),
        daily=_guesses_of_day(what),
        most_in_an_hour=most,
        most_in_a_day=most * _HOURS_OF_A_DAY,
    )
    if used is not None:
        raise RateLimitException(retry_after_seconds=max(1, used.ends_at - tx.now))


def count_try(tx: Tx, what: str) -> None:
    """Count a wrong try, in the unit that judged it and goes on to refuse it."""
    tx.run(
        rows.COUNT_TRY,
        hourly=_guesses(what),
        daily=_guesses_of_day(what),
        hour_ends_at=tx.now + _HOUR_SECONDS,
        day_ends_at=tx.now + _DAY_SECONDS,
    )


def forget(tx: Tx, most: int) -> int:
    """Delete challenges that ended a day ago and budgets that began anew, at most so many of each; return how many.

    Until then the answer to a late code can say that it has expired.
    """
    return tx.run(rows.FORGET, before=tx.now - _KEPT_SECONDS, most=most) + tx.run(rows.FORGET_COUNTERS, most=most)


def _purposes(first: str, second: str = "", third: str = "") -> dict[str, str]:
    return {"purpose": first, "second": second or first, "third": third or first}


def _consumed(tx: Tx, spent: rows.SpentRow) -> Taken | None:
    """Delete the challenge; the row that comes back says that it was this caller who had it."""
    return Taken(spent.id, spent.subject, spent.binding) if consume(tx, spent.id) else None


def _dead_code(tx: Tx, purpose: str, subject: str) -> Refusal:
    fate = tx.one(rows.FATE_OF_SUBJECT, rows.FateRow, purpose=purpose, subject=subject)
    if fate is None:
        return Refusal(InvalidCode())
    return Refusal(CodeExpired() if fate.expires_at <= tx.now else TooManyAttempts())


def _count_guess(tx: Tx, subject: str, address: str) -> None:
    tx.run(rows.COUNT, subject=_guesses(subject), address=_guesses_at(address), ends_at=tx.now + _HOUR_SECONDS)


def _guesses(subject: str) -> str:
    return f"guess:{subject}"


def _guesses_of_day(what: str) -> str:
    return f"guess:day:{what}"


def _guesses_at(address: str) -> str:
    return f"guess:at:{address}"


def _mac(tx: Tx, purpose: str, subject: str, secret: str) -> bytes:
    return tx.vault.mac("challenge", tx.project_id, purpose, subject, secret)
