"""Every screen of flows in Chromium: nobody is shut out, and nothing comes from elsewhere."""

from typing import TYPE_CHECKING, Any

import pytest

from avow.server.screens import Brand
from tests.bed import npm
from tests.bed.programs import FINDERS, missing_sentence
from tests.browser.screens.examples import EXAMPLES, hostile
from tests.browser.screens.shell import Shell, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
WIDE = {"width": 900, "height": 800}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": WIDE},
    "dark": {"viewport": WIDE, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 320, "height": 640}, "device_scale_factor": 2, "has_touch": True},
    "rtl": {"viewport": {"width": 400, "height": 700}},
}
LOCALES = {"phone": "de", "rtl": "ar"}  # the longest words on the narrowest screen
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The official component offers passkeys in a field that says exactly "webauthn", which no book knows (contract "web"
# 3.3); ours says "username webauthn" in its place.
OURS = """() => document.querySelector("x-login")?.shadowRoot.querySelector("[autocomplete=webauthn]")
  ?.setAttribute("autocomplete", "username webauthn")"""
AXE = """async (tags) => (await axe.run(document, {
    runOnly: { type: "tag", values: tags }, resultTypes: ["violations"],
  })).violations.map((each) => each.id + ": " +
    each.nodes.map((node) => node.html.slice(0, 120) + " " + node.failureSummary))"""
# What is pressed is at least 44 pixels high: WCAG 2.2, 2.5.5. Read-only values are not pressed.
SMALL = """() => { const root = document.querySelector("x-login")?.shadowRoot || document;
  return [...root.querySelectorAll("button, a, input:not([type=hidden], [readonly]), select")]
    .filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < 44)
    .map((each) => each.outerHTML.slice(0, 90)); }"""
SIDEWAYS = "() => [document.documentElement.scrollWidth, innerWidth]"
NEXT = """() => { let on = document.activeElement;
  while (on?.shadowRoot?.activeElement) on = on.shadowRoot.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(on);
  return [on.id || on.value || on.name || on.tagName, outlineStyle !== "none" && outlineWidth !== "0px"]; }"""
PRESSABLE = """() => { const root = document.querySelector("x-login")?.shadowRoot || document;
  return [...root.querySelectorAll("button, a[href], input:not([type=hidden]), select")]
    .filter((each) => each.checkVisibility()).map((each) => each.id || each.value || each.name || each.tagName); }"""
SUBMITTED = """() => { const root = document.querySelector("x-login")?.shadowRoot || document;
  root.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault(); window.submitted = event.submitter.value || event.submitter.id; }); }"""


@pytest.fixture(scope="module")
def axe() -> str:
    if FINDERS["oidc-provider"]() is None:
        pytest.skip(missing_sentence("oidc-provider"))
    return (npm.FOLDER / "node_modules" / "axe-core" / "axe.min.js").read_text()


def problems(shell: Shell, name: str) -> list[str]:
    shell.tab.evaluate(OURS)
    found = [f"{name}: {each}" for each in shell.tab.evaluate(AXE, RULES)]
    found += [f"{name}: too small {each}" for each in shell.tab.evaluate(SMALL)]
    across, width = shell.tab.evaluate(SIDEWAYS)
    return found + ([f"{name}: scrolls sideways, {across}"] if across > width else [])


@pytest.mark.parametrize(
    ("look", "is_component"),
    [*((look, False) for look in LOOKS), ("dark", True), ("rtl", True)],
    ids=[*LOOKS, "dark-component", "rtl-component"],
)
def test_every_screen_is_for_everybody(look: str, is_component: bool, browser: "Browser", axe: str) -> None:
    with opened(browser, is_component=is_component, **LOOKS[look]) as shell:
        shell.locale = LOCALES.get(look, "en")
        shell.tab.evaluate(axe)
        found = []
        for name, screen in EXAMPLES.items():
            shell.show(screen)
            found += problems(shell, name)
    assert found == []
    assert shell.complaints == []


@pytest.mark.parametrize("color", ["#ffdd00", "#111111", "#808080"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_screens_of_any_color_can_be_read(color: str, scheme: str, browser: "Browser", axe: str) -> None:
    with opened(browser, brand=Brand("Acme", color=color), viewport=WIDE, color_scheme=scheme) as shell:
        shell.tab.evaluate(axe)
        for name in ("email", "code", "password", "done"):
            shell.show(EXAMPLES[name])
            assert problems(shell, name) == []


@pytest.mark.parametrize("is_component", [False, True], ids=["page", "component"])
def test_everything_is_reached_by_keyboard_in_order_and_seen(is_component: bool, browser: "Browser") -> None:
    with opened(browser, is_component=is_component, viewport=WIDE) as shell:
        for name, screen in EXAMPLES.items():
            shell.show(screen)
            wanted = shell.tab.evaluate(PRESSABLE)
            shell.tab.evaluate("document.body.tabIndex = -1; document.body.focus()")
            reached = []
            for _ in wanted:
                shell.tab.keyboard.press("Tab")
                element, is_seen = shell.tab.evaluate(NEXT)
                assert is_seen, f"{name}: {element}"
                reached.append(element)
            assert reached == wanted, name


@pytest.mark.parametrize("is_component", [False, True], ids=["page", "component"])
@pytest.mark.parametrize(
    ("name", "field", "value", "button"),
    [
        ("email", "email", "mia@example.com", "code"),
        ("code", "code", "123456", "verify"),
        ("password", "password", "secret", "sign-in"),
        ("new-password", "new-password", "secret and more", "save"),
        ("totp-setup", "code", "123456", "verify"),
        ("recovery", "email", "mia@example.com", ""),
        ("profile", "name", "Mia", "save"),
    ],
)
def test_enter_does_what_the_main_button_does(
    name: str, field: str, value: str, button: str, is_component: bool, browser: "Browser"
) -> None:
    with opened(browser, is_component=is_component, viewport=WIDE) as shell:
        shell.show(EXAMPLES[name])
        shell.tab.evaluate(SUBMITTED)
        shell.tab.locator(f"[name={field}]").fill(value)
        shell.tab.keyboard.press("Enter")
        assert (shell.tab.evaluate("window.submitted") or "") == button


@pytest.mark.parametrize("is_component", [False, True], ids=["page", "component"])
def test_hostile_values_are_only_text(is_component: bool, browser: "Browser") -> None:
    with opened(browser, is_component=is_component, viewport=WIDE) as shell:
        for name, screen in EXAMPLES.items():
            shell.show(hostile(screen))
            added = shell.tab.evaluate(
                """() => { const root = document.querySelector("x-login")?.shadowRoot || document.querySelector("main");
                return root.querySelectorAll("script, [onerror], img:not([class]), [href^=javascript i]").length }"""
            )
            assert added == 0, name
    # The picture of a QR code cannot be drawn from an attack.
    assert [each for each in shell.complaints if "ERR_INVALID_URL" not in each] == []


def test_forced_colors_and_large_text_keep_screens_whole(browser: "Browser") -> None:
    look: dict[str, Any] = {"viewport": {"width": 320, "height": 640}, "forced_colors": "active"}
    with opened(browser, **look) as shell:
        shell.tab.evaluate("document.documentElement.style.fontSize = '200%'")
        for name, screen in EXAMPLES.items():
            shell.show(screen)
            across, width = shell.tab.evaluate(SIDEWAYS)
            assert across <= width, name


def test_component_keeps_its_look_on_a_foreign_page(browser: "Browser") -> None:
    with opened(browser, is_component=True, viewport=WIDE) as shell:
        shell.show(EXAMPLES["email"])
        size = shell.tab.locator("[name=email]").evaluate("(each) => getComputedStyle(each).fontSize")
        assert size == "16px"
