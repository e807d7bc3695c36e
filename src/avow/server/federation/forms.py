"""The page of ours that posts a message of SAML by itself, or when its button is pressed."""

from collections.abc import Mapping
from html import escape
from secrets import token_urlsafe
from typing import Final

from avow.core.saml import PostForm
from avow.server.serving import Answer

__all__ = ["posting"]

_POLICY: Final = (
    "default-src 'none'; script-src 'nonce-{nonce}'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
_FORM: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Avow</title></head>
<body><form id="on" method="post" action="{action}">{fields}<button type="submit">Continue</button></form>
<script nonce="{nonce}">document.getElementById("on").submit();</script></body></html>
"""


def posting(form: PostForm) -> Answer:
    """Return the page that takes a form to where it goes.

    Its policy names no place that forms may go to: browsers would hold whoever answers the form to it too, and nothing
    of anybody else stands on the page.
    """
    nonce = token_urlsafe(16)
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in form.fields
    )
    page = _FORM.format(action=escape(form.action), fields=fields, nonce=nonce)
    headers: Mapping[str, str] = {"content-security-policy": _POLICY.format(nonce=nonce), "x-frame-options": "DENY"}
    return Answer(page, content_type="text/html; charset=utf-8", headers=headers)
