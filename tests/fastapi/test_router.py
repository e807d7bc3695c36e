"""The login page, and keeping, refreshing and ending sessions: what is done, and what is refused before it is."""

from collections.abc import Callable

import pytest
from fastapi import Request
from starlette.middleware.sessions import SessionMiddleware
from starlette.testclient import TestClient

from avow.sdk.integration import cookies
from avow.sdk.integration.session import Tokens
from avow.sdk.integration.unread import claims_of
from avow.testing.server import Avow, Server
from tests.applications import (
    OWN_PAGE,
    REFRESH_COOKIE,
    SESSION_COOKIE,
    Network,
    SignIn,
    forged_tokens,
    machine_token,
    signed_in,
)
from tests.fastapi.conftest import Open, Visitor
from tests.fastapi.shop import new_shop

FOREIGN_HEADERS: list[dict[str, str]] = [
    {},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://shop.example.com:8443"},
    {"Origin": "https://["},
    {"Referer": "https://shop.example.com/auth/login"},
]
POSTS = ("/auth/store", "/auth/refresh", "/auth/logout")
JSON = OWN_PAGE | {"Content-Type": "application/json"}
FORM = OWN_PAGE | {"Content-Type": "application/x-www-form-urlencoded"}


def test_tokens_of_one_person_are_kept_and_sign_in(visitor: Visitor, sign_in: SignIn) -> None:
    tokens = sign_in()
    answer = visitor.bring(tokens)
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert "no-store" in answer.headers["Cache-Control"]
    assert visitor.kept == tokens
    assert visitor.get("/who").json() == claims_of(tokens.session)["sub"]


@pytest.mark.parametrize("body", ["", "[]", "null", "{", '{"sessionJwt": 1}', "[" * 30_000, '"' + "x" * 100_000 + '"'])
def test_body_that_has_no_tokens_is_refused(visitor: Visitor, body: str) -> None:
    assert visitor.post("/auth/store", content=body, headers=JSON).status_code == 400


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/json2", ""])
def test_body_that_a_form_could_send_is_refused(visitor: Visitor, sign_in: SignIn, kind: str) -> None:
    tokens = sign_in()
    body = f'{{"sessionJwt": "{tokens.session}", "refreshJwt": "{tokens.refresh}"}}'
    answer = visitor.post("/auth/store", content=body, headers=OWN_PAGE | {"Content-Type": kind})
    assert answer.status_code == 400
    assert visitor.post("/auth/store", content=body, headers=JSON).status_code == 200


@pytest.mark.parametrize("headers", FOREIGN_HEADERS, ids=str)
def test_other_sites_keep_refresh_and_end_nothing(visitor: Visitor, sign_in: SignIn, headers: dict[str, str]) -> None:
    mine, others = sign_in(), sign_in()
    assert visitor.bring(others, headers=headers).status_code == 403
    assert not visitor.kept
    visitor.keep(mine)
    for path in POSTS:
        answer = visitor.post(path, headers=headers)
        assert (answer.status_code, list(answer.json())) == (403, ["detail"])
        assert "set-cookie" not in answer.headers
    assert visitor.kept == mine
    assert visitor.post("/auth/refresh").status_code == 200


@pytest.mark.parametrize("path", POSTS)
def test_get_changes_nothing(visitor: Visitor, path: str) -> None:
    assert visitor.get(path, headers=OWN_PAGE).status_code == 405


def refused_pairs(sign_in: SignIn, server: Server, avow: Avow) -> dict[str, Callable[[], Tokens]]:
    mine, other = sign_in(), sign_in()
    return {
        "session of another person": lambda: Tokens(other.session, mine.refresh),
        "refresh of another person": lambda: Tokens(mine.session, other.refresh),
        "two sessions of one person": lambda: Tokens(
            sign_in("same@example.com").session, sign_in("same@example.com").refresh
        ),
        "pair of another project": lambda: signed_in(server.project()),
        "the two in each other's place": lambda: Tokens(mine.refresh, mine.session),
        "session twice": lambda: Tokens(mine.session, mine.session),
        "machine": lambda: Tokens(machine_token(avow), mine.refresh),
        "changed signature": lambda: Tokens(mine.session[:-6] + "AAAAAA", mine.refresh),
        "characters no token has": lambda: Tokens(mine.session, "a\r\nb: c"),
    }


