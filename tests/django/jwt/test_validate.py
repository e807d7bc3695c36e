"""Validating tokens: in each mode, of each kind, with and without CSRF protection."""

import time
from datetime import timedelta
from typing import Any

import jwt as pyjwt
import pytest

from tests.django.jwt.conftest import KEY, Configure
from tests.django.jwt.visitor import Visitor, claims_of

VALID = {"msg": "Token is valid"}
ROUTES = {"access": "validate_access", "refresh": "validate_refresh"}


@pytest.mark.parametrize("kind", ROUTES)
@pytest.mark.parametrize("strict", [False, True])
def test_token_that_holds_is_valid(
    mode: str, visitor: Visitor, configure: Configure, signals: Any, kind: str, strict: bool
) -> None:
    configure(AVOW_JWT_STRICT=strict)
    heard = signals("jwt_token_validated", "ValidateTokensView")
    visitor.sign_in()
    answer = visitor.post(ROUTES[kind], kind)
    assert (answer.status_code, answer.json()) == (200, VALID)
    assert [(each["sender"], set(each)) for each in heard] == [("ValidateTokensView", {"sender", "request"})]


@pytest.mark.parametrize("kind", ROUTES)
def test_expired_token_is_refused(mode: str, visitor: Visitor, signals: Any, kind: str) -> None:
    heard = signals("jwt_token_validated")
    visitor.sign_in()
    claims = claims_of(getattr(visitor, kind)) | {"exp": int(time.time()) - 1}
    visitor.has(**{kind: pyjwt.encode(claims, KEY)})
    answer = visitor.post(ROUTES[kind], kind)
    assert (answer.status_code, answer.json()) == (403, {"error": "Signature has expired"})
    assert heard == []


def test_missing_header_is_refused(visitor: Visitor) -> None:
    answer = visitor.post("validate_access")
    assert (answer.status_code, answer.json()) == (403, {"error": 'Token not found in "HTTP_AUTHORIZATION" header.'})


@pytest.mark.parametrize("kind", ROUTES)
def test_missing_cookie_is_refused(cookie_mode: str, visitor: Visitor, kind: str) -> None:
    visitor.sign_in("wrong")  # brings the CSRF token
    access = {"ONE-COOKIE": "jwt_access", "TWO-COOKIES": "jwt_access_token"}[cookie_mode]
    name = access if kind == "access" else "jwt_refresh"
    answer = visitor.post(ROUTES[kind], kind)
    assert (answer.status_code, answer.json()) == (403, {"error": f'Cookie "{name}" cannot be empty.'})


def test_refresh_cookie_does_not_come_elsewhere(cookie_mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    answer = visitor.post("validate_access", "refresh")
    assert answer.status_code == 403
    assert answer.json()["error"] == (
        'Refresh cookie is only sent in path "/api/token/refresh". Requested path was: /validate_access/.'
    )


@pytest.mark.parametrize("kind", ROUTES)
def test_cookies_alone_are_refused_while_csrf_protection_is_on(
    cookie_mode: str, visitor: Visitor, configure: Configure, kind: str
) -> None:
    visitor.sign_in()
    refused = visitor.post(ROUTES[kind], kind, csrf=False)
    assert (refused.status_code, "text/html" in refused["Content-Type"]) == (403, True)
    configure(DJWTO_CSRF=False)
    assert visitor.post(ROUTES[kind], kind, csrf=False).json() == VALID


def test_without_referer_https_is_refused(cookie_mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    token = visitor.client.cookies["csrftoken"].value
    answer = visitor.client.post("/validate_access/", secure=True, headers={"X-CSRFToken": token})
    assert answer.status_code == 403


def test_header_needs_no_csrf_token(visitor: Visitor) -> None:
    visitor.sign_in()
    assert visitor.post("validate_access", csrf=False).status_code == 200


def test_secure_cookies_do_not_leave_https(cookie_mode: str, visitor: Visitor, configure: Configure) -> None:
    configure(DJWTO_CSRF=False)
    visitor.sign_in()
    assert visitor.client.post("/validate_access/", secure=False).status_code == 403
    assert visitor.client.post("/validate_access/", secure=True).status_code == 200


def test_wrong_jwt_type_is_named(cookie_mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    answer = visitor.post("validate_access", jwt_type="other")
    assert answer.status_code == 403
    assert '"other"' in answer.json()["error"]


def test_immature_token_is_refused(mode: str, visitor: Visitor, configure: Configure) -> None:
    configure(DJWTO_NBF_LIFETIME=timedelta(minutes=1))
    visitor.sign_in()
    answer = visitor.post("validate_access")
    assert (answer.status_code, answer.json()) == (403, {"error": "The token is not yet valid (nbf)"})


def test_ended_token_is_still_valid_by_default(mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    assert visitor.post("logout", "refresh").status_code == 200
    assert visitor.post("validate_refresh", "refresh").json() == VALID
    assert visitor.post("validate_access").json() == VALID


@pytest.mark.parametrize("route", ["validate_access", "validate_refresh"])
def test_only_post_is_answered(mode: str, visitor: Visitor, route: str) -> None:
    visitor.sign_in()
    assert visitor.delete(route).status_code == 405
