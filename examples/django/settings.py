"""The settings. What `python -m examples.django` knows of the Avow beside it stands in the environment."""

import os
from pathlib import Path

from django.core.management.utils import get_random_secret_key

HERE = Path(__file__).resolve().parent
DATA = Path(os.environ["EXAMPLE_DATA"])

# --- Avow -------------------------------------------------------------------------------------------------------

AVOW_BASE_URL = os.environ["AVOW_BASE_URL"]
AVOW_PROJECT_ID = os.environ["AVOW_PROJECT_ID"]
AVOW_ADMIN_LOGIN = True
# What Avow permits counts in Django's admin: who has `users.read` may look at users there.
AVOW_PERMISSIONS = {"users.read": "auth.view_user"}
AUTHENTICATION_BACKENDS = ["avow.django.authentication.AvowBackend"]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "profile"
LOGOUT_REDIRECT_URL = "home"

# --- Django -----------------------------------------------------------------------------------------------------

DEBUG = True  # an example on your own machine
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
SECRET_KEY = get_random_secret_key()  # nothing that outlives the process is signed with it
ROOT_URLCONF = "examples.django.urls"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "avow.django",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "examples.django.policy.content_security_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "avow.django.middleware.AvowMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "examples.django.surroundings.surroundings",
            ]
        },
    }
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA / "django-example.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "static/"
STATICFILES_DIRS = [HERE / "static"]
USE_TZ = True
TIME_ZONE = "UTC"
# A page that is refused is no news for the terminal.
LOGGING = {"version": 1, "disable_existing_loggers": False, "loggers": {"django.request": {"level": "ERROR"}}}
