"""Our component when the connection breaks on the way back from a link or a provider: nothing that came is lost."""

from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Route

from avow.testing.server import Avow
from tests.bed.openid import OpenIdPeer, Said, openid_peer
from tests.bed.social import Social
from tests.browser.flows.conftest import Visitor
from tests.factories import new_email

pytestmark = pytest.mark.browser


@pytest.fixture
def visitor(make_visitor: Callable[..., Visitor]) -> Visitor:
    made = make_visitor()
    made.version = "avow"
    return made


@pytest.fixture
def peer(avow: Avow) -> Iterator[OpenIdPeer]:
    """Give a provider that signs whoever comes in at once, and sends them back."""
    with openid_peer(avow.server.clock) as found:

        def back(seen: object) -> Said:
            url = f"{found.url}/authorize?{urlencode(found.seen[-1].query)}"
            return Said(status=302, headers={"location": found.authorize(url)})

        found.answers["/authorize"] = back
        yield found


def broken(visitor: Visitor, pattern: str, status: int, *, when: str = "") -> Callable[[], None]:
    """Break calls to a place; return what mends them."""

    def answer(route: Route) -> None:
        request = route.request
        if when not in (request.post_data or "") or request.method == "OPTIONS":
            route.fallback()
        elif status:
            origin = {"access-control-allow-origin": visitor.application, "access-control-allow-credentials": "true"}
            route.fulfill(status=status, headers=origin, body="{}")
        else:
            route.abort()

    visitor.context.route(pattern, answer)
    return lambda: visitor.context.unroute(pattern, answer)


def try_again(visitor: Visitor) -> None:
    visitor.page.locator("descope-wc").get_by_role("button", name="Try again").click()


@pytest.mark.parametrize("status", [0, 429, 503])
def test_code_of_a_provider_is_sent_again(visitor: Visitor, avow: Avow, peer: OpenIdPeer, status: int) -> None:
    Social(avow, peer).configure()
    visitor.friends.append(peer.url)
    visitor.open("social")
    mend = broken(visitor, "**/v1/flow/next", status, when="exchangeCode")
    visitor.button("social.acme").click()
    try_again(visitor)  # and it is broken still
    visitor.page.wait_for_function("told.filter(([name]) => name === 'error').length === 2")
    assert "code=" not in visitor.page.url
    mend()
    try_again(visitor)
    assert visitor.event("success")["user"]["email"] == peer.person["email"]


def test_token_of_a_link_is_sent_again(make_visitor: Callable[..., Visitor], visitor: Visitor, avow: Avow) -> None:
    mail = new_email()
    visitor.open()
    visitor.field("email").fill(mail)
    visitor.button("link").click()
    visitor.button("resend").wait_for()
    elsewhere = make_visitor()
    mend = broken(elsewhere, "**/v1/flow/*", 0)
    elsewhere.page.goto(avow.link(mail))
    elsewhere.page.wait_for_function("told.length === 1")
    mend()
    try_again(elsewhere)
    elsewhere.button("confirm").wait_for()


def test_screen_after_the_way_back_is_fetched_again(visitor: Visitor, avow: Avow, peer: OpenIdPeer) -> None:
    Social(avow, peer).configure()
    visitor.friends.append(peer.url)
    visitor.open()
    visitor.button("social.acme").wait_for()
    mend = broken(visitor, "**/pages/**", 503)
    visitor.button("social.acme").click()
    visitor.page.wait_for_function("window.told?.length === 1 && told[0][0] === 'error'")
    mend()
    try_again(visitor)
    visitor.button("create").wait_for()


def test_refused_return_is_not_sent_again(visitor: Visitor, avow: Avow, peer: OpenIdPeer) -> None:
    Social(avow, peer).configure()
    visitor.friends.append(peer.url)
    visitor.open("social", restart_on_error="false")
    mend = broken(visitor, "**/v1/flow/next", 400, when="exchangeCode")
    visitor.button("social.acme").click()
    visitor.page.wait_for_function("window.told?.some(([name]) => name === 'error')")
    mend()
    try_again(visitor)
    visitor.button("social.acme").wait_for()
