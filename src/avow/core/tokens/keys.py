"""Keys of tokens: the pair that signs, the set that verifies, and their JSON form (JWK)."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from avow.core.tokens.encoding import from_base64url, json_object, to_base64url, to_json
from avow.errors import ERROR_TYPE_INVALID_PUBLIC_KEY, InvalidPublicKey

__all__ = ["ALGORITHMS", "MAX_KID_CHARACTERS", "KeySet", "SigningKey"]

ALGORITHMS: Final = ("ES256", "RS256", "EdDSA")
MAX_KID_CHARACTERS: Final = 128

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey
Check = Callable[[bytes, bytes], None]

_KEY_TYPES: Final = {"ES256": "EC", "RS256": "RSA", "EdDSA": "OKP"}
_MIN_RSA_BITS: Final = 2048
_MAX_RSA_BITS: Final = 8192
_MAX_EXPONENT_BITS: Final = 32
_MAX_SET_BYTES: Final = 262_144
_PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_COORDINATE_BYTES: Final = 32

# The parameters of each algorithm, fixed; nothing of a token reaches them.
_ECDSA_SHA256: Final = ec.ECDSA(hashes.SHA256())
_PKCS1: Final = padding.PKCS1v15()
_SHA256: Final = hashes.SHA256()


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """A key pair of one algorithm, or the public half of one.

    Attributes:
        kid: Name of the key in headers and key sets; of our own keys the RFC 7638 thumbprint.
        algorithm: "ES256", "RS256" or "EdDSA"; the key does nothing else.
        private: The half that signs, or None.
        public: The half that verifies.
    """

    kid: str
    algorithm: str
    private: PrivateKey | None = field(compare=False)
    public: PublicKey = field(compare=False)
    _check: Check = field(init=False, compare=False)
    _headers: dict[str, str] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Prepare what each signature needs.

        Raises:
            InvalidPublicKey: The key is not of the algorithm's kind or is too small, or the kid is empty or too long.
        """
        if not 0 < len(self.kid) <= MAX_KID_CHARACTERS:
            raise _refused("the kid is empty or too long")
        object.__setattr__(self, "_check", _checker(self.algorithm, self.public))
        object.__setattr__(self, "_headers", {"JWT": _header(self.algorithm, self.kid, "JWT")})

    def __repr__(self) -> str:
        half = "verifies" if self.private is None else "signs"
        return f"SigningKey({self.algorithm}, kid={self.kid!r}, {half})"

    @classmethod
    def generate(cls, algorithm: str) -> "SigningKey":
        """Make a new key pair; RSA keys have 2048 bits."""
        if algorithm == "ES256":
            return _of_private(algorithm, ec.generate_private_key(ec.SECP256R1()))
        if algorithm == "RS256":
            return _of_private(algorithm, rsa.generate_private_key(public_exponent=65537, key_size=_MIN_RSA_BITS))
        if algorithm == "EdDSA":
            return _of_private(algorithm, ed25519.Ed25519PrivateKey.generate())
        raise _refused("the algorithm is not one of ES256, RS256, EdDSA")

    @classmethod
    def from_der(cls, algorithm: str, der: bytes) -> "SigningKey":
        """Read the key pair that `to_der` wrote.

        Args:
            algorithm: What the key is for.
            der: PKCS#8, not encrypted, of a key that was made here and came back unaltered (its seal has held): whether
                RSA numbers go together is not looked at again, which takes as long as a hundred signatures.

        Raises:
            InvalidPublicKey: Not such a key, or not one of the algorithm.
        """
        try:
            private = load_der_private_key(der, password=None, unsafe_skip_rsa_key_validation=True)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise _refused("not a private key in PKCS#8") from error
        if not isinstance(private, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
            raise _refused("a private key of another kind")
        return _of_private(algorithm, private)

    @classmethod
    def from_jwk(cls, jwk: bytes | str) -> "SigningKey":
        """Read one public key; its kid is kept as it is, and made where it is absent.

        Args:
            jwk: JSON object with `kty`, `alg` and the public members.

        Raises:
            InvalidPublicKey: Malformed, unknown, too small, symmetric, or with private members.

        Spec: RFC 7517 section 4; RFC 7518 section 6; RFC 8037 section 2.
        """
        members = _json(jwk.encode("utf-8", "replace") if isinstance(jwk, str) else jwk)
        _refuse_secrets(members)
        return _of_jwk(members)

    def to_der(self) -> bytes:
        """Return the private key as PKCS#8, not encrypted: seal it before it is kept.

        Raises:
            InvalidPublicKey: The key only verifies.
        """
        if self.private is None:
            raise _refused("the key has no private half")
        return self.private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    def public_jwk(self) -> str:
        """Return the public key as JSON text: `kid`, `alg`, `use` and the public members of its kind.

        Spec: RFC 7517 section 4 and 9.2 (no private members).
        """
        head = {"kid": self.kid, "alg": self.algorithm, "use": "sig"}
        return to_json(head | _public_members(self.public)).decode()

    def public_only(self) -> "SigningKey":
        """Return the key without its private half."""
        return SigningKey(self.kid, self.algorithm, None, self.public)

    def header(self, typ: str) -> str:
        """Return the first part of every token of this key, encoded."""
        known = self._headers.get(typ)
        if known is None:
            known = self._headers[typ] = _header(self.algorithm, self.kid, typ)
        return known

    def signature(self, message: bytes) -> bytes:
        """Sign `message`; of ES256 the signature is r and s, 32 bytes each.

        Raises:
            InvalidPublicKey: The key only verifies.

        Spec: RFC 7518 sections 3.3 and 3.4; RFC 8037 section 3.1.
        """
        private = self.private
        if isinstance(private, ec.EllipticCurvePrivateKey):
            r, s = decode_dss_signature(private.sign(message, _ECDSA_SHA256))
            return (r << 256 | s).to_bytes(2 * _COORDINATE_BYTES, "big")
        if isinstance(private, rsa.RSAPrivateKey):
            return private.sign(message, _PKCS1, _SHA256)
        if private is None:
            raise _refused("the key has no private half")
        return private.sign(message)

    def check(self, signature: bytes, message: bytes) -> None:
        """Return if the signature is right.

        Raises:
            ValueError: The signature does not have the length of the algorithm.
            cryptography.exceptions.InvalidSignature: It is wrong.
        """
        self._check(signature, message)


class KeySet(Mapping[str, SigningKey]):
    """An immutable set of keys to verify with, by kid."""

    __slots__ = ("_by_header", "_keys")

    def __init__(self, keys: Mapping[str, SigningKey]) -> None:
        """Keep the keys; use `of` or `from_jwks`."""
        self._keys: Mapping[str, SigningKey] = MappingProxyType(dict(keys))
        self._by_header = {key.header("JWT").encode(): key for key in keys.values()}

    @classmethod
    def of(cls, keys: Iterable[SigningKey]) -> "KeySet":
        """Return the set of these keys, without private halves.

        Raises:
            InvalidPublicKey: Two keys share a kid.
        """
        found: dict[str, SigningKey] = {}
        for key in keys:
            if key.kid in found:
                raise _refused("two keys share a kid")
            found[key.kid] = key.public_only()
        return cls(found)

    @classmethod
    def from_jwks(cls, body: bytes) -> "KeySet":
        """Read a published key set.

        Keys without `kid` or `alg`, of a kind or algorithm that we do not know, or for another use are skipped.

        Args:
            body: JSON `{"keys": [...]}`, at most 256 kB.

        Raises:
            InvalidPublicKey: The body is malformed, or a key is symmetric, private, too small, not on its curve, or
                has the kid of another: such a set is trusted for nothing.

        Spec: RFC 7517 section 5.
        """
        if len(body) > _MAX_SET_BYTES:
            raise _refused("the key set is too large")
        rows = _json(body).get("keys")
        if not isinstance(rows, list):
            raise _refused("not a key set")
        return cls.of(_of_jwk(row) for row in rows if _is_for_us(row))

    def find_by_header(self, header: bytes) -> SigningKey | None:
        """Return the key whose own tokens of type JWT begin with exactly this header, or None."""
        return self._by_header.get(header)

    def to_jwks(self) -> bytes:
        """Return the set as JSON: `{"keys": [...]}`, public members only."""
        return b'{"keys":[' + ",".join(key.public_jwk() for key in self.values()).encode() + b"]}"

    def __getitem__(self, kid: str) -> SigningKey:
        return self._keys[kid]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"KeySet({list(self._keys)})"


def _refused(detail: str) -> InvalidPublicKey:
    return InvalidPublicKey(error_type=ERROR_TYPE_INVALID_PUBLIC_KEY, detail=detail)


def _header(algorithm: str, kid: str, typ: str) -> str:
    return to_base64url(to_json({"alg": algorithm, "kid": kid, "typ": typ}))


def _of_private(algorithm: str, private: PrivateKey) -> SigningKey:
    public = private.public_key()
    return SigningKey(_thumbprint(public), algorithm, private, public)


def _thumbprint(public: PublicKey) -> str:
    """Return the name of a key, made from nothing but its public members.

    Spec: RFC 7638 section 3 (members in lexicographic order, no white space, SHA-256); RFC 8037 section 2.
    """
    members = _public_members(public)
    canonical = to_json({name: members[name] for name in sorted(members)})
    return to_base64url(hashlib.sha256(canonical).digest())


def _public_members(public: PublicKey) -> dict[str, str]:
    if isinstance(public, ec.EllipticCurvePublicKey):
        point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        x, y = point[1 : 1 + _COORDINATE_BYTES], point[1 + _COORDINATE_BYTES :]
        return {"kty": "EC", "crv": "P-256", "x": to_base64url(x), "y": to_base64url(y)}
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        return {"kty": "RSA", "n": _integer(numbers.n), "e": _integer(numbers.e)}
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"kty": "OKP", "crv": "Ed25519", "x": to_base64url(raw)}


