import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from avow.core.federation.keys import read_keys
from avow.core.tokens import SigningKey
from avow.core.tokens.encoding import to_base64url, to_json

RSA, EC = SigningKey.generate("RS256"), SigningKey.generate("ES256")


def jwk(key: SigningKey, **changes: Any) -> dict[str, Any]:
    members = {**json.loads(key.public_jwk()), **changes}
    return {name: value for name, value in members.items() if value is not None}


def small() -> dict[str, Any]:
    n = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key().public_numbers().n  # noqa: S505
    return {"kty": "RSA", "kid": "small", "alg": "RS256", "n": to_base64url(n.to_bytes(128, "big")), "e": "AQAB"}


def test_key_without_algorithm_verifies_those_of_its_kind() -> None:
    keys = read_keys(to_json({"keys": [jwk(RSA, alg=None), jwk(EC, alg=None)]}))
    assert keys.find("RS256", RSA.kid) is keys.find("PS256", RSA.kid) is not None
    assert keys.find("ES256", EC.kid) is not None
    assert keys.find("ES256", RSA.kid) is keys.find("RS256", EC.kid) is None


USELESS: dict[str, object] = {
    "symmetric": {"kty": "oct", "kid": "s", "k": "AAAA", "alg": "HS256"},
    "for encryption": jwk(RSA, use="enc"),
    "an algorithm of encryption": jwk(RSA, alg="RSA-OAEP"),
    "another curve": jwk(EC, crv="P-384"),
    "no point of the curve": jwk(EC, x="AAAA"),
    "without a modulus": jwk(RSA, n=None),
    "a number for kid": jwk(RSA, kid=7),
    "1024 bits": small(),
    "text": "no key",
    "null": None,
    "a type and nothing else": {"kty": "EC"},
    "a list of types": {"kty": ["RSA"]},
}


@pytest.mark.parametrize("row", USELESS.values(), ids=USELESS)
def test_row_that_is_of_no_use_is_passed_over(row: object) -> None:
    assert len(read_keys(to_json({"keys": [row, jwk(EC)]})).keys) == 1


def test_private_members_of_a_key_are_not_read() -> None:
    [key] = read_keys(to_json({"keys": [jwk(EC, d="AAAA")]})).keys
    assert key.kid == EC.kid


def test_two_keys_of_one_name_are_none() -> None:
    other = SigningKey.generate("ES256")
    keys = read_keys(to_json({"keys": [jwk(EC), jwk(other, kid=EC.kid)]}))
    assert keys.find("ES256", EC.kid) is None


def test_keys_of_one_name_and_two_kinds_are_told_apart() -> None:
    keys = read_keys(to_json({"keys": [jwk(EC), jwk(RSA, kid=EC.kid)]}))
    assert keys.find("ES256", EC.kid) is not keys.find("RS256", EC.kid)
    assert keys.find("RS256", EC.kid) is not None


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"keys":{}}', b'{"keys":[]', b"\xff", b"<html>"])
def test_what_is_no_key_set_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        read_keys(body)


def test_set_of_more_than_a_hundred_keys_is_refused() -> None:
    assert len(read_keys(to_json({"keys": [jwk(EC, kid=str(each)) for each in range(100)]})).keys) == 100
    with pytest.raises(ValueError, match="long"):
        read_keys(to_json({"keys": [jwk(EC)] * 101}))
