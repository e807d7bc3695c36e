"""What kind of device a User-Agent names: one of five words, for the audit and its search."""

import re
from functools import lru_cache
from typing import Final

__all__ = ["BOT", "DESKTOP", "KINDS", "MOBILE", "TABLET", "UNKNOWN", "kind"]

BOT: Final = "Bot"
MOBILE: Final = "Mobile"
DESKTOP: Final = "Desktop"
TABLET: Final = "Tablet"
UNKNOWN: Final = "Unknown"
KINDS: Final = (BOT, MOBILE, DESKTOP, TABLET, UNKNOWN)

_LENGTH: Final = 512
_BOT: Final = re.compile(r"bot\b|crawl|spider|slurp|headless|curl/|wget/|python-|go-http-client|httpx|okhttp", re.I)
_TABLET: Final = re.compile(r"iPad|Tablet|Kindle|Silk/|PlayBook", re.I)
_MOBILE: Final = re.compile(r"iPhone|iPod|Mobile|Windows Phone|Opera Mini", re.I)
_DESKTOP: Final = re.compile(r"Windows NT|Macintosh|X11|CrOS|Linux", re.I)


def kind(user_agent: str) -> str:
    """Return one of `KINDS`, or "" when there is no User-Agent.

    An Android device that does not call itself mobile is a tablet, as its makers ask.
    """
    return _kind(user_agent[:_LENGTH]) if user_agent else ""


@lru_cache(maxsize=1024)
def _kind(text: str) -> str:
    if _BOT.search(text):
        return BOT
    if _TABLET.search(text) or ("Android" in text and "Mobile" not in text):
        return TABLET
    if _MOBILE.search(text):
        return MOBILE
    return DESKTOP if _DESKTOP.search(text) else UNKNOWN
