"""The dynamic plan of the conformance suite: its relying party registers itself first. One test for each module."""

import base64
import json
from collections.abc import Callable, Generator
from typing import Any

import jwt
import pytest

from avow.core.oidc.clientauth import ASSERTION_TYPE
from avow.core.tokens import SigningKey
from avow.core.tokens.encoding import to_base64url
from avow.errors import FetchFailed
from avow.server.keys import actions as keys
from avow.server.oidc import authenticating, registering
from avow.server.projects import actions as projects
from avow.server.store import Tx
from avow.testing.server import Avow
from tests.factories import make_user, new_email
from tests.server.oidc.relying import REDIRECT, Reply, Rp, claims, header, landed, make_app
from tests.server.pages.browsing import Browser, Page

RP_KEY, NEXT_RP_KEY = SigningKey.generate("ES256"), SigningKey.generate("ES256")
Fetch = Callable[..., Generator[Any, Any, Any]]


class Dynamic:
    """A relying party that registers itself, and its person."""

    def __init__(self, project: Avow) -> None:
        self.avow = project
        self.email = new_email()
        self.user = make_user(project, self.email, name="Mia Example")
        self.nobody = make_app(project)  # knows the addresses
        self.browser: Browser = self.nobody.browser()

    def ask_to_register(self, **said: Any) -> Reply:
        metadata = {"redirect_uris": [REDIRECT], "client_name": "Shop", **said}
        return self.nobody.call("/oidc/register", as_json=metadata)

    def register(self, **said: Any) -> Rp:
        made = self.ask_to_register(**said)
        self.avow.advance(3)
        return Rp(
            self.avow, made["client_id"], made.body.get("client_secret", ""), said.get("redirect_uris", [REDIRECT])[0]
        )

    def consent_page(self, rp: Rp, **changes: Any) -> Page:
        page = rp.ask(self.browser, **{"scope": "openid", **changes})
        is_sign_in = page.status == 200 and any("step" in form.fields or "flow" in form.fields for form in page.forms)
        return rp.sign_in(self.browser, page, self.email) if is_sign_in else page

    def code(self, rp: Rp, **changes: Any) -> str:
        page = self.consent_page(rp, **changes)
        told = landed(self.browser.submit(page.form(), "allow") if page.status == 200 else page)
        assert (told["state"], told["iss"]) == ("xyz", rp.issuer)
        return told["code"]

    def tokens(self, rp: Rp, **changes: Any) -> Reply:
        return rp.redeem(self.code(rp, **changes))


@pytest.fixture
def dynamic(project: Avow) -> Dynamic:
    def allow(tx: Tx) -> None:
        projects.change_settings(tx, {"allowsRegistration": True}, actor="test")

    project.run(allow)
    project.advance(3)
    return Dynamic(project)


def serving(documents: dict[str, Any]) -> Fetch:
    """Return a fetch of public documents that knows these."""

    def fetch(document: Any, has: Any = None) -> Generator[Any, Any, Any]:
        yield from ()
        if document.url not in documents:
            raise FetchFailed
        return document.read(json.dumps(documents[document.url]).encode())

    return fetch


def jwks(*shown: SigningKey) -> dict[str, Any]:
    return {"keys": [json.loads(each.public_jwk()) for each in shown]}


def assertion(rp: Rp, key: SigningKey, **changes: Any) -> dict[str, str]:
    now = rp.avow.server.clock()
    said = {"iss": rp.id, "sub": rp.id, "aud": rp.issuer, "iat": now, "exp": now + 60, "jti": new_email(), **changes}
    head = {"alg": "ES256", "typ": "JWT", "kid": key.kid}
    message = ".".join(to_base64url(json.dumps(each).encode()) for each in (head, said))
    signature = to_base64url(key.signature(message.encode()))
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": f"{message}.{signature}"}


def test_oidcc_idtoken_rs256(dynamic: Dynamic) -> None:
    rp = dynamic.register(id_token_signed_response_alg="RS256")
    assert header(dynamic.tokens(rp)["id_token"])["alg"] == "RS256"


def test_oidcc_idtoken_unsigned(dynamic: Dynamic) -> None:
    refused = dynamic.ask_to_register(id_token_signed_response_alg="none")
    assert refused.error == (400, "invalid_client_metadata")


