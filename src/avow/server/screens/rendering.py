"""From a screen to its HTML: the same fragments for the official component, for ours, and for pages.

Fragments hold no script and no style of their own, so that they work under a strict Content-Security-Policy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from avow.server.screens.catalogue import catalogue_for
from avow.server.screens.values import Said, Screen

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["Brand", "Component", "Face", "Page", "render", "text_of"]

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Brand:
    """Whose screens they are.

    Attributes:
        name: Of the project: `Sign in to <name>`.
        logo: Address of its logo, or "".
    """

    name: str
    logo: str = ""


@dataclass(frozen=True, slots=True)
class Component:
    """The face inside a web component's shadow root, as the official one binds it.

    Spec: contract "web" section 3.

    Attributes:
        styles: Absolute addresses of the style sheets, brand colours last.
    """

    is_component: ClassVar[bool] = True

    styles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """The face on a page of our own: a form that is posted, and works without script.

    Attributes:
        action: Where the form goes.
        hidden: Its hidden fields (its own token, the step).
    """

    is_component: ClassVar[bool] = False

    action: str
    hidden: Mapping[str, str] = field(default_factory=dict)


Face = Component | Page


def render(screen: Screen, *, locale: str, brand: Brand, face: Face) -> str:
    """Return a screen as an HTML fragment; every value is escaped.

    Args:
        screen: What it shows.
        locale: The reader's language, or several as `Accept-Language` lists them.
        brand: Whose it is.
        face: For a component, or a page.

    Returns:
        One `<form class="avow-screen">`, with the style sheets before it in a component. A button's interaction is its
        `id` in a component and the value of the field `do` in a page.
    """
    words = catalogue_for(locale)
    fragment = _environment().get_template(f"{screen.name}.html")
    return fragment.render(
        screen=screen,
        brand=brand,
        face=face,
        is_component=face.is_component,
        language=words.language,
        direction=words.direction,
        say=lambda key, **given: words.say(key, given),
        plain=lambda key, **given: words.plain(key, given),
        said=lambda text: words.say(text.key, text.values),
    )


def text_of(said: Said | None, locale: str) -> str:
    """Return a text without its markup: what `errorText` of the official component takes; "" for None."""
    return catalogue_for(locale).plain(said.key, said.values) if said else ""


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # 20 ms, and a server is ready without it

    return Environment(
        loader=FileSystemLoader(_FOLDER / "fragments"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
