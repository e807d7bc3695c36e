"""What all pages share: templates, words, the style sheet, and the headers that keep a page to itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, cached_property
from hashlib import sha256
from importlib import resources
from pathlib import Path
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from markupsafe import Markup

from avow.clock import Clock
from avow.core.vault import Vault
from avow.errors import NotFound
from avow.server.delivery.devices import known_device
from avow.server.oidc.issuers import policy_target
from avow.server.pages.cookies import Jar
from avow.server.pages.popups import Popups
from avow.server.pages.texts import Catalogue, catalogue_for
from avow.server.screens import brand_of, brand_sheet, style_sheet
from avow.server.serving import Answer, Call, Client, Cookie, Project
from avow.server.settings import Settings

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["Frame", "Said"]

_FOLDER = Path(__file__).parent
_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_POLICY = (
    "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; img-src 'self' data:{pictures}; "
    "connect-src 'self'; form-action 'self'{leads_to}; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
# Spec: HTML "cross-origin opener policy"; RFC 6797; Permissions Policy. The edge adds nosniff, no-store, no-referrer.
_HEADERS = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "x-frame-options": "DENY",
}
_HSTS = "max-age=31536000"
_ASSET_HEADERS = {
    "cache-control": "public, max-age=31536000, immutable",
    "cross-origin-resource-policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Said:
    """A text of the catalogue and its values, until the language is known."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Asset:
    """A file that pages load: its name holds a hash, so browsers may keep it for ever."""

    name: str
    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class _Look:
    """What a page has of its project: the path of a further style sheet, and the address of a logo."""

    style: str = ""
    logo: str = ""


def _asset(stem: str, kind: str, before: bytes = b"") -> _Asset:
    return _named(stem, kind, before + (_FOLDER / "assets" / f"{stem}.{kind}").read_bytes())


def _named(stem: str, kind: str, body: bytes) -> _Asset:
    return _Asset(f"{stem}-{sha256(body).hexdigest()[:16]}.{kind}", body, _TYPES[kind])


@cache
def _assets() -> dict[str, _Asset]:
    """Return every asset by what templates call it."""
    style = _asset("avow", "css", before=style_sheet().body)
    script = _named("pages", "js", (resources.files("avow.web") / "served" / "pages.js").read_bytes())
    return {"style": style, "script": script, "icon": _asset("avow", "svg")}


class Frame:
    """The frame around every page of one server.

    Attributes:
        settings: Of the server.
        clock: Of the server.
        jar: Its cookies.
        popups: Which pages keep hold of the window that opened them.
    """

    def __init__(self, settings: Settings, vault: Vault, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.jar = Jar(settings, vault, clock)
        self.popups = Popups(vault, clock)

    @cached_property
    def root(self) -> str:
        """Return the prefix of every address, "" unless the server is mounted below another application's."""
        return self.settings.public_path

    def page(
        self,
        client: Client,
        template: str,
        values: Mapping[str, Any],
        *,
        status: int = 200,
        cookies: Sequence[Cookie] = (),
        leads_to: str = "",
    ) -> Answer:
        """Render a page.

        Args:
            client: Whose language counts.
            template: Name of the file.
            values: What the template shows; everything is escaped.
            status: HTTP status.
            cookies: Cookies to set.
            leads_to: Approved URL that the page's form may end at, or an application's request that waits; browsers
                check where a form leads to the last.
        """
        nonce = token_urlsafe(16)
        look = _look(values.get("project"))
        words = catalogue_for(client.locale)
        html = (
            _environment()
            .get_template(f"{template}.html")
            .render(
                words=words,
                say=lambda key, **given: words.say(key, given),
                device=lambda user_agent: _device_text(words, user_agent),
                root=self.root,
                assets={name: asset.name for name, asset in _assets().items()},
                nonce=nonce,
                brand_style=look.style,
                logo=look.logo,
                is_development=self.settings.is_development,
                **values,
            )
        )
        policy = _POLICY.format(
            nonce=nonce,
            pictures="".join(f" {_origin(each)}" for each in (look.logo, values.get("picture")) if each),
            leads_to=f" {target}" if (target := policy_target(leads_to)) else "",
        )
        headers = {**self._headers(keeps_opener=self.popups.is_marked(leads_to)), "content-security-policy": policy}
        return Answer(html, status, "text/html; charset=utf-8", headers, tuple(cookies))

    def form(
        self,
        call: Call[Any],
        template: str,
        values: Mapping[str, Any],
        *,
        status: int = 200,
        cookies: Sequence[Cookie] = (),
        leads_to: str = "",
    ) -> Answer:
        """Render a page of a project with a form in it, whose token is bound to this browser."""
        mark, new_mark = self.jar.marked(call)
        own = {
            "form_token": self.jar.form_token(mark),
            "project": call.project,
            "error": None,
            "notice": None,
            **values,
        }
        return self.page(
            call.client, template, {**own, **values}, status=status, cookies=(*new_mark, *cookies), leads_to=leads_to
        )

    def redirect(self, path: str, cookies: Sequence[Cookie] = (), *, leads_to: str = "") -> Answer:
        """Lead the browser on by GET: to a path of ours, or to an approved absolute URL.

        Args:
            path: Where to.
            cookies: Cookies to set.
            leads_to: As of `page`, where it is not the path itself: browsers heed the opener policy of redirects too.
        """
        where = path if path.startswith(("http://", "https://")) else self.root + path
        headers = self._headers(keeps_opener=self.popups.is_marked(leads_to or path))
        return Answer(b"", 303, "text/plain", {**headers, "location": where}, tuple(cookies))

    def headed(self, answer: Answer, cookies: Sequence[Cookie] = ()) -> Answer:
        """Return a page that was made elsewhere with the headers of every page, and cookies to set."""
        headers = {**self._headers(keeps_opener=False), **answer.headers}
        return replace(answer, headers=headers, cookies=(*answer.cookies, *cookies))

    def asset(self, name: str) -> Answer:
        """Answer one of the files that pages load.

        Raises:
            NotFound: There is none of this name.
        """
        found = next((each for each in _assets().values() if each.name == name), None)
        if found is None:
            raise NotFound
        headers = {
            "cache-control": "public, max-age=31536000, immutable",
            "cross-origin-resource-policy": "same-origin",
        }
        return Answer(found.body, 200, found.content_type, headers)

    def _headers(self, *, keeps_opener: bool) -> dict[str, str]:
        opener = {"cross-origin-opener-policy": "unsafe-none"} if keeps_opener else {}
        return {**_HEADERS, **opener, **({"strict-transport-security": _HSTS} if self.settings.is_https else {})}


def _look(project: Project | None) -> _Look:
    if project is None:
        return _Look()
    brand = brand_of(project)
    sheet = brand_sheet(brand)
    return _Look(f"/pages/{project.id}/v2-beta/{sheet.name}" if sheet else "", brand.logo)


def _device_text(words: Catalogue, user_agent: str) -> Markup:
    """Return a User-Agent in words."""
    browser, system = known_device(user_agent)
    if browser and system:
        return words.say("device", {"browser": browser, "system": system})
    return Markup("{}").format(browser or system) if browser or system else words.say("device.unknown")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _instant(seconds: int) -> Markup:
    """Return an instant for people; the script writes it in their own time zone."""
    at = datetime.fromtimestamp(seconds, UTC)
    return Markup('<time datetime="{}">{} UTC</time>').format(f"{at:%Y-%m-%dT%H:%M:%SZ}", f"{at:%Y-%m-%d %H:%M}")


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # 20 ms, and a server is ready without it

    environment = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["instant"] = _instant
    return environment
