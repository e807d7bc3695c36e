"""Our own hash, what is stored of others, and the bounds beyond which a hash is refused."""

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import bcrypt
import msgspec
import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from avow.core.passwords import check, hashed, imported, needs_rehash, same, verify
from avow.core.passwords.schemes import (
    Argon2,
    Bcrypt,
    Digest,
    Firebase,
    Pbkdf2,
    Phpass,
    Scheme,
    Scrypt,
    UnusableHash,
    read,
)
from avow.errors import InvalidArgument
from avow.wire.hashes import HashedPassword

SALT, HASH = b"saltsalt", b"h" * 32
BCRYPT = bcrypt.hashpw(b"a" * 72, bcrypt.gensalt(4)).decode()


def test_own_hash_is_argon2id_of_the_recommended_cost_with_a_salt_of_its_own() -> None:
    first, second = hashed("correct horse"), hashed("correct horse")
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second
    assert verify(first, "correct horse")
    assert not verify(first, "correct horsf")
    assert PasswordHasher().verify(first, "correct horse")
    assert not needs_rehash(first)


def test_composed_and_decomposed_characters_are_one_password() -> None:
    assert verify(hashed("caf\u00e9 au lait"), "cafe\u0301 au lait")


def test_all_spaces_are_one() -> None:
    assert verify(hashed("tea\u00a0at\u2003four"), "tea at four")
    assert same("tea\u00a0at four", "tea at four")
    assert same("caf\u00e9", "cafe\u0301")
    assert not same("tea at four", "tea at fou")


def test_letters_that_only_look_alike_stay_apart() -> None:
    assert not verify(hashed("\ufb01nest hour"), "finest hour")
    assert not verify(hashed("p\u0430ssage of time"), "passage of time")


def test_right_password_in_another_form_is_to_be_stored_in_ours() -> None:
    stored = str(Digest("sha256", True, b"", hashlib.sha256(b"tea at four").digest()))
    right, wrong = check(stored, "tea at four"), check(stored, "tea at five")
    assert (right.is_theirs, wrong.is_theirs, wrong.renewed) == (True, False, None)
    assert right.renewed is not None
    assert not needs_rehash(right.renewed)
    assert verify(right.renewed, "tea at four")
    assert right.renewed not in repr(right)


def test_own_hash_stays_as_it_is() -> None:
    assert check(hashed("tea at four"), "tea at four").renewed is None
    assert (check(None, "tea at four").is_theirs, check(None, "tea at four").renewed) == (False, None)


def test_what_others_hashed_is_checked_as_it_was_typed() -> None:
    typed = "cafe\u0301 au lait"
    stored = str(Digest("sha256", True, b"", hashlib.sha256(typed.encode()).digest()))
    assert verify(stored, typed)
    assert not verify(stored, "caf\u00e9 au lait")


def test_nobodys_password_matches_nothing() -> None:
    assert not verify(None, "")
    assert not verify(None, "correct horse")


def test_cheaper_hash_of_our_own_kind_is_made_anew() -> None:
    assert needs_rehash(PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("x"))


@pytest.mark.parametrize("password", ["a" * 72 + "X", "a" * 200, "with\0nul"])
def test_no_password_is_cut(password: str) -> None:
    stored = hashed(password)
    assert verify(stored, password)
    for other in (password[:-1], password[:-1] + "Y", password + "\0", password.partition("\0")[0] + "!"):
        assert not verify(stored, other)


def test_bcrypt_refuses_what_it_would_cut() -> None:
    stored = str(Bcrypt(BCRYPT))
    assert verify(stored, "a" * 72)
    for other in ("a" * 73, "a" * 72 + "Y", "a" * 72 + "\0", "a" * 71, "a" * 71 + "\0"):
        assert not verify(stored, other)


def test_django_hashes_long_passwords_before_bcrypt() -> None:
    password = "p" * 100
    digest = hashlib.sha256(password.encode()).hexdigest().encode()
    text = "bcrypt_sha256$" + bcrypt.hashpw(digest, bcrypt.gensalt(4)).decode()
    stored = imported(msgspec.convert({"django": {"hash": text}}, HashedPassword))
    assert stored is not None
    assert verify(stored, password)
    assert not verify(stored, "p" * 99)


