"""What the script adds to screens: pasted codes, waits, shown passwords, copies; each screen works without it."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from avow.server.screens import values as screens
from tests.browser.screens.examples import EXAMPLES
from tests.browser.screens.shell import Shell, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
PASTE = """([text]) => { const field = document.querySelector("[name=code]"); field.value = text;
  field.dispatchEvent(new InputEvent("input", { bubbles: true })); return field.value; }"""

CLIPBOARD = """() => Object.defineProperty(navigator, "clipboard", {
  value: { writeText: async (text) => { window.copied = text; } } })"""


@pytest.fixture
def shell(browser: "Browser") -> Iterator[Shell]:
    with opened(browser, viewport={"width": 600, "height": 800}) as shell:
        yield shell
        assert shell.complaints == []


@pytest.mark.parametrize("pasted", ["123456", "123 456", " 12-34-56\n", "\uff11\uff12\uff13456", "123456789"])
def test_pasted_code_becomes_its_digits_and_is_sent(pasted: str, shell: Shell) -> None:
    shell.show(EXAMPLES["code"])
    shell.enhance()
    assert shell.tab.evaluate(PASTE, [pasted]) == "123456"
    assert shell.tab.evaluate("sent") == ["verify"]


def test_code_is_sent_once_until_it_changes(shell: Shell) -> None:
    shell.show(EXAMPLES["code"])
    shell.enhance()
    for text in ("123456", "123456", "12345", "123456", "123457"):
        shell.tab.evaluate(PASTE, [text])
    assert shell.tab.evaluate("sent") == ["verify", "verify"]


def test_what_is_no_code_stays_as_it_was_typed(shell: Shell) -> None:
    shell.show(EXAMPLES["code"])
    shell.enhance()
    assert shell.tab.evaluate(PASTE, ["abc 12"]) == "abc 12"
    assert shell.tab.evaluate("sent") == []


def test_sending_again_waits_and_says_how_long(shell: Shell) -> None:
    shell.tab.clock.install()
    shell.show(screens.Code(sent_to="m***@example.com", resend_seconds=30))
    shell.enhance()
    again = shell.tab.locator("[value=resend]")
    assert again.is_disabled()
    assert again.inner_text() == "Send again in 30 s"
    shell.tab.clock.run_for(10_000)
    assert again.inner_text() == "Send again in 20 s"
    shell.tab.clock.run_for(20_500)
    assert again.is_enabled()
    assert again.inner_text() == "Send a new code"


def test_password_is_shown_and_hidden(shell: Shell) -> None:
    shell.show(EXAMPLES["password"])
    assert not shell.tab.locator(".avow-show").is_visible()
    shell.enhance()
    field, button = shell.tab.locator("[name=password]"), shell.tab.locator(".avow-show")
    for kind, label, pressed in (("text", "Hide", "true"), ("password", "Show", "false")):
        button.click()
        assert field.get_attribute("type") == kind
        assert button.inner_text() == label
        assert button.get_attribute("aria-pressed") == pressed


def test_strength_and_rules_follow_what_is_typed(shell: Shell) -> None:
    shell.show(EXAMPLES["new-password"])
    shell.enhance()
    field, strength = shell.tab.locator("[name=new-password]"), shell.tab.locator(".avow-strength")
    assert not strength.is_visible()
    said = []
    for typed, met in (("short", 0), ("long enough", 1), ("Long enough", 2), ("Long enough 2", 3)):
        field.fill(typed)
        said.append(strength.locator("[data-word]").inner_text())
        assert shell.tab.locator(".avow-rules .is-met").count() == met, typed
    assert said[0] == "Weak"
    assert said[-1] != "Weak"


def test_caps_lock_is_told(shell: Shell) -> None:
    shell.show(EXAMPLES["password"])
    shell.enhance()
    hint = shell.tab.locator("[data-capslock]")
    for is_on in ("true", "false"):
        shell.tab.locator("[name=password]").evaluate(
            f"(each) => each.dispatchEvent(new KeyboardEvent('keyup', {{ key: 'a', modifierCapsLock: {is_on} }}))"
        )
        assert hint.is_visible() == (is_on == "true")


def test_key_and_codes_are_copied(shell: Shell) -> None:
    shell.tab.evaluate(CLIPBOARD)
    shell.show(EXAMPLES["recovery-codes"])
    shell.enhance()
    button = shell.tab.locator("[data-copies]")
    button.click()
    assert button.inner_text() == "Copied"
    example = EXAMPLES["recovery-codes"]
    assert isinstance(example, screens.RecoveryCodes)
    assert shell.tab.evaluate("copied").split("\n") == list(example.codes)


def test_codes_are_downloaded_as_text(shell: Shell) -> None:
    shell.show(EXAMPLES["recovery-codes"])
    shell.enhance()
    with shell.tab.expect_download() as found:
        shell.tab.locator("[data-downloads]").click()
    example = EXAMPLES["recovery-codes"]
    assert isinstance(example, screens.RecoveryCodes)
    assert found.value.suggested_filename == "recovery-codes.txt"
    assert Path(found.value.path()).read_text().split() == list(example.codes)


def test_nothing_can_be_copied_where_the_browser_has_no_clipboard(shell: Shell) -> None:
    shell.show(EXAMPLES["totp-setup"])
    shell.enhance()
    assert shell.tab.evaluate("navigator.clipboard") is None
    assert not shell.tab.locator("[data-copies]").is_visible()
