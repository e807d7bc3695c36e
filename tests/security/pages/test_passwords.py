"""S-PWD-11 on pages and in flows: what fields ask for a password, and which passwords they take."""

import json
from html.parser import HTMLParser

import pytest

from avow.testing.server import Avow
from tests.bed.cases import Case
from tests.factories import new_email
from tests.security.calls import Wish
from tests.security.flows.test_executions import Way, is_in
from tests.security.place import Place, dump
from tests.server.pages.browsing import Browser, Page

GOOD = {
    "8 characters": "eight ch",
    "64 characters": "sixty-four of them " * 3 + "which",
    "128 characters": "a hundred and twenty-eight of them are many " * 2 + "x" * 40,
    "small letters alone": "horseandcartandrain",
    "with spaces": "  two in front and behind  ",
    "emoji": "\U0001f40e\U0001f50b\U0001f4ce\U0001f327\ufe0f\U0001f40e\U0001f3e1\U0001f4a1",
    "quotes": '"it\'s" <b>\\ & %00 ; --',
}
KNOWN = {"form", "step", "flow", "next", "canPasskey", "email", "name", "password", "new-password", "username", "old"}


class _Inputs(HTMLParser):
    """The fields of a page or fragment, with all that is said of them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("input", "textarea", "select"):
            self.found.append(dict(attrs))


def speaking(avow: Avow, language: str) -> Browser:
    browser = Browser(avow)
    browser.headers["accept-language"] = language
    return browser


def to_new_password(browser: Browser, mail: str) -> Page:
    page = browser.ask(mail, "password")
    return browser.submit(page.form(), "sign-up")


def signed_up(browser: Browser, mail: str, password: str) -> Page:
    return browser.submit(to_new_password(browser, mail).form(), "save", new_password=password)


def signed_in(browser: Browser, mail: str, password: str) -> Page:
    return browser.submit(browser.ask(mail, "password").form(), "sign-in", password=password)


def stored(avow: Avow) -> list[object]:
    return [dump(avow, table) for table in ("users", "sessions", "challenges", "outbox")]


@pytest.mark.parametrize("language", ["en", "ar"])
def test_s_pwd_11_hosted_sign_in_and_sign_up(case: Case, each_place: Place, language: str) -> None:
    avow = each_place.avow
    case.control(lambda: signed_up(Browser(avow), new_email(), "a horse that reads").heading == "Your account")
    fragment = _fragment(each_place, language)
    reading = {
        "sign-in, page": (speaking(avow, language).ask(new_email(), "password").html, "current-password"),
        "sign-up, page": (to_new_password(speaking(avow, language), new_email()).html, "new-password"),
        "sign-in, component": (fragment["sign-in"], "current-password"),
        "sign-up, component": (fragment["sign-up"], "new-password"),
    }
    for name, (html, purpose) in reading.items():
        with case.cell(f"hosted sign-in and sign-up with a password, {name}, {language}"):
            inputs = _Inputs(html).found
            secret = [each for each in inputs if each.get("type") == "password"]
            assert [each["autocomplete"] for each in secret] == [purpose]
            assert secret[0].get("minlength") in {"8", None}
            assert int(secret[0].get("maxlength") or 256) >= 128
            for each in inputs:
                assert not {"onpaste", "oncopy", "readonly", "pattern"} & set(each) or each.get("type") != "password"
                assert each.get("name", "username") in KNOWN, each  # without a name: for managers, and not sent
            assert "onpaste" not in html
            assert f'lang="{language}"' in html


def test_s_pwd_11_passwords_on_pages(case: Case, each_place: Place) -> None:
    avow = each_place.avow
    case.control(lambda: signed_up(Browser(avow), new_email(), "a horse that reads").heading == "Your account")
    with case.cell("hosted sign-in and sign-up with a password"):
        for short in ("seven 7", "\U0001f40e" * 7, ""):
            browser = Browser(avow)
            asked = to_new_password(browser, new_email())
            before = stored(avow)
            page = browser.submit(asked.form(), "save", new_password=short)
            assert (page.status, bool(page.alert)) == (400, True)
            assert not short or short not in page.html
            assert stored(avow) == before
    for name, password in GOOD.items():
        with case.cell(f"hosted sign-in and sign-up with a password, {name}"):
            mail = new_email()
            assert signed_up(Browser(avow), mail, password).heading == "Your account"
            assert signed_in(Browser(avow), mail, password).heading == "Your account"
            wrong = signed_in(Browser(avow), mail, password[:-1] + "\u00e9")
            assert (wrong.status, wrong.heading) == (401, "Enter your password")
    with case.cell("hosted sign-in and sign-up with a password, no end by itself, and the user can change it"):
        mail = new_email()
        signed_up(Browser(avow), mail, "a horse that reads")
        each_place.advance(20 * 365 * 86_400)
        browser = Browser(avow)
        page = signed_in(browser, mail, "a horse that reads")
        assert page.heading == "Your account"
        begin = next(each for each in page.forms if each.fields.get("flow") == "change-password")
        page = browser.submit(begin)
        assert browser.submit(page.form(), "save", new_password="another horse entirely").heading == "Your account"
        assert signed_in(Browser(avow), mail, "another horse entirely").heading == "Your account"
        avow.server.clock.reset()


def test_s_pwd_11_passwords_in_flows(case: Case, each_place: Place) -> None:
    place = each_place

    def sign_up(mail: str, password: str) -> Way:
        way = Way(place)
        way.start("password")
        way.do("password", email=mail)
        way.do("sign-up")
        return way

    def saved(mail: str, password: str) -> bool:
        return is_in(sign_up(mail, password).do("save", **{"new-password": password}))

    case.control(lambda: saved(new_email(), "a horse that reads"))
    with case.cell("component, 7 characters"):
        way = sign_up(new_email(), "seven 7")
        before = stored(place.avow)
        refused = way.do("save", **{"new-password": "seven 7"})
        assert refused.body["screen"]["state"]["errorText"]
        assert "seven 7" not in json.dumps(refused.body)
        assert stored(place.avow) == before
    for name, password in GOOD.items():
        with case.cell(f"component, {name}"):
            mail = new_email()
            assert saved(mail, password)
            way = Way(place)
            way.start("password")
            way.do("password", email=mail)
            assert is_in(way.do("sign-in", password=password))


def _fragment(place: Place, language: str) -> dict[str, str]:
    """Return the fragments of the screens for a password, as components fetch them."""
    way = Way(place)
    way.start("password", locale=language)
    found = {}
    for name, interaction in (("sign-in", "password"), ("sign-up", "sign-up")):
        shown = way.do(interaction, email=new_email())
        path = f"/pages/{place.api.project_id}/v2-beta/{shown.body['screen']['id']}.html"
        found[name] = place.api.carrier.send(Wish("GET", path)).content.decode()
    return found
