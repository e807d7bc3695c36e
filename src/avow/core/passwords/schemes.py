"""The ways in which passwords are hashed: what each stores, how much it may cost, and whether a password matches.

Each class is one scheme. It can only be made within its bounds, so that no stored hash takes minutes or gigabytes to
check; `str()` of it is what the database keeps, and `read` makes it again. Measured on one core of 2026, the dearest
hash within the bounds takes about one second.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

__all__ = [
    "CRYPT64",
    "Argon2",
    "Bcrypt",
    "Digest",
    "Firebase",
    "Pbkdf2",
    "Phpass",
    "Scheme",
    "Scrypt",
    "UnusableHash",
    "base64_bytes",
    "read",
]

MAX_KIB: Final = 262_144
MAX_ARGON2_KIB_PASSES: Final = 1_048_576
MAX_THREADS: Final = 16
MAX_PBKDF2_ITERATIONS: Final = 2_000_000
MAX_BCRYPT_COST: Final = 14
MAX_SCRYPT_WORK: Final = 2**21
MAX_PHPASS_ITERATIONS: Final = 131_072
CRYPT64: Final = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

_SALT_BYTES: Final = (0, 256)
_HASH_BYTES: Final = (16, 128)
_BCRYPT_BYTES: Final = 72
_SHA: Final = {"sha1": 20, "sha256": 32, "sha512": 64}
_ARGON2: Final = {"argon2i": "I", "argon2id": "ID"}  # names of `argon2.Type`
# What the last characters of salt and hash do not use is zero: bcrypt compares whole texts.
_BCRYPT: Final = re.compile(
    r"\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]", re.ASCII
)
_PHC: Final = re.compile(
    r"\$(argon2id|argon2i)(?:\$v=(16|19))?\$m=([0-9]{1,10}),t=([0-9]{1,10}),p=([0-9]{1,10})"
    r"\$([A-Za-z0-9+/]{1,400})\$([A-Za-z0-9+/]{1,400})",
    re.ASCII,
)


class UnusableHash(ValueError):
    """A hash that is not well formed or beyond the bounds; the text says which, and shows nothing of it."""


class Scheme(Protocol):
    """A hashed password."""

    def matches(self, password: bytes) -> bool:
        """Tell in constant time whether it is this password's."""
        ...


@dataclass(frozen=True, slots=True)
class Argon2:
    """Argon2id or Argon2i.

    Spec: RFC 9106 section 3.1.
    """

    kind: str
    version: int
    kib: int
    passes: int
    threads: int
    salt: bytes = field(repr=False)
    hash: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _require(self.kind in _ARGON2, "only argon2id and argon2i are known")
        _require(self.version in (16, 19), "the version of Argon2 is not known")
        _within("the threads of Argon2", self.threads, 1, MAX_THREADS)
        _within("the memory of Argon2 in KiB", self.kib, 8 * self.threads, MAX_KIB)
        _within("memory times passes of Argon2 in KiB", self.kib * self.passes, self.kib, MAX_ARGON2_KIB_PASSES)
        _within("the salt in bytes", len(self.salt), 8, 64)
        _within("the hash in bytes", len(self.hash), 16, 64)

    def __str__(self) -> str:
        costs = f"m={self.kib},t={self.passes},p={self.threads}"
        return f"argon2${self.kind}$v={self.version}${costs}${_unpadded(self.salt)}${_unpadded(self.hash)}"

    @classmethod
    def from_phc(cls, text: str) -> "Argon2":
        """Read `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`, as most libraries write it."""
        found = _PHC.fullmatch(text)
        if found is None:
            raise UnusableHash("it is not a hash of argon2id or argon2i")
        kind, version, kib, passes, threads, salt, hashed = found.groups()
        return cls(
            kind, int(version or 16), int(kib), int(passes), int(threads), base64_bytes(salt), base64_bytes(hashed)
        )

    def matches(self, password: bytes) -> bool:
        """Tell in constant time whether it is this password's."""
        from argon2 import Type, low_level  # takes longer to import than to read a hash

        made = low_level.hash_secret_raw(
            password,
            self.salt,
            time_cost=self.passes,
            memory_cost=self.kib,
            parallelism=self.threads,
            hash_len=len(self.hash),
            type=Type[_ARGON2[self.kind]],
            version=self.version,
        )
        return hmac.compare_digest(made, self.hash)


