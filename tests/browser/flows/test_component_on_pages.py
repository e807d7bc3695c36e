"""Our component on pages as they are: storage that throws, long addresses, parameters of their own, moves, changes."""

import json
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from avow.testing.server import Avow
from tests.browser.flows.conftest import Visitor
from tests.factories import new_email

pytestmark = pytest.mark.browser
BLOCKED = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('', 'SecurityError') } })"
FULL = "Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError') }"
ELEMENT = "document.querySelector('descope-wc')"


@pytest.fixture
def visitor(make_visitor: Callable[..., Visitor]) -> Visitor:
    made = make_visitor()
    made.version = "avow"
    return made


def open_with(visitor: Visitor, **query: str) -> None:
    """Open the page with further parameters in its address."""
    given = {"project-id": visitor.project_id, "flow-id": "otp", "base-url": visitor.api}
    asked = {"v": "avow", "wc": json.dumps(given), "policy": "", **query}
    visitor.page.goto(f"{visitor.application}/app?{urlencode(asked)}")


def starts(visitor: Visitor) -> list[str]:
    found: list[str] = []
    visitor.page.on("request", lambda sent: found.append(sent.url) if _is_start(sent.method, sent.url) else None)
    return found


def _is_start(method: str, url: str) -> bool:
    return method == "POST" and url.endswith("/v1/flow/start")


@pytest.mark.parametrize("script", [BLOCKED, FULL], ids=["blocked", "full"])
def test_code_signs_in_without_storage(visitor: Visitor, avow: Avow, script: str) -> None:
    visitor.context.add_init_script(script)
    mail = new_email()
    visitor.open("otp")
    visitor.field("email").fill(mail)
    visitor.button("code").click()
    visitor.field("code").wait_for()
    visitor.field("code").fill(avow.code(mail))
    visitor.button("later").click()
    assert visitor.event("success")["user"]["email"] == mail


def test_screen_without_a_field_has_the_focus(visitor: Visitor) -> None:
    visitor.open("magic-link")
    visitor.field("email").fill(new_email())
    visitor.page.keyboard.press("Enter")
    visitor.page.locator("descope-wc .avow-at-link-sent").wait_for()
    visitor.page.wait_for_function(f"{ELEMENT}.shadowRoot.activeElement?.tagName === 'H1'")


def test_address_longer_than_flows_take_is_cut(visitor: Visitor) -> None:
    open_with(visitor, x="a" * 2100)
    visitor.field("email").wait_for()


def test_parameters_of_the_page_stay_its_own(visitor: Visitor) -> None:
    open_with(visitor, t="90s", code="SPRING", err="x")
    visitor.field("email").wait_for()
    assert visitor.page.evaluate("Object.fromEntries(new URLSearchParams(location.search))").items() >= {
        ("t", "90s"),
        ("code", "SPRING"),
        ("err", "x"),
    }


def test_attribute_changed_while_the_flow_begins_counts(visitor: Visitor) -> None:
    visitor.context.route("**/v1/flow/start", lambda route: (visitor.page.wait_for_timeout(300), route.continue_()))
    visitor.open("otp", locale="en")
    visitor.page.evaluate(f"{ELEMENT}.setAttribute('locale', 'de')")
    visitor.page.locator("descope-wc form[lang=de]").wait_for()


def test_element_that_is_moved_goes_on_where_it_is(visitor: Visitor) -> None:
    asked = starts(visitor)
    visitor.open("otp")
    visitor.field("email").fill(new_email())
    visitor.button("code").click()
    visitor.field("code").wait_for()
    visitor.page.evaluate(f"document.body.append({ELEMENT})")
    visitor.page.wait_for_timeout(300)
    assert visitor.field("code").is_visible()
    assert len(asked) == 1
    visitor.page.evaluate(f"gone = {ELEMENT}; gone.remove(); setTimeout(() => document.body.append(gone), 50)")
    visitor.field("email").wait_for()
    assert len(asked) == 2


