"""A person signs up and in with an authenticator app, on a page of an application: the phone sees only the screen."""

import http.server
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from avow.testing.server import Avow
from tests import phones
from tests.bed.plugin import DATABASES
from tests.factories import new_email
from tests.served import over_http, server_over

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

PAGE = """<!doctype html>
<html lang="en"><title>Shop</title>
<h1>Shop</h1>
<label>Name <input id="login"></label> <button id="start">Use an app</button>
<p><img id="qr" alt="Scan this with your app" hidden></p>
<label>Code <input id="code"></label> <button id="finish">Sign in</button>
<p id="said" role="status"></p>
<script>
  const call = async (path, body) => {
    const answer = await fetch("URL/v1/auth/totp/" + path, {
      method: "POST",
      headers: {authorization: "Bearer PROJECT", "content-type": "application/json"},
      body: JSON.stringify({loginId: document.getElementById("login").value, ...body}),
    });
    return answer.json();
  };
  const say = text => { document.getElementById("said").textContent = text; };
  document.getElementById("start").onclick = async () => {
    const shown = await call("signup", {});
    const image = document.getElementById("qr");
    image.src = "data:image/png;base64," + shown.image;
    image.hidden = false;
    say("Scan it, then type the code.");
  };
  document.getElementById("finish").onclick = async () => {
    const session = await call("verify", {code: document.getElementById("code").value});
    say(session.sessionJwt ? "Hello " + session.user.loginIds[0] : "Refused: " + session.errorCode);
  };
</script>
"""


@pytest.fixture(params=DATABASES)
def shop(request: pytest.FixtureRequest) -> Iterator[tuple[Avow, str]]:
    """Serve the application's page at localhost, beside a server on one database after the other."""
    with server_over(request.param, request.getfixturevalue) as server, over_http(server) as url:
        avow = server.project("Shop")
        page = PAGE.replace("URL", url.replace("127.0.0.1", "localhost")).replace("PROJECT", avow.project_id)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _showing(page)) as listener:
            thread = threading.Thread(target=listener.serve_forever, daemon=True)
            thread.start()
            yield avow, f"http://localhost:{listener.server_address[1]}"
            listener.shutdown()
            thread.join()


def _showing(page: str) -> Callable[..., http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = page.encode() if self.path == "/" else b""
            self.send_response(200 if body else 404)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler


def test_person_scans_the_screen_and_signs_in(browser: "Browser", shop: tuple[Avow, str]) -> None:
    avow, url = shop
    login_id = new_email("browser")
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.goto(url)
    page.get_by_label("Name").fill(login_id)
    page.get_by_role("button", name="Use an app").click()
    expect(page.get_by_role("status")).to_have_text("Scan it, then type the code.")
    phone = phones.scanning_png(page.screenshot())
    assert (phone.app.issuer, phone.app.name) == ("Shop", login_id)

    page.get_by_label("Code").fill(phone.code(avow.server.clock()))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("status")).to_have_text(f"Hello {login_id}")
    page.get_by_role("button", name="Sign in").click()  # the same code again
    expect(page.get_by_role("status")).to_have_text("Refused: E061102")
    page.get_by_label("Code").fill(phone.code(avow.server.clock(), 1))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("status")).to_have_text(f"Hello {login_id}")
    context.close()
