"""What is Django's own about views that take access tokens."""

import asyncio
from typing import Any

import pytest
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.test import AsyncRequestFactory, RequestFactory
from django.utils.decorators import method_decorator
from django.views import View

from avow.django.resource import ResourceServer, token_of
from tests.issuing import AUDIENCE, ISSUER, AsyncIssuer, Issuer, bearer


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def api(issuer: Issuer) -> ResourceServer:
    return ResourceServer(
        ISSUER, audience=AUDIENCE, clock=issuer.clock, transport=issuer, async_transport=AsyncIssuer(issuer)
    )


def test_views_of_both_colours_share_the_keys(issuer: Issuer, api: ResourceServer) -> None:
    @api.token_required
    def plain(request: HttpRequest, name: str) -> HttpResponseBase:
        return JsonResponse({name: token_of(request).subject})

    @api.token_required(scopes=["write"])
    async def asynchronous(request: HttpRequest, name: str) -> HttpResponseBase:
        return JsonResponse({name: token_of(request).subject})

    headers = dict(bearer(issuer.token()))
    answers: list[Any] = [plain(RequestFactory().get("/", headers=headers), "a")]
    answers += [asyncio.run(asynchronous(AsyncRequestFactory().get("/", headers=headers), "b"))]
    assert [each.content for each in answers] == [b'{"a": "U1"}', b'{"b": "U1"}']
    assert len(issuer.asked) == 2  # the description and the keys, once
    refused: Any = plain(RequestFactory().get("/"), "a")
    assert (refused.status_code, refused.content) == (401, b'{"error": "An access token is needed."}')


def test_class_is_guarded_as_a_whole(issuer: Issuer, api: ResourceServer) -> None:
    @method_decorator(api.token_required(permissions=["read:admin"]), name="dispatch")
    class Messages(View):
        def get(self, request: HttpRequest) -> HttpResponseBase:
            return JsonResponse({"for": token_of(request).subject})

    view = Messages.as_view()
    assert view(RequestFactory().get("/", headers=dict(bearer(issuer.token())))).status_code == 200
    assert view(RequestFactory().get("/", headers=dict(bearer(issuer.token(permissions=[]))))).status_code == 403
    assert view(RequestFactory().post("/")).status_code == 401


def test_no_cookie_counts_so_that_no_form_needs_a_token(issuer: Issuer, api: ResourceServer) -> None:
    @api.token_required
    def write(request: HttpRequest) -> HttpResponseBase:
        return JsonResponse({})

    request = RequestFactory().post("/", headers=dict(bearer(issuer.token())))
    guard = CsrfViewMiddleware(write)
    request._dont_enforce_csrf_checks = False  # type: ignore[attr-defined]  # the factory switches it off
    assert guard.process_view(request, write, (), {}) is None
    assert getattr(write, "login_required", True) is False
    assert write(RequestFactory().post("/")).status_code == 401


def test_token_is_asked_for_first(issuer: Issuer) -> None:
    with pytest.raises(LookupError, match="token_required"):
        token_of(RequestFactory().get("/"))
