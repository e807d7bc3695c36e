"""The login page, and keeping, refreshing and ending sessions: what is done, and what is refused before it is."""

from collections.abc import Callable
from typing import Any

import pytest

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
from tests.flask.conftest import Open, Visitor

FOREIGN_HEADERS: list[dict[str, str]] = [
    {},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "http://localhost:1"},
    {"Origin": "http://["},
    {"Referer": "http://localhost/auth/login"},
]
POSTS = ("/auth/store", "/auth/refresh", "/auth/logout")


def test_tokens_of_one_person_are_kept_and_sign_in(visitor: Visitor, sign_in: SignIn) -> None:
    tokens = sign_in()
    answer = visitor.bring(tokens)
    assert (answer.status_code, answer.json) == (200, {"ok": True})
    assert "no-store" in answer.headers["Cache-Control"]
    assert visitor.kept == tokens
    assert visitor.get("/who").text == claims_of(tokens.session)["sub"]


@pytest.mark.parametrize("without", ["session", "refresh", "both"])
def test_missing_token_is_refused(visitor: Visitor, sign_in: SignIn, without: str) -> None:
    tokens = sign_in()
    given = {
        "session": Tokens("", tokens.refresh),
        "refresh": Tokens(tokens.session, ""),
        "both": Tokens(),
    }[without]
    assert visitor.bring(given).status_code == 400
    assert not visitor.kept


@pytest.mark.parametrize("body", ["", "[]", "null", "{", '{"sessionJwt": 1, "refreshJwt": []}', "[" * 30_000])
def test_body_that_has_no_tokens_is_refused(visitor: Visitor, body: str) -> None:
    assert visitor.post("/auth/store", data=body, content_type="application/json").status_code == 400


def test_body_longer_than_any_tokens_is_refused_unread(visitor: Visitor) -> None:
    body = '{"sessionJwt": "' + "x" * 70_000 + '"}'
    assert visitor.post("/auth/store", data=body, content_type="application/json").status_code == 413


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_body_that_a_form_could_send_is_refused(visitor: Visitor, sign_in: SignIn, kind: str) -> None:
    tokens = sign_in()
    data: Any = {"sessionJwt": tokens.session, "refreshJwt": tokens.refresh, "DS": tokens.session}
    answer = visitor.post("/auth/store", data="{}" if kind == "text/plain" else data, content_type=kind)
    assert answer.status_code == 400
    assert not visitor.kept


@pytest.mark.parametrize("headers", FOREIGN_HEADERS, ids=str)
def test_other_sites_keep_refresh_and_end_nothing(visitor: Visitor, sign_in: SignIn, headers: dict[str, str]) -> None:
    mine, others = sign_in(), sign_in()
    assert visitor.bring(others, headers=headers).status_code == 403
    assert not visitor.kept
    visitor.keep(mine)
    for path in POSTS:
        answer = visitor.post(path, headers=headers)
        assert (answer.status_code, list(answer.json)) == (403, ["error"])
        assert "Set-Cookie" not in answer.headers
    assert visitor.kept == mine
    assert visitor.post("/auth/refresh").status_code == 200


def test_origin_of_the_application_itself_is_its_own_behind_a_proxy_too(visitor: Visitor, sign_in: SignIn) -> None:
    for origin in ("http://localhost", "https://localhost"):
        assert visitor.bring(sign_in(), headers={"Origin": origin}).status_code == 200


@pytest.mark.parametrize("path", POSTS)
def test_get_changes_nothing(visitor: Visitor, sign_in: SignIn, path: str) -> None:
    visitor.keep(sign_in())
    assert visitor.client.get(path, headers=OWN_PAGE).status_code == 405


def refused_pairs(sign_in: SignIn, server: Server, avow: Avow) -> dict[str, Callable[[], Tokens]]:
    mine = sign_in()
    other = sign_in()
    return {
        "session of another person": lambda: Tokens(other.session, mine.refresh),
        "refresh of another person": lambda: Tokens(mine.session, other.refresh),
        "two sessions of one person": lambda: Tokens(
            sign_in("same@example.com").session, sign_in("same@example.com").refresh
        ),
        "pair of another project": lambda: signed_in(server.project()),
        "refresh of another project": lambda: Tokens(mine.session, signed_in(server.project()).refresh),
        "the two in each other's place": lambda: Tokens(mine.refresh, mine.session),
        "session twice": lambda: Tokens(mine.session, mine.session),
        "refresh twice": lambda: Tokens(mine.refresh, mine.refresh),
        "machine": lambda: Tokens(machine_token(avow), mine.refresh),
        "nonsense": lambda: Tokens("a.b.c", "a.b.c"),
        "changed signature": lambda: Tokens(mine.session[:-6] + "AAAAAA", mine.refresh),
        "characters no token has": lambda: Tokens(mine.session, "a\r\nb: c"),
    }


