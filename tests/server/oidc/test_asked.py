"""What people are asked, told and spared on behalf of applications: in words, and never for a stranger's benefit."""

from typing import Any

from avow.server.applications import actions, apis
from avow.testing.server import Avow, Server
from avow.wire.applications import ApiPermission, CreateApi, CreateApplication
from tests.bed.databases import new_sqlite_url, remove_sqlite
from tests.factories import new_email
from tests.server.oidc.relying import API, CHALLENGE, REDIRECT, Rp, landed, make_app, prepare

LOOPBACK = "http://127.0.0.1:55555/cb"


def native(avow: Avow, **more: Any) -> Rp:
    """Make a native application that says nothing, or this, of trust."""
    settings: dict[str, object] = {"redirectUris": ["http://127.0.0.1/cb", "https://app.example.com/cb"]}
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


# --- Words ---

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def described(avow: Avow) -> str:
    """Make an API with a name whose scopes have descriptions, but for one."""
    said = (ApiPermission(name="read:m", description="Read <your> messages"), ApiPermission(name="send:m"))
    body = CreateApi(identifier=API, name="Messages", permissions=said)
    avow.run(lambda tx: apis.create(tx, body, actor="test"))
    avow.advance(1)
    return API


def test_people_read_descriptions_and_names_of_apis_when_they_are_asked_and_afterwards(project: Avow) -> None:
    api, rp = described(project), make_app(project, trusted=False)
    browser = rp.browser()
    page = rp.sign_in(browser, rp.ask(browser, scope="openid email read:m send:m", audience=api), new_email())
    assert "Messages Read <your> messages send:m" in page.text
    assert "read:m" not in page.text
    browser.submit(page.form(), "allow")
    account = browser.get(f"/account/{project.project_id}")
    assert "Your e-mail address" in account.text
    assert "Messages (Read <your> messages, send:m)" in account.text
    assert not {"openid", "read:m"} & set(account.text.replace(",", " ").split())
    arabic = browser.get(f"/account/{project.project_id}", accept_language="ar")
    assert "عنوان بريدك الإلكتروني" in arabic.text
    project.run(lambda tx: apis.delete(tx, api, actor="test"))
    assert "Messages" not in browser.get(f"/account/{project.project_id}").text


def test_device_page_says_what_the_device_would_do(project: Avow) -> None:
    api = described(project)
    rp = make_app(project, preset="native", redirectUris=[], grantTypes=[DEVICE_GRANT])
    asked = {"client_id": rp.id, "scope": "openid email read:m", "audience": api}
    code = rp.call("/oauth/device/code", asked)["user_code"]
    browser = rp.browser()
    page = rp.sign_in(browser, browser.get(f"{rp.prefix}/device?user_code={code}"), new_email())
    text = browser.submit(page.form(), "look").text
    assert "Your e-mail address" in text
    assert "Messages Read <your> messages" in text
    assert "read:m" not in text


# --- What cannot be answered ---

WRONG = "http://localhost:8000/callback"


def test_person_is_told_what_is_wrong_with_the_application(rp: Rp) -> None:
    browser = rp.browser()
    page = rp.ask(browser, redirect_uri=WRONG)
    assert (page.status, page.heading) == (400, "The application cannot sign you in")
    assert "an address that is not registered for it" in page.text
    assert "does not know the application" in rp.ask(browser, client_id="nobody").text
    over = browser.get(f"{rp.prefix}/authorize/continue?request=A2cBqb2LVf5vVZ8l5v5v5v5v5v5")
    assert "Begin anew in the application." in over.text
    asked = rp.url(redirect_uri=WRONG)
    assert "Die Anwendung kann Sie nicht anmelden" in browser.get(asked, accept_language="de").text


def test_developer_is_told_the_address_and_the_command(rp: Rp) -> None:
    page = rp.ask(rp.browser(), redirect_uri=WRONG)  # the server of tests is one for development
    assert f"redirect_uri is not registered. {WRONG}" in page.text
    assert f"avow app update {rp.id} --redirect {REDIRECT} --redirect {WRONG}" in page.text
    assert "avow app list" in rp.ask(rp.browser(), client_id="nobody").text


def test_in_production_nothing_that_a_stranger_wrote_is_shown() -> None:
    url = new_sqlite_url()
    server = Server(url, settings={"public_url": "https://auth.example.com", "is_development": False})
    try:
        avow = server.project()
        prepare(avow)
        rp = make_app(avow)
        page = rp.ask(rp.browser(), redirect_uri=WRONG)
        assert page.heading == "The application cannot sign you in"
        assert not [each for each in (WRONG, "avow app", rp.id) if each in page.html]
    finally:
        server.close()
        remove_sqlite(url)
