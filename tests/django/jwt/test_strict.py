"""Strict mode beside rotation: kinds of tokens, their form, statuses, the end of a sign-in, what sign-in believes."""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt as pyjwt
import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from avow.core.tokens.encoding import to_base64url
from avow.django.jwt import families
from avow.django.jwt.models import JWTBlacklist
from tests.django.jwt.conftest import KEY, Configure
from tests.django.jwt.visitor import Visitor, claims_of

both_databases = pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)


@pytest.fixture(autouse=True)
def _strict(configure: Configure) -> None:
    configure(AVOW_JWT_STRICT=True)


def signed(header: str, payload: str) -> str:
    """Return a token with exactly this text in it, signed with the project's key."""
    message = f"{to_base64url(header.encode())}.{to_base64url(payload.encode())}"
    key = pyjwt.get_algorithm_by_name("HS256")
    return f"{message}.{to_base64url(key.sign(message.encode(), KEY.encode()))}"


def test_tokens_have_names_of_their_own(mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    refresh, access = claims_of(visitor.refresh), claims_of(visitor.access)
    assert refresh["jti"] != access["jti"]
    assert refresh["sid"] == access["sid"]
    assert "gen" not in access


@both_databases
@pytest.mark.parametrize("route", ["validate_access", "validate_refresh"])
def test_end_is_seen_everywhere(database: str, mode: str, visitor: Visitor, route: str) -> None:
    visitor.sign_in()
    access, refresh = visitor.access, visitor.refresh
    other = Visitor()
    other.sign_in()
    answer = visitor.post("logout", "refresh")
    assert (answer.status_code, answer.json()) == (200, {"msg": "Token successfully blacklisted."})
    visitor.has(access=access, refresh=refresh)
    for refused in (
        visitor.post(route, "access" if route == "validate_access" else "refresh"),
        visitor.post("logout", "refresh"),
        visitor.get("/protect/"),
    ):
        assert (refused.status_code, refused.json()) == (401, {"error": "Token has been revoked."})
        assert refused["WWW-Authenticate"] == "Bearer realm=api"
    assert other.get("/protect/").status_code == 200


def test_end_takes_the_cookies_away(cookie_mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    answer = visitor.post("logout", "refresh")
    gone = {name for name, cookie in answer.cookies.items() if cookie["max-age"] == 0}
    assert gone == {name for name in visitor.client.cookies if name.startswith("jwt")}


def test_single_access_token_can_be_ended(mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    JWTBlacklist.objects.create(jti=claims_of(visitor.access)["jti"])
    assert visitor.get("/protect/").status_code == 401
    assert visitor.post("refresh_access", "refresh").status_code == 200
    assert visitor.get("/protect/").status_code == 200


def test_protected_view_asks_the_database_once(mode: str, visitor: Visitor, configure: Configure) -> None:
    visitor.sign_in()
    with CaptureQueriesContext(connection) as queries:
        assert visitor.get("/protect/").status_code == 200
    assert len(queries) == 1
    configure(AVOW_JWT_STRICT=False)
    with CaptureQueriesContext(connection) as queries:
        assert visitor.get("/protect/").status_code == 200
    assert len(queries) == 0


def test_refresh_token_is_no_access_token(mode: str, visitor: Visitor, configure: Configure) -> None:
    visitor.sign_in()
    visitor.has(access=visitor.refresh)
    for answer in (visitor.get("/protect/"), visitor.post("validate_access"), visitor.delete("logout")):
        assert (answer.status_code, answer.json()) == (401, {"error": "Not a token of type access"})
    configure(AVOW_JWT_STRICT=False)
    assert visitor.get("/protect/").status_code == 200  # as djwto has it


def test_access_token_is_no_refresh_token(mode: str, visitor: Visitor, configure: Configure) -> None:
    visitor.sign_in()
    visitor.has(refresh=visitor.access)
    for route in ("validate_refresh", "refresh_access", "update_refresh", "logout"):
        answer = visitor.post(route, "refresh")
        assert (answer.status_code, answer.json()) == (401, {"error": "Not a token of type refresh"}), route
    configure(AVOW_JWT_STRICT=False)
    assert visitor.post("validate_refresh", "refresh").status_code == 200


def test_missing_token_is_401_and_missing_permission_403(mode: str, visitor: Visitor) -> None:
    assert visitor.get("/perms_protect/").status_code == 401
    visitor.sign_in()
    assert visitor.get("/perms_protect/").status_code == 403


def test_text_that_is_no_token_does_not_pass_for_a_sign_in(mode: str, visitor: Visitor) -> None:
    visitor.has(access="anything")
    headers = {"authorization": "Bearer anything"} if mode == "JSON" else {}
    assert "already" not in str(visitor.sign_in(**headers).json())
    assert visitor.get("/protect/").status_code == 200
    if mode == "JSON":  # where a header is a choice; cookies come along by themselves
        again = visitor.sign_in(authorization=f"Bearer {visitor.access}")
        assert again.json() == {"msg": "User already authenticated."}


def test_ended_token_does_not_pass_for_a_sign_in(mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    access = visitor.access
    visitor.post("logout", "refresh")
    visitor.has(access=access)
    headers = {"authorization": f"Bearer {access}"} if mode == "JSON" else {}
    assert "already" not in str(visitor.sign_in(**headers).json())


def test_refresh_token_does_not_pass_for_a_sign_in(mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    visitor.has(access=visitor.refresh)
    headers = {"authorization": f"Bearer {visitor.access}"} if mode == "JSON" else {}
    assert "already" not in str(visitor.sign_in(**headers).json())
    assert visitor.get("/protect/").status_code == 200


def test_update_that_is_switched_off_is_401(mode: str, visitor: Visitor, configure: Configure) -> None:
    visitor.sign_in()
    visitor.post("validate_access")
    configure(DJWTO_ALLOW_REFRESH_UPDATE=False)
    assert visitor.post("update_refresh", "refresh").status_code == 401


def test_lifetime_is_needed(visitor: Visitor, configure: Configure) -> None:
    configure(DJWTO_REFRESH_TOKEN_LIFETIME=None)
    assert visitor.sign_in().status_code == 500


HEADER = '{"alg":"HS256","typ":"JWT"}'
# What is changed in a good token, by the text of its header and of its payload; EXP stands for its end.
FORMS: dict[str, tuple[str, Callable[[str], str]]] = {
    "crit": ('{"alg":"HS256","typ":"JWT","crit":[]}', str),
    "jku": ('{"alg":"HS256","jku":"https://evil.example"}', str),
    "repeated name in the header": ('{"alg":"HS256","alg":"HS256"}', str),
    "repeated name": (HEADER, lambda good: good[:-1] + ', "jti": "2"}'),
    "exp is text": (HEADER, lambda good: good.replace("EXP", '"EXP"')),
    "exp is a fraction": (HEADER, lambda good: good.replace("EXP", "EXP.5")),
    "exp in milliseconds": (HEADER, lambda good: good.replace("EXP", "EXP000")),
    "exp is true": (HEADER, lambda good: good.replace("EXP", "true")),
    "exp is infinite": (HEADER, lambda good: good.replace("EXP", "1e400")),
    "no exp": (HEADER, lambda good: good.replace('"exp": EXP, ', "")),
    "jti is a number": (HEADER, lambda good: good.replace('"jti": "1"', '"jti": 1')),
    "sub is a number": (HEADER, lambda good: good[:-1] + ', "sub": 1}'),
    "no iat": (HEADER, lambda good: good.replace('"iat": 1000, ', "")),
    "no jti": (HEADER, lambda good: good.replace('"jti": "1", ', "")),
    "too long": (HEADER, lambda good: good[:-1] + ', "own": "' + "x" * 20_000 + '"}'),
    "too deep": (HEADER, lambda _: "[" * 100 + "]" * 100),
    "no object": (HEADER, lambda _: "1"),
}
GOOD = '{"exp": EXP, "iat": 1000, "jti": "1", "type": "access", "user": {"id": 1}}'


@pytest.mark.parametrize("form", FORMS)
def test_token_of_another_form_is_refused_though_signed(visitor: Visitor, form: str) -> None:
    now = int(time.time())
    header, change = FORMS[form]

    def token(header: str, payload: str) -> str:
        return signed(header, payload.replace("1000", str(now)).replace("EXP", str(now + 60)))

    visitor.has(access=token(header, change(GOOD)))
    assert visitor.get("/protect/").status_code == 401
    visitor.has(access=token(HEADER, GOOD))
    assert visitor.get("/protect/").status_code == 200


@pytest.mark.parametrize("change", ["{}=", "{}\n", " {}", "{}é", "Bearer {}"])
def test_token_has_one_spelling(visitor: Visitor, change: str) -> None:
    visitor.sign_in()
    visitor.has(access=change.format(visitor.access))
    assert visitor.get("/protect/").status_code == 401


def test_claims_that_are_switched_off_are_there_all_the_same(visitor: Visitor, configure: Configure) -> None:
    configure(DJWTO_JTI_CLAIM=False, DJWTO_IAT_CLAIM=False)
    visitor.sign_in()
    for token in (visitor.refresh, visitor.access):
        assert {"jti", "iat", "exp", "sid"} <= set(claims_of(token))
    assert visitor.get("/protect/").status_code == 200


def test_not_before_is_carried_along(visitor: Visitor, configure: Configure) -> None:
    configure(DJWTO_NBF_LIFETIME=timedelta(seconds=1))
    visitor.sign_in()
    nbf = claims_of(visitor.refresh)["nbf"]
    visitor.has(refresh=pyjwt.encode(claims_of(visitor.refresh) | {"nbf": nbf - 5}, KEY))
    assert visitor.post("refresh_access", "refresh").status_code == 200
    assert claims_of(visitor.refresh)["nbf"] == nbf - 5


def test_token_that_nobody_would_take_is_not_issued(visitor: Visitor, configure: Configure, signals: Any) -> None:
    failures = signals("jwt_login_fail")
    configure(AVOW_JWT_PROCESS_PERMS=lambda _: ["shop.change_stock"] * 1000)
    assert visitor.sign_in().status_code == 500
    assert "too long" in failures[0]["error"]
    configure(AVOW_JWT_STRICT=False)
    assert visitor.sign_in().status_code == 200


@both_databases
@pytest.mark.parametrize("route", ["djwto", "simplejwt"])
def test_logout_that_was_cut_off_can_be_sent_again(
    database: str, visitor: Visitor, configure: Configure, monkeypatch: pytest.MonkeyPatch, route: str
) -> None:
    configure(ROOT_URLCONF="tests.django.jwt.urls_simplejwt")
    visitor.sign_in()

    def leave() -> int:
        if route == "djwto":
            return int(visitor.post("logout", "refresh").status_code)
        body = json.dumps({"refresh": visitor.refresh})
        answer = visitor.client.post("/api/token/blacklist/", body, content_type="application/json", secure=True)
        return int(answer.status_code)

    def fail(*_: object, **__: object) -> None:
        raise OperationalError("database is locked")

    for broken in (families, JWTBlacklist.objects):
        with monkeypatch.context() as away:
            away.setattr(broken, "end" if broken is families else "get_or_create", fail)
            with pytest.raises(OperationalError):
                leave()
        assert visitor.get("/protect/").status_code == 200
    assert leave() == 200
    assert visitor.get("/protect/").status_code == 401


def test_credentials_count_more_than_a_cookie_that_came_along(
    cookie_mode: str, visitor: Visitor, configure: Configure
) -> None:
    User.objects.create_user("bob", password="the word of bob 1")
    visitor.sign_in()
    assert visitor.sign_in("the word of bob 1", "bob").status_code == 200
    assert claims_of(visitor.access)["user"]["username"] == "bob"
    assert visitor.sign_in("wrong", "alice").status_code == 401
    empty = visitor.send("post", "/login/", {}, {})
    assert empty.json() == {"msg": "User already authenticated."}
    configure(AVOW_JWT_STRICT=False)
    assert visitor.sign_in().json() == {"msg": "User already authenticated."}


@pytest.mark.parametrize("route", ["djwto", "simplejwt"])
def test_refresh_finds_the_user_whatever_the_token_calls_them(
    visitor: Visitor, configure: Configure, route: str
) -> None:
    def process_user(user: Any) -> dict[str, str]:
        return {"username": user.username, "id": f"u-{user.pk}"}

    configure(ROOT_URLCONF="tests.django.jwt.urls_simplejwt", AVOW_JWT_PROCESS_USER=process_user)
    visitor.sign_in()
    if route == "djwto":
        assert visitor.post("refresh_access", "refresh").status_code == 200
        return
    body = json.dumps({"refresh": visitor.refresh})
    answer = visitor.client.post("/api/token/refresh/", body, content_type="application/json", secure=True)
    assert answer.status_code == 200


def test_missing_key_is_no_fault_of_who_asks(mode: str, visitor: Visitor, configure: Configure) -> None:
    visitor.sign_in()
    configure(DJWTO_SIGNING_KEY="")
    visitor.client.raise_request_exception = False
    answer = visitor.get("/protect/")
    assert answer.status_code == 500
    assert "SIGNING_KEY" not in answer.content.decode()
    configure(AVOW_JWT_STRICT=False)
    assert visitor.get("/protect/").status_code == 403


def test_get_of_a_view_for_refresh_tokens_takes_one(mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    assert visitor.get("/api/token/refresh/own/", "refresh").content == b"worked!"
    visitor.has(refresh=visitor.access)
    assert visitor.get("/api/token/refresh/own/", "refresh").status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_scheme_may_be_spelt_in_any_case(visitor: Visitor, scheme: str) -> None:
    visitor.sign_in()
    headers = {"authorization": f"{scheme} {visitor.access}"}
    assert visitor.send("get", "/protect/", {}, headers).status_code == 200
    for other in (f"Basic {visitor.access}", f"x {scheme} {visitor.access}", "Bearer", visitor.access):
        assert visitor.send("get", "/protect/", {}, {"authorization": other}).status_code == 401
