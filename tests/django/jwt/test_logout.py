"""Ending tokens: POST with the refresh token keeps its name, DELETE takes the cookies away; on both databases."""

import json
import threading
from datetime import UTC, datetime
from typing import Any

import jwt as pyjwt
import pytest
from django.core.management import call_command
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone

from avow.django.jwt.models import JWTBlacklist, RefreshFamily, moment_of
from avow.django.jwt.views import BlackListTokenView
from tests.django.jwt.conftest import KEY, Configure
from tests.django.jwt.visitor import Visitor, claims_of

both_databases = pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)
ENDED = {"msg": "Token successfully blacklisted."}
COOKIES = {
    "ONE-COOKIE": {"jwt_refresh": "/api/token/refresh", "jwt_access": "/"},
    "TWO-COOKIES": {"jwt_refresh": "/api/token/refresh", "jwt_access_payload": "/", "jwt_access_token": "/"},
}


@both_databases
@pytest.mark.parametrize("csrf", [True, False])
def test_refresh_token_is_ended(
    database: str, mode: str, visitor: Visitor, configure: Configure, signals: Any, csrf: bool
) -> None:
    configure(DJWTO_CSRF=csrf)
    heard = signals("jwt_blacklisted", "BlackListTokenView")
    visitor.sign_in()
    token, claims = visitor.refresh, claims_of(visitor.refresh)
    answer = visitor.post("logout", "refresh", csrf=csrf)
    assert (answer.status_code, answer.json()) == (200, ENDED)
    row = JWTBlacklist.objects.get()
    assert (row.jti, row.token, row.expires) == (claims["jti"], token, datetime.fromtimestamp(claims["exp"], tz=UTC))
    assert JWTBlacklist.is_blacklisted(claims["jti"])
    assert not JWTBlacklist.is_blacklisted("another")
    assert [(each["sender"], each["jti"], set(each)) for each in heard] == [
        ("BlackListTokenView", claims["jti"], {"sender", "request", "jti"})
    ]
    assert connection.vendor == {"postgres": "postgresql"}.get(database, database)


@both_databases
def test_second_end_is_a_conflict(database: str, mode: str, visitor: Visitor, signals: Any) -> None:
    visitor.sign_in()
    visitor.post("logout", "refresh")
    heard = signals("jwt_blacklisted")
    answer = visitor.post("logout", "refresh")
    assert (answer.status_code, answer.json()) == (409, {"error": "Input jti token is already blacklisted."})
    assert (heard, JWTBlacklist.objects.count()) == ([], 1)


@both_databases
def test_of_many_at_once_one_ends_the_token(database: str, visitor: Visitor) -> None:
    visitor.sign_in()
    answers: list[int] = []
    start = threading.Barrier(8)

    def end() -> None:
        other = Visitor()
        other.has(refresh=visitor.refresh)
        start.wait()
        answers.append(other.post("logout", "refresh").status_code)
        connection.close()

    threads = [threading.Thread(target=end) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] + [409] * 7


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_long_token_is_kept_on_postgresql(database: str, visitor: Visitor) -> None:
    claims = {"jti": "1", "iat": 1, "type": "refresh", "user": {"id": 1, "perms": [f"app.p{n}" for n in range(900)]}}
    visitor.has(refresh=pyjwt.encode(claims, KEY))
    assert len(visitor.refresh) > 8_191
    assert visitor.post("logout", "refresh").status_code == 200


def test_missing_header_is_refused(visitor: Visitor) -> None:
    answer = visitor.post("logout", "refresh")
    assert (answer.status_code, answer.json()) == (403, {"error": 'Token not found in "HTTP_AUTHORIZATION" header.'})


