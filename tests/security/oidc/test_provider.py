"""S-OP-01 to S-OP-09: the front door and the token endpoint of the OpenID provider under attack."""

import re
from typing import Any

import pytest

from avow.server.applications import actions
from avow.server.oidc.authenticating import MOST_FAILURES
from avow.testing.server import Avow
from tests.bed.cases import Case
from tests.factories import new_email
from tests.server.oidc.relying import CHALLENGE, REDIRECT, VERIFIER, Reply, Rp, claims, landed, make_app
from tests.server.pages.browsing import Browser, Page

S256 = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


@pytest.fixture
def browser(c1: Rp) -> Browser:
    """Return a browser whose person has a session."""
    signed_in = c1.browser()
    c1.code(signed_in, new_email())
    return signed_in


def grants(avow: Avow) -> int:
    """Return how many grants there are."""
    sql = "SELECT id FROM oidc_grants WHERE project_id = :project_id"
    return len(avow.run(lambda tx: tx.all(sql, lambda *row: row)))


def assert_refused_grant(reply: Reply, error: tuple[int, str] = (400, "invalid_grant")) -> None:
    assert reply.error == error
    assert reply.headers["cache-control"] == "no-store"
    assert {"access_token", "id_token", "refresh_token"}.isdisjoint(reply.body)


def assert_shown_to_the_person(page: Page) -> None:
    assert page.status == 400
    assert "location" not in page.headers
    # As text it is shown in development, where somebody looks for what is wrong with their own application.
    assert not re.search(r'="[^"]*evil', page.html)


def told(page: Page) -> dict[str, str]:
    """Return what the application is told, at its registered address and nowhere else."""
    assert page.status == 303, page.text
    assert page.headers["location"].startswith(f"{REDIRECT}?")
    return landed(page)


def test_s_op_01_redirect_uri_is_matched_exactly(case: Case, c1: Rp, c2: Rp, browser: Browser) -> None:
    case.control(lambda: "code" in told(c1.ask(browser)))
    addresses = {
        "missing": "",
        "slash": f"{REDIRECT}/",
        "query": f"{REDIRECT}?x=1",
        "fragment": f"{REDIRECT}#x",
        "case": "https://app.example.com/CB",
        "http": "http://app.example.com/cb",
        "port": "https://app.example.com:8443/cb",
        "longer host": "https://app.example.com.evil.example/cb",
        "encoded at": "https://app.example.com%2f@evil.example/cb",
        "user": "https://app.example.com@evil.example/cb",
        "dots": "https://app.example.com/cb/../x",
        "twice": (REDIRECT, "https://evil.example/cb"),
        "of another application": "https://other.example.com/cb",
        "no host": "https:///cb",
        "script": "javascript:alert(1)",
    }
    for name, uri in addresses.items():
        with case.cell(name):
            before = grants(c1.avow)
            assert_shown_to_the_person(c1.ask(browser, redirect_uri=uri))
            assert_shown_to_the_person(c1.ask(browser, redirect_uri=uri, prompt="none"))
            assert grants(c1.avow) == before


def test_s_op_01_address_that_is_not_named(case: Case, c1: Rp, browser: Browser) -> None:
    """The only one that is registered is meant, outside of OpenID Connect."""
    case.control(lambda: "code" in told(c1.ask(browser, redirect_uri="", scope="profile")))
    several = make_app(c1.avow, redirectUris=[REDIRECT, "https://app.example.com/second"])
    for name, rp, scope in (("of OpenID", c1, "openid"), ("with several registered", several, "profile")):
        with case.cell(f"missing, {name}"):
            before = grants(c1.avow)
            assert_shown_to_the_person(rp.ask(browser, redirect_uri="", scope=scope))
            assert grants(c1.avow) == before


