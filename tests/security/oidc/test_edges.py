"""S-OP-10, S-OP-12 and S-OP-13: where log-out leads, what consent is worth, and request objects."""

import base64
import json
from typing import Any
from urllib.parse import urlencode

from avow.core.tokens import SigningKey, sign
from avow.testing.server import Avow
from tests.bed.cases import Case
from tests.factories import grant, make_role, make_user, new_email
from tests.security.presenting import Canary
from tests.server.oidc.relying import API, REDIRECT, Rp, claims, landed, make_api, make_app
from tests.server.pages.browsing import Browser, Page

BYE = "https://app.example.com/bye"


def leave(rp: Rp, browser: Browser, path: str = "/oidc/logout", **query: str) -> Page:
    return browser.get(f"{rp.prefix}{path}?{urlencode(query)}")


def is_signed_in(rp: Rp, browser: Browser) -> bool:
    return "code" in landed(rp.ask(browser, prompt="none"))


def forged(token: str, key: SigningKey | None) -> str:
    """Return a token that says the same without a signature, or by another key."""
    if key is not None:
        return sign(key, claims(token))
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=").decode()
    return f"{head}.{token.split('.')[1]}."


def test_s_op_10_log_out_leads_nowhere_else(case: Case, c1: Rp, c2: Rp) -> None:
    def signed_in() -> tuple[Browser, str]:
        browser = c1.browser()
        return browser, c1.tokens(browser, new_email())["id_token"]

    def works() -> bool:
        browser, hint = signed_in()
        page = leave(c1, browser, id_token_hint=hint, post_logout_redirect_uri=BYE)
        return page.headers["location"] == BYE and not is_signed_in(c1, browser)

    case.control(works)
    browser, hint = signed_in()
    other = make_app(c1.avow, logoutUris=["https://other.example.com/bye"])
    wishes: dict[str, dict[str, str]] = {
        "unregistered": {"id_token_hint": hint, "post_logout_redirect_uri": "https://evil.example/"},
        "registered plus a query": {"id_token_hint": hint, "post_logout_redirect_uri": f"{BYE}?foo=bar"},
        "of another application": {
            "id_token_hint": hint,
            "post_logout_redirect_uri": "https://other.example.com/bye",
        },
        "of another application, named": {
            "id_token_hint": hint,
            "client_id": other.id,
            "post_logout_redirect_uri": BYE,
        },
        "without a hint": {"client_id": c1.id, "post_logout_redirect_uri": BYE},
        "hint without a signature": {"id_token_hint": forged(hint, None), "post_logout_redirect_uri": BYE},
        "hint of another key": {
            "id_token_hint": forged(hint, SigningKey.generate("RS256")),
            "post_logout_redirect_uri": BYE,
        },
        "forged hint alone": {"id_token_hint": forged(hint, None)},
        "forged hint and client": {
            "id_token_hint": forged(hint, None),
            "client_id": c1.id,
            "post_logout_redirect_uri": BYE,
        },
    }
    for name, wish in wishes.items():
        with case.cell(name):
            page = leave(c1, browser, **wish)
            assert page.status in (200, 400)
            assert "location" not in page.headers
            assert is_signed_in(c1, browser)
    for uri in ("https://evil.example", "//evil.example", f"{BYE}@evil.example", "javascript:alert(1)"):
        with case.cell(f"/v2/logout to {uri}"):
            for query in ({"returnTo": uri, "client_id": c1.id}, {"returnTo": uri}):
                page = leave(c1, browser, "/v2/logout", **query)
                assert (page.status, page.headers.get("location")) == (400, None)
            assert is_signed_in(c1, browser)


