"""The authorization code flow: from the browser to tokens, userinfo and refresh."""

import json

import pytest

from avow.core.tokens import Expected, KeySet, verify
from avow.testing.server import Avow
from tests.factories import grant, join_tenant, make_role, make_tenant, make_user, new_email
from tests.server.oidc.relying import (
    API,
    CHALLENGE,
    REDIRECT,
    VERIFIER,
    Rp,
    claims,
    header,
    landed,
    make_api,
    make_app,
    take_root,
)


def test_person_signs_in_once_and_is_known_from_then_on(rp: Rp) -> None:
    browser, email = rp.browser(), new_email()
    page = rp.ask(browser)
    assert page.status == 200
    assert "https://app.example.com" in page.headers["content-security-policy"]
    told = landed(rp.sign_in(browser, page, email))
    assert (told["state"], told["iss"]) == ("xyz", rp.issuer)
    tokens = rp.redeem(told["code"])
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("Bearer", 3600, "openid profile email")
    assert tokens.headers["cache-control"] == "no-store"
    again = rp.ask(browser)
    assert again.status == 303
    assert claims(rp.redeem(landed(again)["code"])["id_token"])["sub"] == claims(tokens["id_token"])["sub"]


def test_id_token_says_who_it_is_and_is_signed_by_a_published_key(rp: Rp) -> None:
    email = new_email()
    user = make_user(rp.avow, email, name="Mia Example", picture="https://pictures.example.com/mia")
    tokens = rp.tokens(rp.browser(), email)
    expected = Expected(rp.issuer, frozenset(), audience=(rp.id,))
    said = verify(tokens["id_token"], rp.key_set(), expected, rp.avow.server.clock()).claims()
    assert (said["sub"], said["nonce"], said["aud"]) == (user, "n-0S6", rp.id)
    assert (said["name"], said["nickname"], said["email"]) == ("Mia Example", email.partition("@")[0], email)
    assert (said["email_verified"], said["picture"]) == (True, "https://pictures.example.com/mia")
    assert str(said["updated_at"]).endswith("Z")
    assert said["auth_time"] == said["iat"] == rp.avow.server.clock()
    assert said["amr"] == ["email"]
    assert header(tokens["id_token"])["alg"] == "RS256"


def test_access_token_without_an_audience_opens_userinfo_and_nothing_else(rp: Rp) -> None:
    email = new_email()
    tokens = rp.tokens(rp.browser(), email)
    said = claims(tokens["access_token"])
    assert said["aud"] == f"{rp.issuer}/userinfo"
    assert header(tokens["access_token"])["typ"] == "at+jwt"
    told = rp.userinfo(tokens["access_token"])
    assert (told["sub"], told["email"]) == (said["sub"], email)
    assert rp.userinfo(tokens["id_token"]).error == (401, "invalid_token")


def test_access_token_for_an_api_has_its_audience_and_scopes(project: Avow, rp: Rp) -> None:
    make_api(project, "read:messages", "write:messages", lifetime_seconds=600)
    scope = "openid read:messages unknown"
    tokens = rp.tokens(rp.browser(), new_email(), audience=API, scope=scope)
    said = claims(tokens["access_token"])
    assert said["aud"] == [API, f"{rp.issuer}/userinfo"]
    assert (said["scope"], tokens["expires_in"]) == ("openid read:messages", 600)
    assert (said["client_id"], said["azp"], said["iss"]) == (rp.id, rp.id, rp.issuer)
    assert "permissions" not in said
    assert rp.userinfo(tokens["access_token"]).status == 200
    plain = rp.tokens(rp.browser(), new_email(), resource=API, scope="read:messages")
    assert claims(plain["access_token"])["aud"] == API
    assert "id_token" not in plain.body


def test_permissions_are_those_that_the_user_holds(project: Avow, rp: Rp) -> None:
    make_api(project, "read:admin-messages", "write:messages", rbac=True)
    email = new_email()
    user = make_user(project, email)
    grant(project, user, make_role(project, "admin", ["read:admin-messages", "other"]))
    scope = "openid read:admin-messages write:messages"
    said = claims(rp.tokens(rp.browser(), email, audience=API, scope=scope)["access_token"])
    assert (said["permissions"], said["scope"]) == (["read:admin-messages"], "openid read:admin-messages")
    nobody = claims(rp.tokens(rp.browser(), new_email(), audience=API, scope=scope)["access_token"])
    assert (nobody["permissions"], nobody["scope"]) == ([], "openid")


