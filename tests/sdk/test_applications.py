"""Applications of our SDK beside those of the official one: the same arguments, the same bodies, the same answers."""

import json
from typing import Any

import descope
import pytest
from descope.management.sso_application import SSOApplication
from descope.management.third_party_application import ThirdPartyApplication
from descope.management.user import User

import avow
from avow import AuthException
from avow.sdk._async.mgmt.sso_application import AsyncSSOApplication
from avow.sdk._async.mgmt.thirdparty import AsyncThirdPartyApplication
from avow.sdk._async.mgmt.user import AsyncUser
from avow.sdk._sync.mgmt.sso_application import SSOApplication as OurSSOApplication
from avow.sdk._sync.mgmt.thirdparty import ThirdPartyApplication as OurThirdPartyApplication
from avow.sdk._sync.mgmt.user import User as OurUser
from avow.testing.server import Avow
from tests.sdk.test_parity import _accepts, _public

PAIRS = [
    (SSOApplication, OurSSOApplication),
    (SSOApplication, AsyncSSOApplication),
    (ThirdPartyApplication, OurThirdPartyApplication),
    (ThirdPartyApplication, AsyncThirdPartyApplication),
    (User, OurUser),
    (User, AsyncUser),
]
SAML: dict[str, Any] = {
    "entity_id": "urn:wiki",
    "acs_url": "https://wiki.example.com/acs",
    "certificate": "placeholder",
}


@pytest.mark.parametrize(("official", "ours"), PAIRS)
def test_methods_take_what_the_official_ones_take(official: type, ours: type) -> None:
    theirs = {name: call for name, call in _public(official).items() if official is not User or "sso_apps" in name}
    theirs = {name: call for name, call in theirs.items() if "wsfed" not in name}
    assert theirs
    assert [name for name, call in theirs.items() if not _accepts(_public(ours)[name], call)] == []


@pytest.mark.parametrize("name", ["AttributeMappingInfo", "GroupsMappingInfo", "RoleGroupMappingInfo"])
def test_mappings_are_made_as_the_official_ones(name: str) -> None:
    assert _accepts(getattr(avow, f"SAMLIDP{name}").__init__, getattr(descope, f"SAMLIDP{name}").__init__)


def test_client_does_all_of_it(avow: Avow) -> None:
    mgmt = avow.client().mgmt
    apps, others = mgmt.sso_application, mgmt.third_party_application
    id = apps.create_oidc_application("Shop", "", id="shop")["id"]
    apps.update_oidc_application(id, "Store", "")
    assert apps.load(id)["name"] == "Store"
    first = apps.get_application_secret(id)
    assert apps.rotate_application_secret(id) not in ("", first)
    mappings = _mappings()
    saml = apps.create_saml_application("Wiki", "", **mappings, **SAML)["id"]
    assert apps.load(saml)["samlSettings"]["groupsMapping"][0]["roles"] == [{"id": "R1", "name": "editor"}]
    apps.update_saml_application(saml, "Notes", "", **SAML)
    assert {each["name"] for each in apps.load_all()["apps"]} == {"Store", "Notes"}
    mgmt.user.create("mia@example.com")
    assert mgmt.user.add_sso_apps("mia@example.com", [id])["user"]["ssoAppIds"] == [id]
    assert mgmt.user.set_sso_apps("mia@example.com", [saml])["user"]["ssoAppIds"] == [saml]
    assert mgmt.user.remove_sso_apps("mia@example.com", [saml])["user"]["ssoAppIds"] == []
    apps.delete(id)
    made = others.create("Books", "", permissions_scopes=[{"name": "read"}])
    others.patch(made["id"], description="d")
    assert others.load(made["id"])["description"] == "d"
    others.update(made["id"], "Library", "")
    assert [each["name"] for each in others.load_all()["apps"]] == ["Library"]
    assert others.get_secret(made["id"])["cleartext"] == made["cleartext"]
    assert others.rotate_secret(made["id"])["cleartext"] != made["cleartext"]
    assert others.search_consents(app_id=made["id"]) == {"consents": [], "total": 0}
    others.delete_consents(app_id=made["id"])
    others.delete_tenant_consents("T1")
    others.delete_batch([made["id"]])
    others.delete(others.create("More", "")["id"])
    assert others.load_all()["apps"] == []


def _mappings() -> dict[str, Any]:
    group = avow.SAMLIDPGroupsMappingInfo(
        "editors", "", "roles", "", [avow.SAMLIDPRoleGroupMappingInfo("R1", "editor")]
    )
    return {
        "attribute_mapping": [avow.SAMLIDPAttributeMappingInfo("mail", "", "email")],
        "groups_mapping": [group],
    }


def test_what_cannot_be_sent_is_refused_before(avow: Avow) -> None:
    mgmt = avow.client().mgmt
    for call in (
        lambda: mgmt.sso_application.create_oidc_application("", ""),
        lambda: mgmt.sso_application.load(""),
        lambda: mgmt.third_party_application.delete_batch("one"),
        lambda: mgmt.third_party_application.delete_consents(),
        lambda: mgmt.third_party_application.create("Books", "", permissions_scopes=7),  # type: ignore[arg-type]
    ):
        with pytest.raises(AuthException) as raised:
            call()
        assert raised.value.status_code == 400
    assert json.dumps(mgmt.sso_application.load_all()) == '{"apps": []}'
