"""Names of things: opaque text with a kind prefix and at least 128 random bits."""

import secrets
from typing import Final

__all__ = [
    "ACCESS_KEY",
    "AUDIT",
    "CHALLENGE",
    "DEVICE",
    "LIST",
    "MANAGEMENT_KEY",
    "MESSAGE",
    "PERMISSION",
    "PROJECT",
    "ROLE",
    "SESSION",
    "TENANT",
    "USER",
    "directory_id",
    "random_id",
    "secret_text",
]

PROJECT: Final = "P"
USER: Final = "U"
TENANT: Final = "T"
ROLE: Final = "R"
PERMISSION: Final = "E"
MANAGEMENT_KEY: Final = "K"
ACCESS_KEY: Final = "A"
SESSION: Final = "S"
CHALLENGE: Final = "C"
MESSAGE: Final = "M"
AUDIT: Final = "V"
LIST: Final = "L"
DEVICE: Final = "D"

# In the order of ASCII, so that the databases sort as the numbers do.
_ALPHABET: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE: Final = len(_ALPHABET)
_TIME_CHARACTERS: Final = 4
_TIME_STEP_SECONDS: Final = 600  # four characters then last until the year 2251
_DIRECTORY_CHARACTERS: Final = 22  # 130.9 bits
_RANDOM_CHARACTERS: Final = 26  # 154.8 bits
_SECRET_CHARACTERS: Final = 43  # 256.0 bits

_DIGITS: Final = bytes(_ALPHABET[value % _BASE] for value in range(256))
_UNEVEN: Final = bytes(range(256 - 256 % _BASE, 256))  # these bytes would favour the first characters


def directory_id(prefix: str, now: int) -> str:
    """Return an id for a user, tenant, role or key, which sorts by coarse time so that an index grows at its end.

    Args:
        prefix: One of the constants of this module.
        now: Seconds since the epoch.

    Returns:
        The prefix, 4 characters of time (steps of ten minutes) and 22 random ones, all base62.
    """
    step = now // _TIME_STEP_SECONDS
    time_text = ""
    for _ in range(_TIME_CHARACTERS):
        step, digit = divmod(step, _BASE)
        time_text = chr(_ALPHABET[digit]) + time_text
    return prefix + time_text + secret_text(_DIRECTORY_CHARACTERS)


def random_id(prefix: str) -> str:
    """Return an id for what a stranger may see or guess (sessions, challenges): the prefix and 26 random characters."""
    return prefix + secret_text(_RANDOM_CHARACTERS)


def secret_text(length: int = _SECRET_CHARACTERS) -> str:
    """Return random base62 text, every character equally likely; 43 characters hold 256 bits."""
    text = b""
    while len(text) < length:
        text += secrets.token_bytes(length + 8).translate(_DIGITS, _UNEVEN)
    return text[:length].decode("ascii")
