"""What people are asked, told and spared on behalf of applications: in words, and never for a stranger's benefit."""

from avow.server.applications import actions
from avow.testing.server import Avow
from avow.wire.applications import CreateApplication
from tests.factories import new_email
from tests.server.oidc.relying import CHALLENGE, Rp, landed

LOOPBACK = "http://127.0.0.1:55555/cb"


def native(avow: Avow, **more: bool) -> Rp:
    """Make a native application that says nothing, or this, of trust."""
    settings = {"redirectUris": ["http://127.0.0.1/cb", "https://app.example.com/cb"]}
    body = CreateApplication(name="Desk", preset="native", settings=settings, **more)
    id, secret = avow.run(lambda tx: actions.create(tx, body, is_open=False, actor="test"))
    avow.advance(1)
    return Rp(avow, id, secret, redirect=LOOPBACK)


def test_native_application_asks_each_time_where_another_program_could_be_the_one(project: Avow) -> None:
    rp = native(project)
    browser, email = rp.browser(), new_email()
    pkce = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    page = rp.sign_in(browser, rp.ask(browser, **pkce), email)
    assert page.heading == "Allow Desk?"
    assert browser.submit(page.form(), "allow").headers["location"].startswith(f"{LOOPBACK}?code=")
    silent = rp.ask(browser, prompt="none", **pkce)
    assert silent.headers["location"].startswith(f"{LOOPBACK}?error=consent_required")
    assert rp.ask(browser, **pkce).heading == "Allow Desk?"
    known = rp.ask(browser, prompt="none", redirect_uri="https://app.example.com/cb", **pkce)
    assert "code" in landed(known)  # no other program gets what goes there
    trusted = native(project, trusted=True)
    assert "?code=" in trusted.ask(browser, prompt="none", **pkce).headers["location"]
