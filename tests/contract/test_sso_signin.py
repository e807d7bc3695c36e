"""Sign-in through SSO with the official SDK, at identity providers that other people wrote."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from descope import AttributeMapping, AuthException, LoginOptions, RoleMapping, SSOSAMLSettingsByMetadata

from avow import AttributeMapping as OurMapping
from avow import SSOSAMLSettingsByMetadata as OurSettings
from avow.testing.server import Avow
from tests.bed.idp_pysaml2 import PySaml2
from tests.bed.idp_simplesamlphp import SimpleSamlPhp
from tests.bed.idp_visit import Person, visit
from tests.bed.idps import ALICE, BOB
from tests.bed.openid import OpenIdPeer, openid_peer
from tests.bed.tenant_op import TenantOp
from tests.bed.visitor import Page, Visitor
from tests.contract.conftest import Served
from tests.contract.people import error_code
from tests.factories import make_role, make_tenant

PAGE = "https://app.example.com/handle-saml"
Provider = SimpleSamlPhp | PySaml2


@pytest.fixture
def avow(make_project: Callable[..., Avow]) -> Avow:
    return make_project(approved_redirects=["https://app.example.com"])


@dataclass(frozen=True, slots=True)
class Customer:
    """A tenant that was set up for SSO through the official SDK, by the metadata of its identity provider."""

    client: Any
    avow: Avow
    idp: Provider
    tenant: str

    def come(self, url: str, person: Person = ALICE) -> Page:
        """Go with a browser from the address of a start to the identity provider, and back to the application."""
        visitor = Visitor(self.avow.server.site)
        form = visit(visitor.get(url).location, person)
        held = visitor.post_from_elsewhere(form.action, form.fields)
        return visitor.get(held.location) if held.status == 303 and "/arrived/" in held.location else held


@pytest.fixture(params=["simplesamlphp", "pysaml2"])
def idp(request: pytest.FixtureRequest) -> Provider:
    found: Provider = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def customer(client: Any, avow: Avow, idp: Provider) -> Customer:
    make_role(avow, "Editor", ["articles:write"])
    tenant = client.mgmt.tenant.create("Acme")["id"]
    settings = SSOSAMLSettingsByMetadata(
        idp.metadata_url,
        AttributeMapping(name="displayName", email="mail", group="groups", given_name="givenName", family_name="sn"),
        [RoleMapping(["admins"], "Editor")],
    )
    client.mgmt.sso.configure_saml_settings_by_metadata(tenant, settings, PAGE, ["example.com"])
    saml = client.mgmt.sso.load_settings(tenant)["saml"]
    address = f"/v1/auth/saml/metadata?projectId={avow.project_id}&tenantId={tenant}"
    metadata = Visitor(avow.server.site).get(address).content.decode()
    assert saml["spEntityId"] in metadata
    idp.trust(metadata)
    return Customer(client, avow, idp, tenant)


@pytest.mark.operation("sso.start", "sso.exchange_token")
def test_person_of_the_domain_is_routed_there_and_gets_the_mapped_roles(customer: Customer, fits: Any) -> None:
    client = customer.client
    started = client.sso.start("alice@example.com", PAGE)
    assert fits("sso.start")
    session = client.sso.exchange_token(customer.come(started["url"]).code)
    assert fits("sso.exchange_token", "idpResponse", "tenantSSOID", "user", "sessionJwt", "refreshJwt")
    assert (session["firstSeen"], session["user"]["email"]) == (True, "alice@example.com")
    assert session["user"]["name"] == "Alice Example"
    token = client.validate_session(session["sessionToken"]["jwt"])
    assert token["tenants"][customer.tenant]["roles"] == ["Editor"]
    assert token["tenants"][customer.tenant]["permissions"] == ["articles:write"]
    assert token["sessionToken"]["amr"] == ["fed"]
    assert client.validate_tenant_roles(session, customer.tenant, ["Editor"])
    user = client.mgmt.user.load("alice@example.com")["user"]
    assert (user["SAML"], user["OIDC"], user["verifiedEmail"]) == (True, False, True)
    groups = client.mgmt.group.load_all_groups_for_members(customer.tenant, login_ids=["alice@example.com"])
    assert sorted(group["display"] for group in groups) == ["admins", "staff"]
    again = client.sso.exchange_token(customer.come(client.sso.start(customer.tenant)["url"]).code)
    assert (again["firstSeen"], again["userId"]) == (False, session["userId"])
    assert client.refresh_session(again["refreshSessionToken"]["jwt"])["tenants"] == session["tenants"]


@pytest.mark.operation("saml.start", "saml.exchange_token")
def test_older_names(customer: Customer, fits: Any) -> None:
    client = customer.client
    started = client.saml.start("example.com", PAGE)
    assert fits("saml.start")
    session = client.saml.exchange_token(customer.come(started["url"]).code)
    assert fits("saml.exchange_token", "idpResponse", "tenantSSOID")
    assert session["tenants"][customer.tenant]["roles"] == ["Editor"]


def test_options_of_the_session_to_come(customer: Customer) -> None:
    client = customer.client
    options = LoginOptions(custom_claims={"shop": "books"})
    url = client.sso.start(customer.tenant, PAGE, options, prompt="login", login_hint="", force_authn=True)["url"]
    session = client.sso.exchange_token(customer.come(url).code)
    assert session["sessionToken"]["nsec"] == {"shop": "books"}
    refresh = session["refreshSessionToken"]["jwt"]
    url = client.sso.start(customer.tenant, PAGE, LoginOptions(stepup=True), refresh)["url"]
    stepped = client.sso.exchange_token(customer.come(url).code)
    assert stepped["sessionToken"]["su"] is True


def test_refusals_reach_the_caller(customer: Customer) -> None:
    client = customer.client
    for start in (client.sso.start, client.saml.start):
        with pytest.raises(AuthException) as refused:
            start("nobody@elsewhere.example", PAGE)
        assert (refused.value.status_code, error_code(refused)) == (400, "E011001")
        with pytest.raises(AuthException) as refused:
            start(customer.tenant, "https://evil.example")
        assert refused.value.status_code == 400
    code = customer.come(client.sso.start(customer.tenant, PAGE)["url"]).code
    client.sso.exchange_token(code)
    for exchange in (client.sso.exchange_token, client.saml.exchange_token):
        with pytest.raises(AuthException) as refused:
            exchange(code)
        assert refused.value.status_code == 401


def test_domain_of_somebody_else_comes_to_nothing(customer: Customer) -> None:
    client = customer.client
    client.mgmt.tenant.update_settings(customer.tenant, [], domains=["acme.example"])
    page = customer.come(client.sso.start(customer.tenant, PAGE)["url"])
    assert page.error == "E061304"


def test_simplesamlphp_encrypts_begins_and_knows_several(client: Any, avow: Avow, simplesamlphp: SimpleSamlPhp) -> None:
    tenant = make_tenant(avow)
    mapping = AttributeMapping(name="displayName", email="mail", group="groups")
    settings = SSOSAMLSettingsByMetadata(simplesamlphp.metadata_url, mapping)
    client.mgmt.sso.configure_saml_settings_by_metadata(tenant, settings, PAGE, ["example.com"])
    address = f"/v1/auth/saml/metadata?projectId={avow.project_id}&tenantId={tenant}"
    metadata = Visitor(avow.server.site).get(address).content.decode()
    simplesamlphp.trust(metadata, assertion__encryption=True)
    customer = Customer(client, avow, simplesamlphp, tenant)
    for person in (ALICE, BOB):
        session = client.sso.exchange_token(customer.come(client.sso.start(tenant, PAGE)["url"], person).code)
        assert session["user"]["name"] == person.attributes["displayName"][0]


def test_simplesamlphp_begins(client: Any, avow: Avow, simplesamlphp: SimpleSamlPhp) -> None:
    ours = avow.client().mgmt.sso
    tenant = make_tenant(avow)
    mapping = OurMapping(email="mail")
    visitor = Visitor(avow.server.site)
    for allows in (False, True):
        settings = OurSettings(simplesamlphp.metadata_url, mapping, allow_idp_initiated=allows)
        ours.configure_saml_settings_by_metadata(tenant, settings, PAGE, ["example.com"])
        entity_id = client.mgmt.sso.load_settings(tenant)["saml"]["spEntityId"]
        address = f"/v1/auth/saml/metadata?projectId={avow.project_id}&tenantId={tenant}"
        simplesamlphp.trust(visitor.get(address).content.decode())
        form = visit(simplesamlphp.initiated_url(entity_id, "https://evil.example/"), ALICE)
        page = visitor.post_from_elsewhere(form.action, form.fields)
        if allows:
            assert page.location.startswith(f"{PAGE}?code=")
            assert client.sso.exchange_token(page.code)["user"]["email"] == "alice@example.com"
        else:
            assert page.status == 401


@pytest.fixture
def peer(served: Served) -> Any:
    with openid_peer(served.server.clock) as started:
        yield started


def test_tenant_with_an_openid_provider(client: Any, avow: Avow, peer: OpenIdPeer, fits: Any) -> None:
    make_role(avow, "Editor")
    op = TenantOp(avow, make_tenant(avow), peer)
    op.configure()
    client.mgmt.sso.mapping(op.tenant, [RoleMapping(["Editors"], "Editor")], AttributeMapping())
    peer.person |= {"groups": ["Editors"], "name": "Jane"}
    visitor = Visitor(avow.server.site)
    at_provider = visitor.get(client.sso.start("jane@example.com", PAGE, prompt="consent")["url"]).location
    session = client.sso.exchange_token(visitor.get(peer.authorize(at_provider)).code)
    assert fits("sso.exchange_token", "idpResponse", "tenantSSOID")
    assert session["tenants"][op.tenant]["roles"] == ["Editor"]
    assert client.mgmt.user.load("jane@example.com")["user"]["OIDC"] is True
