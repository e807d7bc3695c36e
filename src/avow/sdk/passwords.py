"""Passwords that new users of a batch bring: in clear, or as another system hashed them."""

from dataclasses import dataclass, field

__all__ = [
    "UserPassword",
    "UserPasswordArgon2",
    "UserPasswordBcrypt",
    "UserPasswordDjango",
    "UserPasswordFirebase",
    "UserPasswordHash",
    "UserPasswordMd5",
    "UserPasswordPbkdf2",
    "UserPasswordPhpass",
    "UserPasswordScrypt",
    "UserPasswordSha",
]


@dataclass(frozen=True, slots=True)
class UserPasswordBcrypt:
    """A hash of bcrypt, `$2a$...`."""

    hash: str = field(repr=False)

    def to_dict(self) -> dict[str, dict[str, object]]:
        """Return it as it is sent."""
        return {"bcrypt": {"hash": self.hash}}


@dataclass(frozen=True, slots=True)
class UserPasswordFirebase:
    """A hash of Firebase; the texts are base64, the costs those of the project."""

    hash: str = field(repr=False)
    salt: str = field(repr=False)
    salt_separator: str = field(repr=False)
    signer_key: str = field(repr=False)
    memory: int
    rounds: int

    def to_dict(self) -> dict[str, dict[str, object]]:
        """Return it as it is sent."""
        texts = {"salt": self.salt, "saltSeparator": self.salt_separator, "signerKey": self.signer_key}
        return {"firebase": {"hash": self.hash, **texts, "memory": self.memory, "rounds": self.rounds}}


@dataclass(frozen=True, slots=True)
class UserPasswordPbkdf2:
    """A hash of PBKDF2; hash and salt are base64, the variant is `sha1`, `sha256` or `sha512`."""

    hash: str = field(repr=False)
    salt: str = field(repr=False)
    iterations: int
    variant: str

    def to_dict(self) -> dict[str, dict[str, object]]:
        """Return it as it is sent."""
        costs = {"iterations": self.iterations, "type": self.variant}
        return {"pbkdf2": {"hash": self.hash, "salt": self.salt, **costs}}


@dataclass(frozen=True, slots=True)
class UserPasswordDjango:
    """What Django keeps in its column `password`: `pbkdf2_sha256$...` and the others."""

    hash: str = field(repr=False)

    def to_dict(self) -> dict[str, dict[str, object]]:
        """Return it as it is sent."""
        return {"django": {"hash": self.hash}}


@dataclass(frozen=True, slots=True)
class UserPasswordPhpass:
    """What WordPress (`$P$...`) or Drupal 7 (`$S$...`) keeps."""

    hash: str = field(repr=False)

    def to_dict(self) -> dict[str, dict[str, object]]:
        """Return it as it is sent."""
        return {"phpass": {"hash": self.hash}}


@dataclass(frozen=True, slots=True)
class UserPasswordMd5:
    """MD5 in hexadecimal, of salt and password; the salt `before` the password or `after` it."""

    hash: str = field(repr=False)
    salt: str = field(default="", repr=False)
    salt_at: str = "before"

    def to_dict(self) -> dict[str, dict[str, object]]:
        """Return it as it is sent."""
        return {"md5": {"hash": self.hash, "salt": self.salt, "saltAt": self.salt_at}}


@dataclass(frozen=True, slots=True)
class UserPasswordSha:
    """SHA in hexadecimal, of salt and password; the variant is `sha1`, `sha256` or `sha512`."""

    hash: str = field(repr=False)
    variant: str
    salt: str = field(default="", repr=False)
    salt_at: str = "before"

    def to_dict(self) -> dict[str, dict[str, object]]:
        """Return it as it is sent."""
        return {"sha": {"hash": self.hash, "type": self.variant, "salt": self.salt, "saltAt": self.salt_at}}


@dataclass(frozen=True, slots=True)
class UserPasswordArgon2:
    """A hash of Argon2 as libraries write it, `$argon2id$v=19$m=...`."""

    hash: str = field(repr=False)

    def to_dict(self) -> dict[str, dict[str, object]]:
        """Return it as it is sent."""
        return {"argon2": {"hash": self.hash}}


@dataclass(frozen=True, slots=True)
class UserPasswordScrypt:
    """A hash of scrypt; hash and salt are base64, the costs are N, r and p."""

    hash: str = field(repr=False)
    salt: str = field(repr=False)
    cost: int
    block_size: int
    parallelism: int

    def to_dict(self) -> dict[str, dict[str, object]]:
        """Return it as it is sent."""
        costs = {"cost": self.cost, "blockSize": self.block_size, "parallelism": self.parallelism}
        return {"scrypt": {"hash": self.hash, "salt": self.salt, **costs}}


UserPasswordHash = (
    UserPasswordArgon2
    | UserPasswordBcrypt
    | UserPasswordDjango
    | UserPasswordFirebase
    | UserPasswordMd5
    | UserPasswordPbkdf2
    | UserPasswordPhpass
    | UserPasswordScrypt
    | UserPasswordSha
)


@dataclass(frozen=True, slots=True)
class UserPassword:
    """A password of a `UserObj` for `invite_batch`: one of the two."""

    cleartext: str | None = field(default=None, repr=False)
    hashed: UserPasswordHash | None = None
