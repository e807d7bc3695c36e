"""The middleware: what a request costs, when tokens are refreshed, when somebody is signed in or out; both colours."""

import base64
from typing import Any

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.sessions.models import Session
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from avow.django import settings, users
from avow.sdk.integration.session import Tokens
from avow.testing.server import Avow
from tests.django.plugin.conftest import Configure, Network, SignIn
from tests.django.plugin.visitor import OUR_COOKIES, Visitor, run, tokens_of
from tests.factories import grant, make_role

_A_SESSION_TOKEN_LATER = 700


def statements(visitor: Visitor, path: str) -> list[str]:
    """Return the statements of one request."""
    with CaptureQueriesContext(connection) as seen:
        assert visitor.get(path).status_code == 200
    return [each["sql"] for each in seen.captured_queries]


def signed_in(visitor: Visitor, sign_up: SignIn, network: Network, **more: Any) -> Any:
    """Sign somebody in, and let them have opened one page."""
    session = sign_up(**more)
    assert visitor.bring(session).status_code == 200
    visitor.get("/row")
    network.paths.clear()
    return session


# --- What a plain GET costs -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/plain", "/whoami", "/T1/login", "/auth/flow.js"])
def test_signed_in_get_with_cookies_has_no_statement_and_no_call(
    visitor: Visitor, sign_up: SignIn, network: Network, path: str
) -> None:
    signed_in(visitor, sign_up, network)
    assert statements(visitor, path) == []
    assert network.paths == []


@pytest.mark.parametrize("path", ["/row", "/T1/django"])
def test_view_that_reads_the_row_has_one_statement(
    visitor: Visitor, sign_up: SignIn, network: Network, path: str
) -> None:
    signed_in(visitor, sign_up, network)
    (select,) = statements(visitor, path)
    assert select.startswith("SELECT")
    assert "auth_user" in select
    assert network.paths == []


def test_demands_are_judged_without_a_statement(visitor: Visitor, sign_up: SignIn, network: Network) -> None:
    signed_in(visitor, sign_up, network, roles={"editor": ["write"]})
    for path in ("/T1/role", "/T1/permission", "/T1/role-class", "/T1/permission-class", "/T1/login-class"):
        assert statements(visitor, path) == []
    assert network.paths == []


