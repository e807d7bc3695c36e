"""The account page: what it shows, and what its buttons do."""

import base64
import re

from avow import DeliveryMethod
from avow.testing.server import Avow
from tests.factories import make_member, make_passkey, new_email
from tests.phones import holding
from tests.server.pages.browsing import Browser, Page


def refresh_cookie(browser: Browser) -> str:
    return browser.cookies[f"avow-refresh-{browser.avow.project_id}"]


def press(browser: Browser, page: Page, button: str) -> Page:
    return browser.submit(next(form for form in page.forms if ("do", button) in form.buttons), button)


def test_page_shows_session_user_claims_and_devices(avow: Avow) -> None:
    mail = new_email()
    browser = Browser(avow)
    page = browser.sign_in(mail)
    for part in (mail, "code or link by e-mail", '"drn": "DS"', avow.project_id, "Firefox on Linux", "203.0.113.7"):
        assert part in page.text
    assert browser.get("/account/" + avow.project_id).text == page.text


def test_claims_tell_roles(avow: Avow) -> None:
    mail = new_email()
    with avow.client() as client:
        client.otp.sign_up_or_in(DeliveryMethod.EMAIL, mail)
        user = client.otp.verify_code(DeliveryMethod.EMAIL, mail, avow.code(mail))["user"]
    make_member(avow, user["userId"], roles_of_project={"editor": ["write"]})
    assert '"editor"' in Browser(avow).sign_in(mail).text


def test_without_a_session_it_leads_to_sign_in(browser: Browser) -> None:
    assert browser.get(f"/account/{browser.avow.project_id}").heading == "Sign in to Acme"


def test_address_without_a_project_leads_to_that_of_the_first(avow: Avow) -> None:
    page = Browser(avow).get("/account", follow=False)
    assert re.fullmatch("/account/P[0-9A-Za-z]+", page.headers["location"])


def test_refresh_begins_a_new_generation_and_the_old_one_ends_the_session(browser: Browser) -> None:
    page = browser.sign_in(new_email())
    first = refresh_cookie(browser)
    browser.avow.advance(31)
    page = press(browser, page, "refresh")
    assert page.notice == "The session was refreshed."
    assert refresh_cookie(browser) != first
    browser.avow.advance(31)
    thief = Browser(browser.avow)
    thief.get(f"/login/{browser.avow.project_id}")
    thief.cookies[f"avow-refresh-{browser.avow.project_id}"] = first
    token = thief.get(f"/login/{browser.avow.project_id}").form().fields["form"]
    stolen = thief.post(f"/account/{browser.avow.project_id}", {"form": token, "do": "refresh"})
    assert stolen.heading == "Sign in to Acme"
    assert browser.get(f"/account/{browser.avow.project_id}").notice == "Your session has ended. Sign in again."


def test_two_tabs_may_refresh_at_once(browser: Browser) -> None:
    page = browser.sign_in(new_email())
    before = dict(browser.cookies)
    browser.avow.advance(31)
    press(browser, page, "refresh")
    browser.cookies = before
    assert press(browser, page, "refresh").notice == "The session was refreshed."


def test_expired_session_token_asks_for_a_refresh(browser: Browser) -> None:
    browser.sign_in(new_email())
    browser.avow.advance(700)
    page = browser.get(f"/account/{browser.avow.project_id}")
    assert "expired; refresh to get a new one" in page.text
    assert '"drn"' not in page.text
    assert '"drn"' in press(browser, page, "refresh").text


def test_sign_out_ends_the_session_here_only(avow: Avow) -> None:
    mail = new_email()
    one, other = Browser(avow), Browser(avow)
    page = one.sign_in(mail)
    other.sign_in(mail)
    kept = refresh_cookie(one)
    page = press(one, page, "end")
    assert page.notice == "You are signed out."
    assert not [name for name in one.cookies if "refresh" in name or "session" in name]
    one.cookies[f"avow-refresh-{avow.project_id}"] = kept
    assert one.get(f"/account/{avow.project_id}").notice == "Your session has ended. Sign in again."
    assert other.get(f"/account/{avow.project_id}").heading == "Your account"


def test_sign_out_everywhere_ends_every_session(avow: Avow) -> None:
    mail = new_email()
    one, other = Browser(avow), Browser(avow)
    other.sign_in(mail)
    page = press(one, one.sign_in(mail), "end-all")
    assert page.notice == "You are signed out on every device."
    assert other.get(f"/account/{avow.project_id}").notice == "Your session has ended. Sign in again."


def test_another_device_can_be_signed_out(avow: Avow) -> None:
    mail = new_email()
    one, other = Browser(avow), Browser(avow)
    other.sign_in(mail)
    page = press(one, one.sign_in(mail), "end-one")
    assert page.heading == "Your account"
    assert page.text.count("last used") == 1
    assert other.get(f"/account/{avow.project_id}").notice == "Your session has ended. Sign in again."