def test_access_token_is_refused(mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    answer = visitor.post("logout", "access")
    assert answer.status_code == 403
    assert "efresh" in answer.json()["error"]
    assert JWTBlacklist.objects.count() == 0


def test_token_without_jti_cannot_be_ended(mode: str, visitor: Visitor, configure: Configure) -> None:
    configure(DJWTO_JTI_CLAIM=False)
    visitor.sign_in()
    answer = visitor.post("logout", "refresh")
    assert answer.status_code == 403
    assert "jti" in answer.json()["error"]


def test_token_that_never_expires_is_kept_for_ever(visitor: Visitor, configure: Configure) -> None:
    configure(DJWTO_REFRESH_TOKEN_LIFETIME=None)
    visitor.sign_in()
    visitor.post("logout", "refresh")
    assert JWTBlacklist.objects.get().expires is None
    call_command("delete_tokens", verbosity=0)
    assert JWTBlacklist.objects.count() == 1


@pytest.mark.parametrize("method", ["post", "delete"])
def test_cookies_alone_are_refused(cookie_mode: str, visitor: Visitor, configure: Configure, method: str) -> None:
    visitor.sign_in()
    send = {"post": lambda **csrf: visitor.post("logout", "refresh", **csrf), "delete": lambda **csrf: visitor.delete(
        "logout", **csrf)}[method]  # fmt: skip
    assert send(csrf=False).status_code == 403
    assert JWTBlacklist.objects.count() == 0
    configure(DJWTO_CSRF=False)
    assert send(csrf=False).status_code == 200


def test_delete_takes_the_cookies_away(cookie_mode: str, visitor: Visitor, configure: Configure) -> None:
    configure(DJWTO_DOMAIN="testserver", DJWTO_SAME_SITE="Strict")
    visitor.sign_in()
    answer = visitor.delete("logout")
    assert (answer.status_code, answer.json()) == (200, {"msg": "Tokens successfully deleted."})
    gone = {name: cookie for name, cookie in answer.cookies.items() if name.startswith("jwt")}
    assert {name: cookie["path"] for name, cookie in gone.items()} == COOKIES[cookie_mode]
    assert {(cookie.value, cookie["max-age"], cookie["domain"], cookie["samesite"]) for cookie in gone.values()} == {
        ("", 0, "testserver", "Strict")
    }
    assert JWTBlacklist.objects.count() == 0
    assert visitor.post("validate_access").status_code == 403


def test_delete_without_cookies_has_nothing_to_do(visitor: Visitor) -> None:
    visitor.sign_in()
    assert visitor.delete("logout").status_code == 204  # Django's client drops the body of such an answer
    view: Any = BlackListTokenView.as_view()
    answer = view(RequestFactory().delete("/", headers={"authorization": f"Bearer {visitor.access}"}))
    assert json.loads(answer.content) == {"msg": "No token to delete."}


def test_delete_needs_the_access_token(mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    visitor.has(access="")
    assert visitor.delete("logout").status_code == 403


def test_other_verbs_are_refused(mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    assert visitor.get("/api/token/refresh/logout/").status_code == 405


@both_databases
@pytest.mark.parametrize(("zone", "is_aware"), [("UTC", True), ("Asia/Tokyo", True), ("Asia/Tokyo", False)])
def test_command_deletes_what_has_expired(
    database: str, configure: Configure, capsys: pytest.CaptureFixture[str], zone: str, is_aware: bool
) -> None:
    # Nine hours between UTC and the project's time, so that naive instants of the one read as the other are found.
    configure(USE_TZ=is_aware, TIME_ZONE=zone)
    now = int(datetime.now(UTC).timestamp())
    for name, expires_at in (("over", now - 60), ("just over", now), ("live", now + 60)):
        JWTBlacklist.objects.create(jti=name, expires=moment_of(expires_at))
        RefreshFamily.objects.create(
            sid=name, user_pk="1", password_state="x", rotated_at=now - 90, expires_at=expires_at
        )
    JWTBlacklist.objects.create(jti="for ever")
    call_command("delete_tokens")
    assert set(JWTBlacklist.objects.values_list("jti", flat=True)) == {"live", "for ever"}
    assert set(RefreshFamily.objects.values_list("sid", flat=True)) == {"live"}
    assert capsys.readouterr().out == "Deleted 2 ended tokens and 2 families of refresh tokens.\n"


@both_databases
def test_no_migration_is_missing(database: str) -> None:
    call_command("makemigrations", "avow_jwt", check=True, dry_run=True, verbosity=0)


def test_moment_is_naive_in_projects_without_time_zones(configure: Configure) -> None:
    configure(USE_TZ=False, TIME_ZONE="Asia/Tokyo")
    assert moment_of(0) == datetime(1970, 1, 1, 9)  # noqa: DTZ001 - naive is the point
    assert timezone.is_naive(moment_of(0))
