"""The decorators on views of the project's own, in every mode; plain, class-based and `async def` views."""

import asyncio
from typing import Any

import jwt as pyjwt
import pytest
from asgiref.sync import iscoroutinefunction
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.test import AsyncRequestFactory, RequestFactory

from avow.django.jwt import authentication as auth
from avow.django.jwt.exceptions import JWTValidationError
from tests.django.jwt import urls
from tests.django.jwt.conftest import KEY, Configure
from tests.django.jwt.visitor import Visitor, claims_of

ACCESS_COOKIE = {"ONE-COOKIE": "jwt_access", "TWO-COOKIES": "jwt_access_token"}


def grant(user: Any, *names: str) -> None:
    kind = ContentType.objects.get_for_model(type(user))
    for name in names:
        user.user_permissions.add(Permission.objects.get_or_create(codename=name, content_type=kind)[0])


@pytest.fixture
def perms(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have tokens name permissions without the name of their app, as the djwto tutorial does."""
    from avow.django.jwt import tokens

    monkeypatch.setattr(tokens, "process_perms", lambda user: sorted(p.codename for p in user.user_permissions.all()))


# --- jwt_login_required ------------------------------------------------------------------------------------------


def test_view_has_token_and_payload(mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    answer = visitor.get("/protect/")
    assert answer.status_code == 200
    assert answer.json() == {"token": visitor.access, "payload": claims_of(visitor.access)}


def test_view_without_token_is_refused(mode: str, visitor: Visitor) -> None:
    expected = (
        'Token not found in "HTTP_AUTHORIZATION" header.'
        if mode == "JSON"
        else f'Cookie "{ACCESS_COOKIE[mode]}" cannot be empty.'
    )
    answer = visitor.get("/protect/")
    assert (answer.status_code, answer.json()) == (403, {"error": expected})


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer ", "bearer x.y.z", "token"])
def test_header_of_another_scheme_is_refused(visitor: Visitor, header: str) -> None:
    answer = visitor.client.get("/protect/", secure=True, headers={"authorization": header})
    assert answer.status_code == 403
    assert answer.json() == {"error": "Value in HTTP_AUTHORIZATION header is not valid."}


@pytest.mark.parametrize("user", [{"username": "alice"}, {}, "alice", None, [1]])
def test_token_without_user_id_is_refused(mode: str, visitor: Visitor, user: object) -> None:
    visitor.sign_in()
    visitor.has(access=pyjwt.encode(claims_of(visitor.access) | {"user": user}, KEY))
    answer = visitor.get("/protect/")
    assert (answer.status_code, answer.json()) == (403, {"error": "Failed to validate token."})


def test_token_of_another_key_is_refused(mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    visitor.has(access=pyjwt.encode(claims_of(visitor.access), KEY[::-1]))
    answer = visitor.get("/protect/")
    assert (answer.status_code, answer.json()) == (403, {"error": "Signature verification failed"})


def test_unknown_mode_is_said(visitor: Visitor, configure: Configure) -> None:
    configure(DJWTO_MODE="THREE-COOKIES")
    with pytest.raises(ImproperlyConfigured):
        auth.get_raw_token_from_request(RequestFactory().get("/"))
    assert visitor.get("/protect/").status_code == 403


def test_async_view_is_protected(mode: str, visitor: Visitor) -> None:
    assert visitor.get("/async/").status_code == 403
    visitor.sign_in()
    answer = visitor.get("/async/")
    assert (answer.status_code, answer.content) == (200, b"alice")


@pytest.mark.parametrize("strict", [False, True])
def test_async_view_is_protected_on_an_event_loop(visitor: Visitor, configure: Configure, strict: bool) -> None:
    configure(AVOW_JWT_STRICT=strict)
    visitor.sign_in()
    view: Any = urls.AsyncView.as_view()

    async def ask(token: str) -> int:
        answer = await view(AsyncRequestFactory().get("/async/", headers={"authorization": f"Bearer {token}"}))
        return int(answer.status_code)

    assert asyncio.run(ask(visitor.access)) == 200
    assert asyncio.run(ask("x.y.z")) == (401 if strict else 403)


def test_async_view_for_refresh_tokens(mode: str, visitor: Visitor, configure: Configure) -> None:
    configure(AVOW_JWT_STRICT=True, DJWTO_CSRF=False, MIDDLEWARE=[])
    visitor.sign_in()
    assert visitor.post("", "refresh", path="/api/token/refresh/async/").content == b"worked!"
    assert visitor.post("", "access", path="/api/token/refresh/async/").status_code == 401


@pytest.mark.parametrize("strict", [False, True])
def test_answers_say_that_they_differ_by_cookie(
    cookie_mode: str, visitor: Visitor, configure: Configure, strict: bool
) -> None:
    configure(AVOW_JWT_STRICT=strict)
    assert visitor.get("/protect/")["Vary"] == "Cookie"
    visitor.sign_in()
    for path in ("/protect/", "/async/", "/perms_protect/"):
        assert visitor.get(path)["Vary"] == "Cookie"


def test_cache_of_the_site_hands_no_page_to_a_stranger(mode: str, visitor: Visitor, configure: Configure) -> None:
    around = [f"django.middleware.cache.{name}CacheMiddleware" for name in ("Update", "FetchFrom")]
    configure(
        MIDDLEWARE=around,
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": mode}},
    )
    visitor.sign_in()
    assert visitor.get("/protect/").json()["token"] == visitor.access
    assert Visitor().get("/protect/").status_code == 403


def test_decorated_async_class_stays_async(visitor: Visitor, configure: Configure) -> None:
    view = auth.jwt_login_required(urls.PlainAsyncView.as_view())
    assert iscoroutinefunction(view)
    configure(AVOW_JWT_STRICT=True)
    visitor.sign_in()

    async def ask(token: str) -> int:
        answer = await view(AsyncRequestFactory().get("/", headers={"authorization": f"Bearer {token}"}))
        return int(answer.status_code)

    assert asyncio.run(ask("x.y.z")) == 401
    assert asyncio.run(ask(visitor.access)) == 200


# --- jwt_perm_required -------------------------------------------------------------------------------------------


def test_permission_comes_with_the_next_token(mode: str, visitor: Visitor, alice: Any, perms: None) -> None:
    visitor.sign_in()
    answer = visitor.get("/perms_protect/")
    assert (answer.status_code, answer.json()) == (403, {"error": "Invalid permissions for jwt token."})
    grant(alice, "perm1")
    assert visitor.get("/perms_protect/").status_code == 403
    again = Visitor()
    again.sign_in()
    assert again.get("/perms_protect/").content == b"perms also worked!"


def test_every_permission_is_needed(mode: str, visitor: Visitor, alice: Any, perms: None) -> None:
    grant(alice, "perm1", "perm3")
    visitor.sign_in()
    answer = visitor.get("/both_perms/")
    assert (answer.status_code, answer.json()) == (403, {"error": "Insufficient Permissions."})
    grant(alice, "perm2")
    again = Visitor()
    again.sign_in()
    assert again.get("/both_perms/").status_code == 200


def test_permissions_are_those_of_django_by_default(mode: str, visitor: Visitor, alice: Any) -> None:
    grant(alice, "perm1")
    visitor.sign_in()
    assert claims_of(visitor.access)["user"]["perms"] == ["auth.perm1"]
    assert visitor.get("/perms_protect/").json() == {"error": "Insufficient Permissions."}


def test_permission_without_login_is_refused(mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    answer = visitor.get("/perms_only/")
    assert (answer.status_code, answer.json()) == (
        403,
        {"error": "Login must happen before evaluating permissions."},
    )


# --- jwt_is_refresh, jwt_passes_test -----------------------------------------------------------------------------


def test_refresh_token_opens_a_view_for_it(mode: str, visitor: Visitor, configure: Configure) -> None:
    configure(MIDDLEWARE=[])
    visitor.sign_in()
    assert visitor.post("", "refresh", path="/api/token/refresh/own/").content == b"worked!"


def test_access_token_does_not(mode: str, visitor: Visitor, configure: Configure) -> None:
    configure(MIDDLEWARE=[])
    visitor.sign_in()
    expected = (
        "Refresh token was not sent in authorization header."
        if mode == "JSON"
        else 'POST variable "jwt_type" must be equal to "refresh".'
    )
    answer = visitor.post("", "access", path="/api/token/refresh/own/")
    assert (answer.status_code, answer.json()) == (403, {"error": expected})


def test_path_counts_with_cookies(cookie_mode: str, visitor: Visitor, configure: Configure) -> None:
    configure(MIDDLEWARE=[])
    visitor.sign_in()
    answer = visitor.post("", "access", path="/elsewhere/own/")
    assert (answer.status_code, answer.json()) == (
        403,
        {"error": "Refresh token is only sent in path: api/token/refresh"},
    )


def test_own_test_decides(mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    assert visitor.get("/tested/").content == b"worked!"
    answer = visitor.get("/tested/?error=Not today.")
    assert (answer.status_code, answer.json()) == (403, {"error": "Not today."})


def test_refusal_without_reason_has_a_text(visitor: Visitor) -> None:
    answer = visitor.get("/never/")
    assert (answer.status_code, answer.json()) == (403, {"error": "Failed to validate token."})


# --- Functions ---------------------------------------------------------------------------------------------------


def test_user_is_authenticated_by_the_form(alice: Any) -> None:
    request = RequestFactory().post("/", {"username": "alice", "password": "wonder land 1"})
    assert auth.user_authenticate(request) == alice
    with pytest.raises(ValidationError) as refusal:
        auth.user_authenticate(RequestFactory().post("/", {"username": "alice", "password": "x"}))
    assert "__all__" in refusal.value.args[0]


def test_claims_of_a_request(visitor: Visitor) -> None:
    visitor.sign_in()
    request = RequestFactory().get("/", headers={"authorization": f"Bearer {visitor.access}"})
    assert auth.get_raw_token_from_request(request) == visitor.access
    assert auth.jwt_authenticate(request) == claims_of(visitor.access)
    with pytest.raises(JWTValidationError, match="not found"):
        auth.jwt_authenticate(RequestFactory().get("/"))


def test_decorated_views_keep_their_names() -> None:
    assert urls.both_perms.__name__ == "both_perms"
    assert auth.WWWAUTHENTICATE == "Bearer realm=api"
