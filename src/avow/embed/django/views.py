"""The view: a request of Django's on its way to the server in this process, and its answer as one of Django's."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.csrf import csrf_exempt

from avow.embed.django.inside import embedded
from avow.embed.embedded import LOOPBACK, unready
from avow.embed.mounts import ready
from avow.server.settings import SettingsRefused
from avow.server.site import answer
from avow.server.store import StoreRefused
from avow.server.visit import Request, Response
from avow.server.wsgi import request_of

__all__ = ["answer_async", "answer_blocking"]

V = TypeVar("V", bound=Callable[..., HttpResponse | Awaitable[HttpResponse]])


def _of_its_own(view: V) -> V:
    """Take a view out of Django's own protections, each of which Avow has itself or must not have.

    Its forms and calls have tokens and origins of their own to prove where they come from; a stranger must reach the
    sign-in page; and no transaction of the application's databases may be open around it.
    """
    for alias in connections:
        view = transaction.non_atomic_requests(alias)(view)
    free: V = login_not_required(csrf_exempt(view))
    return free


@_of_its_own
def answer_blocking(request: HttpRequest, rest: str = "", **_: object) -> HttpResponse:
    """Answer a request under WSGI; `rest` is the path below the mount."""
    avow = embedded()
    try:
        site = avow.site
    except (SettingsRefused, StoreRefused) as refused:
        avow.tell(refused)
        return _shown(request, unready())
    return _shown(request, answer(site, _asked(request, rest, site.settings.body_bytes)))


@_of_its_own
async def answer_async(request: HttpRequest, rest: str = "", **_: object) -> HttpResponse:
    """Answer a request under ASGI, on the loop that runs."""
    avow = embedded()
    try:
        app, site = await ready(avow)
    except (SettingsRefused, StoreRefused) as refused:
        avow.tell(refused)
        return _shown(request, unready())
    return _shown(request, await app.answer(_asked(request, rest, site.settings.body_bytes)))


def _asked(request: HttpRequest, rest: str, most_bytes: int) -> Request:
    environ = {
        **request.META,
        "PATH_INFO": f"/{rest}".encode().decode("latin-1"),  # as WSGI has it
        "REMOTE_ADDR": request.META.get("REMOTE_ADDR") or LOOPBACK,  # a Unix socket has none
    }
    return request_of(environ, _body(request, most_bytes))


def _body(request: HttpRequest, most_bytes: int) -> bytes | None:
    """Return the body; None when it is over the limit, the server's or Django's."""
    stated = request.META.get("CONTENT_LENGTH") or ""
    if len(stated) > len(str(most_bytes)) or (stated.isdigit() and int(stated) > most_bytes):
        return None
    try:
        body = request.body
    except RequestDataTooBig:
        return None
    return body if len(body) <= most_bytes else None


def _shown(request: HttpRequest, answered: Response) -> HttpResponse:
    is_head = request.method == "HEAD"
    response = HttpResponse(b"" if is_head else answered.body, status=answered.status)
    for name, value in answered.headers:
        if name == "set-cookie":
            response.cookies.load(value)
        else:
            response.headers[name] = value
    response.headers["content-length"] = str(len(answered.body))
    if "no-store" in response.headers.get("cache-control", ""):
        # The cache of earlier releases of Django 5.2 keeps what says no-store, and leaves alone what says private.
        patch_cache_control(response, private=True)
    return response
