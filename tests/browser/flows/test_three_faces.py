"""Built-in flows in all three faces, on both databases: a person comes in the same way wherever the flow is shown."""

import urllib.request
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest

from avow import AttributeMapping, SSOSAMLSettingsByMetadata
from avow.testing.server import Avow
from tests.bed.idp_simplesamlphp import SimpleSamlPhp
from tests.bed.idps import ALICE
from tests.bed.openid import OpenIdPeer, Said, openid_peer
from tests.bed.social import Social
from tests.bed.tenant_op import TenantOp
from tests.browser.flows.conftest import Served, Visitor
from tests.browser.flows.faces import FACES, Component, Face, Hosted
from tests.factories import change_settings, make_recovery_codes, make_tenant, make_totp_seed, make_user, new_email
from tests.phones import holding, scanning

pytestmark = pytest.mark.browser

METHODS = ("otp", "magiclink", "enchantedlink", "password", "totp", "recoverycodes", "oauth", "sso")
PASSWORD, OTHER = "a horse that reads 7 maps", "no two clouds are alike 9"


@pytest.fixture(params=FACES)
def face(request: pytest.FixtureRequest, make_visitor: Callable[..., Visitor], avow: Avow) -> Face:
    """Give one face after the other, in a project without passkeys, so that none is offered."""
    change_settings(avow, {"sign_in_methods": METHODS})
    avow.advance(2)
    visitor = make_visitor()
    if request.param == "own":
        visitor.version = "avow"
    return Hosted(visitor) if request.param == "hosted" else Component(visitor)


@pytest.fixture
def peer(avow: Avow) -> Iterator[OpenIdPeer]:
    """Give a provider that signs whoever comes in at once, and sends them back."""
    with openid_peer(avow.server.clock) as found:

        def back(seen: object) -> Said:
            url = f"{found.url}/authorize?{urlencode(found.seen[-1].query)}"
            return Said(status=302, headers={"location": found.authorize(url)})

        found.answers["/authorize"] = back
        yield found


def takes_passkeys(avow: Avow) -> None:
    """Have passkeys in the project, too."""
    change_settings(avow, {"sign_in_methods": (*METHODS, "webauthn")})
    avow.advance(2)


def by_code(face: Face, avow: Avow, mail: str, flow: str = "otp") -> None:
    face.open(flow)
    face.field("email").fill(mail)
    face.press("code")
    face.expect_heading("Enter your code")
    face.type_code(avow.code(mail))


@pytest.mark.parametrize("flow", ["sign-up-or-in", "sign-up", "sign-in", "otp"])
def test_code(face: Face, avow: Avow, flow: str) -> None:
    mail = new_email()
    if flow == "sign-in":
        make_user(avow, mail)
    by_code(face, avow, mail, flow)
    face.expect_in(mail)


def test_magic_link(face: Face, avow: Avow) -> None:
    mail = new_email()
    face.open("magic-link")
    face.field("email").fill(mail)
    face.press("link")
    face.expect_heading("Check your messages")
    face.come_back(avow.link(mail))
    face.expect_in(mail)


def test_passkey(face: Face, avow: Avow) -> None:
    takes_passkeys(avow)
    mail, authenticator = new_email(), face.plug_in()
    # Not offered in the field, where the virtual authenticator would answer at once.
    face.page.context.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = async () => false")
    by_code(face, avow, mail, "passkey")
    face.expect_heading("Sign in faster next time")
    face.press("create")
    face.expect_in(mail)
    assert authenticator.uses == [1]
    face.page.evaluate("localStorage.clear()")
    face.page.context.clear_cookies()
    face.open("passkey")
    face.press("passkey")
    face.expect_in(mail)
    assert authenticator.uses == [2]


def test_passkey_that_is_not_shown_leaves_the_code(face: Face, avow: Avow) -> None:
    takes_passkeys(avow)
    mail = new_email()
    face.plug_in().verifies(False)
    face.open("passkey")
    face.press("passkey")
    face.expect_error("No passkey was used. Try again, or another way.")
    face.field("email").fill(mail)
    face.press("code")
    face.expect_heading("Enter your code")
    face.type_code(avow.code(mail))
    face.press("later")
    face.expect_in(mail)


def test_passkey_of_somebody_signed_in(face: Face, avow: Avow) -> None:
    mail, authenticator = new_email(), face.plug_in()
    by_code(face, avow, mail)
    face.expect_in(mail)
    takes_passkeys(avow)
    assert avow.client().mgmt.user.load(mail)["user"]["webauthn"] is False
    face.open("add-passkey")
    face.press("create")
    face.expect_in(mail)
    assert authenticator.uses == [1]
    assert avow.client().mgmt.user.load(mail)["user"]["webauthn"] is True


def test_app_of_somebody_signed_in(face: Face, avow: Avow) -> None:
    mail = new_email()
    by_code(face, avow, mail)
    face.expect_in(mail)
    face.open("add-app")
    picture = face.page.locator('img[src^="data:image/png;base64,iVBOR"]').get_attribute("src") or ""
    face.type_code(scanning(picture.removeprefix("data:image/png;base64,")).code(avow.server.clock()))
    face.press("go")
    face.expect_in(mail)
    assert avow.client().mgmt.user.load(mail)["user"]["TOTP"] is True


