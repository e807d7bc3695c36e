"""The view: a request of Django's on its way to the server in this process, and its answer as one of Django's."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.core.handlers.wsgi import WSGIRequest
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.csrf import csrf_exempt

from avow.embed.django.inside import embedded
from avow.embed.embedded import LOOPBACK, unready
from avow.embed.mounts import ready
from avow.errors import MalformedRequest
from avow.server.settings import SettingsRefused
from avow.server.site import answer
from avow.server.store import StoreRefused
from avow.server.visit import Response
from avow.server.wsgi import body_of, malformed, request_of

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
    environ = _environ(request, rest)
    try:
        asked = request_of(environ, _body(request, site.settings.body_bytes))
    except MalformedRequest as error:
        return _shown(request, malformed(site, environ, error))
    return _shown(request, answer(site, asked))


@_of_its_own
async def answer_async(request: HttpRequest, rest: str = "", **_: object) -> HttpResponse:
    """Answer a request under ASGI, on the loop that runs."""
    avow = embedded()
    try:
        app, site = await ready(avow)
    except (SettingsRefused, StoreRefused) as refused:
        avow.tell(refused)
        return _shown(request, unready())
    environ = _environ(request, rest)
    try:
        asked = request_of(environ, _body(request, site.settings.body_bytes))
    except MalformedRequest as error:
        return _shown(request, malformed(site, environ, error))
    return _shown(request, await app.answer(asked))


def _environ(request: HttpRequest, rest: str) -> dict[str, Any]:
    return {
        **request.META,
        "PATH_INFO": f"/{rest}".encode().decode("latin-1"),  # as WSGI has it
        "REMOTE_ADDR": request.META.get("REMOTE_ADDR") or LOOPBACK,  # a Unix socket has none
    }


def _body(request: HttpRequest, most_bytes: int) -> bytes | None:
    """Return the body; None when it is over the limit, the server's or Django's.

    Raises:
        MalformedRequest: Its length is no number, or it comes in chunks whose end the server does not tell.
    """
    stated = request.META.get("CONTENT_LENGTH") or ""
    if isinstance(request, WSGIRequest) and not stated and "HTTP_TRANSFER_ENCODING" in request.META:
        return body_of(request.environ, most_bytes)  # Django reads nothing that has no length
    if stated and not (stated.isascii() and stated.isdigit()):
        raise MalformedRequest(error_message="Content-Length is not a number.")
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
    if answered.says_length:
        response.headers["content-length"] = str(len(answered.body))
    if "no-store" in response.headers.get("cache-control", ""):
        # The cache of earlier releases of Django 5.2 keeps what says no-store, and leaves alone what says private.
        patch_cache_control(response, private=True)
    return response
