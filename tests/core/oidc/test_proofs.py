"""What a client shows: secrets, assertions, PKCE, DPoP; and whom a log-out is about."""

import base64
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from avow.core.federation.keys import ProviderKeys, read_keys
from avow.core.oidc import clientauth, dpop, logout, pkce
from avow.core.oidc.clients import Client, preset
from avow.core.tokens import SigningKey
from avow.core.tokens.encoding import to_base64url

NOW = 1_800_000_000
KEY = SigningKey.generate("ES256")
URL = "https://id.example.com/oauth/token"


def basic(client_id: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


def signed(key: SigningKey, header: dict[str, Any], claims: dict[str, Any]) -> str:
    message = f"{to_base64url(json.dumps(header).encode())}.{to_base64url(json.dumps(claims).encode())}"
    return f"{message}.{to_base64url(key.signature(message.encode()))}"


NAMELESS = signed(KEY, {"alg": "ES256"}, {"sub": "C\0"})


# --- PKCE ---


def test_challenge_is_that_of_rfc_7636_appendix_b() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert pkce.challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert pkce.is_verifier(verifier)


@pytest.mark.parametrize("text", ["", "a" * 42, "a" * 129, "a" * 42 + "!", "ä" * 43])
def test_verifier_of_another_form_is_none(text: str) -> None:
    assert not pkce.is_verifier(text)


# --- Credentials ---


def test_each_way_to_show_who_a_client_is_is_read() -> None:
    header = clientauth.presented(basic("a%3Ab", "s%2Bx"), {})
    assert (header.method, header.client_id, header.secret) == ("client_secret_basic", "a:b", "s+x")
    body = clientauth.presented("", {"client_id": ("C1",), "client_secret": ("s",)})
    assert (body.method, body.client_id, body.secret) == ("client_secret_post", "C1", "s")
    public = clientauth.presented("", {"client_id": ("C1",)})
    assert (public.method, public.client_id) == ("none", "C1")
    assertion = signed(KEY, {"alg": "ES256"}, {"sub": "C2"})
    jwt = {"client_assertion": (assertion,), "client_assertion_type": (clientauth.ASSERTION_TYPE,)}
    assert clientauth.presented("", jwt).client_id == "C2"
    assert "s%2Bx" not in repr(header)


@pytest.mark.parametrize(
    ("authorization", "parameters"),
    [
        (basic("C1", "s"), {"client_id": ("C1",), "client_secret": ("s",)}),
        (basic("C1", "s"), {"client_id": ("C2",)}),
        (basic("", "s"), {}),
        ("Basic !!", {}),
        ("", {}),
        ("", {"client_secret": ("s",)}),
        ("", {"client_id": ("C1", "C2")}),
        ("", {"client_id": ("C1",), "client_assertion": ("x.y.z",)}),
        ("", {"client_assertion": ("x",), "client_assertion_type": (clientauth.ASSERTION_TYPE,)}),
        (basic("C\0", "s"), {}),
        (basic("C%001", "s"), {}),
        ("", {"client_id": ("C\u202e1",)}),
        ("", {"client_assertion": (NAMELESS,), "client_assertion_type": (clientauth.ASSERTION_TYPE,)}),
        (basic("C1", "s"), {"client_assertion": ("x",), "client_assertion_type": (clientauth.ASSERTION_TYPE,)}),
    ],
)
def test_two_ways_at_once_or_none_are_refused(authorization: str, parameters: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(clientauth.CredentialsFault):
        clientauth.presented(authorization, parameters)


ASSERTION = {"iss": "C1", "sub": "C1", "aud": URL, "exp": NOW + 60, "iat": NOW, "jti": "j"}


def keys(key: SigningKey = KEY) -> ProviderKeys:
    return read_keys(b'{"keys":[' + key.public_jwk().encode() + b"]}")


def checked(claims: dict[str, Any], key: SigningKey = KEY, header: dict[str, Any] | None = None) -> tuple[str, int]:
    token = clientauth.read_assertion(signed(key, header or {"alg": "ES256", "kid": key.kid}, claims))
    return clientauth.verify_assertion(token, keys(), "C1", (URL, "https://id.example.com/"), NOW)


def test_assertion_that_holds_has_an_id_and_an_end() -> None:
    assert checked(ASSERTION) == ("j", NOW + 60)
    assert checked({**ASSERTION, "aud": [URL, "https://id.example.com/"]}, header={"alg": "ES256"}) == ("j", NOW + 60)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "C2"},
        {"sub": "C2"},
        {"aud": "https://other.example.com"},
        {"aud": [URL, "https://other.example.com"]},
        {"aud": []},
        {"exp": NOW - 61},
        {"exp": NOW + 3601},
        {"exp": "soon"},
        {"iat": NOW + 61},
        {"jti": ""},
    ],
)
def test_assertion_that_breaks_a_rule_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(clientauth.CredentialsFault):
        checked({**ASSERTION, **changes})


