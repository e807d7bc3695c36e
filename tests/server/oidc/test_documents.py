"""Applications whose client_id is the address of a document: off unless allowed, fetched and kept within bounds."""

import json
import ssl
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from avow.errors import FetchFailed
from avow.server.oidc import documents
from avow.server.outgoing import Document, Outbound
from avow.server.projects import actions as projects
from avow.testing.server import Avow
from tests.factories import new_email
from tests.server.oidc.relying import CHALLENGE, REDIRECT, VERIFIER, Rp, claims, landed, make_app
from tests.server.pages.browsing import Page

ID = "https://app.example.com/oauth/client.json"
GOOD = {
    "client_id": ID,
    "client_name": "Reader",
    "redirect_uris": [REDIRECT],
    "grant_types": ["authorization_code", "refresh_token"],
}
WISH = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
_COUNT = "SELECT COUNT(*) FROM applications WHERE project_id = :project_id"


class Web:
    """What is published: documents by their addresses, and the fetches that were tried."""

    def __init__(self) -> None:
        self.documents: dict[str, Any] = {ID: dict(GOOD)}
        self.fetched: list[str] = []

    def obtain(self, document: Document[Any], has: Any, until: float) -> Future[Any]:
        made: Future[Any] = Future()
        self.fetched.append(document.url)
        said = self.documents.get(document.url)
        try:
            if said is None:
                raise FetchFailed(detail="nothing there")
            made.set_result(document.read(json.dumps(said).encode()))
        except ValueError as wrong:
            made.set_exception(FetchFailed(detail=str(wrong)))
        except FetchFailed as failed:
            made.set_exception(failed)
        return made


@pytest.fixture
def web(project: Avow, monkeypatch: pytest.MonkeyPatch) -> Web:
    """Return what is published; nothing listens at example.com."""
    made = Web()
    monkeypatch.setattr(Outbound, "obtain", lambda self, *args: made.obtain(*args))
    return made


@pytest.fixture
def allowed(project: Avow) -> Avow:
    project.run(lambda tx: projects.change_settings(tx, {"allowsClientDocuments": True}, actor="test"))
    project.advance(3)
    return project


@pytest.fixture
def reader(allowed: Avow) -> Rp:
    return Rp(allowed, ID)


def applications(avow: Avow) -> int:
    [found] = avow.run(lambda tx: tx.all(_COUNT, int))
    return found


def asked(rp: Rp, **changes: Any) -> Page:
    browser = rp.browser()
    return rp.sign_in(browser, rp.ask(browser, **{**WISH, **changes}), new_email())


def test_it_is_off_unless_a_project_allows_it(project: Avow, web: Web) -> None:
    rp = Rp(project, ID)
    page = rp.ask(rp.browser(), **WISH)
    assert (page.status, web.fetched) == (400, [])
    assert rp.call("/.well-known/openid-configuration", verb="GET")["client_id_metadata_document_supported"] is False


def test_person_is_asked_and_the_application_is_kept_only_then(reader: Rp, web: Web) -> None:
    browser, email = reader.browser(), new_email()
    page = reader.sign_in(browser, reader.ask(browser, scope="openid offline_access", **WISH), email)
    assert page.heading == "Allow Reader (app.example.com)?"
    assert applications(reader.avow) == 0
    told = landed(browser.submit(page.form(), "allow"))
    assert applications(reader.avow) == 1
    fetched = len(web.fetched)
    tokens = reader.redeem(told["code"], code_verifier=VERIFIER)
    assert claims(tokens["id_token"])["aud"] == ID
    reader.avow.advance(31)
    assert reader.refresh(tokens["refresh_token"]).status == 200
    assert reader.userinfo(tokens["access_token"]).status == 200
    assert len(web.fetched) == fetched  # the token endpoint fetches nothing
    assert "code" in landed(reader.ask(browser, scope="openid offline_access", prompt="none", **WISH))
    assert reader.call("/.well-known/openid-configuration", verb="GET")["client_id_metadata_document_supported"] is True


@pytest.mark.parametrize(
    "redirect", [f"{REDIRECT}/", f"{REDIRECT}?x=1", "https://evil.example/cb", REDIRECT.replace("https", "http")]
)
def test_addresses_are_those_of_the_document(reader: Rp, web: Web, redirect: str) -> None:
    page = reader.ask(reader.browser(), redirect_uri=redirect, **WISH)
    assert (page.status, page.headers.get("location")) == (400, None)


