"""Sessions kept in cookies: refreshed when due, rotated tokens stored, other sites' pages refused."""

import asyncio

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.testclient import TestClient

from avow.sdk.integration.session import Tokens
from avow.sdk.integration.unread import claims_of
from avow.testing.server import Avow, Server
from tests.applications import REFRESH_COOKIE, SESSION_COOKIE, Network, SignIn, forged_tokens, machine_token, signed_in
from tests.fastapi.conftest import Open, Visitor
from tests.fastapi.shop import new_shop

DUE = 606


def test_page_that_asks_for_nobody_costs_nothing(visitor: Visitor, sign_in: SignIn, network: Network) -> None:
    answer = visitor.keep(sign_in()).get("/plain")
    assert network.paths == []
    assert "set-cookie" not in answer.headers
    assert "vary" not in answer.headers


def test_answer_that_depends_on_the_person_says_so_to_caches(visitor: Visitor) -> None:
    assert "Cookie" in visitor.get("/who").headers["Vary"]


@pytest.mark.parametrize("path", ["/me", "/me/sync", "/me/text", "/streamed", "/mounted/me", "/who"])
def test_session_is_refreshed_when_due_and_the_new_tokens_are_kept(
    visitor: Visitor, sign_in: SignIn, avow: Avow, network: Network, path: str
) -> None:
    old = sign_in()
    visitor.keep(old)
    avow.advance(DUE)
    answer = visitor.get(path)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert network.paths.count("/v1/auth/refresh") == 1
    assert visitor.kept.session != old.session
    assert visitor.kept.refresh not in ("", old.refresh)
    avow.advance(DUE)
    assert visitor.get(path).status_code == 200


@pytest.mark.parametrize(("path", "status"), [("/broken", 500), ("/role", 403)])
def test_rotated_token_is_kept_whatever_the_answer_is(
    visitor: Visitor, sign_in: SignIn, avow: Avow, path: str, status: int
) -> None:
    visitor.keep(old := sign_in())
    avow.advance(DUE)
    assert visitor.get(path).status_code == status
    assert visitor.kept.refresh not in ("", old.refresh)


@pytest.mark.parametrize("is_async", [True, False])
def test_application_answers_its_errors_itself_on_a_refresh_too(
    network: Network, sign_in: SignIn, avow: Avow, is_async: bool
) -> None:
    def own(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"own": str(error)}, 500)

    async def own_async(request: Request, error: Exception) -> JSONResponse:
        return own(request, error)

    app = new_shop(network)
    app.add_exception_handler(Exception, own_async if is_async else own)
    with TestClient(app, "https://shop.example.com", raise_server_exceptions=False) as client:
        browser = Visitor(client).keep(old := sign_in())
        for _ in range(2):
            assert browser.get("/broken").json() == {"own": "nobody caught it"}
            avow.advance(DUE)
        assert browser.kept.refresh not in ("", old.refresh)


