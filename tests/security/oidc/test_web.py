"""S-WEB-02 and 05 to 08 at the OpenID provider: forms of other sites, frames, script, ways out, and caches."""

import html
import re
from collections.abc import Iterator
from urllib.parse import quote, urlencode, urlsplit

import pytest

from avow.errors import InvalidArgument
from avow.server.projects import actions as projects
from avow.testing.server import Avow, Server
from tests.bed.cases import Case
from tests.bed.databases import new_sqlite_url, remove_sqlite
from tests.factories import new_email
from tests.security.pages.test_pages import EVIL, REDIRECTS, SCRIPTS
from tests.security.place import NO_LIMITS, dump
from tests.server.oidc.relying import API, Rp, landed, make_api, make_app, prepare
from tests.server.pages.browsing import Browser, Page

HOME = "https://app.example.com/in"
_WRITTEN = ("consents", "oidc_grants", "oidc_requests", "sessions", "users")


@pytest.fixture
def https() -> Iterator[Avow]:
    """Give a project on a server that people reach over TLS."""
    url = new_sqlite_url()
    server = Server(url, settings={"public_url": "https://auth.example.com", "is_development": False})
    made = server.project("Acme", **NO_LIMITS)
    prepare(made)
    yield made
    server.close()
    remove_sqlite(url)


def asked(rp: Rp, **changes: str) -> tuple[Browser, Page]:
    """Lead somebody who is signed in to the question for consent."""
    browser = rp.browser()
    return browser, rp.sign_in(browser, rp.ask(browser, scope="openid email", **changes), new_email())


def written(avow: Avow) -> list[object]:
    return [dump(avow, table) for table in _WRITTEN]


def rules(page: Page) -> dict[str, list[str]]:
    parts = (part.split() for part in page.headers["content-security-policy"].split(";"))
    return {part[0]: part[1:] for part in parts if part}


def test_s_web_02_consent_from_elsewhere(case: Case, project: Avow) -> None:
    rp = make_app(project, trusted=False)

    def works() -> bool:
        browser, page = asked(rp)
        return "code" in landed(browser.submit(page.form(), "allow"))

    case.control(works)
    victim, page = asked(rp)
    _, theirs = asked(rp)
    fields, url = {**page.form().fields, "do": "allow"}, page.form().action
    own, foreign = fields["form"], theirs.form().fields["form"]
    attacks = {
        "evil origin, right token": (own, {"origin": EVIL, "sec_fetch_site": "cross-site"}),
        "neighbouring host, right token": (own, {"origin": "http://x.localhost:8000", "sec_fetch_site": "same-site"}),
        "evil origin, no metadata": (own, {"origin": EVIL, "sec_fetch_site": ""}),
        "origin null, no token": ("", {"origin": "null", "sec_fetch_site": ""}),
        "no origin, no token": ("", {"origin": "", "sec_fetch_site": ""}),
        "token of the attacker's browser": (foreign, {"origin": "null", "sec_fetch_site": ""}),
        "as text/plain": (own, {"content_type": "text/plain"}),
        "as JSON": (own, {"content_type": "application/json"}),
        "as multipart": (own, {"content_type": "multipart/form-data; boundary=x"}),
    }
    with case.cell("consent submit"):
        for attack, (token, headers) in attacks.items():
            for do in ("allow", "deny"):
                before = written(project)
                browser = Browser(project, metadata=headers.get("sec_fetch_site", "x") != "")
                browser.cookies = dict(victim.cookies)
                said = {name: value for name, value in headers.items() if value}
                answer = browser.post(url, {**fields, "do": do, "form": token}, follow=False, accept="*/*", **said)
                assert answer.status in {400, 403}, attack
                assert (answer.set_cookies, "location" in answer.headers) == ([], False), attack
                assert written(project) == before, attack
        before = written(project)
        answer = victim.get(f"{url}?{urlencode(fields)}", follow=False)
        assert "code=" not in answer.headers.get("location", "")
        assert written(project)[:2] == before[:2]
    with case.cell("consent submit, the right one still counts"):
        assert "code" in landed(victim.submit(page.form(), "allow"))