SCHEMES: list[Scheme] = [
    Argon2("argon2id", 19, 19456, 2, 1, SALT, HASH),
    Argon2("argon2i", 16, 64, 3, 4, SALT, HASH),
    Bcrypt(BCRYPT),
    Bcrypt(BCRYPT, is_of_sha256=True),
    Pbkdf2("sha512", 1000, SALT, HASH),
    Scrypt(1024, 8, 1, b"", HASH),
    Firebase(14, 8, SALT, HASH, HASH),
    Phpass("sha512", 32768, "abcdefgh", "." * 43),
    Digest("sha1", False, b"$:$", b"h" * 20),
]


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: type(scheme).__name__)
def test_what_is_stored_is_read_back(scheme: Scheme) -> None:
    assert read(str(scheme)) == scheme
    assert needs_rehash(str(scheme))
    assert "hhhh" not in repr(scheme)
    assert BCRYPT not in repr(scheme)


TOO_DEAR: list[Callable[[], Scheme]] = [
    lambda: Argon2("argon2id", 19, 16 * 2**20, 1, 1, SALT, HASH),
    lambda: Argon2("argon2id", 19, 262_144, 5, 1, SALT, HASH),
    lambda: Argon2("argon2id", 19, 8, 2**31, 1, SALT, HASH),
    lambda: Argon2("argon2id", 19, 1024, 1, 17, SALT, HASH),
    lambda: Argon2("argon2id", 19, 1024, 1, 1, SALT, b"h" * 65),
    lambda: Bcrypt("$2b$15" + BCRYPT[6:]),
    lambda: Bcrypt("$2b$31" + BCRYPT[6:]),
    lambda: Pbkdf2("sha256", 2**31, SALT, HASH),
    lambda: Pbkdf2("sha256", 1_000_001, SALT, b"h" * 64),
    lambda: Scrypt(2**30, 8, 1, SALT, HASH),
    lambda: Scrypt(2**19, 8, 1, SALT, HASH),
    lambda: Scrypt(2**14, 8, 17, SALT, HASH),
    lambda: Firebase(18, 8, SALT, HASH, HASH),
    lambda: Firebase(14, 17, SALT, HASH, HASH),
    lambda: Phpass("md5", 2**30, "abcdefgh", "." * 22),
]
MALFORMED: list[Callable[[], Scheme]] = [
    lambda: Argon2("argon2d", 19, 1024, 1, 1, SALT, HASH),
    lambda: Argon2("argon2id", 18, 1024, 1, 1, SALT, HASH),
    lambda: Argon2("argon2id", 19, 7, 1, 1, SALT, HASH),
    lambda: Argon2("argon2id", 19, 1024, 0, 1, SALT, HASH),
    lambda: Argon2("argon2id", 19, 1024, 1, 1, b"short", HASH),
    lambda: Argon2("argon2id", 19, 1024, 1, 1, SALT, b""),
    lambda: Bcrypt("$2b$03" + BCRYPT[6:]),
    lambda: Bcrypt("$2x$04" + BCRYPT[6:]),
    lambda: Bcrypt(BCRYPT[:-1]),
    lambda: Bcrypt(BCRYPT[:-1] + "z"),
    lambda: Bcrypt(BCRYPT + "\n"),
    lambda: Pbkdf2("md5", 1000, SALT, HASH),
    lambda: Pbkdf2("sha256", 0, SALT, HASH),
    lambda: Pbkdf2("sha256", -1, SALT, HASH),
    lambda: Pbkdf2("sha256", 1000, SALT, b""),
    lambda: Pbkdf2("sha256", 1000, b"s" * 257, HASH),
    lambda: Scrypt(1000, 8, 1, SALT, HASH),
    lambda: Scrypt(1, 8, 1, SALT, HASH),
    lambda: Scrypt(1024, 0, 1, SALT, HASH),
    lambda: Scrypt(1024, 8, 0, SALT, HASH),
    lambda: Firebase(14, 8, SALT, HASH + b"h", HASH),
    lambda: Phpass("md5", 2048, "seven77", "." * 22),
    lambda: Phpass("md5", 2048, "abcdefgh", "." * 21),
    lambda: Phpass("md5", 2048, "abcdefgh", "!" * 22),
    lambda: Phpass("sha1", 2048, "abcdefgh", "." * 22),
    lambda: Digest("md4", True, SALT, b"h" * 16),
    lambda: Digest("sha256", True, SALT, b"h" * 31),
]


