"""Take the pictures of docs/screenshots: Avow's own pages, light and dark, at two widths; or of every screen of flows.

For the pages it starts `avow dev` on a folder that is thrown away and signs a person in with Chromium. With `--screens`
it draws each screen of flows light, dark, on a phone and from right to left into .artifacts/screens, and some of them
side by side for the manual. It needs what `make test` needs.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.bed.browser import running_browser
from tests.bed.programs import INSTALL, find_chromium

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "screenshots"
WIDTHS = {"wide": (960, 720), "phone": (390, 780)}
# Who signs in on which picture: one address is sent a few messages only.
LOOKS: tuple[tuple[Literal["light", "dark"], str, str], ...] = (
    ("light", "wide", "mia@example.com"),
    ("light", "phone", "noah@example.com"),
    ("dark", "wide", "aiko@example.com"),
    ("dark", "phone", "omar@example.com"),
)
LARGEST_BYTES = 150_000
SCREENS_FOLDER = ROOT / ".artifacts" / "screens"
# Of each look of the screens: the language, and what the browser is told.
SCREEN_LOOKS: dict[str, tuple[str, dict[str, Any]]] = {
    "light": ("en", {"viewport": {"width": 520, "height": 680}}),
    "dark": ("en", {"viewport": {"width": 520, "height": 680}, "color_scheme": "dark"}),
    "phone": ("de", {"viewport": {"width": 360, "height": 680}, "device_scale_factor": 2, "has_touch": True}),
    "rtl": ("ar", {"viewport": {"width": 520, "height": 680}}),
}
SHOWN = ("email", "code-error", "enchanted", "passkey-offer", "new-password", "totp-setup", "factors", "recovery-codes")
_SIDE_BY_SIDE = """<!doctype html><meta charset="utf-8"><title>Screens</title><style>
body {{ margin: 0; display: grid; grid-template-columns: repeat(4, 25%); background: {behind} }}
img {{ width: 100%; display: block }}</style>{pictures}"""
_BEHIND = {"light": "#f5f6f8", "dark": "#101217"}


@contextmanager
def running_avow() -> Iterator[dict[str, str]]:
    """Run `avow dev` on a scratch folder and a free port; give what its line of JSON says."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "avow.cli", "dev", "--json", "--port", "0", "--data", f"{folder}/data"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as process:
            try:
                yield json.loads(process.stdout.readline() if process.stdout else b"")
            finally:
                process.terminate()


def sign_in(page: Page, dev: dict[str, str], mail: str) -> Iterator[str]:
    """Walk through a sign-in; yield the name of each page that a picture shows."""
    page.goto(f"{dev['url']}/login")
    page.locator("[name=email]").fill(mail)
    yield "sign-in"
    page.locator("button[value=code]").click()
    page.locator("[name=code]").wait_for()
    yield "code"
    page.goto(f"{dev['inbox_url']}?to={mail}")
    code = page.locator(".code output").first
    code.wait_for()
    digits = code.inner_text()
    yield "inbox"
    page.go_back()
    page.locator("[name=code]").fill(digits)
    page.locator("[value=later]").click()
    page.wait_for_url("**/account/**")
    yield "account"


def take(browser: Browser, dev: dict[str, str], look: tuple[Literal["light", "dark"], str, str]) -> Iterator[Path]:
    """Take the pictures of one scheme and width; yield their files."""
    scheme, width, mail = look
    across, down = WIDTHS[width]
    context = browser.new_context(
        viewport={"width": across, "height": down}, color_scheme=scheme, locale="en-GB", reduced_motion="reduce"
    )
    page = context.new_page()
    for name in sign_in(page, dev, mail):
        page.evaluate("document.activeElement.blur()")  # a blinking caret would make each run's picture another one
        path = FOLDER / f"{name}-{scheme}-{width}.png"
        page.screenshot(path=path)
        yield path
    context.close()


def take_screens(browser: Browser) -> Iterator[Path]:
    """Take the pictures of every screen in every look; yield their files."""
    from tests.browser.screens.examples import EXAMPLES
    from tests.browser.screens.shell import opened

    SCREENS_FOLDER.mkdir(parents=True, exist_ok=True)
    names = []
    for look, (locale, options) in SCREEN_LOOKS.items():
        with opened(browser, **options) as shell:
            shell.locale = locale
            for name, screen in EXAMPLES.items():
                shell.show(screen)
                shell.tab.evaluate("document.activeElement.blur()")
                path = SCREENS_FOLDER / f"{name}-{look}.png"
                shell.tab.screenshot(path=path, full_page=True)
                names.append(path.name)
                yield path
    together(sorted(names), "index.html", "#777")


def together(names: Sequence[str], file: str, behind: str) -> Path:
    """Write a page that shows pictures of screens side by side."""
    pictures = "".join(f'<img src="{name}" alt="{name}">' for name in names)
    page = SCREENS_FOLDER / file
    page.write_text(_SIDE_BY_SIDE.format(pictures=pictures, behind=behind))
    return page


def take_shown(browser: Browser) -> Iterator[Path]:
    """Take the pictures of the manual: some of the screens side by side, light and dark; yield their files."""
    for look, behind in _BEHIND.items():
        page = together([f"{name}-{look}.png" for name in SHOWN], f"{look}.html", behind)
        context = browser.new_context(viewport={"width": 1080, "height": 700})
        tab = context.new_page()
        tab.goto(page.as_uri())
        path = FOLDER / f"screens-{look}.png"
        tab.screenshot(path=path, full_page=True)
        context.close()
        yield path


def main() -> int:
    """Take all pictures; return 1 when Chromium is missing or a picture is too large for a repository."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--screens", action="store_true", help="the screens of flows, into .artifacts/screens")
    is_of_screens = parser.parse_args().screens
    chromium = find_chromium()
    if chromium is None:
        print(f"Chromium is missing: {INSTALL['chromium']}")
        return 1
    if is_of_screens:
        with running_browser(chromium.where) as browser:
            count = len(list(take_screens(browser)))
            for path in take_shown(browser):
                print(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1000:.0f} kB")
        print(f"{count} pictures in {SCREENS_FOLDER.relative_to(ROOT)}; index.html shows all of them")
        return 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    with running_avow() as dev, running_browser(chromium.where) as browser:
        taken = [path for look in LOOKS for path in take(browser, dev, look)]
    too_large = [path for path in taken if path.stat().st_size > LARGEST_BYTES]
    for path in taken:
        remark = "  TOO LARGE" if path in too_large else ""
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1000:.0f} kB{remark}")
    return int(bool(too_large))


if __name__ == "__main__":
    sys.exit(main())
