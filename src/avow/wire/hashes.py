"""Passwords that another system hashed, in the forms that users are imported with."""

from typing import Annotated

from msgspec import Meta

from avow.wire.bounds import Name
from avow.wire.endpoint import Shape
from avow.wire.secret import SECRET

__all__ = [
    "Argon2Hash",
    "BcryptHash",
    "DjangoHash",
    "FirebaseHash",
    "HashedPassword",
    "Md5Hash",
    "Pbkdf2Hash",
    "PhpassHash",
    "ScryptHash",
    "ShaHash",
]

Hash = Annotated[str, Meta(max_length=1024, extra=SECRET)]


class BcryptHash(Shape, frozen=True, kw_only=True):
    """A password as bcrypt hashes it: `$2b$12$...`; `$2a$` and `$2y$` are the same."""

    hash: Hash | None = None


class FirebaseHash(Shape, frozen=True, kw_only=True):
    """A password as Firebase hashes it, and the parameters of its project.

    Attributes:
        hash: Base64, like the next three.
        salt: Of the user.
        salt_separator: Of the project.
        signer_key: Of the project.
        memory: The memory cost, 1 to 17.
        rounds: 1 to 16.
    """

    hash: Hash | None = None
    salt: Hash | None = None
    salt_separator: Hash | None = None
    signer_key: Hash | None = None
    memory: int | None = None
    rounds: int | None = None


class Pbkdf2Hash(Shape, frozen=True, kw_only=True):
    """A password as PBKDF2 hashes it.

    Attributes:
        hash: Base64, like the salt.
        salt: Of the user.
        iterations: At most 2,000,000, for each block of the hash.
        type: `sha1`, `sha256` or `sha512`.
    """

    hash: Hash | None = None
    salt: Hash | None = None
    iterations: int | None = None
    type: Name | None = None


class DjangoHash(Shape, frozen=True, kw_only=True):
    """A password as Django stores it: `pbkdf2_sha256$...`, `argon2$...`, `bcrypt_sha256$...`, `scrypt$...` or older."""

    hash: Hash | None = None


class PhpassHash(Shape, frozen=True, kw_only=True):
    """A password as phpass hashes it: WordPress and Drupal 7.

    Attributes:
        hash: As stored (`$P$B...`, `$H$9...`, `$S$D...`), the other fields then left out; or the last part alone.
        salt: The eight characters of the salt.
        iterations: At most 131,072.
        type: `md5` or `sha512`.
    """

    hash: Hash | None = None
    salt: Hash | None = None
    iterations: int | None = None
    type: Name | None = None


class Md5Hash(Shape, frozen=True, kw_only=True):
    """A password as MD5 hashes it; the fields of `ShaHash`."""

    hash: Hash | None = None
    salt: Hash | None = None
    salt_at: Name | None = None


class ShaHash(Shape, frozen=True, kw_only=True):
    """A password as SHA-1 or SHA-2 hashes it.

    Attributes:
        hash: Hexadecimal.
        type: `sha1`, `sha256` or `sha512`.
        salt: As it is put together with the password; missing: none.
        salt_at: `before` the password, which it is when missing, or `after`.
    """

    hash: Hash | None = None
    type: Name | None = None
    salt: Hash | None = None
    salt_at: Name | None = None


class Argon2Hash(Shape, frozen=True, kw_only=True):
    """A password as Argon2 hashes it.

    Attributes:
        hash: As stored (`$argon2id$v=19$...`), the other fields then left out; or the hash alone, base64 like the salt.
        salt: Of the user.
        iterations: The time cost.
        memory: The memory cost in KiB, at most 262,144.
        threads: At most 16.
        type: `argon2id`, which it is when missing, or `argon2i`.
    """

    hash: Hash | None = None
    salt: Hash | None = None
    iterations: int | None = None
    memory: int | None = None
    threads: int | None = None
    type: Name | None = None


class ScryptHash(Shape, frozen=True, kw_only=True):
    """A password as scrypt hashes it.

    Attributes:
        hash: Base64, like the salt.
        salt: Of the user.
        cost: N, a power of two.
        block_size: r; N and r together take at most 256 MiB.
        parallelism: p.
    """

    hash: Hash | None = None
    salt: Hash | None = None
    cost: int | None = None
    block_size: int | None = None
    parallelism: int | None = None


class HashedPassword(Shape, frozen=True, kw_only=True):
    """A password that another system hashed, in exactly one form; it is hashed anew at the first sign-in."""

    bcrypt: BcryptHash | None = None
    firebase: FirebaseHash | None = None
    pbkdf2: Pbkdf2Hash | None = None
    django: DjangoHash | None = None
    phpass: PhpassHash | None = None
    md5: Md5Hash | None = None
    sha: ShaHash | None = None
    argon2: Argon2Hash | None = None
    scrypt: ScryptHash | None = None
