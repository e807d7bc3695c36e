"""The settings: twelve lines of them are the login. What they say of the provider stands in the environment."""

import os
from pathlib import Path

from django.core.management.utils import get_random_secret_key

HERE = Path(__file__).resolve().parent
DATA = Path(os.environ["EXAMPLE_DATA"])

# --- The provider, and the API -----------------------------------------------------------------------------------

AVOW_OIDC = {
    "issuer": os.environ["OIDC_ISSUER"],
    "client_id": os.environ["OIDC_CLIENT_ID"],
    "client_secret": os.environ["OIDC_CLIENT_SECRET"],
    "audience": os.environ["OIDC_AUDIENCE"],  # access tokens are for this API, and it is asked for the admin message
    "api_url": os.environ["API_SERVER_URL"],
    "session_key": "user",
    "logout": "auth0",  # Avow has its address for log-outs too
}
AUTHENTICATION_BACKENDS = ["avow.django.oidc.authentication.OidcBackend"]
LOGIN_URL = "avow_oidc:login"
LOGIN_REDIRECT_URL = "avow_oidc:profile"
LOGOUT_REDIRECT_URL = "index"

# --- Django ------------------------------------------------------------------------------------------------------

DEBUG = True  # an example on your own machine
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
SECRET_KEY = get_random_secret_key()  # nothing that outlives the process is signed with it
ROOT_URLCONF = "examples.django_oidc.urls"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "avow.django.oidc",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "examples.django_oidc.views.content_security_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
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
            ]
        },
    }
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA / "django-oidc-example.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SESSION_COOKIE_NAME = "django-oidc-example"  # cookies ignore ports, and the provider may be on the same host
CSRF_COOKIE_NAME = "django-oidc-example-csrf"
STATIC_URL = "static/"
STATICFILES_DIRS = [HERE / "static"]
USE_TZ = True
TIME_ZONE = "UTC"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"terminal": {"class": "logging.StreamHandler"}},
    "loggers": {
        "avow.django.oidc": {"handlers": ["terminal"]},  # why a login came to nothing
        "django.request": {"level": "ERROR"},  # a page that is refused is no news for the terminal
    },
}
