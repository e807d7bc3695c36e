"""A Django application as the guide of Auth0 has it, on Authlib alone: log in, sign up, profile, log out.

Its views are those of the guide but for the templates: what a page would show is JSON. Run as a program, which listens
on the port of `APP_PORT`; domain, client and audience come from the environment, as in the guide.
"""

import os
import sys
from typing import Any
from urllib.parse import quote_plus, urlencode
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="a key of a test, " * 3,
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    SESSION_ENGINE="django.contrib.sessions.backends.file",
    SESSION_FILE_PATH=os.environ["APP_SESSIONS"],
    INSTALLED_APPS=["django.contrib.sessions"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
    AUTH0_DOMAIN=os.environ["AUTH0_DOMAIN"],
    AUTH0_CLIENT_ID=os.environ["AUTH0_CLIENT_ID"],
    AUTH0_CLIENT_SECRET=os.environ["AUTH0_CLIENT_SECRET"],
    AUTH0_AUDIENCE=os.environ["AUTH0_AUDIENCE"],
)
django.setup()

# Django has its settings now.
from authlib.integrations.django_client import OAuth  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402 - as above
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


def index(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"signed_in": "user" in request.session})


def login(request: HttpRequest) -> HttpResponse:
    where = request.build_absolute_uri(reverse("callback"))
    answer: HttpResponse = oauth.auth0.authorize_redirect(request, where, audience=settings.AUTH0_AUDIENCE)
    return answer


def signup(request: HttpRequest) -> HttpResponse:
    where = request.build_absolute_uri(reverse("callback"))
    answer: HttpResponse = oauth.auth0.authorize_redirect(request, where, screen_hint="signup")
    return answer


def callback(request: HttpRequest) -> HttpResponse:
    request.session["user"] = oauth.auth0.authorize_access_token(request)
    return redirect(request.build_absolute_uri(reverse("profile")))


def profile(request: HttpRequest) -> HttpResponse:
    token: dict[str, Any] | None = request.session.get("user")
    if token is None:
        return redirect("/login")
    return JsonResponse({"user": token["userinfo"], "access_token": token["access_token"]})


def logout(request: HttpRequest) -> HttpResponse:
    request.session.clear()
    where = {"returnTo": request.build_absolute_uri(reverse("index")), "client_id": settings.AUTH0_CLIENT_ID}
    return redirect(f"https://{settings.AUTH0_DOMAIN}/v2/logout?{urlencode(where, quote_via=quote_plus)}")


urlpatterns = [
    path("", index, name="index"),
    path("login", login, name="login"),
    path("signup", signup, name="signup"),
    path("callback", callback, name="callback"),
    path("profile", profile, name="profile"),
    path("logout", logout, name="logout"),
]


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    with make_server("127.0.0.1", int(os.environ["APP_PORT"]), get_wsgi_application(), handler_class=_Quiet) as server:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        server.serve_forever()
