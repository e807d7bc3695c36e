"""How an application mounts Avow: what is refused at once, and whose addresses below the prefix are whose."""

from typing import Any

import pytest
from fastapi import FastAPI
from flask import Flask
from starlette.testclient import TestClient

from avow.embed.fastapi import Embedded as FastApiEmbedded
from avow.embed.flask import EXTENSION
from avow.embed.flask import Embedded as FlaskEmbedded
from avow.fastapi import Avow as FastApiAvow
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


BEHIND = "https://www.example.com/shop/auth"


@pytest.mark.parametrize("how", ["environment", "AVOW_EMBEDDED", "configuration"])
def test_public_address_moves_the_server_and_the_login_page(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {**SAID, "PUBLIC_URL": BEHIND} if how == "AVOW_EMBEDDED" else SAID
    app = flask_app(**({"AVOW_PUBLIC_URL": BEHIND} if how == "configuration" else {}))
    app.config["AVOW_EMBEDDED"] = said
    if how == "environment":
        monkeypatch.setenv("AVOW_PUBLIC_URL", BEHIND)
    embedded = FlaskEmbedded(app)
    Avow(app)
    page = app.test_client().get("/auth/login").text
    assert embedded.settings.public_url == BEHIND
    assert f'base-url="{BEHIND}"' in page
    assert f'src="{BEHIND}/sdk/avow-login.js"' in page


@pytest.mark.parametrize("how", ["environment", "arguments"])
def test_public_address_moves_the_login_page_of_fastapi(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said: dict[str, Any] = {"base_url": "http://localhost:8000/auth", "project_id": "P1x"}
    if how == "environment":
        monkeypatch.setenv("AVOW_PUBLIC_URL", BEHIND)
    else:
        said["public_url"] = BEHIND
    said |= {name.lower(): value for name, value in SAID.items()}
    app, embedded = FastAPI(), FastApiEmbedded(**said)
    FastApiAvow(app, client=embedded.async_client)
    page = TestClient(app).get("/auth/login").text
    assert embedded.settings.public_url == BEHIND
    assert f'project-id="P1x" flow-id="sign-up-or-in" base-url="{BEHIND}"' in page


def test_mount_that_would_hide_the_login_page_is_refused() -> None:
    app, embedded = FastAPI(), FastApiEmbedded(base_url="http://localhost:8000/auth", project_id="P1x")
    embedded.mount(app)
    with pytest.raises(RuntimeError, match="before what is mounted"):
        FastApiAvow(app, client=embedded.async_client)
    FastApiAvow(app, client=embedded.async_client, url_prefix="/sign-in")


@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_bare_prefix_leads_to_no_other_host(verb: str) -> None:
    app, embedded = FastAPI(), FastApiEmbedded(base_url="http://localhost:8000/auth", project_id="P1x")
    embedded.mount(app)
    browser = TestClient(app, follow_redirects=False)
    answered = browser.request(verb, "/auth", headers={"Host": "evil.example"})
    assert answered.status_code == 503  # Avow's own answer, which here has no database
    assert "location" not in answered.headers


def test_wrong_settings_are_told_in_the_log_and_answered_as_away(caplog: pytest.LogCaptureFixture) -> None:
    app = flask_app()
    app.config["AVOW_EMBEDDED"] = {**SAID, "SECRET_KEY": "short", "SMPT_HOST": "x"}
    FlaskEmbedded(app)
    answered = app.test_client().get("/auth/")
    assert (answered.status_code, answered.headers["Retry-After"]) == (503, "1")
    assert "did you mean smtp_host?" in caplog.text
