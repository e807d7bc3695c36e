"""The SDK's clients of this process, made from the settings when they are first wanted."""

from collections.abc import Callable
from functools import cache
from typing import Final

from django.conf import settings as project
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from avow import AsyncClient, Client
from avow.django import settings
from avow.sdk.integration.reaching import reaching

__all__ = ["async_client", "client"]

# Where this is installed the server is in this process, and calls stay in it.
_EMBEDDED: Final = "avow.embed.django"


@cache
def client() -> Client:
    """Return the client that views, middleware and commands share.

    Raises:
        AuthException: There is no project id or no address.
    """
    said = settings.load()
    made = _made_by(said.client, "client")
    if isinstance(made, Client):
        return made
    return Client(**reaching(said))


@cache
def async_client() -> AsyncClient:
    """Return the client of asynchronous views and middleware.

    Raises:
        AuthException: There is no project id or no address.
    """
    said = settings.load()
    made = _made_by(said.async_client, "async_client")
    if isinstance(made, AsyncClient):
        return made
    return AsyncClient(**reaching(said))


def _made_by(maker: Callable[[], object] | str | None, name: str) -> object:
    if maker is None:
        if not any(app.startswith(_EMBEDDED) for app in project.INSTALLED_APPS):
            return None
        maker = f"{_EMBEDDED}.inside.{name}"
    make = import_string(maker) if isinstance(maker, str) else maker
    return make()


def _forget(*, setting: str, **_: object) -> None:
    if setting.startswith(("AVOW_", "DESCOPE_")):
        client.cache_clear()
        async_client.cache_clear()


setting_changed.connect(_forget, dispatch_uid="avow.django.clients")
