"""Avow inside a FastAPI or Starlette application: `Embedded(...).mount(app)`."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from avow.embed import embedded
from avow.embed.mounts import AsgiMount

__all__ = ["Embedded"]


class Embedded(embedded.Embedded):
    """An Avow that answers below the path of `AVOW_BASE_URL`."""

    @property
    def shared(self) -> Mapping[str, str]:
        """Return what `avow.fastapi.Avow(app, client=embedded.async_client)` takes over: who and where it is."""
        told = {name: self.said.text(name) for name in ("project_id", "base_url", "public_url", "management_key")}
        return {name: value for name, value in told.items() if value}

    @property
    def asgi(self) -> AsgiMount:
        """Return it as an application, for `app.mount("/auth", embedded.asgi)`; `lifespan` then starts and stops it."""
        return AsgiMount(self)

    def mount(self, app: Starlette) -> None:
        """Mount it, after the routes that the application has so far, and start and stop it with the application.

        Args:
            app: Of FastAPI or Starlette.

        Raises:
            ValueError: `AVOW_BASE_URL` has no path.
        """
        if not self.prefix:
            raise ValueError(
                "AVOW_BASE_URL must have the path that Avow is mounted under: https://shop.example.com/auth"
            )
        # Without it Starlette leads on to the path with a slash, at whatever host a request names.
        app.router.routes.append(Route(self.prefix, _AtItsRoot(self.asgi), include_in_schema=False))
        app.mount(self.prefix, self.asgi, name="avow-embedded")
        router: Any = app.router
        inner = router.lifespan_context

        @asynccontextmanager
        async def until_the_end(running: Starlette) -> AsyncGenerator[Mapping[str, Any] | None, None]:
            async with self.lifespan(running), inner(running) as state:
                yield state

        router.lifespan_context = until_the_end

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncGenerator[None, None]:
        """Run for as long as the application does; `mount` has it called already.

        Raises:
            SettingsRefused: Something is missing, unknown or unsafe; every finding is named.
            StoreRefused: The database is not one that this release can serve with this secret key.
        """
        del app
        await asyncio.to_thread(self.start)
        try:
            yield
        finally:
            await asyncio.to_thread(self.close)


class _AtItsRoot:
    """Answers the bare path of a mount as its root."""

    def __init__(self, mount: ASGIApp) -> None:
        self._mount = mount

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope["path"]
        await self._mount({**scope, "root_path": path, "path": f"{path}/"}, receive, send)
