"""A site like the example application of the package: a first page with the flow, `/debug`, `/logout` and the admin."""

from django.contrib import admin
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template import engines
from django.urls import include, path, reverse
from django_descope import descope_client
from django_descope.models import DescopeUser

admin.site.login_template = "admin/descope_login.html"

FIRST_PAGE = """{% load descope %}<!doctype html><title>Shop</title>
{% if user.is_authenticated %}
<a href="{% url 'debug' %}">Debug</a> <a href="{% url 'admin:index' %}">Admin</a> <a href="{% url 'logout' %}">Out</a>
{% else %}{% descope_flow 'sign-up-or-in' '/admin' %}{% endif %}
"""


def first_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(engines["django"].from_string(FIRST_PAGE).render({}, request))


def debug(request: HttpRequest) -> JsonResponse:
    user = request.user
    if not isinstance(user, DescopeUser):
        return JsonResponse({name: getattr(user, name) for name in ("is_authenticated", "is_anonymous", "is_active")})
    seen = {name: getattr(user, name) for name in ("email", "is_authenticated", "is_staff", "is_superuser")}
    can_manage = hasattr(descope_client, "mgmt")
    return JsonResponse({"user": user.username, **seen, "session": user.session_token, "is_mgmt_available": can_manage})


def leave(request: HttpRequest) -> HttpResponseRedirect:
    logout(request)
    return HttpResponseRedirect(reverse("index"))


urlpatterns = [
    path("", first_page, name="index"),
    path("debug", debug, name="debug"),
    path("logout", leave, name="logout"),
    path("auth/", include("django_descope.urls")),
    path("admin/", admin.site.urls),
]
