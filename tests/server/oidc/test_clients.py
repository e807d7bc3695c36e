"""What clients do besides the code flow: pushed requests, proofs of possession, assertions, introspection, consent."""

import hashlib
import json
from typing import Any

import pytest

from avow.core.oidc.clientauth import ASSERTION_TYPE
from avow.core.tokens import SigningKey
from avow.core.tokens.encoding import to_base64url
from avow.server.applications import consents
from avow.server.oidc import requests
from avow.server.projects import actions as projects
from avow.server.store import Tx
from avow.testing.server import Avow
from tests.factories import make_user, new_email
from tests.server.oidc.relying import API, REDIRECT, Reply, Rp, claims, landed, make_api, make_app

KEY = SigningKey.generate("ES256")


def signed(key: SigningKey, header: dict[str, Any], said: dict[str, Any]) -> str:
    message = f"{to_base64url(json.dumps(header).encode())}.{to_base64url(json.dumps(said).encode())}"
    return f"{message}.{to_base64url(key.signature(message.encode()))}"


def proof(rp: Rp, path: str, *, verb: str = "POST", token: str = "", jti: str = "", key: SigningKey = KEY) -> str:
    members = json.loads(key.public_jwk())
    jwk = {name: members[name] for name in ("kty", "crv", "x", "y")}
    said: dict[str, Any] = {"htm": verb, "htu": rp.issuer.rstrip("/") + path, "iat": rp.avow.server.clock()}
    said["jti"] = jti or new_email()
    if token:
        said["ath"] = to_base64url(hashlib.sha256(token.encode()).digest())
    return signed(key, {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}, said)


# --- Pushed requests -----------------------------------------------------------------------------------------------


def push(rp: Rp, **changes: Any) -> Reply:
    wish = {"response_type": "code", "redirect_uri": REDIRECT, "scope": "openid", "state": "pushed", **changes}
    return rp.call("/oauth/par", wish, authorization=rp.basic())


def test_pushed_request_counts_once_and_for_its_client(rp: Rp, project: Avow) -> None:
    browser = rp.browser()
    rp.code(browser, new_email())
    pushed = push(rp)
    assert (pushed.status, pushed["expires_in"]) == (201, 90)
    uri = pushed["request_uri"]
    other = make_app(project)
    assert browser.get(f"{other.prefix}/authorize?client_id={other.id}&request_uri={uri}").status == 400
    address = f"{rp.prefix}/authorize?client_id={rp.id}&request_uri={uri}"
    told = landed(browser.get(address))
    assert (told["state"], rp.redeem(told["code"]).status) == ("pushed", 200)
    assert browser.get(address).status == 400


def test_pushed_request_waits_for_sign_in_as_any_other(rp: Rp) -> None:
    browser = rp.browser()
    page = browser.get(f"{rp.prefix}/authorize?client_id={rp.id}&request_uri={push(rp)['request_uri']}")
    assert landed(rp.sign_in(browser, page, new_email()))["state"] == "pushed"


def test_push_is_refused_as_the_front_door_would(rp: Rp) -> None:
    assert push(rp, redirect_uri="https://evil.example/").error == (400, "invalid_request")
    assert push(rp, response_type="token").error == (400, "unsupported_response_type")
    assert push(rp, request_uri="urn:x").error == (400, "invalid_request")
    assert rp.call("/oauth/par", {"client_id": rp.id, "response_type": "code"}).error == (401, "invalid_client")


def test_pushed_request_ends(rp: Rp) -> None:
    uri = push(rp)["request_uri"]
    rp.avow.advance(90)
    assert rp.browser().get(f"{rp.prefix}/authorize?client_id={rp.id}&request_uri={uri}").status == 400


def test_requests_that_wait_are_counted(rp: Rp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "MOST_WAITING", 3)
    assert [rp.ask(rp.browser()).status for _ in range(5)] == [200] * 3 + [429] * 2
    rp.avow.advance(600)
    assert rp.ask(rp.browser()).status == 200


