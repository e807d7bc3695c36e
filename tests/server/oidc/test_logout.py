"""Log-out: the session ends, what came of it ends, and the browser goes where the application may send it."""

from urllib.parse import urlencode

import pytest

from avow.server.applications import actions
from avow.testing.server import Avow
from avow.wire.applications import UpdateApplication
from tests.factories import new_email
from tests.server.oidc.relying import Rp, landed, make_app
from tests.server.pages.browsing import Browser, Page

BYE = "https://app.example.com/bye"


@pytest.fixture
def rp(project: Avow) -> Rp:
    return make_app(project, logoutUris=[BYE, "https://app.example.com"])


@pytest.fixture
def browser(rp: Rp) -> Browser:
    return rp.browser()


@pytest.fixture
def hint(rp: Rp, browser: Browser) -> str:
    """Return the ID token of the browser's session."""
    token: str = rp.tokens(browser, new_email())["id_token"]
    return token


def leave(rp: Rp, browser: Browser, path: str = "/oidc/logout", **query: str) -> Page:
    return browser.get(f"{rp.prefix}{path}?{urlencode(query)}")


def test_application_that_is_switched_off_leads_nobody_anywhere(rp: Rp, browser: Browser, hint: str) -> None:
    off = UpdateApplication(id=rp.id, enabled=False)
    rp.avow.run(lambda tx: actions.update(tx, off, is_open=False, actor="test"))
    rp.avow.advance(3)
    for page in (
        leave(rp, browser, id_token_hint=hint, post_logout_redirect_uri=BYE),
        leave(rp, browser, client_id=rp.id, post_logout_redirect_uri=BYE),
        leave(rp, browser, "/v2/logout", client_id=rp.id, returnTo=BYE),
    ):
        assert page.status == 400
        assert "location" not in page.headers


def is_signed_in(rp: Rp, browser: Browser) -> bool:
    return "code" in landed(rp.ask(browser, prompt="none"))


def test_hint_of_the_session_ends_it_and_the_browser_goes_on_with_its_state(
    rp: Rp, browser: Browser, hint: str
) -> None:
    page = leave(rp, browser, id_token_hint=hint, post_logout_redirect_uri=BYE, state="s 1")
    assert (page.status, page.headers["location"]) == (302, f"{BYE}?state=s+1")
    assert not is_signed_in(rp, browser)


def test_expired_hint_is_a_hint_still(rp: Rp, browser: Browser, hint: str) -> None:
    rp.avow.advance(2 * 86_400)
    assert leave(rp, browser, id_token_hint=hint, post_logout_redirect_uri=BYE).status == 302


@pytest.mark.parametrize(
    "query", [{}, {"client_id": "own", "post_logout_redirect_uri": BYE}, {"id_token_hint": "x.y.z"}]
)
def test_without_a_hint_the_person_is_asked(rp: Rp, browser: Browser, hint: str, query: dict[str, str]) -> None:
    query = {name: rp.id if value == "own" else value for name, value in query.items()}
    page = leave(rp, browser, **query)
    assert page.status == 200
    assert is_signed_in(rp, browser)
    stayed = browser.submit(page.form(), "stay")
    assert stayed.status == 200
    assert is_signed_in(rp, browser)
    left = browser.submit(page.form(), "leave")
    assert left.headers.get("location", "") == query.get("post_logout_redirect_uri", "")
    assert not is_signed_in(rp, browser)


@pytest.mark.parametrize("uri", ["https://evil.example/", f"{BYE}?foo=bar", f"{BYE}/", "//evil.example"])
def test_nobody_is_sent_to_an_address_that_is_not_registered(rp: Rp, browser: Browser, hint: str, uri: str) -> None:
    for page in (
        leave(rp, browser, id_token_hint=hint, post_logout_redirect_uri=uri),
        leave(rp, browser, client_id=rp.id, post_logout_redirect_uri=uri),
        leave(rp, browser, "/v2/logout", client_id=rp.id, returnTo=uri),
        leave(rp, browser, "/v2/logout", returnTo=uri),
    ):
        assert page.status == 400
        assert "location" not in page.headers
    assert is_signed_in(rp, browser)


