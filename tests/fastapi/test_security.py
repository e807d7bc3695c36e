"""Security cases of the FastAPI dependencies, each with its control."""

import asyncio
import logging

import httpx2
import pytest
from starlette.websockets import WebSocketDisconnect

from avow.fastapi import visits
from avow.sdk.integration.session import Tokens
from avow.sdk.integration.unread import claims_of
from avow.testing.server import Avow, Server
from tests.applications import Network, SignIn, machine_token
from tests.bed.cases import Case
from tests.fastapi.conftest import Open, Visitor
from tests.fastapi.shop import DEMANDING, new_shop
from tests.fastapi.test_router import FOREIGN_HEADERS, PAIRS, POSTS, refused_pairs


def signs_in(open_shop: Open, sign_in: SignIn) -> bool:
    """Show that somebody with nothing special gets in."""
    browser = open_shop()
    return browser.bring(sign_in()).status_code == 200 and browser.get("/me").status_code == 200


def attributes(line: str) -> dict[str, str]:
    """Return the attributes of a Set-Cookie line."""
    return {part.strip().partition("=")[0]: part.strip().partition("=")[2] for part in line.split(";")[1:]}


def test_s_web_01_session_cookie_attributes_of_fastapi(case: Case, open_shop: Open, sign_in: SignIn) -> None:
    case.control(lambda: signs_in(open_shop, sign_in))
    with case.cell("FastAPI sign-in"):
        browser = open_shop()
        kept = browser.bring(sign_in()).headers.get_list("set-cookie")
        gone = browser.post("/auth/logout").headers.get_list("set-cookie")
        assert (len(kept), len(gone)) == (2, 2)
        for line in [*kept, *gone]:
            found = attributes(line)
            assert line.startswith("__Host-avow-")
            assert {"Secure", "HttpOnly"} <= set(found)
            assert (found["SameSite"], found["Path"], found.get("Domain")) == ("lax", "/", None)
            assert len(line) < 4096
            assert (found["Max-Age"] == "0") is (line in gone)
    with case.cell("FastAPI sign-in, a domain that was configured"):
        browser = open_shop(cookie_domain="example.com", cookie_samesite="Strict")
        for line in browser.bring(sign_in()).headers.get_list("set-cookie"):
            assert line.startswith("avow-")
            assert (attributes(line)["Domain"], attributes(line)["SameSite"]) == ("example.com", "strict")


def test_s_web_02_csrf_in_fastapi(case: Case, open_shop: Open, sign_in: SignIn) -> None:
    case.control(lambda: signs_in(open_shop, sign_in))
    tokens = sign_in()
    browser = open_shop()
    for headers in FOREIGN_HEADERS:
        with case.cell(f"token-store view of FastAPI, {headers}"):
            browser.keep(tokens)
            for path in POSTS:
                for kind in (
                    "text/plain",
                    "application/x-www-form-urlencoded",
                    "multipart/form-data",
                    "application/json",
                ):
                    answer = browser.post(path, content=b"{}", headers=headers | {"Content-Type": kind})
                    assert answer.status_code == 403
                    assert "set-cookie" not in answer.headers
            assert browser.kept == tokens
    with case.cell("token-store view of FastAPI, GET"):
        assert {browser.get(path).status_code for path in POSTS} == {405}


