"""The device grant: codes, the page where one is typed, and what a device is told while it polls (RFC 8628)."""

from typing import Any

import pytest

from avow.core.oidc.clients import Client
from avow.core.oidc.interaction import Seen
from avow.core.oidc.request import Authorization
from avow.server.applications import actions
from avow.server.oidc import devices
from avow.server.oidc.authorizing import Person, Wish
from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from avow.testing.server import Avow
from avow.wire.applications import UpdateApplication
from tests.factories import new_email
from tests.server.oidc.relying import API, Reply, Rp, claims, make_api, make_app
from tests.server.pages.browsing import Browser, Page

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture
def device(project: Avow) -> Rp:
    """Return an application on devices, which keeps no secret."""
    return make_app(project, preset="native", redirectUris=[], grantTypes=[GRANT, "refresh_token"])


def begin(rp: Rp, **form: str) -> Reply:
    return rp.call("/oauth/device/code", {"client_id": rp.id, "scope": "openid email offline_access", **form})


def poll(rp: Rp, codes: Reply, **form: str) -> Reply:
    return rp.token({"grant_type": GRANT, "device_code": codes["device_code"], **form})


def opened(rp: Rp, codes: Reply) -> tuple[Browser, Page]:
    """Open the page of the code in a browser, sign in on the way, and type it."""
    browser = rp.browser()
    page = browser.get(f"{rp.prefix}/device?user_code={codes['user_code']}")
    page = rp.sign_in(browser, page, new_email())
    return browser, browser.submit(page.form(), "look")


def answered(rp: Rp, codes: Reply, do: str = "allow") -> Page:
    browser, page = opened(rp, codes)
    return browser.submit(page.form(), do)


def test_device_gets_tokens_once_its_person_has_allowed_it(device: Rp) -> None:
    codes = begin(device)
    assert (codes["expires_in"], codes["interval"]) == (600, 5)
    assert codes["verification_uri"] == f"{device.issuer}/device"
    assert codes["verification_uri_complete"].endswith(f"/device?user_code={codes['user_code']}")
    assert poll(device, codes).error == (400, "authorization_pending")
    browser, page = opened(device, codes)
    assert "Shop" in page.text
    assert codes["user_code"] in page.text
    assert "Done" in browser.submit(page.form(), "allow").text
    device.avow.advance(5)
    tokens = poll(device, codes)
    assert tokens["scope"] == "openid email offline_access"
    assert claims(tokens["id_token"])["aud"] == device.id
    assert device.userinfo(tokens["access_token"]).status == 200
    assert device.refresh(tokens["refresh_token"]).status == 200
    device.avow.advance(5)
    assert poll(device, codes).error == (400, "invalid_grant")


def test_declined_device_is_told_so_once(device: Rp) -> None:
    codes = begin(device)
    assert "no access" in answered(device, codes, "deny").text
    assert poll(device, codes).error == (400, "access_denied")
    device.avow.advance(5)
    assert poll(device, codes).error == (400, "invalid_grant")


def test_device_that_polls_too_fast_is_told_to_slow_down(device: Rp) -> None:
    codes = begin(device)
    poll(device, codes)
    for _ in range(3):
        device.avow.advance(4)
        assert poll(device, codes).error == (400, "slow_down")
    answered(device, codes)
    device.avow.advance(4)
    assert poll(device, codes).error == (400, "slow_down")
    device.avow.advance(5)
    assert poll(device, codes).status == 200


def test_codes_end_after_ten_minutes(device: Rp) -> None:
    codes, other = begin(device), begin(device)
    answered(device, other)
    device.avow.advance(600)
    assert poll(device, codes).error == (400, "expired_token")
    assert poll(device, other).error == (400, "expired_token")
    _, page = opened(device, codes)
    assert "not valid" in page.text


def test_device_code_is_of_its_client(device: Rp, project: Avow) -> None:
    other = make_app(project, preset="native", redirectUris=[], grantTypes=[GRANT])
    codes = begin(device)
    answered(device, codes)
    assert poll(other, codes).error == (400, "invalid_grant")
    for wrong in (codes["device_code"][:-1], codes["user_code"], "x"):
        form = {"grant_type": GRANT, "device_code": wrong}
        assert device.token(form).error == (400, "invalid_grant")
    assert poll(device, codes).status == 200


def test_only_applications_that_may_begin(project: Avow, rp: Rp) -> None:
    form = {"scope": "openid"}
    assert rp.call("/oauth/device/code", form, authorization=rp.basic()).error == (400, "unauthorized_client")
    assert rp.call("/oauth/device/code", form).status == 401


def test_session_that_ends_before_the_poll_gives_nothing(device: Rp) -> None:
    codes = begin(device)
    browser, page = opened(device, codes)
    user_id = page.form().fields["who"]
    browser.submit(page.form(), "allow")
    device.avow.run(lambda tx: sessions.end_all(tx, user_id, why="logout"))
    assert poll(device, codes).error == (400, "invalid_grant")


