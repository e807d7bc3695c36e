"""`StoreJwt`: what is kept, and what is refused before it is."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session

from avow import Client
from avow.sdk.integration.session import Tokens
from avow.testing.server import Avow, Server
from tests.django.plugin.conftest import Configure, Network, SignIn
from tests.django.plugin.visitor import OUR_COOKIES, Visitor, tokens_of
from tests.factories import make_access_key


def test_tokens_of_one_person_are_kept_and_sign_in(store: str, visitor: Visitor, sign_up: SignIn) -> None:
    session = sign_up()
    answer = visitor.bring(session)
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert visitor.kept == tokens_of(session)
    assert visitor.user_id == session["userId"]
    assert visitor.row["username"] == session["userId"]


def test_answer_is_never_cached(store: str, visitor: Visitor, sign_up: SignIn) -> None:
    assert "no-store" in visitor.bring(sign_up())["Cache-Control"]


@pytest.mark.parametrize("without", ["DS", "DSR", "both"])
def test_missing_token_is_refused_with_nothing_in_the_answer(
    store: str, visitor: Visitor, sign_up: SignIn, without: str
) -> None:
    tokens = tokens_of(sign_up())
    given = {
        "DS": Tokens("", tokens.refresh),
        "DSR": Tokens(tokens.session, ""),
        "both": Tokens(),
    }[without]
    answer = visitor.bring(given)
    assert (answer.status_code, answer.content) == (400, b"")
    assert not visitor.kept


def test_get_is_refused(visitor: Visitor) -> None:
    assert visitor.get("/auth/store_jwt").status_code == 405


def test_post_of_another_site_is_refused(store: str, visitor: Visitor, sign_up: SignIn) -> None:
    assert visitor.bring(sign_up(), csrf=False).status_code == 403
    assert visitor.user_id == ""


def test_post_of_another_site_is_refused_without_djangos_middleware_too(
    visitor: Visitor, sign_up: SignIn, configure: Configure
) -> None:
    configure(MIDDLEWARE=["avow.django.middleware.AvowMiddleware"])
    assert visitor.bring(sign_up(), csrf=False).status_code == 403
    visitor.get("/auth/login/")
    tokens, token = tokens_of(sign_up()), visitor.client.cookies["csrftoken"].value
    form = {"DS": tokens.session, "DSR": tokens.refresh, "csrfmiddlewaretoken": token}
    assert visitor.post("/auth/store_jwt", form, csrf=False).status_code == 200


def test_refresh_token_may_be_the_cookie_of_a_server_on_the_same_host(visitor: Visitor, sign_up: SignIn) -> None:
    tokens = tokens_of(sign_up())
    visitor.client.cookies["DSR"] = tokens.refresh
    assert visitor.bring(Tokens(tokens.session, "")).status_code == 200
    assert visitor.kept == tokens


def test_posted_refresh_token_comes_before_the_cookie(visitor: Visitor, sign_up: SignIn) -> None:
    mine, others = tokens_of(sign_up()), tokens_of(sign_up())
    visitor.client.cookies["DSR"] = others.refresh
    assert visitor.bring(mine).status_code == 200
    assert visitor.kept == mine


def refused_pairs(sign_up: SignIn, server: Server, avow: Avow) -> dict[str, Callable[[], Tokens]]:
    """Return what must not be kept, by name; each is a pair with one part that is wrong."""
    mine = tokens_of(sign_up())

    def of_another_project() -> Tokens:
        other = server.project()
        client, address = other.client(), "mia@example.com"
        from avow import DeliveryMethod

        client.otp.sign_up_or_in(DeliveryMethod.EMAIL, address)
        return tokens_of(client.otp.verify_code(DeliveryMethod.EMAIL, address, other.code(address)))

    def of_a_machine() -> Tokens:
        key = avow.client().exchange_access_key(make_access_key(avow)[1])
        return Tokens(key["sessionToken"]["jwt"], mine.refresh)

    def ended() -> Tokens:
        tokens = tokens_of(sign_up())
        avow.client().logout(tokens.refresh)
        return tokens

    return {
        "two people": lambda: Tokens(mine.session, tokens_of(sign_up()).refresh),
        "two projects": lambda: Tokens(mine.session, of_another_project().refresh),
        "two projects the other way": lambda: Tokens(of_another_project().session, mine.refresh),
        "another project": of_another_project,
        "swapped": lambda: Tokens(mine.refresh, mine.session),
        "session token twice": lambda: Tokens(mine.session, mine.session),
        "refresh token twice": lambda: Tokens(mine.refresh, mine.refresh),
        "a machine": of_a_machine,
        "ended": ended,
        "bad signature": lambda: Tokens(mine.session[:-6] + "AAAAAA", mine.refresh),
        "bad signature of the refresh token": lambda: Tokens(mine.session, mine.refresh[:-6] + "AAAAAA"),
        "no tokens": lambda: Tokens("a", "b"),
        "line breaks": lambda: Tokens("a\r\nb: c", "d\r\ne: f"),
    }


NAMES = [
    *("two people", "two projects", "two projects the other way", "another project", "swapped", "session token twice"),
    *("refresh token twice", "a machine", "ended", "bad signature", "bad signature of the refresh token"),
    *("no tokens", "line breaks"),
]


@pytest.mark.parametrize("name", NAMES)
def test_pair_that_is_not_right_is_refused(
    store: str, name: str, visitor: Visitor, sign_up: SignIn, server: Server, avow: Avow
) -> None:
    answer = visitor.bring(refused_pairs(sign_up, server, avow)[name]())
    assert (answer.status_code, answer.json()["success"]) == (401, False)
    assert not visitor.kept
    assert visitor.user_id == ""
    assert visitor.bring(sign_up()).status_code == 200


def test_tokens_are_kept_by_nobody_while_the_server_is_away(
    store: str, visitor: Visitor, sign_up: SignIn, network: Network
) -> None:
    session = sign_up()
    network.is_away = True
    assert visitor.bring(session).status_code == 503
    assert not visitor.kept


def test_key_of_the_visitors_session_changes(store: str, visitor: Visitor, sign_up: SignIn) -> None:
    visitor.get("/visits")
    before = visitor.client.session.session_key
    visitor.bring(sign_up())
    assert visitor.client.session.session_key != before
    assert visitor.get("/basket").json() == {"visits": 1}
    assert not Session.objects.filter(session_key=before).exists()


def test_csrf_token_changes_with_a_sign_in(store: str, visitor: Visitor, sign_up: SignIn) -> None:
    visitor.get("/csrf")
    before = visitor.client.cookies["csrftoken"].value
    visitor.bring(sign_up())
    assert visitor.client.cookies["csrftoken"].value != before


def test_session_of_another_user_is_emptied(store: str, visitor: Visitor, sign_up: SignIn) -> None:
    local = User.objects.create_user("local", password="wonder land 1")
    visitor.client.force_login(local, backend="django.contrib.auth.backends.ModelBackend")
    visitor.get("/visits")
    session = sign_up()
    visitor.bring(session)
    assert visitor.get("/basket").json() == {"visits": 0}
    assert visitor.row["username"] == session["userId"]


def test_cookies_travel_over_https_only_and_no_script_reads_them(visitor: Visitor, sign_up: SignIn) -> None:
    visitor.bring(sign_up())
    for name in OUR_COOKIES:
        cookie = visitor.client.cookies[name]
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
        assert (cookie["path"], cookie["domain"]) == ("/", "")
        assert int(cookie["max-age"]) > 500
        assert len(cookie.OutputString()) < 4096
    assert not {"DS", "DSR"} & set(visitor.client.cookies)


def test_cookies_are_named_and_placed_as_the_settings_say(
    visitor: Visitor, sign_up: SignIn, configure: Configure
) -> None:
    configure(
        AVOW_SESSION_COOKIE_NAME="one",
        AVOW_REFRESH_COOKIE_NAME="two",
        AVOW_COOKIE_DOMAIN="testserver",
        AVOW_COOKIE_PATH="/",
        AVOW_COOKIE_SAMESITE="Strict",
    )
    visitor.bring(sign_up())
    for name in ("one", "two"):
        cookie = visitor.client.cookies[name]
        assert (cookie["domain"], cookie["samesite"]) == ("testserver", "Strict")


def test_session_store_has_the_keys_of_the_seed_and_no_cookie(
    visitor: Visitor, sign_up: SignIn, configure: Configure
) -> None:
    configure(AVOW_TOKEN_STORE="session")
    session = sign_up()
    visitor.bring(session)
    held = visitor.client.session
    assert (held["DS"], held["DSR"]) == (tokens_of(session).session, tokens_of(session).refresh)
    assert held[SESSION_KEY] == str(User.objects.get(username=session["userId"]).pk)
    assert not set(OUR_COOKIES) & set(visitor.client.cookies)


def test_tokens_too_large_for_a_cookie_are_refused_with_the_way_out(
    visitor: Visitor, sign_up: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    from avow.sdk.integration import cookies

    monkeypatch.setattr(cookies, "_LARGEST_BYTES", 100)
    answer = visitor.bring(sign_up())
    assert answer.status_code == 400
    assert "AVOW_TOKEN_STORE" in answer.json()["error"]


def test_sign_in_is_told_to_those_who_listen(store: str, visitor: Visitor, sign_up: SignIn) -> None:
    session = sign_up()
    visitor.bring(session)
    assert User.objects.get(username=session["userId"]).last_login is not None


def test_client_of_the_project_is_the_one_of_the_settings(network: Network) -> None:
    from avow.django import clients, descope_client

    made: Any = clients.client()
    assert isinstance(made, Client)
    assert descope_client is made
