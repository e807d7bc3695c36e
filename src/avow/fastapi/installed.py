"""What the extension keeps in an application: its settings and its client."""

from dataclasses import dataclass
from typing import Final

from starlette.applications import Starlette
from starlette.requests import HTTPConnection

from avow import AsyncClient
from avow.sdk.integration.settings import Settings

__all__ = ["STATE", "Installed", "client_of", "installed"]

STATE: Final = "avow"


@dataclass(frozen=True, slots=True)
class Installed:
    """The extension in one application.

    Attributes:
        settings: What it was told when it was set up.
        client: Shared by all tasks; closed when the application ends.
    """

    settings: Settings
    client: AsyncClient


def installed(connection: HTTPConnection) -> Installed:
    """Return the extension of the application that answers; the outer one's, where a mounted one has none.

    Raises:
        RuntimeError: There is none.
    """
    app: Starlette = connection.app
    found: Installed | None = getattr(app.state, STATE, None) or connection.scope.get(STATE)
    if found is None:
        raise RuntimeError("Avow is not set up here: call Avow(app), or avow.init_app(app).")
    return found


def client_of(connection: HTTPConnection) -> AsyncClient:
    """Return the SDK's client, for calls of your own: `client: Annotated[AsyncClient, Depends(client_of)]`.

    Raises:
        RuntimeError: The application has not been set up.
    """
    return installed(connection).client
