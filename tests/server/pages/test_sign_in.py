"""Signing in with a code, from the first page to the session."""

import math
import re
from collections.abc import Callable

import pytest

from avow.core.addresses import masked_email
from avow.server.projects import actions as projects
from avow.server.users import actions as users
from avow.testing.server import Avow, Server
from tests.factories import make_user, new_email, new_phone
from tests.server.pages.browsing import Browser, Page


def switch_to(avow: Avow, *methods: str) -> None:
    """Leave only these sign-in methods on, and let the server notice and the half minute between messages pass."""
    avow.run(lambda tx: projects.change_settings(tx, {"sign_in_methods": methods}, actor="test"))
    avow.advance(31)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"


def test_code_signs_in(browser: Browser) -> None:
    mail = new_email()
    page = browser.ask(mail)
    assert page.heading == "Enter your code"
    assert masked_email(mail) in page.text
    page = browser.submit(page.form(), code=browser.avow.code(mail))
    assert page.heading == "Your account"
    assert mail in page.text


def test_code_field_lets_browser_and_phone_fill_it(browser: Browser) -> None:
    page = browser.ask(new_email())
    field = page.html[page.html.index('name="code"') : page.html.index(">", page.html.index('name="code"'))]
    assert 'autocomplete="one-time-code"' in field
    assert 'inputmode="numeric"' in field
    assert 'data-digits="6"' in field


@pytest.mark.parametrize(
    "write",
    [
        lambda c: f" {c[:3]} {c[3:]} ",
        lambda c: f"{c[:3]}-{c[3:]}",
        lambda c: c.translate({ord("0") + digit: 0x0660 + digit for digit in range(10)}),
    ],
    ids=["spaces", "dash", "arabic digits"],
)
def test_code_is_understood_as_people_write_it(browser: Browser, write: Callable[[str], str]) -> None:
    mail = new_email()
    page = browser.ask(mail)
    page = browser.submit(page.form(), code=write(browser.avow.code(mail)))
    assert page.heading == "Your account"


def test_phone_number_signs_in_by_message(browser: Browser) -> None:
    number = new_phone()
    page = browser.ask(f"{number[:2]} ({number[2:5]}) {number[5:8]}-{number[8:]}")
    assert f"{number[:1]}*********{number[-2:]}" in page.text
    page = browser.submit(page.form(), code=browser.avow.code(number))
    assert page.heading == "Your account"


@pytest.mark.parametrize(
    "typed", ["", " ", "ada", "ada@", "a@b@example.com", "12", "<script>@example.com", "2025550123"]
)
def test_what_is_no_address_is_said_and_kept(browser: Browser, typed: str) -> None:
    page = browser.ask(typed)
    assert page.status == 400
    assert page.alert.startswith("Enter an e-mail address")
    assert page.form().fields["email"] == typed
    assert 'aria-invalid="true"' in page.html


def test_wrong_code_tells_tries_left_and_the_last_one_ends(browser: Browser) -> None:
    mail = new_email()
    page = browser.ask(mail)
    code = browser.avow.code(mail)
    said = []
    for _ in range(5):
        page = browser.submit(page.form(), code=wrong(code))
        assert page.status == 401
        said.append(page.alert)
    assert said[:4] == [f"That code is not right. Tries left: {left}." for left in (4, 3, 2, 1)]
    assert "last try" in said[4]
    assert "last try" in browser.submit(page.form(), code=code).alert


def test_no_digits_cost_no_try(browser: Browser) -> None:
    mail = new_email()
    page = browser.ask(mail)
    for typed in ("", "abcdef", "12ab56"):
        page = browser.submit(page.form(), code=typed)
        assert page.status == 400
    page = browser.submit(page.form(), code=wrong(browser.avow.code(mail)))
    assert page.alert.endswith("Tries left: 4.")


def test_expired_code_is_said_and_a_new_one_signs_in(browser: Browser) -> None:
    mail = new_email()
    page = browser.ask(mail)
    code = browser.avow.code(mail)
    browser.avow.advance(301)
    page = browser.submit(page.form(), code=code)
    assert page.alert == "The code has expired. Ask for a new one."
    page = browser.submit(page.form(), "resend")
    assert page.notice == "Sent again."
    page = browser.submit(page.form(), code=browser.avow.code(mail))
    assert page.heading == "Your account"


def test_sending_again_waits_half_a_minute(browser: Browser) -> None:
    mail = new_email()
    page = browser.ask(mail)
    first = browser.avow.code(mail)
    assert re.search('data-wait="(29|30)"', page.html)
    page = browser.submit(page.form(), "resend")
    assert page.status == 429
    assert page.headers["retry-after"] in ("29", "30")
    assert f"Try again in {page.headers['retry-after']} s" in page.alert
    assert len(browser.avow.messages(mail)) == 1
    browser.avow.advance(31)
    page = browser.submit(page.form(), "resend")
    assert len(browser.avow.messages(mail)) == 2
    assert browser.submit(page.form(), code=browser.avow.code(mail)).heading == "Your account"
    assert first