def test_pkce_is_needed(reader: Rp, web: Web) -> None:
    browser = reader.browser()
    assert landed(reader.sign_in(browser, reader.ask(browser), new_email()))["error"] == "invalid_request"


def test_change_of_the_document_counts_at_the_next_authorization(reader: Rp, web: Web) -> None:
    browser = reader.browser()
    page = reader.sign_in(browser, reader.ask(browser, **WISH), new_email())
    landed(browser.submit(page.form(), "allow"))
    moved = "https://app.example.com/moved"
    web.documents[ID] = {**GOOD, "redirect_uris": [moved]}
    assert reader.ask(browser, **WISH).status == 400
    told = landed(Rp(reader.avow, ID, redirect=moved).ask(browser, **WISH))
    reader.avow.advance(3)
    assert Rp(reader.avow, ID, redirect=moved).redeem(told["code"], code_verifier=VERIFIER).status == 200
    del web.documents[ID]
    assert reader.ask(browser, **WISH).status == 400


@pytest.mark.parametrize(
    "said", [{"client_id": f"{ID}x"}, {"client_secret": "x"}, {"token_endpoint_auth_method": "client_secret_post"}]
)
def test_document_that_cannot_be_is_shown_to_the_person(reader: Rp, web: Web, said: dict[str, Any]) -> None:
    web.documents[ID] = {**GOOD, **said}
    page = reader.ask(reader.browser(), **WISH)
    assert (page.status, page.headers.get("location")) == (400, None)
    assert applications(reader.avow) == 0


@pytest.mark.parametrize(
    "client_id",
    ["http://app.example.com/c.json", "https://app.example.com", "https://u@app.example.com/c", f"{ID}?x=1", f"{ID}#x"],
)
def test_other_addresses_are_not_fetched(allowed: Avow, web: Web, client_id: str) -> None:
    assert Rp(allowed, client_id).ask(Rp(allowed, client_id).browser(), **WISH).status == 400
    assert web.fetched == []


def test_operator_switches_it_off_and_nothing_it_publishes_switches_it_on(reader: Rp, web: Web) -> None:
    browser = reader.browser()
    page = reader.sign_in(browser, reader.ask(browser, scope="openid offline_access", **WISH), new_email())
    tokens = reader.redeem(landed(browser.submit(page.form(), "allow"))["code"], code_verifier=VERIFIER)
    apps = reader.avow.client().mgmt.app
    [found] = [each for each in apps.list()["applications"] if each["id"] == ID]
    assert (found["kind"], found["trusted"]) == ("published", False)
    apps.update(ID, enabled=False)
    reader.avow.advance(3)
    web.documents[ID] = {**GOOD, "client_name": "Again", "enabled": True}
    assert reader.ask(browser, **WISH).status == 400
    assert reader.refresh(tokens["refresh_token"]).error == (400, "invalid_grant")


def test_application_of_the_project_is_never_taken_from_the_web(allowed: Avow, web: Web) -> None:
    own = make_app(allowed)
    landed(own.sign_in(browser := own.browser(), own.ask(browser), new_email()))
    assert web.fetched == []


def test_documents_of_one_address_are_counted(allowed: Avow, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_ASKED", 3)
    statuses = []
    for number in range(5):
        rp = Rp(allowed, f"https://app.example.com/{number}")
        statuses.append(rp.ask(rp.browser(), **WISH).status)
    assert statuses == [400, 400, 400, 429, 429]
    assert len(web.fetched) == 3


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "169.254.169.254", "10.0.0.1", "0x7f000001", "2130706433"])
def test_no_document_is_fetched_from_within(allowed: Avow, host: str, make_listener: Callable[[], Any]) -> None:
    listener = make_listener()
    rp = Rp(allowed, f"https://{host}:{listener.port}/client.json")
    assert rp.ask(rp.browser(), **WISH).status == 400
    assert listener.calls == 0


@pytest.fixture
def make_listener() -> Any:
    import socket

    opened: list[socket.socket] = []

    class Listener:
        def __init__(self) -> None:
            self._socket = socket.create_server(("127.0.0.1", 0))
            self._socket.setblocking(False)
            self.port = self._socket.getsockname()[1]
            opened.append(self._socket)

        @property
        def calls(self) -> int:
            try:
                self._socket.accept()[0].close()
            except (BlockingIOError, ssl.SSLError):
                return 0
            return 1

    yield Listener
    for each in opened:
        each.close()