@dataclass(frozen=True, slots=True)
class Bcrypt:
    """Bcrypt, of the password or (as Django does) of the hexadecimal SHA-256 of it.

    Bcrypt reads 72 bytes and stops at NUL. A longer password never matches, whatever its first 72 bytes are.
    """

    text: str = field(repr=False)
    is_of_sha256: bool = False

    def __post_init__(self) -> None:
        found = _BCRYPT.fullmatch(self.text)
        if found is None:
            raise UnusableHash("it is not a hash of bcrypt")
        _within("the cost of bcrypt", int(found[1]), 4, MAX_BCRYPT_COST)

    def __str__(self) -> str:
        return f"{'bcrypt-sha256' if self.is_of_sha256 else 'bcrypt'}{self.text}"

    def matches(self, password: bytes) -> bool:
        """Tell in constant time whether it is this password's."""
        import bcrypt  # only imported users have such hashes

        secret = hashlib.sha256(password).hexdigest().encode() if self.is_of_sha256 else password
        is_whole = len(secret) <= _BCRYPT_BYTES and b"\0" not in secret
        # Also what cannot match is hashed, so that it takes as long.
        return bcrypt.checkpw(secret[:_BCRYPT_BYTES].replace(b"\0", b"0"), self.text.encode()) and is_whole