def test_s_op_12_consent_and_scope(case: Case, project: Avow) -> None:
    make_api(project, "read:messages", "admin:all", rbac=True)
    asking = make_app(project, trusted=False)

    def question(**changes: Any) -> tuple[Browser, Page]:
        browser = asking.browser()
        return browser, asking.sign_in(browser, asking.ask(browser, **changes), new_email())

    def works() -> bool:
        browser, page = question(scope="openid email")
        told = landed(browser.submit(page.form(), "allow"))
        return bool(asking.redeem(told["code"])["scope"] == "openid email")

    case.control(works)
    for name, scope in {"unregistered": "openid root", "of management": "openid mgmt admin is_superuser"}.items():
        with case.cell(name):
            browser, page = question(scope=scope)
            assert asking.redeem(landed(browser.submit(page.form(), "allow"))["code"])["scope"] == "openid"
    with case.cell("a permission that the user does not hold"):
        browser, page = question(scope="openid admin:all", audience=API)
        said = claims(asking.redeem(landed(browser.submit(page.form(), "allow"))["code"])["access_token"])
        assert (said["scope"], said["permissions"]) == ("openid", [])
    with case.cell("a permission that nobody has allowed"):
        email = new_email()
        grant(project, make_user(project, email), make_role(project, "boss", ["admin:all"]))
        browser = asking.browser()
        page = asking.sign_in(browser, asking.ask(browser, scope="openid", audience=API), email)
        said = claims(asking.redeem(landed(browser.submit(page.form(), "allow"))["code"])["access_token"])
        assert said["permissions"] == []
    with case.cell("claims by name without consent"):
        browser, page = question(scope="openid")
        landed(browser.submit(page.form(), "allow"))
        wanted = json.dumps({"userinfo": {"email": None}})
        assert landed(asking.ask(browser, scope="openid", claims=wanted, prompt="none"))["error"] == "consent_required"
    with case.cell("offline_access without consent"):
        browser, page = question(scope="openid")
        landed(browser.submit(page.form(), "allow"))
        told = landed(asking.ask(browser, scope="openid offline_access", prompt="none"))
        assert told["error"] == "consent_required"
    with case.cell("scope changed on the way"):
        browser, page = question(scope="openid")
        fields = {**page.form().fields, "do": "allow", "scope": "openid email offline_access"}
        told = landed(browser.post(page.form().action, fields))
        assert asking.redeem(told["code"])["scope"] == "openid"
    browser, page = question(scope="openid")
    _, theirs = question(scope="openid email")
    ours, other = {**page.form().fields, "do": "allow"}, theirs.form().fields
    foreign = {
        "request of another browser": ({**ours, "request": other["request"]}, 400),
        "form of another browser": ({**ours, "form": other["form"]}, 403),
        "no form": ({**ours, "form": ""}, 403),
    }
    for name, (fields, status) in foreign.items():
        with case.cell(name):
            refused = browser.post(page.form().action, fields)
            assert (refused.status, refused.headers.get("location")) == (status, None)
    with case.cell("another person's answer"):
        again = browser.post(page.form().action, {**ours, "who": other["who"]})
        assert again.heading == "Allow Shop?"


def test_s_op_13_request_objects(case: Case, c1: Rp, c2: Rp, canary: Canary) -> None:
    browser = c1.browser()
    c1.code(browser, new_email())
    case.control(lambda: "code" in landed(c1.ask(browser)))
    inside = {"client_id": c1.id, "response_type": "code", "redirect_uri": REDIRECT, "scope": "openid"}
    key = SigningKey.generate("RS256")
    objects = {
        "unsigned": forged(sign(key, inside), None),
        "signed by a key of its own": sign(key, inside),
        "another client inside": sign(key, {**inside, "client_id": c2.id}),
        "another address inside": sign(key, {**inside, "redirect_uri": "https://evil.example/"}),
    }
    for name, text in objects.items():
        with case.cell(f"request: {name}"):
            told = landed(c1.ask(browser, request=text))
            assert (told["error"], "code" in told) == ("request_not_supported", False)
    calls = len(canary.calls)
    for name, uri in {"loopback": canary.url, "file": "file:///etc/passwd"}.items():
        with case.cell(f"request_uri: {name}"):
            told = landed(c1.ask(browser, request_uri=uri))
            assert (told["error"], "code" in told) == ("request_uri_not_supported", False)
            assert len(canary.calls) == calls
    with case.cell("request_uri of a pushed request that is none"):
        page = c1.ask(browser, request_uri="urn:ietf:params:oauth:request_uri:Qnone")
        assert (page.status, page.headers.get("location")) == (400, None)