def test_s_op_02_redirect_uri_has_to_match_again(case: Case, c1: Rp, browser: Browser) -> None:
    case.control(lambda: c1.redeem(c1.code(browser, "")).status == 200)
    for name, uri in {"missing": "", "other": "https://other.example.com/cb", "slash": f"{REDIRECT}/"}.items():
        with case.cell(name):
            code = c1.code(browser, "")
            assert_refused_grant(c1.redeem(code, redirect_uri=uri))
            assert c1.redeem(code).status == 200


def test_s_op_03_code_counts_once(case: Case, c1: Rp, browser: Browser) -> None:
    case.control(lambda: c1.redeem(c1.code(browser, "")).status == 200)
    for name, seconds in {"at once": 0, "after 31 seconds": 31}.items():
        with case.cell(name):
            code = c1.code(browser, "", scope="openid offline_access")
            first = c1.redeem(code)
            assert c1.userinfo(first["access_token"]).status == 200
            c1.avow.advance(seconds)
            assert_refused_grant(c1.redeem(code))
            assert c1.userinfo(first["access_token"]).error == (401, "invalid_token")
            assert_refused_grant(c1.refresh(first["refresh_token"]))


def test_s_op_04_code_is_bound_to_client_verifier_and_time(case: Case, c1: Rp, c2: Rp, browser: Browser) -> None:
    def redeemed(by: Rp, wait: int = 0, asked: dict[str, str] | None = None, **changes: Any) -> Reply:
        code = c1.code(browser, "", **(asked or {}))
        c1.avow.advance(wait)
        return by.redeem(code, redirect_uri=REDIRECT, **changes)

    case.control(lambda: redeemed(c1, asked=S256, code_verifier=VERIFIER).status == 200)
    case.control(lambda: redeemed(c1, wait=59).status == 200)
    with case.cell("another client"):
        assert_refused_grant(redeemed(c2))
    verifiers = {"wrong": "w" * 43, "missing": "", "42 characters": "v" * 42, "129 characters": "v" * 129}
    for name, verifier in verifiers.items():
        with case.cell(f"verifier {name}"):
            assert_refused_grant(redeemed(c1, asked=S256, code_verifier=verifier))
    with case.cell("after 61 seconds"):
        assert_refused_grant(redeemed(c1, wait=61))
    with case.cell("verifier without a challenge"):
        assert_refused_grant(redeemed(c1, code_verifier=VERIFIER))


def test_s_op_05_pkce_for_public_clients_and_no_plain(case: Case, c1: Rp, c3: Rp, browser: Browser) -> None:
    case.control(lambda: "code" in told(c3.ask(browser, **S256)))
    wishes = {
        "no challenge": {},
        "plain": {**S256, "code_challenge_method": "plain"},
        "S512": {**S256, "code_challenge_method": "S512"},
        "no method": {"code_challenge": CHALLENGE},
    }
    for name, wish in wishes.items():
        with case.cell(name):
            answer = told(c3.ask(browser, **wish))
            assert answer["error"] == "invalid_request"
            assert "code" not in answer
    with case.cell("downgrade"):
        assert_refused_grant(c1.redeem(c1.code(browser, ""), code_verifier=VERIFIER))


