"""Codes of authenticator apps: seeds, the code of a time step, which step a typed code is of, and what an app scans.

Neither the seeds nor the steps that were used are kept here.
"""

import base64
import binascii
import hmac
import os
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from avow.errors import InvalidArgument

__all__ = [
    "DIGITS",
    "SEED_BYTES",
    "STEP_SECONDS",
    "WINDOW",
    "bare",
    "code_at",
    "key_text",
    "new_seed",
    "provisioning_url",
    "sealed_row",
    "seed_bytes",
    "step_at",
    "step_of",
]

# What every authenticator app does; some ignore that a URL asks for anything else.
STEP_SECONDS: Final = 30
DIGITS: Final = 6
_ALGORITHM: Final = "sha1"

SEED_BYTES: Final = 20  # the length of the MAC, as RFC 4226 section 4 (R6) recommends
WINDOW: Final = 1  # steps that a phone may be early or late

_TAKEN_SEED_BYTES: Final = (10, 64)
_BASE32: Final = re.compile(r"[A-Z2-7]+", re.ASCII)
_SHAPE: Final = re.compile(r"[0-9]{6}", re.ASCII)
_LABEL_BYTES: Final = 96  # of each part as it is encoded: longer ones make a picture that phones read badly


def new_seed(random: Callable[[int], bytes] = os.urandom) -> bytes:
    """Return a seed of 160 random bits.

    Spec: RFC 4226 section 4 (R6).
    """
    return random(SEED_BYTES)


def seed_bytes(text: str) -> bytes:
    """Return a seed that was made elsewhere; written in base 32, in groups and in small letters or not.

    Raises:
        InvalidArgument: It is none, or shorter than 10 bytes or longer than 64.

    Spec: RFC 4226 section 4 (R6) asks for 16 bytes; the ten of older authenticators are taken.
    """
    bare = text.replace(" ", "").replace("-", "").rstrip("=").upper()
    try:
        plain = base64.b32decode(bare + "=" * (-len(bare) % 8)) if _BASE32.fullmatch(bare) else b""
    except binascii.Error:
        plain = b""
    if not _TAKEN_SEED_BYTES[0] <= len(plain) <= _TAKEN_SEED_BYTES[1]:
        raise InvalidArgument(error_message="The seed is not 10 to 64 bytes in base 32.")
    return plain


def sealed_row(project_id: str, user_id: str) -> str:
    """Return where the sealed seed of a user lies, for the vault."""
    return f"totp_seeds.sealed_seed:{project_id}:{user_id}"


def key_text(seed: bytes) -> str:
    """Return a seed as people type it into an app: base 32 without padding."""
    return base64.b32encode(seed).decode().rstrip("=")


def step_at(now: int) -> int:
    """Return the time step of an instant.

    Args:
        now: Seconds since the epoch.

    Spec: RFC 6238 section 4.2 (T0 = 0, X = 30).
    """
    return now // STEP_SECONDS


def code_at(seed: bytes, step: int) -> str:
    """Return the code of a time step, six digits.

    Spec: RFC 6238 section 4; RFC 4226 section 5.3 (dynamic truncation).
    """
    digest = hmac.digest(seed, step.to_bytes(8, "big"), _ALGORITHM)
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def bare(typed: str) -> str:
    """Return a typed code as it is compared, without the spaces that apps show in it; "" for what cannot be one."""
    text = typed.replace(" ", "")
    return text if _SHAPE.fullmatch(text) else ""


def step_of(seed: bytes, code: str, now: int) -> int | None:
    """Return the time step that a typed code is of, or None when it is neither the present one nor a neighbour of it.

    Every candidate is compared, in constant time; of two alike the later one is meant, so that neither is used twice.
    Whether the step was used before, the caller knows.

    Args:
        seed: The user's.
        code: What was typed, six digits.
        now: Seconds since the epoch.

    Spec: RFC 6238 section 5.2 (one step of delay is allowed for).
    """
    current, found = step_at(now), None
    for step in range(max(0, current - WINDOW), current + WINDOW + 1):
        if hmac.compare_digest(code_at(seed, step), code):
            found = step
    return found


def provisioning_url(issuer: str, account: str, seed: bytes) -> str:
    """Return what an app reads from the QR image, or is opened with.

    Args:
        issuer: Name of the project; a colon in it would end it in apps, and is left out.
        account: What the user signs in with.
        seed: The secret.

    Returns:
        `otpauth://totp/ISSUER:ACCOUNT?secret=...&issuer=ISSUER&algorithm=SHA1&digits=6&period=30`, the names
        percent-encoded and cut where they are long.

    Spec: Key URI Format of Google Authenticator (label, issuer; spaces are `%20`, never `+`).
    """
    by, who = _label(issuer.replace(":", " ")) or "Avow", _label(account)
    return (
        f"otpauth://totp/{by}:{who}?secret={key_text(seed)}&issuer={by}"
        f"&algorithm={_ALGORITHM.upper()}&digits={DIGITS}&period={STEP_SECONDS}"
    )


def _label(text: str) -> str:
    """Return text percent-encoded, cut after a whole character."""
    encoded = ""
    for character in text.strip():
        more = quote(character, safe="")
        if len(encoded) + len(more) > _LABEL_BYTES:
            break
        encoded += more
    return encoded
