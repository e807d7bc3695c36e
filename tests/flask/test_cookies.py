"""Sessions kept in cookies: refreshed when due, rotated tokens stored, nobody taken for somebody else."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from avow.errors import AvowError
from avow.flask import visits
from avow.sdk.integration.session import Tokens
from avow.sdk.integration.unread import claims_of
from avow.testing.server import Avow, Server
from tests.applications import REFRESH_COOKIE, SESSION_COOKIE, Network, SignIn, forged_tokens, machine_token, signed_in
from tests.flask.conftest import Open, Visitor

SESSION_SECONDS = 600
DUE = SESSION_SECONDS + 6


def test_cookies_sign_in(visitor: Visitor, sign_in: SignIn, avow: Avow) -> None:
    tokens = sign_in()
    user = avow.client().validate_session(tokens.session)["userId"]
    assert visitor.keep(tokens).get("/who").text == user
    assert visitor.get("/template").text.startswith(user)


def test_stranger_is_nobody(visitor: Visitor) -> None:
    assert visitor.get("/who").text == "nobody"
    assert visitor.get("/template").text.startswith("nobody")


def test_page_that_asks_for_nobody_costs_nothing(visitor: Visitor, sign_in: SignIn, network: Network) -> None:
    answer = visitor.keep(sign_in()).get("/plain")
    assert network.paths == []
    assert "Set-Cookie" not in answer.headers
    assert "Vary" not in answer.headers


def test_answer_that_depends_on_the_person_says_so_to_caches(visitor: Visitor, sign_in: SignIn) -> None:
    assert "Cookie" in visitor.get("/who").headers["Vary"]
    assert "Cookie" in visitor.keep(sign_in()).get("/who").headers["Vary"]


@pytest.mark.parametrize("path", ["/who", "/token", "/token/async", "/login/async"])
def test_session_is_refreshed_when_due_and_the_new_tokens_are_kept(
    visitor: Visitor, sign_in: SignIn, avow: Avow, network: Network, path: str
) -> None:
    old = sign_in()
    visitor.keep(old)
    avow.advance(DUE)
    answer = visitor.get(path)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert network.paths.count("/v1/auth/refresh") == 1
    assert visitor.kept.session != old.session
    assert visitor.kept.refresh != old.refresh  # rotated: the old one would end the session
    avow.advance(DUE)
    assert visitor.get(path).status_code == 200


def test_refreshed_session_has_the_shape_of_a_validated_one(visitor: Visitor, sign_in: SignIn, avow: Avow) -> None:
    visitor.keep(sign_in())
    usual = visitor.get("/token").json
    avow.advance(DUE)
    assert set(visitor.get("/token").json) == set(usual)


def test_role_that_was_given_counts_after_the_next_refresh(visitor: Visitor, sign_in: SignIn, avow: Avow) -> None:
    visitor.keep(sign_in())
    assert visitor.get("/role").status_code == 403
    user = visitor.get("/who").text
    from tests.factories import make_member

    make_member(avow, user, roles_of_project={"editor": []})
    assert visitor.get("/role").status_code == 403
    assert visitor.post("/auth/refresh").status_code == 200
    assert visitor.get("/role").status_code == 200


def test_session_that_has_ended_is_forgotten(visitor: Visitor, sign_in: SignIn, avow: Avow) -> None:
    tokens = sign_in()
    visitor.keep(tokens)
    avow.client().logout(tokens.refresh)
    avow.advance(DUE)
    assert visitor.get("/who").text == "nobody"
    assert not visitor.kept
    assert visitor.get("/token").status_code == 401


def test_reused_refresh_token_signs_nobody_in(visitor: Visitor, sign_in: SignIn, avow: Avow) -> None:
    stolen = sign_in()
    visitor.keep(stolen)
    avow.advance(DUE)
    assert visitor.get("/token").status_code == 200
    avow.advance(DUE)
    assert visitor.keep(stolen).get("/token").status_code == 401


def test_tokens_stay_while_the_server_is_away(visitor: Visitor, sign_in: SignIn, avow: Avow, network: Network) -> None:
    tokens = sign_in()
    visitor.keep(tokens)
    avow.advance(DUE)
    network.is_away = True
    assert visitor.get("/who").text == "nobody"
    assert visitor.get("/token").status_code == 503
    assert visitor.kept == tokens
    network.is_away = False
    avow.advance(5)
    assert visitor.get("/token").status_code == 200


def test_browser_is_told_to_try_again_while_the_server_is_away(
    visitor: Visitor, sign_in: SignIn, avow: Avow, network: Network
) -> None:
    visitor.client.application.register_error_handler(503, lambda error: ("our page for it", 503))
    visitor.keep(sign_in())
    avow.advance(DUE)
    network.is_away = True
    answer = visitor.page("/login")
    assert (answer.status_code, answer.text, answer.headers["Retry-After"]) == (503, "our page for it", "2")


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 405, 413, 429, 502])
def test_answer_of_a_proxy_ends_no_session(
    visitor: Visitor, sign_in: SignIn, avow: Avow, network: Network, status: int
) -> None:
    tokens = sign_in()
    visitor.keep(tokens)
    visitor.get("/token")
    avow.advance(DUE)
    network.proxy_says = status
    assert visitor.get("/token").status_code == 503
    assert visitor.kept == tokens
    network.proxy_says = 0
    assert visitor.get("/token").status_code == 200


def test_forged_cookies_sign_nobody_in(visitor: Visitor, sign_in: SignIn, avow: Avow) -> None:
    tokens = sign_in()
    for forgery in forged_tokens(avow, tokens.session):
        if not set(forgery.token) & set(' ";,\\'):
            visitor.keep(Tokens(forgery.token, ""))
            assert visitor.get("/who").text == "nobody", forgery
    assert visitor.keep(tokens).get("/token").status_code == 200


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
    assert visitor.keep(wrong).get("/who").text == "nobody"
    assert visitor.get("/token").status_code == 401


def test_cookies_of_another_project_on_the_host_stay(visitor: Visitor, server: Server, avow: Avow) -> None:
    theirs = signed_in(server.project())
    avow.advance(DUE)
    visitor.keep(theirs)
    assert visitor.get("/token").status_code == 401
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
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost:8001"},
        {"Origin": "http://["},
        {"Origin": "http://a]b"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_other_sites_do_not_post_with_somebodys_cookies(
    visitor: Visitor, sign_in: SignIn, headers: dict[str, str]
) -> None:
    tokens = sign_in()
    visitor.keep(tokens)
    for path in ("/token", "/login"):
        assert visitor.post(path, headers=headers).status_code == 403
        assert visitor.post(path).status_code == 200
    assert visitor.post("/who", headers=headers).text == "nobody"
    bearer = {"Authorization": f"Bearer {tokens.session}"}
    assert visitor.post("/token", headers=headers | bearer).status_code == 200


def test_trusted_origin_posts(open_shop: Open, sign_in: SignIn) -> None:
    shop = open_shop(AVOW_TRUSTED_ORIGINS=["https://www.example.com"]).keep(sign_in())
    headers = {"Origin": "https://www.example.com", "Sec-Fetch-Site": "cross-site"}
    assert shop.post("/token", headers=headers).status_code == 200


def test_page_is_streamed_without_losing_a_rotated_token(visitor: Visitor, sign_in: SignIn, avow: Avow) -> None:
    tokens = sign_in()
    visitor.keep(tokens)
    assert visitor.get("/streamed").text != "nobody"
    avow.advance(DUE)
    assert visitor.get("/streamed").text == "nobody"  # too late to keep what a refresh would give
    assert visitor.kept == tokens
    assert visitor.get("/token").status_code == 200


def test_rotated_token_is_kept_when_a_view_fails(open_shop: Open, sign_in: SignIn, avow: Avow) -> None:
    shop = open_shop(PROPAGATE_EXCEPTIONS=False, TESTING=False).keep(old := sign_in())
    avow.advance(DUE)
    assert shop.get("/broken").status_code == 500
    assert shop.kept.refresh not in ("", old.refresh)


def test_requests_within_one_application_context_do_not_share_a_person(
    visitor: Visitor, sign_in: SignIn, open_shop: Open
) -> None:
    app: Flask = visitor.client.application
    first, second = sign_in(), sign_in()
    with app.app_context():
        one = Visitor(app.test_client()).keep(first).get("/who").text
        two = Visitor(app.test_client()).keep(second).get("/who").text
        assert Visitor(app.test_client()).get("/who").text == "nobody"
    assert len({one, two, "nobody"}) == 3


@pytest.mark.parametrize("path", ["/login", "/login/async"])
def test_threads_do_not_mix_people_up(visitor: Visitor, sign_in: SignIn, avow: Avow, path: str) -> None:
    people = [sign_in() for _ in range(4)]
    users = [avow.client().validate_session(tokens.session)["userId"] for tokens in people]
    app = visitor.client.application
    together = threading.Barrier(8)

    def visit(number: int) -> list[str]:
        together.wait(20)
        whose = people[number % 4]
        cookies, header = Visitor(app.test_client()).keep(whose), Visitor(app.test_client())
        return [
            got
            for _ in range(20)
            for got in (cookies.get(path).json["user"], header.get(path, whose.session).json["user"])
        ]

    with ThreadPoolExecutor(8) as pool:
        for number, seen in enumerate(pool.map(visit, range(8))):
            assert set(seen) == {users[number % 4]}


def test_tabs_that_refresh_at_once_all_stay_signed_in(visitor: Visitor, sign_in: SignIn, avow: Avow) -> None:
    tokens = sign_in()
    app = visitor.client.application
    avow.advance(DUE)
    together = threading.Barrier(4)

    def tab(_: int) -> tuple[int, Tokens]:
        browser = Visitor(app.test_client()).keep(tokens)
        together.wait(20)
        return browser.get("/token").status_code, browser.kept

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(tab, range(4)))
    assert [status for status, _ in answers] == [200] * 4
    assert len({claims_of(kept.refresh)["jti"] for _, kept in answers}) == 1


def test_session_whose_token_outgrew_a_cookie_works_on(
    visitor: Visitor, sign_in: SignIn, avow: Avow, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = sign_in()
    claims = {"much": "x" * 4000}
    avow.client().mgmt.jwt.update_jwt(tokens.session, claims)
    visitor.keep(tokens)
    for _ in range(3):
        avow.advance(DUE)
        earlier = visitor.kept.refresh
        assert visitor.get("/token").json["much"] == claims["much"]
        assert visitor.kept.session == ""
        assert visitor.kept.refresh not in ("", earlier)  # rotated: the old one would end the session
    assert "no cookie" in caplog.text
    avow.advance(DUE)
    assert visitor.post("/auth/refresh").status_code == 200
    avow.advance(DUE)
    assert visitor.get("/token").status_code == 200


def test_cookies_are_set_as_strictly_as_can_be(visitor: Visitor, sign_in: SignIn, avow: Avow) -> None:
    visitor.keep(sign_in())
    avow.advance(DUE)
    for line in visitor.get("/token").headers.getlist("Set-Cookie"):
        assert line.startswith((f"{SESSION_COOKIE}=", f"{REFRESH_COOKIE}="))
        parts = {part.strip().partition("=")[0]: part.strip().partition("=")[2] for part in line.split(";")[1:]}
        assert set(parts) == {"Secure", "HttpOnly", "SameSite", "Path", "Max-Age"} | ({"Expires"} & set(parts))
        assert (parts["SameSite"], parts["Path"]) == ("Lax", "/")
        assert int(parts["Max-Age"]) > 0
        assert len(line) < 4096


def test_error_of_a_claims_reader_shows_nothing(visitor: Visitor, sign_in: SignIn, monkeypatch: Any) -> None:
    def fail(*_: object) -> None:
        raise AvowError

    tokens = sign_in()
    monkeypatch.setattr(visits, "arrive_by_bearer", fail)
    with pytest.raises(AvowError):
        visitor.get("/token", tokens.session)


def test_event_loop_may_run_where_flask_is_called(visitor: Visitor, sign_in: SignIn) -> None:
    visitor.keep(sign_in())

    async def call() -> int:
        return await asyncio.to_thread(lambda: visitor.get("/token").status_code)

    assert asyncio.run(call()) == 200
