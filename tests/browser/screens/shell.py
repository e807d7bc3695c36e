"""The documents that screens are looked at in: one of our own pages, and somebody's page with a component in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import avow.web
from avow.server.screens import Brand, Component, Page, Screen, brand_sheet, render, style_sheet
from avow.server.screens.catalogue import catalogue_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Route
    from playwright.sync_api import Page as Tab

__all__ = ["ORIGIN", "Shell", "opened"]

_WEB = Path(avow.web.__file__).parent
ORIGIN = "http://screens.test"
_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'"
_SHELL = """<!doctype html>
<html class="avow-document" lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Acme</title>
<link rel="stylesheet" href="/avow.css"><link rel="stylesheet" href="/brand.css"></head>
<body><main></main></body>
</html>
"""
# Somebody's page: with a heading of its own, and styles that must not reach into the component.
_FOREIGN = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Shop</title>
<link rel="stylesheet" href="/foreign.css"></head>
<body><main></main></body>
</html>
"""
_FOREIGN_STYLE = "button, input { color: red; font-size: 9px; } * { text-transform: uppercase; }"
_PLACE = """async ([html, language, direction, isComponent, theme]) => {
  document.documentElement.lang = language;
  document.documentElement.dir = direction;
  const main = document.querySelector("main");
  if (!isComponent) { main.innerHTML = html; return; }
  main.replaceChildren(document.createElement("x-login"));
  const root = main.firstChild.attachShadow({ mode: "open" });
  const around = document.createElement("div");
  around.dataset.theme = theme;
  around.innerHTML = html;
  const loaded = [...around.querySelectorAll("link")].map((each) => new Promise((done) => (each.onload = done)));
  root.append(around);
  await Promise.all(loaded);
}"""

_ENHANCE = """async () => {
  window.sent = [];
  const form = document.querySelector("form");
  form.addEventListener("submit", (event) => { event.preventDefault(); window.sent.push(event.submitter?.value); });
  const { enhance } = await import("/screens.mjs");
  enhance(document);
}"""


@dataclass
class Shell:
    """A tab that shows one screen after the other.

    Attributes:
        tab: Of the browser.
        is_component: In a component's shadow root; otherwise on a page of our own.
        locale: Of the reader.
        brand: Whose screens they are.
        complaints: Refused resources, errors of scripts, and requests to anywhere else.
    """

    tab: "Tab"
    is_component: bool = False
    locale: str = "en"
    theme: str = "light"
    brand: Brand = field(default_factory=lambda: Brand("Acme"))
    complaints: list[str] = field(default_factory=list)

    def show(self, screen: Screen) -> str:
        """Draw a screen; return its HTML."""
        styles = (f"{ORIGIN}/avow.css", f"{ORIGIN}/brand.css")
        face = Component(styles) if self.is_component else Page("/next", {"form": "token"})
        html = render(screen, locale=self.locale, brand=self.brand, face=face)
        words = catalogue_for(self.locale)
        self.tab.evaluate(_PLACE, [html, words.language, words.direction, self.is_component, self.theme])
        return html

    def enhance(self) -> None:
        """Let the script serve the screen that is shown; what would be sent is counted in `window.sent`."""
        self.tab.evaluate(_ENHANCE)

    def dismiss(self, dialog: "Dialog") -> None:
        """Note that a script has run which is none of ours."""
        self.complaints.append(f"a script said {dialog.message}")
        dialog.dismiss()

    def serve(self, route: "Route") -> None:
        """Answer a request of the tab."""
        url = route.request.url
        if not url.startswith(ORIGIN):
            self.complaints.append(f"asked for {url}")
            return route.abort()
        brand = brand_sheet(self.brand)
        shell = _FOREIGN if self.is_component else _SHELL
        files: dict[str, tuple[str, bytes]] = {
            "/avow.css": ("text/css", style_sheet().body),
            "/brand.css": ("text/css", brand.body if brand else b""),
            "/screens.mjs": ("text/javascript", (_WEB / "screens.mjs").read_bytes()),
            "/foreign.css": ("text/css", _FOREIGN_STYLE.encode()),
            "/": ("text/html", shell.encode()),
        }
        kind, body = files.get(url.removeprefix(ORIGIN), ("text/plain", b""))
        return route.fulfill(body=body, headers={"content-type": kind, "content-security-policy": _POLICY})


@contextmanager
def opened(
    browser: "Browser", *, is_component: bool = False, brand: Brand | None = None, **look: Any
) -> Iterator[Shell]:
    """Open a tab for screens; it has no server behind it."""
    context = browser.new_context(**{"reduced_motion": "reduce", "locale": "en-GB", **look})
    tab = context.new_page()
    shell = Shell(tab, is_component, theme=look.get("color_scheme", "light"), brand=brand or Brand("Acme"))
    tab.on("pageerror", lambda error: shell.complaints.append(str(error)))
    tab.on("console", lambda said: shell.complaints.append(said.text) if said.type == "error" else None)
    tab.on("dialog", shell.dismiss)
    tab.route("**/*", shell.serve)
    tab.goto(f"{ORIGIN}/")
    try:
        yield shell
    finally:
        context.close()
