"""The views that `bench.django_get` asks; each answers the same."""

from types import SimpleNamespace
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from djwto.authentication import jwt_login_required as djwtos
from rest_framework.decorators import api_view, authentication_classes, permission_classes, renderer_classes
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework_simplejwt.authentication import JWTAuthentication as SimpleJwts

from avow.django.decorators import login_required
from avow.django.jwt.authentication import jwt_login_required
from avow.django.jwt.simplejwt.authentication import JWTAuthentication

ANSWER = {"name": "jane"}
ANYBODY = SimpleNamespace(user_id="anybody")


def plain(request: HttpRequest) -> HttpResponse:
    """Answer everybody; beside our middleware, those whose token held."""
    return JsonResponse(ANSWER if getattr(request, "avow", ANYBODY).user_id else {})


def row(request: Any) -> HttpResponse:
    """Answer somebody whose row is read."""
    return JsonResponse(ANSWER if request.user.get_username() and request.user.is_authenticated else {})


def ours(request: Any) -> HttpResponse:
    """Answer somebody whose token is read."""
    return JsonResponse(ANSWER if request.avow.user_id else {})


def roles(request: Any) -> HttpResponse:
    """Answer somebody whose roles are read."""
    return JsonResponse(ANSWER if request.avow.has_roles(["editor"]) else {})


def _api(*classes: Any) -> Any:
    def answer(request: Any) -> Response:
        return Response(ANSWER)

    demanding = permission_classes([IsAuthenticated if classes else AllowAny])(answer)
    rendering = renderer_classes([JSONRenderer])(authentication_classes(list(classes))(demanding))
    return api_view(["GET"])(rendering)


# Each look at a path that does not fit takes time: what is compared with the bare stack stands near its path.
urlpatterns = [
    path("plain", plain),
    path("roles", roles),
    path("guarded", login_required(ours)),
    path("row", row),
    path("djwto", djwtos(plain)),
    path("jwt", jwt_login_required(plain)),
    path("drf", _api()),
    path("simplejwt", _api(SimpleJwts)),
    path("shim", _api(JWTAuthentication)),
]
