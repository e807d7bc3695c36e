"""How a browser leaves for the application: with a code or an error, in its window or handed to the one that waits."""

import json
from html import escape
from secrets import token_urlsafe
from typing import Final
from urllib.parse import quote, unquote_plus, urlsplit

from avow.server.federation.starts import Start
from avow.server.serving import Answer

__all__ = ["failed", "finished", "with_parameter"]

_OURS: Final = frozenset({"code", "err"})
_POLICY: Final = (
    "default-src 'none'; script-src 'nonce-{nonce}'; base-uri 'none'; object-src 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
# The window that waits is of the application, so that this one must not be cut off from it.
_HEADERS: Final = {
    "cross-origin-opener-policy": "unsafe-none",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "x-frame-options": "DENY",
}
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Avow</title></head>
<body><p><a id="on" href="{url}">Continue</a></p>
<script nonce="{nonce}">
const said = {said};
if (window.opener) {{
  window.opener.postMessage(said, {origin});
  window.close();
}} else {{
  window.location.replace(document.getElementById("on").href);
}}
</script></body></html>
"""


def finished(begun: Start, code: str) -> Answer:
    """Send the browser to the application with `code=`; from a popup, hand it to the window that waits."""
    return _leave(begun, "code", code)


def failed(begun: Start, code: str) -> Answer:
    """Send the browser to the application with `err=` and the code of an error; from a popup likewise."""
    return _leave(begun, "err", code)


def with_parameter(url: str, name: str, value: str) -> str:
    """Return an approved URL with `name=value` last in its query; earlier `code` and `err` are dropped."""
    rest, hash_sign, fragment = url.partition("#")
    path, _, query = rest.partition("?")
    kept = [pair for pair in query.split("&") if pair and unquote_plus(pair.partition("=")[0]) not in _OURS]
    query = "&".join([*kept, f"{name}={quote(value, safe='')}"])
    return f"{path}?{query}{hash_sign}{fragment}"


def _leave(begun: Start, name: str, value: str) -> Answer:
    url = with_parameter(begun.redirect, name, value)
    if not begun.is_popup:
        return Answer(status=303, headers={"location": url})
    nonce = token_urlsafe(16)
    parts = urlsplit(begun.redirect)
    page = _PAGE.format(
        url=escape(url),
        nonce=nonce,
        said=_in_script({"type": "avow", name: value}),
        origin=_in_script(f"{parts.scheme}://{parts.netloc}"),
    )
    headers = {**_HEADERS, "content-security-policy": _POLICY.format(nonce=nonce)}
    return Answer(page, content_type="text/html; charset=utf-8", headers=headers)


def _in_script(value: object) -> str:
    """Return JSON that cannot end the script it stands in."""
    return json.dumps(value).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
