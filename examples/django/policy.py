"""The Content Security Policy of every page: all that is loaded comes from here or from Avow."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

__all__ = ["content_security_policy"]

Answer = Callable[[HttpRequest], HttpResponseBase]


def content_security_policy(get_response: Answer) -> Answer:
    """Return the middleware."""
    avow = settings.AVOW_BASE_URL
    policy = (
        f"default-src 'self'; script-src 'self' {avow}; style-src 'self' {avow}; connect-src 'self' {avow}; "
        f"img-src 'self' data: {avow}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    )

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response["Content-Security-Policy"] = policy
        return response

    return answer
