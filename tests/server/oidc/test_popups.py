"""Sign-in in a popup: which pages keep hold of the window that opened them, and that all others do not."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from avow.server.applications import actions
from avow.testing.server import Avow
from avow.wire.applications import UpdateApplication
from tests.factories import make_user, new_email
from tests.server.oidc.relying import Rp, landed, make_app
from tests.server.pages.browsing import Browser, Page

ORIGIN = "https://app.example.com"
KEPT, LET_GO = "unsafe-none", "same-origin"


@dataclass
class Window:
    """A browser that notes what each answer on its way says of the window that opened it, redirects included."""

    browser: Browser
    said: list[tuple[str, str]] = field(default_factory=list)

    def policies(self) -> set[str]:
        """Return what the answers of our own since the last look said."""
        found = {policy for _, policy in self.said}
        self.said.clear()
        return found


def window(rp: Rp, monkeypatch: pytest.MonkeyPatch) -> Window:
    made = Window(rp.browser())
    asked = made.browser._request

    def noted(verb: str, url: str, body: bytes, headers: Mapping[str, str]) -> Page:
        page = asked(verb, url, body, headers)
        if not page.headers.get("location", "").startswith(ORIGIN):  # where no page of ours is any more
            made.said.append((f"{verb} {urlsplit(url).path}", page.headers.get("cross-origin-opener-policy", "")))
        return page

    monkeypatch.setattr(made.browser, "_request", noted)
    return made


def walked(rp: Rp, shown: Window, **changes: str) -> Page:
    """Ask, type a wrong code and the right one, agree; return the last page."""
    email = new_email()
    make_user(rp.avow, email)
    page = rp.ask(shown.browser, **changes)
    page = shown.browser.submit(page.form(), "code", email=email)
    page = shown.browser.submit(page.form(), "verify", code="000000")
    assert page.status == 401
    page = shown.browser.submit(page.form(), "verify", code=rp.avow.code(email))
    return shown.browser.submit(page.form("/continue"), "allow")


def switch(rp: Rp, allows: bool) -> None:
    body = UpdateApplication(id=rp.id, settings={"allowsPopups": allows})
    rp.avow.run(lambda tx: actions.update(tx, body, is_open=False, actor="test"))
    rp.avow.advance(2)


@pytest.mark.parametrize(("allows", "policy"), [(True, KEPT), (False, LET_GO)])
@pytest.mark.parametrize("mode", ["query", "web_message", "form_post"])
def test_window_is_kept_from_the_request_to_the_answer_where_the_application_allows_it(
    project: Avow, monkeypatch: pytest.MonkeyPatch, allows: bool, policy: str, mode: str
) -> None:
    rp = make_app(project, trusted=False, webOrigins=[ORIGIN], allowsPopups=allows)
    shown = window(rp, monkeypatch)
    last = walked(rp, shown, response_mode=mode)
    assert len(shown.said) >= (7 if mode == "query" else 8), shown.said
    assert shown.policies() == {policy}
    if mode == "query":
        assert landed(last)["code"]
    else:
        refused = rp.ask(shown.browser, response_mode=mode, scope="openid", resource="https://unknown.example.com")
        assert "invalid_target" in refused.html
        assert shown.policies() == {policy}


def test_message_of_a_popup_names_the_one_origin_that_it_is_for(project: Avow) -> None:
    rp = make_app(project, webOrigins=[ORIGIN, "https://other.example.com"], allowsPopups=True)
    browser, email = rp.browser(), new_email()
    page = rp.ask(browser, response_mode="web_message")
    page = rp.sign_in(browser, page, email)
    [target] = re.findall(r"postMessage\(.*, (\"[^\"]*\")\)", page.html)
    assert target == f'"{ORIGIN}"'


def test_page_of_anybodys_own_address_lets_go(project: Avow) -> None:
    rp = make_app(project, allowsPopups=True)
    browser = rp.browser()
    leads = parse_qs(urlsplit(rp.ask(browser).url).query)["next"][0]
    path, _, mark = leads.partition("&popup=")
    until, _, mac = mark.partition(".")

    def policy(leads_to: str) -> str:
        page = browser.get(f"/login/{project.project_id}?{urlencode({'next': leads_to})}")
        assert page.status == 200
        return page.headers["cross-origin-opener-policy"]

    assert policy(leads) == KEPT
    made_up = mac[:-2] + ("AA" if mac[-2:] != "AA" else "BA")
    for other in (path, f"{path}&popup={until}.{made_up}", f"{path}&popup={int(until) + 1}.{mac}"):
        assert policy(other) == LET_GO
    assert policy(leads.replace("request=", "request=x")) == LET_GO
    project.advance(1801)  # when the request is over, its mark is too
    assert policy(leads) == LET_GO


def test_switch_is_off_in_every_preset_and_counts_at_once(project: Avow) -> None:
    for preset in ("regular-web", "spa", "native"):
        rp = make_app(project, preset=preset)
        page = rp.ask(rp.browser(), code_challenge="c" * 43, code_challenge_method="S256")
        assert (page.status, page.headers["cross-origin-opener-policy"]) == (200, LET_GO)
    for allows, policy in ((True, KEPT), (False, LET_GO)):
        switch(rp, allows)
        page = rp.ask(rp.browser(), code_challenge="c" * 43, code_challenge_method="S256")
        assert page.headers["cross-origin-opener-policy"] == policy
