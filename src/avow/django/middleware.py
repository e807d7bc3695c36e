"""The middleware: who sends this request, before the view; which tokens to keep, after it."""

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from avow.django import clients, settings, stores, visits
from avow.django.arrivals import arrive, arrive_async
from avow.django.shapes import Anything
from avow.sdk.integration.arrivals import Arrival, Held
from avow.sdk.integration.session import Tokens

__all__ = ["AvowMiddleware", "DescopeMiddleware"]


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
        tokens = stores.read(request)
        visits.begin(request, arrive(tokens, clients.client()) if tokens else None)
        response: HttpResponseBase = self.get_response(request)
        stores.apply(request, response)
        return response

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        tokens = await _read(request)
        arrival = await arrive_async(tokens, clients.async_client()) if tokens else None
        if _needs_database(arrival):
            await sync_to_async(visits.begin)(request, arrival)
        else:
            visits.begin(request, arrival)
        response: HttpResponseBase = await self.get_response(request)
        stores.apply(request, response)
        return response


class DescopeMiddleware(AvowMiddleware):
    """The same under the older plugin's name."""


async def _read(request: HttpRequest) -> Tokens:
    if settings.load().uses_cookies:
        return stores.read(request)
    return await sync_to_async(stores.read)(request)


def _needs_database(arrival: Arrival | None) -> bool:
    """Tell whether Django's session or a row may be looked at: in cookies, a token that holds needs neither."""
    return arrival is not None and not (settings.load().uses_cookies and isinstance(arrival, Held))


def _nothing(request: HttpRequest) -> Anything:
    return None
