"""The page docs/django.md: a project made from its own snippets signs people in."""

import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest

from avow import DeliveryMethod
from avow.testing.server import Avow, Server
from tests.django.walk import BLOCK, ROOT, Walk, walking
from tests.factories import make_member
from tests.served import over_http

PAGE = (ROOT / "docs" / "django.md").read_text(encoding="utf-8")
TEMPLATE = re.compile(r"`([\w./]+\.html)`:\n\n```html\n(.*?)```", re.DOTALL)
MIA = "mia@example.com"
# The project of the page has its own SQLite file.
ONCE = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)


class Browser:
    """Opens pages of the project over https and keeps cookies."""

    def __init__(self, url: str, authority: str) -> None:
        self.url, self.cookies = url, CookieJar()
        context = ssl.create_default_context(cafile=authority)
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=context), urllib.request.HTTPCookieProcessor(self.cookies)
        )

    def open(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Return status, address and text of a page, redirects followed."""
        data = None if form is None else urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(self.url + path, data, {"Referer": f"{self.url}/"})
        try:
            with self.opener.open(request, timeout=20) as answer:
                return answer.status, answer.url.removeprefix(self.url), answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, path, refused.read().decode()


@pytest.fixture(scope="module")
def base_url(server: Server) -> Iterator[str]:
    # Its courier stays off: it would take a message away from under a test that looks into the outbox.
    with over_http(server, keeps=True) as url:
        yield url


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Walk]:
    yield from walking(tmp_path / "project", "mysite", {})


def made(walk: Walk, base_url: str, avow: Avow) -> Browser:
    """Make the project of the page and serve it."""
    page = PAGE.replace("http://localhost:8000", base_url).replace('"P..."', f'"{avow.project_id}"')
    named = [block for block in BLOCK.findall(page) if block[0] or block[2] == "sh"]
    for name, added, language, code in named:
        if language == "sh":
            walk.run(code)
        else:
            walk.write(name, code, is_added=bool(added))
    for name, text in TEMPLATE.findall(page):
        file = walk.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    settings = walk.folder / "mysite" / "settings.py"
    settings.write_text(settings.read_text(encoding="utf-8") + 'ALLOWED_HOSTS = ["localhost"]\n', encoding="utf-8")
    walk.start()
    return Browser(walk.names["URL"], walk.names["CA"])


def sign_in(browser: Browser, avow: Avow, path: str) -> Any:
    """Sign in by code, and hand the tokens over as the script of the page does."""
    client = avow.client()
    client.otp.sign_up_or_in(DeliveryMethod.EMAIL, MIA)
    session: Any = client.otp.verify_code(DeliveryMethod.EMAIL, MIA, avow.code(MIA))
    _, _, text = browser.open(path)
    shown = dict(re.findall(r'data-avow-(\w+)="([^"]*)"', text))
    form = {"DS": session["sessionToken"]["jwt"], "DSR": session["refreshSessionToken"]["jwt"]}
    status, _, answer = browser.open(shown["store"], {**form, "csrfmiddlewaretoken": shown["csrf"]})
    assert (status, answer) == (200, '{"success": true}')
    return session


@ONCE
def test_project_of_the_page_signs_people_in_and_out(walk: Walk, base_url: str, avow: Avow) -> None:
    browser = made(walk, base_url, avow)
    assert browser.open("/profile")[1] == "/auth/login/?next=/profile"
    session = sign_in(browser, avow, "/auth/login/?next=/profile")
    assert browser.open("/profile")[2] == f"{session['userId']} has the roles []"
    assert browser.open("/later")[2] == MIA
    assert browser.open("/drafts")[0] == 403
    assert browser.open("/customers/acme")[0] == 403
    _, _, home = browser.open("/")
    assert "avow-login" not in home
    # A role given meanwhile counts after the button was pressed.
    make_member(
        avow,
        session["userId"],
        roles_of_project={"editor": []},
        tenant_id="acme",
        roles_in_tenant={"reader": ["reports.read"]},
    )
    token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', home)[0]
    assert browser.open("/auth/refresh/", {"csrfmiddlewaretoken": token, "next": "/"})[1] == "/"
    for path in ("/drafts", "/customers/acme", "/reports/acme"):
        assert browser.open(path)[0] == 200
    assert browser.open("/auth/logout/", {"csrfmiddlewaretoken": token})[1] == "/"
    assert browser.open("/profile")[1] == "/auth/login/?next=/profile"


@ONCE
def test_template_of_the_page_shows_the_flow(walk: Walk, base_url: str, avow: Avow) -> None:
    browser = made(walk, base_url, avow)
    sign_in(browser, avow, "/")
    assert "Log out" in browser.open("/")[2]


@ONCE
def test_login_takes_at_most_ten_lines() -> None:
    start = PAGE.split("## What a view knows", maxsplit=1)[0]
    lines = [line for _, _, language, code in BLOCK.findall(start) if language == "py" for line in code.splitlines()]
    assert len([line for line in lines if line.strip()]) <= 10


@ONCE
def test_settings_of_the_page_are_all_there_are() -> None:
    from avow.django import settings

    table = PAGE.split("## Settings", maxsplit=1)[1].split("\n## ", maxsplit=1)[0]
    assert set(re.findall(r"AVOW_[A-Z_]+", table)) == set(settings.names())


@ONCE
@pytest.mark.parametrize("number", range(4))
def test_other_snippets_of_the_page_are_python(number: int, configure: Any) -> None:
    configure(REST_FRAMEWORK={})
    others = [code for name, _, language, code in BLOCK.findall(PAGE) if language == "py" and not name]
    assert len(others) == 4
    exec(compile(others[number], "docs/django.md", "exec"), {})  # noqa: S102 - our own page


@ONCE
def test_test_of_the_page_passes(avow: Avow, configure: Any, tmp_path: Path) -> None:
    from django.test import Client

    others = [code for name, _, language, code in BLOCK.findall(PAGE) if language == "py" and not name]
    names: dict[str, Any] = {}
    exec(compile(others[-1], "docs/django.md", "exec"), names)  # noqa: S102 - our own page

    class Settings:
        def __setattr__(self, name: str, value: object) -> None:
            configure(**{name: value})

    class Page(Client):
        def get(self, path: Any, *args: Any, **more: Any) -> Any:
            return super().get("/whoami" if path == "/profile" else path, *args, **more)

    names["test_profile"](avow, Settings(), Page())
