"""Security cases of the Flask extension, each with its control."""

import json
import logging
from base64 import urlsafe_b64decode
from concurrent.futures import ThreadPoolExecutor

import pytest

from avow.flask import visits
from avow.sdk.integration.session import Tokens
from avow.sdk.integration.unread import claims_of
from avow.testing.server import Avow, Server
from tests.applications import Network, SignIn, machine_token
from tests.bed.cases import Case
from tests.flask.conftest import Open, Visitor
from tests.flask.shop import DEMANDING
from tests.flask.test_blueprint import FOREIGN_HEADERS, PAIRS, POSTS, refused_pairs


def signs_in(open_shop: Open, sign_in: SignIn) -> bool:
    """Show that somebody with nothing special gets in."""
    browser = open_shop()
    return browser.bring(sign_in()).status_code == 200 and browser.get("/login").status_code == 200


def attributes(line: str) -> dict[str, str]:
    """Return the attributes of a Set-Cookie line."""
    return {part.strip().partition("=")[0]: part.strip().partition("=")[2] for part in line.split(";")[1:]}


def of_avow(lines: list[str]) -> list[str]:
    """Leave the session cookie of Flask out, which keeps no more than whose it is."""
    for line in lines:
        if line.startswith("session=") and not line.startswith("session=;"):
            kept = line.removeprefix("session=").partition(".")[0]
            assert set(json.loads(urlsafe_b64decode(kept + "=="))) == {"_avow_user"}
    return [line for line in lines if not line.startswith("session=")]


def test_s_web_01_session_cookie_attributes_of_flask(case: Case, open_shop: Open, sign_in: SignIn) -> None:
    case.control(lambda: signs_in(open_shop, sign_in))
    with case.cell("Flask sign-in"):
        browser = open_shop()
        kept = of_avow(browser.bring(sign_in()).headers.getlist("Set-Cookie"))
        gone = of_avow(browser.post("/auth/logout").headers.getlist("Set-Cookie"))
        assert (len(kept), len(gone)) == (2, 2)
        for line in [*kept, *gone]:
            found = attributes(line)
            assert line.startswith("__Host-avow-")
            assert {"Secure", "HttpOnly"} <= set(found)
            assert (found["SameSite"], found["Path"], found.get("Domain")) == ("Lax", "/", None)
            assert len(line) < 4096
            assert (found["Max-Age"] == "0") is (line in gone)
    with case.cell("Flask sign-in, a domain that was configured"):
        browser = open_shop(AVOW_COOKIE_DOMAIN="localhost", AVOW_COOKIE_SAMESITE="Strict")
        for line in of_avow(browser.bring(sign_in()).headers.getlist("Set-Cookie")):
            assert line.startswith("avow-")
            assert (attributes(line)["Domain"], attributes(line)["SameSite"]) == ("localhost", "Strict")


def test_s_web_02_csrf_in_flask(case: Case, open_shop: Open, sign_in: SignIn) -> None:
    case.control(lambda: signs_in(open_shop, sign_in))
    tokens = sign_in()
    for headers in FOREIGN_HEADERS:
        with case.cell(f"token-store view of Flask, {headers}"):
            browser = open_shop().keep(tokens)
            for path in POSTS:
                for kind in (
                    "text/plain",
                    "application/x-www-form-urlencoded",
                    "multipart/form-data",
                    "application/json",
                ):
                    answer = browser.post(path, data=b"{}", content_type=kind, headers=headers)
                    assert answer.status_code == 403
                    assert "Set-Cookie" not in answer.headers
            assert browser.kept == tokens
    with case.cell("token-store view of Flask, GET"):
        assert {open_shop().keep(tokens).get(path).status_code for path in POSTS} == {405}
    with case.cell("token-store view of Flask, views of the application"):
        answers = [open_shop().keep(tokens).post("/login", headers=one) for one in FOREIGN_HEADERS if one]
        assert {answer.status_code for answer in answers[:-1]} == {403}


