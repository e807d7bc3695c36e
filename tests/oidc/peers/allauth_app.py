"""An application on django-allauth: its provider `openid_connect`, which sends PKCE and no nonce, and its `auth0`."""

import os
from typing import Any
from urllib.parse import urlencode

from tests.oidc.peers.project import configure

ISSUER = f"https://{os.environ['AUTH0_DOMAIN']}"

configure(
    __name__,
    apps=(
        "allauth",
        "allauth.account",
        "allauth.socialaccount",
        "allauth.socialaccount.providers.auth0",
        "allauth.socialaccount.providers.openid_connect",
    ),
    middleware=("allauth.account.middleware.AccountMiddleware",),
    ACCOUNT_ADAPTER=f"{__name__}.Adapter",
    ACCOUNT_EMAIL_VERIFICATION="none",
    AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
    SOCIALACCOUNT_STORE_TOKENS=True,
    SOCIALACCOUNT_PROVIDERS={
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "avow",
                    "name": "Avow",
                    "client_id": os.environ["AUTH0_CLIENT_ID"],
                    "secret": os.environ["AUTH0_CLIENT_SECRET"],
                    "settings": {"server_url": ISSUER},
                }
            ],
        },
        "auth0": {
            "AUTH0_URL": ISSUER,
            "OAUTH_PKCE_ENABLED": True,
            "SCOPE": ["openid", "profile", "email"],
            "APPS": [{"client_id": os.environ["LOOSE_CLIENT_ID"], "secret": os.environ["LOOSE_CLIENT_SECRET"]}],
        },
    },
)

# Django has its settings now.
from allauth.account.adapter import DefaultAccountAdapter  # noqa: E402
from allauth.socialaccount.models import SocialAccount, SocialToken  # noqa: E402 - as above
from django.http import HttpRequest  # noqa: E402 - as above
from django.urls import include, path  # noqa: E402 - as above

from tests.oidc.peers.project import form_for, who  # noqa: E402 - as above


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # of a package without types
    """Sends browsers on to the provider after log-out: the package itself logs out here alone."""

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        said = {
            "client_id": os.environ["AUTH0_CLIENT_ID"],
            "post_logout_redirect_uri": request.build_absolute_uri("/"),
        }
        return f"{ISSUER}/oidc/logout?{urlencode(said)}"


def told(request: HttpRequest) -> dict[str, Any]:
    """Return what the package keeps of whoever is signed in."""
    account = SocialAccount.objects.get(user=request.user)
    token = SocialToken.objects.get(account=account)
    said = account.extra_data.get("userinfo", account.extra_data)
    return {"sub": account.uid, "name": said["name"], "is_verified": said["email_verified"], "token": token.token}


urlpatterns = [
    path("", who(told)),
    path("start", form_for("openid_connect_login", provider_id="avow")),
    path("start-auth0", form_for("auth0_login")),
    path("finish", form_for("account_logout")),
    path("accounts/", include("allauth.urls")),
]
