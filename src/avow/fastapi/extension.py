"""The extension: `Avow(app)`."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Unpack

from fastapi import FastAPI
from starlette.routing import Mount

from avow import AsyncClient
from avow.fastapi.installed import STATE, Installed
from avow.fastapi.middleware import CookieMiddleware
from avow.fastapi.router import new_router
from avow.sdk.integration.reaching import reaching
from avow.sdk.integration.settings import Arguments, Settings, settings

__all__ = ["Avow"]


class Avow:
    """Sets Avow up in a FastAPI application, from arguments and the environment.

    Attributes:
        settings: What it was told.
        client: The SDK's client, for calls of your own.
    """

    def __init__(self, app: FastAPI | None = None, **said: Unpack[Arguments]) -> None:
        """Set up `app`, or nothing yet: `init_app` then does. Nothing is sent.

        Args:
            app: The application.
            said: Settings by their names in lower case, without `AVOW_`: `project_id`, `base_url`, ...

        Raises:
            InvalidSettings: They cannot be used; the text says what to set.
            AuthException: There is no project id or no address.
        """
        self.settings: Settings = settings({**_told_by(said.get("client")), **said})
        self.client: AsyncClient = _client(self.settings)
        if app is not None:
            self.init_app(app)

    def init_app(self, app: FastAPI) -> None:
        """Set up an application: its router, its cookies, and the end of the client when the application ends.

        Raises:
            RuntimeError: Something is mounted that would answer in the place of the login page.
        """
        page = f"{self.settings.url_prefix}/login"
        if self.settings.url_prefix and any(page.startswith(f"{place.path}/") for place in _mounts(app)):
            raise RuntimeError("Set Avow up before what is mounted at its prefix: Avow(app), then embedded.mount(app).")
        setattr(app.state, STATE, Installed(self.settings, self.client))
        app.add_middleware(CookieMiddleware, installed=Installed(self.settings, self.client))
        if self.settings.url_prefix:
            app.include_router(new_router(), prefix=self.settings.url_prefix)
        router: Any = app.router
        inner = router.lifespan_context

        @asynccontextmanager
        async def until_the_end(running: FastAPI) -> AsyncGenerator[Mapping[str, Any] | None, None]:
            async with self.lifespan(running), inner(running) as state:
                yield state

        router.lifespan_context = until_the_end

    @asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncGenerator[None, None]:
        """Close the client's connections when the application ends; `init_app` has it called already."""
        del app
        try:
            yield
        finally:
            await self.client.close()


def _told_by(maker: object) -> Mapping[str, str]:
    """Return what an embedded Avow, whose method makes the client, says of itself: it moves the login page as well."""
    told: Mapping[str, str] = getattr(getattr(maker, "__self__", None), "shared", {})
    return told


def _mounts(app: FastAPI) -> list[Mount]:
    return [route for route in app.routes if isinstance(route, Mount)]


def _client(said: Settings) -> AsyncClient:
    if said.client is not None:
        made: AsyncClient = said.client()
        return made
    return AsyncClient(**reaching(said))