def test_s_web_03_login_csrf_in_flask(case: Case, open_shop: Open, sign_in: SignIn, server: Server, avow: Avow) -> None:
    case.control(lambda: signs_in(open_shop, sign_in))
    with case.cell("token-store view of Flask"):
        browser = open_shop()
        assert browser.bring(sign_in(), headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert not browser.kept
    pairs = refused_pairs(sign_in, server, avow)
    for name in PAIRS:
        with case.cell(f"Flask, {name}"):
            browser = open_shop()
            assert browser.bring(pairs[name]()).status_code == 401
            assert not browser.kept


def test_s_typ_01_refresh_token_as_session_token_in_flask(case: Case, open_shop: Open, sign_in: SignIn) -> None:
    case.control(lambda: signs_in(open_shop, sign_in))
    with case.cell("DS cookie that holds it, Flask"):
        assert open_shop().keep(Tokens(sign_in().refresh, "")).get("/login").status_code == 401
    with case.cell("header that holds it, Flask"):
        assert open_shop().get("/login", sign_in().refresh).status_code == 401


def test_s_typ_04_machine_is_no_user_of_flask(case: Case, open_shop: Open, sign_in: SignIn, avow: Avow) -> None:
    case.control(lambda: signs_in(open_shop, sign_in))
    with case.cell("view that requires a user, Flask"):
        token = machine_token(avow)
        assert open_shop().get("/login", token).status_code == 403
        assert open_shop().get("/login/async", token).status_code == 403
        assert open_shop().keep(Tokens(token, "")).get("/login").status_code == 401


def test_s_ses_02_nothing_after_log_out_of_flask(case: Case, open_shop: Open, sign_in: SignIn) -> None:
    case.control(lambda: signs_in(open_shop, sign_in))
    with case.cell("view after log-out, Flask"):
        browser, tokens = open_shop(), sign_in()
        browser.bring(tokens)
        assert browser.post("/auth/logout").status_code == 200
        assert browser.get("/login").status_code == 401
        assert browser.keep(Tokens("", tokens.refresh)).get("/login").status_code == 401
        assert browser.keep(Tokens("", tokens.refresh)).post("/auth/refresh").status_code == 401
        assert browser.bring(tokens).status_code == 401


def test_s_sdk_02_rights_in_flask(case: Case, open_shop: Open, sign_in: SignIn) -> None:
    case.control(lambda: open_shop().get("/role", sign_in(roles_of_project={"editor": []}).session).status_code == 200)
    with case.cell("decorators for roles and permissions, Flask"):
        others = sign_in(roles_of_project={"Editor": [], "editors": ["articles:write"]}, roles_in_tenant={"editor": []})
        assert {open_shop().get(path, others.session).status_code for path in ("/role", "/permission")} == {403}
        assert open_shop().get("/tenant/my-tenant-ID", others.session).status_code == 403


def test_s_sdk_03_flask_fails_closed(
    case: Case, open_shop: Open, sign_in: SignIn, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    case.control(lambda: signs_in(open_shop, sign_in))
    tokens = sign_in()
    with case.cell("decorators, Flask"):
        for wrong in (Tokens("x"), Tokens("", "x"), Tokens("null", "undefined")):
            browser = open_shop().keep(wrong)
            assert {browser.keep(wrong).get(path).status_code for path in DEMANDING} == {401}
        network.is_away = True
        away = open_shop()
        assert {away.get(path, tokens.session).status_code for path in DEMANDING} == {503}
        network.is_away = False
    with case.cell("HEAD and OPTIONS"):
        browser = open_shop()
        for path in DEMANDING:
            assert browser.client.head(path).status_code == 401
            assert b"secret" not in browser.client.options(path).data
    with case.cell("exception inside a claims hook"), monkeypatch.context() as patched:
        patched.setattr(visits, "arrive_by_bearer", lambda *_: 1 / 0)
        browser = open_shop(TESTING=False)
        answers = [browser.get(path, tokens.session) for path in DEMANDING]
        assert {answer.status_code for answer in answers} == {500}
        assert not [answer for answer in answers if b"secret" in answer.data]


def test_s_sdk_04_each_request_of_flask_gets_its_own_person(case: Case, open_shop: Open, sign_in: SignIn) -> None:
    case.control(lambda: signs_in(open_shop, sign_in))
    people = [sign_in() for _ in range(4)]
    users = [str(claims_of(tokens.session)["sub"]) for tokens in people]
    app = open_shop().client.application

    def is_mixed_up(number: int) -> bool:
        whose, path = number % 4, ("/login", "/login/async", "/who")[number % 3]
        browser = Visitor(app.test_client())
        seen = browser.get(path, people[whose].session) if number % 2 else browser.keep(people[whose]).get(path)
        return users[whose] not in seen.text

    with case.cell("middleware, Flask"), ThreadPoolExecutor(32) as pool:
        assert sum(pool.map(is_mixed_up, range(1_000))) == 0


def test_s_sec_03_flask_tells_no_token(
    case: Case, open_shop: Open, sign_in: SignIn, avow: Avow, caplog: pytest.LogCaptureFixture
) -> None:
    case.control(lambda: signs_in(open_shop, sign_in))
    caplog.set_level(logging.DEBUG, "avow")
    with case.cell("Flask"):
        browser, tokens = open_shop(), sign_in()
        answers = [browser.bring(tokens), browser.bring(Tokens(tokens.session, "a.b.c"))]
        avow.client().logout(tokens.refresh)
        avow.advance(700)
        answers += [browser.get("/login"), browser.get("/login", tokens.session), browser.post("/auth/logout")]
        told = caplog.text + "".join(answer.text for answer in answers) + repr(visits.Visit())
        assert "has ended" in caplog.text
        for token in (tokens.session, tokens.refresh):
            assert token not in told
            assert token.rpartition(".")[2] not in told
