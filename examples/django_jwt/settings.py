"""The settings. What `python -m examples.django_jwt` was told stands in the environment."""

import os
import secrets
from pathlib import Path

HERE = Path(__file__).resolve().parent

# --- Tokens -----------------------------------------------------------------------------------------------------

AVOW_JWT_MODE = os.environ["EXAMPLE_MODE"]
AVOW_JWT_STRICT = True
AVOW_JWT_SIGNING_KEY = secrets.token_urlsafe(64)  # tokens of this example end with the process

# --- Django -----------------------------------------------------------------------------------------------------

DEBUG = True  # an example on your own machine
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
SECRET_KEY = secrets.token_urlsafe(64)
ROOT_URLCONF = "examples.django_jwt.urls"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.staticfiles",
    "avow.django.jwt",
]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.csrf.CsrfViewMiddleware"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": Path(os.environ["EXAMPLE_DATA"]) / "django-jwt-example.sqlite3",
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "static/"
STATICFILES_DIRS = [HERE / "static"]
CSRF_COOKIE_SECURE = True
USE_TZ = True
# A refusal is shown on the page.
LOGGING = {"version": 1, "disable_existing_loggers": False, "loggers": {"django": {"level": "ERROR"}}}