def test_s_op_06_client_authentication(case: Case, c1: Rp, c2: Rp, c3: Rp, browser: Browser) -> None:
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT}

    def works() -> bool:
        by_body = {**form, "code": c1.code(browser, ""), "client_id": c1.id, "client_secret": c1.secret}
        return c1.redeem(c1.code(browser, "")).status == c1.call("/oauth/token", by_body).status == 200

    case.control(works)
    rotated = make_app(c1.avow)
    old = rotated.secret
    rotated.avow.run(lambda tx: actions.rotate(tx, rotated.id, overlap_seconds=0, actor="test"))
    c1.avow.advance(1)
    attempts: dict[str, tuple[dict[str, str], str, str]] = {
        "no secret": ({"client_id": c1.id}, "", ""),
        "nothing": ({}, "", ""),
        "wrong secret": ({}, "", c1.basic(secret="wrong")),
        "secret of another application": ({}, "", c1.basic(secret=c2.secret)),
        "in the query": ({"client_id": c1.id}, f"client_secret={c1.secret}", ""),
        "in header and body": ({"client_id": c1.id, "client_secret": c1.secret}, "", c1.basic()),
        "two names": ({"client_id": c2.id}, "", c1.basic()),
        "another case": ({}, "", c1.basic(secret=c1.secret.swapcase())),
        "empty secret": ({"client_id": c1.id, "client_secret": ""}, "", ""),
        "empty secret in the header": ({}, "", "Basic " + "QzE6"),
        "rotated out": ({}, "", rotated.basic(secret=old)),
        "a secret for a public one": ({"client_id": c3.id, "client_secret": c1.secret}, "", ""),
        "unknown client": ({}, "", c1.basic(id="nobody")),
    }
    for name, (fields, query, authorization) in attempts.items():
        with case.cell(name):
            sent = {**form, "code": c1.code(browser, ""), **fields}
            reply = c1.call("/oauth/token", sent, query=query, authorization=authorization)
            assert_refused_grant(reply, (401, "invalid_client"))
            assert reply.headers["www-authenticate"].startswith("Basic ")
    with case.cell("50 wrong tries"):
        other = make_app(c1.avow)
        replies = [other.call("/oauth/token", form, authorization=other.basic(secret=f"w{n}")) for n in range(50)]
        assert [reply.status for reply in replies] == [401] * MOST_FAILURES + [429] * (50 - MOST_FAILURES)
        assert int(replies[-1].headers["retry-after"]) > 0
        assert other.call("/oauth/token", form, authorization=other.basic()).status == 429
        other.avow.advance(601)
        assert other.redeem("none").error == (400, "invalid_grant")


def test_s_op_07_refresh_tokens(case: Case, c1: Rp, c2: Rp, project: Avow) -> None:
    def tokens(rp: Rp = c1) -> tuple[str, str]:
        """Return a refresh token and whose it is."""
        reply = rp.tokens(rp.browser(), new_email(), scope="openid email offline_access", prompt="")
        return reply["refresh_token"], claims(reply["id_token"])["sub"]

    case.control(lambda: c1.refresh(tokens()[0]).status == 200)
    with case.cell("as another client"):
        token, _ = tokens()
        assert_refused_grant(c2.refresh(token))
        assert c1.refresh(token).status == 200
    with case.cell("a wider scope"):
        token, _ = tokens()
        assert_refused_grant(c1.refresh(token, scope="openid phone"), (400, "invalid_scope"))
    with case.cell("a rotated one"):
        token, _ = tokens()
        project.advance(31)
        second = c1.refresh(token)["refresh_token"]
        project.advance(31)
        third = c1.refresh(second)["refresh_token"]
        assert_refused_grant(c1.refresh(token))
        assert_refused_grant(c1.refresh(third))
    with case.cell("consent withdrawn"):
        asking = make_app(project, trusted=False)
        browser, email = asking.browser(), new_email()
        page = asking.sign_in(browser, asking.ask(browser, scope="openid offline_access"), email)
        reply = asking.redeem(landed(browser.submit(page.form(), "allow"))["code"])
        user = claims(reply["id_token"])["sub"]
        from avow.server.oidc import grants as provider_grants

        assert project.run(lambda tx: provider_grants.withdraw(tx, asking.id, user, actor=f"user:{user}"))
        assert_refused_grant(asking.refresh(reply["refresh_token"]))
        assert asking.userinfo(reply["access_token"]).error == (401, "invalid_token")
    with case.cell("user disabled"):
        token, user = tokens()
        project.client().mgmt.user.deactivate(_login_id(project, user))
        assert_refused_grant(c1.refresh(token))
    with case.cell("application switched off"):
        other = make_app(project)
        token, _ = tokens(other)
        project.client().mgmt.app.update(other.id, enabled=False)
        project.advance(1)
        assert_refused_grant(other.refresh(token))
        project.client().mgmt.app.update(other.id, enabled=True)
        project.advance(1)
        assert other.refresh(token).status == 200
    for name, forged in {"an ID": "G" + "a" * 26, "a guess": f"G{'a' * 26}.1.{'A' * 43}", "text": "x"}.items():
        with case.cell(f"forged: {name}"):
            assert_refused_grant(c1.refresh(forged))


