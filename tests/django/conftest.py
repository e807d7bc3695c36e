"""Django for the tests of its integrations: configured once in a process, changed in a test by `override_settings`."""

from contextvars import copy_context

import django
import pytest
from _pytest import runner
from django.conf import settings

APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin",
    "avow.django",
    "avow.django.jwt",
    "avow.django.oidc",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

if not settings.configured:
    settings.configure(
        SECRET_KEY="a key of the tests, which is as long as the longest key has to be.....",
        INSTALLED_APPS=APPS,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        TEMPLATES=TEMPLATES,
        STATIC_URL="static/",
        ALLOWED_HOSTS=["testserver"],
        USE_TZ=True,
    )
    django.setup()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Run each test in a context of its own.

    Every change of settings leaves variables of Django behind, and every step between tasks and threads copies them
    all: after a thousand tests, one of hundreds of requests took minutes.
    """
    return copy_context().run(runner.pytest_runtest_protocol, item, nextitem)
