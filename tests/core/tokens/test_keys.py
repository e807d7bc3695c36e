"""Keys, and the sets in which they are published."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from avow.core.tokens import Expected, KeySet, SigningKey, sign, verify
from avow.core.tokens.encoding import from_base64url, to_base64url
from avow.errors import ERROR_TYPE_INVALID_PUBLIC_KEY, InvalidPublicKey

Row = dict[str, Any]


def row(key: SigningKey, **changes: object) -> Row:
    """Return the key as it is published, changed; None removes a member."""
    found: Row = json.loads(key.public_jwk()) | changes
    return {name: value for name, value in found.items() if value is not None}


def _with_bytes_moved(found: Row) -> Row:
    """Return coordinates of 31 and 33 bytes, which put together are the same 64."""
    x, y = (from_base64url(found[name].encode()) for name in ("x", "y"))
    return {"x": to_base64url(x[:-1]), "y": to_base64url(x[-1:] + y)}


def jwks(*rows: object) -> bytes:
    return json.dumps({"keys": rows}).encode()


def pkcs8(private: Any) -> bytes:
    der: bytes = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return der


def test_a_kept_key_signs_as_before(key: SigningKey, claims: dict[str, object], expected: Expected, now: int) -> None:
    again = SigningKey.from_der(key.algorithm, key.to_der())
    assert again == key
    assert verify(sign(again, claims), KeySet.of([key]), expected, now).kid == key.kid


def test_a_published_key_verifies(key: SigningKey, claims: dict[str, object], expected: Expected, now: int) -> None:
    published = KeySet.from_jwks(KeySet.of([key]).to_jwks())
    assert verify(sign(key, claims), published, expected, now).claims() == claims
    assert SigningKey.from_jwk(key.public_jwk()) == key
    assert SigningKey.from_jwk(key.public_jwk().encode()) == key


def test_only_public_members_are_published(key: SigningKey) -> None:
    members = {"RS256": {"n", "e"}, "ES256": {"crv", "x", "y"}, "EdDSA": {"crv", "x"}}[key.algorithm]
    for text in (key.public_jwk(), SigningKey.from_jwk(key.public_jwk()).public_jwk()):
        found = json.loads(text)
        assert set(found) == {"kid", "alg", "use", "kty"} | members
        assert (found["kid"], found["alg"], found["use"]) == (key.kid, key.algorithm, "sig")


def test_a_set_holds_no_private_half(key: SigningKey) -> None:
    assert KeySet.of([key])[key.kid].private is None


def test_a_key_without_private_half_neither_signs_nor_leaves(key: SigningKey) -> None:
    public = key.public_only()
    with pytest.raises(InvalidPublicKey):
        sign(public, {})
    with pytest.raises(InvalidPublicKey):
        public.to_der()


def test_repr_shows_no_key(key: SigningKey) -> None:
    for shown in (repr(key), repr(KeySet.of([key])), repr(key.public_only())):
        assert key.kid in shown
        assert len(shown) < 120


def test_two_keys_never_share_a_kid() -> None:
    assert len({SigningKey.generate("ES256").kid for _ in range(50)}) == 50


def test_a_key_of_another_kind_is_refused() -> None:
    with pytest.raises(InvalidPublicKey):
        SigningKey.generate("HS256")
    with pytest.raises(InvalidPublicKey):
        SigningKey.from_der("RS256", SigningKey.generate("ES256").to_der())
    with pytest.raises(InvalidPublicKey):
        SigningKey.from_der("ES256", pkcs8(ec.generate_private_key(ec.SECP384R1())))
    with pytest.raises(InvalidPublicKey):
        SigningKey.from_der("EdDSA", pkcs8(ed448.Ed448PrivateKey.generate()))
    with pytest.raises(InvalidPublicKey):
        SigningKey.from_der("ES256", b"no key")


def test_an_rsa_key_with_a_long_exponent_is_refused() -> None:
    """A signature of it takes hundreds of times as long to check, and anybody may bring a key with a proof."""
    modulus = to_base64url(((1 << 3071) | 1).to_bytes(384, "big"))
    for exponent, is_good in ((65_537, True), ((1 << 32) - 1, True), ((1 << 32) + 1, False), ((1 << 3070) | 1, False)):
        e = to_base64url(exponent.to_bytes((exponent.bit_length() + 7) // 8, "big"))
        text = json.dumps({"kty": "RSA", "alg": "RS256", "kid": "k", "n": modulus, "e": e})
        if is_good:
            assert SigningKey.from_jwk(text).kid == "k"
        else:
            with pytest.raises(InvalidPublicKey):
                SigningKey.from_jwk(text)


def test_a_small_rsa_key_is_refused() -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - the small key is the case
    with pytest.raises(InvalidPublicKey):
        SigningKey.from_der("RS256", pkcs8(private))
    numbers = private.public_key().public_numbers()
    published = {
        "kty": "RSA",
        "alg": "RS256",
        "kid": "small",
        "e": "AQAB",
        "n": to_base64url(numbers.n.to_bytes(128, "big")),
    }
    with pytest.raises(InvalidPublicKey):
        KeySet.from_jwks(jwks(published))


@pytest.mark.parametrize(
    "changes",
    [
        {"kid": None},
        {"alg": None},
        {"kid": 1},
        {"alg": ["ES256"]},
        {"alg": "ES384"},
        {"alg": "RS256"},
        {"alg": "none"},
        {"kty": "AKP"},
        {"kty": "RSA"},
        {"use": "enc"},
        {"key_ops": ["sign"]},
        {"key_ops": "verify"},
    ],
    ids=str,
)
def test_a_key_for_others_is_skipped(keys: dict[str, SigningKey], changes: Row) -> None:
    ours = keys["EdDSA"]
    found = KeySet.from_jwks(jwks(row(keys["ES256"], **changes), "no key", None, row(ours)))
    assert list(found) == [ours.kid]


@pytest.mark.parametrize("use", [None, "sig"])
def test_a_key_without_use_is_for_signatures(keys: dict[str, SigningKey], use: str | None) -> None:
    assert list(KeySet.from_jwks(jwks(row(keys["ES256"], use=use, key_ops=["verify"])))) == [keys["ES256"].kid]


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found | {"d": "AAAA"},
        lambda found: found | {"k": "AAAA"},
        lambda found: found | {"d": None},
        lambda found: {"kty": "oct", "kid": "k", "alg": "HS256"},
        lambda found: found | {"x": found["y"], "y": found["x"]},
        lambda found: found | {"x": found["x"] + "="},
        lambda found: found | {"x": found["x"][:-4]},
        lambda found: found | {"x": "AAAA" + found["x"]},
        lambda found: found | _with_bytes_moved(found),
        lambda found: found | {"x": 5},
        lambda found: found | {"x": "\u00e9"},
        lambda found: found | {"crv": "P-384"},
        lambda found: found | {"kid": ""},
        lambda found: found | {"kid": "k" * 129},
    ],
)
def test_a_set_with_a_key_that_nobody_publishes_is_refused(
    keys: dict[str, SigningKey], change: Callable[[Row], Row]
) -> None:
    honest = row(keys["EdDSA"])
    with pytest.raises(InvalidPublicKey) as refused:
        KeySet.from_jwks(jwks(honest, change(row(keys["ES256"]))))
    assert refused.value.error_type == ERROR_TYPE_INVALID_PUBLIC_KEY


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"keys":{}}',
        b'{"keys":[],"keys":[]}',
        b"\xff",
        b'{"keys":[' + b" " * 300_000 + b"]}",
    ],
)
def test_a_body_that_is_no_key_set_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidPublicKey):
        KeySet.from_jwks(body)


def test_two_keys_of_one_kid_are_refused(keys: dict[str, SigningKey]) -> None:
    twice = row(keys["EdDSA"], kid=keys["ES256"].kid)
    with pytest.raises(InvalidPublicKey):
        KeySet.from_jwks(jwks(row(keys["ES256"]), twice))


def test_an_empty_set_is_a_set() -> None:
    assert len(KeySet.from_jwks(b'{"keys":[]}')) == 0
    assert KeySet.of([]).to_jwks() == b'{"keys":[]}'


@pytest.mark.parametrize("text", ["", "null", "{}", '{"kty":"EC","alg":"ES256"}', "\ud800", '{"kty":"oct","k":"AAAA"}'])
def test_text_that_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidPublicKey):
        SigningKey.from_jwk(text)


def test_a_private_jwk_is_refused_as_public_key(keys: dict[str, SigningKey]) -> None:
    with pytest.raises(InvalidPublicKey):
        SigningKey.from_jwk(json.dumps(row(keys["ES256"], d="AAAA")))