def test_default_audience_is_that_of_the_project(project: Avow, rp: Rp) -> None:
    make_api(project, "read:messages")
    project.client().mgmt.project.set_settings(default_audience=API)
    project.advance(1)
    said = claims(rp.tokens(rp.browser(), new_email())["access_token"])
    assert said["aud"] == [API, f"{rp.issuer}/userinfo"]


def test_root_of_a_host_is_an_issuer_with_a_slash(project: Avow) -> None:
    host = take_root(project)
    rp = make_app(project, host=host)
    assert rp.issuer == f"http://{host}/"
    found = rp.call("/.well-known/openid-configuration", verb="GET")
    assert found["issuer"] == rp.issuer
    assert found["token_endpoint"] == f"http://{host}/oauth/token"
    page = rp.ask(browser := rp.browser())
    told = landed(rp.sign_in(browser, page, new_email()))
    assert told["iss"] == rp.issuer
    said = claims(rp.redeem(told["code"])["id_token"])
    assert said["iss"] == rp.issuer


def test_key_set_at_the_root_has_rsa_keys_alone_since_libraries_read_every_key_as_one(project: Avow) -> None:
    rp = make_app(project, host=take_root(project), idTokenAlgorithm="ES256")
    assert {key.algorithm for key in rp.key_set().values()} == {"RS256"}
    where = rp.call("/.well-known/openid-configuration", verb="GET")["jwks_uri"].removeprefix(rp.issuer)
    published = KeySet.from_jwks(json.dumps(rp.call(f"/{where}", verb="GET").body).encode())
    assert {key.algorithm for key in published.values()} == {"RS256", "ES256"}
    tokens = rp.tokens(rp.browser(), new_email())
    for name in ("id_token", "access_token"):
        assert header(tokens[name])["kid"] in published


def test_pkce_binds_the_code_to_who_asked(project: Avow) -> None:
    spa = make_app(project, preset="spa", webOrigins=["https://app.example.com"])
    wish = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    tokens = spa.tokens(spa.browser(), new_email(), **wish)
    assert claims(tokens["id_token"])["aud"] == spa.id
    code = spa.code(spa.browser(), new_email(), **wish)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
    reply = spa.token(form, origin="https://app.example.com")
    assert reply.headers["access-control-allow-origin"] == "https://app.example.com"
    foreign = spa.token(form, origin="https://evil.example")
    assert "access-control-allow-origin" not in foreign.headers


@pytest.mark.parametrize("verifier", ["", "w" * 43])
def test_used_code_without_its_verifier_takes_nothing_back(project: Avow, verifier: str) -> None:
    """Codes get into logs and histories; whoever finds one there signs nobody out."""
    spa = make_app(project, preset="spa")
    code = spa.code(
        spa.browser(),
        new_email(),
        scope="openid offline_access",
        code_challenge=CHALLENGE,
        code_challenge_method="S256",
    )
    tokens = spa.redeem(code, code_verifier=VERIFIER)
    assert spa.redeem(code, code_verifier=verifier).error == (400, "invalid_grant")
    refreshed = spa.refresh(tokens["refresh_token"])
    assert spa.redeem(code, code_verifier=VERIFIER).error == (400, "invalid_grant")
    assert spa.refresh(refreshed["refresh_token"]).error == (400, "invalid_grant")


def test_page_may_read_why_it_is_refused(rp: Rp) -> None:
    origin = "https://app.example.com"
    for refused in (
        rp.call("/userinfo", verb="GET", origin=origin, authorization="Bearer of-nobody"),
        rp.token({"grant_type": "authorization_code", "code": "x"}, origin=origin, authorization=rp.basic(secret="no")),
    ):
        assert refused.status == 401
        assert refused.headers["access-control-allow-origin"] == "*"
        assert "WWW-Authenticate" in refused.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in refused.headers


def test_refresh_token_rotates_with_a_grace_and_its_reuse_ends_the_family(rp: Rp) -> None:
    browser = rp.browser()
    first = rp.tokens(browser, new_email(), scope="openid email offline_access")["refresh_token"]
    assert rp.refresh(first)["refresh_token"] == first  # still young
    rp.avow.advance(31)
    second = rp.refresh(first)["refresh_token"]
    assert second != first
    assert rp.refresh(first)["refresh_token"] == second  # its answer was lost
    rp.avow.advance(31)
    third = rp.refresh(second)
    assert rp.userinfo(third["access_token"]).status == 200
    rp.avow.advance(31)
    assert rp.refresh(first).error == (400, "invalid_grant")
    assert rp.refresh(third["refresh_token"]).error == (400, "invalid_grant")
    assert rp.userinfo(third["access_token"]).error == (401, "invalid_token")