def test_s_op_08_response_types_and_modes(case: Case, c1: Rp, browser: Browser) -> None:
    case.control(lambda: "code" in told(c1.ask(browser)))
    for kind in ("token", "id_token", "code token", "code id_token", "none", "unknown"):
        with case.cell(f"response_type {kind}"):
            answer = told(c1.ask(browser, response_type=kind))
            assert answer["error"] == "unsupported_response_type"
            assert {"code", "access_token", "id_token"}.isdisjoint(answer)
    with case.cell("query with id_token"):
        answer = told(c1.ask(browser, response_type="id_token", response_mode="query"))
        assert answer["error"] == "unsupported_response_type"
    for mode in ("fragment", "unknown"):
        with case.cell(f"response_mode {mode}"):
            assert told(c1.ask(browser, response_mode=mode))["error"] == "invalid_request"
    for name in ("password", "implicit", "unknown"):
        with case.cell(f"grant_type {name}"):
            form = {"grant_type": name, "username": "mia@example.com", "password": "x"}
            assert_refused_grant(c1.token(form), (400, "unsupported_grant_type"))
    with case.cell("GET on the token endpoint"):
        assert c1.call("/oauth/token", verb="GET", authorization=c1.basic()).status == 405


def test_s_op_09_prompt_max_age_and_hint(case: Case, c1: Rp, project: Avow) -> None:
    email = new_email()
    browser = c1.browser()
    tokens = c1.tokens(browser, email)
    hint, since = tokens["id_token"], claims(tokens["id_token"])["auth_time"]
    case.control(lambda: "code" in told(c1.ask(browser, prompt="none", id_token_hint=hint)))
    with case.cell("none without a session"):
        assert told(c1.ask(c1.browser(), prompt="none"))["error"] == "login_required"
    with case.cell("login with a session"):
        project.advance(5)
        page = c1.ask(browser, prompt="login")
        assert page.status == 200
        cancelled = browser.get(page.url, follow=False)
        assert cancelled.status == 200
        again = c1.redeem(told(c1.sign_in(browser, page, email))["code"])
        assert claims(again["id_token"])["auth_time"] >= since + 5
    with case.cell("login, and back without signing in"):
        page = c1.ask(browser, prompt="login")
        back = page.form().fields["next"]
        assert browser.get(back).status == 200  # the sign-in page once more
    with case.cell("max_age of 1 after 2 seconds"):
        project.advance(2)
        assert told(c1.ask(browser, prompt="none", max_age="1"))["error"] == "login_required"
        page = c1.ask(browser, max_age="1")
        assert page.status == 200
        fresh = c1.redeem(told(c1.sign_in(browser, page, email))["code"])
        assert claims(fresh["id_token"])["auth_time"] == project.server.clock()
        assert "code" in told(c1.ask(browser, max_age="10000"))
    with case.cell("hint of somebody else"):
        other = c1.tokens(c1.browser(), new_email())["id_token"]
        assert told(c1.ask(browser, prompt="none", id_token_hint=other))["error"] == "login_required"
    with case.cell("hint that is none of ours"):
        forged = hint[:-6] + ("AAAAAA" if not hint.endswith("AAAAAA") else "BBBBBB")
        assert told(c1.ask(browser, prompt="none", id_token_hint=forged))["error"] == "login_required"
    with case.cell("none and login"):
        assert told(c1.ask(browser, prompt="none login"))["error"] == "invalid_request"


def _login_id(project: Avow, user_id: str) -> str:
    sql = "SELECT typed FROM login_ids WHERE project_id = :project_id AND user_id = :user_id"
    found: list[str] = project.run(lambda tx: tx.all(sql, lambda *row: str(row[0]), user_id=user_id))
    return found[0]
