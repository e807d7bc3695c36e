"""Passkeys in Chromium with its virtual authenticator, on a page of the test's own at http://localhost."""

import contextlib
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Error

from avow.testing.server import Avow, Server
from tests.bed.plugin import DATABASES
from tests.factories import new_email
from tests.served import over_http, server_over

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Page

pytestmark = pytest.mark.browser

# What an application's page does; its back end's part (begin, finish) is done by the page as well.
PAGE = """<!doctype html>
<html lang="en"><title>Shop</title>
<form><label>Who <input id="login" autocomplete="username webauthn"></label></form>
<script>
const told = new URLSearchParams(location.search);
async function call(path, body, token) {
  const bearer = "Bearer " + told.get("project") + (token ? ":" + token : "");
  const answer = await fetch(told.get("api") + "/v1/auth/webauthn/" + path, {
    method: "POST",
    headers: { authorization: bearer, "content-type": "application/json" },
    body: JSON.stringify({ origin: location.origin, ...body }),
  });
  return answer.json();
}
async function finish(kind, begun, credential, token) {
  const response = JSON.stringify(credential.toJSON());
  return call(kind + "/finish", { transactionId: begun.transactionId, response }, token);
}
async function create(kind, begun, token) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(begun.options).publicKey);
  return finish(kind, begun, await navigator.credentials.create({ publicKey }), token);
}
async function show(begun, mediation) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(begun.options).publicKey);
  return finish("signin", begun, await navigator.credentials.get({ publicKey, mediation }));
}
const signUp = async (loginId) => create("signup", await call("signup/start", { user: { loginId } }));
const signIn = async (loginId) => show(await call("signin/start", { loginId }), "optional");
const autofill = async () => show(await call("signin/start", { loginId: "" }), "conditional");
const add = async (loginId, token) => create("update", await call("update/start", { loginId }, token), token);
</script></html>
"""


class _PageServer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = PAGE.encode()
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def page_url() -> Iterator[str]:
    """Serve the page."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _PageServer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://localhost:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@dataclass(frozen=True)
class Served:
    """A server and where it answers."""

    server: Server
    url: str


@pytest.fixture(scope="module", params=DATABASES)
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    with server_over(request.param, request.getfixturevalue) as server, over_http(server) as url:
        yield Served(server, url.replace("127.0.0.1", "localhost"))


@dataclass
class Device:
    """A browser with a virtual authenticator on the page of a project."""

    page: "Page"
    cdp: "CDPSession"
    authenticators: list[str] = field(default_factory=list)

    def plug_in(self, transport: str = "internal") -> None:
        """Give the browser an authenticator that verifies its user."""
        options = {
            "protocol": "ctap2",
            "transport": transport,
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        told = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self.authenticators.append(told["authenticatorId"])

    def unplug(self) -> None:
        """Take the authenticator away that was plugged in last."""
        self.cdp.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.authenticators.pop()})

    def verifies(self, yes: bool) -> None:
        """Let the user pass verification, or fail."""
        told = {"authenticatorId": self.authenticators[-1], "isUserVerified": yes}
        self.cdp.send("WebAuthn.setUserVerified", told)

    @property
    def credentials(self) -> list[dict[str, Any]]:
        """Return what the authenticator holds."""
        told = self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.authenticators[-1]})
        found: list[dict[str, Any]] = told["credentials"]
        return found

    def does(self, call: str, *arguments: str) -> Any:
        """Call a function of the page and return what the server answered."""
        return self.page.evaluate(f"({call})(...{json.dumps(arguments)})")


@pytest.fixture
def make_device(browser: "Browser", served: Served, page_url: str) -> Iterator[Callable[[Avow], Device]]:
    """Give a function that opens the page of a project in a fresh profile with an authenticator."""
    with contextlib.ExitStack() as stack:

        def make(avow: Avow) -> Device:
            context = stack.enter_context(contextlib.closing(browser.new_context()))
            page = context.new_page()
            page.goto(f"{page_url}/?api={served.url}&project={avow.project_id}")
            cdp = context.new_cdp_session(page)
            cdp.send("WebAuthn.enable", {})
            device = Device(page, cdp)
            device.plug_in()
            return device

        yield make


@pytest.fixture
def avow(served: Served) -> Avow:
    return served.server.project("Shop")


@pytest.fixture
def device(make_device: Callable[[Avow], Device], avow: Avow) -> Device:
    return make_device(avow)


def test_person_signs_up_and_in_by_passkey(device: Device) -> None:
    login_id = new_email()
    first = device.does("signUp", login_id)
    assert (first["firstSeen"], first["user"]["loginIds"]) == (True, [login_id])
    [held] = device.credentials
    assert (held["rpId"], held["isResidentCredential"]) == ("localhost", True)
    for named in (login_id, ""):
        session = device.does("signIn", named)
        assert (session["firstSeen"], session["user"]["userId"]) == (False, first["user"]["userId"])
    assert device.credentials[0]["signCount"] == 3


def test_browser_offers_the_passkey_in_the_field(device: Device) -> None:
    first = device.does("signUp", new_email())
    assert device.page.evaluate("PublicKeyCredential.isConditionalMediationAvailable()") is True
    session = device.does("autofill")
    assert session["user"]["userId"] == first["user"]["userId"]


def test_device_that_holds_one_makes_no_second_and_another_does(device: Device, avow: Avow) -> None:
    login_id = new_email()
    token = device.does("signUp", login_id)["refreshJwt"]
    with pytest.raises(Error, match="InvalidStateError"):
        device.does("add", login_id, token)
    device.unplug()
    device.plug_in("usb")
    assert device.does("add", login_id, token) == {}
    assert device.does("signIn", login_id)["user"]["loginIds"] == [login_id]
    assert {each["kind"] for each in avow.client().webauthn.passkeys(token)["passkeys"]} == {
        "platform",
        "cross-platform",
    }


def test_person_who_fails_verification_is_let_in_nowhere(device: Device) -> None:
    login_id = new_email()
    device.does("signUp", login_id)
    device.verifies(False)
    with pytest.raises(Error, match="NotAllowedError"):
        device.does("signIn", login_id)
    device.verifies(True)
    assert device.does("signIn", login_id)["user"]["loginIds"] == [login_id]


def test_passkey_of_one_browser_is_not_in_another(make_device: Callable[[Avow], Device], avow: Avow) -> None:
    login_id = new_email()
    make_device(avow).does("signUp", login_id)
    with pytest.raises(Error, match="NotAllowedError"):
        make_device(avow).does("signIn", login_id)
