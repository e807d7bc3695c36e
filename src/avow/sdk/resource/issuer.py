"""What an issuer publishes, read for an API: where its keys are, and which of them can be used. No I/O in it."""

from collections.abc import Iterator, Mapping
from typing import Final

from avow.core.tokens import KeySet, SigningKey
from avow.core.tokens.encoding import json_object, to_json
from avow.errors import InvalidPublicKey, KeysUnavailable
from avow.sdk.resource.settings import Resource, is_address

__all__ = ["keys_url", "usable_keys"]

_MOST_KEYS: Final = 100
_ALGORITHMS: Final[Mapping[object, str]] = {"RSA": "RS256", "EC": "ES256", "OKP": "EdDSA"}
_PUBLIC: Final = frozenset({"kty", "crv", "x", "y", "n", "e"})


def keys_url(body: bytes, said: Resource) -> str:
    """Return where the keys are, from what an issuer says of itself.

    Raises:
        KeysUnavailable: It is another issuer, or names no address that could be; the text says which.

    Spec: OpenID Connect Discovery 1.0 sections 3 and 4.3.
    """
    try:
        found = json_object(body)
    except ValueError as error:
        raise KeysUnavailable(error_message=f"{said.described_at} is no description of an issuer.") from error
    issuer, url = found.get("issuer"), found.get("jwks_uri")
    if issuer != said.issuer:
        shown = str(issuer)[:200]
        raise KeysUnavailable(error_message=f"The issuer calls itself {shown!r}, not {said.issuer!r}: set that.")
    if not isinstance(url, str) or not is_address(url):
        raise KeysUnavailable(error_message="The issuer names no address of keys that could be.")
    return url


def usable_keys(body: bytes) -> bytes:
    """Return a key set of the signing keys of another one, each pinned to one algorithm.

    Issuers publish keys for encryption and of other kinds beside them; many name no algorithm, a few no key id, or one
    twice: of these the first counts.

    Raises:
        KeysUnavailable: It is no key set, or a very long one.

    Spec: RFC 7517 sections 4 and 5; RFC 8725 section 3.1 (one algorithm per key).
    """
    try:
        rows = json_object(body).get("keys")
    except ValueError as error:
        raise KeysUnavailable(error_message="The issuer publishes no key set.") from error
    if not isinstance(rows, list) or len(rows) > _MOST_KEYS:
        raise KeysUnavailable(error_message="The issuer publishes no key set, or a very long one.")
    found: dict[str, SigningKey] = {}
    for key in _usable(rows):
        found.setdefault(key.kid, key)
    return KeySet.of(found.values()).to_jwks()


def _usable(rows: list[object]) -> Iterator[SigningKey]:
    for row in rows:
        if not isinstance(row, dict) or row.get("use", "sig") != "sig":
            continue
        kind = row.get("kty")
        algorithm = _ALGORITHMS.get(kind) if isinstance(kind, str) else None
        if algorithm is None or row.get("alg", algorithm) != algorithm:
            continue
        members = {name: row[name] for name in sorted(_PUBLIC & row.keys())}
        named = {"kid": row["kid"]} if "kid" in row else {}
        try:
            yield SigningKey.from_jwk(to_json({**members, **named, "alg": algorithm}))
        except InvalidPublicKey:  # too small, not on its curve, or its kid is no text
            continue
