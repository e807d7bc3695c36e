"""Chromium for tests, driven by Playwright."""

import contextlib
import os
from collections.abc import Iterator

from playwright.sync_api import Browser, expect, sync_playwright

FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextlib.contextmanager
def running_browser(path: str) -> Iterator[Browser]:
    """Start Chromium and hand it out; it is closed afterwards."""
    # Chromium's sandbox needs a user other than root.
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else [*FLAGS]
    expect.set_options(timeout=15_000)  # two requests of a slow moment take longer than the usual five seconds
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        try:
            yield browser
        finally:
            browser.close()
