"""The middleware: tokens that a request has changed leave as cookies, whatever kind of answer it is."""

from inspect import iscoroutinefunction

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from avow.fastapi.installed import STATE, Installed
from avow.fastapi.visits import NOTES, Notes, finish

__all__ = ["CookieMiddleware"]


class CookieMiddleware:
    """Adds cookies to answers; it judges nobody."""

    def __init__(self, app: ASGIApp, installed: Installed) -> None:
        """Keep what comes next."""
        self.app = app
        self.installed = installed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        notes = scope[NOTES] = Notes({})
        scope[STATE] = self.installed  # for mounted applications without one of their own

        async def noticed(message: Message) -> None:
            if message["type"] == "http.response.start":
                finish(self.installed.settings, notes, message)  # type: ignore[arg-type]  # a MutableMapping is a dict
            await send(message)

        try:
            await self.app(scope, receive, noticed)
        except Exception as error:
            if scope["type"] == "http" and notes.kept is not None and not notes.is_answered:
                # A rotated refresh token that is lost ends the session.
                answer = await _failure(Request(scope), error)
                await answer(scope, receive, noticed)
            raise


async def _failure(request: Request, error: Exception) -> Response:
    """Return the application's own answer to an error that nobody caught, as Starlette's outermost layer would.

    Whoever called us logs it, and sees that it was answered.
    """
    own = request.app.exception_handlers
    handler = own.get(500) or own.get(Exception)
    if handler is None:
        return PlainTextResponse("Internal Server Error", 500)
    if iscoroutinefunction(handler):
        answered = await handler(request, error)
    else:
        answered = await run_in_threadpool(handler, request, error)
    made: Response = answered
    return made