def test_what_one_person_is_granted_is_counted(rp: Rp, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script of an application can ask in silence, again and again."""
    monkeypatch.setattr(requests, "MOST_ANSWERED", 4)
    monkeypatch.setattr(requests, "_COUNTED_HERE", 2)
    browser, other = rp.browser(), rp.browser()
    first = rp.code(browser, new_email())  # is one
    rp.code(other, new_email())
    # By the third of them all nodes count, and begin with one.
    assert [rp.ask(browser, prompt="none").status for _ in range(7)] == [303] * 5 + [429] * 2
    assert rp.ask(other, prompt="none").status == 303
    assert rp.redeem(first).status == 200
    rp.avow.advance(600)
    assert rp.ask(browser, prompt="none").status == 303


def test_application_that_has_to_push_is_refused_otherwise(project: Avow) -> None:
    rp = make_app(project, requiresPushed=True)
    browser = rp.browser()
    assert landed(rp.ask(browser))["error"] == "invalid_request"
    page = browser.get(f"{rp.prefix}/authorize?client_id={rp.id}&request_uri={push(rp)['request_uri']}")
    assert "code" in landed(rp.sign_in(browser, page, new_email()))


# --- DPoP ----------------------------------------------------------------------------------------------------------


def test_tokens_are_bound_to_the_key_that_was_proven(rp: Rp) -> None:
    browser = rp.browser()
    code = rp.code(browser, new_email(), scope="openid offline_access")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    tokens = rp.token(form, dpop=proof(rp, "/oauth/token"))
    assert tokens["token_type"] == "DPoP"
    access = tokens["access_token"]
    assert claims(access)["cnf"] == {"jkt": KEY.kid}
    good = proof(rp, "/userinfo", verb="GET", token=access)
    assert rp.call("/userinfo", verb="GET", authorization=f"DPoP {access}", dpop=good).status == 200
    again = rp.call("/userinfo", verb="GET", authorization=f"DPoP {access}", dpop=good)
    assert again.error == (400, "invalid_dpop_proof")
    assert rp.userinfo(access).error == (401, "invalid_token")
    other = proof(rp, "/userinfo", verb="GET", token=access, key=SigningKey.generate("ES256"))
    assert rp.call("/userinfo", verb="GET", authorization=f"DPoP {access}", dpop=other).status == 401
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert rp.token(refresh).error == (400, "invalid_grant")
    stolen = proof(rp, "/oauth/token", key=SigningKey.generate("ES256"))
    assert rp.token(refresh, dpop=stolen).error == (400, "invalid_grant")
    assert rp.token(refresh, dpop=proof(rp, "/oauth/token"))["token_type"] == "DPoP"


def test_code_can_be_bound_to_a_key_before(rp: Rp) -> None:
    browser = rp.browser()
    code = rp.code(browser, new_email(), dpop_jkt=KEY.kid)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    other = proof(rp, "/oauth/token", key=SigningKey.generate("ES256"))
    assert rp.token(form).error == rp.token(form, dpop=other).error == (400, "invalid_grant")
    assert rp.token(form, dpop=proof(rp, "/oauth/token")).status == 200


def test_proof_counts_once_and_for_its_request(rp: Rp) -> None:
    form = {"grant_type": "authorization_code", "code": "x", "redirect_uri": REDIRECT}
    once = proof(rp, "/oauth/token")
    assert rp.token(form, dpop=once).error == (400, "invalid_grant")
    assert rp.token(form, dpop=once).error == (400, "invalid_dpop_proof")
    assert rp.token(form, dpop=proof(rp, "/userinfo")).error == (400, "invalid_dpop_proof")
    late = proof(rp, "/oauth/token")
    rp.avow.advance(61)
    assert rp.token(form, dpop=late).error == (400, "invalid_dpop_proof")


def test_application_that_needs_a_proof_gets_nothing_without(project: Avow) -> None:
    rp = make_app(project, requiresDpop=True)
    assert rp.redeem(rp.code(rp.browser(), new_email())).error == (400, "invalid_dpop_proof")


# --- Assertions ----------------------------------------------------------------------------------------------------


def test_assertion_in_the_place_of_a_secret_counts_once(project: Avow) -> None:
    jwks = '{"keys":[' + KEY.public_jwk() + "]}"
    rp = make_app(project, authMethods=["private_key_jwt"], jwks=jwks)
    secret, rp.secret = rp.secret, ""

    def form(code: str, **changes: Any) -> dict[str, Any]:
        said = {"iss": rp.id, "sub": rp.id, "aud": rp.issuer, "exp": rp.avow.server.clock() + 60, "jti": new_email()}
        assertion = signed(KEY, {"alg": "ES256", "kid": KEY.kid}, {**said, **changes})
        own = {"client_assertion": assertion, "client_assertion_type": ASSERTION_TYPE}
        return {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, **own}

    browser = rp.browser()
    first = form(rp.code(browser, new_email()))
    assert rp.call("/oauth/token", first).status == 200
    assert rp.call("/oauth/token", first).error == (401, "invalid_client")
    assert rp.call("/oauth/token", form("x")).error == (400, "invalid_grant")
    assert rp.call("/oauth/token", form("x", aud="https://evil.example")).error == (401, "invalid_client")
    assert rp.call("/oauth/token", {"code": "x"}, authorization=rp.basic(secret=secret)).status == 401


# --- Introspection and revocation ----------------------------------------------------------------------------------


def test_client_id_that_no_client_has_is_refused(rp: Rp) -> None:
    """PostgreSQL keeps no NUL in text: nothing with one in it is looked for."""
    unproven = signed(KEY, {"alg": "ES256"}, {"iss": "a", "sub": "a\0b"})
    form = {"grant_type": "client_credentials"}
    by_assertion = {**form, "client_assertion": unproven, "client_assertion_type": ASSERTION_TYPE}
    assert rp.call("/oauth/token", form, authorization=rp.basic("a\0b")).error == (401, "invalid_client")
    assert rp.call("/oauth/token", by_assertion).error == (401, "invalid_client")


def introspect(rp: Rp, token: str) -> Reply:
    return rp.call("/oauth/introspect", {"token": token}, authorization=rp.basic())


def test_client_learns_what_its_tokens_are_worth(project: Avow, rp: Rp) -> None:
    make_api(project, "read:messages")
    scope = "openid read:messages offline_access"
    tokens = rp.tokens(rp.browser(), new_email(), scope=scope, audience=API)
    told = introspect(rp, tokens["access_token"])
    said = claims(tokens["access_token"])
    assert told["active"] is True
    assert (told["sub"], told["client_id"], told["scope"]) == (said["sub"], rp.id, scope)
    assert (told["aud"], told["exp"], told["iss"]) == (said["aud"], said["exp"], rp.issuer)
    assert introspect(rp, tokens["refresh_token"])["active"] is True
    dead = {"active": False}
    assert introspect(rp, "x").body == introspect(rp, tokens["id_token"]).body == dead
    other = make_app(project)
    assert introspect(other, tokens["access_token"]).body == dead
    server = make_app(project, preset="machine")
    project.client().mgmt.app.grant(server.id, API, [])
    project.advance(1)
    assert introspect(server, tokens["access_token"])["active"] is True
    assert rp.call("/oauth/introspect", {"token": "x"}).error == (401, "invalid_client")
    spa = make_app(project, preset="spa")
    assert spa.call("/oauth/introspect", {"token": "x", "client_id": spa.id}).error == (401, "invalid_client")


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
def test_token_is_taken_back_with_all_that_came_of_the_sign_in(project: Avow, rp: Rp, kind: str) -> None:
    tokens = rp.tokens(rp.browser(), new_email(), scope="openid offline_access")
    other = make_app(project)
    form = {"token": tokens[kind], "token_type_hint": "unknown"}
    assert other.call("/oauth/revoke", form, authorization=other.basic()).status == 200
    assert introspect(rp, tokens["refresh_token"])["active"] is True  # it was not its own
    assert rp.call("/oauth/revoke", form, authorization=rp.basic()).status == 200
    assert rp.call("/oauth/revoke", form, authorization=rp.basic()).status == 200
    assert introspect(rp, tokens["refresh_token"])["active"] is False
    assert rp.refresh(tokens["refresh_token"]).error == (400, "invalid_grant")
    assert rp.userinfo(tokens["access_token"]).error == (401, "invalid_token")


# --- Userinfo ------------------------------------------------------------------------------------------------------


def test_userinfo_takes_the_token_in_the_header_or_the_form(project: Avow, rp: Rp) -> None:
    token = rp.tokens(rp.browser(), new_email())["access_token"]
    header = f"Bearer {token}"
    assert rp.call("/userinfo", {}, authorization=header).status == 200
    assert rp.call("/userinfo", {"access_token": token}).status == 200
    assert rp.call("/userinfo", {"access_token": token}, authorization=header).error == (400, "invalid_request")
    assert rp.call("/userinfo", verb="GET", query=f"access_token={token}").error == (400, "invalid_request")
    none = rp.call("/userinfo", verb="GET")
    assert (none.status, none.headers["www-authenticate"]) == (401, "Bearer")
    wrong = rp.call("/userinfo", verb="GET", authorization="Bearer x")
    assert 'error="invalid_token"' in wrong.headers["www-authenticate"]
    lax = make_app(project, takesTokenInQuery=True)
    token = lax.tokens(lax.browser(), new_email())["access_token"]
    assert lax.call("/userinfo", verb="GET", query=f"access_token={token}").status == 200


def test_claims_are_told_where_they_were_asked_for(project: Avow) -> None:
    rp = make_app(project, idTokenHasClaims=False, updatedAt="number")
    email = new_email()
    asked = {"id_token": {"email": {"essential": True}}, "userinfo": {"email_verified": None}}
    tokens = rp.tokens(rp.browser(), email, scope="openid profile", claims=json.dumps(asked))
    said = claims(tokens["id_token"])
    assert said["email"] == email
    assert "nickname" not in said
    told = rp.userinfo(tokens["access_token"])
    assert (told["email_verified"], told["nickname"]) == (True, email.partition("@")[0])
    assert isinstance(told["updated_at"], int)
    assert "email" not in told.body


def test_signed_userinfo_that_is_too_long_is_refused(project: Avow) -> None:
    rp, email = make_app(project, userinfoAlgorithm="RS256", idTokenHasClaims=False), new_email()
    user = make_user(project, email)
    attributes = json.dumps({"website": "w" * 7000, "profile": "p" * 7000})
    told = "UPDATE users SET custom_attributes = :attributes WHERE project_id = :project_id AND id = :user"
    project.run(lambda tx: tx.run(told, attributes=attributes, user=user))
    token = rp.tokens(rp.browser(), email)["access_token"]
    assert rp.userinfo(token).error == (400, "invalid_request")


# --- Consent -------------------------------------------------------------------------------------------------------


@pytest.fixture
def asking(project: Avow) -> Rp:
    """Return an application that nobody trusts."""
    return make_app(project, trusted=False)


def test_person_is_asked_once_and_again_for_more(asking: Rp) -> None:
    browser = asking.browser()
    page = asking.sign_in(browser, asking.ask(browser, scope="openid email"), new_email())
    assert page.heading == "Allow Shop?"
    assert "Your e-mail address" in page.text
    assert "Your name" not in page.text
    told = landed(browser.submit(page.form(), "allow"))
    assert asking.redeem(told["code"])["scope"] == "openid email"
    assert "code" in landed(asking.ask(browser, scope="openid email", prompt="none"))
    assert landed(asking.ask(browser, scope="openid email profile", prompt="none"))["error"] == "consent_required"
    more = asking.ask(browser, scope="openid profile")
    assert more.heading == "Allow Shop?"
    assert "code" in landed(browser.submit(more.form(), "allow"))
    assert "code" in landed(asking.ask(browser, scope="openid email profile", prompt="none"))


def test_logo_of_an_application_adds_nothing_to_the_policy(asking: Rp) -> None:
    """What the contract's operations keep as a logo may be any text."""
    logo = "https://x.example.com; script-src 'unsafe-inline' *"

    def unit(tx: Tx) -> None:
        tx.run("UPDATE applications SET logo = :logo WHERE project_id = :project_id", logo=logo)
        projects.bump(tx)

    asking.avow.run(unit)
    asking.avow.advance(3)
    browser = asking.browser()
    page = asking.sign_in(browser, asking.ask(browser), new_email())
    assert "Allow Shop?" in page.heading
    assert "unsafe-inline" not in page.headers["content-security-policy"]


def test_question_says_where_the_answer_leads_and_which_api_is_meant(asking: Rp, rp: Rp) -> None:
    make_api(asking.avow, "pay:all", name="Payroll")
    make_api(asking.avow, "read:files", identifier="https://files.example.com")
    browser = asking.browser()
    wish: dict[str, Any] = {"scope": "openid pay:all", "resource": [API, "https://files.example.com"]}
    page = asking.sign_in(browser, asking.ask(browser, **wish), new_email())
    assert "Shop wants to know who you are. It could also do this for you:" in page.text
    assert "Payroll pay:all https://files.example.com" in page.text
    assert "led on to app.example.com" in page.text
    trusted = rp.ask(browser, prompt="consent", scope="openid email")
    assert "It would also be told: Your e-mail address" in trusted.text
    assert "app.example.com" not in trusted.text


def test_person_who_declines_is_asked_again_next_time(asking: Rp) -> None:
    browser = asking.browser()
    page = asking.sign_in(browser, asking.ask(browser), new_email())
    assert landed(browser.submit(page.form(), "deny"))["error"] == "access_denied"
    assert asking.ask(browser).heading == "Allow Shop?"
    assert landed(asking.ask(browser, prompt="none"))["error"] == "consent_required"


def test_question_belongs_to_its_browser_its_person_and_one_answer(asking: Rp) -> None:
    browser, other = asking.browser(), asking.browser()
    page = asking.sign_in(browser, asking.ask(browser), new_email())
    theirs = asking.sign_in(other, asking.ask(other), new_email())
    fields = {**page.form().fields, "do": "allow"}
    assert other.post(page.form().action, {**fields, "form": theirs.form().fields["form"]}).status == 400
    assert browser.post(page.form().action, {**fields, "form": "x"}).status == 403
    stranger = browser.post(page.form().action, {**fields, "who": theirs.form().fields["who"]})
    assert stranger.heading == "Allow Shop?"
    assert "code" in landed(browser.submit(page.form(), "allow"))
    assert browser.submit(page.form(), "allow").status == 400


def test_scope_sent_with_the_answer_changes_nothing(asking: Rp) -> None:
    browser = asking.browser()
    page = asking.sign_in(browser, asking.ask(browser, scope="openid"), new_email())
    fields = {**page.form().fields, "do": "allow", "scope": "openid email offline_access"}
    told = landed(browser.post(page.form().action, fields))
    assert asking.redeem(told["code"])["scope"] == "openid"


def test_trusted_application_asks_when_it_wants_to(rp: Rp) -> None:
    browser = rp.browser()
    rp.code(browser, new_email())
    page = rp.ask(browser, prompt="consent")
    assert page.heading == "Allow Shop?"
    user = page.form().fields["who"]
    assert "code" in landed(browser.submit(page.form(), "allow"))
    assert rp.avow.run(lambda tx: consents.find(tx, rp.id, user))[""] == {"openid", "profile", "email"}


def test_request_that_waits_is_finished_in_its_own_browser_once(rp: Rp) -> None:
    browser = rp.browser()
    page = rp.ask(browser)
    back = page.form().fields["next"]
    told = landed(rp.sign_in(browser, page, new_email()))
    assert "code" in told
    assert browser.get(back).status == 400
    assert rp.browser().get(back).status == 400


@pytest.mark.parametrize(
    "path", ["/authorize/continue?request=Qx&to=https%3A%2F%2Fa.test%2F%2F@evil.example", "//evil.example"]
)
def test_sign_in_leads_to_no_other_path_than_its_own(rp: Rp, path: str) -> None:
    from urllib.parse import quote

    page = rp.browser().get(f"/login/{rp.avow.project_id}?next={quote(path, safe='')}")
    assert "evil" not in page.headers["content-security-policy"]
