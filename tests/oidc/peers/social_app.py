"""An application on social-auth: its backend `oidc` with nonce, PKCE and a refresh token that it uses; its `auth0`."""

import os
from typing import Any

from tests.oidc.peers.project import configure

ISSUER = f"https://{os.environ['AUTH0_DOMAIN']}"

configure(
    __name__,
    apps=("social_django",),
    middleware=("social_django.middleware.SocialAuthExceptionMiddleware",),
    AUTHENTICATION_BACKENDS=[
        "social_core.backends.open_id_connect.OpenIdConnectAuth",
        "social_core.backends.auth0.Auth0OAuth2",
    ],
    SOCIAL_AUTH_AUTH0_DOMAIN=os.environ["AUTH0_DOMAIN"],
    SOCIAL_AUTH_AUTH0_KEY=os.environ["LOOSE_CLIENT_ID"],
    SOCIAL_AUTH_AUTH0_SECRET=os.environ["LOOSE_CLIENT_SECRET"],
    SOCIAL_AUTH_LOGIN_ERROR_URL="/",
    SOCIAL_AUTH_OIDC_KEY=os.environ["AUTH0_CLIENT_ID"],
    SOCIAL_AUTH_OIDC_OIDC_ENDPOINT=ISSUER,
    SOCIAL_AUTH_OIDC_SCOPE=["offline_access"],
    SOCIAL_AUTH_OIDC_SECRET=os.environ["AUTH0_CLIENT_SECRET"],
    SOCIAL_AUTH_OIDC_USE_PKCE=True,
)

# Django has its settings now.
from django.contrib.auth import logout  # noqa: E402
from django.http import HttpRequest, HttpResponse, JsonResponse  # noqa: E402 - as above
from django.shortcuts import redirect  # noqa: E402 - as above
from django.urls import include, path  # noqa: E402 - as above
from social_django.utils import load_strategy  # noqa: E402 - as above

from tests.oidc.peers.project import form_for, who  # noqa: E402 - as above


def told(request: HttpRequest) -> dict[str, Any]:
    """Return what the package keeps of whoever is signed in."""
    kept: Any = request.user
    account = kept.social_auth.get()
    return {"sub": account.uid, "name": kept.get_full_name(), "token": account.access_token}


def renew(request: HttpRequest) -> HttpResponse:
    """Have the package use the refresh token; say both access tokens."""
    kept: Any = request.user
    account = kept.social_auth.get()
    before = account.extra_data["access_token"]
    account.refresh_token(load_strategy())
    return JsonResponse({"before": before, "after": account.extra_data["access_token"]})


def end(request: HttpRequest) -> HttpResponse:
    """Log out here and there: the package has nothing for it."""
    kept: Any = request.user
    hint = kept.social_auth.get().extra_data["id_token"]
    logout(request)
    return redirect(
        f"{ISSUER}/oidc/logout?id_token_hint={hint}&post_logout_redirect_uri={request.build_absolute_uri('/')}"
    )


urlpatterns = [
    path("", who(told)),
    path("start", form_for("social:begin", backend="oidc")),
    path("start-auth0", form_for("social:begin", backend="auth0")),
    path("finish", form_for("end")),
    path("end", end, name="end"),
    path("renew", renew),
    path("social/", include("social_django.urls", namespace="social")),
]
