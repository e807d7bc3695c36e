"""The routes of two APIs with the same paths, by DRF and by Ninja."""

from typing import Any

from django.urls import include, path
from ninja import NinjaAPI
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.response import Response
from rest_framework.views import APIView

from avow.django.drf import AvowAuthentication, HasPermissions, HasRoles, IsSignedIn, has_permissions, has_roles
from avow.django.ninja import AsyncAvowAuth, AvowAuth
from tests.django.plugin.urls import urlpatterns as pages


def drf_view(*demands: Any) -> Any:
    def decorate(view: Any) -> Any:
        demanding = permission_classes([*demands, IsSignedIn])(view)
        return api_view(["GET", "POST"])(authentication_classes([AvowAuthentication])(demanding))

    return decorate


@drf_view()
def me(request: Any) -> Response:
    return Response({"user_id": request.auth.user_id})


@drf_view()
def user(request: Any) -> Response:
    return Response({"username": request.user.get_username()})


def done(request: Any, **parts: str) -> Response:
    return Response({"ok": True})


class OfRoles(APIView):  # type: ignore[misc]  # ships no types
    authentication_classes = (AvowAuthentication,)
    permission_classes = (HasRoles,)
    roles_required = ("editor",)

    def get(self, request: Any) -> Response:
        return Response({"ok": True})


class OfPermissions(OfRoles):
    permission_classes = (HasPermissions,)
    permissions_required = ("write",)


api = NinjaAPI(auth=AvowAuth())


@api.api_operation(["GET", "POST"], "/me")
def ninja_me(request: Any) -> Any:
    return {"user_id": request.auth.user_id}


@api.get("/user")
def ninja_user(request: Any) -> Any:
    return {"username": request.user.get_username()}


@api.get("/role", auth=AvowAuth(roles=["editor"]))
def ninja_role(request: Any) -> Any:
    return {"ok": True}


@api.get("/permission", auth=AvowAuth(permissions=["write"]))
def ninja_permission(request: Any) -> Any:
    return {"ok": True}


@api.get("/{tenant}/role", auth=AvowAuth(roles=["editor"], tenant_kwarg="tenant"))
def ninja_tenant(request: Any, tenant: str) -> Any:
    return {"ok": True}


@api.get("/async", auth=AsyncAvowAuth())
async def ninja_async(request: Any) -> Any:
    return {"ok": True}


drf = [
    path("me", me),
    path("user", user),
    path("role", drf_view(has_roles("editor"))(done)),
    path("permission", drf_view(has_permissions("write"))(done)),
    path("<tenant>/role", drf_view(has_roles("editor", tenant_kwarg="tenant"))(done)),
    path("roles-class", OfRoles.as_view()),
    path("permissions-class", OfPermissions.as_view()),
]
urlpatterns = [path("drf/", include(drf)), path("ninja/", api.urls), *pages]
