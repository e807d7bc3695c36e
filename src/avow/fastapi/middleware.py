"""The middleware: tokens that a request has changed leave as cookies, whatever kind of answer it is."""

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
        except Exception:
            if scope["type"] == "http" and notes.kept is not None and not notes.is_answered:
                await _fail(noticed)  # a rotated refresh token that is lost ends the session
            raise


async def _fail(send: Send) -> None:
    """Answer an error that nobody caught; who called us logs it, and sees that it was answered."""
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": b"Internal Server Error"})