PAIRS = list(refused_pairs(lambda: Tokens(), None, None))  # type: ignore[arg-type]  # the names only


@pytest.mark.parametrize("name", PAIRS)
def test_pair_that_does_not_hold_is_refused(
    visitor: Visitor, sign_in: SignIn, server: Server, avow: Avow, name: str
) -> None:
    answer = visitor.bring(refused_pairs(sign_in, server, avow)[name]())
    assert (answer.status_code, list(answer.json)) == (401, ["error"])
    assert not visitor.kept
    assert visitor.get("/who").text == "nobody"


def test_forged_session_tokens_are_not_kept(visitor: Visitor, sign_in: SignIn, avow: Avow) -> None:
    tokens = sign_in()
    for forgery in forged_tokens(avow, tokens.session):
        answer = visitor.bring(Tokens(forgery.token, tokens.refresh))
        assert answer.status_code in (400, 401), forgery
        assert not visitor.kept
    assert visitor.bring(tokens).status_code == 200


def test_session_that_was_ended_is_not_kept(visitor: Visitor, sign_in: SignIn, avow: Avow) -> None:
    tokens = sign_in()
    avow.client().logout(tokens.refresh)
    assert visitor.bring(tokens).status_code == 401


def test_nothing_is_kept_while_the_server_is_away(visitor: Visitor, sign_in: SignIn, network: Network) -> None:
    tokens = sign_in()
    network.is_away = True
    assert visitor.bring(tokens).status_code == 503
    assert not visitor.kept


def test_refresh_token_may_be_the_cookie_of_a_server_on_the_same_host(visitor: Visitor, sign_in: SignIn) -> None:
    tokens = sign_in()
    visitor.client.set_cookie("DSR", tokens.refresh)
    assert visitor.bring(Tokens(tokens.session, "")).status_code == 200
    assert visitor.kept == tokens


def test_posted_refresh_token_comes_before_the_cookie(visitor: Visitor, sign_in: SignIn) -> None:
    mine, others = sign_in(), sign_in()
    visitor.client.set_cookie("DSR", others.refresh)
    assert visitor.bring(mine).status_code == 200
    assert visitor.kept == mine


def test_what_flasks_session_holds_stays_for_a_visitor_and_goes_for_somebody_else(
    visitor: Visitor, sign_in: SignIn
) -> None:
    assert visitor.get("/cart/apple").text == "apple"
    visitor.bring(sign_in())
    assert visitor.get("/cart/pear").text == "apple,pear"
    visitor.bring(sign_in())
    assert visitor.get("/cart/plum").text == "plum"


@pytest.mark.parametrize("how", ["ended", "gone", "another's"])
def test_nobody_sees_what_somebody_left_in_flasks_session(
    visitor: Visitor, sign_in: SignIn, avow: Avow, how: str
) -> None:
    first = sign_in()
    visitor.bring(first)
    assert visitor.get("/cart/apple").text == "apple"
    if how == "ended":
        avow.client().logout(first.refresh)
        avow.advance(700)
        assert visitor.get("/who").text == "nobody"
    elif how == "gone":
        visitor.keep(Tokens())
    else:
        visitor.keep(sign_in())
    visitor.bring(first if how == "another's" else sign_in())
    assert visitor.get("/cart/pear").text == ("apple,pear" if how == "another's" else "pear")


def test_application_without_a_session_signs_people_in(open_shop: Open, sign_in: SignIn) -> None:
    assert open_shop(SECRET_KEY=None).bring(sign_in()).status_code == 200


def test_logging_out_ends_the_session_here_and_on_the_server(visitor: Visitor, sign_in: SignIn, avow: Avow) -> None:
    tokens = sign_in()
    visitor.bring(tokens)
    visitor.get("/cart/apple")
    answer = visitor.post("/auth/logout")
    assert (answer.status_code, answer.json) == (200, {"ok": True})
    assert not visitor.kept
    assert visitor.get("/cart/pear").text == "pear"
    assert visitor.keep(Tokens("", tokens.refresh)).get("/who").text == "nobody"


