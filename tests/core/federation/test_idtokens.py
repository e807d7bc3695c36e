import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from avow.core.federation.idtokens import ExpectedIdToken, parse, verify
from avow.core.federation.keys import ProviderKeys, read_keys
from avow.core.tokens import SigningKey
from avow.core.tokens.encoding import to_base64url, to_json
from avow.errors import SignInRefused
from tests.bed.openid import jws

NOW = 1_800_000_000
KEYS = {algorithm: SigningKey.generate(algorithm) for algorithm in ("ES256", "RS256", "EdDSA")}
KEY = KEYS["ES256"]
EXPECTED = ExpectedIdToken(
    issuer="https://idp.example.com", client_id="avow", nonce="n-1", algorithms=("RS256", "ES256", "PS256", "EdDSA")
)
GENUINE: dict[str, object] = {
    "iss": "https://idp.example.com",
    "sub": "248289761001",
    "aud": "avow",
    "exp": NOW + 300,
    "iat": NOW,
    "nonce": "n-1",
}


def published(*keys: SigningKey) -> ProviderKeys:
    return read_keys(b'{"keys":[' + ",".join(key.public_jwk() for key in keys).encode() + b"]}")


def claims_of(token: str, expected: ExpectedIdToken = EXPECTED, keys: ProviderKeys | None = None) -> dict[str, object]:
    return verify(parse(token), keys or published(*KEYS.values()), expected, NOW)


def changed(**claims: object) -> dict[str, object]:
    """Return the genuine claims with others; `...` drops one."""
    return {name: value for name, value in {**GENUINE, **claims}.items() if value is not ...}


@pytest.mark.parametrize("algorithm", KEYS)
def test_genuine_token_holds(algorithm: str) -> None:
    assert claims_of(jws(GENUINE, KEYS[algorithm])) == GENUINE


def test_token_signed_with_pss_holds() -> None:
    key = KEYS["RS256"]
    assert isinstance(key.private, rsa.RSAPrivateKey)
    public = {**{name: value for name, value in _jwk(key).items() if name != "alg"}}
    head = ".".join(to_base64url(to_json(part)) for part in ({"alg": "PS256", "kid": key.kid}, GENUINE))
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    token = f"{head}.{to_base64url(key.private.sign(head.encode(), pss, hashes.SHA256()))}"
    assert claims_of(token, keys=read_keys(to_json({"keys": [public]}))) == GENUINE
    with pytest.raises(SignInRefused):  # a key that names its algorithm verifies no other
        claims_of(token)


def test_member_of_the_header_that_we_do_not_know_is_passed_over() -> None:
    assert claims_of(jws(GENUINE, KEY, x5t="abc", typ=None)) == GENUINE


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "RS256"},
        {"kid": "another"},
        {"crit": ["exp"], "exp": 1},
        {"b64": False},
        {"typ": "at+jwt"},
        {"typ": "logout+jwt"},
        {"kid": 7},
        {"alg": None},
    ],
    ids=str,
)
def test_header_that_says_something_else_is_refused(header: dict[str, Any]) -> None:
    with pytest.raises(SignInRefused):
        claims_of(jws(GENUINE, KEY, **header))


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://idp.example.com/"},
        {"iss": "https://other.example.com"},
        {"iss": ...},
        {"aud": "somebody"},
        {"aud": ["avow", "somebody"]},
        {"aud": ["avow", "somebody"], "azp": "somebody"},
        {"aud": "avow", "azp": "somebody"},
        {"aud": ...},
        {"aud": []},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
        {"sub": ...},
        {"exp": NOW - 60},
        {"exp": ...},
        {"exp": str(NOW + 300)},
        {"exp": True},
        {"exp": NOW + 0.5},
        {"iat": NOW + 61},
        {"iat": ...},
        {"nbf": NOW + 61},
        {"nonce": "n-2"},
        {"nonce": ...},
        {"nonce": None},
        {"nonce": ["n-1"]},
        {"nonce": ..., "nonce_supported": False},
    ],
    ids=str,
)
def test_claim_that_says_something_else_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SignInRefused):
        claims_of(jws(changed(**wrong), KEY))


def test_several_audiences_hold_with_ours_as_the_authorized_party() -> None:
    assert claims_of(jws(changed(aud=["avow", "somebody"], azp="avow"), KEY))["azp"] == "avow"


@pytest.mark.parametrize("seconds", [-59, 0, 60])
def test_clocks_may_differ_by_a_minute(seconds: int) -> None:
    assert claims_of(jws(changed(exp=NOW + max(seconds, -59), iat=NOW + max(seconds, 0)), KEY))