def test_password_of_somebody_signed_in(face: Face, avow: Avow) -> None:
    mail = new_email()
    by_code(face, avow, mail)
    face.expect_in(mail)
    face.open("change-password")
    face.field("new-password").fill(PASSWORD)
    face.press("save")
    face.expect_in(mail)
    assert avow.client().password.sign_in(mail, PASSWORD)["user"]["loginIds"] == [mail]


def test_password_and_its_reset(face: Face, avow: Avow) -> None:
    mail = new_email()
    face.open("password")
    face.field("email").fill(mail)
    face.press("password")
    face.press("sign-up")
    face.field("new-password").fill(PASSWORD)
    face.press("save")
    face.expect_in(mail)
    face.open("password")
    face.field("email").fill(mail)
    face.press("password")
    face.field("password").fill("not the one")
    face.press("sign-in")
    face.expect_error("That address and password do not go together.")
    face.press("forgot")
    face.press("send")
    face.expect_heading("Check your messages")
    face.come_back(avow.link(mail))
    face.expect_heading("Choose a new password")
    face.field("new-password").fill(OTHER)
    face.press("save")
    face.expect_in(mail)
    assert avow.client().password.sign_in(mail, OTHER)["user"]["loginIds"] == [mail]


def test_social_provider(face: Face, avow: Avow, peer: OpenIdPeer) -> None:
    Social(avow, peer).configure()
    face.befriend(peer.url)
    face.open("social")
    face.press("social.acme")
    face.expect_in(str(peer.person["email"]))
    assert face.page.url.startswith(face.home)
    assert "code=" not in face.page.url


def test_identity_provider_of_a_tenant(face: Face, avow: Avow, peer: OpenIdPeer) -> None:
    tenant = make_tenant(avow, "Acme")
    TenantOp(avow, tenant, peer).configure(domains=["corp.example"], redirect_url=face.home)
    peer.person = {"sub": "jane", "email": "jane@corp.example", "email_verified": True, "name": "Jane"}
    face.befriend(peer.url)
    face.open("sso")
    face.field("email").fill("jane@corp.example")
    face.press("sso")
    face.expect_in("jane@corp.example")
    assert face.page.url.startswith(face.home)
    assert avow.client().mgmt.user.load("jane@corp.example")["user"]["userTenants"][0]["tenantId"] == tenant


def test_saml_of_a_tenant(face: Face, avow: Avow, served: Served, simplesamlphp: SimpleSamlPhp) -> None:
    tenant, mgmt = make_tenant(avow, "Acme"), avow.client().mgmt
    mapping = AttributeMapping(name="displayName", email="mail", group="groups")
    by_metadata = SSOSAMLSettingsByMetadata(simplesamlphp.metadata_url, mapping)
    mgmt.sso.configure_saml_settings_by_metadata(tenant, by_metadata, face.home, ["example.com"])
    address = f"/v1/auth/saml/metadata?projectId={avow.project_id}&tenantId={tenant}"
    with urllib.request.urlopen(served.url + address, timeout=10) as answer:
        simplesamlphp.trust(answer.read().decode())
    face.befriend(simplesamlphp.url)
    face.open("sso")
    face.field("email").fill("alice@example.com")
    face.press("sso")
    face.page.get_by_label("Username").fill(ALICE.name)
    face.page.get_by_label("Password").fill(ALICE.password)
    face.page.get_by_role("button", name="Login").click()
    face.expect_in("alice@example.com")
    assert face.page.url.startswith(face.home)


def test_two_factors_and_a_step_up(face: Face, avow: Avow) -> None:
    mail = new_email()
    phone = holding(make_totp_seed(avow, make_user(avow, mail)))
    by_code(face, avow, mail, "mfa")
    face.expect_heading("Enter the code of your app")
    face.type_code(phone.code(avow.server.clock()))
    face.expect_in(mail)
    avow.advance(60)
    face.open("step-up")
    face.expect_heading("Enter the code of your app")
    face.type_code(phone.code(avow.server.clock()))
    face.expect_in(mail)


def test_trusted_device_is_asked_for_one_factor(face: Face, avow: Avow) -> None:
    change_settings(avow, {"mfa": "enrolled", "trusted_device_days": 7})
    avow.advance(2)
    mail = new_email()
    phone = holding(make_totp_seed(avow, make_user(avow, mail)))
    by_code(face, avow, mail)
    face.expect_heading("Enter the code of your app")
    face.type_code(phone.code(avow.server.clock()))
    face.expect_in(mail)
    avow.advance(60)
    by_code(face, avow, mail)
    face.expect_in(mail)


def test_recovery_code(face: Face, avow: Avow) -> None:
    mail = new_email()
    codes = make_recovery_codes(avow, make_user(avow, mail))
    face.open("recovery")
    face.field("email").fill(mail)
    face.type_code(codes[0])
    face.expect_in(mail)


def test_profile(face: Face, avow: Avow) -> None:
    mail = new_email()
    by_code(face, avow, mail)
    face.expect_in(mail)
    face.open("update-user")
    face.field("name").fill("Mia May")
    face.press("save")
    face.expect_in(mail)
    assert avow.client().mgmt.user.load(mail)["user"]["name"] == "Mia May"