def test_token_of_the_ended_session_is_forgotten_by_this_process(visitor: Visitor, sign_in: SignIn) -> None:
    tokens = sign_in()
    visitor.bring(tokens)
    visitor.post("/auth/logout")
    removed = visitor.keep(tokens).post("/auth/logout").headers.getlist("Set-Cookie")
    assert {line.partition("=")[0] for line in removed} == {SESSION_COOKIE, REFRESH_COOKIE}
    assert all("Max-Age=0" in line and "Secure" in line and "Path=/" in line for line in removed)


def test_logging_out_works_while_the_server_is_away(visitor: Visitor, sign_in: SignIn, network: Network) -> None:
    visitor.bring(sign_in())
    network.is_away = True
    assert visitor.post("/auth/logout").status_code == 200
    assert not visitor.kept


def test_form_goes_on_to_a_path_of_this_host_only(visitor: Visitor, sign_in: SignIn) -> None:
    form = {"content_type": "application/x-www-form-urlencoded"}
    assert visitor.post("/auth/logout", data={"next": "/bye"}, **form).location == "/bye"
    for elsewhere in (
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:1",
        "",
    ):
        assert visitor.post("/auth/logout", data={"next": elsewhere}, **form).location == "/"


def test_paths_of_the_settings_are_below_the_applications_own(open_shop: Open, sign_in: SignIn) -> None:
    below: Any = {"environ_overrides": {"SCRIPT_NAME": "/shop"}}
    form = {**OWN_PAGE, "Content-Type": "application/x-www-form-urlencoded"}
    shop = open_shop(AVOW_LOGIN_URL="/sign-in", AVOW_LOGIN_REDIRECT="/in", AVOW_LOGOUT_REDIRECT="/out")
    led = shop.client.get("/role", headers={"Accept": "text/html"}, **below)
    assert led.location == "/shop/sign-in?next=%2Fshop%2Frole"
    assert 'data-avow-next="/shop/in"' in shop.client.get("/auth/login", **below).text
    shop.keep(sign_in())
    assert shop.client.get("/auth/login", **below).location == "/shop/in"
    assert shop.client.post("/auth/refresh", headers=form, **below).location == "/shop/in"
    assert shop.client.post("/auth/logout", headers=form, **below).location == "/shop/out"


def test_refreshing_needs_a_session(visitor: Visitor, sign_in: SignIn, avow: Avow, network: Network) -> None:
    assert visitor.post("/auth/refresh").status_code == 401
    tokens = sign_in()
    visitor.keep(tokens)
    network.is_away = True
    assert visitor.post("/auth/refresh").status_code == 503
    assert visitor.kept == tokens
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
    answer = visitor.page("/auth/login?next=/role")
    assert 'src="http://localhost:8000/sdk/avow-login.js"' in answer.text
    assert f'project-id="{avow.project_id}" flow-id="sign-up-or-in" base-url="http://localhost:8000"' in answer.text
    assert 'data-avow-store="/auth/store" data-avow-next="/role"' in answer.text
    assert "<script>" not in answer.text
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    script = visitor.get("/auth/login.js")
    assert script.mimetype == "text/javascript"
    assert "avowStore" in script.text


def test_login_page_with_the_official_scripts(open_shop: Open) -> None:
    page = open_shop(AVOW_SCRIPTS="official", AVOW_PUBLIC_URL="https://auth.example.com/").page("/auth/login").text
    assert "https://unpkg.com/@descope/web-component@latest/dist/index.js" in page
    assert 'base-url="https://auth.example.com"' in page


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", '"><script>x</script>']
)
def test_login_page_leads_nowhere_else(visitor: Visitor, sign_in: SignIn, target: str) -> None:
    page = visitor.client.get("/auth/login", query_string={"next": target})
    assert 'data-avow-next="/"' in page.text
    visitor.keep(sign_in())
    assert visitor.client.get("/auth/login", query_string={"next": target}).location == "/"


def test_who_is_signed_in_goes_on_from_the_login_page(visitor: Visitor, sign_in: SignIn) -> None:
    answer = visitor.keep(sign_in()).page("/auth/login?next=/who")
    assert (answer.status_code, answer.location) == (303, "/who")


def test_application_may_do_without_the_blueprint(open_shop: Open) -> None:
    shop = open_shop(AVOW_URL_PREFIX="", AVOW_LOGIN_URL="/sign-in")
    assert shop.page("/auth/login").status_code == 404
    assert shop.page("/role").location == "/sign-in?next=%2Frole"
    assert open_shop(AVOW_URL_PREFIX="").page("/role").status_code == 401
