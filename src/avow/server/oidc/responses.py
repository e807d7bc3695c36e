"""How an authorization answer goes back to an application: by the query, a form, or a message between windows.

Spec: RFC 6749 section 4.1.2; OAuth 2.0 Form Post Response Mode 1.0; RFC 9207 (`iss`); RFC 9700 section 4.12 (303).
"""

import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from secrets import token_urlsafe
from urllib.parse import quote_plus

from avow.core.oidc.clients import Client
from avow.core.oidc.redirects import form_target, origin_of
from avow.server.serving import Answer, Cookie

__all__ = ["answered", "open_to"]

_SEE_OTHER = 303
_PLAIN = re.compile(r"[A-Za-z0-9._~-]*", re.ASCII)
_HTML = "text/html; charset=utf-8"
_POLICY = "default-src 'none'; script-src 'nonce-{nonce}'; base-uri 'none'; form-action {form}; frame-ancestors {frame}"
_POST = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>&hellip;</title></head><body>
<form method="post" action="{action}">{fields}<noscript><button>&rarr;</button></noscript></form>
<script nonce="{nonce}">document.forms[0].submit()</script>
</body></html>
"""
_MESSAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>&hellip;</title></head><body>
<script nonce="{nonce}">
(function () {{
  var to = window.opener && window.opener !== window ? window.opener : window.parent;
  if (to && to !== window) to.postMessage({message}, {origin});
}})();
</script>
</body></html>
"""


def answered(
    redirect_uri: str,
    mode: str,
    values: Mapping[str, str],
    *,
    issuer: str,
    state: str = "",
    cookies: Sequence[Cookie] = (),
    allows_popups: bool = False,
) -> Answer:
    """Return the answer that takes values to an application.

    Args:
        redirect_uri: Registered, and named by the request.
        mode: `query`, `form_post` or `web_message`.
        values: `code`, or `error` and `error_description`.
        issuer: Who answers.
        state: Of the request, or "".
        cookies: To set.
        allows_popups: A page that the answer takes keeps hold of the window that opened it.
    """
    said = {**values, **({"state": state} if state else {}), "iss": issuer}
    if mode == "form_post":
        return _posted(redirect_uri, said, cookies, _opener(allows_popups))
    if mode == "web_message":
        return _sent(redirect_uri, said, cookies, _opener(allows_popups))
    query = "&".join(f"{name}={_quoted(value)}" for name, value in said.items())
    joined = f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{query}"
    return Answer(b"", _SEE_OTHER, "text/plain", {"location": joined}, tuple(cookies))


def _quoted(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else quote_plus(value)


def _opener(allows_popups: bool) -> dict[str, str]:
    """Return what a page says of the window that opened it; in a frame, as of a silent request, it says nothing."""
    return {"cross-origin-opener-policy": "unsafe-none" if allows_popups else "same-origin"}


def _posted(redirect_uri: str, said: Mapping[str, str], cookies: Sequence[Cookie], opener: Mapping[str, str]) -> Answer:
    nonce = token_urlsafe(16)
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in said.items()
    )
    html = _POST.format(action=escape(redirect_uri), fields=fields, nonce=nonce)
    policy = _POLICY.format(nonce=nonce, form=form_target(redirect_uri), frame="'none'")
    headers = {**opener, "content-security-policy": policy, "x-frame-options": "DENY"}
    return Answer(html, 200, _HTML, headers, tuple(cookies))


def _sent(redirect_uri: str, said: Mapping[str, str], cookies: Sequence[Cookie], opener: Mapping[str, str]) -> Answer:
    nonce, origin = token_urlsafe(16), origin_of(redirect_uri)
    message = {"type": "authorization_response", "response": said}
    html = _MESSAGE.format(message=_script(message), origin=_script(origin), nonce=nonce)
    policy = _POLICY.format(nonce=nonce, form="'none'", frame=origin)
    return Answer(html, 200, _HTML, {**opener, "content-security-policy": policy}, tuple(cookies))


def _script(value: object) -> str:
    """Return a value as a script literal that cannot end its element."""
    text = json.dumps(value)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def open_to(client: Client, origin: str) -> dict[str, str]:
    """Return the headers by which a page of the application may read an answer."""
    if origin and origin in client.settings.web_origins:
        return {"access-control-allow-origin": origin, "access-control-expose-headers": "WWW-Authenticate, DPoP-Nonce"}
    return {}