def _integer(value: int) -> str:
    return to_base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _checker(algorithm: str, public: PublicKey) -> Check:
    """Return the check of one key with the fixed parameters of its algorithm.

    Spec: RFC 7518 sections 3.3 and 3.4; RFC 8037 section 3.1; RFC 8725 section 3.1 (one algorithm per key).
    """
    if algorithm == "ES256" and isinstance(public, ec.EllipticCurvePublicKey):
        return _ecdsa_checker(public)
    if algorithm == "RS256" and isinstance(public, rsa.RSAPublicKey):
        return _rsa_checker(public)
    if algorithm == "EdDSA" and isinstance(public, ed25519.Ed25519PublicKey):
        return public.verify
    raise _refused("the key is not of the algorithm's kind")


def _ecdsa_checker(public: ec.EllipticCurvePublicKey) -> Check:
    if not isinstance(public.curve, ec.SECP256R1):
        raise _refused("the key is not on P-256")
    verify = public.verify
    from_bytes = int.from_bytes

    def check(signature: bytes, message: bytes) -> None:
        if len(signature) != 2 * _COORDINATE_BYTES:
            raise ValueError("an ES256 signature has 64 bytes")
        r, s = from_bytes(signature[:_COORDINATE_BYTES], "big"), from_bytes(signature[_COORDINATE_BYTES:], "big")
        verify(encode_dss_signature(r, s), message, _ECDSA_SHA256)

    return check


