"""Our own component, through the same tests as the official one; and what is its own."""

from collections.abc import Callable

import pytest

from avow.testing.server import Avow
from tests.browser.flows.conftest import Visitor
from tests.browser.flows.test_official_component import (  # noqa: F401 - these are the tests
    finish_code,
    test_code_can_be_sent_again_and_the_address_changed,
    test_enter_goes_on_from_each_field,
    test_flow_that_took_too_long_begins_again_by_itself,
    test_language_of_the_page_is_that_of_the_screens,
    test_link_opened_in_another_browser_asks_first,
    test_link_opened_in_another_tab_signs_both_in,
    test_number_chosen_elsewhere_signs_in_whoever_waits,
    test_passkey_is_created_after_a_code_and_signs_in,
    test_passkey_is_offered_in_the_field,
    test_password_signs_up_and_in,
    test_screens_work_under_a_strict_policy_of_the_page,
    test_wrong_code_is_told_and_the_right_one_still_taken,
    to_code,
)
from tests.factories import new_email

pytestmark = pytest.mark.browser


@pytest.fixture
def visitor(make_visitor: Callable[..., Visitor]) -> Visitor:
    made = make_visitor()
    made.version = "avow"
    return made


def test_code_signs_in_and_nobody_else_is_asked(visitor: Visitor, avow: Avow) -> None:
    mail = new_email()
    to_code(visitor, mail)
    finish_code(visitor, avow.code(mail))
    visitor.button("later").click()
    told = visitor.event("success")
    assert told["user"]["email"] == mail
    kept = visitor.page.evaluate("[localStorage.DS, localStorage.DSR]")
    assert kept == [told["sessionJwt"], told["refreshJwt"]]
    assert avow.client().validate_session(told["sessionJwt"])["sub"] == told["user"]["userId"]
    assert visitor.foreign == []


def test_what_was_typed_stays_when_the_server_is_away(visitor: Visitor, avow: Avow) -> None:
    mail = new_email()
    visitor.open()
    visitor.field("email").fill(mail)
    visitor.context.route("**/v1/flow/next", lambda route: route.abort())
    visitor.button("code").click()
    visitor.event("error")
    assert visitor.error.inner_text() == "There is no connection. Check it, then try again."
    assert visitor.field("email").input_value() == mail
    visitor.context.unroute("**/v1/flow/next")
    visitor.button("code").click()
    visitor.field("code").wait_for()
    visitor.context.route("**/v1/flow/next", lambda route: route.abort())
    visitor.field("code").fill(avow.code(mail))
    visitor.error.wait_for()
    assert visitor.field("code").input_value() == avow.code(mail)
    visitor.context.unroute("**/v1/flow/next")
    visitor.button("verify").click()
    visitor.button("later").wait_for()


def test_screen_that_did_not_come_is_fetched_again(visitor: Visitor) -> None:
    visitor.open()
    visitor.field("email").fill(new_email())
    visitor.context.route("**/pages/**", lambda route: route.abort())
    visitor.button("code").click()
    visitor.error.wait_for()
    visitor.context.unroute("**/pages/**")
    visitor.button("code").click()
    visitor.field("code").wait_for()


def test_component_that_could_not_begin_is_begun_again(visitor: Visitor) -> None:
    visitor.context.route("**/v1/flow/start", lambda route: route.abort())
    visitor.open()
    visitor.page.locator("descope-wc").get_by_role("alert").wait_for()
    visitor.context.unroute("**/v1/flow/start")
    visitor.page.locator("descope-wc").get_by_role("button", name="Try again").click()
    visitor.field("email").wait_for()
    assert visitor.page.evaluate("told.map(([name]) => name)")[:2] == ["error", "ready"]


def test_last_digit_sends_the_code(visitor: Visitor, avow: Avow) -> None:
    mail = new_email()
    to_code(visitor, mail)
    visitor.field("code").press_sequentially(avow.code(mail))
    visitor.button("later").click()
    assert visitor.event("success")["user"]["email"] == mail
