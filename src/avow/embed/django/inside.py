"""The one embedded server of a Django project, made from its settings, and the clients that reach it."""

import threading
from collections.abc import Mapping
from typing import Any

from django.conf import settings as project
from django.core.signals import setting_changed

from avow import AsyncClient, Client
from avow.django import settings
from avow.embed.embedded import Embedded
from avow.embed.mounts import AsyncCalls
from avow.sdk.integration.reaching import reaching

__all__ = ["async_client", "client", "embedded"]

_making = threading.Lock()
_made: list[Embedded] = []


def embedded() -> Embedded:
    """Return the embedded Avow of this process; nothing is opened before its first use."""
    with _making:
        if not _made:
            said = settings.load()
            own: Mapping[str, Any] = getattr(project, "AVOW_EMBEDDED", {})
            shared = {"base_url": said.base_url or None, "public_url": said.public_url or None}
            _made.append(Embedded(**{**shared, **{name.lower(): value for name, value in own.items()}}))
        return _made[0]


def client() -> Client:
    """Return the SDK's client of the plugin, whose calls stay in the process."""
    said, inside = settings.load(), embedded()
    return Client(**reaching(said), transport=inside, clock=inside.clock)


def async_client() -> AsyncClient:
    """Return the SDK's client of asynchronous views and middleware, whose calls stay in the process."""
    said, inside = settings.load(), embedded()
    return AsyncClient(**reaching(said), transport=AsyncCalls(inside), clock=inside.clock)


def _forget(*, setting: str, **_: object) -> None:
    if setting.startswith(("AVOW_", "DESCOPE_")):
        with _making:
            earlier = list(_made)
            _made.clear()
        for each in earlier:
            each.close()


setting_changed.connect(_forget, dispatch_uid="avow.embed.django.inside")
