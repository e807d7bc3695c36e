"""The pages as people see them: contrast, axe, what is pressed, narrow screens; pictures in .artifacts/pages/."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.bed import npm
from tests.bed.programs import FINDERS, missing_sentence
from tests.browser.conftest import ROOT, Dev
from tests.browser.test_hosted_passkeys import plugged_in
from tests.browser.test_screens import AXE, RULES

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize

pytestmark = pytest.mark.browser
PICTURES = ROOT / ".artifacts" / "pages"
PHONE: "ViewportSize" = {"width": 390, "height": 780}
NARROWEST: "ViewportSize" = {"width": 320, "height": 640}  # WCAG 2.2, 1.4.10
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1200, "height": 800}},
    "dark": {"viewport": {"width": 1200, "height": 800}, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "device_scale_factor": 2, "has_touch": True, "locale": "de-DE"},
    "arabic": {"viewport": PHONE, "locale": "ar", "color_scheme": "dark"},
}

# Text whose contrast with what lies behind it is under 4.5 (3 when large): WCAG 2.2, 1.4.3. Disabled controls are free.
CONTRAST = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.data.trim();
    if (!text || element.closest("script, .unseen, :disabled") || !element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(parse(style.color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize);
    const needed = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
    if (ratio < needed) poor.push(`${text}: ${ratio.toFixed(2)}`);
  }
  return poor;
}"""

# What is pressed is at least 44 pixels high; links within sentences are free (WCAG 2.2, 2.5.8 asks for 24).
SMALL = """() => [...document.querySelectorAll("button, .button, input:not([type=hidden], [readonly])")]
  .filter((e) => e.getClientRects().length && e.getBoundingClientRect().height < 44)
  .map((e) => e.outerHTML.slice(0, 80))"""


def pages(
    page: "Page", dev: Dev, mail: str, open_page: Callable[..., "Page"], **look: Any
) -> Iterator[tuple[str, "Page"]]:
    """Yield the pages of a sign-in, one after the other."""
    page.goto(dev.url)
    yield "1-home", page
    page.goto(f"{dev.url}/login")
    yield "2-sign-in", page
    page.locator("[name=email]").fill("not an address")
    page.locator("button[value=code]").click()
    yield "3-sign-in-error", page
    page.locator("[name=email]").fill(mail)
    page.locator("button[value=code]").click()
    page.locator("[name=code]").fill("12")
    yield "4-code", page
    page.keyboard.press("Enter")
    page.locator("[role=alert]").wait_for()
    yield "5-code-error", page
    page.locator("[name=code]").fill(dev.message(mail)["code"])
    page.wait_for_url("**/passkey-offer")
    yield "6-passkey-offer", page
    cdp, authenticator = plugged_in(page)
    page.locator("[value=create]").click()
    page.wait_for_url("**/account/**")
    yield "6-account", page
    yield from _account(page)
    # Plugged in, it would answer the next sign-in at once.
    cdp.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": authenticator})
    page.goto(f"{dev.url}/account")
    page.locator("button[value=end]").click()
    page.locator(".avow-notice").wait_for()
    yield "6-signed-out", page
    yield from _links(page, dev, mail, open_page, **look)


def _account(page: "Page") -> Iterator[tuple[str, "Page"]]:
    account = page.url
    page.locator("details.item summary").click()
    yield "6-account-passkey", page
    _begin(page, "update-user")
    page.get_by_role("alert").wait_for()
    yield "6-account-unproven", page
    with page.expect_event("framenavigated", lambda frame: "/account/" in frame.url):
        _begin(page, "step-up")
    for flow in ("update-user", "change-password", "add-app"):
        page.goto(account)
        _begin(page, flow)
        page.locator(".avow-screen").wait_for()
        yield f"6-account-{flow}", page
    page.goto(account)
    page.locator("button[value=make-codes]").click()
    page.locator(".avow-codes").wait_for()
    yield "6-account-codes", page


def _begin(page: "Page", flow: str) -> None:
    page.locator(f"form:has(input[name=flow][value={flow}]) button").click()


def _links(
    page: "Page", dev: Dev, mail: str, open_page: Callable[..., "Page"], **look: Any
) -> Iterator[tuple[str, "Page"]]:
    other = open_page(**look)
    page.goto(f"{dev.url}/login")
    page.locator("[name=email]").fill(f"link-{mail}")
    page.locator("button[value=link]").click()
    yield "7-waiting-for-link", page
    other.goto(dev.message(f"link-{mail}")["link"])
    yield "8-link-elsewhere", other
    page.goto(f"{dev.url}/login")
    page.locator("[name=email]").fill(f"number-{mail}")
    page.locator("button[value=number]").click()
    number = page.locator(".avow-number bdi").inner_text()
    yield "9-waiting-for-number", page
    links = dev.message(f"number-{mail}")["links"]
    other.goto(next(link["url"] for link in links if link["id"] != number))
    yield "10-number", other
    other.locator("button").click()
    other.wait_for_load_state()
    yield "11-wrong-number", other
    other.goto(links[0]["url"])
    yield "12-gone", other
    other.goto(dev.inbox_url)
    yield "13-inbox", other
    other.goto(f"{dev.url}/nothing")
    yield "14-error", other
    dev.post("/v1/auth/password/signup", {"loginId": f"reset-{mail}", "password": "correct horse battery"})
    dev.post("/v1/auth/password/reset", {"loginId": f"reset-{mail}"})
    other.goto(dev.message(f"reset-{mail}")["link"])
    yield "15-reset-password", other
    other.locator("#password").fill("short")
    other.locator("form button").click()
    other.locator("[role=alert]").wait_for()
    yield "16-reset-password-error", other
    other.locator("#password").fill("staple of another kind")
    other.locator("form button").click()
    other.wait_for_url("**/account/**")


@pytest.fixture(scope="module")
def rules() -> str:
    """Give the script that knows what keeps people out."""
    if FINDERS["oidc-provider"]() is None:
        pytest.skip(missing_sentence("oidc-provider"))
    return (npm.FOLDER / "node_modules" / "axe-core" / "axe.min.js").read_text()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", LOOKS)
def test_pages_can_be_read_and_pressed_by_everybody(
    name: str, open_page: Callable[..., "Page"], dev: Dev, mail: str, rules: str
) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    look = LOOKS[name]
    problems = []
    for title, page in pages(open_page(**look), dev, mail, open_page, **look):
        page.screenshot(path=PICTURES / f"{name}-{title}.png", full_page=True)
        problems += [f"{title}: contrast of {each}" for each in page.evaluate(CONTRAST)]
        problems += [f"{title}: too small {each}" for each in page.evaluate(SMALL)]
        page.evaluate(rules)
        problems += [f"{title}: {each}" for each in page.evaluate(AXE, RULES)]
        size: ViewportSize = look["viewport"]
        for tried in (size, NARROWEST, size) if size is PHONE else (size,):
            page.set_viewport_size(tried)
            width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
            if width[0] > width[1]:
                problems.append(f"{title}: scrolls sideways, {width}")
    assert problems == [], "\n".join(problems)
