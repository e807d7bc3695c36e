"""The style sheets: nothing in them is left over."""

import re
from pathlib import Path

from avow import web
from avow.server import pages, screens
from avow.server.screens import Brand, Component, Page, render
from tests.browser.screens.examples import EXAMPLES

SCREENS, PAGES = Path(screens.__file__).parent, Path(pages.__file__).parent
SHEETS = (SCREENS / "style.css", PAGES / "assets" / "avow.css")
FACES = (Component(), Page("/login"))
BRANDS = (Brand("Acme"), Brand("Acme", logo="https://acme.example.com/logo.svg"))


def test_every_class_of_the_style_sheets_is_used() -> None:
    used = [
        render(screen, locale="en", brand=brand, face=face)
        for screen in EXAMPLES.values()
        for brand in BRANDS
        for face in FACES
    ]
    sources = (*(PAGES / "templates").glob("*.html"), *Path(web.__file__).parent.glob("*.mjs"))
    words = set(re.findall(r"[\w-]+", " ".join([*used, *(path.read_text() for path in sources)])))
    rules = re.sub(r"/\*.*?\*/|\{[^{}]*\}", " ", " ".join(path.read_text() for path in SHEETS), flags=re.DOTALL)
    assert set(re.findall(r"\.([a-z][\w-]*)", rules)) - words == set()
