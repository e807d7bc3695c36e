"""The three faces of a flow as one kind of page for tests: the official component, our own, and the hosted pages."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.flows.conftest import Authenticator, Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

__all__ = ["FACES", "Component", "Face", "Hosted"]

FACES = ("official", "own", "hosted")
CodeOf = Callable[[str], str]


class Component:
    """A login component on an application's page."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self.page: Page = visitor.page
        self.home = visitor.application
        self._shown = 0  # screens before the last press

    def befriend(self, url: str) -> None:
        """Let the browser go to somebody else, too."""
        self._visitor.friends.append(url)

    def plug_in(self) -> Authenticator:
        """Give the browser an authenticator that verifies its user."""
        return self._visitor.plug_in()

    def open(self, flow: str) -> None:
        """Open a flow."""
        self._visitor.open(flow)
        self._ready()

    def field(self, name: str) -> "Locator":
        """Return a field of the screen."""
        return self._visitor.field(name)

    def press(self, interaction: str) -> None:
        """Press a button of the screen."""
        self._shown = self._visitor.screens_shown()
        self._visitor.button(interaction).click()

    def type_code(self, code: str) -> None:
        """Type a code; where its last digit does not send it, press the button."""
        self._type(code)

    def come_back(self, link: str) -> None:
        """Open a mailed link in this browser."""
        self.page.goto(link)
        self._ready()

    def expect_in(self, login_id: str) -> None:
        """Expect that somebody has signed in."""
        user = self._visitor.event("success")["user"]
        assert login_id in (user["email"], *user["loginIds"])

    def expect_heading(self, text: str) -> None:
        """Expect a screen by its heading."""
        expect(self.page.locator("descope-wc h1")).to_have_text(text, timeout=10_000)

    def expect_error(self, text: str) -> None:
        """Expect what the screen says was wrong."""
        self._visitor.wait_for_screen(self._shown)
        expect(self._visitor.error).to_have_text(text, timeout=10_000)

    def _ready(self) -> None:
        """Wait until the component listens: what is pressed before is lost."""
        self.page.wait_for_function("told.some(([name]) => name === 'ready' || name === 'success')", timeout=15_000)

    def _type(self, code: str) -> None:
        self.field("code").wait_for()
        self.field("code").fill(code)
        if self._visitor.version != "avow" or len(code) != 6:  # ours sends the last digit by itself
            self.press("verify")


class Hosted:
    """Avow's own pages."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self.page: Page = visitor.page
        self.home = visitor.api
        self._login = f"{visitor.api}/login/{visitor.project_id}"

    def befriend(self, url: str) -> None:
        """Let the browser go to somebody else, too."""
        self._visitor.friends.append(url)

    def plug_in(self) -> Authenticator:
        """Give the browser an authenticator that verifies its user."""
        return self._visitor.plug_in()

    def open(self, flow: str) -> None:
        """Open a flow; one that does something at once asks for a click before."""
        self.page.goto(f"{self._login}?flow={flow}")
        gate = self.page.locator(f'form:has(input[name="flow"][value="{flow}"]):not(.avow-screen) button')
        if gate.count():
            gate.click()

    def field(self, name: str) -> "Locator":
        """Return a field of the screen."""
        return self.page.locator(f'form.avow-screen input[name="{name}"]:not([type="hidden"])').first

    def press(self, interaction: str) -> None:
        """Press a button of the screen."""
        self.page.locator(f'form.avow-screen button[value="{interaction}"]').first.click()

    def type_code(self, code: str) -> None:
        """Type a code; the script, once it is there, sends it with its last digit."""
        self.page.wait_for_load_state()
        self.field("code").fill(code)
        if len(code) != 6:
            self.press("verify")

    def come_back(self, link: str) -> None:
        """Open a mailed link in this browser."""
        self.page.goto(link)

    def expect_in(self, login_id: str) -> None:
        """Expect that somebody has signed in."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Your account", timeout=15_000)
        expect(self.page.get_by_text(re.compile(re.escape(login_id))).first).to_be_visible()

    def expect_heading(self, text: str) -> None:
        """Expect a screen by its heading."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(text, timeout=10_000)

    def expect_error(self, text: str) -> None:
        """Expect what the screen says was wrong."""
        expect(self.page.get_by_role("alert")).to_have_text(text, timeout=10_000)


Face = Component | Hosted
