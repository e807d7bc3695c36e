"""Avow for Django: the plugin is this package, an app `avow.django`; the JWT layer is one of its own below it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from avow import Client

    descope_client: Client

__all__ = ["descope_client"]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Return the client under the older plugin's name; made when it is first wanted, and not at import."""
        if name != "descope_client":
            raise AttributeError(name)
        from avow.django import clients  # the JWT layer and Django's own start need nothing of it

        return clients.client()
