"""Attacks on Avow's own pages: links that scanners open, other sites' forms, frames, script, open redirects."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from avow.testing.server import Avow, Server
from tests.bed.cases import Case
from tests.bed.databases import new_sqlite_url, remove_sqlite
from tests.factories import change_settings, new_email
from tests.security.calls import carries_token
from tests.security.place import NO_LIMITS, Place, dump
from tests.server.pages.browsing import Browser, Page

EVIL = "https://evil.example"
APPROVED = "https://app.example.com/in"
SCRIPTS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "</title><script>alert(1)</script>",
    "{{7*123457}}",
    "${7*123457}",
    "\u2028alert(1)\u2029",
)
# 25 ways out; none begins with the approved URL.
REDIRECTS = (
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:\\\\evil.example",
    "/%09/evil.example",
    "\thttps://evil.example",
    " https://evil.example",
    "https://evil.example",
    "http://app.example.com/in",
    "https://app.example.com.evil.example/in",
    "https://app.example.com@evil.example/in",
    "https://evil.example#https://app.example.com/in",
    "https://evil.example?https://app.example.com/in",
    "https://app.example.com/in/../../evil",
    "https://app.example.com/in%2f..%2fevil",
    "https://app.example.com/in%0d%0aLocation:%20https://evil.example",
    "https://app.example.com/in\r\nLocation: https://evil.example",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "https://app.example\u3002com/in",
    "https://app.example.com\uff0fin",
    "https://app.example.com/in/" + "a" * 1970 + "/../../x",
)


@pytest.fixture
def https() -> Iterator[Avow]:
    """Give a project on a server that people reach over TLS."""
    url = new_sqlite_url()
    server = Server(url, settings={"public_url": "https://auth.example.com", "is_development": False})
    yield server.project("Acme", **NO_LIMITS)
    server.close()
    remove_sqlite(url)


def is_signed_in(page: Page) -> bool:
    return (page.status, page.heading) == (200, "Your account")


def tables(avow: Avow) -> list[object]:
    """What a refused request must leave as it is."""
    return [dump(avow, table) for table in ("users", "sessions", "challenges", "outbox", "flow_executions")]


# --- Links -----------------------------------------------------------------------------------------------------


def test_s_lnk_02_scanners_do_not_use_links_up(case: Case, local_place: Place) -> None:
    avow = local_place.avow
    case.control(lambda: is_signed_in(_by_link(avow)))
    for how in ("link", "number"):
        mail, owner = new_email(), Browser(avow)
        waiting = owner.ask(mail, how)
        links = _links(avow, mail)
        before = tables(avow)
        visits: dict[str, dict[str, Any]] = {
            "HEAD": {"verb": "HEAD"},
            "GET": {},
            "GET of another client": {"user_agent": "Scanner/1.0", "accept": "*/*"},
            "GET once more": {},
            "prefetch": {"purpose": "prefetch", "sec_purpose": "prefetch;prerender"},
            "GET from the mail's site": {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"},
        }
        for name, visit in visits.items():
            with case.cell(f"{how}, {name}"):
                for link in links:
                    page = Browser(avow).get(link, **visit)
                    assert page.status == 200
                    assert page.set_cookies == []
                    assert not carries_token(page.html.encode())
                assert tables(avow) == before
        with case.cell(f"{how}, the person afterwards"):
            if how == "link":
                assert is_signed_in(owner.submit(owner.get(links[0]).form()))
            else:
                Browser(avow).submit(Browser(avow).get(_right(avow, mail, waiting)).form())
                assert is_signed_in(owner.submit(owner.get(waiting.url).form(), "polling"))


def test_s_lnk_07_token_does_not_leak(case: Case, local_place: Place) -> None:
    avow = local_place.avow
    case.control(lambda: is_signed_in(_by_link(avow)))
    for how in ("link", "number"):
        mail = new_email()
        Browser(avow).ask(mail, how)
        link = _links(avow, mail)[0]
        page = Browser(avow).get(link)
        done = Browser(avow).submit(page.form(), follow=False)
        for name, shown in {"open": page, "answered": done, "used": Browser(avow).get(link)}.items():
            with case.cell(f"{how}, {name}"):
                assert shown.headers["referrer-policy"] == "no-referrer"
                assert shown.headers["cache-control"] == "no-store"
                for address in re.findall(r'(?:src|href|action)="([^"]*)"', shown.html):
                    assert re.match(r"/(?!/)", address), address
                    assert "t=" not in address
                assert "@import" not in shown.html
        with case.cell(f"{how}, what the page may load"):
            assert _directives(page)["default-src"] == ["'none'"]
            assert not [source for sources in _directives(page).values() for source in sources if "http" in source]
            assert urlsplit(done.headers.get("location", "")).query == ""


# --- Cookies, forms of other sites -----------------------------------------------------------------------------


def test_s_web_01_cookies_of_the_pages(case: Case, https: Avow) -> None:
    case.control(lambda: is_signed_in(Browser(https).sign_in(new_email())))
    browser = Browser(https)
    mail = new_email()
    page = browser.get(f"/login/{https.project_id}")
    asked = browser.submit(page.form(), "code", follow=False, email=mail)
    step = browser.get(asked.headers["location"])
    done = browser.submit(step.form(), follow=False, code=https.code(mail))
    with case.cell("hosted page, set"):
        assert len([*asked.set_cookies, *done.set_cookies]) == 4
        for cookie in (*asked.set_cookies, *done.set_cookies, *page.set_cookies):
            assert cookie.startswith("__Host-")
            assert len(cookie) < 4096
            attributes = {part.partition("=")[0] for part in cookie.split("; ")[1:]}
            assert {"Secure", "HttpOnly", "Path", "SameSite", "Max-Age"} == attributes
            assert "; Path=/; SameSite=Lax" in cookie
    with case.cell("hosted page, cleared alike"):
        page = browser.get(f"/account/{https.project_id}")
        form = next(each for each in page.forms if ("do", "end") in each.buttons)
        left = browser.submit(form, "end", follow=False)
        assert len(left.set_cookies) == 2
        for cookie in left.set_cookies:
            assert "=; Max-Age=0; Path=/; SameSite=Lax; Secure; HttpOnly" in cookie
        assert not [name for name in browser.cookies if "refresh" in name or "session" in name]


def test_s_web_02_forms_of_other_sites_are_refused(case: Case, local_place: Place) -> None:
    avow = local_place.avow
    case.control(lambda: is_signed_in(Browser(avow).sign_in(new_email())))
    victim, attacker = Browser(avow), Browser(avow)
    page = victim.sign_in(new_email())
    step = victim.ask(new_email())  # a sign-in of theirs is on its way, too
    path = f"/account/{avow.project_id}"
    theirs = attacker.get(f"/login/{avow.project_id}").form().fields["form"]
    targets = {
        "refresh": (path, {"do": "refresh"}),
        "sign out": (path, {"do": "end"}),
        "sign out everywhere": (path, {"do": "end-all"}),
        "remove a passkey": (path, {"do": "remove-passkey", "id": "x"}),
        "make codes": (path, {"do": "make-codes"}),
        "begin a sign-in": (f"/login/{avow.project_id}", {"email": new_email(), "do": "code"}),
        "begin a step-up": (f"/login/{avow.project_id}", {"flow": "step-up"}),
        "answer a sign-in": (step.url, {"code": "123456", "do": "verify", "step": step.form().fields["step"]}),
        "send again": (step.url, {"do": "resend", "step": step.form().fields["step"]}),
    }
    own = page.forms[0].fields["form"]
    attacks = {
        "evil origin, right token": (own, {"origin": EVIL, "sec_fetch_site": "cross-site"}),
        "neighbouring host, right token": (own, {"origin": "http://x.localhost:8000", "sec_fetch_site": "same-site"}),
        "evil origin, no metadata": (own, {"origin": EVIL, "sec_fetch_site": ""}),
        "origin null, no token": ("", {"origin": "null", "sec_fetch_site": ""}),
        "no origin, no token": ("", {"origin": "", "sec_fetch_site": ""}),
        "token of the attacker's browser": (theirs, {"origin": "null", "sec_fetch_site": ""}),
        "as text/plain": (own, {"content_type": "text/plain"}),
        "as JSON": (own, {"content_type": "application/json"}),
        "as multipart": (own, {"content_type": "multipart/form-data; boundary=x"}),
    }
    for target, (url, fields) in targets.items():
        for attack, (token, headers) in attacks.items():
            with case.cell(f"{target}, {attack}"):
                before = tables(avow)
                said = {name: value for name, value in headers.items() if value}
                browser = Browser(avow, metadata=headers.get("sec_fetch_site", "x") != "")
                browser.cookies = dict(victim.cookies)
                answer = browser.post(url, {**fields, "form": token}, follow=False, accept="*/*", **said)
                assert answer.status in {400, 403}
                assert answer.html.startswith('{"errorCode":"E0')
                assert answer.set_cookies == []
                assert tables(avow) == before
        with case.cell(f"{target}, GET instead"):
            before = tables(avow)
            query = "&".join(f"{name}={quote(value)}" for name, value in {**fields, "form": own}.items())
            victim.get(f"{url}?{query}")
            assert tables(avow) == before
    with case.cell("the attacker's own magic link, sent as a form from elsewhere"):
        mail = new_email()
        Browser(avow).ask(mail, "link")
        before = tables(avow)
        token = parse_qs(urlsplit(avow.link(mail)).query)["t"][0]
        for headers in ({"origin": EVIL, "sec_fetch_site": "cross-site"}, {"origin": EVIL}, {"origin": "null"}):
            browser = Browser(avow, metadata=False)
            answer = browser.post(f"/login/{avow.project_id}/return", {"t": token}, follow=False, **headers)
            assert answer.status in {200, 403}
            assert not [cookie for cookie in answer.set_cookies if "refresh" in cookie or "session" in cookie]
        assert [dump(avow, table) for table in ("users", "sessions", "challenges")] == before[:3]


def test_s_web_05_headers_of_pages(case: Case, https: Avow) -> None:
    case.control(lambda: is_signed_in(Browser(https).sign_in(new_email())))
    browser = Browser(https)
    shown = {"start": browser.get("/"), "sign-in": browser.get(f"/login/{https.project_id}")}
    mail = new_email()
    shown["code"] = browser.ask(mail)
    shown["wrong code"] = browser.submit(shown["code"].form(), code="0000")
    shown["signed in"] = browser.submit(shown["code"].form(), code=https.code(mail))
    for how in ("link", "number"):
        mail = new_email()
        shown[f"waiting for {how}"] = Browser(https).ask(mail, how)
        link = _links(https, mail)[0]
        shown[f"verify {how}"] = Browser(https).get(link)
        shown[f"verified {how}"] = Browser(https).submit(shown[f"verify {how}"].form(), follow=False)
        shown[f"used {how}"] = Browser(https).get(link)
    shown["error 404"] = browser.get("/nothing")
    shown["error 403"] = browser.post(f"/login/{https.project_id}", {})
    shown["error 405"] = browser.get("/login", verb="DELETE")
    nonces = set()
    for name, page in shown.items():
        with case.cell(name):
            headers = page.headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["strict-transport-security"] == "max-age=31536000"
            assert headers["cross-origin-opener-policy"] == "same-origin"
            assert headers["cache-control"] == "no-store"
            if page.status == 303:
                continue
            rules = _directives(page)
            for directive in ("default-src", "frame-ancestors", "object-src", "base-uri"):
                assert rules[directive] == ["'none'"]
            [nonce] = rules["script-src"]
            assert rules["style-src"] == [nonce]
            assert re.fullmatch(r"'nonce-[\w-]{20,}'", nonce)
            assert nonce not in nonces
            nonces.add(nonce)
            assert not re.search(r"\son\w+=|style=|<style|javascript:", page.html)


def test_s_web_06_script_is_text(case: Case, local_place: Place) -> None:
    avow = local_place.avow
    case.control(lambda: is_signed_in(Browser(avow).sign_in(new_email())))
    for text in SCRIPTS:
        with case.cell(f"login hint and field, {text!r}"):
            browser = Browser(avow)
            page = browser.get(f"/login/{avow.project_id}?loginId={quote(text)}")
            _assert_text(page, text, elsewhere=page.form().fields["email"])
            page = browser.submit(page.form(), "code")
            _assert_text(page, text, elsewhere=page.form().fields["email"])
        with case.cell(f"name of the project, {text!r}"):
            named = avow.server.project(text)
            page = Browser(named).get(f"/login/{named.project_id}")
            _assert_text(page, text.split("\u2028")[0], elsewhere=page.text)
        with case.cell(f"device, {text!r}"):
            mail = new_email()
            Browser(avow, device=text + " Firefox Linux").ask(mail, "link")
            assert text not in Browser(avow).get(avow.link(mail)).html
        with case.cell(f"language, token, number, notice and path, {text!r}"):
            for url in (
                f"/login/{avow.project_id}?notice={quote(text[:20])}",
                f"/magic-link/{avow.project_id}?t={quote(text)}",
                f"/enchanted-link/{avow.project_id}?n={quote(text)}",
                f"/{quote(text)}",
            ):
                assert text not in Browser(avow, accept_language=text).get(url).html
        with case.cell(f"custom claims in the account page, {text!r}"):
            browser = Browser(avow)
            mail = new_email()
            local_place.api.post(
                "/v1/auth/magiclink/signup-in/email",
                body={"loginId": mail, "loginOptions": {"customClaims": {text[:40]: text}}},
            )
            page = browser.submit(browser.get(avow.link(mail)).form())
            assert is_signed_in(page)
            _assert_text(page, text, elsewhere=page.text.replace('\\"', '"') + text if "\u2028" in text else "")


def test_s_web_07_redirects_stay_where_they_are_approved(case: Case, https: Avow) -> None:
    change_settings(https, {"approved_redirects": [APPROVED]})
    https.advance(2)
    case.control(lambda: _ends_at(https, f"{APPROVED}/home?a=1") == f"{APPROVED}/home?a=1")
    assert len(REDIRECTS) == 25
    for url in REDIRECTS:
        with case.cell(f"next, {url[:60]!r}"):
            page = Browser(https).get(f"/login/{https.project_id}?next={quote(url)}")
            assert page.status == 400
            browser = Browser(https)
            form = browser.get(f"/login/{https.project_id}").form()
            fields = {**form.fields, "email": new_email(), "do": "code", "next": url}
            assert browser.post(form.action, fields, follow=False).status == 400
        with case.cell(f"next without a project, {url[:60]!r}"):
            page = Browser(https).get(f"/login?next={quote(url)}", follow=False)
            if page.status == 303:
                assert re.fullmatch(r"/login/P\w+\?next=[\w%.+-]*", page.headers["location"])
            else:
                assert page.status == 400
        with case.cell(f"Referer and path, {url[:60]!r}"):
            page = Browser(https).get(f"/account/{https.project_id}", follow=False, referer=quote(url, safe=":/"))
            assert page.headers["location"] == f"/login/{https.project_id}"
            assert "location" not in Browser(https).get(f"/{quote(url)}", follow=False).headers


def test_s_web_08_pages_are_kept_by_nobody(case: Case, local_place: Place) -> None:
    avow = local_place.avow
    case.control(lambda: is_signed_in(Browser(avow).sign_in(new_email())))
    browser = Browser(avow)
    browser.sign_in(new_email())
    for path in ("account", "login"):
        with case.cell(f"hosted page, {path}"):
            assert browser.get(f"/{path}/{avow.project_id}").headers["cache-control"] == "no-store"


# --- Sessions --------------------------------------------------------------------------------------------------


def test_s_ses_09_sign_in_on_a_page_makes_a_new_session(case: Case, place: Place) -> None:
    avow = place.avow
    case.control(lambda: is_signed_in(Browser(avow).sign_in(new_email())))
    attacker = Browser(avow)
    attackers = attacker.sign_in(mail := new_email()).text
    names = [name for name in attacker.cookies if "refresh" in name or "session" in name]
    planted = {
        "the attacker's session": {name: attacker.cookies[name] for name in names},
        "the attacker's session and browser": dict(attacker.cookies),
        "made-up values": dict.fromkeys(attacker.cookies, "x"),
        "cookies of the contract": {"DS": attacker.cookies[names[-1]], "DSR": attacker.cookies[names[0]]},
    }
    for name, cookies in planted.items():
        with case.cell(f"hosted page, {name}"):
            victim = Browser(avow)
            victim.cookies = dict(cookies)
            page = victim.sign_in(own := new_email())
            assert is_signed_in(page)
            assert own in page.text
            assert _session_id(page.text) != _session_id(attackers)
            assert all(victim.cookies[each] != cookies.get(each) for each in names)
            copy = Browser(avow)
            copy.cookies = dict(cookies)
            seen = copy.get(f"/account/{avow.project_id}")
            assert own not in seen.text
            assert not is_signed_in(seen) or mail in seen.text


# --- Parts -----------------------------------------------------------------------------------------------------


def _by_link(avow: Avow) -> Page:
    mail, browser = new_email(), Browser(avow)
    browser.ask(mail, "link")
    return browser.submit(browser.get(avow.link(mail)).form())


def _links(avow: Avow, mail: str) -> list[str]:
    sent = avow.messages(mail)[0]
    return [each.url for each in sent.links] or [sent.link]


def _right(avow: Avow, mail: str, waiting: Page) -> str:
    number = waiting.part('<p class="avow-number.*?</p>').rpartition(" ")[2]
    return next(each.url for each in avow.messages(mail)[0].links if each.id == number)


def _directives(page: Page) -> dict[str, list[str]]:
    parts = (part.split() for part in page.headers["content-security-policy"].split(";"))
    return {name: sources for name, *sources in parts}


def _assert_text(page: Page, text: str, *, elsewhere: str) -> None:
    """Assert that no markup came of a text, and that the page shows it."""
    assert not re.search(r"<(?:script(?! src=\"/assets/)|img|svg/)", page.html)
    assert '"javascript:' not in page.html or 'value="javascript:' in page.html
    assert "864199" not in page.html
    assert page.html.count("</title>") == 1
    assert not elsewhere or text in elsewhere


def _ends_at(avow: Avow, url: str) -> str:
    browser, mail = Browser(avow), new_email()
    page = browser.ask(mail, query=f"?next={quote(url)}")
    return browser.submit(page.form(), code=avow.code(mail)).headers["location"]


def _session_id(text: str) -> str:
    return text.partition('"sid": "')[2].partition('"')[0]