def test_oidcc_userinfo_rs256(dynamic: Dynamic) -> None:
    rp = dynamic.register(userinfo_signed_response_alg="RS256")
    token = dynamic.tokens(rp)["access_token"]
    found = dynamic.browser.get(f"{rp.prefix}/userinfo", authorization=f"Bearer {token}")
    assert found.headers["content-type"].startswith("application/jwt")
    key = next(
        each
        for each in rp.call("/.well-known/jwks.json", verb="GET")["keys"]
        if each["kid"] == header(found.html)["kid"]
    )
    said = jwt.decode(found.html, jwt.PyJWK(key), algorithms=["RS256"], audience=rp.id, issuer=rp.issuer)
    assert said["sub"] == dynamic.user


def test_oidcc_ensure_redirect_uri_in_authorization_request(dynamic: Dynamic) -> None:
    page = dynamic.register().ask(dynamic.browser, redirect_uri="")
    assert (page.status, page.headers.get("location")) == (400, None)


def test_oidcc_redirect_uri_query_ok(dynamic: Dynamic) -> None:
    rp = dynamic.register(redirect_uris=[f"{REDIRECT}?foo=bar"])
    page = dynamic.consent_page(rp)
    told = landed(dynamic.browser.submit(page.form(), "allow"))
    assert told["foo"] == "bar"
    assert rp.redeem(told["code"]).status == 200


def assert_not_sent(dynamic: Dynamic, registered: str, asked: str) -> None:
    page = dynamic.register(redirect_uris=[registered]).ask(dynamic.browser, redirect_uri=asked)
    assert (page.status, page.headers.get("location")) == (400, None)


def test_oidcc_redirect_uri_query_mismatch(dynamic: Dynamic) -> None:
    assert_not_sent(dynamic, f"{REDIRECT}?foo=bar", f"{REDIRECT}?foo=baz")


def test_oidcc_redirect_uri_query_added(dynamic: Dynamic) -> None:
    assert_not_sent(dynamic, REDIRECT, f"{REDIRECT}?foo=bar")


def test_oidcc_redirect_uri_regfrag(dynamic: Dynamic) -> None:
    refused = dynamic.ask_to_register(redirect_uris=[f"{REDIRECT}#foo"])
    assert refused.error == (400, "invalid_redirect_uri")


def test_oidcc_discovery_endpoint_verification(dynamic: Dynamic) -> None:
    found = dynamic.nobody.call("/.well-known/openid-configuration", verb="GET")
    assert found["issuer"] == dynamic.nobody.issuer
    assert found["registration_endpoint"] == f"{dynamic.nobody.issuer}/oidc/register"
    assert found["claims_parameter_supported"] is True
    assert "RS256" in found["id_token_signing_alg_values_supported"]
    assert "code" in found["response_types_supported"]


def test_oidcc_server(dynamic: Dynamic) -> None:
    rp = dynamic.register()
    said = claims(dynamic.tokens(rp)["id_token"])
    assert (said["aud"], said["sub"], said["nonce"]) == (rp.id, dynamic.user, "n-0S6")


def test_oidcc_registration_logo_uri(dynamic: Dynamic) -> None:
    page = dynamic.consent_page(dynamic.register(logo_uri="https://shop.example.com/logo.png"))
    assert 'src="https://shop.example.com/logo.png"' in page.html
    assert "img-src 'self' data: https://shop.example.com;" in page.headers["content-security-policy"]


def test_oidcc_registration_policy_uri(dynamic: Dynamic) -> None:
    page = dynamic.consent_page(dynamic.register(policy_uri="https://shop.example.com/privacy"))
    assert 'href="https://shop.example.com/privacy"' in page.html


def test_oidcc_registration_tos_uri(dynamic: Dynamic) -> None:
    page = dynamic.consent_page(dynamic.register(tos_uri="https://shop.example.com/terms"))
    assert 'href="https://shop.example.com/terms"' in page.html


KEYS = "https://app.example.com/jwks"


@pytest.fixture
def keyed(dynamic: Dynamic, monkeypatch: pytest.MonkeyPatch) -> Rp:
    """Return a relying party that shows who it is by keys that it publishes."""
    monkeypatch.setattr(authenticating, "obtain", serving({KEYS: jwks(RP_KEY)}))
    grant_types = ["authorization_code", "refresh_token"]
    return dynamic.register(token_endpoint_auth_method="private_key_jwt", jwks_uri=KEYS, grant_types=grant_types)


def redeemed(rp: Rp, code: str, shown: dict[str, str]) -> Reply:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    return rp.call("/oauth/token", {**form, **shown})


