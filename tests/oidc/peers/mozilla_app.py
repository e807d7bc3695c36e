"""An application on mozilla-django-oidc: code flow with PKCE, its silent renewal, and log-out at the provider."""

import os
from urllib.parse import urlencode

from tests.oidc.peers.project import configure

ISSUER = f"https://{os.environ['AUTH0_DOMAIN']}"

configure(
    __name__,
    apps=("mozilla_django_oidc",),
    middleware=("mozilla_django_oidc.middleware.SessionRefresh",),
    AUTHENTICATION_BACKENDS=["mozilla_django_oidc.auth.OIDCAuthenticationBackend"],
    LOGIN_REDIRECT_URL_FAILURE="/",
    OIDC_EXEMPT_URLS=["/expire"],
    OIDC_OP_AUTHORIZATION_ENDPOINT=f"{ISSUER}/authorize",
    OIDC_OP_JWKS_ENDPOINT=f"{ISSUER}/.well-known/jwks.json",
    OIDC_OP_LOGOUT_URL_METHOD=f"{__name__}.log_out_there",
    OIDC_OP_TOKEN_ENDPOINT=f"{ISSUER}/oauth/token",
    OIDC_OP_USER_ENDPOINT=f"{ISSUER}/userinfo",
    OIDC_RP_CLIENT_ID=os.environ["AUTH0_CLIENT_ID"],
    OIDC_RP_CLIENT_SECRET=os.environ["AUTH0_CLIENT_SECRET"],
    OIDC_RP_SIGN_ALGO="RS256",
    OIDC_STORE_ACCESS_TOKEN=True,
    OIDC_STORE_ID_TOKEN=True,
    OIDC_USE_PKCE=True,
)

# Django has its settings now.
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.shortcuts import redirect  # noqa: E402 - as above
from django.urls import include, path  # noqa: E402 - as above

from tests.oidc.peers.project import form_for, who  # noqa: E402 - as above


def log_out_there(request: HttpRequest) -> str:
    """Return where a browser is sent to be logged out, as the package asks for it."""
    said = {
        "id_token_hint": request.session["oidc_id_token"],
        "post_logout_redirect_uri": request.build_absolute_uri("/"),
    }
    return f"{ISSUER}/oidc/logout?{urlencode(said)}"


def begin(request: HttpRequest) -> HttpResponse:
    """Go where a link of the package would lead."""
    return redirect("oidc_authentication_init")


def expire(request: HttpRequest) -> HttpResponse:
    """Forget how long the session counts without the provider."""
    request.session["oidc_id_token_expiration"] = 0
    return HttpResponse()


urlpatterns = [
    path("", who(lambda request: {"token": request.session["oidc_access_token"]})),
    path("start", form_for("begin")),
    path("begin", begin, name="begin"),
    path("finish", form_for("oidc_logout")),
    path("expire", expire),
    path("oidc/", include("mozilla_django_oidc.urls")),
]
