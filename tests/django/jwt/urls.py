"""The routes of the project: those of the JWT layer, and views that ask for tokens."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from django.utils.decorators import method_decorator
from django.views import View

from avow.django.jwt import authentication as auth


class ProtectedView(View):
    @method_decorator(auth.jwt_login_required)
    def get(self, request: Any, *args: object, **kwargs: object) -> HttpResponse:
        return JsonResponse({"token": request.token, "payload": request.payload})


class PermsProtectedView(View):
    @method_decorator(auth.jwt_login_required)
    @method_decorator(auth.jwt_perm_required(["perm1"]))
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("perms also worked!")


class RefreshView(View):
    @method_decorator(auth.jwt_login_required)
    @method_decorator(auth.jwt_is_refresh)
    def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("worked!")

    get = post


class AsyncView(View):
    @method_decorator(auth.jwt_login_required)
    async def get(self, request: Any) -> HttpResponse:
        return HttpResponse(request.payload["user"]["username"])


class PlainAsyncView(View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("worked!")


@auth.jwt_login_required
@auth.jwt_perm_required(["perm1", "perm2"])
def both_perms(request: HttpRequest) -> HttpResponse:
    return HttpResponse("worked!")


@auth.jwt_perm_required(["perm1"])
def perms_only(request: HttpRequest) -> HttpResponse:
    return HttpResponse("worked!")


@auth.jwt_login_required
@auth.jwt_passes_test(lambda request: (request.payload["user"]["id"] > 0, request.GET.get("error", "")))
def tested(request: HttpRequest) -> HttpResponse:
    return HttpResponse("worked!")


@auth.jwt_passes_test(lambda request: (False, ""))
async def never(request: HttpRequest) -> HttpResponse:
    return HttpResponse("worked!")


@auth.jwt_login_required
@auth.jwt_is_refresh
async def async_refresh(request: HttpRequest) -> HttpResponse:
    return HttpResponse("worked!")


urlpatterns = [
    path("", include("avow.django.jwt.urls")),
    path("protect/", ProtectedView.as_view()),
    path("perms_protect/", PermsProtectedView.as_view()),
    path("both_perms/", both_perms),
    path("perms_only/", perms_only),
    path("api/token/refresh/own/", RefreshView.as_view()),
    path("elsewhere/own/", RefreshView.as_view()),
    path("api/token/refresh/async/", async_refresh),
    path("async/", AsyncView.as_view()),
    path("tested/", tested),
    path("never/", never),
]