def test_refresh_may_narrow_the_scope_and_never_widen_it(rp: Rp) -> None:
    tokens = rp.tokens(rp.browser(), new_email(), scope="openid email offline_access")
    narrow = rp.refresh(tokens["refresh_token"], scope="openid")
    assert narrow["scope"] == "openid"
    assert "email" not in claims(narrow["id_token"])
    assert rp.refresh(tokens["refresh_token"], scope="openid phone").error == (400, "invalid_scope")
    assert rp.refresh(tokens["refresh_token"])["scope"] == "openid email offline_access"


def test_no_refresh_token_without_offline_access(rp: Rp) -> None:
    assert "refresh_token" not in rp.tokens(rp.browser(), new_email()).body


def test_log_out_of_the_session_ends_what_came_of_it(rp: Rp) -> None:
    browser = rp.browser()
    tokens = rp.tokens(browser, new_email(), scope="openid offline_access")
    waiting = rp.code(browser, "")
    user = claims(tokens["id_token"])["sub"]
    rp.avow.client().mgmt.user.logout_user_by_user_id(user)
    assert rp.refresh(tokens["refresh_token"]).error == (400, "invalid_grant")
    assert rp.redeem(waiting).error == (400, "invalid_grant")
    assert rp.userinfo(tokens["access_token"]).error == (401, "invalid_token")
    assert rp.ask(browser).status == 200  # and has to sign in


def test_organization_is_a_tenant_of_the_user(project: Avow, rp: Rp) -> None:
    tenant, email = make_tenant(project), new_email()
    user = make_user(project, email)
    told = landed(rp.sign_in(browser := rp.browser(), rp.ask(browser, organization=tenant), email))
    assert told["error"] == "access_denied"
    join_tenant(project, user, tenant)
    tokens = rp.tokens(browser, email, organization=tenant)
    assert claims(tokens["id_token"])["org_id"] == claims(tokens["access_token"])["org_id"] == tenant
    assert claims(tokens["id_token"])["org_name"] == tenant.lower()


def test_machine_gets_a_token_for_an_api_that_it_may_call(project: Avow) -> None:
    make_api(project, "read:messages", "write:messages")
    machine = make_app(project, preset="machine")
    project.client().mgmt.app.grant(machine.id, API, ["read:messages"])
    project.advance(1)
    form = {"grant_type": "client_credentials", "audience": API}
    tokens = machine.token(form)
    said = claims(tokens["access_token"])
    assert (said["sub"], said["gty"], said["aud"]) == (f"{machine.id}@clients", "client-credentials", API)
    assert (said["scope"], tokens["scope"]) == ("read:messages", "read:messages")
    assert "refresh_token" not in tokens.body
    assert machine.token({**form, "scope": "write:messages"}).error == (400, "invalid_scope")
    assert machine.token({**form, "audience": "https://other"}).error == (400, "invalid_target")
    project.client().mgmt.app.grant(machine.id, API, None)
    project.advance(1)
    assert machine.token(form).error == (403, "access_denied")
    assert machine.userinfo(tokens["access_token"]).error == (401, "invalid_token")


def test_json_bodies_with_nulls_are_taken(project: Avow) -> None:
    make_api(project, "read:messages")
    machine = make_app(project, preset="machine")
    project.client().mgmt.app.grant(machine.id, API, [])
    project.advance(1)
    body = {
        "grant_type": "client_credentials",
        "client_id": machine.id,
        "client_secret": machine.secret,
        "audience": API,
        "organization": None,
    }
    assert machine.call("/oauth/token", as_json=body).status == 200
    assert machine.call("/oauth/token", as_json=[]).status == 400


def test_answer_goes_back_by_form_or_message_where_it_is_asked_for(project: Avow) -> None:
    rp = make_app(project, webOrigins=["https://app.example.com"])
    browser = rp.browser()
    rp.code(browser, new_email())
    posted = rp.ask(browser, response_mode="form_post")
    form = posted.form()
    assert (posted.status, form.action, form.fields["state"]) == (200, REDIRECT, "xyz")
    assert "form-action https://app.example.com" in posted.headers["content-security-policy"]
    assert rp.redeem(form.fields["code"]).status == 200
    message = rp.ask(browser, response_mode="web_message", prompt="none")
    assert "frame-ancestors https://app.example.com" in message.headers["content-security-policy"]
    assert "x-frame-options" not in message.headers
    assert '"type": "authorization_response"' in message.html
    assert '"https://app.example.com")' in message.html
    stranger = rp.ask(rp.browser(), response_mode="web_message", prompt="none")
    assert '"error": "login_required"' in stranger.html


