"""One-time codes: how they are made, and what one attempt at a code comes to."""

import hmac
import re
import secrets
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

__all__ = [
    "CODE_SHAPE",
    "Accepted",
    "Dead",
    "Randomness",
    "Spent",
    "Verdict",
    "Wrong",
    "is_code_shaped",
    "judge",
    "new_code",
]

CODE_SHAPE: Final = re.compile(r"[0-9]{4,10}", re.ASCII)


class Randomness(Protocol):
    """Where random numbers come from: the module `secrets`, or a stand-in in tests."""

    def randbelow(self, exclusive_upper_bound: int, /) -> int:
        """Return a uniform number from 0 up to the bound, which is excluded."""
        ...


@dataclass(frozen=True, slots=True)
class Spent:
    """A live challenge, one attempt of which has just been taken by the conditional UPDATE.

    Attributes:
        mac: MAC of the code that was sent.
        attempts_left: After this attempt, 0 or more.
        expires_at: End of the code.
    """

    mac: bytes = field(repr=False)
    attempts_left: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """The code is right; whoever then deletes the challenge has used it."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """The code is wrong; at 0 attempts left the challenge is dead from now on."""

    attempts_left: int


@dataclass(frozen=True, slots=True)
class Dead:
    """There was nothing to try: the code expired, its attempts are spent, or there is none."""

    reason: Literal["expired", "spent", "absent"]


Verdict = Accepted | Wrong | Dead


def new_code(digits: int, random: Randomness = secrets) -> str:
    """Return a uniform code, leading zeros included.

    Args:
        digits: Length, 4 to 10.
        random: Source of randomness.
    """
    if not 4 <= digits <= 10:
        raise ValueError("a code has 4 to 10 digits")
    return f"{random.randbelow(10**digits):0{digits}d}"


def is_code_shaped(text: str) -> bool:
    """Tell whether text could be a code: 4 to 10 ASCII digits and nothing else."""
    return CODE_SHAPE.fullmatch(text) is not None


def judge(challenge: Spent | None, mac: bytes, now: int) -> Verdict:
    """Decide one attempt at a one-time code, in constant time.

    Args:
        challenge: What the conditional UPDATE returned, or None if it found no live challenge.
        mac: MAC of the typed code.
        now: Seconds since the epoch.

    Returns:
        Accepted, Wrong with the attempts left, or Dead.

    Spec: RFC 6238 section 5.2 (accepted at most once); the attempt is spent before it is judged.
    """
    if challenge is None:
        return Dead("absent")
    if challenge.attempts_left < 0:
        return Dead("spent")
    if challenge.expires_at <= now:
        return Dead("expired")
    if not hmac.compare_digest(challenge.mac, mac):
        return Wrong(challenge.attempts_left)
    return Accepted()
