"""A browser without a screen for the pages of a server in this process: cookies, redirects, forms. No script runs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urlencode, urlsplit

from avow.server.site import answer
from avow.server.visit import Request, Response
from avow.testing.server import Avow

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass
class Form:
    """A form of a page: where it goes, its fields as they are, and its buttons (name, value)."""

    action: str
    attributes: Mapping[str, str | None]
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Page:
    """What the browser shows after redirects."""

    url: str
    status: int
    headers: dict[str, str]
    set_cookies: list[str]
    html: str
    forms: list[Form] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Return the words of the page, without markup."""
        return " ".join(unescape(re.sub(r"<[^>]*>", "", self.html)).split())

    def part(self, pattern: str) -> str:
        """Return the words of the first element that a pattern finds, "" when it finds none."""
        found = re.search(pattern, self.html, re.DOTALL)
        return " ".join(unescape(re.sub(r"<[^>]*>", "", found[0])).split()) if found else ""

    @property
    def heading(self) -> str:
        return self.part(r"<h1[^>]*>.*?</h1>")

    @property
    def alert(self) -> str:
        return self.part(r'<(div|p)[^>]*role="alert".*?</\1>')

    @property
    def notice(self) -> str:
        return self.part(r'<(div class="|p class="avow-)(told|notice|avow-notice)[^>]*role="status".*?</(div|p)>')

    def form(self, action: str = "") -> Form:
        """Return the first form, or the first one whose action ends so."""
        return next(form for form in self.forms if form.action.endswith(action))


class Browser:
    """One browser profile on one server; `metadata` says whether it sends Sec-Fetch-Site as browsers since 2023 do."""

    def __init__(self, avow: Avow, *, metadata: bool = True, device: str = FIREFOX, **headers: str) -> None:
        self.avow = avow
        self.metadata = metadata
        self.cookies: dict[str, str] = {}
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        self.headers = {"accept": "text/html,*/*;q=0.8", "user-agent": device, **said}

    def get(self, url: str, *, verb: str = "GET", follow: bool = True, **headers: str) -> Page:
        """Open an address, of the server or a path on it."""
        page = self._request(verb, url, b"", headers)
        return self._followed(page) if follow else page

    def post(self, url: str, fields: Mapping[str, str], *, follow: bool = True, **headers: str) -> Page:
        """Send a form as this server's own page would; headers override what the browser says of itself."""
        said = {"content-type": "application/x-www-form-urlencoded", "origin": "null"}
        if self.metadata:
            said["sec-fetch-site"] = "same-origin"
        page = self._request("POST", url, urlencode(fields).encode(), {**said, **headers})
        return self._followed(page) if follow else page

    def submit(self, form: Form, button: str = "", *, follow: bool = True, **typed: str) -> Page:
        """Fill a form (`new_password` for `new-password`), press a button: the one with this value, or the first."""
        typed = {name if name in form.fields else name.replace("_", "-"): value for name, value in typed.items()}
        pressed = next((each for each in form.buttons if not button or each[1] == button), ("", ""))
        assert not button or pressed[1] == button, f"no button {button!r}"
        unknown = set(typed) - set(form.fields)
        assert not unknown, f"no fields {unknown}"
        fields = {**form.fields, **typed, **({pressed[0]: pressed[1]} if pressed[0] else {})}
        return self.post(form.action, fields, follow=follow)

    # --- Ways through the pages ---

    def ask(self, login_id: str, how: str = "code", query: str = "") -> Page:
        """Open the sign-in page and ask for a code or a link."""
        page = self.get(f"/login/{self.avow.project_id}{query}")
        return self.submit(page.form(), how, email=login_id)

    def sign_in(self, login_id: str) -> Page:
        """Sign in with a code."""
        page = self.ask(login_id)
        return self.submit(page.form(), "verify", code=self.avow.code(login_id))

    # --- The wire ---

    def _followed(self, page: Page) -> Page:
        for _ in range(5):
            where = page.headers.get("location", "")
            if page.status not in _REDIRECTS or (where.startswith("http") and not self._is_own(where)):
                return page
            page = self._request("GET", where, b"", {})
        raise AssertionError(f"too many redirects, the last to {page.url}")

    def _is_own(self, url: str) -> bool:
        return url.startswith(self.avow.server.site.settings.public_origin)

    def _request(self, verb: str, url: str, body: bytes, headers: Mapping[str, str]) -> Page:
        parts = urlsplit(url)
        said = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        said["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        request = Request(verb, parts.path, parts.query, said, body, "203.0.113.7", len(said))
        response = self._send(request)
        cookies = [value for name, value in response.headers if name == "set-cookie"]
        for cookie in cookies:
            self._keep(cookie)
        page = Page(url, response.status, dict(response.headers), cookies, response.body.decode())
        page.forms = forms_of(page.html)
        return page

    def _send(self, request: Request) -> Response:
        return answer(self.avow.server.site, request)

    def _keep(self, cookie: str) -> None:
        pair, _, attributes = cookie.partition(";")
        name, _, value = pair.partition("=")
        if "Max-Age=0" in attributes:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value


def forms_of(html: str) -> list[Form]:
    """Return the forms of a page."""
    parser = _Forms()
    parser.feed(html)
    return parser.forms


class _Forms(HTMLParser):
    """Finds the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "form":
            self.forms.append(Form(given["action"] or "", given))
        elif tag == "input" and self.forms and given.get("name"):
            self.forms[-1].fields[given["name"] or ""] = given.get("value") or ""
        elif tag == "button" and self.forms:
            self.forms[-1].buttons.append((given.get("name") or "", given.get("value") or ""))
