"""A User-Agent in two words, `Firefox`, `Windows`: enough for a person to say "that was me"."""

__all__ = ["known_device"]

_LENGTH = 256
# Order matters: later browsers name the earlier ones too.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def known_device(user_agent: str) -> tuple[str, str]:
    """Return browser and operating system, each "" when unknown.

    Only names of our own list come out, so that no one can write into a message through this header.
    """
    text = user_agent[:_LENGTH]
    return _first(_BROWSERS, text), _first(_SYSTEMS, text)


def _first(names: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for mark, name in names if mark in text), "")
