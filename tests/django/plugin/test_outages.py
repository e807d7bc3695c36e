"""Nobody is signed out by an outage: a rotated refresh token reaches the browser whatever else fails."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, HttpResponse

from avow.django import settings
from avow.django.middleware import AvowMiddleware
from avow.testing.server import Avow
from tests.django.plugin.conftest import Configure, Network, SignIn
from tests.django.plugin.failing import database_without
from tests.django.plugin.visitor import OUR_COOKIES, Visitor, run, tokens_of
from tests.factories import grant, make_role

DUE = 700  # a session token has ended, and so has the grace of a refresh token that was rotated then
NO_CACHE = {"default": {"BACKEND": "tests.django.plugin.failing.CacheThatIsAway"}}


@pytest.fixture
def visitor() -> Visitor:
    """Give a browser that gets error pages, and not the exception of its view."""
    made = Visitor()
    made.client.raise_request_exception = False
    return made


@pytest.fixture(params=["cache", "row", "cache and row"])
def outage(request: pytest.FixtureRequest, configure: Configure) -> Any:
    """Give what takes the cache, the users or both away while it lasts."""

    @contextlib.contextmanager
    def act() -> Iterator[None]:
        with contextlib.ExitStack() as until_the_end:
            if "cache" in request.param:
                configure(CACHES=NO_CACHE)
            if "row" in request.param:
                until_the_end.enter_context(database_without("auth_user"))
            yield

    return act


def signed_in(visitor: Visitor, sign_up: SignIn, avow: Avow, **more: Any) -> Any:
    """Sign somebody in whose session token has ended since."""
    session = sign_up(**more)
    assert visitor.bring(session).status_code == 200
    visitor.get("/row")
    avow.advance(DUE)
    return session


def test_refresh_during_an_outage_keeps_the_session(
    store: str, visitor: Visitor, sign_up: SignIn, avow: Avow, outage: Any
) -> None:
    session = signed_in(visitor, sign_up, avow)
    before = visitor.kept.refresh
    with outage():
        assert visitor.user_id == session["userId"]  # a page that needs neither works
    assert visitor.kept.refresh not in ("", before)
    avow.advance(DUE)
    assert visitor.row["username"] == session["userId"]


def test_asynchronous_refresh_during_an_outage_keeps_the_session(
    store: str, visitor: Visitor, sign_up: SignIn, avow: Avow, outage: Any
) -> None:
    session = signed_in(visitor, sign_up, avow)
    with outage():
        assert run(visitor.aget("/whoami")).json() == {"user_id": session["userId"]}
    avow.advance(DUE)
    assert visitor.user_id == session["userId"]


@pytest.mark.parametrize("engine", ["db", "signed_cookies", "cache", "cookies of ours"])
def test_page_that_fails_after_a_refresh_keeps_the_session(
    engine: str, visitor: Visitor, sign_up: SignIn, avow: Avow, configure: Configure
) -> None:
    if engine != "cookies of ours":
        configure(AVOW_TOKEN_STORE="session", SESSION_ENGINE=f"django.contrib.sessions.backends.{engine}")
    session = signed_in(visitor, sign_up, avow)
    before = visitor.kept.refresh
    answer = visitor.get("/fails")
    assert answer.status_code == 500
    assert ("private" in answer.get("Cache-Control", "")) is ("cookies" in engine)
    assert visitor.kept.refresh not in ("", before)
    avow.advance(DUE)
    assert visitor.user_id == session["userId"]


def test_page_that_reads_the_row_during_an_outage_keeps_the_session(
    store: str, visitor: Visitor, sign_up: SignIn, avow: Avow
) -> None:
    session = signed_in(visitor, sign_up, avow)
    with database_without("auth_user"):
        assert visitor.get("/row").status_code == 500
    avow.advance(DUE)
    assert visitor.user_id == session["userId"]


@pytest.mark.parametrize("is_async", [False, True])
def test_page_for_errors_that_fails_too_keeps_the_session(
    is_async: bool, store: str, visitor: Visitor, sign_up: SignIn, avow: Avow, configure: Configure
) -> None:
    session = signed_in(visitor, sign_up, avow)
    configure(ROOT_URLCONF="tests.django.plugin.failing")
    before = visitor.kept.refresh
    answer = run(visitor.aget("/fails", raise_request_exception=False)) if is_async else visitor.get("/fails")
    assert answer.status_code == 500
    if store == settings.COOKIE:
        assert answer.cookies[OUR_COOKIES[1]].value not in ("", before)
    visitor.client.cookies.update(answer.cookies)
    avow.advance(DUE)
    assert visitor.user_id == session["userId"]


def test_error_passes_on_where_nothing_is_to_be_kept(
    store: str, visitor: Visitor, sign_up: SignIn, avow: Avow, configure: Configure
) -> None:
    def fail(request: HttpRequest) -> HttpResponse:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        AvowMiddleware(fail)(HttpRequest())
    signed_in(visitor, sign_up, avow)
    configure(DEBUG_PROPAGATE_EXCEPTIONS=True)
    visitor.client.raise_request_exception = True
    with pytest.raises(ZeroDivisionError):
        visitor.get("/fails")


def test_first_request_with_tokens_of_the_session_keeps_them_when_it_fails(
    visitor: Visitor, sign_up: SignIn, configure: Configure
) -> None:
    configure(AVOW_TOKEN_STORE="session")
    visitor.get("/visits")
    visitor.keep(tokens_of(session := sign_up()))
    assert visitor.get("/fails").status_code == 500  # Django gave the session another key
    assert visitor.row["username"] == session["userId"]


def test_receiver_that_refuses_a_login_signs_nobody_in(visitor: Visitor, sign_up: SignIn, configure: Configure) -> None:
    configure(AVOW_TOKEN_STORE="session")
    visitor.keep(tokens_of(sign_up()))

    def refuse(**_: object) -> None:
        raise ZeroDivisionError

    user_logged_in.connect(refuse)
    try:
        assert visitor.get("/whoami").status_code == 500
        assert visitor.user_id == ""
    finally:
        user_logged_in.disconnect(refuse)


def test_cache_that_is_away_keeps_nobody_from_signing_in_or_out(
    store: str, visitor: Visitor, sign_up: SignIn, network: Network, configure: Configure
) -> None:
    configure(CACHES=NO_CACHE)
    session = sign_up(email="mia@example.com")
    assert visitor.bring(session).status_code == 200
    assert visitor.row["email"] == "mia@example.com"
    network.paths.clear()
    assert visitor.post("/auth/logout/").status_code == 302
    assert network.paths == ["/v1/auth/logout"]
    assert not visitor.kept


def test_role_taken_back_during_an_outage_does_not_count(
    store: str, visitor: Visitor, sign_up: SignIn, avow: Avow
) -> None:
    session = signed_in(visitor, sign_up, avow)
    User.objects.update(is_staff=True)
    with database_without('UPDATE "auth_user"'):
        assert visitor.row["is_staff"] is False
    grant(avow, session["userId"], make_role(avow, "is_staff"))
    avow.advance(DUE)
    assert visitor.row["is_staff"] is True


def test_row_that_was_locked_here_is_nobody_on_the_refreshing_request_too(
    visitor: Visitor, sign_up: SignIn, avow: Avow
) -> None:
    signed_in(visitor, sign_up, avow)
    User.objects.update(is_active=False)
    assert [visitor.row["kind"] for _ in range(2)] == ["AnonymousUser"] * 2