def test_session_of_another_user_cannot_be_ended(avow: Avow) -> None:
    victim, other = Browser(avow), Browser(avow)
    victims = victim.sign_in(new_email()).text
    session_id = victims[victims.index('"sid": "') + 8 :].split('"')[0]
    page = other.sign_in(new_email())
    form = page.forms[0].fields | {"do": "end-one", "id": session_id}
    other.post(page.forms[0].action, form)
    assert victim.get(f"/account/{avow.project_id}").heading == "Your account"


def test_sessions_of_two_projects_stand_beside_each_other(avow: Avow) -> None:
    second = avow.server.project("Second")
    browser = Browser(avow)
    browser.sign_in(new_email())
    browser.avow = second
    assert browser.sign_in(new_email()).heading == "Your account"
    assert browser.get(f"/account/{avow.project_id}").heading == "Your account"


# --- How somebody signs in -------------------------------------------------------------------------------------


def start(browser: Browser, page: Page, flow: str) -> Page:
    return browser.submit(next(form for form in page.forms if form.fields.get("flow") == flow), "begin")


def with_passkey(avow: Avow, browser: Browser) -> Page:
    """Sign somebody in, and give them a passkey afterwards."""
    page = browser.sign_in(mail := new_email())
    with avow.client() as client:
        user_id = client.mgmt.user.load(mail)["user"]["userId"]
    make_passkey(avow, user_id, "cred-1", "Laptop", rp_id="localhost")
    return browser.get(page.url)


def test_password_is_set_and_changed(browser: Browser) -> None:
    page = browser.sign_in(mail := new_email())
    page = start(browser, page, "change-password")
    assert page.heading == "Change your password"
    page = browser.submit(page.form(), "save", new_password="short")
    assert page.status == 400
    page = browser.submit(page.form(), "save", new_password="correct horse battery")
    assert page.heading == "Your account"
    other = Browser(browser.avow)
    page = other.submit(other.ask(mail, "password").form(), "sign-in", password="correct horse battery")
    assert page.heading == "Your account"


def test_app_is_set_up_with_recovery_codes_and_removed(browser: Browser) -> None:
    page = browser.sign_in(new_email())
    page = start(browser, page, "add-app")
    assert page.heading == "Set up your authenticator app"
    key = re.findall(r'id="avow-key"[^>]*value="([^"]+)"', page.html)[0]
    seed = base64.b32decode(key.replace(" ", ""))
    page = browser.submit(page.form(), "verify", code=holding(seed).code(browser.avow.server.clock()))
    assert page.heading == "Your recovery codes"
    page = browser.submit(page.form(), "go")
    assert "10 left" in page.text
    page = press(browser, page, "remove-app")
    assert page.notice == "Saved."
    assert ("do", "remove-app") not in [button for form in page.forms for button in form.buttons]


def test_recovery_codes_are_shown_once(browser: Browser) -> None:
    page = press(browser, browser.sign_in(new_email()), "make-codes")
    codes = re.findall(r'aria-label="Code \d+" value="([^"]+)"', page.html)
    assert len(codes) == 10
    page = browser.submit(page.form(), "go")
    assert "10 left" in page.text
    assert codes[0] not in page.html


def test_passkey_is_named_by_its_owner(avow: Avow, browser: Browser) -> None:
    page = with_passkey(avow, browser)
    form = next(each for each in page.forms if ("do", "rename-passkey") in each.buttons)
    page = browser.submit(form, "rename-passkey", displayName="<b>Phone</b>")
    assert page.notice == "Saved."
    assert "<strong><bdi>&lt;b&gt;Phone&lt;/b&gt;</bdi></strong>" in page.html


def test_passkey_is_not_removed_without_showing_it(avow: Avow, browser: Browser) -> None:
    page = press(browser, with_passkey(avow, browser), "remove-passkey")
    assert page.alert.startswith("Confirm first that it is you")
    assert "Laptop" in page.text


def test_old_session_changes_nothing_until_it_is_confirmed(avow: Avow) -> None:
    browser = Browser(avow)
    page = browser.sign_in(mail := new_email())
    browser.avow.advance(100_000)
    for begun in (start(browser, page, "change-password"), press(browser, page, "make-codes")):
        assert begun.alert.startswith("Confirm first that it is you")
    page = start(browser, begun, "step-up")
    assert page.heading == "Enter your code"
    page = browser.submit(page.form(), "verify", code=avow.code(mail))
    assert page.heading == "Your account"
    assert page.text.count("last used") == 1  # the session before it is nobody's any more
    assert start(browser, page, "change-password").heading == "Change your password"


def test_profile_is_changed(browser: Browser) -> None:
    page = start(browser, browser.sign_in(new_email()), "update-user")
    assert page.heading == "Your profile"
    page = browser.submit(page.form(), "save", name="Mia Example")
    assert page.heading == "Your account"
    assert "Mia Example" in page.text


def test_flow_of_no_account_is_not_begun(browser: Browser) -> None:
    page = browser.sign_in(new_email())
    form = page.forms[0].fields["form"]
    assert browser.post(page.url, {"form": form, "do": "begin", "flow": "sign-up"}).heading == "Your account"
