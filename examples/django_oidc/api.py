"""`python -m examples.django_oidc.api`: the API server, a process of its own that knows the provider and nobody else.

One message is for everybody, one for whoever has an access token for this API, one for those whose token has the
permission `read:admin-messages`. The login of the application, its session and its users are nothing to it.
"""

import argparse

import uvicorn
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import path

from avow.django.resource import ResourceServer

__all__ = ["PERMISSION", "urls_of"]

PERMISSION = "read:admin-messages"


def urls_of(api: ResourceServer) -> list[object]:
    """Return the routes of an API that takes the tokens of one provider."""

    def public(request: HttpRequest) -> HttpResponseBase:
        return JsonResponse({"text": "This is a public message."})

    @api.token_required
    def protected(request: HttpRequest) -> HttpResponseBase:
        return JsonResponse({"text": "This is a protected message."})

    @api.token_required(permissions=[PERMISSION])
    def admin(request: HttpRequest) -> HttpResponseBase:
        return JsonResponse({"text": "This is an admin message."})

    views = {"public": public, "protected": protected, "admin": admin}
    return [path(f"api/messages/{name}", view) for name, view in views.items()]


def main() -> None:
    """Serve until somebody ends it."""
    parser = argparse.ArgumentParser(prog="python -m examples.django_oidc.api", description=__doc__)
    parser.add_argument("--port", type=int, default=6060)
    parser.add_argument("--issuer", required=True, help="the provider, as it calls itself")
    parser.add_argument("--audience", required=True, help="what the provider calls this API")
    chosen = parser.parse_args()
    urls = urls_of(ResourceServer(chosen.issuer, audience=chosen.audience))
    settings.configure(
        ALLOWED_HOSTS=["localhost", "127.0.0.1"],
        ROOT_URLCONF=type("Urls", (), {"urlpatterns": urls}),
        LOGGING={"version": 1, "disable_existing_loggers": False, "loggers": {"django.request": {"level": "ERROR"}}},
    )
    uvicorn.run(get_asgi_application(), host="127.0.0.1", port=chosen.port, log_level="warning")


if __name__ == "__main__":
    main()
