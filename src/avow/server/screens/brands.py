"""The look of a project: its brand from its settings, and the style sheets as files that browsers keep for ever."""

from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path

from avow.server.screens.colors import brand_style
from avow.server.screens.rendering import Brand
from avow.server.serving import Project

__all__ = ["Sheet", "brand_of", "brand_sheet", "style_sheet"]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A style sheet: its name holds a hash of it, so browsers may keep it for ever."""

    name: str
    body: bytes


def brand_of(project: Project) -> Brand:
    """Return the brand of a project."""
    settings = project.settings
    return Brand(project.name, settings.logo_url, settings.brand_color, settings.appearance)


@cache
def style_sheet() -> Sheet:
    """Return the style sheet of all screens."""
    return _sheet("avow", Path(__file__).with_name("style.css").read_bytes())


@lru_cache(maxsize=256)
def brand_sheet(brand: Brand) -> Sheet | None:
    """Return the style sheet that comes after it for a brand; None when there is nothing to add."""
    style = brand_style(brand)
    return _sheet("brand", style.encode()) if style else None


def _sheet(stem: str, body: bytes) -> Sheet:
    return Sheet(f"{stem}-{sha256(body).hexdigest()[:16]}.css", body)
