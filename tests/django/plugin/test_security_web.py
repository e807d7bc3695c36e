"""Security cases of the plugin on the web: cookies, posts of other sites, where pages lead, what nobody may keep."""

import json
import re
from html import unescape
from urllib.parse import urlencode

from django.test.client import MULTIPART_CONTENT

from avow.django import settings
from avow.testing.server import Avow, Server
from tests.bed.cases import Case
from tests.django.plugin.conftest import SignIn
from tests.django.plugin.test_security import signs_in
from tests.django.plugin.test_store_jwt import NAMES, refused_pairs
from tests.django.plugin.visitor import OUR_COOKIES, Visitor, tokens_of
from tests.security.pages.test_pages import REDIRECTS

POSTS = ("/auth/store_jwt", "/auth/refresh/", "/auth/logout/")
FOREIGN = {
    "another site": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "X-CSRFToken": "a" * 32},
    "another site, without Fetch Metadata": {"Origin": "https://evil.example"},
    "origin null": {"Origin": "null"},
    "no origin": {},
    "a neighbour": {"Origin": "https://shop.testserver", "Sec-Fetch-Site": "same-site"},
    "the right host over http": {"Origin": "http://testserver"},
    "a referer alone": {"Referer": "https://testserver/"},
}


def test_s_web_01_session_cookie_attributes_of_django(case: Case, sign_up: SignIn) -> None:
    case.control(lambda: signs_in(sign_up))
    with case.cell("Django sign-in"):
        visitor = Visitor()
        answer = visitor.bring(sign_up())
        for name in OUR_COOKIES:
            cookie = answer.cookies[name]
            assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
            assert (cookie["path"], cookie["domain"]) == ("/", "")
            assert len(cookie.OutputString()) < 4096
        gone = visitor.post("/auth/logout/").cookies
        for name in OUR_COOKIES:
            assert (gone[name]["max-age"], gone[name]["path"], gone[name]["domain"]) == (0, "/", "")
            assert gone[name]["secure"]


def test_s_web_02_csrf_in_django(case: Case, store: str, sign_up: SignIn) -> None:
    case.control(lambda: signs_in(sign_up))
    mine, others = sign_up(), sign_up()
    form = {"DS": tokens_of(others).session, "DSR": tokens_of(others).refresh}
    for name, headers in FOREIGN.items():
        with case.cell(f"token-store view of Django, {name}"):
            visitor = Visitor()
            visitor.bring(mine)
            before = visitor.kept
            for path in POSTS:
                for kind in ("application/x-www-form-urlencoded", MULTIPART_CONTENT, "text/plain", "application/json"):
                    body = encoded(form, kind)
                    answer = visitor.client.post(path, body, content_type=kind, secure=True, headers=headers)
                    assert answer.status_code == 403
                    assert not set(OUR_COOKIES) & set(answer.cookies)
            assert (visitor.kept, visitor.user_id) == (before, mine["userId"])
    with case.cell("token-store view of Django, GET"):
        visitor = Visitor()
        visitor.bring(mine)
        assert {visitor.get(path).status_code for path in POSTS} == {405}
        assert visitor.user_id == mine["userId"]


def encoded(form: dict[str, str], kind: str) -> dict[str, str] | str:
    """Return a form as a body of some kind; Django's client makes those of several parts itself."""
    if kind == MULTIPART_CONTENT:
        return form
    return json.dumps(form) if kind == "application/json" else urlencode(form)


def test_s_web_03_login_csrf_in_django(case: Case, store: str, sign_up: SignIn, server: Server, avow: Avow) -> None:
    case.control(lambda: signs_in(sign_up))
    with case.cell("Django, post of another site"):
        visitor = Visitor()
        assert visitor.bring(sign_up(), csrf=False).status_code == 403
        assert visitor.user_id == ""
    pairs = refused_pairs(sign_up, server, avow)
    for name in NAMES:
        with case.cell(f"Django, {name}"):
            visitor = Visitor()
            assert visitor.bring(pairs[name]()).status_code == 401
            assert not visitor.kept
    with case.cell("Django, the key of the framework's session"):
        visitor = Visitor()
        visitor.get("/visits")
        before = visitor.client.session.session_key
        assert visitor.bring(sign_up()).status_code == 200
        assert visitor.client.session.session_key != before


def test_s_web_07_pages_of_django_lead_to_this_host_only(case: Case, store: str, sign_up: SignIn) -> None:
    case.control(
        lambda: lead(sign_up, "/T1/login") == {"login": "/T1/login", "refresh": "/T1/login", "logout": "/T1/login"}
    )
    for target in REDIRECTS:
        with case.cell(f"Django, {target[:60]!r}"):
            for to in lead(sign_up, target).values():
                # As a browser reads it: it takes tabs and line breaks out, and a backslash for a slash.
                assert re.match(r"/(?![/\\])", re.sub(r"[\t\r\n]", "", to)), to


def lead(sign_up: SignIn, target: str) -> dict[str, str]:
    """Return where each page leads that takes an address to go on to."""
    visitor = Visitor()
    visitor.bring(sign_up())
    page = Visitor().get(f"/auth/login/?{urlencode({'next': target})}").content.decode()
    found = {"login": unescape(re.findall(r'data-avow-next="([^"]*)"', page)[0])}
    for name in ("refresh", "logout"):
        answer = visitor.post(f"/auth/{name}/", {"next": target})
        found[name] = answer["Location"] if answer.status_code == 302 else "/"
        assert answer.status_code in (200, 302)
    return found


def test_s_web_08_answers_of_django_with_tokens_are_kept_by_nobody(
    case: Case, store: str, sign_up: SignIn, avow: Avow
) -> None:
    case.control(lambda: signs_in(sign_up))
    with case.cell("views of Django"):
        visitor = Visitor()
        answers = [visitor.bring(sign_up()), visitor.get("/auth/login/"), visitor.post("/auth/refresh/")]
        answers.append(visitor.post("/auth/logout/"))
        assert all("no-store" in answer["Cache-Control"] for answer in answers)
    with case.cell("a page of Django that keeps new tokens"):
        visitor.bring(sign_up())
        avow.advance(700)
        answer = visitor.get("/whoami")
        assert "Cookie" in answer["Vary"]
        if store == settings.COOKIE:  # in the other case its tokens stay in Django's session
            assert "private" in answer["Cache-Control"]
        avow.server.clock.reset()