def _rsa_checker(public: rsa.RSAPublicKey) -> Check:
    if not _MIN_RSA_BITS <= public.key_size <= _MAX_RSA_BITS:
        raise _refused("an RSA key has 2048 to 8192 bits")
    verify = public.verify

    def check(signature: bytes, message: bytes) -> None:
        verify(signature, message, _PKCS1, _SHA256)

    return check


def _json(data: bytes) -> dict[str, object]:
    try:
        return json_object(data)
    except ValueError as error:
        raise _refused("not a JSON object") from error


def _is_for_us(row: object) -> bool:
    """Say whether a row of a key set is a key that we can use; a key that nobody may publish is refused."""
    if not isinstance(row, dict):
        return False
    _refuse_secrets(row)
    algorithm = row.get("alg")
    operations = row.get("key_ops", ["verify"])
    return (
        isinstance(row.get("kid"), str)
        and isinstance(algorithm, str)
        and _KEY_TYPES.get(algorithm, "") == row.get("kty")
        and row.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
    )


def _refuse_secrets(members: Mapping[str, object]) -> None:
    if members.get("kty") == "oct" or not _PRIVATE_MEMBERS.isdisjoint(members):
        raise _refused("the key is symmetric or has private members")


def _of_jwk(members: Mapping[str, object]) -> SigningKey:
    try:
        public = _public_key(members)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _refused("the key's members are not valid") from error
    kid = members.get("kid", _thumbprint(public))
    algorithm = members.get("alg")
    if not isinstance(kid, str) or not isinstance(algorithm, str):
        raise _refused("the key has no alg, or its kid is not text")
    return SigningKey(kid, algorithm, None, public)


def _public_key(members: Mapping[str, object]) -> PublicKey:
    kind = (members.get("kty"), members.get("crv"))
    if kind == ("EC", "P-256"):
        x, y = _member(members, "x"), _member(members, "y")
        if len(x) != _COORDINATE_BYTES or len(y) != _COORDINATE_BYTES:
            raise ValueError("a coordinate of P-256 has 32 bytes")
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + x + y)
    if kind == ("OKP", "Ed25519"):
        return ed25519.Ed25519PublicKey.from_public_bytes(_member(members, "x"))
    if kind[0] == "RSA":
        n, e = (int.from_bytes(_member(members, name), "big") for name in ("n", "e"))
        if e.bit_length() > _MAX_EXPONENT_BITS:  # each check of a signature would take hundreds of times as long
            raise ValueError("an exponent of RSA has at most 32 bits")
        return rsa.RSAPublicNumbers(e, n).public_key()
    raise ValueError("a key of another kind")


def _member(members: Mapping[str, object], name: str) -> bytes:
    value = members.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is absent or not text")
    return from_base64url(value.encode("ascii"))