def test_passkeys_are_offered_again_after_an_error(visitor: Visitor) -> None:
    visitor.page.add_init_script("""asked = 0;
      PublicKeyCredential.isConditionalMediationAvailable = async () => true;
      navigator.credentials.get = ({ signal }) => new Promise((_, refuse) => {
        asked += 1;
        signal.addEventListener("abort", () => refuse(new DOMException("", "AbortError")));
      });""")
    visitor.open("sign-up-or-in")
    visitor.field("email").fill("ada@b")
    visitor.page.wait_for_function("asked === 1")
    visitor.button("code").click()
    visitor.error.wait_for()
    visitor.page.wait_for_function("asked === 2")


# Passkeys are shown when the test says so: `shows()`.
HELD = """asked = 0;
  const get = navigator.credentials.get.bind(navigator.credentials);
  navigator.credentials.get = (how) => new Promise((done, refuse) => {
    asked += 1;
    how.signal?.addEventListener("abort", () => refuse(new DOMException("", "AbortError")));
    shows = () => void get({ publicKey: how.publicKey }).then(done, refuse);
  });"""
HIDDEN = """is => { Object.defineProperty(document, "hidden", { value: is, configurable: true });
  document.dispatchEvent(new Event("visibilitychange")); }"""


@pytest.fixture
def passkey_holder(visitor: Visitor, avow: Avow) -> str:
    """Give the address of somebody with a passkey on this device, whom the first screen asks for it."""
    mail = new_email()
    visitor.plug_in()
    visitor.open()
    visitor.field("email").fill(mail)
    visitor.button("code").click()
    visitor.field("code").wait_for()
    visitor.field("code").fill(avow.code(mail))
    visitor.button("create").click()
    visitor.event("success")
    visitor.page.evaluate("localStorage.clear()")
    visitor.page.add_init_script(HELD)
    visitor.page.clock.install()
    visitor.open()
    visitor.page.wait_for_function("asked === 1")
    return mail


def test_passkey_signs_in_on_a_page_that_was_open_for_long(visitor: Visitor, avow: Avow, passkey_holder: str) -> None:
    avow.advance(301)
    visitor.page.clock.fast_forward(251_000)
    visitor.page.wait_for_function("asked === 2")
    visitor.page.evaluate("shows()")
    assert visitor.event("success")["user"]["email"] == passkey_holder


def test_passkeys_of_a_page_that_nobody_sees_are_offered_anew_when_it_is_seen(
    visitor: Visitor, avow: Avow, passkey_holder: str
) -> None:
    avow.advance(901)
    visitor.page.evaluate(HIDDEN, True)
    visitor.page.clock.fast_forward(900_000)
    visitor.page.wait_for_timeout(300)
    assert visitor.page.evaluate("asked") == 1
    visitor.page.evaluate(HIDDEN, False)
    visitor.page.wait_for_function("asked === 2")
    visitor.page.evaluate("shows()")
    assert visitor.event("success")["user"]["email"] == passkey_holder


def test_passkey_that_came_too_late_can_be_shown_again(visitor: Visitor, avow: Avow, passkey_holder: str) -> None:
    avow.advance(301)
    visitor.page.evaluate("shows()")
    visitor.error.wait_for()
    visitor.page.wait_for_function("asked === 2")
    visitor.page.evaluate("shows()")
    assert visitor.event("success")["user"]["email"] == passkey_holder


def test_passkeys_are_offered_when_the_server_is_back(visitor: Visitor, passkey_holder: str) -> None:
    visitor.context.route("**/webauthn/signin/start", lambda route: route.abort())
    with visitor.page.expect_event("requestfailed"):
        visitor.page.clock.fast_forward(251_000)
    visitor.context.unroute("**/webauthn/signin/start")
    visitor.page.clock.fast_forward(251_000)
    visitor.page.wait_for_function("asked === 2")
    visitor.page.evaluate("shows()")
    assert visitor.event("success")["user"]["email"] == passkey_holder
