"""What else the official component goes through: providers, second factors, and flows of those who are signed in."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from avow.testing.server import Avow
from tests.bed.openid import OpenIdPeer, Said, openid_peer
from tests.bed.social import Social
from tests.browser.flows.conftest import Visitor
from tests.factories import change_settings, make_recovery_codes, make_totp_seed, make_user, new_email
from tests.phones import holding, scanning

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture
def peer(avow: Avow) -> Iterator[OpenIdPeer]:
    """Give a provider that signs whoever comes in at once, and sends them back."""
    with openid_peer(avow.server.clock) as found:

        def back(seen: object) -> Said:
            url = f"{found.url}/authorize?{urlencode(found.seen[-1].query)}"
            return Said(status=302, headers={"location": found.authorize(url)})

        found.answers["/authorize"] = back
        yield found


def has_no_passkeys(avow: Avow) -> None:
    """Leave passkeys out, so that none is offered."""
    methods = ("otp", "magiclink", "password", "totp", "recoverycodes", "oauth")
    change_settings(avow, {"sign_in_methods": methods})
    avow.advance(2)


def test_provider_signs_in_and_leads_back_to_the_page(visitor: Visitor, avow: Avow, peer: OpenIdPeer) -> None:
    Social(avow, peer).configure()
    has_no_passkeys(avow)
    visitor.friends.append(peer.url)
    visitor.open()
    visitor.button("social.acme").click()
    told = visitor.event("success")
    assert told["user"]["email"] == peer.person["email"]
    assert "code=" not in visitor.page.url


def test_provider_in_a_window_of_its_own_signs_the_page_in(visitor: Visitor, avow: Avow, peer: OpenIdPeer) -> None:
    Social(avow, peer).configure()
    has_no_passkeys(avow)
    flows = avow.client().mgmt.flow
    flow = dict(flows.export_flow("social")["flow"])
    flow["dsl"]["steps"]["start-social"]["given"]["popup"] = "yes"
    flows.import_flow("social", flow, [])
    visitor.friends.append(peer.url)
    visitor.open("social")
    # The component looks every second whether the window is closed, and then listens no more, though what the window
    # told may be on its way; whoever is left with the button presses it again.
    opened = _pressed(visitor)
    try:
        visitor.event("success")
    except PlaywrightTimeout:
        opened = _pressed(visitor)
    assert visitor.event("success")["user"]["email"] == peer.person["email"]
    assert opened.is_closed()
    assert "/app?" in visitor.page.url


def _pressed(visitor: Visitor) -> "Page":
    """Press the provider's button; return the window that opened."""
    with visitor.page.expect_popup() as opened:
        visitor.button("social.acme").click()
    return opened.value


def test_app_is_set_up_and_asked_for_the_next_time(visitor: Visitor, avow: Avow) -> None:
    has_no_passkeys(avow)
    change_settings(avow, {"mfa": "required"})
    avow.advance(2)
    mail = new_email()
    visitor.open()
    visitor.field("email").fill(mail)
    visitor.button("code").click()
    visitor.field("code").wait_for()
    visitor.field("code").fill(avow.code(mail))
    visitor.button("verify").click()
    picture = visitor.page.locator('descope-wc img[src^="data:image/png;base64,iVBOR"]')
    picture.wait_for()
    phone = scanning((picture.get_attribute("src") or "").removeprefix("data:image/png;base64,"))
    visitor.field("code").fill(phone.code(avow.server.clock()))
    visitor.button("verify").click()
    visitor.button("go").wait_for()
    codes = visitor.page.locator("descope-wc .avow-codes input").evaluate_all("all => all.map(each => each.value)")
    assert len(codes) == 10
    assert "{{" not in "".join(codes)
    visitor.button("go").click()
    assert visitor.event("success")["user"]["TOTP"] is True
    avow.advance(60)
    visitor.open()
    visitor.field("email").fill(mail)
    visitor.button("code").click()
    visitor.field("code").wait_for()
    visitor.field("code").fill(avow.code(mail))
    visitor.button("verify").click()
    visitor.button("others").click()
    visitor.button("recovery").click()
    visitor.field("code").fill(codes[0])
    visitor.button("verify").click()
    assert visitor.event("success")["user"]["email"] == mail


def test_step_up_asks_whoever_is_signed_in_for_their_app(visitor: Visitor, avow: Avow) -> None:
    mail = new_email()
    phone = holding(make_totp_seed(avow, make_user(avow, mail)))
    has_no_passkeys(avow)
    visitor.sign_in(mail, avow.code)
    visitor.open("step-up")
    visitor.field("code").fill(phone.code(avow.server.clock()))
    visitor.button("verify").click()
    token = visitor.event("success")["sessionJwt"]
    assert avow.client().validate_session(token).get("su") is True


def test_profile_is_changed(visitor: Visitor, avow: Avow) -> None:
    has_no_passkeys(avow)
    mail = new_email()
    visitor.sign_in(mail, avow.code)
    visitor.open("update-user")
    visitor.field("name").fill("Mia May")
    visitor.button("save").click()
    assert visitor.event("success")["user"]["name"] == "Mia May"


def test_signed_in_person_adds_a_passkey(visitor: Visitor, avow: Avow) -> None:
    mail = new_email()
    visitor.plug_in()
    visitor.open("otp")
    visitor.field("email").fill(mail)
    visitor.button("code").click()
    visitor.field("code").wait_for()
    visitor.field("code").fill(avow.code(mail))
    visitor.button("verify").click()
    visitor.button("later").click()
    visitor.event("success")
    visitor.open("add-passkey")
    visitor.button("create").click()
    token = visitor.event("success")["refreshJwt"]
    assert len(avow.client().webauthn.passkeys(token)["passkeys"]) == 1


def test_recovery_code_signs_in(visitor: Visitor, avow: Avow) -> None:
    mail = new_email()
    codes = make_recovery_codes(avow, make_user(avow, mail))
    visitor.open("recovery")
    visitor.field("email").fill(mail)
    visitor.field("code").fill(codes[0])
    visitor.button("verify").click()
    assert visitor.event("success")["user"]["email"] == mail


def test_two_factors_are_asked_for_by_the_flow_of_two(visitor: Visitor, avow: Avow) -> None:
    mail = new_email()
    phone = holding(make_totp_seed(avow, make_user(avow, mail)))
    visitor.open("mfa")
    visitor.field("email").fill(mail)
    visitor.button("code").click()
    visitor.button("resend").wait_for()
    visitor.field("code").fill(avow.code(mail))
    visitor.button("verify").click()
    visitor.page.get_by_role("heading", name="Enter the code of your app").wait_for()
    visitor.field("code").fill(phone.code(avow.server.clock()))
    visitor.button("verify").click()
    assert visitor.event("success")["user"]["email"] == mail
