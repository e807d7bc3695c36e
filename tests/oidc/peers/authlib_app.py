"""The application of a well-known guide to login in Django, on Authlib alone: log in, sign up, profile, admin, log out.

Its views are those of the guide but for the templates: what a page would show is JSON. Domain, client, audience and the
address of the API come from the environment, as in the guide.
"""

import os
from typing import Any
from urllib.parse import quote_plus, urlencode

from tests.oidc.peers.project import configure

configure(
    __name__,
    AUTHENTICATION_BACKENDS=[f"{__name__}.Backend"],
    LOGIN_URL="/login",
    AUTH0_DOMAIN=os.environ["AUTH0_DOMAIN"],
    AUTH0_CLIENT_ID=os.environ["AUTH0_CLIENT_ID"],
    AUTH0_CLIENT_SECRET=os.environ["AUTH0_CLIENT_SECRET"],
    AUTH0_AUDIENCE=os.environ["AUTH0_AUDIENCE"],
    API_SERVER_URL=os.environ["API_SERVER_URL"],
)

# Django has its settings now.
import requests  # noqa: E402
from authlib.integrations.django_client import OAuth  # noqa: E402 - as above
from django.conf import settings  # noqa: E402 - as above
from django.contrib import auth  # noqa: E402 - as above
from django.contrib.auth.backends import BaseBackend  # noqa: E402 - as above
from django.contrib.auth.decorators import login_required  # noqa: E402 - as above
from django.contrib.auth.models import User  # noqa: E402 - as above
from django.http import HttpRequest, HttpResponse, JsonResponse  # noqa: E402 - as above
from django.shortcuts import redirect  # noqa: E402 - as above
from django.urls import path, reverse  # noqa: E402 - as above

oauth = OAuth()
oauth.register(
    "auth0",
    client_id=settings.AUTH0_CLIENT_ID,
    client_secret=settings.AUTH0_CLIENT_SECRET,
    client_kwargs={"scope": "openid profile email"},
    server_metadata_url=f"https://{settings.AUTH0_DOMAIN}/.well-known/openid-configuration",
)


class Backend(BaseBackend):
    """Keeps what the provider said in the session, and an account by its subject."""

    def authenticate(self, request: HttpRequest | None, token: Any = None, **_: Any) -> User | None:
        if request is None or token is None:
            return None
        request.session["user"] = token
        return User.objects.get_or_create(username=token["userinfo"]["sub"].replace("|", "_"))[0]

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id).first()


def index(request: HttpRequest) -> HttpResponse:
    is_in = bool(request.session.get("user"))
    tabs = ["Profile", "Public", *(["Protected", "Admin"] if is_in else [])]
    return JsonResponse({"tabs": tabs, "buttons": ["Log Out"] if is_in else ["Sign Up", "Log In"]})


def login(request: HttpRequest) -> HttpResponse:
    where = request.build_absolute_uri(reverse("callback"))
    answer: HttpResponse = oauth.auth0.authorize_redirect(request, where, audience=settings.AUTH0_AUDIENCE)
    return answer


def signup(request: HttpRequest) -> HttpResponse:
    where = request.build_absolute_uri(reverse("callback"))
    answer: HttpResponse = oauth.auth0.authorize_redirect(request, where, screen_hint="signup")
    return answer


def callback(request: HttpRequest) -> HttpResponse:
    token = oauth.auth0.authorize_access_token(request)
    user = auth.authenticate(request, token=token)
    if user is None:
        return HttpResponse(status=400)
    auth.login(request, user)
    return redirect(request.build_absolute_uri(reverse("profile")))


def logout(request: HttpRequest) -> HttpResponse:
    request.session.clear()
    where = {"returnTo": request.build_absolute_uri(reverse("index")), "client_id": settings.AUTH0_CLIENT_ID}
    return redirect(f"https://{settings.AUTH0_DOMAIN}/v2/logout?{urlencode(where, quote_via=quote_plus)}")


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    user = request.session["user"]["userinfo"]
    names = ("nickname", "name", "picture", "updated_at", "email", "email_verified", "sub")
    return JsonResponse({name: user.get(name) for name in names})


@login_required
def protected(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"text": "This is a protected message."})


@login_required
def admin(request: HttpRequest) -> HttpResponse:
    token = request.session["user"]["access_token"]
    answer = requests.get(
        f"{settings.API_SERVER_URL}/api/messages/admin", headers={"authorization": f"Bearer {token}"}, timeout=10
    )
    return JsonResponse(answer.json())


urlpatterns = [
    path("", index, name="index"),
    path("login", login, name="login"),
    path("signup", signup, name="signup"),
    path("callback", callback, name="callback"),
    path("profile", profile, name="profile"),
    path("protected", protected, name="protected"),
    path("admin", admin, name="admin"),
    path("logout", logout, name="logout"),
]
