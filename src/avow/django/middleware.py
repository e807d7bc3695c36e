"""The middleware: who sends this request, before the view; which tokens to keep, after it."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings as project
from django.core.handlers.exception import response_for_exception
from django.http import HttpRequest, HttpResponseServerError
from django.http.response import HttpResponseBase

from avow.django import clients, settings, stores, visits
from avow.django.arrivals import arrive, arrive_async
from avow.django.shapes import Anything
from avow.sdk.integration.arrivals import Arrival, Held
from avow.sdk.integration.refusals import AWAY
from avow.sdk.integration.session import Tokens

__all__ = ["AvowMiddleware", "DescopeMiddleware"]

logger = logging.getLogger("avow.django")


class AvowMiddleware:
    """Gives each request `avow`, the session or None, and `user`; stands after Django's session and authentication.

    A session token that holds is verified in the process: nothing is sent, read or written. One that does not is
    refreshed, and the row of its user is saved where roles or address changed.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any] | None = None) -> None:
        """Keep what comes next; whether that is asynchronous, this is too."""
        self.get_response: Callable[[HttpRequest], Any] = get_response or _nothing
        # On Python 3.11 only asgiref's own function sees what is marked below.
        self._is_async = iscoroutinefunction(self.get_response)  # pyright: ignore[reportDeprecated]
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Answer a request."""
        if self._is_async:
            return self._answer(request)
        try:
            tokens = stores.read(request)
            visits.begin(request, arrive(tokens, clients.client()) if tokens else None)
            response: HttpResponseBase = self.get_response(request)
        except Exception as error:
            if not _has_to_answer(request):
                raise
            response = _error_page(request, error)
        return _finished(request, response)

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        try:
            tokens = await _read(request)
            arrival = await arrive_async(tokens, clients.async_client()) if tokens else None
            if _needs_database(arrival):
                await sync_to_async(visits.begin)(request, arrival)
            else:
                visits.begin(request, arrival)
            response: HttpResponseBase = await self.get_response(request)
        except Exception as error:
            if not _has_to_answer(request):
                raise
            response = await sync_to_async(_error_page, thread_sensitive=False)(request, error)
        return _finished(request, response)


class DescopeMiddleware(AvowMiddleware):
    """The same under the older plugin's name."""


async def _read(request: HttpRequest) -> Tokens:
    if settings.load().uses_cookies:
        return stores.read(request)
    return await sync_to_async(stores.read)(request)


def _needs_database(arrival: Arrival | None) -> bool:
    """Tell whether Django's session or a row may be looked at: in cookies, a token that holds needs neither."""
    return arrival is not None and not (settings.load().uses_cookies and isinstance(arrival, Held))


def _finished(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    stores.apply(request, response)
    if response.status_code == AWAY.status and visits.is_unknown(request):
        for name, value in AWAY.headers.items():  # which the exceptions of some frameworks cannot say
            response.headers.setdefault(name, value)
    return response


def _has_to_answer(request: HttpRequest) -> bool:
    """Tell whether an error may not pass on: Django would answer it without the tokens, and a session would end."""
    return stores.is_due(request) and not project.DEBUG_PROPAGATE_EXCEPTIONS


def _error_page(request: HttpRequest, error: Exception) -> HttpResponseBase:
    """Return Django's answer to an error; a plain one where the project's page for errors fails too."""
    try:
        response: HttpResponseBase = response_for_exception(request, error)
    except Exception:
        logger.exception("The page for errors cannot be made.")
        response = HttpResponseServerError("Server Error (500)", content_type="text/plain")
    return response


def _nothing(request: HttpRequest) -> Anything:
    return None
