"""The extension: `Avow(app)`."""

from functools import partial

from flask import Flask

from avow import Client
from avow.flask import visits
from avow.flask.blueprint import new_blueprint
from avow.flask.installed import EXTENSION, Browser, Installed, installed
from avow.sdk.integration.reaching import reaching
from avow.sdk.integration.settings import Settings, of_config

__all__ = ["Avow"]


class Avow:
    """Sets Avow up in a Flask application, from its configuration (`AVOW_...`) and the environment."""

    def __init__(self, app: Flask | None = None) -> None:
        """Set up `app`, or nothing yet: `init_app` then does."""
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Set up an application; nothing is sent yet.

        Raises:
            InvalidSettings: The configuration cannot be used; the text says what to set.
            AuthException: There is no project id or no address; a client that the application makes itself, or that of
                an Avow inside it, is made and refused with its first use, so that commands which make a project run.
        """
        said = of_config(app.config)
        at_hand = app.extensions[EXTENSION] = Installed(said, said.client or partial(_client, said))
        if said.client is None:
            at_hand.client  # noqa: B018 - made now, so that an application that cannot work does not start
        app.after_request(visits.finish)
        browser = Browser.of(said)
        app.context_processor(lambda: {"avow": browser, "current_session": visits.current_session})
        if said.url_prefix:
            app.register_blueprint(new_blueprint(), url_prefix=said.url_prefix)

    @property
    def client(self) -> Client:
        """Return the SDK's client of the application at work, for calls of your own.

        Raises:
            RuntimeError: No application is at work, or it has not been set up.
        """
        return installed().client


def _client(said: Settings) -> Client:
    return Client(**reaching(said))
