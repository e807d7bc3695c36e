"""The pages for everybody, and the policy of all pages."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

__all__ = ["content_security_policy", "index", "public"]

# Nothing is loaded from elsewhere but the picture of a profile, which is wherever the provider says.
_POLICY = (
    "default-src 'self'; img-src 'self' https: data:; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; "
    "form-action 'self'"
)


def index(request: HttpRequest) -> HttpResponse:
    """Show what there is."""
    return render(request, "index.html")


def public(request: HttpRequest) -> HttpResponse:
    """Show the message that everybody may read."""
    return render(request, "public.html")


def content_security_policy(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Return the middleware."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response["Content-Security-Policy"] = _POLICY
        return response

    return answer
