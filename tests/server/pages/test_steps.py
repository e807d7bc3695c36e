"""Flows on pages: each step is taken once, in the browser that began it, and leads to the next one."""

from collections.abc import Callable

from avow.testing.server import Avow
from tests.factories import new_email
from tests.server.pages.browsing import Browser, Page


def sign_up_by_password(browser: Browser, mail: str, password: str = "correct horse battery") -> Page:
    page = browser.ask(mail, "password")
    page = browser.submit(page.form(), "sign-up")
    return browser.submit(page.form(), "save", new_password=password)


def test_first_screen_keeps_nothing(browser: Browser) -> None:
    page = browser.get(f"/login/{browser.avow.project_id}")
    assert not [name for name in browser.cookies if "avow-flow" in name]
    assert "step" not in page.form().fields


def test_password_signs_up_and_in_without_script(avow: Avow) -> None:
    mail = new_email()
    assert sign_up_by_password(Browser(avow), mail).heading == "Your account"
    browser = Browser(avow)
    page = browser.ask(mail, "password")
    assert page.heading == "Enter your password"
    page = browser.submit(page.form(), "sign-in", password="wrong horse battery")
    assert (page.status, page.alert) == (401, "That address and password do not go together.")
    assert "wrong horse battery" not in page.html
    page = browser.submit(page.form(), "sign-in", password="correct horse battery")
    assert page.heading == "Your account"


def test_forgotten_password_is_replaced_by_a_link(avow: Avow) -> None:
    mail = new_email()
    sign_up_by_password(Browser(avow), mail)
    browser = Browser(avow)
    page = browser.ask(mail, "password")
    page = browser.submit(page.form(), "forgot")
    page = browser.submit(page.form(), "send", email=mail)
    assert page.heading == "Check your messages"
    page = browser.submit(browser.get(avow.link(mail)).form())
    assert page.heading == "Choose a new password"
    page = browser.submit(page.form(), "save", new_password="staple of another kind")
    assert page.heading == "Your account"
    other = Browser(avow)
    page = other.submit(other.ask(mail, "password").form(), "sign-in", password="staple of another kind")
    assert page.heading == "Your account"


def test_step_that_was_taken_leads_to_where_the_flow_is(browser: Browser) -> None:
    mail = new_email()
    first = browser.ask(mail)
    code = browser.avow.code(mail)
    wrong = browser.submit(first.form(), "verify", code="00000")
    assert wrong.status == 401
    again = browser.submit(first.form(), "verify", code="00001")
    assert again.heading == "Enter your code"
    assert browser.submit(wrong.form(), "verify", code=code).heading == "Your account"


def test_form_of_an_earlier_flow_does_nothing_in_a_later_one(browser: Browser) -> None:
    one, other = new_email(), new_email()
    earlier = browser.ask(one)
    later = browser.ask(other)
    page = browser.submit(earlier.form(), "verify", code=browser.avow.code(one))
    assert page.heading == "Enter your code"
    assert not [name for name in browser.cookies if "refresh" in name]
    page = browser.submit(later.form(), "verify", code=browser.avow.code(other))
    assert other in page.text


def test_step_shown_to_another_browser_is_not_taken(avow: Avow) -> None:
    mail = new_email()
    step = Browser(avow).ask(mail).form()
    thief = Browser(avow)
    own = thief.get(f"/login/{avow.project_id}").form().fields["form"]
    fields = {**step.fields, "form": own, "do": "verify", "code": avow.code(mail)}
    page = thief.post(step.action, fields)
    assert page.notice.startswith("This took too long")
    assert not [name for name in thief.cookies if "refresh" in name]


def test_flow_that_took_too_long_begins_anew(browser: Browser) -> None:
    page = browser.ask(new_email())
    browser.avow.advance(2000)
    page = browser.submit(page.form(), "verify", code="123456")
    assert page.heading == "Sign in to Acme"
    assert page.notice.startswith("This took too long")


def test_address_of_another_screen_leads_to_the_one_the_flow_is_at(browser: Browser) -> None:
    browser.ask(new_email())
    for name in ("password", "passkey", "nonsense"):
        page = browser.get(f"/login/{browser.avow.project_id}/{name}")
        assert (page.heading, page.url) == ("Enter your code", f"/login/{browser.avow.project_id}/code")


def test_going_back_finds_the_address_that_was_typed(browser: Browser) -> None:
    mail = new_email()
    page = browser.ask(mail)
    assert browser.get(f"/login/{browser.avow.project_id}").form().fields["email"] == mail
    assert browser.submit(page.form(), "back").form().fields["email"] == mail


def test_flow_is_named_in_the_address(browser: Browser) -> None:
    page = browser.get(f"/login/{browser.avow.project_id}?flow=magic-link")
    assert page.form().buttons == [("do", "link")]
    assert browser.get(f"/login/{browser.avow.project_id}?flow=nonsense").status == 404


def test_flow_that_does_something_at_once_waits_for_a_click(avow: Avow) -> None:
    mail = new_email()
    stranger, browser = Browser(avow), Browser(avow)
    path = f"/login/{avow.project_id}?flow=step-up"
    assert stranger.get(path).notice == "Your session has ended. Sign in again."
    browser.sign_in(mail)
    sent = len(avow.messages(mail))
    page = browser.get(path)
    assert len(avow.messages(mail)) == sent
    page = browser.submit(page.form())
    assert page.heading == "Enter your code"
    assert len(avow.messages(mail)) == sent + 1
    assert browser.submit(page.form(), "verify", code=avow.code(mail)).heading == "Your account"


def test_flows_of_two_projects_in_one_browser_go_on_side_by_side(make_avow: Callable[..., Avow]) -> None:
    one, two = (Browser(make_avow()) for _ in range(2))
    two.cookies = one.cookies
    mails = [new_email(), new_email()]
    asked = [browser.ask(mail) for browser, mail in zip((one, two), mails, strict=True)]
    for browser, mail, page in zip((one, two), mails, asked, strict=True):
        done = browser.submit(page.form(), "verify", code=browser.avow.code(mail))
        assert done.url.startswith(f"/account/{browser.avow.project_id}") or "passkey" in done.url, done.url


def test_somebody_else_who_signs_in_ends_the_session_before(avow: Avow) -> None:
    browser, copy = Browser(avow), Browser(avow)
    browser.sign_in(new_email())
    copy.cookies = dict(browser.cookies)
    browser.sign_in(new_email())
    assert copy.get(f"/account/{avow.project_id}").url.startswith(f"/login/{avow.project_id}")