PAIRS = list(refused_pairs(lambda: Tokens(), None, None))  # type: ignore[arg-type]  # the names only


@pytest.mark.parametrize("name", PAIRS)
def test_pair_that_does_not_hold_is_refused(
    visitor: Visitor, sign_in: SignIn, server: Server, avow: Avow, name: str
) -> None:
    answer = visitor.bring(refused_pairs(sign_in, server, avow)[name]())
    assert (answer.status_code, list(answer.json())) == (401, ["detail"])
    assert not visitor.kept


def test_forged_session_tokens_are_not_kept(visitor: Visitor, sign_in: SignIn, avow: Avow) -> None:
    tokens = sign_in()
    for forgery in forged_tokens(avow, tokens.session):
        answer = visitor.bring(Tokens(forgery.token, tokens.refresh))
        assert answer.status_code in (400, 401), forgery
        assert not visitor.kept
    assert visitor.bring(tokens).status_code == 200


def test_nothing_is_kept_while_the_server_is_away(visitor: Visitor, sign_in: SignIn, network: Network) -> None:
    tokens = sign_in()
    network.is_away = True
    assert visitor.bring(tokens).status_code == 503
    assert not visitor.kept


def test_refresh_token_may_be_the_cookie_of_a_server_on_the_same_host(visitor: Visitor, sign_in: SignIn) -> None:
    mine, others = sign_in(), sign_in()
    visitor.client.cookies.set("DSR", others.refresh, domain="shop.example.com")
    assert visitor.bring(mine).status_code == 200  # what is posted comes first
    assert visitor.bring(Tokens(others.session, "")).status_code == 200
    assert visitor.kept == others


def test_logging_out_ends_the_session_here_and_on_the_server(visitor: Visitor, sign_in: SignIn, avow: Avow) -> None:
    tokens = sign_in()
    visitor.bring(tokens)
    answer = visitor.post("/auth/logout")
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert all("Max-Age=0" in line and "Secure" in line for line in answer.headers.get_list("set-cookie"))
    assert not visitor.kept
    assert visitor.keep(Tokens("", tokens.refresh)).get("/me").status_code == 401


@pytest.mark.parametrize("how", ["ended", "gone", "signed out"])
def test_nobody_sees_what_somebody_left_in_starlettes_session(
    network: Network, sign_in: SignIn, avow: Avow, how: str
) -> None:
    app = new_shop(network)
    app.add_middleware(SessionMiddleware, secret_key="a secret of the tests, which is long enough")

    @app.get("/cart/{thing}")
    async def cart(thing: str, request: Request) -> list[str]:
        request.session["things"] = [*request.session.get("things", []), thing]
        return list(request.session["things"])

    with TestClient(app, "https://shop.example.com") as client:
        visitor, first = Visitor(client), sign_in()
        assert visitor.get("/cart/apple").json() == ["apple"]
        assert visitor.bring(first).status_code == 200
        assert visitor.get("/cart/pear").json() == ["apple", "pear"]
        if how == "ended":
            avow.client().logout(first.refresh)
            avow.advance(700)
        elif how == "gone":
            for name in (SESSION_COOKIE, REFRESH_COOKIE):
                del client.cookies[name]
        else:
            visitor.post("/auth/logout")
            assert visitor.get("/cart/plum").json() == ["plum"]
        assert visitor.bring(first if how == "gone" else sign_in()).status_code == 200
        expected = {"ended": ["fig"], "gone": ["apple", "pear", "fig"], "signed out": ["plum", "fig"]}[how]
        assert visitor.get("/cart/fig").json() == expected


def test_logging_out_works_while_the_server_is_away(visitor: Visitor, sign_in: SignIn, network: Network) -> None:
    visitor.bring(sign_in())
    network.is_away = True
    assert visitor.post("/auth/logout").status_code == 200
    assert not visitor.kept


