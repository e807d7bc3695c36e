"""The examples of the specifications."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from avow.core.tokens import KeySet, SigningKey
from avow.core.tokens.encoding import from_base64url

FIXTURES = Path(__file__).parent.parent / "fixtures"


def vector(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text())


def public_key(found: Any) -> SigningKey:
    return SigningKey.from_jwk(json.dumps(found["jwk"] | {"alg": found["algorithm"]}))


@pytest.mark.parametrize("name", ["rfc7515-a2-rs256.json", "rfc7515-a3-es256.json", "rfc8037-a-ed25519.json"])
def test_signature_of_the_example_holds(name: str) -> None:
    found = vector(name)
    message, _, signature = found["token"].rpartition(".")
    key = public_key(found)
    key.check(from_base64url(signature.encode()), message.encode())
    with pytest.raises(InvalidSignature):
        key.check(from_base64url(signature.encode()), message.encode() + b"A")


def test_ed25519_example_is_signed_to_the_same_bytes() -> None:
    found = vector("rfc8037-a-ed25519.json")
    private = Ed25519PrivateKey.from_private_bytes(from_base64url(found["private"].encode()))
    key = SigningKey(found["thumbprint"], "EdDSA", private, private.public_key())
    message, _, signature = found["token"].rpartition(".")
    assert key.signature(message.encode()) == from_base64url(signature.encode())


def test_rsa_thumbprint_of_the_example() -> None:
    found = vector("rfc7638-3.1-thumbprint.json")
    del found["jwk"]["kid"]
    assert SigningKey.from_jwk(json.dumps(found["jwk"])).kid == found["thumbprint"]


def test_ed25519_thumbprint_of_the_example() -> None:
    found = vector("rfc8037-a-ed25519.json")
    assert public_key(found).kid == found["thumbprint"]


def test_of_the_example_key_set_the_signing_key_is_kept() -> None:
    found = KeySet.from_jwks((FIXTURES / "rfc7517-a1-public-keys.json").read_bytes())
    assert {kid: key.algorithm for kid, key in found.items()} == {"2011-04-29": "RS256"}
