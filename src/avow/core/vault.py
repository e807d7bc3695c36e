"""What the server's secret key protects: MACs of one-time secrets, and sealed values that open in one row only."""

import hmac
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from avow.errors import SealBroken

__all__ = ["MIN_SECRET_CHARACTERS", "SealBroken", "Vault"]

MIN_SECRET_CHARACTERS: Final = 32

_FORMAT: Final = b"\x01"
_KEY_ID_BYTES: Final = 8
_NONCE_BYTES: Final = 12
_PREFIX_BYTES: Final = len(_FORMAT) + _KEY_ID_BYTES


class Vault:
    """The keys derived from one master secret, and those of older ones for opening.

    A sealed value is: 1 byte format, 8 bytes master-key id, 12 bytes nonce, AES-256-GCM ciphertext and tag. The id is
    derived from the secret, so two secrets never share one and nobody has to number them.

    Nonces are random: one master secret is good for 2**32 seals (NIST SP 800-38D section 8.3).
    """

    __slots__ = ("_checks", "_mac_keys", "_prefix", "_seals")

    def __init__(self, secret_key: bytes, previous: tuple[bytes, ...] = ()) -> None:
        """Derive the keys.

        Args:
            secret_key: The master secret, at least 32 bytes; seals, opens and makes MACs.
            previous: Earlier master secrets; they open, and recognise what `is_mac` is asked about.

        Raises:
            ValueError: A secret is shorter than 32 bytes.
        """
        if any(len(secret) < MIN_SECRET_CHARACTERS for secret in (secret_key, *previous)):
            raise ValueError(f"The secret key has to have at least {MIN_SECRET_CHARACTERS} characters.")
        self._mac_keys = tuple(_derive(secret, b"mac") for secret in (secret_key, *previous))
        self._prefix = _prefix(secret_key)
        self._seals = {_prefix(secret): AESGCM(_derive(secret, b"seal")) for secret in (*previous, secret_key)}
        self._checks = tuple(_derive(secret, b"check").hex() for secret in (secret_key, *previous))

    @classmethod
    def from_text(cls, secret: str, previous: tuple[str, ...] = ()) -> "Vault":
        """Derive the keys from secrets as an operator sets them.

        Raises:
            ValueError: A secret has fewer than 32 characters.
        """
        if any(len(text) < MIN_SECRET_CHARACTERS for text in (secret, *previous)):
            raise ValueError(f"The secret key has to have at least {MIN_SECRET_CHARACTERS} characters.")
        return cls(secret.encode(), tuple(text.encode() for text in previous))

    def __repr__(self) -> str:
        return f"Vault({len(self._seals)} master keys)"

    def mac(self, purpose: str, *parts: str | bytes) -> bytes:
        """Return the HMAC-SHA256 of the parts under the current master secret, 32 bytes, for storing.

        Args:
            purpose: What the value is for; the same parts have another MAC for another purpose.
            parts: Text (as UTF-8) or bytes. Each is preceded by its length: ("ab", "c") is not ("a", "bc").
        """
        return hmac.digest(self._mac_keys[0], _message(purpose, parts), "sha256")

    def is_mac(self, stored: bytes, purpose: str, *parts: str | bytes) -> bool:
        """Tell whether a stored MAC is of these parts, under the current master secret or an earlier one at hand.

        Constant time in the MAC. For what has to outlive a change of the master secret, such as management keys.
        """
        message = _message(purpose, parts)
        matches = [hmac.compare_digest(stored, hmac.digest(key, message, "sha256")) for key in self._mac_keys]
        return any(matches)

    def seal(self, plain: bytes, *, row: str) -> bytes:
        """Encrypt `plain` for one place in the database.

        Args:
            plain: The secret.
            row: Where it will lie: table, column, project id and row id, such as "signing_keys.sealed_private:P..:kid".
        """
        nonce = os.urandom(_NONCE_BYTES)
        return self._prefix + nonce + self._seals[self._prefix].encrypt(nonce, plain, self._prefix + row.encode())

    def open(self, sealed: bytes, *, row: str) -> bytes:
        """Return what was sealed for this row.

        Raises:
            SealBroken: A byte was changed, it was sealed for another row, or its master key is not at hand.
        """
        prefix, rest = bytes(sealed[:_PREFIX_BYTES]), sealed[_PREFIX_BYTES:]
        seal = self._seals.get(prefix)
        if seal is None:
            raise SealBroken(detail=f"no master key for what lies in {row}")
        try:
            return seal.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], prefix + row.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken(detail=f"what lies in {row} was not sealed there") from error

    def check_value(self) -> str:
        """Return the text that the database keeps to recognise the master secret; it tells nothing about it."""
        return self._checks[0]

    def recognises(self, check_value: str) -> bool:
        """Say whether a check value is that of the master secret or of an earlier one at hand."""
        return any(hmac.compare_digest(known.encode(), check_value.encode()) for known in self._checks)


def _message(purpose: str, parts: tuple[str | bytes, ...]) -> bytes:
    message = bytearray()
    for part in (purpose, *parts):
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        message += len(data).to_bytes(8, "big") + data
    return bytes(message)


def _prefix(secret: bytes) -> bytes:
    return _FORMAT + _derive(secret, b"key id")[:_KEY_ID_BYTES]


def _derive(secret: bytes, use: bytes) -> bytes:
    """Return the 32-byte subkey of `secret` for one use.

    Spec: RFC 5869 (no salt: the secret is random and of full length; the use is in the info).
    """
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"avow vault 1 " + use).derive(secret)