def test_form_goes_on_to_a_path_of_this_host_only(visitor: Visitor) -> None:
    assert visitor.post("/auth/logout", content="next=%2Fbye", headers=FORM).headers["Location"] == "/bye"
    for elsewhere in ("//evil.example", "https://evil.example", "/%5Cevil.example", "/%09/evil.example", ""):
        answer = visitor.post("/auth/logout", content=f"next={elsewhere}", headers=FORM)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_form_of_parts_and_kinds_in_capitals_are_forms(visitor: Visitor) -> None:
    parts = visitor.client.post(
        "/auth/logout", files={"other": (None, "/no"), "next": (None, "/bye")}, headers=OWN_PAGE
    )
    assert (parts.status_code, parts.headers["Location"]) == (303, "/bye")
    shouted = OWN_PAGE | {"Content-Type": "Application/X-WWW-Form-Urlencoded; Charset=utf-8"}
    assert visitor.post("/auth/logout", content="next=/bye", headers=shouted).headers["Location"] == "/bye"
    empty = OWN_PAGE | {"Content-Type": "multipart/form-data"}
    assert visitor.post("/auth/logout", content=b"\xff", headers=empty).headers["Location"] == "/"


def test_paths_of_the_settings_are_below_the_applications_own(network: Network, sign_in: SignIn) -> None:
    shop = new_shop(network, login_redirect="/in", logout_redirect="/out")
    with TestClient(shop, "https://shop.example.com", root_path="/shop", follow_redirects=False) as client:
        visitor = Visitor(client)
        assert 'data-avow-next="/shop/in"' in visitor.get("/auth/login").text
        visitor.keep(sign_in())
        assert visitor.get("/auth/login").headers["Location"] == "/shop/in"
        assert visitor.post("/auth/refresh", headers=FORM).headers["Location"] == "/shop/in"
        assert visitor.post("/auth/logout", headers=FORM).headers["Location"] == "/shop/out"


def test_refreshing_needs_a_session(visitor: Visitor, sign_in: SignIn, avow: Avow, network: Network) -> None:
    assert visitor.post("/auth/refresh").status_code == 401
    tokens = sign_in()
    visitor.keep(tokens)
    network.is_away = True
    assert visitor.post("/auth/refresh").status_code == 503
    network.is_away = False
    avow.client().logout(tokens.refresh)
    avow.advance(5)
    assert visitor.post("/auth/refresh").status_code == 401
    assert not visitor.kept


def test_session_too_large_for_cookies_is_refused(
    visitor: Visitor, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = sign_in()
    visitor.bring(tokens)
    monkeypatch.setattr(cookies, "_LARGEST_BYTES", 100)
    answer = visitor.bring(tokens)
    assert answer.status_code == 400
    assert "put less into its claims" in answer.text
    assert visitor.kept == tokens


def test_login_page_has_what_the_flow_needs_and_no_script_within(visitor: Visitor, avow: Avow) -> None:
    answer = visitor.get("/auth/login?next=/role")
    assert 'src="http://localhost:8000/sdk/avow-login.js"' in answer.text
    assert f'project-id="{avow.project_id}" flow-id="sign-up-or-in" base-url="http://localhost:8000"' in answer.text
    assert 'data-avow-store="/auth/store" data-avow-next="/role"' in answer.text
    assert "<script>" not in answer.text
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "avowStore" in visitor.get("/auth/login.js").text


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", '"><script>x</script>']
)
def test_login_page_leads_nowhere_else(visitor: Visitor, sign_in: SignIn, target: str) -> None:
    assert 'data-avow-next="/"' in visitor.get("/auth/login", params={"next": target}).text
    visitor.keep(sign_in())
    assert visitor.get("/auth/login", params={"next": target}).headers["Location"] == "/"
    assert visitor.get("/auth/login", params={"next": "/who"}).headers["Location"] == "/who"


def test_application_may_do_without_the_router(open_shop: Open) -> None:
    assert open_shop(url_prefix="").get("/auth/login").status_code == 404
