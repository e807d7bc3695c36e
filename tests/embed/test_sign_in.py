"""People sign in below `/auth` of an application, through pages, links and components; nothing leaves the process."""

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.embed.shops import HttpBrowser, Shop
from tests.factories import new_email
from tests.server.pages.browsing import Page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ADDRESSES = re.compile(r'(?:href|src|action|data-api)="([^"]*)"')


def ask(shop: Shop, browser: HttpBrowser, mail: str, how: str = "code") -> Page:
    page = browser.get(f"/auth/login/{shop.project_id}")
    return browser.submit(page.form(), how, email=mail)


def past_offers(browser: HttpBrowser, page: Page) -> Page:
    """Go on past the offer of a passkey, where there is one."""
    return page if page.heading == "Your account" else browser.get(f"/auth/account/{page.url.split('/')[3]}")


def test_hosted_pages_sign_in_by_code(shop: Shop) -> None:
    browser, mail = HttpBrowser(shop.url), new_email("hosted")
    page = ask(shop, browser, mail)
    assert page.url == f"/auth/login/{shop.project_id}/code"
    page = past_offers(browser, browser.submit(page.form(), "verify", code=shop.code(mail)))
    assert page.heading == "Your account"
    assert mail in page.text
    assert {each for each in ADDRESSES.findall(page.html) if not each.startswith("/auth")} == set()
    for address in re.findall(r'(?:href|src)="([^"]*assets[^"]*)"', page.html):
        assert browser.get(address).status == 200
    leaving = next(form for form in page.forms if ("do", "end") in form.buttons)
    signed_out = browser.submit(leaving, "end")
    assert signed_out.url.startswith(f"/auth/login/{shop.project_id}")
    assert shop.connections == []


def test_link_in_a_mail_leads_below_the_mount(shop: Shop) -> None:
    browser, mail = HttpBrowser(shop.url), new_email("link")
    ask(shop, browser, mail, "link")
    link = re.findall(r"https?://\S+", shop.mail(mail))[0]
    assert link.startswith(f"{shop.base_url}/login/{shop.project_id}/return?")
    page = browser.get(link.removeprefix(shop.url))
    page = past_offers(browser, browser.submit(page.form()))
    assert page.heading == "Your account"


def test_cookies_of_pages_are_of_the_whole_host_and_not_for_scripts(shop: Shop) -> None:
    browser, mail = HttpBrowser(shop.url), new_email("cookies")
    page = ask(shop, browser, mail)
    browser.submit(page.form(), "verify", code=shop.code(mail))
    names = {cookie.partition("=")[0] for cookie in browser.set_cookies}
    assert {"avow-browser", f"avow-flow-{shop.project_id}", f"avow-refresh-{shop.project_id}"} <= names
    for cookie in browser.set_cookies:
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"path=/", "httponly", "samesite=lax"} <= attributes, cookie


def test_application_knows_who_signed_in_without_leaving_the_process(shop: Shop) -> None:
    mail = new_email("known")
    session = shop.sign_in(mail)
    user_id = session["user"]["userId"]
    assert user_id in hello(shop, f"__Host-avow-session-token={session['sessionJwt']}")
    assert shop.connections == []


def test_application_refreshes_a_session_in_the_process(shop: Shop) -> None:
    session = shop.sign_in(new_email("refreshed"))
    assert session["user"]["userId"] in hello(shop, f"__Host-avow-refresh-token={session['refreshJwt']}")
    assert shop.connections == []


def test_stranger_is_led_to_the_login_page_of_the_application(shop: Shop) -> None:
    answered = shop.get("/", accept="text/html")
    if shop.kind == "fastapi":
        assert answered.status == 401  # an API leads nobody away
    else:
        assert dict(answered.headers)["location"].startswith(shop.login_path)
    page = shop.get(shop.login_path, accept="text/html")
    assert f"{shop.base_url}/sdk/avow-login.js" in page.body.decode()
    script = shop.get("/auth/sdk/avow-login.js")
    assert script.status == 200
    assert dict(script.headers)["content-type"].startswith("text/javascript")


def hello(shop: Shop, cookie: str) -> str:
    answered = shop.get("/", cookie=cookie)
    assert answered.status == 200, (answered, shop.log)
    return answered.body.decode()


@pytest.mark.browser
def test_component_signs_in_below_the_mount(shop: Shop, browser: "Browser") -> None:
    mail = new_email("component")
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda sent: None if sent.url.startswith(f"{shop.url}/") else complaints.append(sent.url))
    page.goto(f"{shop.url}{shop.login_path}?next=/")
    component = page.locator("descope-wc, avow-login")
    component.locator('input[name$="email"]').first.fill(mail)
    component.locator('[data-type="button"][id="code"]').click()
    component.locator('input[name="code"], input[name="user-code"]').first.press_sequentially(shop.code(mail))
    component.locator('[data-type="button"][id="later"]').click()
    expect(page.get_by_text(re.compile(r"Hello U|\"user\":"))).to_be_visible(timeout=15_000)
    names = {cookie["name"] for cookie in context.cookies()}
    assert {"__Host-avow-session-token", "__Host-avow-refresh-token"} <= names
    context.close()
    assert complaints == []
    assert shop.connections == []
