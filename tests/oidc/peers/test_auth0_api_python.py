"""auth0-api-python: what it makes of our access tokens, bearer and DPoP, and its exchange on behalf of a user."""

import hashlib
import json
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from avow.server.applications import actions
from avow.server.store import Tx
from tests.factories import grant, make_role, make_user, new_email
from tests.oidc.peers.python import Library, Refused, library, registered
from tests.oidc.serving import Peer, Surfer
from tests.server.oidc.relying import API, REDIRECT, Reply, Rp, make_api

pytestmark = pytest.mark.peer("auth0-api-python")

SECOND = "https://letters.example.com"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


@pytest.fixture(scope="module")
def python(provider: Peer) -> Iterator[Library]:
    make_api(provider.avow, "read:letters", identifier=SECOND)
    with library(provider, "auth0_api_python") as started:
        yield started


class Judge:
    """An API that has its tokens judged by the library."""

    def __init__(self, provider: Peer, library: Library, audience: str = API, **options: Any) -> None:
        self.known = {"domain": provider.domain, "audience": audience, **options}
        self.library = library

    def claims(self, token: str, scheme: str = "Bearer", **more: str) -> Any:
        """Judge a request for one page of the API."""
        headers = {"authorization": f"{scheme} {token}", **more}
        said = {"headers": headers, "http_method": "GET", "http_url": f"{self.known['audience']}/page"}
        return self.library.call("ApiClient", "verify_request", made_with=self.known, **said)

    def exchanged(self, token: str, audience: str, scope: str | None = None) -> Any:
        """Get a token for another API on behalf of a user."""
        said = {"access_token": token, "audience": audience, "scope": scope}
        return self.library.call("ApiClient", "get_token_on_behalf_of", made_with=self.known, **said)


@pytest.fixture
def judge(provider: Peer, python: Library) -> Judge:
    return Judge(provider, python)


@pytest.fixture
def machine(provider: Peer) -> Rp:
    return made_machine(provider, {API: ["read:admin-messages"]})


def made_machine(provider: Peer, scopes: dict[str, list[str]], **settings: Any) -> Rp:
    """Return a machine that may call APIs, each with its scopes."""
    made = registered(provider, host=provider.domain, preset="machine", **settings)

    def unit(tx: Tx) -> None:
        for audience, allowed in scopes.items():
            actions.grant(tx, made.id, audience, allowed, actor="test")

    provider.avow.run(unit)
    return made


def signed_in(provider: Peer, surfer: Surfer, email: str, **asked: str) -> Reply:
    """Sign somebody in at an application; return its tokens."""
    rp = registered(provider, host=provider.domain)
    page = surfer.get(f"https://{provider.domain}{rp.url(**asked)}")
    page = surfer.sign_in(page, email)
    assert page.url.startswith(REDIRECT)
    return rp.redeem(dict(parse_qsl(urlsplit(page.url).query))["code"])


def test_token_of_a_person_says_who_and_what_they_may(provider: Peer, judge: Judge, surfer: Surfer) -> None:
    email = new_email()
    user = make_user(provider.avow, email)
    grant(provider.avow, user, make_role(provider.avow, "admin", ["read:admin-messages"]))
    tokens = signed_in(provider, surfer, email, audience=API, scope="openid email read:admin-messages")
    said = judge.claims(tokens["access_token"])
    assert (said["sub"], said["iss"]) == (user, provider.issuer)
    assert said["permissions"] == ["read:admin-messages"]
    assert "read:admin-messages" in said["scope"].split()
    required = ["sub", "client_id", "azp", "jti", "scope", "permissions"]
    again = {"access_token": tokens["access_token"], "required_claims": required}
    judge.library.call("ApiClient", "verify_access_token", made_with=judge.known, **again)


def test_token_of_a_machine_is_judged(provider: Peer, judge: Judge, machine: Rp) -> None:
    token = machine.token({"grant_type": "client_credentials", "audience": API})["access_token"]
    assert judge.claims(token)["sub"] == f"{machine.id}@clients"


def test_other_tokens_are_refused(provider: Peer, judge: Judge, python: Library, machine: Rp, surfer: Surfer) -> None:
    tokens = signed_in(provider, surfer, new_email(), audience=API)
    token = tokens["access_token"]
    head, _, signature = token.split(".")
    said = jwt.decode(token, options={"verify_signature": False})
    forged = urlsafe_b64encode(json.dumps({**said, "permissions": ["all"]}).encode()).decode().rstrip("=")
    for of, brought, text in (
        (judge, tokens["id_token"], "Audience mismatch"),
        (Judge(provider, python, SECOND), token, "Audience mismatch"),
        (judge, f"{head}.{forged}.{signature}", "Signature verification failed"),
        (judge, tokens["access_token"][:-6] + "AAAAAA", "Signature verification failed"),
    ):
        with pytest.raises(Refused) as refused:
            of.claims(brought)
        assert (refused.value.name, refused.value.said["status_code"]) == ("VerifyAccessTokenError", 401)
        assert text in refused.value.said["text"]


def proof(key: ec.EllipticCurvePrivateKey, verb: str, url: str, token: str = "") -> str:
    """Return a proof that somebody holds a key. Spec: RFC 9449 section 4.2."""
    public: Any = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    said: dict[str, Any] = {"htm": verb, "htu": url, "iat": int(time.time()), "jti": secrets.token_urlsafe(16)}
    if token:
        said["ath"] = urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).decode().rstrip("=")
    return jwt.encode(said, key, "ES256", {"typ": "dpop+jwt", "jwk": public})


def test_bound_token_counts_with_its_key_alone(provider: Peer, judge: Judge, machine: Rp) -> None:
    key, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    shown = proof(key, "POST", f"{provider.issuer}oauth/token")
    answer = machine.token({"grant_type": "client_credentials", "audience": API}, dpop=shown)
    assert answer["token_type"] == "DPoP"
    token = answer["access_token"]
    page = ("GET", f"{API}/page", token)
    assert judge.claims(token, "DPoP", dpop=proof(key, *page))["cnf"]
    for scheme, headers in (("Bearer", {}), ("DPoP", {"dpop": proof(other, *page)}), ("DPoP", {})):
        with pytest.raises(Refused):
            judge.claims(token, scheme, **headers)


def test_api_calls_another_one_for_the_user(provider: Peer, python: Library, surfer: Surfer) -> None:
    email = new_email()
    user = make_user(provider.avow, email)
    token = signed_in(provider, surfer, email, audience=API)["access_token"]
    settings = {"grantTypes": ["client_credentials", EXCHANGE]}
    service = made_machine(provider, {API: [], SECOND: ["read:letters"]}, **settings)
    stranger = made_machine(provider, {SECOND: ["read:letters"]}, **settings)
    credentials = [{"client_id": each.id, "client_secret": each.secret} for each in (service, stranger)]
    calling = Judge(provider, python, **credentials[0])
    got = calling.exchanged(token, SECOND)
    assert got["scope"] == "read:letters"
    said = Judge(provider, python, SECOND).claims(got["access_token"])
    assert (said["sub"], said["actor"]) == (user, f"{service.id}@clients")
    with pytest.raises(Refused):
        Judge(provider, python).claims(got["access_token"])
    with pytest.raises(Refused) as refused:
        Judge(provider, python, **credentials[1]).exchanged(token, SECOND)  # the token is for an API of others
    assert refused.value.error == (400, "invalid_request")
    with pytest.raises(Refused) as refused:
        calling.exchanged(token, SECOND, "write:letters")
    assert refused.value.error == (400, "invalid_scope")