def test_s_web_03_login_csrf_in_fastapi(
    case: Case, open_shop: Open, sign_in: SignIn, server: Server, avow: Avow
) -> None:
    case.control(lambda: signs_in(open_shop, sign_in))
    with case.cell("token-store view of FastAPI"):
        browser = open_shop()
        assert browser.bring(sign_in(), headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert not browser.kept
    pairs = refused_pairs(sign_in, server, avow)
    for name in PAIRS:
        with case.cell(f"FastAPI, {name}"):
            browser = open_shop()
            assert browser.bring(pairs[name]()).status_code == 401
            assert not browser.kept


def test_s_typ_01_refresh_token_as_session_token_in_fastapi(case: Case, open_shop: Open, sign_in: SignIn) -> None:
    case.control(lambda: signs_in(open_shop, sign_in))
    with case.cell("DS cookie that holds it, FastAPI"):
        assert open_shop().keep(Tokens(sign_in().refresh, "")).get("/me").status_code == 401
    with case.cell("header that holds it, FastAPI"):
        assert open_shop().get("/me", sign_in().refresh).status_code == 401


def test_s_typ_04_machine_is_no_user_of_fastapi(case: Case, open_shop: Open, sign_in: SignIn, avow: Avow) -> None:
    case.control(lambda: signs_in(open_shop, sign_in))
    with case.cell("view that requires a user, FastAPI"):
        token = machine_token(avow)
        assert open_shop().get("/person", token).status_code == 403
        assert open_shop().keep(Tokens(token, "")).get("/me").status_code == 401


def test_s_ses_02_nothing_after_log_out_of_fastapi(case: Case, open_shop: Open, sign_in: SignIn) -> None:
    case.control(lambda: signs_in(open_shop, sign_in))
    with case.cell("view after log-out, FastAPI"):
        browser, tokens = open_shop(), sign_in()
        browser.bring(tokens)
        assert browser.post("/auth/logout").status_code == 200
        assert browser.get("/me").status_code == 401
        assert browser.keep(Tokens("", tokens.refresh)).get("/me").status_code == 401
        assert browser.bring(tokens).status_code == 401


def test_s_sdk_02_rights_in_fastapi(case: Case, open_shop: Open, sign_in: SignIn) -> None:
    case.control(lambda: open_shop().get("/role", sign_in(roles_of_project={"editor": []}).session).status_code == 200)
    with case.cell("decorators for roles and permissions, FastAPI"):
        others = sign_in(roles_of_project={"Editor": [], "editors": ["articles:write"]}, roles_in_tenant={"editor": []})
        assert {open_shop().get(path, others.session).status_code for path in ("/role", "/permissions")} == {403}
        assert open_shop().get("/tenant/my-tenant-ID", others.session).status_code == 403


def test_s_sdk_03_fastapi_fails_closed(
    case: Case, open_shop: Open, sign_in: SignIn, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    case.control(lambda: signs_in(open_shop, sign_in))
    tokens = sign_in()
    with case.cell("dependencies, FastAPI, WebSocket routes included"):
        for wrong in (Tokens("x"), Tokens("", "x"), Tokens("null", "undefined")):
            browser = open_shop()
            assert {browser.keep(wrong).get(path).status_code for path in DEMANDING} == {401}
            assert is_closed(browser.keep(wrong))
        network.is_away = True
        away = open_shop()
        assert {away.get(path, tokens.session).status_code for path in DEMANDING} == {503}
        assert is_closed(away.keep(tokens))
        network.is_away = False
    with case.cell("mounted sub-applications"):
        assert open_shop().get("/mounted/me").status_code == 401
        assert open_shop().get("/mounted/me", "a.b.c").status_code == 401
        assert open_shop().get("/mounted/me", tokens.session).status_code == 200
    with case.cell("HEAD and OPTIONS of FastAPI"):
        browser = open_shop()
        for path in DEMANDING:
            assert browser.client.head(path).status_code in (401, 405)
            assert browser.client.options(path).status_code in (401, 405)
    with case.cell("exception inside a claims hook of FastAPI"), monkeypatch.context() as patched:
        patched.setattr(visits, "bearer_at_once", lambda *_: 1 / 0)
        browser = open_shop()
        answers = [browser.get(path, tokens.session) for path in DEMANDING]
        assert {answer.status_code for answer in answers} == {500}
        assert not [answer for answer in answers if "secret" in answer.text]


def is_closed(browser: Visitor) -> bool:
    """Tell whether a WebSocket is closed before it is open."""
    try:
        with browser.client.websocket_connect("wss://shop.example.com/talk") as socket:
            socket.receive_text()
    except WebSocketDisconnect as closed:
        return closed.code == 1008
    return False


def test_s_sdk_04_each_request_of_fastapi_gets_its_own_person(
    case: Case, open_shop: Open, sign_in: SignIn, network: Network
) -> None:
    case.control(lambda: signs_in(open_shop, sign_in))
    people = [sign_in() for _ in range(4)]
    users = [str(claims_of(tokens.session)["sub"]) for tokens in people]

    async def mixed_up() -> int:
        room = asyncio.Semaphore(100)
        transport = httpx2.ASGITransport(new_shop(network))
        async with httpx2.AsyncClient(transport=transport, base_url="https://shop.example.com") as client:

            async def is_mixed_up(number: int) -> bool:
                whose, path = number % 4, ("/me", "/me/sync", "/who")[number % 3]
                async with room:
                    header = {"Authorization": f"Bearer {people[whose].session}"}
                    cookie = {"Cookie": f"__Host-avow-session-token={people[whose].session}"}
                    seen = await client.get(path, headers=header if number % 2 else cookie)
                    return users[whose] not in seen.text

            return sum(await asyncio.gather(*map(is_mixed_up, range(1_000))))

    with case.cell("middleware, FastAPI"):
        assert asyncio.run(mixed_up()) == 0


def test_s_sec_03_fastapi_tells_no_token(
    case: Case, open_shop: Open, sign_in: SignIn, avow: Avow, caplog: pytest.LogCaptureFixture
) -> None:
    case.control(lambda: signs_in(open_shop, sign_in))
    caplog.set_level(logging.DEBUG, "avow")
    with case.cell("FastAPI"):
        browser, tokens = open_shop(), sign_in()
        answers = [browser.bring(tokens), browser.bring(Tokens(tokens.session, "a.b.c"))]
        avow.client().logout(tokens.refresh)
        avow.advance(700)
        answers += [browser.get("/me"), browser.get("/me", tokens.session), browser.post("/auth/logout")]
        told = caplog.text + "".join(answer.text for answer in answers) + repr(visits.Visit())
        assert "has ended" in caplog.text
        for token in (tokens.session, tokens.refresh):
            assert token not in told
            assert token.rpartition(".")[2] not in told