def test_oidcc_registration_jwks_uri(dynamic: Dynamic, keyed: Rp) -> None:
    code = dynamic.code(keyed)
    assert redeemed(keyed, code, assertion(keyed, NEXT_RP_KEY)).error == (401, "invalid_client")
    assert redeemed(keyed, code, assertion(keyed, RP_KEY)).status == 200


SECTOR = "https://app.example.com/sector"


def test_oidcc_registration_sector_uri(dynamic: Dynamic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registering, "obtain", serving({SECTOR: [REDIRECT, "https://other.example.com/cb"]}))
    dynamic.tokens(dynamic.register(sector_identifier_uri=SECTOR))


def test_oidcc_registration_sector_bad(dynamic: Dynamic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registering, "obtain", serving({SECTOR: ["https://other.example.com/cb"]}))
    for uri in (SECTOR, "https://app.example.com/nowhere", "http://app.example.com/sector"):
        assert dynamic.ask_to_register(sector_identifier_uri=uri).error == (400, "invalid_client_metadata")


def test_oidcc_server_rotate_keys(dynamic: Dynamic) -> None:
    rp = dynamic.register()
    before = dynamic.tokens(rp)["id_token"]
    dynamic.avow.run(lambda tx: keys.rotate(tx, keys.OIDC, algorithm="RS256", overlap_seconds=3600))
    dynamic.avow.advance(3)
    after = dynamic.tokens(rp)["id_token"]
    assert header(before)["kid"] != header(after)["kid"]
    assert header(before)["kid"] in rp.key_set()
    assert header(after)["kid"] in rp.key_set()


def test_oidcc_refresh_token_rp_key_rotation(dynamic: Dynamic, keyed: Rp, monkeypatch: pytest.MonkeyPatch) -> None:
    first = redeemed(keyed, dynamic.code(keyed, scope="openid offline_access"), assertion(keyed, RP_KEY))
    monkeypatch.setattr(authenticating, "obtain", serving({KEYS: jwks(NEXT_RP_KEY)}))
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    assert keyed.call("/oauth/token", {**form, **assertion(keyed, RP_KEY)}).error == (401, "invalid_client")
    assert claims(keyed.call("/oauth/token", {**form, **assertion(keyed, NEXT_RP_KEY)})["id_token"])["sub"] == (
        dynamic.user
    )


def assert_no_request_uri(dynamic: Dynamic, **said: Any) -> None:
    found = dynamic.nobody.call("/.well-known/openid-configuration", verb="GET")
    assert found["request_uri_parameter_supported"] is False
    rp = dynamic.register(request_uris=["https://app.example.com/request.jwt"], **said)
    page = dynamic.consent_page(rp, request_uri="https://app.example.com/request.jwt")
    assert landed(page)["error"] == "request_uri_not_supported"


def test_oidcc_request_uri_unsigned(dynamic: Dynamic) -> None:
    assert_no_request_uri(dynamic, request_object_signing_alg="none")


def test_oidcc_request_uri_signed_rs256(dynamic: Dynamic) -> None:
    assert_no_request_uri(dynamic, request_object_signing_alg="RS256")


def test_oidcc_ensure_request_object_with_redirect_uri(dynamic: Dynamic) -> None:
    rp = dynamic.register()
    inside = {"client_id": rp.id, "response_type": "code", "redirect_uri": "https://evil.example/cb"}
    parts = [
        base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode() for each in ({"alg": "none"}, inside)
    ]
    page = dynamic.consent_page(rp, request=f"{parts[0]}.{parts[1]}.")
    assert landed(page)["error"] == "request_not_supported"


def test_oidcc_refresh_token(dynamic: Dynamic) -> None:
    rp = dynamic.register(grant_types=["authorization_code", "refresh_token"])
    first = dynamic.tokens(rp, scope="openid offline_access")
    second = rp.refresh(first["refresh_token"])
    assert claims(second["id_token"])["sub"] == dynamic.user
    assert dynamic.register().refresh(first["refresh_token"]).error == (400, "unauthorized_client")


def test_oidcc_ensure_client_assertion_with_iss_aud_succeeds(dynamic: Dynamic, keyed: Rp) -> None:
    code = dynamic.code(keyed)
    wrong = assertion(keyed, RP_KEY, aud="https://other.example.com")
    assert redeemed(keyed, code, wrong).error == (401, "invalid_client")
    assert redeemed(keyed, code, assertion(keyed, RP_KEY, aud=keyed.issuer)).status == 200
