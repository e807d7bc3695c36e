"""People sign in on one page of an application at http://localhost: by passkey, app, SAML and OpenID Connect."""

import re
import urllib.request
from collections.abc import Callable, Iterator
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from avow import AttributeMapping, RoleMapping, SSOSAMLSettingsByMetadata
from avow.sdk.answers import SessionClaims
from avow.testing.server import Avow
from tests import phones
from tests.bed.idp_simplesamlphp import SimpleSamlPhp
from tests.bed.idps import ALICE
from tests.bed.openid_provider import OpenIdProvider
from tests.bed.plugin import DATABASES
from tests.browser.own_page import OwnPage, serving
from tests.factories import make_totp_seed, new_email
from tests.served import free_port, over_http, server_over

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
PASSWORD = "a long password of hers"


@pytest.fixture(scope="module", params=DATABASES)
def own_page(request: pytest.FixtureRequest) -> Iterator[OwnPage]:
    """Serve the page, and Avow beside it, on one database after the other."""
    port = free_port()
    settings = {"public_url": f"http://localhost:{port}", "callable_networks": (IPv4Network("127.0.0.0/8"),)}
    with (
        server_over(request.param, request.getfixturevalue, settings=settings) as server,
        over_http(server, port=port),
        serving(server, f"http://localhost:{port}") as page,
    ):
        yield page


@pytest.fixture
def opened(browser: "Browser", own_page: OwnPage) -> Iterator[Callable[[], "Page"]]:
    """Give a function that opens the page in a fresh browser profile; a script error on it fails the test."""
    context = browser.new_context(locale="en-GB")
    errors: list[str] = []

    def act() -> "Page":
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(own_page.url)
        expect(page.locator("html[data-ready]")).to_be_attached()
        return page

    yield act
    context.close()
    assert errors == []


def expect_signed_in(page: "Page", own_page: OwnPage, avow: Avow, who: str, *how: str) -> SessionClaims:
    """Expect that the page says who came, and that its server let them in; return the claims that it saw."""
    expect(page.get_by_role("heading", name="You are signed in")).to_be_visible(timeout=15_000)
    expect(page.locator("#who")).to_have_text(who)
    claims = own_page.entered.pop()
    assert own_page.entered == []
    user = avow.client().mgmt.user.load(who)["user"]
    assert (claims["projectId"], claims["userId"], claims.get("amr")) == (avow.project_id, user["userId"], list(how))
    return claims


def press(page: "Page", name: str) -> None:
    page.get_by_role("button", name=name).click()


def sign_out(page: "Page") -> None:
    press(page, "Sign out")
    expect(page.get_by_role("heading", name="You are signed in")).to_be_hidden()


def plug_in_authenticator(page: "Page") -> None:
    """Give Chromium its virtual authenticator, whose user is there and verified."""
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


@pytest.mark.parametrize("named", [True, False], ids=["named", "discoverable"])
def test_by_passkey(opened: Callable[[], "Page"], own_page: OwnPage, named: bool) -> None:
    avow = own_page.project()
    page, who = opened(), new_email("browser")
    plug_in_authenticator(page)
    page.get_by_label("E-mail").fill(who)
    press(page, "Sign up with a passkey")
    expect_signed_in(page, own_page, avow, who, "webauthn")
    sign_out(page)
    page.get_by_label("E-mail").fill(who if named else "")
    press(page, "Sign in with a passkey")
    expect_signed_in(page, own_page, avow, who, "webauthn")


def test_by_app_that_scanned_the_screen(opened: Callable[[], "Page"], own_page: OwnPage) -> None:
    avow = own_page.project()
    page, who = opened(), new_email("browser")
    page.get_by_label("E-mail").fill(who)
    press(page, "Sign up with an app")
    expect(page.get_by_alt_text("QR code")).to_be_visible()
    phone = phones.scanning_png(page.screenshot())
    assert (phone.app.issuer, phone.app.name) == ("Test", who)
    page.get_by_label("Code of the app").fill(phone.code(avow.server.clock()))
    press(page, "Sign in with the app")
    expect_signed_in(page, own_page, avow, who, "totp")
    sign_out(page)
    press(page, "Sign in with the app")  # by the same code
    expect(page.get_by_role("alert")).to_contain_text("E061102")
    page.get_by_label("Code of the app").fill(phone.code(avow.server.clock(), 1))
    press(page, "Sign in with the app")
    expect_signed_in(page, own_page, avow, who, "totp")


