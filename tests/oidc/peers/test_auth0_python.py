"""auth0-python: its clients for tokens, passwords, codes by message, pushed requests, and its judge of ID tokens."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from avow.server.applications import actions
from tests.factories import make_user, new_email
from tests.oidc.peers.python import Library, Refused, library, registered
from tests.oidc.serving import Peer, Surfer
from tests.server.oidc.relying import API, CHALLENGE, REDIRECT, VERIFIER, Rp, claims

pytestmark = pytest.mark.peer("auth0-python")

OTP = "http://auth0.com/oauth/grant-type/passwordless/otp"
REALM = "http://auth0.com/oauth/grant-type/password-realm"
PASSWORD = "Correct-horse-battery-7"
CONNECTION = "Username-Password-Authentication"
OFFLINE = "openid profile email offline_access"


class Client:
    """An application that uses the library."""

    def __init__(self, provider: Peer, library: Library, **settings: Any) -> None:
        self.peer = provider
        self.rp: Rp = registered(provider, host=provider.domain, **settings)
        self.known = {"domain": provider.domain, "client_id": self.rp.id, "client_secret": self.rp.secret or None}
        self.library = library

    def call(self, of: str, method: str, **arguments: Any) -> Any:
        """Call a method of the library."""
        return self.library.call(of, method, made_with=self.known, **arguments)

    def answer(self, surfer: Surfer, email: str, **asked: Any) -> dict[str, str]:
        """Sign in by a browser; return what the application is told."""
        return self.opened(surfer, self.rp.url(**asked), email)

    def opened(self, surfer: Surfer, path: str, email: str) -> dict[str, str]:
        """Open an address of the provider; return what the application is told in the end."""
        page = surfer.get(f"https://{self.peer.domain}{path}")
        if not page.url.startswith(REDIRECT):
            page = surfer.sign_in(page, email)
        return dict(parse_qsl(urlsplit(page.url).query))

    def userinfo(self, token: str) -> Any:
        """Ask who a token is about."""
        return self.library.call("Users", "userinfo", made_with={"domain": self.peer.domain}, access_token=token)

    def verify(self, token: str, **said: Any) -> Any:
        """Have the library judge an ID token."""
        known = {"domain": self.peer.domain, "client_id": self.rp.id}
        return self.library.call("TokenVerifier", "verify", made_with=known, token=token, **said)


@pytest.fixture(scope="module")
def python(provider: Peer) -> Iterator[Library]:
    with library(provider, "auth0_python") as started:
        yield started


@pytest.fixture
def web(provider: Peer, python: Library) -> Client:
    return Client(provider, python)


@pytest.fixture
def direct(provider: Peer, python: Library) -> Client:
    return Client(provider, python, grantTypes=["authorization_code", "refresh_token", OTP, REALM])


def test_code_is_redeemed_renewed_and_revoked(provider: Peer, web: Client, surfer: Surfer) -> None:
    email = new_email()
    user = make_user(provider.avow, email, name="Mia Example")
    code = web.answer(surfer, email, scope=OFFLINE, audience=API, max_age=3600)["code"]
    tokens = web.call("GetToken", "authorization_code", code=code, redirect_uri=REDIRECT)
    assert web.verify(tokens["id_token"], nonce="n-0S6", max_age=3600)["sub"] == user
    said = web.userinfo(tokens["access_token"])
    assert (said["sub"], said["email"], said["name"]) == (user, email, "Mia Example")
    renewed = web.call("GetToken", "refresh_token", refresh_token=tokens["refresh_token"])
    assert claims(renewed["access_token"])["sub"] == user
    narrow = web.call("GetToken", "refresh_token", refresh_token=renewed["refresh_token"], scope="openid")
    assert narrow["scope"] == "openid"
    assert web.call("RevokeToken", "revoke_refresh_token", token=narrow["refresh_token"]) in ("", {}, None)
    with pytest.raises(Refused) as refused:
        web.call("GetToken", "refresh_token", refresh_token=narrow["refresh_token"])
    assert refused.value.error == (400, "invalid_grant")
    with pytest.raises(Refused) as refused:
        web.userinfo(tokens["access_token"])
    assert refused.value.said["status_code"] == 401


def test_what_is_wrong_is_refused(provider: Peer, web: Client, python: Library, surfer: Surfer) -> None:
    code = web.answer(surfer, new_email())["code"]
    other = Client(provider, python)
    for client, brought, error in (
        (other, {"code": code, "redirect_uri": REDIRECT}, (400, "invalid_grant")),
        (web, {"code": "made-up", "redirect_uri": REDIRECT}, (400, "invalid_grant")),
    ):
        with pytest.raises(Refused) as refused:
            client.call("GetToken", "authorization_code", **brought)
        assert refused.value.error == error
    web.known["client_secret"] = "wrong"
    with pytest.raises(Refused) as refused:
        web.call("GetToken", "authorization_code", code=code, redirect_uri=REDIRECT)
    assert refused.value.error == (401, "invalid_client")


def test_id_tokens_of_others_do_not_pass_its_judge(
    provider: Peer, web: Client, python: Library, surfer: Surfer
) -> None:
    code = web.answer(surfer, new_email())["code"]
    tokens = web.call("GetToken", "authorization_code", code=code, redirect_uri=REDIRECT)
    for judge, token, nonce, text in (
        (web, tokens["id_token"], "another", "Nonce (nonce) claim mismatch"),
        (Client(provider, python), tokens["id_token"], "n-0S6", "Audience (aud) claim mismatch"),
        (web, tokens["access_token"], "n-0S6", "Audience (aud) claim mismatch"),
    ):
        with pytest.raises(Refused, match="TokenValidationError") as refused:
            judge.verify(token, nonce=nonce)
        assert text in refused.value.said["text"]


def test_native_application_redeems_by_pkce(provider: Peer, python: Library, surfer: Surfer) -> None:
    native = Client(provider, python, preset="native")
    asked = {"code_challenge": CHALLENGE, "code_challenge_method": "S256", "scope": OFFLINE}
    code = native.answer(surfer, new_email(), **asked)["code"]
    brought = {"code": code, "redirect_uri": REDIRECT}
    tokens = native.call("GetToken", "authorization_code_pkce", code_verifier=VERIFIER, **brought)
    assert native.verify(tokens["id_token"], nonce="n-0S6")["aud"] == native.rp.id
    code = native.answer(surfer, "", **asked)["code"]
    with pytest.raises(Refused) as refused:
        native.call("GetToken", "authorization_code_pkce", code_verifier="w" * 43, code=code, redirect_uri=REDIRECT)
    assert refused.value.error == (400, "invalid_grant")


def test_pushed_request_leads_to_a_code(web: Client, surfer: Surfer) -> None:
    asked = {"scope": "openid email", "state": "pushed", "nonce": "n-0S6"}
    pushed = web.call(
        "PushedAuthorizationRequests",
        "pushed_authorization_request",
        response_type="code",
        redirect_uri=REDIRECT,
        **asked,
    )
    query = urlencode({"client_id": web.rp.id, "request_uri": pushed["request_uri"]})
    answer = web.opened(surfer, f"/authorize?{query}", new_email())
    assert answer["state"] == "pushed"
    tokens = web.call("GetToken", "authorization_code", code=answer["code"], redirect_uri=REDIRECT)
    assert web.verify(tokens["id_token"], nonce="n-0S6")["email_verified"] is True


@pytest.mark.parametrize("shows", ["secret", "key"])
def test_machine_gets_a_token(provider: Peer, python: Library, shows: str) -> None:
    settings: dict[str, Any] = {}
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    if shows == "key":
        public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())
        settings = {"authMethods": ["private_key_jwt"], "jwks": f'{{"keys":[{public}]}}'}
    machine = Client(provider, python, preset="machine", **settings)
    provider.avow.run(lambda tx: actions.grant(tx, machine.rp.id, API, ["read:admin-messages"], actor="test"))
    if shows == "key":
        form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        machine.known |= {"client_secret": None, "client_assertion_signing_key": key.private_bytes(*form).decode()}
    token = machine.call("GetToken", "client_credentials", audience=API)
    said = claims(token["access_token"])
    assert (said["sub"], said["aud"], token["scope"]) == (f"{machine.rp.id}@clients", API, "read:admin-messages")
    with pytest.raises(Refused) as refused:
        machine.call("GetToken", "client_credentials", audience="https://nobody.example.com")
    assert refused.value.error == (400, "invalid_target")


def test_password_is_set_typed_and_forgotten(provider: Peer, direct: Client) -> None:
    email = new_email()
    account = {"email": email, "connection": CONNECTION}
    made = direct.call("Database", "signup", password=PASSWORD, given_name="Mia", family_name="Example", **account)
    assert (made["email"], made["email_verified"]) == (email, False)
    typed = {"username": email, "realm": CONNECTION, "scope": OFFLINE}
    tokens = direct.call("GetToken", "login", password=PASSWORD, **typed)
    assert direct.verify(tokens["id_token"])["sub"] == made["_id"]
    said = direct.userinfo(tokens["access_token"])
    assert (said["given_name"], said["family_name"], said["name"]) == ("Mia", "Example", "Mia Example")
    with pytest.raises(Refused) as refused:
        direct.call("GetToken", "login", password="wrong-Password-1", **typed)
    assert refused.value.error == (403, "invalid_grant")
    assert "mail" in direct.call("Database", "change_password", **account)
    assert len(provider.avow.messages(email)) == 1


def test_code_by_message_signs_in(provider: Peer, direct: Client) -> None:
    email = new_email()
    assert direct.call("Passwordless", "email", email=email, send="code")["email"] == email
    typed = {"username": email, "realm": "email", "scope": OFFLINE, "audience": API}
    code = provider.avow.code(email)
    tokens = direct.call("GetToken", "passwordless_login", otp=code, **typed)
    assert claims(tokens["access_token"])["aud"][0] == API
    assert direct.userinfo(tokens["access_token"])["email"] == email
    assert direct.call("GetToken", "refresh_token", refresh_token=tokens["refresh_token"])["access_token"]
    with pytest.raises(Refused) as refused:
        direct.call("GetToken", "passwordless_login", otp=code, **typed)
    assert refused.value.error == (403, "invalid_grant")


def test_application_that_may_not_see_passwords_is_refused(web: Client) -> None:
    with pytest.raises(Refused) as refused:
        web.call("Passwordless", "email", email=new_email(), send="code")
    assert refused.value.error == (400, "unauthorized_client")
    with pytest.raises(Refused) as refused:
        web.call("GetToken", "login", username=new_email(), password=PASSWORD, realm=CONNECTION)
    assert refused.value.error == (400, "unauthorized_client")
