"""The login page that an integration comes with, its script, and the headers of both. No I/O but the script's file."""

from functools import cache
from html import escape
from importlib import resources
from typing import Final

from avow.sdk.integration.settings import Settings

__all__ = ["NEVER_STORED", "PAGE_HEADERS", "SCRIPT_HEADERS", "login_page", "login_script"]

NEVER_STORED: Final = {"Cache-Control": "no-store"}
PAGE_HEADERS: Final = {
    **NEVER_STORED,
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "frame-ancestors 'none'; base-uri 'none'; object-src 'none'; form-action 'self'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
SCRIPT_HEADERS: Final = {
    "Cache-Control": "public, max-age=3600",
    "Content-Type": "text/javascript; charset=utf-8",
    "X-Content-Type-Options": "nosniff",
}
_PAGE: Final = """\
<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>Log in</title>
  <script src="{component}" defer></script>
  <script src="{script}" defer></script>
</head>
<body>
  <main>
    <descope-wc project-id="{project}" flow-id="{flow}" base-url="{server}"
      data-avow-store="{store}" data-avow-next="{next}"></descope-wc>
    <noscript>Please turn on JavaScript to log in.</noscript>
  </main>
</body>
</html>
"""


def login_page(said: Settings, *, store_url: str, script_url: str, next_path: str) -> str:
    """Return a page with the login component; no script stands within it, so that a strict CSP can be added.

    Args:
        said: Settings of the application.
        store_url: Where the tokens go that the flow ends with.
        script_url: Where `login_script` is served.
        next_path: Where somebody goes who has signed in.
    """
    values = {
        "component": said.component_src,
        "script": script_url,
        "project": said.project_id,
        "flow": said.login_flow,
        "server": said.browser_url,
        "store": store_url,
        "next": next_path,
    }
    return _PAGE.format_map({name: escape(value) for name, value in values.items()})


@cache
def login_script() -> str:
    """Return the script between the component and the application; nothing in it depends on who asks."""
    return resources.files("avow.sdk.integration").joinpath("browser", "login.js").read_text(encoding="utf-8")