def test_s_web_05_pages_of_the_provider(case: Case, https: Avow) -> None:
    rp = make_app(https, trusted=False, logoutUris=[HOME])
    case.control(lambda: asked(rp)[1].status == 200)
    browser, page = asked(rp)
    shown = {"consent": page}
    browser.submit(page.form(), "allow")
    shown["log-out"] = browser.get(f"{rp.prefix}/oidc/logout")
    shown["log-out, refused"] = browser.get(f"{rp.prefix}/v2/logout?returnTo={quote(EVIL)}")
    shown["request that is wrong"] = rp.ask(rp.browser(), redirect_uri=EVIL)
    shown["device"] = browser.get(f"{rp.prefix}/device")
    nonces = set()
    for name, each in shown.items():
        with case.cell(name):
            headers = each.headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["strict-transport-security"] == "max-age=31536000"
            assert headers["cross-origin-opener-policy"] == "same-origin"
            assert headers["cache-control"] == "no-store"
            for directive in ("default-src", "frame-ancestors", "object-src", "base-uri"):
                assert rules(each)[directive] == ["'none'"]
            [nonce] = rules(each)["script-src"]
            assert nonce not in nonces
            nonces.add(nonce)
            assert not re.search(r"\son\w+=|style=|<style|javascript:", each.html)
    with case.cell("request that is wrong, the address is not even shown"):
        assert shown["request that is wrong"].status == 400
        assert "evil" not in shown["request that is wrong"].html
    with case.cell("answers that a page carries"):
        for mode, frame in (("form_post", "'none'"), ("web_message", "https://app.example.com")):
            made = make_app(https, webOrigins=["https://app.example.com"])
            answer = made.ask(browser, response_mode=mode)
            assert answer.status == 200
            assert (rules(answer)["default-src"], rules(answer)["frame-ancestors"]) == (["'none'"], [frame])
            assert rules(answer)["script-src"][0].startswith("'nonce-")
            assert (answer.headers["cache-control"], answer.headers["x-content-type-options"]) == (
                "no-store",
                "nosniff",
            )


def test_s_web_06_script_in_authorization_requests(case: Case, project: Avow) -> None:
    rp = make_app(project, trusted=False, webOrigins=["https://app.example.com"])
    case.control(lambda: asked(rp)[1].status == 200)
    browser, page = asked(rp)
    browser.submit(page.form(), "allow")

    def shows(page: Page, text: str) -> bool:
        """Tell whether a page has text as it came, unless as a value that is escaped."""
        dangerous = [part for part in ("<script>alert", "<img src=x", "<svg/onload") if part in text]
        return any(part in page.html for part in dangerous) or "864199" in page.html  # 7 times 123457

    with case.cell("error_description, state and ui_locales of an authorization request"):
        for text in SCRIPTS:
            for mode in ("query", "form_post", "web_message"):
                for wish in ({"prompt": "none"}, {"prompt": "none", "max_age": "0"}, {"response_type": text}):
                    wish = {**wish, "state": text, "ui_locales": text, "login_hint": text, "acr_values": text}
                    answer = rp.ask(browser, scope="openid email", response_mode=mode, error_description=text, **wish)
                    if mode == "query":
                        assert answer.status == 303, (mode, wish)
                        assert landed(answer)["state"] == text
                        assert "\n" not in answer.headers["location"]
                        continue
                    assert answer.status == 200, (mode, wish)
                    assert not shows(answer, text), (mode, text)
                    assert mode != "form_post" or html.escape(text) in answer.html
                    assert mode == "form_post" or "\u2028" not in answer.html  # where it would end a line of script
            for wish in ({"ui_locales": text}, {"login_hint": text}, {"redirect_uri": text}, {"client_id": text}):
                shown = rp.ask(rp.browser(), error_description=text, error=text, **wish)
                assert shown.status in (200, 400)
                assert not shows(shown, text), wish
    with case.cell("name, logo and addresses of an application"):
        for text in SCRIPTS:
            evil = make_app(project, trusted=False, scopes=["read:<b>x</b>"])
            project.client().mgmt.app.update(evil.id, name=text, logo=f"https://app.example.com/{quote(text)}")
            project.advance(1)
            page = evil.ask(browser, scope="openid read:<b>x</b>")
            assert page.status == 200
            assert not shows(page, text)
            assert "<b>x" not in page.html
        for logo in ("javascript:alert(1)", "data:image/svg+xml,<svg onload=alert(1)>", "//evil.example/x.svg"):
            with pytest.raises(InvalidArgument):
                project.client().mgmt.app.update(evil.id, logo=logo)
            # The contract's operations take any text.
            keep = "UPDATE applications SET logo = :logo WHERE project_id = :project_id"
            project.run(lambda tx: (tx.run(keep, logo=logo), projects.bump(tx)))  # noqa: B023 - run at once
            project.advance(3)
            page = evil.ask(browser, scope="openid email")
            assert logo not in page.html
            assert "evil.example" not in page.headers["content-security-policy"]