def test_by_password_and_app(opened: Callable[[], "Page"], own_page: OwnPage) -> None:
    avow = own_page.project(mfa="enrolled")
    page, who = opened(), new_email("browser")
    avow.client().mgmt.user.create(who, who)
    avow.client().mgmt.user.set_active_password(who, PASSWORD)
    seeded = _app_of(avow, who)
    page.get_by_label("E-mail").fill(who)
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Sign in with a password")
    expect(page.get_by_role("alert")).to_have_text("E061401: A second factor is needed: show one of: totp.")
    expect(page.get_by_role("heading", name="You are signed in")).to_be_hidden()
    page.get_by_label("Code of the app").fill(seeded.code(avow.server.clock()))
    press(page, "Sign in with the app")
    expect_signed_in(page, own_page, avow, who, "pwd", "totp", "mfa")


def test_through_the_saml_of_their_company(
    opened: Callable[[], "Page"], own_page: OwnPage, simplesamlphp: SimpleSamlPhp
) -> None:
    avow = own_page.project()
    mgmt = avow.client().mgmt
    mgmt.role.create("Editor")
    tenant = mgmt.tenant.create("Acme")["id"]
    mapping = AttributeMapping(name="displayName", email="mail", group="groups")
    by_metadata = SSOSAMLSettingsByMetadata(simplesamlphp.metadata_url, mapping, [RoleMapping(["staff"], "Editor")])
    mgmt.sso.configure_saml_settings_by_metadata(tenant, by_metadata, own_page.url, ["example.com"])
    simplesamlphp.trust(_sp_metadata(own_page, avow, tenant))
    page = opened()
    page.get_by_label("E-mail").fill("alice@example.com")  # whose domain leads to her company
    press(page, "Sign in through your company")
    expect(page).to_have_url(re.compile(re.escape(simplesamlphp.url)), timeout=15_000)
    page.get_by_label("Username").fill(ALICE.name)
    page.get_by_label("Password").fill(ALICE.password)
    page.get_by_role("button", name="Login").click()
    claims = expect_signed_in(page, own_page, avow, "alice@example.com", "fed")
    assert claims.get("tenants", {})[tenant].get("roles") == ["Editor"]


def test_at_an_openid_provider(
    opened: Callable[[], "Page"], own_page: OwnPage, openid_provider: OpenIdProvider
) -> None:
    avow = own_page.project()
    providers = avow.client().mgmt.provider
    redirect_uri = providers.save("example", "soon", "secret", issuer=openid_provider.url)["provider"]["redirectUri"]
    client_id, secret = openid_provider.register(redirect_uri)
    providers.save("example", client_id, secret, issuer=openid_provider.url)
    own_page.told["provider"] = "example"
    page = opened()
    press(page, "Sign in with Example")
    page.get_by_placeholder("Enter any login").fill("mia", timeout=15_000)
    page.get_by_placeholder("and password").fill("any")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()
    expect_signed_in(page, own_page, avow, "mia@example.com", "oauth")


def _app_of(avow: Avow, who: str) -> phones.Phone:
    user_id = avow.client().mgmt.user.load(who)["user"]["userId"]
    return phones.holding(make_totp_seed(avow, user_id))


def _sp_metadata(own_page: OwnPage, avow: Avow, tenant: str) -> str:
    address = f"/v1/auth/saml/metadata?projectId={avow.project_id}&tenantId={tenant}"
    with urllib.request.urlopen(own_page.server_url + address, timeout=10) as answer:
        metadata: str = answer.read().decode()
        return metadata