def test_many_messages_to_one_address_are_refused_with_a_time(make_avow: Callable[..., Avow]) -> None:
    avow = make_avow(sends_per_address=2)
    mail = new_email()
    for _ in range(2):
        assert Browser(avow).ask(mail).status == 200
    page = Browser(avow).ask(mail)
    assert page.status == 429
    assert f"Try again in {math.ceil(int(page.headers['retry-after']) / 60)} min" in page.alert


def seen(browser: Browser, mail: str) -> tuple[object, ...]:
    """What somebody sees who tries an address and guesses codes until nothing goes any more."""
    page = browser.ask(mail)
    shots: list[tuple[int, str]] = [(page.status, page.text.replace(masked_email(mail), "ADDRESS"))]
    for _ in range(6):
        page = browser.submit(page.form(), code="0000")
        shots.append((page.status, page.text.replace(masked_email(mail), "ADDRESS")))
    return tuple(shots)


def test_stranger_user_and_disabled_user_see_the_same(avow: Avow) -> None:
    stranger, user, disabled, moved = (new_email() for _ in range(4))
    make_user(avow, user)
    gone = make_user(avow, disabled)
    avow.run(lambda tx: users.set_status(tx, gone, "disabled"))
    make_user(avow, moved, email="elsewhere@example.com")
    views = [seen(Browser(avow), mail) for mail in (stranger, user, disabled, moved)]
    assert views[1:] == views[:1] * 3
    assert avow.messages(disabled) == []


def test_ways_in_are_those_of_the_project(make_avow: Callable[..., Avow]) -> None:
    browser = Browser(make_avow(sign_in_methods=("magiclink",)))
    page = browser.get(f"/login/{browser.avow.project_id}")
    assert page.form().buttons == [("do", "link")]
    mail = new_email()
    page = browser.post(page.form().action, {**page.form().fields, "email": mail, "do": "code"})
    assert page.heading == "Sign in to Acme"
    assert browser.avow.messages(mail) == []


def test_method_switched_off_on_the_way_takes_no_code_and_sends_none(browser: Browser) -> None:
    mail, avow = new_email(), browser.avow
    form = browser.ask(mail).form("/code")
    switch_to(avow, "magiclink")
    for button in ("verify", "resend"):
        page = browser.submit(form, button, code=avow.code(mail))
        assert page.notice.startswith("This took too long")
        assert not [name for name in browser.cookies if "refresh" in name]
    assert len(avow.messages(mail)) == 1
    avow.run(lambda tx: projects.change_settings(tx, {"sign_in_methods": None}, actor="test"))
    avow.advance(1)
    assert browser.submit(form, code=avow.code(mail)).heading == "Your account"


def test_step_without_a_sign_in_leads_to_the_start(browser: Browser) -> None:
    for step in ("code", "link"):
        page = browser.get(f"/login/{browser.avow.project_id}/{step}")
        assert page.heading == "Sign in to Acme"


def test_sign_in_of_another_browser_cannot_be_continued(avow: Avow) -> None:
    mail = new_email()
    first, second = Browser(avow), Browser(avow)
    first.ask(mail)
    page = second.get(f"/login/{avow.project_id}")
    name = f"avow-flow-{first.avow.project_id}"
    second.cookies[name] = first.cookies[name]
    assert second.get(f"/login/{avow.project_id}/code").heading == "Sign in to Acme"
    assert page.heading == "Sign in to Acme"


def test_sign_in_of_another_project_cannot_be_continued(make_avow: Callable[..., Avow]) -> None:
    one, other = make_avow(), make_avow()
    browser = Browser(one)
    browser.ask(new_email())
    assert browser.get(f"/login/{other.project_id}/code").heading == "Sign in to Acme"


def test_login_leads_to_the_first_project(database_url: str) -> None:
    server = Server(database_url)
    try:
        first = server.project("First")
        server.clock.advance(1)
        server.project("Second")
        page = Browser(first).get("/login?loginId=ada%40example.com")
        assert page.heading == "Sign in to First"
        assert page.form().fields["email"] == "ada@example.com"
    finally:
        server.close()


def test_address_of_no_project_is_a_page(browser: Browser) -> None:
    page = browser.get("/login/Pnothing")
    assert page.status == 404
    assert page.heading == "There is no page here"


def test_approved_next_is_where_a_sign_in_ends(make_avow: Callable[..., Avow]) -> None:
    browser = Browser(make_avow(approved_redirects=["https://app.example.com/in"]))
    mail = new_email()
    page = browser.ask(mail, query="?next=https%3A%2F%2Fapp.example.com%2Fin%2Fhome%3Fa%3D1")
    assert "form-action 'self' https://app.example.com;" in page.headers["content-security-policy"]
    page = browser.submit(page.form(), code=browser.avow.code(mail))
    assert (page.status, page.headers["location"]) == (303, "https://app.example.com/in/home?a=1")


def test_form_without_its_token_is_refused(browser: Browser) -> None:
    page = browser.get(f"/login/{browser.avow.project_id}")
    for token in ("", "x", page.form().fields["form"][:-1]):
        refused: Page = browser.post(page.form().action, {"form": token, "email": new_email(), "do": "code"})
        assert refused.status == 403
        assert refused.heading == "This form cannot be used any more"


def test_form_of_an_older_browser_is_taken_by_its_token(avow: Avow) -> None:
    mail = new_email()
    page = Browser(avow, metadata=False).sign_in(mail)
    assert page.heading == "Your account"
