"""The page, and two views that a token protects."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie

from avow.django.jwt import authentication as auth
from examples.django_jwt.people import LOOK, PASSWORD, PEOPLE

__all__ = ["page", "users", "who"]


@ensure_csrf_cookie
def page(request: HttpRequest) -> HttpResponse:
    """Show what there is to try; anybody may."""
    return render(request, "page.html", {"mode": settings.AVOW_JWT_MODE, "people": PEOPLE, "password": PASSWORD})


@auth.jwt_login_required
def who(request: Any) -> HttpResponse:  # noqa: ANN401 - `payload` is the decorator's
    """Say what the access token says of its user."""
    return JsonResponse(request.payload["user"])


@auth.jwt_login_required
@auth.jwt_perm_required([LOOK])
def users(request: HttpRequest) -> HttpResponse:
    """Name the users, to whoever has the permission."""
    del request
    return JsonResponse({"users": list(User.objects.order_by("pk").values_list("username", flat=True))})