def test_signature_of_another_key_is_refused() -> None:
    other = SigningKey.generate("ES256")
    with pytest.raises(SignInRefused):
        claims_of(jws(GENUINE, other, kid=KEY.kid))


def test_signature_that_was_cut_or_changed_is_refused() -> None:
    token = jws(GENUINE, KEY)
    for forged in (token[:-2], token.rpartition(".")[0] + ".", token.replace(".", "..", 1), f"{token}.", ""):
        with pytest.raises(SignInRefused):
            claims_of(forged)


def test_token_without_kid_holds_only_where_one_key_can_be_meant() -> None:
    token = jws(GENUINE, KEY, kid=None)
    assert claims_of(token) == GENUINE
    with pytest.raises(SignInRefused):
        claims_of(token, keys=published(KEY, SigningKey.generate("ES256")))


def test_repeated_claim_is_refused() -> None:
    head = to_base64url(to_json({"alg": "ES256", "kid": KEY.kid}))
    payload = to_base64url(to_json(GENUINE)[:-1] + b',"sub":"somebody"}')
    signature = to_base64url(KEY.signature(f"{head}.{payload}".encode()))
    with pytest.raises(SignInRefused):
        claims_of(f"{head}.{payload}.{signature}")


def test_hash_of_the_access_token_has_to_fit() -> None:
    expected = ExpectedIdToken(
        issuer=EXPECTED.issuer, client_id="avow", nonce="n-1", algorithms=("ES256",), access_token="the-token"
    )
    right = to_base64url(hashlib.sha256(b"the-token").digest()[:16])
    assert claims_of(jws(changed(at_hash=right), KEY), expected)
    for wrong in (to_base64url(hashlib.sha256(b"another").digest()[:16]), "", 7, right[:-1]):
        with pytest.raises(SignInRefused):
            claims_of(jws(changed(at_hash=wrong), KEY), expected)


@pytest.mark.parametrize("proven_at", [..., "yesterday", NOW - 86_400, NOW - 400, NOW + 61, True], ids=str)
def test_proof_that_is_too_old_or_not_dated_is_none_where_a_new_one_is_asked_for(proven_at: object) -> None:
    expected = ExpectedIdToken(
        issuer=EXPECTED.issuer, client_id="avow", nonce="n-1", algorithms=("ES256",), proven_since=NOW - 300
    )
    assert claims_of(jws(changed(auth_time=NOW - 300), KEY), expected)
    with pytest.raises(SignInRefused):
        claims_of(jws(changed(auth_time=proven_at), KEY), expected)


def test_issuer_of_many_organisations_is_the_one_that_the_token_names() -> None:
    issuer = "https://login.example.com/{tenantid}/v2.0"
    expected = ExpectedIdToken(issuer=issuer, client_id="avow", nonce="n-1", algorithms=("ES256",))
    own = "https://login.example.com/9188040d-6c67/v2.0"
    assert claims_of(jws(changed(iss=own, tid="9188040d-6c67"), KEY), expected)["iss"] == own
    for wrong in (
        {"iss": own, "tid": "other"},
        {"iss": own},
        {"iss": issuer, "tid": "{tenantid}"},
        {"iss": "https://login.example.com/../evil/v2.0", "tid": "../evil"},
    ):
        with pytest.raises(SignInRefused):
            claims_of(jws(changed(**wrong), KEY), expected)


@pytest.mark.parametrize(
    ("of_key", "holds"),
    [("{tenantid}", True), ("9188040d", True), ("other", False)],
    ids=["any", "its own", "another"],
)
def test_key_of_one_organisation_signs_for_no_other(of_key: str, holds: bool) -> None:
    expected = ExpectedIdToken(
        issuer="https://login.example.com/{tenantid}", client_id="avow", nonce="n-1", algorithms=("ES256",)
    )
    keys = read_keys(to_json({"keys": [{**_jwk(KEY), "issuer": f"https://login.example.com/{of_key}"}]}))
    token = jws(changed(iss="https://login.example.com/9188040d", tid="9188040d"), KEY)
    if holds:
        assert claims_of(token, expected, keys)
        return
    with pytest.raises(SignInRefused):
        claims_of(token, expected, keys)


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.decode("latin-1")))
def test_any_text_is_refused_or_parsed(text: str) -> None:
    try:
        parse(text)
    except SignInRefused:
        return


def test_long_token_is_refused_before_it_is_read() -> None:
    with pytest.raises(SignInRefused, match="E061301"):
        parse("a" * 20_000)


def _jwk(key: SigningKey) -> dict[str, Any]:
    import json

    found: dict[str, Any] = json.loads(key.public_jwk())
    return found
