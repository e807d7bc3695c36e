"""POST /v1/auth/logout and /v1/auth/logoutall."""

import threading
from collections.abc import Callable

import psycopg
import pytest

from avow.server.store import Tx
from avow.testing.server import Avow
from tests.factories import make_user, new_email
from tests.server.api import Api, Statements

_MOMENT = 0.5  # what waits for a lock waits for longer
_CROWD = """
    INSERT INTO sessions
        (project_id, id, user_id, generation, rotates, rotated_at, created_at, expires_at, last_used_at,
         amr, claims, unsigned_claims, address, device)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
    SELECT :project_id, 'S' || CAST(i AS TEXT), :user_id, 1, 0, :now, :now, :now, :now, '', '{}', '{}', '', '' FROM n
"""


@pytest.fixture
def address() -> str:
    return new_email()


def test_logout_ends_this_session_only(api: Api, address: str) -> None:
    here, elsewhere = (api.sign_in(address)["refreshJwt"] for _ in range(2))
    answer = api.post("/v1/auth/logout", token=here)
    assert (answer.status, answer.body) == (200, {"cookieDomain": "", "cookiePath": "/"})
    assert api.refresh(here).refusal == (401, "E064001")
    assert api.refresh(elsewhere).status == 200


def test_logout_all_ends_every_session_of_the_user_only(api: Api, address: str) -> None:
    tokens = [api.sign_in(address)["refreshJwt"] for _ in range(3)]
    other = api.sign_in()["refreshJwt"]
    assert api.post("/v1/auth/logoutall", token=tokens[0]).status == 200
    assert {api.refresh(token).refusal for token in tokens} == {(401, "E064001")}
    assert api.refresh(other).status == 200


@pytest.mark.parametrize("path", ["/v1/auth/logout", "/v1/auth/logoutall"])
def test_second_logout_is_refused(path: str, api: Api, address: str) -> None:
    token = api.sign_in(address)["refreshJwt"]
    assert api.post(path, token=token).status == 200
    assert api.post(path, token=token).refusal == (401, "E064001")
    assert api.post(path).refusal == (401, "E019401")


@pytest.mark.parametrize("path", ["/v1/auth/logout", "/v1/auth/logoutall"])
def test_logout_clears_the_cookie_where_it_was_set(path: str, make_project: Callable[..., Avow]) -> None:
    api = Api(make_project(refresh_token_in="cookie", cookie_domain="example.com"))
    cookie = api.sign_in().header("set-cookie")
    assert "Domain=example.com" in cookie.split("; ")
    answer = api.post(path, cookie=cookie.partition(";")[0], origin="http://localhost:8000")
    cleared = answer.header("set-cookie").split("; ")
    assert cleared[:2] == ["DSR=", "Max-Age=0"]
    assert {"Domain=example.com", "Path=/", "Secure", "HttpOnly"} <= set(cleared)


def test_other_sessions_end_when_the_sign_in_asks_for_it(api: Api, address: str) -> None:
    before = api.sign_in(address)["refreshJwt"]
    after = api.sign_in(address, {"revokeOtherSessions": True})["refreshJwt"]
    assert api.refresh(before).refusal == (401, "E064001")
    assert api.refresh(after).status == 200


def test_logout_runs_two_statements(api: Api, address: str, statements: Statements) -> None:
    token = api.sign_in(address)["refreshJwt"]
    with statements:
        api.post("/v1/auth/logout", token=token)
    assert statements.ran == ["sessions.END", "store.INSERT_AUDIT"]


def test_logout_all_ends_a_session_that_is_refreshed_at_that_moment(api: Api, avow: Avow, address: str) -> None:
    """PostgreSQL waits for the refresh and then has to find the session again; statistics decide by which plan."""
    tokens = [api.sign_in(address)["refreshJwt"] for _ in range(3)]
    someone = make_user(avow)
    avow.run(lambda tx: tx.run(_CROWD, user_id=someone))
    url = avow.server.site.store.url
    if url.startswith("postgresql"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ANALYZE sessions")
    log_out = threading.Thread(target=lambda: api.post("/v1/auth/logoutall", token=tokens[0]))

    def refresh(tx: Tx) -> None:
        tx.run("UPDATE sessions SET generation = generation WHERE project_id = :project_id")
        log_out.start()
        log_out.join(_MOMENT)

    avow.run(refresh)
    log_out.join()
    assert {api.refresh(token).refusal for token in tokens} == {(401, "E064001")}
