"""Tokens of magic and enchanted links: how they are made, read, put into a URL, and the numbers shown beside them."""

import re
import secrets
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_plus

from avow.core import ids
from avow.core.otp import Randomness

__all__ = [
    "TOKEN_PARAMETER",
    "EnchantedNumbers",
    "LinkToken",
    "enchanted_numbers",
    "new_link_token",
    "parse",
    "with_token",
]

TOKEN_PARAMETER: Final = "t"
_SECRET_CHARACTERS: Final = 26  # 154.8 bits
_TOKEN: Final = re.compile(rf"({ids.CHALLENGE}[0-9A-Za-z]{{26}})([0-9A-Za-z]{{{_SECRET_CHARACTERS}}})", re.ASCII)
_FIRST_NUMBER, _NUMBERS = 10, 90  # two digits each


@dataclass(frozen=True, slots=True)
class LinkToken:
    """The token of one link.

    Attributes:
        challenge_id: The challenge that it answers; no secret.
        secret: 26 base62 characters, stored only as MAC.
        text: Both, as the link carries them.
    """

    challenge_id: str
    secret: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class EnchantedNumbers:
    """The numbers of the three links of one mail, and the one that the person is told to click."""

    numbers: tuple[int, int, int]
    chosen: int


def new_link_token(challenge_id: str | None = None) -> LinkToken:
    """Return a new token.

    Args:
        challenge_id: The challenge that it answers; a new id when absent.
    """
    challenge_id = challenge_id or ids.random_id(ids.CHALLENGE)
    secret = ids.secret_text(_SECRET_CHARACTERS)
    return LinkToken(challenge_id, secret, challenge_id + secret)


def parse(text: str) -> tuple[str, str] | None:
    """Return the challenge id and the secret of a token, or None if it is not one; a token has one spelling."""
    found = _TOKEN.fullmatch(text)
    return (found[1], found[2]) if found else None


def with_token(uri: str, token: str) -> str:
    """Return a URL with `t=token` as last parameter of its query.

    Args:
        uri: An approved URL; an earlier `t` is dropped, all else is kept as it is written, the fragment too.
        token: Text of a link token (or another URL-safe text).
    """
    rest, hash_sign, fragment = uri.partition("#")
    path, _, query = rest.partition("?")
    kept = [pair for pair in query.split("&") if pair and unquote_plus(pair.partition("=")[0]) != TOKEN_PARAMETER]
    return f"{path}?{'&'.join([*kept, f'{TOKEN_PARAMETER}={token}'])}{hash_sign}{fragment}"


def enchanted_numbers(random: Randomness = secrets) -> EnchantedNumbers:
    """Return three different two-digit numbers in random order, one of them chosen.

    Args:
        random: Source of randomness.
    """
    left = list(range(_FIRST_NUMBER, _FIRST_NUMBER + _NUMBERS))
    first, second, third = (left.pop(random.randbelow(len(left))) for _ in range(3))
    numbers = (first, second, third)
    return EnchantedNumbers(numbers, numbers[random.randbelow(3)])
