import re

import pytest

from avow.server.screens import SCREENS, Brand, Component, Page, Said, Screen, render, text_of
from avow.server.screens import values as screens

BRAND = Brand("Acme & Sons")
COMPONENT = Component(("https://auth.example.com/avow.css",))
PAGE = Page("/login/P1", {"form": "token"})

EXAMPLES: tuple[Screen, ...] = (
    screens.Email(
        ways=("code", "passkey", "link"), providers=(screens.Provider("google", "Google", "google"),), has_autofill=True
    ),
    screens.Code(sent_to="m***@example.com"),
    screens.LinkSent(sent_to="m***@example.com", others=("code",)),
    screens.Enchanted(sent_to="m***@example.com", number="42"),
    screens.ConfirmLink(device="Firefox", place="192.0.2.1"),
    screens.Password(login_id="mia@example.com", others=("code",)),
    screens.NewPassword(why="expired"),
    screens.Reset(),
    screens.Passkey(options="{}"),
    screens.PasskeyOffer(),
    screens.TotpSetup(image="{{totp.image}}", key="{{totp.key}}"),
    screens.Totp(has_others=True),
    screens.Factors(factors=("totp", "passkey", "email", "sms", "recovery")),
    screens.Recovery(asks_login_id=True),
    screens.RecoveryCodes(codes=("{{recovery.c0}}",)),
    screens.Sso(),
    screens.Leaving(url="https://id.example.com/", label="Example"),
    screens.Tenant(tenants=(screens.TenantChoice("T1", "Acme"),), chosen="T1"),
    screens.Consent(client="Shop", scopes=("See your name",)),
    screens.Profile(person={"name": "Mia", "email": "", "phone": ""}),
    screens.Failed(reason=Said("wrong.expired")),
    screens.Done(),
)


def drawn(screen: Screen, face: Component | Page = COMPONENT) -> str:
    return render(screen, locale="en", brand=BRAND, face=face)


def test_every_screen_has_an_example_here() -> None:
    assert [type(each) for each in EXAMPLES] == list(SCREENS)


@pytest.mark.parametrize("screen", EXAMPLES, ids=lambda each: each.name)
def test_buttons_of_both_faces_are_interactions_that_the_screen_names(screen: Screen) -> None:
    of_component = re.findall(r'<button id="([^"]+)"', drawn(screen))
    of_page = re.findall(r'name="do" value="([^"]+)"', drawn(screen, PAGE))
    named = {each.partition(".")[0] for each in [*of_component, *of_page]}
    assert set(of_component) <= set(of_page)
    assert named <= set(screen.interactions)


@pytest.mark.parametrize("screen", EXAMPLES, ids=lambda each: each.name)
def test_fields_are_those_that_the_screen_names(screen: Screen) -> None:
    for face in (COMPONENT, PAGE):
        named = set(re.findall(r'<(?:input|select)[^>]* name="([^"]+)"', drawn(screen, face)))
        assert named - {"form"} <= set(screen.fields)


@pytest.mark.parametrize("screen", EXAMPLES, ids=lambda each: each.name)
def test_fragments_need_no_script_and_no_style_of_their_own(screen: Screen) -> None:
    for face in (COMPONENT, PAGE):
        assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=", drawn(screen, face))


@pytest.mark.parametrize("screen", EXAMPLES, ids=lambda each: each.name)
def test_component_never_names_a_button_and_has_a_place_for_errors(screen: Screen) -> None:
    html = drawn(screen)
    assert not re.search(r"<button[^>]* name=", html)
    assert 'data-type="error-message"' in html
    assert 'method="dialog"' in html


def test_values_are_escaped() -> None:
    html = drawn(screens.Email(login_id='"><script>alert(1)</script>'), PAGE)
    assert "<script" not in html
    assert "Acme &amp; Sons" in html


def test_page_shows_the_error_and_the_component_leaves_it_to_the_client() -> None:
    screen = screens.Code(sent_to="x", error=Said("wrong.code", {"count": 3}))
    assert "3" in re.findall(r'role="alert">(.*?)</p>', drawn(screen, PAGE))[0]
    assert re.findall(r'role="alert">(.*?)</p>', drawn(screen)) == [""]
    assert text_of(screen.error, "en").endswith("Tries left: 3.")


def test_page_carries_its_hidden_fields() -> None:
    assert '<input type="hidden" name="form" value="token">' in drawn(screens.Done(), PAGE)