def test_session_whose_token_outgrew_a_cookie_works_on(
    visitor: Visitor, sign_in: SignIn, avow: Avow, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = sign_in()
    avow.client().mgmt.jwt.update_jwt(tokens.session, {"much": "x" * 4000})
    visitor.keep(tokens)
    for _ in range(3):
        avow.advance(DUE)
        earlier = visitor.kept.refresh
        assert visitor.get("/me").status_code == 200
        assert visitor.kept.session == ""
        assert visitor.kept.refresh not in ("", earlier)  # rotated: the old one would end the session
    assert "no cookie" in caplog.text
    avow.advance(DUE)
    assert visitor.post("/auth/refresh").status_code == 200
    avow.advance(DUE)
    assert visitor.get("/me").status_code == 200


def test_session_that_has_ended_is_forgotten(visitor: Visitor, sign_in: SignIn, avow: Avow) -> None:
    tokens = sign_in()
    visitor.keep(tokens)
    avow.client().logout(tokens.refresh)
    avow.advance(DUE)
    assert visitor.get("/who").json() == "nobody"
    assert not visitor.kept
    assert visitor.keep(tokens).get("/me").status_code == 401


def test_tokens_stay_while_the_server_is_away(visitor: Visitor, sign_in: SignIn, avow: Avow, network: Network) -> None:
    tokens = sign_in()
    visitor.keep(tokens)
    avow.advance(DUE)
    network.is_away = True
    assert visitor.get("/me").status_code == 503
    assert visitor.get("/who").json() == "nobody"
    assert visitor.kept == tokens
    network.is_away = False
    avow.advance(5)
    assert visitor.get("/me").status_code == 200


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_answer_of_a_proxy_ends_no_session(
    visitor: Visitor, sign_in: SignIn, avow: Avow, network: Network, status: int
) -> None:
    tokens = sign_in()
    visitor.keep(tokens)
    visitor.get("/me")
    avow.advance(DUE)
    network.proxy_says = status
    assert visitor.get("/me").status_code == 503
    assert visitor.kept == tokens
    network.proxy_says = 0
    assert visitor.get("/me").status_code == 200


def test_forged_cookies_sign_nobody_in(visitor: Visitor, sign_in: SignIn, avow: Avow) -> None:
    tokens = sign_in()
    for forgery in forged_tokens(avow, tokens.session):
        if not set(forgery.token) & set(' ";,\\'):
            visitor.keep(Tokens(forgery.token, ""))
            assert visitor.get("/me").status_code == 401, forgery
    assert visitor.keep(tokens).get("/me").status_code == 200


@pytest.mark.parametrize("which", ["refresh as session", "session as refresh", "machine", "another project"])
def test_tokens_of_another_kind_sign_nobody_in(
    visitor: Visitor, sign_in: SignIn, avow: Avow, server: Server, which: str
) -> None:
    mine = sign_in()
    wrong = {
        "refresh as session": lambda: Tokens(mine.refresh, ""),
        "session as refresh": lambda: Tokens("", mine.session),
        "machine": lambda: Tokens(machine_token(avow), ""),
        "another project": lambda: signed_in(server.project()),
    }[which]()
    assert visitor.keep(wrong).get("/me").status_code == 401


def test_cookies_of_another_project_on_the_host_stay(visitor: Visitor, server: Server, avow: Avow) -> None:
    theirs = signed_in(server.project())
    avow.advance(DUE)
    visitor.keep(theirs)
    assert visitor.get("/me").status_code == 401
    assert visitor.post("/auth/refresh").status_code == 401
    assert visitor.post("/auth/logout").status_code == 200
    assert visitor.kept == theirs


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://shop.example.com.evil.example"},
        {"Origin": "https://shop.example.com:8443"},
        {"Origin": "https://["},
        {"Origin": "https://a]b"},
    ],
)
def test_other_sites_do_not_post_with_somebodys_cookies(
    visitor: Visitor, sign_in: SignIn, headers: dict[str, str]
) -> None:
    tokens = sign_in()
    visitor.keep(tokens)
    for path in ("/me", "/who"):
        assert visitor.post(path, headers=headers).status_code == 403
        assert visitor.post(path).status_code == 200
    bearer = {"Authorization": f"Bearer {tokens.session}"}
    assert visitor.post("/me", headers=headers | bearer).status_code == 200


def test_trusted_origin_posts(open_shop: Open, sign_in: SignIn) -> None:
    shop = open_shop(trusted_origins=["https://www.example.com"]).keep(sign_in())
    headers = {"Origin": "https://www.example.com", "Sec-Fetch-Site": "cross-site"}
    assert shop.post("/me", headers=headers).status_code == 200


def test_tabs_that_refresh_at_once_all_stay_signed_in(network: Network, sign_in: SignIn, avow: Avow) -> None:
    tokens = sign_in()
    app = new_shop(network)
    avow.advance(DUE)
    cookie = f"{SESSION_COOKIE}={tokens.session}; {REFRESH_COOKIE}={tokens.refresh}"

    async def tab(client: httpx2.AsyncClient) -> tuple[int, str]:
        answer = await client.get("/me", headers={"Cookie": cookie})
        kept = next(line for line in answer.headers.get_list("set-cookie") if line.startswith(REFRESH_COOKIE))
        return answer.status_code, str(claims_of(kept.partition("=")[2].partition(";")[0])["jti"])

    async def run() -> list[tuple[int, str]]:
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app), base_url="https://shop.example.com"
        ) as client:
            return await asyncio.gather(*(tab(client) for _ in range(8)))

    answers = asyncio.run(run())
    assert {status for status, _ in answers} == {200}
    assert len({jti for _, jti in answers}) == 1


def test_cookies_are_set_as_strictly_as_can_be(visitor: Visitor, sign_in: SignIn, avow: Avow) -> None:
    visitor.keep(sign_in())
    avow.advance(DUE)
    lines = visitor.get("/me").headers.get_list("set-cookie")
    assert len(lines) == 2
    for line in lines:
        assert line.startswith((f"{SESSION_COOKIE}=", f"{REFRESH_COOKIE}="))
        parts = {part.strip().partition("=")[0]: part.strip().partition("=")[2] for part in line.split(";")[1:]}
        assert set(parts) == {"Secure", "HttpOnly", "SameSite", "Path", "Max-Age"}
        assert (parts["SameSite"], parts["Path"]) == ("lax", "/")
        assert int(parts["Max-Age"]) > 0
