"""The application: three pages, and an endpoint for their scripts."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, render_template
from flask.typing import ResponseReturnValue

from avow.flask import Avow, token_required

__all__ = ["create_app"]


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Return the application.

    Args:
        config: `AVOW_PROJECT_ID`, `AVOW_BASE_URL` and `AVOW_SCRIPTS` ("own" or "official"); what is left out comes
            from the environment.
    """
    app = Flask(__name__)
    # The browser keeps the tokens of this example and sends them along: it needs no login page and no cookies of ours.
    app.config.update({"AVOW_URL_PREFIX": "", **(config or {})})
    Avow(app)
    for path, name in (("/", "index"), ("/login", "login"), ("/profile", "profile")):
        app.add_url_rule(path, name, lambda page=f"{name}.html": render_template(page))
    app.add_url_rule("/get_secret_message", "get_secret_message", get_secret_message)
    return app


@token_required
def get_secret_message(jwt_response: dict[str, Any]) -> ResponseReturnValue:
    """Answer whoever is signed in; everybody else gets 401 from the decorator."""
    return {"secret_msg": f"Only you see this, {jwt_response['userId']}."}
