"""Avow inside a Flask application, before its routes: `Embedded(app)`, then `avow.flask.Avow(app)`."""

from collections.abc import Callable, Iterable
from typing import Any

import click
from flask import Flask
from werkzeug.exceptions import HTTPException

from avow import Client
from avow.clock import Clock, system_clock
from avow.embed import embedded
from avow.embed.mounts import WsgiMount
from avow.sdk.integration.reaching import reaching
from avow.sdk.integration.settings import of_config
from avow.server.wsgi import StartResponse

__all__ = ["EXTENSION", "Embedded"]

EXTENSION = "avow_embedded"
_INTEGRATION = "avow"
_AS_TYPED = {"ignore_unknown_options": True, "allow_interspersed_args": False, "help_option_names": []}
_SHARED = ("base_url", "public_url")  # whatever moves the server moves the login page


class Embedded(embedded.Embedded):
    """An Avow that answers below the path of `AVOW_BASE_URL`, with the settings in `AVOW_EMBEDDED`.

    It stands before the application: no hook, error page or session of Flask's sees its requests. What `avow.flask`
    has at the same prefix (the login page, log-out) stays Flask's.
    """

    def __init__(self, app: Flask, *, clock: Clock = system_clock) -> None:
        """Mount it; nothing is opened yet.

        Args:
            app: Its configuration says `AVOW_BASE_URL`, `AVOW_PROJECT_ID` and `AVOW_EMBEDDED`.
            clock: Tells the seconds since the epoch; for tests.

        Raises:
            RuntimeError: `avow.flask.Avow` has been set up before, whose calls would leave the process.
            ValueError: `AVOW_BASE_URL` has no path.
        """
        config = app.config
        if _INTEGRATION in app.extensions:
            raise RuntimeError("Embed Avow first: Embedded(app), then Avow(app).")
        shared = {name: config.get(f"AVOW_{name.upper()}") or None for name in _SHARED}
        super().__init__(clock=clock, **{**shared, **config.get("AVOW_EMBEDDED", {})})
        if not self.prefix:
            raise ValueError(
                "AVOW_BASE_URL must have the path that Avow is mounted under: https://shop.example.com/auth"
            )
        for name in _SHARED:
            if value := self.said.text(name):
                config[f"AVOW_{name.upper()}"] = value
        app.extensions[EXTENSION] = self
        config.setdefault("AVOW_CLIENT", lambda: self._client_of(app))
        app.wsgi_app = _Door(app, self)  # type: ignore[method-assign]  # Flask's own way to put something before it
        app.cli.add_command(_command(self))

    def _client_of(self, app: Flask) -> Client:
        return Client(**reaching(of_config(app.config)), transport=self, clock=self.clock)


class _Door:
    """Leads requests below the prefix to Avow, and all others on."""

    def __init__(self, app: Flask, avow: Embedded) -> None:
        self._app = app
        self._inner: Callable[..., Iterable[bytes]] = app.wsgi_app
        self._mount = WsgiMount(avow)
        self._prefix = avow.prefix

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request (PEP 3333)."""
        path: str = environ.get("PATH_INFO", "")
        is_below = path == self._prefix or path.startswith(f"{self._prefix}/")
        if not is_below or self._is_of_integration(environ):
            return self._inner(environ, start_response)
        moved = {
            **environ,
            "SCRIPT_NAME": environ.get("SCRIPT_NAME", "") + self._prefix,
            "PATH_INFO": path[len(self._prefix) :] or "/",
        }
        return self._mount(moved, start_response)

    def _is_of_integration(self, environ: dict[str, Any]) -> bool:
        """Tell whether `avow.flask` answers it: its login page may have the same prefix."""
        try:
            endpoint, _ = self._app.url_map.bind_to_environ(environ).match()
        except HTTPException:
            return False
        return str(endpoint).startswith(f"{_INTEGRATION}.")


def _command(embedded: Embedded) -> click.Command:
    """Return the command `flask avow`, whose arguments are those of `avow`; nobody says where the data are."""

    @click.command("avow", context_settings=_AS_TYPED, add_help_option=False)
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def avow(arguments: tuple[str, ...]) -> None:
        """Run a command of Avow on this application's data: `avow migrate`, `avow project create NAME`."""
        from avow.cli.within import run

        run(arguments, embedded.said.variables(), program="flask avow")

    return avow