def test_s_web_07_ways_out_of_the_provider(case: Case, project: Avow) -> None:
    rp = make_app(project, redirectUris=[HOME], logoutUris=[HOME])
    rp.redirect = HOME
    browser = rp.browser()
    hint = rp.tokens(browser, new_email())["id_token"]
    case.control(lambda: "code" in landed(rp.ask(browser)))

    def leads_out(page: Page) -> bool:
        where = page.headers.get("location", "")
        return (bool(where) and not where.startswith(("/", project.base_url))) or where.startswith(("//", "/\\"))

    with case.cell("redirect_uri"):
        for url in REDIRECTS:
            for wish in ({"redirect_uri": url}, {"redirect_uri": [HOME, url]}, {"redirect_uri": url, "prompt": "none"}):
                page = rp.ask(browser, **wish)
                assert (page.status, page.headers.get("location")) == (400, None), url
                assert not page.set_cookies
            pushed = rp.call(
                "/oauth/par",
                {"client_id": rp.id, "response_type": "code", "redirect_uri": url},
                authorization=rp.basic(),
            )
            assert pushed.status == 400, url
    with case.cell("post_logout_redirect_uri"):
        for url in REDIRECTS:
            for path, query in (
                ("/oidc/logout", {"id_token_hint": hint, "post_logout_redirect_uri": url}),
                ("/oidc/logout", {"client_id": rp.id, "post_logout_redirect_uri": url}),
                ("/v2/logout", {"client_id": rp.id, "returnTo": url}),
                ("/v2/logout", {"returnTo": url}),
            ):
                page = browser.get(f"{rp.prefix}{path}?{urlencode(query)}")
                assert not leads_out(page), url
                assert page.status == 400, (path, url)
        assert "code" in landed(rp.ask(browser, prompt="none"))  # and nobody was signed out
    with case.cell("where a request goes on to"):
        page = rp.ask(rp.browser())
        follows = page.form().fields["next"]
        for url in REDIRECTS:
            forged = f"{follows.partition('&to=')[0]}&to={quote(url, safe='')}"
            own = rp.browser()
            shown = own.get(f"/login/{project.project_id}?{urlencode({'next': forged})}")
            assert not leads_out(own.get(forged, follow=False)), url
            assert urlsplit(shown.url).netloc in ("", urlsplit(project.base_url).netloc)


def test_s_web_08_answers_of_the_provider(case: Case, project: Avow) -> None:
    make_api(project, "read:messages")
    rp = make_app(project, webOrigins=["https://app.example.com"])
    browser, email = rp.browser(), new_email()
    tokens = rp.tokens(browser, email, scope="openid email offline_access", audience=API)
    case.control(lambda: rp.userinfo(tokens["access_token"]).status == 200)
    machine = make_app(project, preset="machine")
    project.client().mgmt.app.grant(machine.id, API, ["read:messages"])
    project.advance(1)
    basic = {"authorization": rp.basic()}
    of_tokens = {
        "code": tokens,
        "refresh": rp.refresh(tokens["refresh_token"]),
        "machine": machine.token({"grant_type": "client_credentials", "audience": API}),
        "refused": rp.redeem("x"),
        "wrong client": rp.call("/oauth/token", {"grant_type": "refresh_token"}, authorization="Basic eDp5"),
    }
    others = {
        "userinfo": rp.userinfo(tokens["access_token"]),
        "userinfo by POST": rp.call("/userinfo", {"access_token": tokens["access_token"]}),
        "userinfo, refused": rp.userinfo("x"),
        "introspection": rp.call("/oauth/introspect", {"token": tokens["access_token"]}, **basic),
        "revocation": rp.call("/oauth/revoke", {"token": "x"}, **basic),
        "pushed": rp.call("/oauth/par", {"response_type": "code", "redirect_uri": rp.redirect}, **basic),
    }
    with case.cell("userinfo and token endpoint"):
        for name, answer in {**of_tokens, **others}.items():
            assert answer.headers["cache-control"] == "no-store", name
            assert not {"etag", "last-modified", "expires"} & set(answer.headers), name
        for name, answer in of_tokens.items():
            assert answer.headers.get("pragma") == "no-cache" or answer.status != 200, name
        assert [answer.status for answer in of_tokens.values()] == [200, 200, 200, 400, 401]
        assert others["userinfo"]["email"] == email
    with case.cell("answers that lead on with a code"):
        for mode in ("query", "form_post", "web_message"):
            assert rp.ask(browser, response_mode=mode).headers["cache-control"] == "no-store"
