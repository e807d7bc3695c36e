"""docs/django-oidc.md, followed in a fresh project: it signs people in at a provider, and calls an API for them."""

import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import fields
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from avow.clock import system_clock
from avow.django.oidc.settings import Settings
from tests.bed.openid import OpenIdPeer, Said, openid_peer
from tests.django.walk import BLOCK, ROOT, Walk, walking

PAGE = (ROOT / "docs" / "django-oidc.md").read_text(encoding="utf-8")


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Walk]:
    yield from walking(tmp_path / "project", "mysite", {})


@pytest.fixture
def peer() -> Iterator[OpenIdPeer]:
    with openid_peer(system_clock) as started:
        started.client = ("my-client", "my-secret")
        started.answers["/messages"] = lambda seen: Said({"token": seen.headers["authorization"]})
        yield started


class Browser:
    """Goes to the project over https, and to the provider and back when it is sent there."""

    def __init__(self, walk: Walk, peer: OpenIdPeer) -> None:
        self.url, self.peer = walk.names["URL"], peer
        context = ssl.create_default_context(cafile=walk.names["CA"])
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=context), urllib.request.HTTPCookieProcessor(CookieJar()), _Stay()
        )

    def open(self, path: str, **headers: str) -> tuple[int, str, str]:
        """Return status, address and text of a page, redirects followed within the project."""
        url = self.url + path
        for _ in range(8):
            try:
                with self.opener.open(urllib.request.Request(url, headers=headers), timeout=20) as answer:
                    return answer.status, url.removeprefix(self.url), answer.read().decode()
            except urllib.error.HTTPError as refused:
                with refused:
                    location = refused.headers.get("location", "")
                    if not location:
                        return refused.code, url.removeprefix(self.url), refused.read().decode()
            if location.startswith(f"{self.peer.url}/authorize"):
                url = self.peer.authorize(location)
            elif location.startswith("/"):
                url = self.url + location
            else:
                return 302, location, ""
        raise AssertionError("sent round for ever")


class _Stay(urllib.request.HTTPRedirectHandler):
    """Leaves redirects to the browser above."""

    def redirect_request(self, *_: object) -> None:
        return None


@pytest.fixture
def browser(walk: Walk, peer: OpenIdPeer) -> Browser:
    """Make the project of the page and serve it."""
    page = PAGE.replace("https://id.example.com", peer.url).replace("https://api.example.com/m", f"{peer.url}/m")
    for name, added, language, code in BLOCK.findall(page):
        if language == "sh":
            walk.run(code)
        elif name:
            walk.write(name, code, is_added=bool(added))
    settings = walk.folder / "mysite" / "settings.py"
    settings.write_text(settings.read_text(encoding="utf-8") + 'ALLOWED_HOSTS = ["localhost"]\n', encoding="utf-8")
    walk.start()
    return Browser(walk, peer)


def test_project_of_the_page_signs_people_in_and_out(browser: Browser) -> None:
    browser.peer.person = {"sub": "mia", "name": "Mia Moe", "email": "mia@example.com", "email_verified": True}
    assert browser.open("/welcome")[1:] == ("/welcome", "Hello Mia Moe, you are mia here")
    status, path, text = browser.open("/profile")
    assert (status, path) == (200, "/profile")
    assert "mia@example.com" in text
    assert browser.open("/people")[0] == 403
    assert re.fullmatch(r'\{"token": "Bearer [\w-]+"\}', browser.open("/messages")[2])
    assert "not authorized" in browser.open("/admin/")[2]  # of Django's admin: its login is the provider's
    browser.peer.person["roles"] = ["staff", "read:people"]
    assert browser.open("/login?again=1&next=/people")[1:] == ("/people", "for those who may see users")
    assert "Site administration" in browser.open("/admin/")[2]
    own_link = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
    browser.open("/logout", **own_link)
    browser.peer.person = {"sub": "zoe", "name": "Zoe"}
    assert browser.open("/welcome")[2] == "Hello Zoe, you are zoe here"


def test_login_takes_at_most_ten_lines() -> None:
    start = PAGE.split("## Your own views", maxsplit=1)[0]
    lines = [line for _, _, language, code in BLOCK.findall(start) if language == "py" for line in code.splitlines()]
    assert len([line for line in lines if line.strip()]) <= 10


def test_settings_of_the_page_are_all_there_are() -> None:
    table = PAGE.partition("## Settings")[2].partition("\n## ")[0]
    named = {name for line in table.splitlines() if "|" in line for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert named == {one.name for one in fields(Settings)}


def test_accounts_of_an_older_project_come_along(walk: Walk) -> None:
    [code] = [code for name, _, language, code in BLOCK.findall(PAGE) if language == "py" and not name]
    walk.run("django-admin startproject mysite .")
    settings = (
        'INSTALLED_APPS += ["avow.django.oidc"]\nSILENCED_SYSTEM_CHECKS = [f"avow_oidc.E{n:03}" for n in range(20)]\n'
    )
    walk.write("mysite/settings.py", settings, is_added=True)
    walk.run("python manage.py migrate")
    before = "from django.contrib.auth.models import User\nUser.objects.create(username='auth0_user_1')\n"
    after = "print([(str(each), each.user.username) for each in Identity.objects.all()])\n"
    (walk.folder / "move.py").write_text(
        "import os, django\nos.environ['DJANGO_SETTINGS_MODULE'] = 'mysite.settings'\ndjango.setup()\n"
        + before
        + code
        + after,
        encoding="utf-8",
    )
    assert walk.run("python move.py").strip() == "[('auth0|user_1 at https://your.domain/', 'auth0_user_1')]"