@pytest.mark.parametrize("engine", ["db", "signed_cookies", "cache"])
def test_session_store_adds_nothing_to_the_statements_of_djangos_session(
    engine: str, visitor: Visitor, sign_up: SignIn, network: Network, configure: Configure
) -> None:
    configure(AVOW_TOKEN_STORE="session", SESSION_ENGINE=f"django.contrib.sessions.backends.{engine}")
    signed_in(visitor, sign_up, network)
    ours = statements(visitor, "/plain")
    with_row = statements(visitor, "/row")
    assert network.paths == []
    assert len(ours) == (1 if engine == "db" else 0)
    assert all("django_session" in each and each.startswith("SELECT") for each in ours)
    assert len(with_row) == len(ours) + 1
    # The same page for the same browser without us: what reading Django's session costs by itself.
    configure(MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"])
    assert len(statements(visitor, "/basket")) == len(ours)


def test_plain_get_leaves_session_and_cookies_as_they_are(
    store: str, visitor: Visitor, sign_up: SignIn, network: Network
) -> None:
    signed_in(visitor, sign_up, network)
    before = list(Session.objects.values())
    answer = visitor.get("/row")
    assert list(Session.objects.values()) == before
    assert not answer.cookies


def test_stranger_costs_nothing(store: str, visitor: Visitor, network: Network) -> None:
    assert statements(visitor, "/plain") == []
    assert network.paths == []
    assert visitor.row["kind"] == "AnonymousUser"


# --- Refreshing -------------------------------------------------------------------------------------------------


def test_ended_session_token_is_refreshed_once_and_both_tokens_are_kept(
    store: str, visitor: Visitor, sign_up: SignIn, network: Network, avow: Avow
) -> None:
    session = signed_in(visitor, sign_up, network)
    avow.advance(_A_SESSION_TOKEN_LATER)
    assert visitor.user_id == session["userId"]
    kept, before = visitor.kept, tokens_of(session)
    assert kept.session != before.session
    assert kept.refresh not in ("", before.refresh)  # our clients store rotated tokens, so the server rotates them
    assert "/v1/auth/refresh" in network.paths
    network.paths.clear()
    assert visitor.user_id == session["userId"]
    assert network.paths == []


def test_rotated_token_is_the_one_used_next(
    store: str, visitor: Visitor, sign_up: SignIn, network: Network, avow: Avow
) -> None:
    session = signed_in(visitor, sign_up, network)
    for _ in range(4):
        avow.advance(_A_SESSION_TOKEN_LATER)
        assert visitor.user_id == session["userId"]


def test_session_whose_token_outgrew_a_cookie_works_on(
    store: str, visitor: Visitor, sign_up: SignIn, network: Network, avow: Avow, caplog: pytest.LogCaptureFixture
) -> None:
    session = signed_in(visitor, sign_up, network)
    avow.client().mgmt.jwt.update_jwt(tokens_of(session).session, {"much": "x" * 4000})
    for _ in range(3):
        avow.advance(_A_SESSION_TOKEN_LATER)
        earlier = visitor.kept.refresh
        assert visitor.user_id == session["userId"]
        assert visitor.kept.refresh not in ("", earlier)  # rotated: the old one would end the session
    assert ("no cookie" in caplog.text) is (store == settings.COOKIE)


def test_refresh_without_anything_new_writes_no_row(
    visitor: Visitor, sign_up: SignIn, network: Network, avow: Avow
) -> None:
    signed_in(visitor, sign_up, network)
    avow.advance(_A_SESSION_TOKEN_LATER)
    seen = [each for each in statements(visitor, "/row") if not each.startswith(("SELECT", "BEGIN", "SAVEPOINT"))]
    assert [each for each in seen if each.startswith(("INSERT", "UPDATE", "DELETE"))] == []


def test_role_given_meanwhile_is_in_the_row_after_the_next_refresh(
    store: str, visitor: Visitor, sign_up: SignIn, network: Network, avow: Avow
) -> None:
    session = signed_in(visitor, sign_up, network)
    grant(avow, session["userId"], make_role(avow, "is_staff"))
    assert visitor.row["is_staff"] is False
    avow.advance(_A_SESSION_TOKEN_LATER)
    assert visitor.row["is_staff"] is True
    assert User.objects.get(username=session["userId"]).is_staff is True


def test_refreshed_answer_is_for_nobody_elses_cache(
    visitor: Visitor, sign_up: SignIn, network: Network, avow: Avow
) -> None:
    signed_in(visitor, sign_up, network)
    avow.advance(_A_SESSION_TOKEN_LATER)
    answer = visitor.get("/plain")
    assert "private" in answer["Cache-Control"]
    assert "Cookie" in answer["Vary"]


def test_session_cookie_that_is_gone_comes_back(visitor: Visitor, sign_up: SignIn, network: Network) -> None:
    session = signed_in(visitor, sign_up, network)
    del visitor.client.cookies[OUR_COOKIES[0]]
    assert visitor.user_id == session["userId"]
    assert visitor.kept.session


# --- The end ----------------------------------------------------------------------------------------------------


def test_revoked_session_ends_with_its_session_token(
    store: str, visitor: Visitor, sign_up: SignIn, network: Network, avow: Avow
) -> None:
    session = signed_in(visitor, sign_up, network)
    avow.client().logout_all(tokens_of(session).refresh)
    avow.advance(_A_SESSION_TOKEN_LATER)
    assert visitor.user_id == ""
    assert visitor.row["kind"] == "AnonymousUser"
    assert not visitor.kept


def test_cookies_are_taken_away_with_the_attributes_they_came_with(
    visitor: Visitor, sign_up: SignIn, network: Network, avow: Avow
) -> None:
    session = signed_in(visitor, sign_up, network)
    avow.client().logout(tokens_of(session).refresh)
    avow.advance(_A_SESSION_TOKEN_LATER)
    answer = visitor.get("/plain")
    for name in OUR_COOKIES:
        cookie = answer.cookies[name]
        assert (cookie.value, cookie["max-age"], cookie["path"], cookie["samesite"]) == ("", 0, "/", "Lax")
        assert cookie["secure"]
        assert cookie["httponly"]


@pytest.mark.parametrize(
    "tokens",
    [
        Tokens("garbage", "garbage"),
        Tokens("garbage"),
        Tokens("", "garbage"),
        Tokens("a.b.c", "d.e.f"),
        Tokens("x" * 9999),
    ],
    ids=["both", "session", "refresh", "dots", "long"],
)
def test_garbage_signs_nobody_in_and_is_dropped(store: str, tokens: Tokens, visitor: Visitor) -> None:
    visitor.keep(tokens)
    answer = visitor.get("/row")
    assert answer.json()["kind"] == "AnonymousUser"
    assert not visitor.kept


def test_cookies_of_another_project_on_the_host_stay(visitor: Visitor) -> None:
    theirs = ".".join(("e30", base64.urlsafe_b64encode(b'{"iss":"Panother"}').decode().rstrip("="), "x"))
    visitor.keep(Tokens(theirs, theirs))
    assert visitor.user_id == ""
    assert visitor.kept == Tokens(theirs, theirs)


def test_session_of_a_stranger_is_never_emptied(store: str, visitor: Visitor) -> None:
    visitor.get("/visits")
    key = visitor.client.session.session_key
    visitor.keep(Tokens("garbage", "garbage"))
    visitor.get("/row")
    assert visitor.get("/visits").json() == {"visits": 2}
    assert visitor.client.session.session_key == key


def test_session_of_another_backends_user_is_never_emptied(store: str, visitor: Visitor) -> None:
    local = User.objects.create_user("local", password="wonder land 1")
    visitor.client.force_login(local, backend="django.contrib.auth.backends.ModelBackend")
    visitor.keep(Tokens("garbage", "garbage"))
    assert visitor.row["username"] == "local"
    assert visitor.row["kind"] == "User"


def test_tokens_stay_while_the_server_is_away(
    store: str, visitor: Visitor, sign_up: SignIn, network: Network, avow: Avow
) -> None:
    session = signed_in(visitor, sign_up, network)
    before = visitor.kept
    avow.advance(_A_SESSION_TOKEN_LATER)
    network.is_away = True
    assert visitor.user_id == ""
    assert visitor.kept == before
    network.is_away = False
    avow.advance(5)
    assert visitor.user_id == session["userId"]


def test_token_of_a_machine_signs_nobody_in(store: str, visitor: Visitor, avow: Avow) -> None:
    from tests.factories import make_access_key

    key = avow.client().exchange_access_key(make_access_key(avow)[1])
    visitor.keep(Tokens(key["sessionToken"]["jwt"], ""))
    assert visitor.row["kind"] == "AnonymousUser"


def test_refresh_token_in_place_of_a_session_token_signs_nobody_in(
    store: str, visitor: Visitor, sign_up: SignIn
) -> None:
    refresh = tokens_of(sign_up()).refresh
    visitor.keep(Tokens(refresh, ""))
    assert visitor.user_id == ""


def test_logout_ends_the_session_everywhere(store: str, visitor: Visitor, sign_up: SignIn, network: Network) -> None:
    tokens = tokens_of(signed_in(visitor, sign_up, network))
    answer = visitor.post("/auth/logout/")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert not visitor.kept
    assert network.paths == ["/v1/auth/logout"]
    visitor.keep(Tokens("", tokens.refresh))
    assert visitor.user_id == ""


def test_logout_needs_a_post_of_our_own_page(store: str, visitor: Visitor, sign_up: SignIn, network: Network) -> None:
    session = signed_in(visitor, sign_up, network)
    assert visitor.get("/auth/logout/").status_code == 405
    assert visitor.post("/auth/logout/", csrf=False).status_code == 403
    assert visitor.user_id == session["userId"]


def test_logout_works_while_the_server_is_away(store: str, visitor: Visitor, sign_up: SignIn, network: Network) -> None:
    signed_in(visitor, sign_up, network)
    network.is_away = True
    assert visitor.post("/auth/logout/").status_code == 302
    assert not visitor.kept


def test_user_of_ours_in_djangos_session_is_nobody_without_tokens(
    store: str, visitor: Visitor, sign_up: SignIn, network: Network
) -> None:
    session = signed_in(visitor, sign_up, network)
    other = Visitor()
    row = User.objects.get(username=session["userId"])
    other.client.force_login(row, backend="avow.django.authentication.AvowBackend")
    assert other.row["kind"] == "AnonymousUser"


def test_sign_in_by_another_backend_takes_the_tokens_away(
    visitor: Visitor, sign_up: SignIn, network: Network, configure: Configure
) -> None:
    User.objects.create_superuser("local", password="wonder land 1")
    signed_in(visitor, sign_up, network)
    answer = visitor.post("/admin/login/?next=/admin/", {"username": "local", "password": "wonder land 1"})
    assert answer.status_code == 302
    assert visitor.row["username"] == "local"
    assert not visitor.kept


# --- Django's login ---------------------------------------------------------------------------------------------


@pytest.fixture
def logins() -> Any:
    """Count the sign-ins that Django is told of."""
    seen: list[str] = []

    def hear(user: Any, **_: object) -> None:
        seen.append(user.get_username())

    user_logged_in.connect(hear)
    yield seen
    user_logged_in.disconnect(hear)


def test_django_logs_in_once_for_many_requests(
    store: str, visitor: Visitor, sign_up: SignIn, logins: list[str], avow: Avow
) -> None:
    session = sign_up()
    visitor.bring(session)
    for _ in range(3):
        visitor.get("/row")
        avow.advance(_A_SESSION_TOKEN_LATER)
    assert logins == [session["userId"]]


def test_tokens_put_into_the_session_sign_in_with_the_next_request_only(
    visitor: Visitor, sign_up: SignIn, logins: list[str], configure: Configure
) -> None:
    from avow.django.authentication import add_tokens_to_request

    configure(AVOW_TOKEN_STORE="session")
    session = sign_up()
    visitor.get("/visits")
    held = visitor.client.session
    add_tokens_to_request(held, *(tokens_of(session).session, tokens_of(session).refresh))
    assert visitor.row["username"] == session["userId"]
    assert visitor.client.session[BACKEND_SESSION_KEY] == "avow.django.authentication.AvowBackend"
    visitor.get("/row")
    assert logins == [session["userId"]]


def test_somebody_else_in_the_same_browser_gets_a_session_of_their_own(
    store: str, visitor: Visitor, sign_up: SignIn
) -> None:
    first, second = sign_up(), sign_up()
    visitor.bring(first)
    visitor.get("/visits")
    visitor.bring(second)
    assert visitor.row["username"] == second["userId"]
    if settings.load().uses_cookies:
        assert SESSION_KEY not in visitor.client.session
    else:
        assert visitor.get("/basket").json() == {"visits": 0}


def test_works_without_djangos_own_middleware(
    visitor: Visitor, sign_up: SignIn, network: Network, configure: Configure
) -> None:
    configure(MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware", "avow.django.middleware.AvowMiddleware"])
    assert visitor.row["kind"] == "AnonymousUser"
    session = signed_in(visitor, sign_up, network)
    assert visitor.row["username"] == session["userId"]
    assert visitor.post("/auth/logout/", csrf=False).status_code == 403
    told: list[Any] = []

    def hear(user: Any, **_: object) -> None:
        told.append(user and user.get_username())

    user_logged_out.connect(hear)
    try:
        answers = [
            visitor.post("/auth/logout/", {"next": next_page}) for next_page in ("/plain", "https://evil.example")
        ]
    finally:
        user_logged_out.disconnect(hear)
    assert [(each.status_code, each["Location"]) for each in answers] == [(302, "/plain"), (302, "/")]
    assert told == [session["userId"], None]
    assert not visitor.kept
    assert "/v1/auth/logout" in network.paths


# --- Asynchronous -----------------------------------------------------------------------------------------------


def test_asynchronous_request_is_judged_the_same(
    store: str, visitor: Visitor, sign_up: SignIn, network: Network, avow: Avow
) -> None:
    session = signed_in(visitor, sign_up, network)

    async def walk() -> list[Any]:
        pages = [(await visitor.aget(path)).json() for path in ("/aplain", "/arow", "/whoami", "/T1/login-async")]
        network.paths.clear()
        pages.append((await visitor.aget("/aplain")).json())
        assert network.paths == []
        avow.advance(_A_SESSION_TOKEN_LATER)
        pages.append((await visitor.aget("/arow")).json())
        return pages

    pages = run(walk())
    assert pages[1]["username"] == pages[5]["username"] == session["userId"]
    assert pages[2]["user_id"] == session["userId"]
    assert "/v1/auth/refresh" in network.paths


def test_asynchronous_stranger_is_nobody(store: str, visitor: Visitor) -> None:
    async def walk() -> Any:
        assert (await visitor.aget("/T1/login-async")).status_code == 302
        return (await visitor.aget("/arow")).json()

    assert run(walk())["is_authenticated"] is False


def test_asynchronous_logout_ends_the_session(store: str, visitor: Visitor, sign_up: SignIn, network: Network) -> None:
    from django.contrib.auth import alogout
    from django.http import HttpRequest, HttpResponse

    from avow.django.middleware import AvowMiddleware

    session = signed_in(visitor, sign_up, network)

    async def leave(request: HttpRequest) -> HttpResponse:
        await alogout(request)
        return HttpResponse()

    async def walk() -> HttpResponse:
        from importlib import import_module

        from django.conf import settings as project

        request = HttpRequest()
        engine = import_module(project.SESSION_ENGINE)
        request.session = engine.SessionStore(visitor.client.cookies["sessionid"].value if store == "session" else None)
        request.COOKIES = {name: each.value for name, each in visitor.client.cookies.items()}
        answer: HttpResponse = await AvowMiddleware(leave)(request)  # type: ignore[misc]  # asynchronous here
        return answer

    answer = run(walk())
    assert "/v1/auth/logout" in network.paths
    if store == "cookie":
        assert answer.cookies[OUR_COOKIES[1]].value == ""
    visitor.keep(Tokens("", tokens_of(session).refresh))
    assert visitor.user_id == ""


def test_threads_share_one_client(store: str, sign_up: SignIn, network: Network) -> None:
    from concurrent.futures import ThreadPoolExecutor

    people = []
    for _ in range(4):
        visitor = Visitor()
        people.append((visitor, sign_up()))
        visitor.bring(people[-1][1])

    def ask(visitor: Visitor) -> list[str]:
        try:
            return [visitor.user_id for _ in range(10)]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(ask, [visitor for visitor, _ in people]))
    assert seen == [[session["userId"]] * 10 for _, session in people]


# --- me ---------------------------------------------------------------------------------------------------------


def test_what_the_server_says_is_asked_once_and_again_after_a_sign_in(
    visitor: Visitor, sign_up: SignIn, network: Network
) -> None:
    session = signed_in(visitor, sign_up, network, email="mia@example.com")
    row = users.load(_session_of(session))
    assert row.me["email"] == row.me["email"] == "mia@example.com"
    assert network.paths == []
    users.forget_me(_session_of(session))
    assert row.me["userId"] == session["userId"]
    assert network.paths == ["/v1/auth/me"]


def test_address_changed_meanwhile_is_in_the_row_after_the_next_refresh(
    visitor: Visitor, sign_up: SignIn, network: Network, avow: Avow
) -> None:
    session = signed_in(visitor, sign_up, network)
    avow.client().mgmt.user.update_email(session["user"]["loginIds"][0], "new@example.com", True)
    avow.advance(_A_SESSION_TOKEN_LATER)
    assert visitor.row["email"] == "new@example.com"
    assert User.objects.get(username=session["userId"]).email == "new@example.com"


def _session_of(session: Any) -> Any:
    from avow.sdk.integration.session import AvowSession

    return AvowSession(session["sessionToken"], tokens_of(session))
