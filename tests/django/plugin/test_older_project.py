"""A project that was written for django-descope, with the names of its imports changed and nothing else."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import engines
from django.test import Client
from django.urls import include, path, reverse

from avow import REFRESH_SESSION_TOKEN_NAME, SESSION_TOKEN_NAME, DeliveryMethod
from avow.django.authentication import add_tokens_to_request
from avow.django.models import DescopeUser
from tests.django.plugin import urls
from tests.django.plugin.conftest import MIDDLEWARE, Configure, Network
from tests.factories import make_role, new_email

HOME = """{% load descope %}
{% if user.is_authenticated %}Welcome{% else %}{% descope_flow 'sign-up-or-in' '/admin' %}{% endif %}
"""


def home(request: HttpRequest) -> HttpResponse:
    return HttpResponse(engines["django"].from_string(HOME).render({}, request))


def debug(request: Any) -> HttpResponse:
    user = request.user
    if not isinstance(user, DescopeUser):
        return JsonResponse({"is_authenticated": user.is_authenticated, "is_anonymous": user.is_anonymous})
    seen = ("username", "email", "is_authenticated", "is_active", "is_staff", "is_superuser")
    return JsonResponse({name: getattr(user, name) for name in seen} | {"session": user.session_token})


def leave(request: HttpRequest) -> HttpResponse:
    logout(request)
    return HttpResponse("bye")


urlpatterns = [
    path("", home),
    path("debug", debug),
    path("leave", leave),
    path("older/", include("avow.django.urls", namespace="django_descope")),
    *urls.urlpatterns,
]


@pytest.fixture(autouse=True)
def project(configure: Configure, network: Network) -> None:
    """Have the classes and the token store of such a project; test_settings.py tries its settings."""
    configure(
        ROOT_URLCONF=__name__,
        AVOW_TOKEN_STORE="session",
        MIDDLEWARE=[*MIDDLEWARE[:-1], "avow.django.middleware.DescopeMiddleware"],
        AUTHENTICATION_BACKENDS=["avow.django.authentication.DescopeAuthentication"],
    )
    for name in ("is_staff", "is_superuser"):
        make_role(network.avow, name)


@pytest.fixture
def session() -> Iterator[Any]:
    """Give the session of a test user whom management made, and take the user away again."""
    from avow.django import descope_client as client  # made when it is asked for

    login_id = new_email()
    client.mgmt.user.create_test_user(login_id, role_names=["is_staff", "is_superuser"], verified_email=True)
    code = client.mgmt.user.generate_otp_for_test_user(DeliveryMethod.EMAIL, login_id)["code"]
    yield client.otp.verify_code(DeliveryMethod.EMAIL, login_id, code)
    client.mgmt.user.delete(login_id)


def with_tokens(client: Client, session: Any) -> None:
    """Put tokens into the session of a browser as such a project's tests do."""
    add_tokens_to_request(
        client.session, session[SESSION_TOKEN_NAME]["jwt"], session[REFRESH_SESSION_TOKEN_NAME]["jwt"]
    )


def test_tokens_put_into_the_session_sign_in_and_open_the_admin(session: Any) -> None:
    client = Client()
    client.get("/visits")
    with_tokens(client, session)
    seen = client.get("/debug").json()
    assert seen.pop("session")["sub"] == session["userId"]
    everything = dict.fromkeys(("is_authenticated", "is_active", "is_staff", "is_superuser"), True)
    assert seen == {"username": session["userId"], "email": session["user"]["email"], **everything}
    assert client.get("/admin/").status_code == 200
    assert "Welcome" in client.get("/").content.decode()


def test_posted_tokens_open_a_view_that_django_protects(session: Any) -> None:
    client = Client()
    assert client.get("/T1/django").status_code == 302
    names = {"DS": SESSION_TOKEN_NAME, "DSR": REFRESH_SESSION_TOKEN_NAME}
    form = {field: session[name]["jwt"] for field, name in names.items()}
    answer = client.post(reverse("django_descope:store_jwt"), form)
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert {field: client.session[field] for field in names} == form
    assert client.get("/T1/django").status_code == 200


def test_stranger_sees_the_flow_and_is_no_user_of_ours() -> None:
    client = Client()
    page = client.get("/").content.decode()
    assert "<descope-wc" in page
    assert 'flow-id="sign-up-or-in"' in page
    assert client.get("/debug").json() == {"is_authenticated": False, "is_anonymous": True}


def test_logout_of_django_ends_the_session(session: Any, network: Network) -> None:
    client = Client()
    client.get("/visits")
    with_tokens(client, session)
    assert client.get("/leave").status_code == 200
    assert client.get("/debug").json()["is_anonymous"] is True
    assert "/v1/auth/logout" in network.paths
