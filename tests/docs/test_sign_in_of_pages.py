"""docs/django.md, flask.md, fastapi.md: somebody signs in, in Chromium, to what each page's own blocks make."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from werkzeug.serving import make_server

from avow.testing.server import Avow, Server
from tests.django.plugin.test_page import made
from tests.django.walk import walking
from tests.docs.test_frameworks import built
from tests.factories import new_email
from tests.served import free_port, over_http

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Server, str]]:
    server = Server()
    with over_http(server, keeps=True) as url:
        yield server, url
    server.close()


@pytest.fixture
def avow(served: tuple[Server, str], monkeypatch: pytest.MonkeyPatch) -> Avow:
    """Give a project, and the environment that the pages speak of."""
    server, url = served
    project = server.project()
    monkeypatch.setenv("AVOW_BASE_URL", url)
    monkeypatch.setenv("AVOW_PROJECT_ID", project.project_id)
    return project


@pytest.fixture
def page(browser: "Browser") -> "Iterator[Page]":
    context = browser.new_context(locale="en-GB", ignore_https_errors=True)
    fresh = context.new_page()
    errors: list[str] = []
    fresh.on("pageerror", lambda error: errors.append(str(error)))
    yield fresh
    context.close()
    assert errors == []


@contextlib.contextmanager
def django(folder: Path, base_url: str, avow: Avow) -> Iterator[str]:
    with contextlib.contextmanager(walking)(folder / "project", "mysite", {}) as walk:
        made(walk, base_url, avow)
        yield walk.names["URL"]


@contextlib.contextmanager
def flask(folder: Path, base_url: str, avow: Avow) -> Iterator[str]:
    app = built("flask.md", folder)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    with running(server.serve_forever, server.shutdown):
        yield f"http://localhost:{server.server_port}"
    server.server_close()
    app.extensions["avow"].client.close()


@contextlib.contextmanager
def fastapi(folder: Path, base_url: str, avow: Avow) -> Iterator[str]:
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(built("fastapi.md", folder), port=port, log_config=None))
    with running(server.run, lambda: setattr(server, "should_exit", True)):
        while not server.started:
            threading.Event().wait(0.02)
        yield f"http://localhost:{port}"


@contextlib.contextmanager
def running(serve: Callable[[], object], stop: Callable[[], object]) -> Iterator[None]:
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield
    stop()
    thread.join(20)
    assert not thread.is_alive()


# Of each page: what serves its project, and an address of it that is for people who are signed in.
@pytest.mark.parametrize(
    ("serve", "start", "shown"),
    [(django, "/profile", "/profile"), (flask, "/", "/"), (fastapi, "/auth/login", "/me")],
    ids=["django", "flask", "fastapi"],
)
def test_project_of_the_page_signs_somebody_in(
    serve: Any, start: str, shown: str, page: "Page", served: tuple[Server, str], avow: Avow, tmp_path: Path
) -> None:
    mail = new_email()
    with serve(tmp_path, served[1], avow) as url:
        page.goto(url + start)
        page.get_by_label("E-mail address or phone number").fill(mail)
        page.get_by_role("button", name="Continue", exact=True).click()
        page.get_by_label("Code", exact=True).wait_for()
        page.wait_for_load_state()  # the script that sends the last digit is there
        page.get_by_label("Code", exact=True).press_sequentially(avow.code(mail))
        page.get_by_role("button", name="Not now").click()
        page.wait_for_url(url + shown)
        user_id = avow.client().mgmt.user.load(mail)["user"]["userId"]
        assert user_id in page.content()
        hidden = [each.get("httpOnly") for each in page.context.cookies() if "avow" in str(each.get("name"))]
        assert hidden == [True, True]
