import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from avow.core.federation import requests
from avow.core.federation.providers import ClientAuth, Endpoints, Provider
from avow.core.federation.requests import Wishes
from avow.core.tokens.encoding import to_base64url
from avow.errors import InvalidArgument

NOW = 1_800_000_000
# RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def provider(**changes: Any) -> Provider:
    given = {"protocol": "oidc", "issuer": "https://id.example.com", "client_id": "client &1", "scopes": ("email",)}
    return Provider(**{**given, **changes})


def endpoints(client_auth: ClientAuth = "basic", **changes: Any) -> Endpoints:
    given: dict[str, Any] = {
        "authorization_url": "https://id.example.com/authorize?tenant=7",
        "token_url": "https://id.example.com/token",
        "user_url": "https://id.example.com/me",
        "keys_url": "",
        "client_auth": client_auth,
        "algorithms": ("ES256",),
        "uses_pkce": True,
    }
    return Endpoints(**{**given, **changes})


def asked(wishes: Wishes | None = None, made: Provider | None = None, found: Endpoints | None = None) -> dict[str, str]:
    url = requests.authorization_url(
        made or provider(),
        found or endpoints(),
        wishes or Wishes(),
        redirect_uri="https://auth.example.com/callback/P1/acme",
        state="C1",
        nonce="n-1",
        verifier=VERIFIER,
    )
    pairs = parse_qsl(urlsplit(url).query)
    assert len(pairs) == len(dict(pairs))
    return dict(pairs)


def test_request_of_a_browser_says_who_asks_for_what() -> None:
    assert asked() == {
        "tenant": "7",
        "response_type": "code",
        "client_id": "client &1",
        "redirect_uri": "https://auth.example.com/callback/P1/acme",
        "scope": "openid email",
        "state": "C1",
        "nonce": "n-1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }


def test_wishes_are_passed_on() -> None:
    said = asked(Wishes(scopes=("openid", "calendar"), prompt="consent", login_hint="a@b", parameters={"hd": "b c"}))
    assert (said["scope"], said["prompt"], said["login_hint"], said["hd"]) == (
        "openid calendar",
        "consent",
        "a@b",
        "b c",
    )


def test_new_proof_is_asked_for_whatever_the_wishes_say() -> None:
    said = asked(Wishes(prompt="none", proves_anew=True))
    assert (said["prompt"], said["max_age"]) == ("login", "0")


def test_provider_of_oauth_gets_no_nonce() -> None:
    said = asked(made=provider(protocol="oauth2"))
    assert "nonce" not in said
    assert said["scope"] == "email"


def test_form_is_asked_for_where_the_provider_wants_one() -> None:
    assert asked(made=provider(form_post=True))["response_mode"] == "form_post"


def test_parameters_of_the_provider_give_way_to_wishes_and_never_to_ours() -> None:
    made = provider(parameters={"prompt": "login", "hd": "a", "state": "evil"})
    said = asked(Wishes(parameters={"hd": "b"}), made)
    assert (said["prompt"], said["hd"], said["state"]) == ("login", "b", "C1")


@pytest.mark.parametrize("name", [*sorted(requests.PARAMETERS), "", "a b", "a=b", "ä", "a&state", "x" * 65])
def test_parameter_of_ours_cannot_be_wished_for(name: str) -> None:
    assert not requests.is_parameter(name)


def code_request(auth: ClientAuth, secret: str = "s:1/ä", **changes: Any) -> tuple[Any, dict[str, str]]:
    request = requests.code_request(
        provider(**changes),
        endpoints(auth),
        secret,
        code="c-1",
        redirect_uri="https://auth.example.com/cb",
        verifier=VERIFIER,
        now=NOW,
    )
    assert (request.verb, request.url) == ("POST", "https://id.example.com/token")
    return request, {name: values[0] for name, values in parse_qs(request.body.decode()).items()}


def test_code_is_exchanged_with_the_verifier() -> None:
    _, form = code_request("post")
    assert form["grant_type"] == "authorization_code"
    assert (form["code"], form["redirect_uri"], form["code_verifier"]) == (
        "c-1",
        "https://auth.example.com/cb",
        VERIFIER,
    )


def test_secret_in_the_header_is_encoded_before_it_is_joined() -> None:
    request, form = code_request("basic")
    decoded = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
    assert decoded == "client%20%261:s%3A1%2F%C3%A4"
    assert "client_secret" not in form


def test_secret_in_the_body() -> None:
    request, form = code_request("post")
    assert (form["client_id"], form["client_secret"]) == ("client &1", "s:1/ä")
    assert "authorization" not in request.headers


def test_client_without_a_secret_names_itself() -> None:
    _, form = code_request("none", "")
    assert form["client_id"] == "client &1"
    assert "client_secret" not in form


def pem(key: Any) -> str:
    text: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return text.decode()


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
        (rsa.generate_private_key(public_exponent=65537, key_size=2048), "RS256"),
        (ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
    ],
    ids=["ES256", "RS256", "EdDSA"],
)
def test_private_key_signs_who_we_are(key: Any, algorithm: str) -> None:
    _, form = code_request("private_key_jwt", pem(key), key_id="k-1")
    said = jwt.decode(
        form["client_assertion"],
        key.public_key(),
        algorithms=[algorithm],
        audience="https://id.example.com/token",
        options={"verify_exp": False, "verify_iat": False},
    )
    assert (said["iss"], said["sub"], said["exp"] - said["iat"]) == ("client &1", "client &1", 120)
    assert jwt.get_unverified_header(form["client_assertion"])["kid"] == "k-1"
    assert form["client_assertion_type"].endswith("jwt-bearer")


def test_apple_takes_a_token_for_a_secret() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    _, form = code_request("apple", pem(key), key_id="KEY1", team_id="TEAM1", issuer="https://appleid.apple.com")
    said = jwt.decode(
        form["client_secret"],
        key.public_key(),
        algorithms=["ES256"],
        audience="https://appleid.apple.com",
        options={"verify_exp": False, "verify_iat": False},
    )
    assert (said["iss"], said["sub"]) == ("TEAM1", "client &1")
    assert jwt.get_unverified_header(form["client_secret"])["kid"] == "KEY1"


@pytest.mark.parametrize(
    "text", ["", "no key", pem(ed448.Ed448PrivateKey.generate()), pem(ec.generate_private_key(ec.SECP384R1()))]
)
def test_what_is_no_key_that_we_sign_with_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        requests.read_key(text)


def test_user_is_asked_for_with_the_access_token() -> None:
    request = requests.user_request(provider(user_parameters={"fields": "id,name"}), endpoints(), "at-1")
    assert request.url == "https://id.example.com/me?fields=id%2Cname"
    assert request.headers["authorization"] == "Bearer at-1"


def test_verifier_of_the_rfc_has_its_challenge() -> None:
    assert to_base64url(hashlib.sha256(VERIFIER.encode()).digest()) == CHALLENGE
    assert json.dumps(asked()["code_challenge"]) == json.dumps(CHALLENGE)
