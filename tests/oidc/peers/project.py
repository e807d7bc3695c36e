"""A Django project in one file, for applications that sign in by other people's packages. Knows Django alone.

`python -m tests.oidc.peers.project NAME` serves the application `NAME_app.py` beside it. Each of them configures the
project and lists its routes; `/` says who is signed in, `/start` and `/finish` have a form that logs in and out.
"""

import importlib
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

__all__ = ["configure", "form_for", "who"]

_APPS = ("django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages")
_MIDDLEWARE = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
)


def configure(routes: str, apps: tuple[str, ...] = (), middleware: tuple[str, ...] = (), **own: Any) -> None:
    """Configure Django, before anything of a package is imported.

    Args:
        routes: Name of the module with the routes.
        apps: Installed besides Django's own.
        middleware: As well.
        own: The application's settings.
    """
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        INSTALLED_APPS=[*_APPS, *apps],
        LOGGING_CONFIG=None,
        LOGIN_REDIRECT_URL="/",
        LOGOUT_REDIRECT_URL="/",
        MIDDLEWARE=[*_MIDDLEWARE, *middleware],
        MIGRATION_MODULES=_NoMigrations(),
        ROOT_URLCONF=routes,
        SECRET_KEY="a key of a test, " * 3,
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
            }
        ],
        USE_TZ=True,
        **own,
    )
    django.setup()


class _NoMigrations(dict[str, None]):
    """Have every table made as its model is: that takes a tenth of the time."""

    def __contains__(self, name: object) -> bool:
        return True

    def __getitem__(self, name: str) -> None:
        return None


def form_for(route: str, **values: str) -> Callable[[HttpRequest], HttpResponse]:
    """Return a page with a form that is posted to a route."""

    def page(request: HttpRequest) -> HttpResponse:
        from django.middleware.csrf import get_token
        from django.urls import reverse

        token, where = get_token(request), reverse(route, kwargs=values)
        field = f'<input type="hidden" name="csrfmiddlewaretoken" value="{token}">'
        return HttpResponse(f'<form method="post" action="{where}">{field}<button>Go</button></form>')

    return page


def who(told: Callable[[HttpRequest], Mapping[str, Any]]) -> Callable[[HttpRequest], HttpResponse]:
    """Return a page that says who is signed in, and whatever the package keeps of them."""

    def page(request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        if not user.is_authenticated:
            return JsonResponse({"signed_in": False})
        return JsonResponse({"signed_in": True, "id": user.pk, "email": user.email, **told(request)})

    return page


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _serve(name: str) -> None:
    importlib.import_module(f"tests.oidc.peers.{name}_app")

    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application

    call_command("migrate", run_syncdb=True, verbosity=0)
    port = int(os.environ["APP_PORT"])
    with make_server("127.0.0.1", port, get_wsgi_application(), handler_class=_Quiet) as server:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    _serve(sys.argv[1])