def test_address_without_a_path_is_the_one_with_a_slash(rp: Rp, browser: Browser, hint: str) -> None:
    page = leave(rp, browser, "/v2/logout", client_id=rp.id, returnTo="https://app.example.com/")
    assert (page.status, page.headers["location"]) == (302, "https://app.example.com/")
    assert not is_signed_in(rp, browser)


@pytest.fixture
def stranger(project: Avow) -> Rp:
    """Return an application that management does not vouch for, as anybody may register one."""
    return make_app(project, trusted=False, logoutUris=[BYE])


def signed_in(stranger: Rp, browser: Browser) -> str:
    """Sign somebody in to an application that asks them; return the ID token."""
    page = stranger.ask(browser)
    page = stranger.sign_in(browser, page, new_email()) if "Allow" not in page.heading else page
    token: str = stranger.redeem(landed(browser.submit(page.form(), "allow"))["code"])["id_token"]
    return token


def ways_out(stranger: Rp, hint: str) -> list[tuple[str, dict[str, str]]]:
    return [
        ("/v2/logout", {"client_id": stranger.id, "returnTo": BYE}),
        ("/oidc/logout", {"client_id": stranger.id, "post_logout_redirect_uri": BYE}),
        ("/oidc/logout", {"id_token_hint": hint, "post_logout_redirect_uri": BYE}),
    ]


def test_nobody_is_led_to_an_address_that_anybody_registered_without_a_question(stranger: Rp) -> None:
    """Not by whoever has no session here, and not by the ID token of somebody else, such as of the attacker."""
    theirs = signed_in(stranger, stranger.browser())
    victim = stranger.browser()
    mine = signed_in(stranger, victim)
    for browser in (victim, stranger.browser()):
        for path, query in ways_out(stranger, theirs):
            page = leave(stranger, browser, path, **query)
            assert (page.status, page.headers.get("location"), page.heading) == (200, None, "Sign out?")
            assert "Afterwards you are led on to app.example.com." in page.text
    assert is_signed_in(stranger, victim)
    left = leave(stranger, victim, id_token_hint=mine, post_logout_redirect_uri=BYE)
    assert (left.status, left.headers["location"]) == (302, BYE)


def test_who_agrees_is_led_on_to_an_application_that_is_not_trusted(stranger: Rp) -> None:
    for browser in (stranger.browser(), stranger.browser()):
        hint = signed_in(stranger, stranger.browser())
        for path, query in ways_out(stranger, hint):
            signed_in(stranger, browser)
            page = leave(stranger, browser, path, state="s", **query)
            left = browser.submit(page.form(), "leave")
            assert left.headers["location"] == (BYE if path == "/v2/logout" else f"{BYE}?state=s")
            assert not is_signed_in(stranger, browser)
        page = leave(stranger, browser, "/v2/logout", client_id=stranger.id, returnTo=BYE)
        assert browser.submit(page.form(), "leave").headers["location"] == BYE


def test_who_has_no_session_is_led_on_to_an_application_that_is_trusted(rp: Rp) -> None:
    for path, query in ways_out(rp, "x.y.z"):
        if "client_id" in query:
            assert leave(rp, rp.browser(), path, **query).headers["location"] == BYE


def test_hint_of_somebody_else_asks(rp: Rp, browser: Browser, hint: str) -> None:
    other: str = rp.tokens(rp.browser(), new_email())["id_token"]
    assert leave(rp, browser, id_token_hint=other, post_logout_redirect_uri=BYE).status == 200
    assert is_signed_in(rp, browser)


def test_address_of_another_application_is_not_this_ones(rp: Rp, browser: Browser, hint: str, project: Avow) -> None:
    other = make_app(project, logoutUris=["https://other.example.com/bye"])
    page = leave(rp, browser, id_token_hint=hint, post_logout_redirect_uri="https://other.example.com/bye")
    assert page.status == 400
    page = leave(rp, browser, id_token_hint=hint, client_id=other.id, post_logout_redirect_uri=BYE)
    assert page.status == 400
    assert is_signed_in(rp, browser)


def test_form_of_another_site_ends_nothing(rp: Rp, browser: Browser, hint: str) -> None:
    page = browser.post(f"{rp.prefix}/oidc/logout", {"do": "leave"}, sec_fetch_site="cross-site")
    assert page.status == 200
    assert is_signed_in(rp, browser)
