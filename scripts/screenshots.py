"""Take the pictures of docs/screenshots: Avow's own pages, light and dark, at two widths.

It starts `avow dev` on a folder that is thrown away, signs a person in with Chromium, and needs what `make test` needs.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

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
    page.locator("#login-id").fill(mail)
    yield "sign-in"
    page.locator("button[value=code]").click()
    page.locator("#code").wait_for()
    yield "code"
    page.goto(f"{dev['inbox_url']}?to={mail}")
    code = page.locator(".code output").first
    code.wait_for()
    digits = code.inner_text()
    yield "inbox"
    page.go_back()
    page.locator("#code").fill(digits)
    page.wait_for_url("**/signed-in/**")
    yield "signed-in"


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


def main() -> int:
    """Take all pictures; return 1 when Chromium is missing or a picture is too large for a repository."""
    chromium = find_chromium()
    if chromium is None:
        print(f"Chromium is missing: {INSTALL['chromium']}")
        return 1
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
