"""Requests and answers in Chromium: forms that send themselves under our policy, and cookies that other sites' keep."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest

from tests.oidc.serving import Peer
from tests.saml.sp import SP_KEY, asking
from tests.samlidp.serving import Application, application, server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

ENTITY = "https://pages.example.com/saml"
FORM = """<!doctype html><title>Pages</title><form method="post" action="{url}">
<input type="hidden" name="SAMLRequest" value="{request}"><input type="hidden" name="RelayState" value="home">
</form><script>document.forms[0].submit()</script>"""


class Pages(BaseHTTPRequestHandler):
    """A service provider on another site than ours, with a page on a third one behind it."""

    app: Application
    posted: dict[str, list[str]]
    asked = 0

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        text = "<!doctype html><title>Welcome</title>Welcome"
        if self.path == "/ask":
            type(self).asked += 1
            url, id = self.app.idp["idpSsoUrl"], f"_ask{type(self).asked}"
            asked = asking(int(time.time()), id=id, issuer=ENTITY, destination=url).signed()
            text = FORM.format(url=url, request=asked.posted)
        self.wfile.write(text.encode())

    def do_POST(self) -> None:
        type(self).posted = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(302)
        # Browsers hold whoever answers a form to the policy of the page that it stands on.
        self.send_header("Location", f"http://localhost:{self.server.server_port}/welcome")  # type: ignore[attr-defined]  # of servers on sockets
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    with server(tmp_path_factory.mktemp("tls")) as started:
        yield started


@pytest.fixture(scope="module")
def pages(peer: Peer) -> Iterator[str]:
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listening.server_port}"
    Pages.app = application(
        peer, "Pages", entity_id=ENTITY, acs_url=f"{url}/acs", certificate=SP_KEY.certificate, default_relay_state="x"
    )
    yield url
    listening.shutdown()
    listening.server_close()
    thread.join()


@pytest.fixture
def page(peer: Peer, pages: str, browser: "Browser") -> Iterator["Page"]:
    context = browser.new_context(locale="en-GB", ignore_https_errors=True)
    made = context.new_page()
    refused: list[str] = []
    made.on("console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None)
    yield made
    context.close()
    assert refused == []


def test_forms_go_there_and_back_between_sites(peer: Peer, pages: str, page: "Page") -> None:
    page.goto(f"{pages}/ask")
    page.wait_for_url(f"https://{peer.domain}/login/**")
    page.get_by_label("E-mail address").fill(Pages.app.email)
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_label("Code", exact=True).wait_for()
    page.get_by_label("Code", exact=True).fill(peer.avow.code(Pages.app.email))
    page.get_by_role("button", name="Not now").click()  # a passkey
    page.wait_for_url("http://localhost:*/welcome")
    assert Pages.posted["RelayState"] == ["home"]
    first = Pages.posted.pop("SAMLResponse")
    # With the session, which the form of the other site does not bring along, nobody is asked again.
    page.goto(f"{pages}/ask")
    page.wait_for_url("http://localhost:*/welcome")
    assert Pages.posted.pop("SAMLResponse") != first
    page.goto(Pages.app.idp["idpInitiatedUrl"])
    page.wait_for_url("http://localhost:*/welcome")
    assert Pages.posted["RelayState"] == ["x"]
