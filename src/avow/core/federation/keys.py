"""The keys that a provider signs ID tokens with, as it publishes them: what we cannot use is passed over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from avow.core.tokens import SigningKey
from avow.core.tokens.encoding import json_object, to_json
from avow.errors import InvalidPublicKey

__all__ = ["ProviderKey", "ProviderKeys", "read_keys"]

_MOST_KEYS: Final = 100
_OF_KIND: Final[Mapping[str, tuple[str, ...]]] = {"RSA": ("RS256", "PS256"), "EC": ("ES256",), "OKP": ("EdDSA",)}
_PUBLIC: Final = frozenset({"kty", "kid", "alg", "crv", "x", "y", "n", "e"})
_PSS: Final = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256().digest_size)


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """A public key of a provider.

    Attributes:
        kid: Its name, or "" where the provider gives none.
        algorithms: What it may verify: the one that it names, or those of its kind.
        issuer: For whose tokens alone it is, where one set has keys of several (Microsoft), or "".
    """

    kid: str
    algorithms: tuple[str, ...]
    issuer: str
    _key: SigningKey = field(repr=False)

    def is_right(self, algorithm: str, signature: bytes, message: bytes) -> bool:
        """Tell whether a signature of one of the key's algorithms is right.

        Spec: RFC 7518 sections 3.3 to 3.5; RFC 8037 section 3.1.
        """
        try:
            if algorithm != "PS256":
                self._key.check(signature, message)
            elif isinstance(self._key.public, rsa.RSAPublicKey):
                self._key.public.verify(signature, message, _PSS, hashes.SHA256())
            else:
                return False
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class ProviderKeys:
    """What a provider publishes, as far as we can use it."""

    keys: tuple[ProviderKey, ...]

    def find(self, algorithm: str, kid: str) -> ProviderKey | None:
        """Return the key for a token's header; without a kid the only one of the algorithm.

        Spec: OpenID Connect Core 1.0 section 10.1.
        """
        fitting = [key for key in self.keys if algorithm in key.algorithms and (key.kid == kid or not kid)]
        return fitting[0] if len(fitting) == 1 else None


def read_keys(body: bytes) -> ProviderKeys:
    """Read a published key set.

    Keys for encryption, symmetric ones, those of other kinds and ones too small to trust are passed over: providers
    keep such beside the good ones. Many name no algorithm; then it is one of the key's kind.

    Raises:
        ValueError: It is no key set, or one of more than a hundred keys.

    Spec: RFC 7517 section 5.
    """
    rows = json_object(body).get("keys")
    if not isinstance(rows, list) or len(rows) > _MOST_KEYS:
        raise ValueError("it is no key set, or a very long one")
    return ProviderKeys(tuple(key for key in map(_key, rows) if key is not None))


def _key(row: object) -> ProviderKey | None:
    if not isinstance(row, dict) or row.get("use", "sig") != "sig":
        return None
    kind = row.get("kty")
    known = _OF_KIND.get(kind, ()) if isinstance(kind, str) else ()
    named = row.get("alg")
    algorithms = known if named is None else tuple(each for each in known if each == named)
    kid, issuer = row.get("kid", ""), row.get("issuer", "")
    if not algorithms or not isinstance(kid, str) or not isinstance(issuer, str):
        return None
    base = next(iter(known))
    members = {name: row[name] for name in _PUBLIC if name in row} | {"kid": kid or "unnamed", "alg": base}
    try:
        return ProviderKey(kid, algorithms, issuer, SigningKey.from_jwk(to_json(members)))
    except InvalidPublicKey:
        return None