def test_request_by_post_is_led_on_by_get(rp: Rp) -> None:
    browser = rp.browser()
    rp.code(browser, new_email())
    where, _, query = rp.url().partition("?")
    fields = {name: value for name, _, value in (pair.partition("=") for pair in query.split("&"))}
    fields["redirect_uri"], fields["scope"] = REDIRECT, "openid"
    page = browser.post(where, fields, follow=False, sec_fetch_site="cross-site", origin="https://app.example.com")
    assert page.status == 303
    assert landed(browser.get(page.headers["location"]))["state"] == "xyz"


def test_discovery_names_what_there_is(rp: Rp) -> None:
    found = rp.call("/.well-known/openid-configuration", verb="GET")
    assert found["issuer"] == rp.issuer
    assert found.headers["access-control-allow-origin"] == "*"
    assert found["response_types_supported"] == ["code"]
    assert found["id_token_signing_alg_values_supported"][0] == "RS256"
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert rp.key_set().keys()
    at = f"/.well-known/oauth-authorization-server/{rp.avow.project_id}"
    other = Rp(rp.avow, rp.id)
    assert json.dumps(_at(other, at)) == json.dumps(found.body)


def _at(rp: Rp, path: str) -> object:
    from avow.server.site import answer
    from avow.server.visit import Request

    response = answer(rp.avow.server.site, Request("GET", path, "", {}, b"", "203.0.113.9", 0))
    return json.loads(response.body)


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/.well-known/jwks.json", "/oauth/token"])
def test_project_that_does_not_exist_is_a_404(rp: Rp, path: str) -> None:
    from avow.server.site import answer
    from avow.server.visit import Request

    verb = "POST" if path == "/oauth/token" else "GET"
    response = answer(rp.avow.server.site, Request(verb, f"/Pnone{path}", "", {}, b"", "203.0.113.9", 0))
    assert response.status == 404


@pytest.mark.parametrize("mode", ["form_post", "web_message"])
def test_what_is_handed_back_ends_no_element(project: Avow, mode: str) -> None:
    rp = make_app(project, webOrigins=["https://app.example.com"])
    state = "\"'></script><script>alert(1)</script>\u2028&amp;"
    page = rp.ask(rp.browser(), response_mode=mode, prompt="none", state=state)
    assert page.html.count("<script") == 1
    assert page.html.count("</script>") == 1
    if mode == "form_post":
        assert page.form().fields["state"] == state
    assert "script-src 'nonce-" in page.headers["content-security-policy"]


def test_state_cannot_add_parameters_or_headers(rp: Rp) -> None:
    told = landed(rp.ask(rp.browser(), prompt="none", state="a&code=stolen\r\nset-cookie: x=y#"))
    assert told["state"] == "a&code=stolen\r\nset-cookie: x=y#"
    assert "code" not in told


def test_ended_requests_and_grants_are_forgotten(project: Avow, rp: Rp) -> None:
    from avow.server.oidc import grants, requests

    browser = rp.browser()
    rp.tokens(browser, new_email(), scope="openid offline_access")
    rp.ask(rp.browser())  # waits for somebody who never comes
    assert project.run(lambda tx: (grants.forget(tx, 10), requests.forget(tx, 10))) == (0, 0)
    project.advance(1800)
    assert project.run(lambda tx: requests.forget(tx, 10)) == 2
    project.advance(31 * 86_400)
    assert project.run(lambda tx: grants.forget(tx, 10)) == 1


def test_grant_whose_code_nobody_redeemed_is_forgotten_soon(project: Avow, rp: Rp) -> None:
    from avow.server.oidc import grants

    browser, scope = rp.browser(), "openid offline_access"
    tokens = rp.tokens(browser, new_email(), scope=scope)
    for _ in range(3):
        assert "code" in landed(rp.ask(browser, prompt="none", scope=scope))
    project.advance(86_400 + 59)
    assert project.run(lambda tx: grants.forget(tx, 10)) == 0
    project.advance(1)
    assert project.run(lambda tx: grants.forget(tx, 10)) == 3
    assert rp.refresh(tokens["refresh_token"]).status == 200
