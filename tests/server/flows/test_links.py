from urllib.parse import parse_qs, urlsplit

import pytest

from avow.testing.server import Avow
from tests.factories import change_settings, new_email
from tests.server.api import Api
from tests.server.flows.walking import PAGE, Walk


def walk_to_link(api: Api, mail: str) -> Walk:
    walk = Walk(api)
    walk.start()
    walk.do("link", email=mail)
    assert walk.screen == "link-sent"
    return walk


def carried(link: str) -> tuple[str, str]:
    """Return execution and token of a mailed link."""
    query = parse_qs(urlsplit(link).query)
    return query["descope-login-flow"][0].rpartition("_")[0], query["t"][0]


def test_link_leads_back_to_the_page_and_signs_in_there(api: Api) -> None:
    mail = new_email()
    walk = walk_to_link(api, mail)
    link = api.avow.link(mail)
    assert link.startswith(f"{PAGE}?descope-login-flow=sign-up-or-in%7C%23%7C")
    execution, token = carried(link)
    assert walk.last is not None
    assert execution == walk.last["executionId"]
    done = walk.do("submit", token=token)
    assert done["authInfo"]["user"]["email"] == mail


def test_polling_waits_and_then_has_the_session_of_the_other_tab(api: Api) -> None:
    mail = new_email()
    walk = walk_to_link(api, mail)
    nonce = walk.nonce
    waiting = walk.repeat("polling")
    assert (waiting["action"], waiting["status"]) == ("poll", "waiting")
    assert waiting.header("x-descope-flow-nonce") == nonce
    walk.do("submit", token=carried(api.avow.link(mail))[1])
    polled = walk.repeat("polling", nonce=nonce)
    assert polled["status"] == "completed"
    assert polled["authInfo"]["user"]["email"] == mail


def test_link_opened_in_another_browser_asks_before_it_signs_in(api: Api) -> None:
    mail = new_email()
    walk = walk_to_link(api, mail)
    _, token = carried(api.avow.link(mail))
    other = Walk(api)
    other.last = walk.last
    asked = other.do("submit", token=token)
    assert other.screen == "confirm-link"
    assert walk.last is not None
    assert asked["executionId"] != walk.last["executionId"]
    assert walk.repeat("polling")["action"] == "poll"
    done = other.do("confirm")
    assert done["authInfo"]["user"]["email"] == mail
    # The browser that only waited gets no session by a click in another one.
    after = walk.repeat("polling")
    assert after["status"] == "waiting"
    assert "errorText" in after["screen"]["state"]


def test_link_that_was_used_or_sent_again_is_told(api: Api) -> None:
    mail = new_email()
    walk = walk_to_link(api, mail)
    _, first = carried(api.avow.link(mail))
    walk.do("resend")
    walk.do("submit", token=first)
    assert walk.screen == "link-sent"
    assert walk.error
    _, second = carried(api.avow.link(mail))
    assert walk.do("submit", token=second)["status"] == "completed"


def test_page_that_is_not_approved_gets_no_link(avow: Avow, api: Api) -> None:
    change_settings(avow, {"approved_redirects": ("https://shop.example.com",)})
    api.clock.advance(2)
    mail = new_email()
    walk = Walk(api)
    walk.start()
    walk.do("link", email=mail)
    assert walk.screen == "email"
    assert walk.error
    assert avow.messages(mail) == []


@pytest.mark.parametrize(
    "url",
    ["https://evil.example.org/", "javascript:alert(1)", "//evil.example.org", "https://shop.example.com.evil.test/"],
)
def test_redirect_that_is_not_approved_begins_nothing(avow: Avow, api: Api, url: str) -> None:
    change_settings(avow, {"approved_redirects": ("https://shop.example.com",)})
    api.clock.advance(2)
    assert Walk(api, options={"redirectUrl": url}).start().refusal == (400, "E011004")


def test_approved_redirect_is_where_the_link_leads(avow: Avow, api: Api) -> None:
    change_settings(avow, {"approved_redirects": ("https://shop.example.com",)})
    api.clock.advance(2)
    mail = new_email()
    walk = Walk(api, options={"redirectUrl": "https://shop.example.com/in?x=1#y"})
    walk.start()
    walk.do("link", email=mail)
    link = avow.link(mail)
    assert link.startswith("https://shop.example.com/in?x=1&descope-login-flow=")
    assert link.endswith("#y")


def test_enchanted_number_signs_in_whoever_waits(avow: Avow, api: Api) -> None:
    mail = new_email()
    walk = Walk(api)
    walk.start()
    walk.do("number", email=mail)
    assert walk.last is not None
    number = walk.last["screen"]["state"]["linkId"]
    assert number in walk.html()
    assert walk.repeat("polling")["action"] == "poll"
    [right] = [each for each in avow.links(mail) if each.id == number]
    token = parse_qs(urlsplit(right.url).query)["t"][0]
    assert api.post("/v1/auth/enchantedlink/verify", {"token": token}).status == 200
    assert walk.do("polling")["authInfo"]["user"]["email"] == mail


def test_wrong_number_ends_it_and_is_told(avow: Avow, api: Api) -> None:
    mail = new_email()
    walk = Walk(api)
    walk.start()
    walk.do("number", email=mail)
    assert walk.last is not None
    number = walk.last["screen"]["state"]["linkId"]
    wrong = next(each for each in avow.links(mail) if each.id != number)
    api.post("/v1/auth/enchantedlink/verify", {"token": parse_qs(urlsplit(wrong.url).query)["t"][0]})
    walk.do("polling")
    assert walk.screen == "enchanted"
    assert walk.error
    assert 'data-type="polling"' not in walk.html()


def test_link_that_has_ended_is_told_of_in_another_browser(api: Api) -> None:
    mail = new_email()
    walk = Walk(api)
    walk.start()
    walk.do("link", email=mail)
    token = api.link_token(mail)
    api.clock.advance(1000)
    other = Walk(api)
    other.start(token=token)
    assert other.screen == "email"
    assert other.error
    other.do("code", email=mail)
    assert (other.screen, other.error) == ("code", "")
