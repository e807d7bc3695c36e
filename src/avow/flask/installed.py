"""What the extension keeps in an application: its settings and its client."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from flask import current_app

from avow import Client
from avow.sdk.integration.settings import Settings

__all__ = ["EXTENSION", "Browser", "Installed", "installed"]

EXTENSION: Final = "avow"


@dataclass(slots=True)
class Installed:
    """The extension in one application.

    Attributes:
        settings: What its configuration said when it was set up.
        make_client: Makes the SDK's client.
    """

    settings: Settings
    make_client: Callable[[], Client]
    _client: Client | None = None

    @property
    def client(self) -> Client:
        """Return the SDK's client, which all threads share, made when it is first wanted.

        Raises:
            AuthException: There is no project id or no address.
        """
        if self._client is None:
            self._client = self.make_client()
        return self._client


@dataclass(frozen=True, slots=True)
class Browser:
    """What pages may know, as `avow` in templates.

    Attributes:
        project_id: The project.
        base_url: Where browsers reach the server.
        login_flow: The flow of the login page.
        component_src: Script of the login component.
        sdk_src: Script of the browser's SDK.
    """

    project_id: str
    base_url: str
    login_flow: str
    component_src: str
    sdk_src: str

    @classmethod
    def of(cls, said: Settings) -> "Browser":
        """Return what is public of the settings."""
        return cls(said.project_id, said.browser_url, said.login_flow, said.component_src, said.sdk_src)


def installed() -> Installed:
    """Return the extension of the application that is at work.

    Raises:
        RuntimeError: It has none.
    """
    found: Installed | None = current_app.extensions.get(EXTENSION)
    if found is None:
        raise RuntimeError("Avow is not set up here: call Avow(app), or avow.init_app(app).")
    return found
