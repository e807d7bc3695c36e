"""The brand colour of a project: what stands out against it, and which shade of it can be read on our surfaces."""

import re
from typing import Final

from avow.server.screens.rendering import Brand

__all__ = ["DARK_SURFACE", "LIGHT_SURFACE", "READABLE", "brand_style", "contrast", "legible", "on"]

LIGHT_SURFACE: Final = "#ffffff"
DARK_SURFACE: Final = "#1a1d23"
READABLE: Final = 4.5  # WCAG 2.2, 1.4.3
_VISIBLE: Final = 1.25  # a button of less than this against what it lies on gets an edge
_DARK: Final = "#101217"
_BLACK: Final = "#000000"
_STEPS: Final = 40
_HEX: Final = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE | re.ASCII)


def brand_style(brand: Brand) -> str:
    """Return the style sheet that comes after ours for a project's colour and appearance, "" when it has none."""
    rules = []
    if _HEX.fullmatch(brand.color):
        color = brand.color.lower()
        light, dark = legible(color, LIGHT_SURFACE), legible(color, DARK_SURFACE)
        edges = [
            "transparent" if contrast(color, surface) >= _VISIBLE else shade
            for surface, shade in ((LIGHT_SURFACE, light), (DARK_SURFACE, dark))
        ]
        plain = {"accent": color, "on-accent": on(color), "accent-text": light, "accent-edge": edges[0]}
        both = {"accent-text": f"light-dark({light}, {dark})", "accent-edge": f"light-dark({edges[0]}, {edges[1]})"}
        rules.append(f":root, :host {{{_properties(plain)}}}")
        rules.append(f"@supports (color: light-dark(#000, #fff)) {{ :root, :host {{{_properties(both)}}} }}")
    if brand.appearance != "os":
        # What a page tells its component counts more; where it says nothing, the official one would say "light".
        scheme = f"{{ color-scheme: {brand.appearance}; }}"
        rules.append(f":root .avow-screen, .avow-document.avow-document, :host(:not([theme])) .avow-screen {scheme}")
    return "".join(f"{rule}\n" for rule in rules)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21.

    Spec: WCAG 2.2 "contrast ratio".
    """
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def on(color: str) -> str:
    """Return the colour of text on a colour: white where that can be read, otherwise nearly black, or black."""
    return next(text for text in ("#ffffff", _DARK, _BLACK) if contrast(text, color) >= READABLE)


def legible(color: str, surface: str) -> str:
    """Return the shade of a colour nearest to it that can be read as text on a surface."""
    towards = _BLACK if _luminance(surface) > 0.5 else LIGHT_SURFACE
    shades = (_mixed(color, towards, step / _STEPS) for step in range(_STEPS + 1))
    return next(shade for shade in shades if contrast(shade, surface) >= READABLE)


def _properties(values: dict[str, str]) -> str:
    return "".join(f" --avow-{name}: {value};" for name, value in values.items()) + " "


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _luminance(color: str) -> float:
    """Return the relative luminance.

    Spec: WCAG 2.2 "relative luminance".
    """
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in _channels(color))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mixed(color: str, towards: str, share: float) -> str:
    pairs = zip(_channels(color), _channels(towards), strict=True)
    return "#" + "".join(f"{round(one + (other - one) * share):02x}" for one, other in pairs)
