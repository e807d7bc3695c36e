"""How an application mounts Avow: what is refused at once, and whose addresses below the prefix are whose."""

from typing import Any

import pytest
from fastapi import FastAPI
from flask import Flask

from avow.embed.fastapi import Embedded as FastApiEmbedded
from avow.embed.flask import EXTENSION
from avow.embed.flask import Embedded as FlaskEmbedded
from avow.flask import Avow

SAID = {"DATABASE_URL": "sqlite:////nowhere/avow.sqlite3", "SECRET_KEY": "x" * 32}


def flask_app(base_url: str = "http://localhost:8000/auth", **config: Any) -> Flask:
    app = Flask("shop")
    app.config.update(AVOW_BASE_URL=base_url, AVOW_PROJECT_ID="P1x", AVOW_EMBEDDED=SAID, **config)
    return app


def test_flask_extension_that_was_first_would_leave_the_process() -> None:
    app = flask_app()
    Avow(app)
    with pytest.raises(RuntimeError, match="Embed Avow first"):
        FlaskEmbedded(app)


def test_mount_needs_a_path() -> None:
    with pytest.raises(ValueError, match="AVOW_BASE_URL must have the path"):
        FlaskEmbedded(flask_app("http://localhost:8000"))
    with pytest.raises(ValueError, match="AVOW_BASE_URL must have the path"):
        FastApiEmbedded(base_url="http://localhost:8000/").mount(FastAPI())


def test_client_that_the_application_makes_itself_is_kept() -> None:
    app = flask_app(AVOW_CLIENT=lambda: "its own")
    FlaskEmbedded(app)
    assert app.config["AVOW_CLIENT"]() == "its own"


def test_setting_up_opens_nothing() -> None:
    app = flask_app()
    embedded = FlaskEmbedded(app)
    Avow(app)
    assert app.extensions[EXTENSION] is embedded
    assert not embedded.is_started


def test_addresses_of_the_integration_and_of_the_application_stay_theirs() -> None:
    app = flask_app()
    FlaskEmbedded(app)
    Avow(app)
    app.add_url_rule("/auth/own", "own", view_func=lambda: "never reached")
    app.add_url_rule("/authors", "authors", view_func=lambda: "the application's")
    browser = app.test_client()
    assert browser.get("/auth/login").status_code == 200
    assert browser.post("/auth/logout", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert browser.get("/authors").text == "the application's"
    # Everything else below the prefix is Avow's, which here has no database.
    for path in ("/auth", "/auth/", "/auth/own", "/auth/v2/keys/P1x", "/auth/login/P1x"):
        assert browser.get(path).status_code == 503, path


def test_wrong_settings_are_told_in_the_log_and_answered_as_away(caplog: pytest.LogCaptureFixture) -> None:
    app = flask_app()
    app.config["AVOW_EMBEDDED"] = {**SAID, "SECRET_KEY": "short", "SMPT_HOST": "x"}
    FlaskEmbedded(app)
    answered = app.test_client().get("/auth/")
    assert (answered.status_code, answered.headers["Retry-After"]) == (503, "1")
    assert "did you mean smtp_host?" in caplog.text
