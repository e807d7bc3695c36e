"""Hashes of other systems, as an import names them, read strictly and made schemes of ours."""

import re
from collections.abc import Callable
from typing import Final

from avow.core.passwords.schemes import (
    CRYPT64,
    Argon2,
    Bcrypt,
    Digest,
    Firebase,
    Pbkdf2,
    Phpass,
    Scheme,
    Scrypt,
    UnusableHash,
    base64_bytes,
)
from avow.wire.hashes import (
    Argon2Hash,
    BcryptHash,
    FirebaseHash,
    HashedPassword,
    Md5Hash,
    Pbkdf2Hash,
    PhpassHash,
    ScryptHash,
    ShaHash,
)

__all__ = ["scheme_of"]

_DJANGO_UNUSABLE: Final = "!"
_PHPASS: Final = re.compile(r"\$([PHS])\$([./0-9A-Za-z])([!-#%-~]{8})([./0-9A-Za-z]{22,86})", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]{1,10}", re.ASCII)
_HEXADECIMAL: Final = re.compile(r"([0-9a-fA-F]{2}){16,64}", re.ASCII)


def scheme_of(hashed: HashedPassword) -> Scheme | None:
    """Return the scheme of an imported hash; None for Django's mark of a user without a password.

    Raises:
        UnusableHash: There is not exactly one form, it is not well formed, or beyond the bounds.
    """
    given = [value for name in hashed.__struct_fields__ if (value := getattr(hashed, name)) is not None]
    if len(given) != 1:
        raise UnusableHash("it is in exactly one form")
    form = given[0]
    if isinstance(form, BcryptHash):
        return Bcrypt(_text(form.hash, "hash"))
    if isinstance(form, FirebaseHash):
        return _firebase(form)
    if isinstance(form, Pbkdf2Hash):
        salt, hashed_bytes = _bytes(form.salt, "salt"), _bytes(form.hash, "hash")
        return Pbkdf2(form.type or "", _number(form.iterations, "iterations"), salt, hashed_bytes)
    if isinstance(form, PhpassHash):
        return _phpass(form)
    if isinstance(form, Md5Hash | ShaHash):
        return _digest(form)
    if isinstance(form, Argon2Hash):
        return _argon2(form)
    if isinstance(form, ScryptHash):
        return _scrypt(form)
    return _django(_text(form.hash, "hash"))


def _firebase(form: FirebaseHash) -> Firebase:
    separator = base64_bytes(form.salt_separator or "")
    return Firebase(
        _number(form.memory, "memory"),
        _number(form.rounds, "rounds"),
        _bytes(form.salt, "salt") + separator,
        _bytes(form.signer_key, "signerKey"),
        _bytes(form.hash, "hash"),
    )


def _phpass(form: PhpassHash) -> Phpass:
    text = _text(form.hash, "hash")
    if not text.startswith("$"):
        return Phpass(form.type or "", _number(form.iterations, "iterations"), _text(form.salt, "salt"), text)
    found = _PHPASS.fullmatch(text)
    if found is None:
        raise UnusableHash("it is not a hash of phpass")
    kind, cost, salt, hashed = found.groups()
    return Phpass("sha512" if kind == "S" else "md5", 2 ** CRYPT64.index(cost), salt, hashed)


def _digest(form: Md5Hash | ShaHash) -> Digest:
    name = "md5" if isinstance(form, Md5Hash) else form.type or ""
    place = form.salt_at or "before"
    if place not in ("before", "after"):
        raise UnusableHash("the salt is before or after the password")
    return Digest(name, place == "before", (form.salt or "").encode(), _from_hexadecimal(_text(form.hash, "hash")))


def _argon2(form: Argon2Hash) -> Argon2:
    text = _text(form.hash, "hash")
    if text.startswith("$"):
        return Argon2.from_phc(text)
    return Argon2(
        form.type or "argon2id",
        19,
        _number(form.memory, "memory"),
        _number(form.iterations, "iterations"),
        _number(form.threads, "threads"),
        _bytes(form.salt, "salt"),
        base64_bytes(text),
    )


def _scrypt(form: ScryptHash) -> Scrypt:
    return Scrypt(
        _number(form.cost, "cost"),
        _number(form.block_size, "blockSize"),
        _number(form.parallelism, "parallelism"),
        _bytes(form.salt, "salt"),
        _bytes(form.hash, "hash"),
    )


def _django(text: str) -> Scheme | None:
    """Read what Django keeps in its column `password`."""
    if text.startswith(_DJANGO_UNUSABLE):
        return None
    if _HEXADECIMAL.fullmatch(text) and len(text) == 32:
        return Digest("md5", True, b"", bytes.fromhex(text))  # of Django's first year, without a mark
    name, mark, rest = text.partition("$")
    reader = _DJANGO.get(name)
    if reader is None or not mark:
        raise UnusableHash("it is not a hash of Django that is known")
    return reader(rest)


def _django_pbkdf2(digest: str) -> Callable[[str], Scheme]:
    def read(rest: str) -> Pbkdf2:
        iterations, salt, hashed = _split(rest, 3)
        return Pbkdf2(digest, _digits(iterations), salt.encode(), base64_bytes(hashed))

    return read


def _django_scrypt(rest: str) -> Scrypt:
    cost, salt, block_size, parallelism, hashed = _split(rest, 5)
    return Scrypt(_digits(cost), _digits(block_size), _digits(parallelism), salt.encode(), base64_bytes(hashed))


def _django_digest(digest: str) -> Callable[[str], Scheme]:
    def read(rest: str) -> Digest:
        salt, hashed = _split(rest, 2)
        return Digest(digest, True, salt.encode(), _from_hexadecimal(hashed))

    return read


_DJANGO: Final[dict[str, Callable[[str], Scheme]]] = {
    "pbkdf2_sha256": _django_pbkdf2("sha256"),
    "pbkdf2_sha1": _django_pbkdf2("sha1"),
    "argon2": lambda rest: Argon2.from_phc(f"${rest}"),
    "bcrypt_sha256": lambda rest: Bcrypt(rest, is_of_sha256=True),
    "bcrypt": Bcrypt,
    "scrypt": _django_scrypt,
    "md5": _django_digest("md5"),
    "sha1": _django_digest("sha1"),
    "unsalted_md5": _django_digest("md5"),
    "unsalted_sha1": _django_digest("sha1"),
}


def _split(text: str, parts: int) -> list[str]:
    found = text.split("$")
    if len(found) != parts:
        raise UnusableHash("its parts are not those of its scheme")
    return found


def _text(value: str | None, name: str) -> str:
    if not value:
        raise UnusableHash(f"{name} is missing")
    return value


def _bytes(value: str | None, name: str) -> bytes:
    return base64_bytes(_text(value, name))


def _number(value: int | None, name: str) -> int:
    if value is None:
        raise UnusableHash(f"{name} is missing")
    return value


def _digits(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise UnusableHash("a cost of it is no number")
    return int(text)


def _from_hexadecimal(text: str) -> bytes:
    if not _HEXADECIMAL.fullmatch(text):
        raise UnusableHash("it is not hexadecimal")
    return bytes.fromhex(text)