@pytest.mark.parametrize("make", [*TOO_DEAR, *MALFORMED])
def test_hash_beyond_the_bounds_cannot_be_made(make: Callable[[], Scheme]) -> None:
    with pytest.raises(UnusableHash) as refused:
        make()
    assert "hhh" not in str(refused.value)


@pytest.mark.parametrize(
    "text", ["", "$", "md5$x", "plain", "pbkdf2$sha256$1", "pbkdf2$sha256$many$c2FsdA$aGFzaA", "$argon2d$v=19$m=8"]
)
def test_text_that_is_none_of_ours_is_refused(text: str) -> None:
    with pytest.raises(UnusableHash):
        read(text)


FORMS: list[dict[str, Any]] = [
    {},
    {"bcrypt": {"hash": BCRYPT}, "md5": {"hash": "5f4dcc3b5aa765d61d8327deb882cf99"}},
    {"bcrypt": {}},
    {"django": {"hash": ""}},
    {"django": {"hash": "crypt$$abcdefghijklm"}},
    {"django": {"hash": "pbkdf2_sha256$1e3$salt$" + base64.b64encode(HASH).decode()}},
    {"django": {"hash": "pbkdf2_sha256$-1$salt$" + base64.b64encode(HASH).decode()}},
    {"django": {"hash": "pbkdf2_sha256$99999999999$salt$" + base64.b64encode(HASH).decode()}},
    {"django": {"hash": "pbkdf2_sha256$1000$salt$not base64!"}},
    {"django": {"hash": "pbkdf2_sha256$1000$salt"}},
    {"django": {"hash": "argon2$argon2id$v=19$m=16777216,t=1,p=1$c2FsdHNhbHQ$" + "A" * 43}},
    {"django": {"hash": "scrypt$1073741824$salt$8$1$" + base64.b64encode(HASH).decode()}},
    {"django": {"hash": "md5$salt$xyz"}},
    {"pbkdf2": {"hash": "aGFzaA==", "salt": "c2FsdA==", "iterations": 1000}},
    {"pbkdf2": {"hash": "aGFzaA==", "salt": "c2FsdA==", "type": "sha256"}},
    {"pbkdf2": {"hash": "aGFzaA==", "iterations": 1000, "type": "sha256"}},
    {"firebase": {"hash": "aGFzaA=="}},
    {"phpass": {"hash": "$P$zIQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"}},
    {"phpass": {"hash": "$P$9short"}},
    {"md5": {"hash": "5f4dcc3b"}},
    {"sha": {"hash": "5f4dcc3b5aa765d61d8327deb882cf99", "type": "sha3"}},
    {"sha": {"hash": "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8", "type": "sha1", "salt": "s", "saltAt": "between"}},
    {"argon2": {"hash": "aGFzaA==", "salt": "c2FsdHNhbHQ=", "iterations": 1, "memory": 2**40, "threads": 1}},
    {"argon2": {"hash": "$argon2d$v=19$m=1024,t=1,p=1$c2FsdHNhbHQ$" + "A" * 43}},
    {"scrypt": {"hash": "aGFzaA==", "salt": "c2FsdA==", "cost": 2**30, "blockSize": 8, "parallelism": 1}},
]


@pytest.mark.parametrize("form", FORMS)
def test_form_that_cannot_be_used_is_refused_with_400(form: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument) as refused:
        imported(msgspec.convert(form, HashedPassword))
    assert refused.value.status_code == 400


@given(st.text(max_size=200))
def test_no_text_is_more_than_refused(text: str) -> None:
    for form in ("bcrypt", "django", "phpass", "argon2"):
        try:
            imported(msgspec.convert({form: {"hash": text}}, HashedPassword))
        except InvalidArgument:
            continue