def test_audience_and_scopes_are_those_that_were_asked_for(device: Rp, project: Avow) -> None:
    make_api(project, "read:messages", "write:messages")
    codes = begin(device, scope="openid read:messages root", audience=API)
    _, page = opened(device, codes)
    assert "read:messages" in page.text
    assert "root" not in page.text
    assert begin(device, audience="https://other.example.com").error == (400, "invalid_target")


def test_code_is_read_however_it_is_typed(device: Rp) -> None:
    codes = begin(device)
    browser, _ = opened(device, codes)
    page = browser.get(f"{device.prefix}/device")
    typed = codes["user_code"].lower().replace("-", " ")
    page = browser.submit(page.form(), "look", user_code=typed)
    assert codes["user_code"] in page.text


def test_codes_cannot_be_guessed(device: Rp) -> None:
    codes = begin(device)
    browser, _ = opened(device, codes)
    page = browser.get(f"{device.prefix}/device")
    for _ in range(10):
        page = again(browser, page)
        assert "not valid" in page.text
    assert again(browser, page).status == 429
    fields = {**page.form().fields, "user_code": codes["user_code"]}
    assert browser.post(page.form().action, {**fields, "do": "look"}).status == 429


def again(browser: Browser, page: Page) -> Page:
    return browser.submit(page.form(), "look", user_code="BBBBBBBB")


def test_right_codes_are_no_guesses(device: Rp) -> None:
    """In one office, behind one address, many sign devices in."""
    browser, page = opened(device, begin(device))
    for _ in range(7):
        assert "Done" in browser.submit(page.form(), "allow").text
        page = browser.get(f"{device.prefix}/device?user_code={begin(device)['user_code']}")
        page = browser.submit(page.form(), "look")
    assert "Shop" in page.text


def test_application_for_which_everybody_signs_in_anew_has_it_so_for_devices(device: Rp) -> None:
    demand = UpdateApplication(id=device.id, force_authentication=True)
    device.avow.run(lambda tx: actions.update(tx, demand, is_open=False, actor="test"))
    browser, email = device.browser(), new_email()
    browser.sign_in(email)
    device.avow.advance(3)
    codes = begin(device)
    where = f"{device.prefix}/device?user_code={codes['user_code']}"
    typed = {"user_code": codes["user_code"]}
    shown = browser.get(where).form()
    for do in ("look", "allow"):
        who = {"who": claims(browser.cookies[f"avow-refresh-{device.avow.project_id}"])["sub"]} if do == "allow" else {}
        page = browser.post(shown.action, {**shown.fields, **typed, **who, "do": do})
        assert "Shop" not in page.text
        assert page.form().fields["next"].replace("-", "") == where.replace("-", "")
    assert poll(device, codes).error == (400, "authorization_pending")
    page = browser.submit(device.sign_in(browser, page, email).form(), "look")
    assert "Done" in browser.submit(page.form(), "allow").text
    device.avow.advance(5)
    signed_in_at = claims(poll(device, codes)["id_token"])["auth_time"]
    assert signed_in_at == device.avow.server.clock() - 5
    # Another device asks now, which is after that sign-in.
    page = browser.submit(browser.get(where).form(), "look", user_code=begin(device)["user_code"])
    assert "/device" in page.form().fields["next"]


def test_sign_in_of_before_allows_no_device_whoever_asks(device: Rp) -> None:
    codes, now = begin(device), device.avow.server.clock()
    client = Client(device.id, forces_authentication=True)
    asked = Authorization(client=client, redirect_uri="", has_redirect=False, mode="")
    wish = Wish(asked, (), {}, None)

    def answer(tx: Tx, auth_time: int) -> bool:
        row = devices.find(tx, codes["user_code"])
        assert row is not None
        person = Person(Seen("U1", "S1", auth_time), ("email",), "", now + 60)
        return devices.answer(tx, row, person, wish)

    assert device.avow.run(lambda tx: answer(tx, now - 1)) is False
    assert poll(device, codes).error == (400, "authorization_pending")


def test_form_of_another_site_allows_nothing(device: Rp) -> None:
    codes = begin(device)
    browser, page = opened(device, codes)
    fields: dict[str, Any] = {**page.form().fields, "do": "allow"}
    other = browser.post(page.form().action, {**fields, "form": "x"}, sec_fetch_site="cross-site")
    assert other.status == 403
    asked_again = browser.post(page.form().action, {**fields, "who": "somebody else"})
    assert "Shop" in asked_again.text
    assert poll(device, codes).error == (400, "authorization_pending")


def test_link_of_a_device_asks_nothing_less(device: Rp) -> None:
    """A link with the code in it fills the field, and no more."""
    codes = begin(device)
    browser, _ = opened(device, codes)
    page = browser.get(f"{device.prefix}/device?user_code={codes['user_code']}")
    assert page.form().fields["user_code"].replace("-", "") == codes["user_code"].replace("-", "")
    assert "Shop" not in page.text
