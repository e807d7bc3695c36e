"""From a screen to its HTML: the same fragments for the official component, for ours, and for pages.

Fragments hold no script and no style of their own, so that they work under a strict Content-Security-Policy. What
`avow/web/screens.mjs` may add to them is marked: `data-digits` (a field of so many digits, sent with the last one),
`data-wait` (a button that waits for so many seconds, saying `data-waiting`, `#` of them), `data-poll` (the screen
notices by itself what happened elsewhere), `data-shows`, `data-copies`, `data-downloads` (buttons for the element of
that id, hidden until a script serves them), `data-strength`, `data-rule` and `data-capslock` (of a password field).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from avow.server.screens.catalogue import catalogue_for
from avow.server.screens.values import Email, NewPassword, Passkey, Policy, Said, Screen

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["Brand", "Component", "Face", "Page", "render", "text_of", "title_of"]

_FOLDER = Path(__file__).parent
_SCHEMES = ("https://", "http://", "otpauth://", "/")
_LOGOS = ("https://", "http://", "/", "data:image/")
# Screens with a picture above their heading: those that wait for something, and those that ask for no typing.
_PICTURED: Final = frozenset({
    "link-sent", "enchanted", "confirm-link", "passkey", "passkey-offer", "recovery-codes", "factors", "done", "error",
    "consent", "tenant", "leaving", "sso",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Brand:
    """Whose screens they are.

    Attributes:
        name: Of the project: `Sign in to <name>`.
        logo: Address of its logo, or "".
        color: `#rrggbb`, or "" for ours.
        appearance: `os` (as the device is set), `light` or `dark`.
    """

    name: str
    logo: str = ""
    color: str = ""
    appearance: Literal["os", "light", "dark"] = "os"


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
    first = chain((True,), repeat(False))
    title = title_of(screen, brand)
    return fragment.render(
        screen=screen,
        brand=brand,
        logo=_allowed(brand.logo, _LOGOS),
        picture=screen.name if screen.name in _PICTURED else "",
        face=face,
        is_component=face.is_component,
        language=words.language,
        direction=words.direction,
        title=words.say(title.key, title.values),
        typed=[way for way in screen.ways if way != "passkey"] if isinstance(screen, Email) else [],
        password_rules=_password_rules(screen.policy) if isinstance(screen, NewPassword) else "",
        once=lambda: next(first),
        say=lambda key, **given: words.say(key, given),
        plain=lambda key, **given: words.plain(key, given),
        said=lambda text: words.say(text.key, text.values),
    )


def title_of(screen: Screen, brand: Brand) -> Said:
    """Return the heading of a screen, which is also the title of its page."""
    match screen:
        case Email():
            return Said(f"email.title.{screen.purpose}", {"app": brand.name})
        case NewPassword():
            return Said(f"new-password.title.{screen.why}")
        case Passkey():
            return Said("passkey.title.create" if screen.creates else "passkey.title.show")
        case _:
            return Said(f"{screen.name}.title")


def text_of(said: Said | None, locale: str) -> str:
    """Return a text without its markup: what `errorText` of the official component takes; "" for None."""
    return catalogue_for(locale).plain(said.key, said.values) if said else ""


def _password_rules(policy: Policy) -> str:
    """Return what password managers read before they propose a password.

    Spec: HTML proposal "passwordrules" (of Apple).
    """
    kinds = {"lower": policy.lowercase, "upper": policy.uppercase, "digit": policy.number}
    kinds["special"] = policy.non_alphanumeric
    required = "".join(f" required: {kind};" for kind, is_asked in kinds.items() if is_asked)
    return f"minlength: {policy.min_length};{required}"


def _allowed(address: str, begins: tuple[str, ...]) -> str:
    """Return an address as it is, or "" when it could be a script."""
    return address if address.lower().startswith(begins) else ""


def _link(address: str) -> str:
    """Return where a link leads, or "#" when it could be a script; a place that a component fills stays."""
    is_place = address.startswith("{{") and address.endswith("}}")
    return address if is_place else _allowed(address, _SCHEMES) or "#"


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # 20 ms, and a server is ready without it

    environment = Environment(
        loader=FileSystemLoader(_FOLDER / "fragments"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["link"] = _link
    return environment
