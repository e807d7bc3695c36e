"""What a project or tenant asks of passwords: whether settings hold together, and whether a password is good enough."""

import unicodedata
from collections.abc import Callable, Container, Iterable, Sequence
from enum import Enum
from itertools import pairwise
from typing import Final

import msgspec

from avow.errors import InvalidArgument
from avow.wire.passwords import MAX_CHARACTERS, ConfigurePasswords, PasswordSettings

__all__ = ["Weakness", "changed", "require_good", "strictest", "weakness"]

MIN_LENGTH: Final = (6, 64)
EXPIRATION_WEEKS: Final = (1, 520)
REUSE_AMOUNT: Final = (1, 24)
LOCK_ATTEMPTS: Final = (1, 100)
_NAMES: Final = tuple(each.name for each in msgspec.structs.fields(PasswordSettings))
# Shorter names would refuse too much: who is called Al may have `al` in a password.
_MIN_NAME: Final = 4
# `dragon99` is `dragon` for whoever guesses; of what is longer there is more to guess than the word.
_MIN_WORD: Final = 6
_MOST_BESIDE: Final = 6


class Weakness(Enum):
    """Why a password is not good enough; the value is the sentence for the API, `{}` a number of characters."""

    LONG = "The password has more than {} characters."
    SHORT = "The password has fewer than {} characters."
    LOWERCASE = "The password has to contain a small letter."
    UPPERCASE = "The password has to contain a capital letter."
    NUMBER = "The password has to contain a digit."
    SIGN = "The password has to contain something that is neither letter nor digit."
    GUESSED = "The password is one that others would guess."

    def sentence(self, settings: PasswordSettings) -> str:
        """Return it as the API says it, in a project or tenant with these settings."""
        return self.value.format(MAX_CHARACTERS if self is Weakness.LONG else settings.min_length)


_WANTED: Final[tuple[tuple[str, Weakness, Callable[[str], bool]], ...]] = (
    ("lowercase", Weakness.LOWERCASE, str.islower),
    ("uppercase", Weakness.UPPERCASE, str.isupper),
    ("number", Weakness.NUMBER, str.isdecimal),
    ("non_alphanumeric", Weakness.SIGN, lambda character: not character.isalnum()),
)


def changed(before: PasswordSettings, wanted: ConfigurePasswords) -> PasswordSettings:
    """Return the settings with what is named changed.

    Raises:
        InvalidArgument: A number is out of its range.
    """
    named = {name: value for name in _NAMES if (value := getattr(wanted, name)) is not None}
    after = msgspec.structs.replace(before, **named)
    _within("minLength", after.min_length, *MIN_LENGTH)
    _within("expirationWeeks", after.expiration_weeks, EXPIRATION_WEEKS[0] * after.expiration, EXPIRATION_WEEKS[1])
    _within("reuseAmount", after.reuse_amount, REUSE_AMOUNT[0] * after.reuse, REUSE_AMOUNT[1])
    _within("lockAttempts", after.lock_attempts, LOCK_ATTEMPTS[0] * after.lock, LOCK_ATTEMPTS[1])
    return after


def strictest(settings: Sequence[PasswordSettings]) -> PasswordSettings:
    """Return what passwords have to be that all of these settings apply to; the defaults when there are none."""
    if len(settings) < 2:
        return settings[0] if settings else PasswordSettings()
    limits = [each.expiration_weeks for each in settings if each.expiration]
    locks = [each.lock_attempts for each in settings if each.lock]
    return PasswordSettings(
        enabled=all(each.enabled for each in settings),
        min_length=max(each.min_length for each in settings),
        lowercase=any(each.lowercase for each in settings),
        uppercase=any(each.uppercase for each in settings),
        number=any(each.number for each in settings),
        non_alphanumeric=any(each.non_alphanumeric for each in settings),
        expiration=bool(limits),
        expiration_weeks=min(limits, default=0),
        reuse=any(each.reuse for each in settings),
        reuse_amount=max((each.reuse_amount for each in settings if each.reuse), default=0),
        lock=bool(locks),
        lock_attempts=min(locks, default=0),
    )


def require_good(
    password: str, settings: PasswordSettings, names: Iterable[str] = (), common: Container[str] = ()
) -> None:
    """Refuse a password that is not what the settings ask for, or that anybody would guess.

    Args:
        password: As it was typed.
        settings: Of the project, or of the user's tenants.
        names: What the user is called (login IDs, addresses, name), and the project.
        common: Passwords that many people have, in small letters.

    Raises:
        InvalidArgument: With the reason, which shows nothing of the password.
    """
    found = weakness(password, settings, names, common)
    if found is not None:
        raise InvalidArgument(error_message=found.sentence(settings))


def weakness(
    password: str, settings: PasswordSettings, names: Iterable[str] = (), common: Container[str] = ()
) -> Weakness | None:
    """Return why a password is not good enough, or None; the arguments are those of `require_good`.

    Spec: NIST SP 800-63B-4 section 3.1.1.2 (length in characters, blocklist, context-specific words).
    """
    composed = unicodedata.normalize("NFC", password)
    if len(composed) > MAX_CHARACTERS:
        return Weakness.LONG
    if len(composed) < settings.min_length:
        return Weakness.SHORT
    for name, kind, is_one in _WANTED:
        if getattr(settings, name) and not any(map(is_one, composed)):
            return kind
    is_guessed = _is_run(composed) or _is_name(composed, names) or _is_common(composed, common)
    return Weakness.GUESSED if is_guessed else None


def _is_run(password: str) -> bool:
    """Tell whether it is one character over and over, or characters in their order: aaaaaaaa, 12345678, hgfedcba."""
    steps = {ord(after) - ord(before) for before, after in pairwise(password)}
    return len(steps) == 1 and steps <= {-1, 0, 1}


def _is_common(password: str, common: Container[str]) -> bool:
    """Tell whether many people have it, with a few digits or signs beside it or without."""
    folded = password.casefold()
    if folded in common:
        return True
    first = next((place for place, each in enumerate(folded) if each.isalpha()), len(folded))
    last = next((place for place, each in enumerate(reversed(folded)) if each.isalpha()), len(folded))
    word, beside = folded[first : len(folded) - last], folded[:first] + folded[len(folded) - last :]
    return len(word) >= _MIN_WORD and len(beside) <= _MOST_BESIDE and beside.isascii() and word in common


def _is_name(password: str, names: Iterable[str]) -> bool:
    """Tell whether it is a name of the user, or the first part of their address, with no letter beside it."""
    folded = password.casefold()
    words = {part for name in names for part in (name.casefold(), name.casefold().partition("@")[0])}
    found = [folded.replace(word, "") for word in words if len(word) >= _MIN_NAME and word in folded]
    return any(not any(map(str.isalpha, rest)) for rest in found)


def _within(what: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise InvalidArgument(error_message=f"{what} may be from {low} to {high}.")
