"""The mark of the browser that a sign-in elsewhere belongs to."""

import re

from avow.core.ids import secret_text
from avow.server.serving import Call, Cookie

__all__ = ["browser_of", "marked"]

_NAME = "avow-elsewhere"
_MARK = re.compile(r"[0-9A-Za-z]{26}", re.ASCII)


def browser_of(call: Call[object]) -> str:
    """Return the mark of the browser, or "" when it has none."""
    mark = call.cookies.get(_name(call), "")
    return mark if _MARK.fullmatch(mark) else ""


def marked(call: Call[object], seconds: int) -> tuple[str, Cookie]:
    """Return the mark of the browser, a new one where it has none, and the cookie that keeps it for so long.

    The cookie is Lax: it comes along when the provider sends the browser back, and not with a form of another site.
    Over https its name keeps every other host from setting it; over http, which is for localhost only, browsers do
    not take that name.
    """
    mark = browser_of(call) or secret_text(26)
    return mark, Cookie(_name(call), mark, max_age_seconds=seconds, secure=_is_https(call))


def _name(call: Call[object]) -> str:
    return f"__Host-{_NAME}" if _is_https(call) else _NAME


def _is_https(call: Call[object]) -> bool:
    return call.project.public_url.startswith("https://")
