"""A browser without a screen at an identity provider: follows, fills in the sign-in form, and stops before it posts."""

import http.cookiejar
import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin

__all__ = ["Form", "Person", "forms_of", "visit"]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom an identity provider knows.

    Attributes:
        name: What they sign in with, and their `uid`.
        password: Their password.
        attributes: What the identity provider says of them.
    """

    name: str
    password: str
    attributes: dict[str, list[str]]


@dataclass(slots=True)
class Form:
    """A form of a page.

    Attributes:
        action: Where it goes, absolute.
        fields: Names and values of its inputs.
    """

    action: str
    fields: dict[str, str] = field(default_factory=dict)


def visit(url: str, person: Person | None = None, *, fields: dict[str, str] | None = None) -> Form:
    """Return the form that the identity provider would have the browser post to the service provider.

    Args:
        url: Where the service provider sends the browser.
        person: Who signs in when a sign-in form is shown.
        fields: Of a form that is posted there, instead of a redirect.

    Raises:
        AssertionError: No such form comes; with the text of the page.
    """
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    data = None if fields is None else urlencode(fields).encode()
    for _ in range(4):
        with opener.open(url, data, timeout=20) as answer:
            page, address = answer.read().decode(errors="replace"), answer.geturl()
        forms = forms_of(page, address)
        for form in forms:
            if "SAMLResponse" in form.fields:
                return form
        if person is None or not forms or "password" not in forms[0].fields:
            break
        filled = forms[0].fields | {"username": person.name, "password": person.password}
        url, data = forms[0].action, urlencode(filled).encode()
    raise AssertionError(f"the identity provider answers otherwise: {_Text.of(page)}")


def forms_of(page: str, address: str) -> list[Form]:
    """Return the forms of a page that was found at an address."""
    reader = _Forms(address)
    reader.feed(page)
    return reader.forms


class _Forms(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(urljoin(self.address, given.get("action", ""))))
        elif tag == "input" and self.forms and "name" in given:
            self.forms[-1].fields[given["name"]] = given.get("value", "")


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    @classmethod
    def of(cls, page: str) -> str:
        reader = cls()
        reader.feed(page)
        return " ".join(" ".join(reader.words).split())[:1000]

    def handle_data(self, data: str) -> None:
        self.words.append(data)
