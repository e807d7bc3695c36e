"""New access tokens for a refresh token, and moving its expiry, as djwto has them; strict mode is in test_rotation."""

import time
from datetime import timedelta
from typing import Any

import jwt as pyjwt
import pytest

from avow.django.jwt.models import JWTBlacklist
from tests.django.jwt.conftest import KEY, Configure
from tests.django.jwt.visitor import Visitor, claims_of

ROUTES = {
    "refresh_access": "Access token successfully refreshed.",
    "update_refresh": "Refresh token successfully updated.",
}
REFUSALS = {"refresh_access": "Can't update access token.", "update_refresh": "Can't update refresh token."}
SIGNALS = {
    "refresh_access": ("jwt_access_refreshed", "RefreshAccessView"),
    "update_refresh": ("jwt_refresh_updated", "UpdateRefreshView"),
}


def grow_older(visitor: Visitor, seconds: int) -> dict[str, Any]:
    """Hold the refresh token that would have been made so long ago; return its claims."""
    claims = claims_of(visitor.refresh)
    claims |= {"iat": claims["iat"] - seconds, "exp": claims["exp"] - seconds}
    visitor.has(refresh=pyjwt.encode(claims, KEY))
    return claims


def test_access_token_is_new_and_refresh_token_the_same(mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    before = grow_older(visitor, 600)
    answer = visitor.post("refresh_access", "refresh")
    assert answer.status_code == 200
    if mode != "JSON":
        assert answer.json() == {"msg": ROUTES["refresh_access"]}
    assert claims_of(visitor.refresh) == before
    access = claims_of(visitor.access)
    now = int(time.time())
    assert now - 5 <= access["iat"] <= now
    assert access == {**before, "type": "access", "iat": access["iat"], "exp": access["iat"] + 300,
                      "refresh_iat": before["iat"]}  # fmt: skip
    if mode == "TWO-COOKIES":
        assert visitor.readable_claims() == access


def test_expiry_of_the_refresh_token_moves(mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    before = grow_older(visitor, 600)
    answer = visitor.post("update_refresh", "refresh")
    assert answer.status_code == 200
    if mode != "JSON":
        assert answer.json() == {"msg": ROUTES["update_refresh"]}
    after, access = claims_of(visitor.refresh), claims_of(visitor.access)
    assert after == {**before, "iat": after["iat"], "exp": after["iat"] + 86_400}
    assert after["iat"] >= before["iat"] + 600
    assert access["refresh_iat"] == after["iat"]
    assert access["jti"] == after["jti"]


def test_token_without_iat_gets_none(visitor: Visitor, configure: Configure) -> None:
    configure(DJWTO_IAT_CLAIM=False)
    visitor.sign_in()
    visitor.post("update_refresh", "refresh")
    assert not {"iat", "refresh_iat"} & (set(claims_of(visitor.refresh)) | set(claims_of(visitor.access)))


def test_token_that_never_expires_stays_so(visitor: Visitor, configure: Configure) -> None:
    configure(DJWTO_REFRESH_TOKEN_LIFETIME=None)
    visitor.sign_in()
    assert visitor.post("update_refresh", "refresh").status_code == 200
    assert "exp" not in claims_of(visitor.refresh)


@pytest.mark.parametrize("route", ROUTES)
def test_refresh_is_told_to_receivers(mode: str, visitor: Visitor, signals: Any, route: str) -> None:
    name, sender = SIGNALS[route]
    heard = signals(name, sender)
    visitor.sign_in()
    visitor.post(route, "refresh")
    assert [each.keys() for each in heard] == [{"sender", "request", "refresh_claims", "access_claims"}]
    assert heard[0]["sender"] == sender
    assert heard[0]["refresh_claims"] == claims_of(visitor.refresh)
    assert heard[0]["access_claims"] == claims_of(visitor.access)


@pytest.mark.parametrize("route", ROUTES)
def test_ended_token_is_refused(mode: str, visitor: Visitor, signals: Any, route: str) -> None:
    heard = signals(SIGNALS[route][0])
    visitor.sign_in()
    JWTBlacklist.objects.create(jti=claims_of(visitor.refresh)["jti"])
    answer = visitor.post(route, "refresh")
    assert (answer.status_code, answer.json()) == (500, {"error": REFUSALS[route]})
    assert heard == []


@pytest.mark.parametrize("route", ROUTES)
def test_expired_token_is_refused(mode: str, visitor: Visitor, route: str) -> None:
    visitor.sign_in()
    grow_older(visitor, 86_401)
    answer = visitor.post(route, "refresh")
    assert (answer.status_code, answer.json()) == (403, {"error": "Signature has expired"})


@pytest.mark.parametrize("route", ROUTES)
def test_cookies_alone_are_refused(cookie_mode: str, visitor: Visitor, configure: Configure, route: str) -> None:
    visitor.sign_in()
    assert visitor.post(route, "refresh", csrf=False).status_code == 403
    configure(DJWTO_CSRF=False)
    assert visitor.post(route, "refresh", csrf=False).status_code == 200


@pytest.mark.parametrize("route", ROUTES)
def test_access_token_is_refused(mode: str, visitor: Visitor, route: str) -> None:
    visitor.sign_in()
    expected = (
        "Refresh token was not sent in authorization header."
        if mode == "JSON"
        else 'POST variable "jwt_type" must be equal to "refresh".'
    )
    answer = visitor.post(route, "access")
    assert (answer.status_code, answer.json()) == (403, {"error": expected})


def test_update_can_be_switched_off_while_its_route_stands(mode: str, visitor: Visitor, configure: Configure) -> None:
    visitor.sign_in()
    assert visitor.post("update_refresh", "refresh").status_code == 200
    configure(DJWTO_ALLOW_REFRESH_UPDATE=False)  # the project's routes have been made
    answer = visitor.post("update_refresh", "refresh")
    assert (answer.status_code, answer.json()) == (500, {"error": REFUSALS["update_refresh"]})


def test_inactive_user_is_told_so(mode: str, visitor: Visitor, alice: Any) -> None:
    visitor.sign_in()
    alice.is_active = False
    alice.save()
    answer = visitor.post("update_refresh", "refresh")
    assert (answer.status_code, answer.json()) == (403, {"error": "User is inactive."})


def test_unknown_user_is_refused(mode: str, visitor: Visitor, alice: Any) -> None:
    visitor.sign_in()
    alice.delete()
    answer = visitor.post("update_refresh", "refresh")
    assert (answer.status_code, answer.json()) == (500, {"error": REFUSALS["update_refresh"]})


def test_ended_comes_before_inactive(mode: str, visitor: Visitor, alice: Any) -> None:
    visitor.sign_in()
    JWTBlacklist.objects.create(jti=claims_of(visitor.refresh)["jti"])
    alice.is_active = False
    alice.save()
    assert visitor.post("update_refresh", "refresh").status_code == 500


def test_lifetimes_are_those_of_the_settings(mode: str, visitor: Visitor, configure: Configure) -> None:
    configure(DJWTO_ACCESS_TOKEN_LIFETIME=timedelta(seconds=61), DJWTO_REFRESH_TOKEN_LIFETIME=timedelta(minutes=2))
    visitor.sign_in()
    visitor.post("update_refresh", "refresh")
    refresh, access = claims_of(visitor.refresh), claims_of(visitor.access)
    assert (refresh["exp"] - refresh["iat"], access["exp"] - access["iat"]) == (120, 61)


@pytest.mark.parametrize("route", ROUTES)
def test_only_post_is_answered(mode: str, visitor: Visitor, route: str) -> None:
    visitor.sign_in()
    assert visitor.get(f"/api/token/refresh/{route}/").status_code == 405
