"""Other people's libraries judge us: they accept what we sign, and we accept what they sign honestly."""

import json
from collections.abc import Callable
from typing import Any, Literal

import jwt as pyjwt
import pytest
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet as JoserfcKeySet
from joserfc.jwk import import_key

from avow.core.tokens import Expected, KeySet, SigningKey, sign, verify

Claims = dict[str, object]
Signer = Callable[[SigningKey, Claims], str]

# Claims in the spellings that an honest issuer may choose.
SHAPES: dict[str, Claims] = {
    "plain": {},
    "text outside ASCII": {"name": "Zoë \U0001f600 Ω", "note": 'a "quote", a \\ and a \n'},
    "numbers": {"one": 1, "half": 0.5, "small": 1e-7, "large": 2**63, "minus": -1},
    "nested": {"tenants": {"T1": {"roles": ["a", "b"], "permissions": []}, "T2": {}}, "list": [[], {}, None, True]},
    "many tenants": {"tenants": {f"T{number:027d}": {"roles": ["viewer"]} for number in range(60)}},
    "a name that is empty": {"": ""},
}


def by_pyjwt(key: SigningKey, claims: Claims) -> str:
    private: Any = key.private
    return pyjwt.encode(claims, private, algorithm=key.algorithm, headers={"kid": key.kid})


def by_joserfc(key: SigningKey, claims: Claims) -> str:
    kinds: dict[str, Literal["RSA", "EC", "OKP"]] = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
    private: Any = import_key(key.to_der(), kinds[key.algorithm])
    header = {"alg": key.algorithm, "kid": key.kid}
    return joserfc_jwt.encode(header, claims, private, algorithms=[key.algorithm])


@pytest.fixture(params=SHAPES)
def shape(request: pytest.FixtureRequest, claims: Claims, now: int) -> Claims:
    return claims | SHAPES[request.param]


@pytest.mark.parametrize("signer", [by_pyjwt, by_joserfc])
@pytest.mark.filterwarnings("ignore:.*EdDSA")
def test_honest_tokens_of_others_are_accepted(
    key: SigningKey, shape: Claims, expected: Expected, now: int, signer: Signer
) -> None:
    token = signer(key, shape)
    assert verify(token, KeySet.of([key]), expected, now).claims() == shape


def test_pyjwt_accepts_our_tokens_by_our_key_set(key: SigningKey, shape: Claims) -> None:
    token = sign(key, shape)
    published = pyjwt.PyJWKSet.from_json(KeySet.of([key]).to_jwks().decode())
    found = published[pyjwt.get_unverified_header(token)["kid"]]
    options: Any = {"verify_exp": False, "verify_iat": False}
    assert pyjwt.decode(token, found, algorithms=[key.algorithm], options=options) == shape


@pytest.mark.filterwarnings("ignore:.*EdDSA")
def test_joserfc_accepts_our_tokens_by_our_key_set(key: SigningKey, shape: Claims) -> None:
    published = JoserfcKeySet.import_key_set(json.loads(KeySet.of([key]).to_jwks()))
    assert joserfc_jwt.decode(sign(key, shape), published, algorithms=[key.algorithm]).claims == shape


def test_kid_is_the_thumbprint_that_joserfc_computes(key: SigningKey) -> None:
    assert import_key(json.loads(key.public_jwk())).thumbprint() == key.kid
