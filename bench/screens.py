"""What a browser sees, cold: time to the first screen of our component beside the official one; bytes and requests.

    python -m bench.screens

Each round opens every candidate once in a fresh browser profile, each round beginning with another one; everything is
on loopback, so that what is measured is what a browser has to load, read and draw.
"""

import http.server
import statistics
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from avow import web
from avow.testing.server import Avow, Server
from bench.load import free_port
from tests.bed import npm
from tests.bed.browser import running_browser
from tests.bed.programs import find_chromium
from tests.bed.traffic import traffic_of
from tests.served import over_http

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["main"]

_ROUNDS = 9
_OURS, _OFFICIAL, _HOSTED = "our component", "@descope/web-component 4", "hosted sign-in page"
_MOST_REQUESTS, _MOST_BYTES = 6, 60_000
_SCRIPTS = {
    "ours": Path(web.__file__).parent / "served" / "avow-login.js",
    "official": npm.FOLDER / "node_modules" / "@descope" / "web-component" / "dist" / "index.js",
}
_PAGE = """<!doctype html>
<html lang="en"><title>Shop</title>
<script src="/script/{script}"></script>
<descope-wc project-id="{project}" flow-id="sign-up-or-in" base-url="{api}" base-cdn-url="{api}"></descope-wc>
</html>
"""
# Looks at every frame whether the field can be seen; the component's screen lies in its shadow.
_WATCH = """
(() => {
  const look = () => {
    const component = document.querySelector("descope-wc");
    const place = component ? component.shadowRoot : document;
    const field = place && place.querySelector('input[name="email"]');
    if (field && field.getBoundingClientRect().height > 0) window.shownAt = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """One cold visit: milliseconds to the first field, requests and bytes."""

    milliseconds: float
    requests: int
    received_bytes: int


def main() -> bool:
    """Measure and print; return whether the bars hold."""
    chromium, script = find_chromium(), _SCRIPTS["official"]
    if chromium is None or not script.exists():
        print("\nScreens: Chromium or the official component is missing (`make test` installs both); no rows.")
        return True
    with _served() as (avow, api), _application(avow, api) as application, running_browser(chromium.where) as browser:
        visits = {
            _OURS: f"{application}/ours",
            _OFFICIAL: f"{application}/official",
            _HOSTED: f"{api}/login/{avow.project_id}",
        }
        results = _measure(browser, visits)
    return _report(results)


def _measure(browser: "Browser", visits: dict[str, str]) -> dict[str, list[Shown]]:
    names = list(visits)
    results: dict[str, list[Shown]] = {name: [] for name in names}
    for name in names:  # the server loads what it has not needed yet
        _visit(browser, visits[name])
    for number in range(_ROUNDS):
        start = number % len(names)
        for name in names[start:] + names[:start]:
            results[name].append(_visit(browser, visits[name]))
    return results


def _visit(browser: "Browser", url: str) -> Shown:
    context = browser.new_context(locale="en-GB")
    context.add_init_script(_WATCH)
    page = context.new_page()
    with traffic_of(page) as seen:
        page.goto(url)
        page.wait_for_function("window.shownAt")
        milliseconds = float(page.evaluate("window.shownAt"))
        page.wait_for_load_state("networkidle")
    context.close()
    return Shown(milliseconds, len(seen.urls), seen.received_bytes)


def _report(results: dict[str, list[Shown]]) -> bool:
    print(f"\nScreens in Chromium, {_ROUNDS} cold visits each")
    width = max(map(len, results))
    print(f"{'':<{width}}  {'first field ms':>14}  {'requests':>8}  {'bytes':>8}")
    for name, shown in results.items():
        took = statistics.median(each.milliseconds for each in shown)
        print(f"{name:<{width}}  {took:14.0f}  {shown[0].requests:8}  {shown[0].received_bytes:8}")
    ratios = sorted(
        ours.milliseconds / theirs.milliseconds for ours, theirs in zip(results[_OURS], results[_OFFICIAL], strict=True)
    )
    ratio, hosted = statistics.median(ratios), results[_HOSTED][0]
    is_fast = ratio <= 1.0
    is_small = hosted.requests <= _MOST_REQUESTS and hosted.received_bytes <= _MOST_BYTES
    print(
        f"first field, ours / official: {ratio:.2f} [{ratios[0]:.2f} .. {ratios[-1]:.2f}]  "
        f"{'within' if is_fast else 'OVER'}: at most 1.0\n"
        f"hosted sign-in page: {'within' if is_small else 'OVER'}: at most {_MOST_REQUESTS} requests and "
        f"{_MOST_BYTES} bytes"
    )
    return is_fast and is_small


@contextmanager
def _served() -> Iterator[tuple[Avow, str]]:
    port = free_port()
    url = f"http://localhost:{port}"
    server = Server(settings={"public_url": url})
    with over_http(server, port=port):
        yield server.project("Shop"), url


@contextmanager
def _application(avow: Avow, api: str) -> Iterator[str]:
    """Serve a page with a component on it, at another origin than the server's."""

    class Pages(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            if self.path.startswith("/script/"):
                self._send(_SCRIPTS[name].read_bytes(), "text/javascript")
            elif name in _SCRIPTS:
                page = _PAGE.format(script=name, project=avow.project_id, api=api)
                self._send(page.encode(), "text/html; charset=utf-8")
            else:
                self.send_error(404)

        def _send(self, body: bytes, content_type: str) -> None:
            self.send_response(200)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://localhost:{server.server_address[1]}"
        server.shutdown()
        thread.join()


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
