"""What a server tells of its own addresses when it is mounted below a path, whatever a request says."""

from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from avow import DeliveryMethod, SSOSAMLSettings
from avow.testing.server import Avow, Server
from tests.bed.tenant_op import TenantOp
from tests.factories import make_tenant, new_email
from tests.served import server_over
from tests.server.pages.browsing import Browser
from tests.server.sso.certificates import certificate

BASE_URL = "https://shop.example.com/auth"
FORGED = {
    "host": "evil.example",
    "x-forwarded-host": "evil.example",
    "x-forwarded-proto": "http",
    "x-forwarded-prefix": "/evil",
    "forwarded": "host=evil.example;proto=http",
}


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest) -> Any:
    with server_over("sqlite", request.getfixturevalue, settings={"public_url": BASE_URL}) as started:
        yield started


@pytest.fixture
def avow(server: Server) -> Avow:
    return server.project("Shop", approved_redirects=("https://shop.example.com",))


def test_description_of_the_api_names_the_mount(avow: Avow) -> None:
    described = msgspec.json.decode(Browser(avow).get("/openapi.json").html)
    assert described["servers"][0]["url"] == "/auth"


def test_link_in_a_message_begins_with_the_mount(avow: Avow) -> None:
    mail = new_email()
    avow.client().magiclink.sign_up_or_in(DeliveryMethod.EMAIL, mail)
    assert avow.link(mail).startswith(f"{BASE_URL}/magic-link/{avow.project_id}?t=")


def test_forged_names_of_the_host_change_no_address(avow: Avow) -> None:
    mail = new_email()
    browser = Browser(avow)
    browser.headers |= FORGED
    page = browser.get(f"/login/{avow.project_id}")
    assert "evil" not in page.html
    form = page.form()
    form.action = form.action.removeprefix("/auth")  # as the mount does
    sent = browser.submit(form, "link", email=mail, follow=False)
    assert sent.headers.get("location", "").startswith("/auth/login/"), sent.text
    assert avow.link(mail).startswith(BASE_URL)
    assert all("Secure" in cookie and "Path=/" in cookie for cookie in sent.set_cookies)
    assert all(cookie.startswith("__Host-avow-") for cookie in sent.set_cookies)


def test_addresses_for_identity_providers_begin_with_the_mount(avow: Avow) -> None:
    tenant = make_tenant(avow, tenant_id="acme")
    settings = SSOSAMLSettings("https://idp.example.com/sso", "idp", certificate())
    avow.client().mgmt.sso.configure_saml_settings(tenant, settings, "https://shop.example.com/in")
    loaded: Any = avow.client().mgmt.sso.load_settings(tenant)
    assert loaded["saml"]["spACSUrl"].startswith(f"{BASE_URL}/v1/auth/saml/acs?")


def test_another_host_for_callbacks_has_the_same_mount(avow: Avow) -> None:
    make_tenant(avow, tenant_id="bolt")
    peer: Any = SimpleNamespace(url="https://op.example.com", client=("shop", "secret"))
    op = TenantOp(avow, "bolt", peer)
    op.configure(callback_domain="login.example.com", redirect_url="https://shop.example.com/in")
    assert op.callback_url.startswith("https://login.example.com/auth/v1/auth/sso/callback/")
    begun: Any = avow.client().sso.start("bolt", "https://shop.example.com/in")
    assert begun["url"].startswith("https://login.example.com/auth/v1/auth/sso/go/")


def test_script_of_the_component_and_its_screens_are_below_the_mount(avow: Avow) -> None:
    assert Browser(avow).get("/sdk/avow-login.js").status == 200
    page = Browser(avow).get(f"/login/{avow.project_id}")
    assert 'data-api="/auth"' in page.html
    assert urlsplit(page.form().action).path.startswith("/auth/login/")