@dataclass(frozen=True, slots=True)
class Pbkdf2:
    """PBKDF2 with HMAC.

    Spec: RFC 8018 section 5.2.
    """

    digest: str
    iterations: int
    salt: bytes = field(repr=False)
    hash: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _require(self.digest in _SHA, "PBKDF2 takes sha1, sha256 or sha512")
        _bounds_of_bytes(self.salt, self.hash)
        blocks = -(-len(self.hash) // _SHA[self.digest])
        _within("the iterations of PBKDF2", self.iterations * blocks, blocks, MAX_PBKDF2_ITERATIONS)

    def __str__(self) -> str:
        return f"pbkdf2${self.digest}${self.iterations}${_unpadded(self.salt)}${_unpadded(self.hash)}"

    def matches(self, password: bytes) -> bool:
        """Tell in constant time whether it is this password's."""
        made = hashlib.pbkdf2_hmac(self.digest, password, self.salt, self.iterations, len(self.hash))
        return hmac.compare_digest(made, self.hash)


@dataclass(frozen=True, slots=True)
class Scrypt:
    """Scrypt.

    Spec: RFC 7914 section 6.
    """

    cost: int
    block_size: int
    parallelism: int
    salt: bytes = field(repr=False)
    hash: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _bounds_of_scrypt(self.cost, self.block_size, self.parallelism)
        _bounds_of_bytes(self.salt, self.hash)

    def __str__(self) -> str:
        costs = f"{self.cost}${self.block_size}${self.parallelism}"
        return f"scrypt${costs}${_unpadded(self.salt)}${_unpadded(self.hash)}"

    def matches(self, password: bytes) -> bool:
        """Tell in constant time whether it is this password's."""
        made = _scrypt(password, self.salt, self.cost, self.block_size, self.parallelism, len(self.hash))
        return hmac.compare_digest(made, self.hash)


@dataclass(frozen=True, slots=True)
class Firebase:
    """Firebase's scrypt: a key of the project, encrypted with what scrypt makes of the password.

    Attributes:
        memory: N of scrypt is two to this power.
        rounds: r of scrypt.
        salt: Of the user, with the separator of the project behind it.
        signer_key: Of the project.
        hash: The encrypted key, as long as the key.

    Spec: firebase/scrypt, README.
    """

    memory: int
    rounds: int
    salt: bytes = field(repr=False)
    signer_key: bytes = field(repr=False)
    hash: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _within("the memory cost of Firebase", self.memory, 1, 17)
        _within("the rounds of Firebase", self.rounds, 1, 16)
        _bounds_of_scrypt(2**self.memory, self.rounds, 1)
        _bounds_of_bytes(self.salt, self.hash)
        _require(len(self.signer_key) == len(self.hash), "the hash of Firebase is as long as the signer key")

    def __str__(self) -> str:
        parts = "$".join(map(_unpadded, (self.salt, self.signer_key, self.hash)))
        return f"firebase${self.memory}${self.rounds}${parts}"

    def matches(self, password: bytes) -> bool:
        """Tell in constant time whether it is this password's."""
        key = _scrypt(password, self.salt, 2**self.memory, self.rounds, 1, 64)[:32]
        made = Cipher(AES(key), CTR(bytes(16))).encryptor().update(self.signer_key)
        return hmac.compare_digest(made, self.hash)


@dataclass(frozen=True, slots=True)
class Phpass:
    """Phpass, of MD5 (WordPress) or SHA-512 (Drupal 7, which keeps half of the hash).

    Attributes:
        digest: `md5` or `sha512`.
        iterations: How often the hash is hashed again.
        salt: Eight characters.
        hash: In the base 64 of crypt.
    """

    digest: str
    iterations: int
    salt: str = field(repr=False)
    hash: str = field(repr=False)

    def __post_init__(self) -> None:
        lengths = {"md5": (22,), "sha512": (43, 86)}.get(self.digest)
        _require(lengths is not None and len(self.hash) in lengths, "phpass takes a whole hash of md5 or sha512")
        _require(not set(self.hash) - set(CRYPT64), "the hash of phpass has other characters than ./0-9A-Za-z")
        _require(re.fullmatch(r"[!-#%-~]{8}", self.salt) is not None, "the salt of phpass has eight characters")
        _within("the iterations of phpass", self.iterations, 1, MAX_PHPASS_ITERATIONS)

    def __str__(self) -> str:
        return f"phpass${self.digest}${self.iterations}${self.salt}${self.hash}"

    def matches(self, password: bytes) -> bool:
        """Tell in constant time whether it is this password's."""
        digest = hashlib.md5 if self.digest == "md5" else hashlib.sha512
        made = digest(self.salt.encode() + password).digest()
        for _ in range(self.iterations):
            made = digest(made + password).digest()
        return hmac.compare_digest(_crypt64(made)[: len(self.hash)], self.hash)


@dataclass(frozen=True, slots=True)
class Digest:
    """A plain hash of salt and password: too cheap to be kept, so it lives until the first sign-in."""

    digest: str
    is_salt_first: bool
    salt: bytes = field(repr=False)
    hash: bytes = field(repr=False)

    def __post_init__(self) -> None:
        length = (_SHA | {"md5": 16}).get(self.digest)
        _require(length is not None, "only md5, sha1, sha256 and sha512 are known")
        _require(len(self.hash) == length, f"the hash is not as long as one of {self.digest}")
        _within("the salt in bytes", len(self.salt), *_SALT_BYTES)

    def __str__(self) -> str:
        place = "before" if self.is_salt_first else "after"
        return f"digest${self.digest}${place}${_unpadded(self.salt)}${_unpadded(self.hash)}"

    def matches(self, password: bytes) -> bool:
        """Tell in constant time whether it is this password's."""
        together = self.salt + password if self.is_salt_first else password + self.salt
        return hmac.compare_digest(hashlib.new(self.digest, together).digest(), self.hash)


def read(text: str) -> Scheme:
    """Make a scheme of what `str()` of it was.

    Raises:
        UnusableHash: It is no text of a scheme.
    """
    name, _, rest = text.partition("$")
    reader = _READERS.get(name)
    if reader is None:
        raise UnusableHash("its scheme is not known")
    try:
        return reader(rest)
    except UnusableHash:
        raise
    except ValueError as error:  # a part too many or too few, or no number
        raise UnusableHash("its parts are not those of its scheme") from error


def base64_bytes(text: str) -> bytes:
    """Decode base64 of the standard alphabet, padded or not, and nothing else.

    Raises:
        UnusableHash: It is not base64.
    """
    bare = text.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnusableHash("a part of it is not base64") from error


def _read_pbkdf2(rest: str) -> Pbkdf2:
    digest, iterations, salt, hashed = rest.split("$")
    return Pbkdf2(digest, int(iterations), base64_bytes(salt), base64_bytes(hashed))


def _read_scrypt(rest: str) -> Scrypt:
    cost, block_size, parallelism, salt, hashed = rest.split("$")
    return Scrypt(int(cost), int(block_size), int(parallelism), base64_bytes(salt), base64_bytes(hashed))


def _read_firebase(rest: str) -> Firebase:
    memory, rounds, salt, signer_key, hashed = rest.split("$")
    return Firebase(int(memory), int(rounds), *map(base64_bytes, (salt, signer_key, hashed)))


def _read_phpass(rest: str) -> Phpass:
    digest, iterations, salt, hashed = rest.split("$")
    return Phpass(digest, int(iterations), salt, hashed)


def _read_digest(rest: str) -> Digest:
    digest, place, salt, hashed = rest.split("$")
    return Digest(digest, place == "before", base64_bytes(salt), base64_bytes(hashed))


# An empty name is our own hash, which begins with `$argon2id$` as the library writes it.
_READERS: Final[Mapping[str, Callable[[str], Scheme]]] = {
    "": lambda rest: Argon2.from_phc("$" + rest),
    "argon2": lambda rest: Argon2.from_phc("$" + rest),
    "bcrypt": lambda rest: Bcrypt("$" + rest),
    "bcrypt-sha256": lambda rest: Bcrypt("$" + rest, is_of_sha256=True),
    "pbkdf2": _read_pbkdf2,
    "scrypt": _read_scrypt,
    "firebase": _read_firebase,
    "phpass": _read_phpass,
    "digest": _read_digest,
}


def _bounds_of_bytes(salt: bytes, hashed: bytes) -> None:
    _within("the salt in bytes", len(salt), *_SALT_BYTES)
    _within("the hash in bytes", len(hashed), *_HASH_BYTES)


def _bounds_of_scrypt(cost: int, block_size: int, parallelism: int) -> None:
    _within("the cost of scrypt", cost, 2, 2**20)
    _require(cost & (cost - 1) == 0, "the cost of scrypt is not a power of two")
    _within("the block size of scrypt", block_size, 1, 64)
    _within("the parallelism of scrypt", parallelism, 1, 64)
    _within("the memory of scrypt in KiB", cost * block_size // 8, 0, MAX_KIB)
    _within("the work of scrypt", cost * block_size * parallelism, 2, MAX_SCRYPT_WORK)


def _scrypt(password: bytes, salt: bytes, cost: int, block_size: int, parallelism: int, length: int) -> bytes:
    room = 128 * block_size * (cost + parallelism + 4)
    return hashlib.scrypt(password, salt=salt, n=cost, r=block_size, p=parallelism, maxmem=room + 2**20, dklen=length)


def _crypt64(made: bytes) -> str:
    """Return bytes in the base 64 of crypt: each three of them from the lowest bit on."""
    groups = (made[start : start + 3] for start in range(0, len(made), 3))
    return "".join(
        CRYPT64[int.from_bytes(group, "little") >> (6 * place) & 63]
        for group in groups
        for place in range(len(group) + 1)
    )


def _unpadded(plain: bytes) -> str:
    return base64.b64encode(plain).decode().rstrip("=")


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise UnusableHash(what)


def _within(what: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise UnusableHash(f"{what} may be from {low} to {high}")
