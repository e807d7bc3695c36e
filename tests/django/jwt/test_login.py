"""Signing in: tokens in the body or in cookies, refusals, signals, and what a token in the request does."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.http.cookie import SimpleCookie

from avow import clock
from tests.django.jwt.conftest import Configure
from tests.django.jwt.visitor import ORIGIN, Visitor, claims_of

WRONG = {"__all__": ["Please enter a correct username and password. Note that both fields may be case-sensitive."]}
EMPTY = {"username": ["This field is required."], "password": ["This field is required."]}


def flags(cookies: SimpleCookie, name: str) -> dict[str, Any]:
    cookie = cookies[name]
    return {key: cookie[key] for key in ("path", "max-age", "httponly", "secure", "samesite", "domain")}


def test_json_mode_answers_with_both_tokens(visitor: Visitor, alice: Any) -> None:
    before = clock.system_clock()
    answer = visitor.sign_in()
    assert (answer.status_code, set(answer.json())) == (200, {"refresh", "access"})
    refresh, access = claims_of(visitor.refresh), claims_of(visitor.access)
    user = {"username": "alice", "id": alice.pk, "perms": []}
    assert list(refresh) == ["iat", "exp", "jti", "type", "user"]
    assert refresh == {**refresh, "type": "refresh", "user": user, "exp": refresh["iat"] + 86_400}
    assert access == {
        **refresh,
        "type": "access",
        "iat": access["iat"],
        "exp": access["iat"] + 300,
        "refresh_iat": refresh["iat"],
    }
    assert before <= refresh["iat"] <= access["iat"] <= clock.system_clock()
    assert not answer.cookies


@pytest.mark.parametrize(
    ("name", "password", "errors"), [("alice", "wrong", WRONG), ("nobody", "wonder land 1", WRONG), ("", "", EMPTY)]
)
def test_wrong_credentials_are_refused_with_the_errors_of_the_form(
    mode: str, visitor: Visitor, name: str, password: str, errors: dict[str, list[str]]
) -> None:
    answer = visitor.sign_in(password, name)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer realm=api"
    assert json.loads(answer.json()["error"]) == errors
    assert not {name for name in answer.cookies if name.startswith("jwt")}


def test_inactive_user_is_refused(mode: str, visitor: Visitor, alice: Any) -> None:
    alice.is_active = False
    alice.save()
    assert visitor.sign_in().status_code == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"DJWTO_ISS_CLAIM": 1},
        {"DJWTO_SUB_CLAIM": 1},
        {"DJWTO_AUD_CLAIM": 1},
        {"DJWTO_AUD_CLAIM": ["aud", 1]},
        {"DJWTO_REFRESH_TOKEN_LIFETIME": 1},
        {"DJWTO_REFRESH_TOKEN_LIFETIME": timedelta(days=-1)},
        {"DJWTO_ACCESS_TOKEN_LIFETIME": 1},
        {"DJWTO_ACCESS_TOKEN_LIFETIME": timedelta(days=-1)},
        {"DJWTO_NBF_LIFETIME": 1},
        {"DJWTO_NBF_LIFETIME": timedelta(days=-1)},
        {"DJWTO_MODE": "THREE-COOKIES"},
        {"DJWTO_ALGORITHM": "none"},
        {"DJWTO_ALGORITHM": "HS1"},
        {"DJWTO_ALGORITHM": "RS256"},
        {"DJWTO_SIGNING_KEY": None},
        {"AVOW_JWT_PROCESS_USER": "nowhere.at.all"},
        {"AVOW_JWT_PROCESS_CLAIMS": 1},
    ],
    ids=str,
)
def test_unusable_setting_is_told_to_receivers_and_not_to_the_caller(
    configure: Configure, visitor: Visitor, signals: Any, wrong: dict[str, Any]
) -> None:
    configure(**wrong)
    heard = signals("jwt_login_fail", "GetTokensView")
    answer = visitor.sign_in()
    assert (answer.status_code, answer.json()) == (500, {"error": "Failed to process request."})
    assert [each["sender"] for each in heard] == ["GetTokensView"]
    assert heard[0].keys() == {"sender", "request", "error"}
    assert heard[0]["error"] not in {"", "Failed to process request."}


def test_success_is_told_to_receivers(mode: str, visitor: Visitor, signals: Any) -> None:
    heard = signals("jwt_logged_in", "GetTokensView")
    failures = signals("jwt_login_fail")
    visitor.sign_in()
    assert [each.keys() for each in heard] == [{"sender", "request", "refresh_claims", "access_claims"}]
    assert heard[0]["refresh_claims"] == claims_of(visitor.refresh)
    assert heard[0]["access_claims"] == claims_of(visitor.access)
    assert heard[0]["request"].path == "/login/"
    assert failures == []


def test_failure_is_told_to_receivers(mode: str, visitor: Visitor, signals: Any) -> None:
    heard, successes = signals("jwt_login_fail", "GetTokensView"), signals("jwt_logged_in")
    visitor.sign_in("wrong")
    assert [json.loads(each["error"]) for each in heard] == [WRONG]
    assert successes == []


def test_second_sign_in_with_a_token_says_so(mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    headers = {"authorization": f"Bearer {visitor.access}"} if mode == "JSON" else {}
    answer = visitor.sign_in(**headers)
    assert (answer.status_code, answer.json()) == (200, {"msg": "User already authenticated."})


@pytest.mark.parametrize("csrf", [True, False])
def test_cookie_modes_set_cookies(cookie_mode: str, visitor: Visitor, configure: Configure, csrf: bool) -> None:
    configure(DJWTO_CSRF=csrf, DJWTO_DOMAIN="testserver", DJWTO_SAME_SITE="Strict")
    answer = visitor.sign_in()
    assert (answer.status_code, answer.json()) == (200, {"msg": "Tokens successfully created."})
    shared = {"httponly": True, "secure": True, "samesite": "Strict", "domain": "testserver"}
    access = {"path": "/", "max-age": 300, **shared}
    expected = {"jwt_refresh": {"path": "/api/token/refresh", "max-age": 86_400, **shared}}
    if cookie_mode == "ONE-COOKIE":
        expected |= {"jwt_access": access}
    else:
        expected |= {"jwt_access_token": access, "jwt_access_payload": {**access, "httponly": ""}}
    assert {name: flags(answer.cookies, name) for name in answer.cookies if name != "csrftoken"} == expected
    assert ("csrftoken" in answer.cookies) is csrf


def test_csrf_token_rotates_with_the_sign_in(cookie_mode: str, visitor: Visitor) -> None:
    visitor.sign_in("wrong")
    before = visitor.client.cookies["csrftoken"].value
    visitor.sign_in()
    assert visitor.client.cookies["csrftoken"].value != before


def test_payload_cookie_has_the_claims_with_sorted_names(configure: Configure, visitor: Visitor) -> None:
    configure(DJWTO_MODE="TWO-COOKIES")
    visitor.sign_in()
    claims = visitor.readable_claims()
    assert claims == claims_of(visitor.access)
    assert list(claims) == sorted(claims)
    assert visitor.access.count(".") == 2  # the whole token, not its signature alone


@pytest.mark.parametrize("kind", ["REFRESH", "ACCESS"])
def test_token_without_lifetime_is_a_cookie_of_the_browser_session(
    cookie_mode: str, visitor: Visitor, configure: Configure, kind: str
) -> None:
    configure(**{f"DJWTO_{kind}_TOKEN_LIFETIME": None})
    answer = visitor.sign_in()
    name = "jwt_refresh" if kind == "REFRESH" else {"ONE-COOKIE": "jwt_access"}.get(cookie_mode, "jwt_access_token")
    assert answer.cookies[name]["max-age"] == ""
    refresh, access = claims_of(visitor.refresh), claims_of(visitor.access)
    assert ("exp" in refresh) is (kind == "ACCESS")
    assert access["exp"] == (refresh["exp"] if kind == "ACCESS" else access["iat"] + 300)


def test_other_site_can_sign_a_visitor_in_by_default_only(
    cookie_mode: str, configure: Configure, visitor: Visitor
) -> None:
    assert visitor.sign_in(Origin="https://evil.example").status_code == 200
    configure(AVOW_JWT_STRICT=True)
    other = Visitor()
    refused = other.sign_in(Origin="https://evil.example")
    assert (refused.status_code, list(refused.cookies)) == (403, ["csrftoken"])
    assert other.sign_in(Origin="null").status_code == 403
    assert other.sign_in(Origin=ORIGIN).status_code == 200


def test_trusted_site_may_sign_in_strictly(cookie_mode: str, configure: Configure, visitor: Visitor) -> None:
    configure(AVOW_JWT_STRICT=True, CSRF_TRUSTED_ORIGINS=["https://*.web.example", "https://app.example"])
    for origin, status in (
        ("https://a.web.example", 200),
        ("https://app.example", 200),
        ("http://app.example", 403),
        ("https://b.app.example", 403),
    ):
        assert Visitor().sign_in(Origin=origin).status_code == status, origin


def test_tokens_are_kept_by_no_cache(mode: str, visitor: Visitor) -> None:
    assert visitor.sign_in()["Cache-Control"] == "no-store"


def test_only_post_is_answered(mode: str, visitor: Visitor) -> None:
    assert visitor.get("/login/").status_code == 405


def test_endpoints_are_open_where_every_other_page_asks_for_a_login(visitor: Visitor, configure: Configure) -> None:
    around = ["sessions.middleware.Session", "auth.middleware.Authentication", "auth.middleware.LoginRequired"]
    configure(
        MIDDLEWARE=[f"django.contrib.{name}Middleware" for name in around],
        ROOT_URLCONF="tests.django.jwt.urls_simplejwt",
    )
    assert visitor.sign_in().status_code == 200
    assert visitor.post("validate_access").status_code == 200
    for route in ("validate_refresh", "refresh_access", "update_refresh", "logout"):
        assert visitor.post(route, "refresh").status_code == 200, route
    assert visitor.delete("logout").status_code == 204
    for path in ("", "refresh/", "verify/", "blacklist/"):
        assert visitor.client.post(f"/api/token/{path}", {}, secure=True).status_code == 400


@pytest.mark.parametrize(("count", "is_long"), [(10, False), (150, True)])
def test_cookie_that_browsers_drop_is_warned_of(
    cookie_mode: str, visitor: Visitor, configure: Configure, caplog: Any, count: int, is_long: bool
) -> None:
    configure(AVOW_JWT_PROCESS_PERMS=lambda _: [f"shop.view_warehouse{number}" for number in range(count)])
    assert visitor.sign_in().status_code == 200
    said = [record.getMessage() for record in caplog.records if record.name == "avow.django.jwt"]
    assert bool(said) is is_long
    assert not [each for each in said if "4096" not in each or "eyJ" in each]