def test_assertion_of_another_key_is_refused() -> None:
    with pytest.raises(clientauth.CredentialsFault):
        checked(ASSERTION, SigningKey.generate("ES256"))
    other = SigningKey.generate("ES256")
    with pytest.raises(clientauth.CredentialsFault):
        checked(ASSERTION, other, {"alg": "ES256", "kid": KEY.kid})


# --- DPoP ---


def jwk(key: SigningKey = KEY) -> dict[str, str]:
    members: dict[str, str] = json.loads(key.public_jwk())
    return {name: members[name] for name in ("kty", "crv", "x", "y")}


def proof(claims: dict[str, Any] | None = None, header: dict[str, Any] | None = None, key: SigningKey = KEY) -> str:
    said = {"jti": "p", "htm": "POST", "htu": URL, "iat": NOW, **(claims or {})}
    return signed(key, {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk(), **(header or {})}, said)


def test_proof_that_holds_names_its_key() -> None:
    found = dpop.verify(proof(), "POST", URL, NOW)
    assert (found.jkt, found.jti) == (KEY.kid, "p")
    ath = to_base64url(hashlib.sha256(b"token").digest())
    assert dpop.verify(proof({"ath": ath}), "POST", URL, NOW, access_token="token").jkt == KEY.kid


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b",
        "a.b.c",
        proof({"htm": "GET"}),
        proof({"htu": "https://id.example.com/userinfo"}),
        proof({"iat": NOW - 61}),
        proof({"iat": NOW + 61}),
        proof({"jti": ""}),
        proof(header={"typ": "JWT"}),
        proof(header={"alg": "none"}),
        proof(header={"jwk": {"kty": "oct", "k": "c2VjcmV0"}}),
        proof(header={"jwk": {**jwk(), "d": "c2VjcmV0"}}),
        proof(key=SigningKey.generate("ES256")),
        proof()[:-4] + "AAAA",
    ],
)
def test_proof_that_breaks_a_rule_is_refused(text: str) -> None:
    with pytest.raises(dpop.ProofFault):
        dpop.verify(text, "POST", URL, NOW)


def test_proof_without_its_token_is_refused_where_one_is_shown() -> None:
    with pytest.raises(dpop.ProofFault):
        dpop.verify(proof(), "POST", URL, NOW, access_token="token")


# --- Log-out ---


CLIENT = Client("C1", settings=preset("regular-web", {"logoutUris": ["https://app.example.com"]}, is_open=False))


def test_log_out_is_sure_for_the_session_of_the_hint_only() -> None:
    hint = {"sub": "U1", "sid": "S1"}
    assert logout.judge(CLIENT, hint, "https://app.example.com/", ("U1", "S1")).is_sure
    assert not logout.judge(CLIENT, hint, "", ("U1", "S2")).is_sure
    assert not logout.judge(CLIENT, hint, "", ("U2", "S1")).is_sure
    assert not logout.judge(CLIENT, None, "", ("U1", "S1")).is_sure
    assert logout.judge(CLIENT, hint, "", ("", "")).is_sure


def test_log_out_without_a_session_is_sure_where_management_vouches_for_the_address() -> None:
    own, hint = "https://app.example.com/", {"sub": "U1", "sid": "S1"}
    trusted = replace(CLIENT, is_trusted=True)
    for said in (None, hint):
        assert logout.judge(trusted, said, own, ("", "")).is_sure
        assert not logout.judge(replace(CLIENT, is_trusted=False), said, own, ("", "")).is_sure
        assert logout.judge(None, said, "", ("", "")).is_sure


def test_log_out_leads_nowhere_else() -> None:
    assert logout.judge(CLIENT, None, "https://evil.example/", ("", "")).is_refused
    assert logout.judge(None, None, "https://app.example.com/", ("", "")).is_refused
    assert logout.judge(CLIENT, None, "https://app.example.com", ("", "")).leads_to == "https://app.example.com"


def test_state_is_handed_back() -> None:
    assert logout.with_state("https://app.example.com/", "a b") == "https://app.example.com/?state=a+b"
    assert logout.with_state("https://app.example.com/?x=1", "s") == "https://app.example.com/?x=1&state=s"
    assert logout.with_state("https://app.example.com/", "") == "https://app.example.com/"
