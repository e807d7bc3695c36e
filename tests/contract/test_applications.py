"""Applications through the official SDK: made, changed, found, deleted; secrets, consents, and who reaches them."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from descope import (
    AuthException,
    SAMLIDPAttributeMappingInfo,
    SAMLIDPGroupsMappingInfo,
    SAMLIDPRoleGroupMappingInfo,
)

from avow.server.applications import actions, consents
from avow.server.keys import actions as keys
from avow.testing.server import Avow
from tests.contract.people import error_code
from tests.factories import make_tenant, new_email
from tests.server.oidc.relying import CHALLENGE, REDIRECT, VERIFIER, Rp, landed, prepare

NOT_FOUND, INVALID, MISSING = (404, "E019404"), (400, "E011004"), (400, "E011002")
LOGIN = "https://login.example.com"
SAML = {"entity_id": "urn:wiki", "acs_url": "https://wiki.example.com/acs", "certificate": "placeholder"}


def refused(call: Callable[[], object]) -> tuple[int | None, str]:
    with pytest.raises(AuthException) as raised:
        call()
    return raised.value.status_code, error_code(raised)


def allow(avow: Avow, app: str, user_id: str) -> None:
    avow.run(lambda tx: consents.add(tx, app, user_id, {"": ["openid"]}))


def insert_consent(avow: Avow, sql: str, **values: str) -> None:
    avow.run(lambda tx: tx.run(sql, **values))


def is_secret(avow: Avow, id: str, secret: str) -> bool:
    return avow.run(lambda tx: actions.is_secret(tx, actions.get(tx, id), secret))


def actions_in_audit(avow: Avow, id: str) -> list[str]:
    sql = "SELECT action, data FROM audit_events WHERE project_id = :project_id"
    rows: list[tuple[str, str]] = avow.run(lambda tx: tx.all(sql, lambda *row: row))
    return sorted(action for action, data in rows if id in data)


# --- Applications that sign people in ------------------------------------------------------------------------------


@pytest.fixture
def apps(client: Any) -> Any:
    return client.mgmt.sso_application


@pytest.mark.operation("mgmt.sso_application.create_oidc_application", "mgmt.sso_application.load")
def test_oidc_application_is_made_and_found(apps: Any, avow: Avow, fits: Any) -> None:
    id = apps.create_oidc_application("Shop", LOGIN)["id"]
    assert fits("mgmt.sso_application.create_oidc_application", "id")
    app = apps.load(id)
    assert fits("mgmt.sso_application.load")
    assert (app["name"], app["description"], app["logo"], app["enabled"]) == ("Shop", "", "", True)
    assert (app["id"], app["appType"], app["customAttributes"]) == (id, "oidc", {})
    shown = app["oidcSettings"]
    assert (shown["clientId"], shown["clientType"], shown["loginPageUrl"]) == (id, "confidential", LOGIN)
    assert shown["issuer"].endswith(f"/{avow.project_id}")
    assert shown["discoveryUrl"] == f"{shown['issuer']}/.well-known/openid-configuration"
    assert (shown["forceAuthentication"], shown["authorizationCodeDisabled"]) == (False, False)
    assert app["samlSettings"]["entityId"] == ""
    assert client_of(avow, id).is_trusted


def client_of(avow: Avow, id: str) -> Any:
    return avow.run(lambda tx: actions.client_of(actions.get(tx, id)))


@pytest.mark.operation("mgmt.sso_application.create_oidc_application", "mgmt.sso_application.load")
def test_oidc_application_is_made_as_the_caller_says(apps: Any) -> None:
    given = {"id": "shop.1", "description": "d", "logo": "https://example.com/l.png"}
    assert apps.create_oidc_application("Shop", "", enabled=False, force_authentication=True, **given) == {
        "id": "shop.1"
    }
    app = apps.load("shop.1")
    assert {name: app[name] for name in given} == given
    assert (app["enabled"], app["oidcSettings"]["forceAuthentication"]) == (False, True)
    assert refused(lambda: apps.create_oidc_application("Other", "", id="shop.1")) == INVALID
    assert refused(lambda: apps.create_oidc_application("Other", "javascript:alert(1)")) == INVALID


@pytest.mark.operation("mgmt.sso_application.update_oidc_application")
def test_oidc_application_is_changed_and_keeps_its_further_settings(apps: Any, avow: Avow, fits: Any) -> None:
    id = apps.create_oidc_application("Shop", LOGIN, description="d", force_authentication=True)["id"]
    avow.client().mgmt.app.update(id, settings={"redirectUris": [REDIRECT], "pkce": "required"})
    apps.update_oidc_application(id, "Store", "")
    assert fits("mgmt.sso_application.update_oidc_application")
    app = apps.load(id)
    assert (app["name"], app["description"], app["oidcSettings"]["loginPageUrl"]) == ("Store", "", "")
    assert app["oidcSettings"]["forceAuthentication"] is False
    assert app["oidcSettings"]["approvedRedirectUrls"] == [REDIRECT]
    assert app["oidcSettings"]["forcePkce"] is True
    assert refused(lambda: apps.update_oidc_application("unknown", "x", "")) == NOT_FOUND


@pytest.mark.operation("mgmt.sso_application.create_saml_application", "mgmt.sso_application.load")
def test_saml_application_is_made_and_found(apps: Any, avow: Avow, fits: Any) -> None:
    id = apps.create_saml_application(
        "Wiki",
        LOGIN,
        id="wiki",
        description="d",
        logo="https://example.com/l.png",
        attribute_mapping=[SAMLIDPAttributeMappingInfo("mail", "", "email")],
        groups_mapping=[
            SAMLIDPGroupsMappingInfo("editors", "", "roles", "", [SAMLIDPRoleGroupMappingInfo("R1", "editor")])
        ],
        acs_allowed_callbacks=["https://wiki.example.com/other"],
        subject_name_id_type="email",
        subject_name_id_format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
        default_relay_state="home",
        force_authentication=True,
        logout_redirect_url="https://wiki.example.com/bye",
        default_signature_algorithm="sha256",
        **SAML,
    )["id"]
    assert fits("mgmt.sso_application.create_saml_application", "id")
    app = apps.load(id)
    assert fits("mgmt.sso_application.load")
    assert (app["appType"], app["name"], app["description"], app["enabled"]) == ("saml", "Wiki", "d", True)
    saml = app["samlSettings"]
    assert (saml["entityId"], saml["acsUrl"], saml["certificate"]) == tuple(SAML.values())
    assert saml["attributeMapping"] == [{"name": "mail", "type": "", "value": "email"}]
    (group,) = saml["groupsMapping"]
    assert (group["filterType"], group["roles"]) == ("roles", [{"id": "R1", "name": "editor"}])
    assert saml["acsAllowedCallbacks"] == ["https://wiki.example.com/other"]
    assert (saml["subjectNameIdType"], saml["defaultRelayState"]) == ("email", "home")
    assert (saml["forceAuthentication"], saml["loginPageUrl"]) == (True, LOGIN)
    assert (saml["logoutRedirectUrl"], saml["defaultSignatureAlgorithm"]) == ("https://wiki.example.com/bye", "sha256")
    assert saml["idpCert"].startswith("-----BEGIN CERTIFICATE-----")
    assert saml["idpEntityId"] == saml["idpMetadataUrl"] == saml["idpSsoUrl"].removesuffix("sso") + "metadata"
    assert all(f"/saml/{avow.project_id}/wiki/" in saml[f"idp{each}Url"] for each in ("Sso", "Logout", "Metadata"))
    assert saml["idpInitiatedUrl"].endswith("/wiki/start")
    assert app["oidcSettings"]["clientId"] == ""


@pytest.mark.operation("mgmt.sso_application.create_saml_application", "mgmt.sso_application.update_saml_application")
def test_saml_application_is_changed_as_a_whole(apps: Any, fits: Any) -> None:
    id = apps.create_saml_application("Wiki", LOGIN, description="d", force_authentication=True, **SAML)["id"]
    url = "https://wiki.example.com/metadata"
    apps.update_saml_application(id, "Notes", "", use_metadata_info=True, metadata_url=url)
    assert fits("mgmt.sso_application.update_saml_application")
    app = apps.load(id)
    assert (app["name"], app["description"], app["samlSettings"]["forceAuthentication"]) == ("Notes", "", False)
    saml = app["samlSettings"]
    assert (saml["useMetadataInfo"], saml["metadataUrl"], saml["entityId"]) == (True, url, "")
    wrong = {**SAML, "acs_url": "nowhere"}
    assert refused(lambda: apps.update_saml_application(id, "x", "", **wrong)) == INVALID
    wrong = {**SAML, "certificate": "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"}
    assert refused(lambda: apps.update_saml_application(id, "x", "", **wrong)) == INVALID
    assert apps.load(id) == app
    oidc = apps.create_oidc_application("Shop", "")["id"]
    assert refused(lambda: apps.update_saml_application(oidc, "x", "", **SAML)) == NOT_FOUND


@pytest.mark.operation("mgmt.sso_application.create_saml_application")
def test_saml_settings_that_nothing_would_go_by_are_refused(apps: Any) -> None:
    for wrong in (
        {"default_signature_algorithm": "sha1"},
        {"subject_name_id_type": "name"},
        {"subject_name_id_format": "email"},
        {"subject_name_id_format": "urn:oasis:names:tc:SAML:2.0:nameid-format:encrypted"},
        {"acs_allowed_callbacks": ["https://wiki.example.com/*"]},
        {"acs_allowed_callbacks": ["https://*.example.com/acs"]},
        {"acs_allowed_callbacks": ["javascript:alert(1)"]},
        {"entity_id": "urn:\nwiki"},
        {"metadata_url": "file:///etc/passwd", "use_metadata_info": True},
    ):
        assert refused(partial(apps.create_saml_application, "Wiki", "", **{**SAML, **wrong})) == INVALID
    assert apps.load_all()["apps"] == []


@pytest.mark.operation("mgmt.sso_application.load_all", "mgmt.sso_application.delete")
def test_applications_are_listed_by_kind_and_deleted(client: Any, apps: Any, avow: Avow, fits: Any) -> None:
    oidc = apps.create_oidc_application("Shop", "")["id"]
    avow.advance(1)
    saml = apps.create_saml_application("Wiki", "", **SAML)["id"]
    theirs = client.mgmt.third_party_application.create("Theirs", "")["id"]
    listed = apps.load_all()["apps"]
    assert fits("mgmt.sso_application.load_all", "apps")
    assert listed == [apps.load(oidc), apps.load(saml)]
    apps.delete(oidc)
    assert fits("mgmt.sso_application.delete")
    assert [each["id"] for each in apps.load_all()["apps"]] == [saml]
    for call in (apps.load, apps.delete, apps.get_application_secret, apps.rotate_application_secret):
        assert refused(partial(call, oidc)) == NOT_FOUND
        assert refused(partial(call, theirs)) == NOT_FOUND


@pytest.mark.operation("mgmt.sso_application.get_application_secret", "mgmt.sso_application.rotate_application_secret")
def test_secret_is_read_back_and_rotated_with_overlap(apps: Any, avow: Avow, fits: Any) -> None:
    id = apps.create_oidc_application("Shop", "")["id"]
    first = apps.get_application_secret(id)
    assert fits("mgmt.sso_application.get_application_secret", "cleartext")
    assert first == apps.get_application_secret(id)
    second = apps.rotate_application_secret(id)
    assert fits("mgmt.sso_application.rotate_application_secret", "cleartext")
    assert second == apps.get_application_secret(id)
    assert [is_secret(avow, id, each) for each in (first, second)] == [True, True]
    avow.advance(86_400)
    assert [is_secret(avow, id, each) for each in (first, second)] == [False, True]
    assert actions_in_audit(avow, id).count("application.secret_read") == 3
    assert "application.secret_rotated" in actions_in_audit(avow, id)
    saml = apps.create_saml_application("Wiki", "", **SAML)["id"]
    assert apps.get_application_secret(saml) == ""
    assert refused(lambda: apps.rotate_application_secret(saml)) == INVALID


def test_ws_federation_is_not_supported(apps: Any) -> None:
    assert refused(lambda: apps.create_wsfed_application("Old", "", "urn:old", LOGIN)) == (501, "E019501")
    assert refused(lambda: apps.update_wsfed_application("x", "Old", "", "urn:old", LOGIN)) == (501, "E019501")


@pytest.mark.operation("mgmt.sso_application.get_application_secret", "mgmt.third_party_application.get_secret")
def test_key_that_only_reads_learns_no_secret(client: Any, make_client: Any, avow: Avow) -> None:
    mgmt = client.mgmt
    id = mgmt.sso_application.create_oidc_application("Shop", "")["id"]
    theirs = mgmt.third_party_application.create("Theirs", "")["id"]
    key = avow.run(lambda tx: keys.create_management_key(tx, "reader", rights=["*:read"]))[1]
    reader = make_client(avow, management_key=key).mgmt
    assert reader.sso_application.load(id)["id"] == id
    assert reader.third_party_application.load(theirs)["id"] == theirs
    assert refused(lambda: reader.sso_application.get_application_secret(id)) == (403, "E019403")
    assert refused(lambda: reader.third_party_application.get_secret(theirs)) == (403, "E019403")


# --- Applications of others ----------------------------------------------------------------------------------------


@pytest.fixture
def others(client: Any) -> Any:
    return client.mgmt.third_party_application


SCOPES = [{"name": "orders:read", "description": "Read your orders", "values": ["buyer"]}]


@pytest.mark.operation("mgmt.third_party_application.create", "mgmt.third_party_application.load")
def test_application_of_others_is_made_and_found(others: Any, avow: Avow, fits: Any) -> None:
    bearer = {"issuers": {"idp": {"jwksUri": "https://idp.example.com/keys", "signAlgorithm": "RS256"}}}
    made = others.create(
        "Books",
        LOGIN,
        description="d",
        logo="https://example.com/l.png",
        approved_callback_urls=[REDIRECT],
        permissions_scopes=SCOPES,
        attributes_scopes=[{"name": "email", "description": "Your address", "values": ["email"]}],
        jwt_bearer_settings=bearer,
        custom_attributes={"team": "ops"},
        force_pkce=False,
        default_audience="projectId",
    )
    assert fits("mgmt.third_party_application.create", "id", "cleartext")
    assert is_secret(avow, made["id"], made["cleartext"])
    app = others.load(made["id"])
    assert fits("mgmt.third_party_application.load")
    assert made["cleartext"] not in str(app)
    assert (app["name"], app["description"], app["loginPageUrl"]) == ("Books", "d", LOGIN)
    assert (app["clientId"], app["approvedCallbackUrls"]) == (made["id"], [REDIRECT])
    assert (app["permissionsScopes"], app["customAttributes"]) == (SCOPES, {"team": "ops"})
    assert app["jwtBearerSettings"]["issuers"]["idp"]["jwksUri"] == "https://idp.example.com/keys"
    assert (app["forcePkce"], app["defaultAudience"]) == (False, "projectId")
    client = client_of(avow, made["id"])
    assert (client.is_trusted, client.settings.scopes) == (False, ("orders:read",))


@pytest.mark.operation("mgmt.third_party_application.update", "mgmt.third_party_application.patch")
def test_application_of_others_is_changed_in_part_or_as_a_whole(others: Any, avow: Avow, fits: Any) -> None:
    made = others.create("Books", LOGIN, description="d", approved_callback_urls=[REDIRECT], force_pkce=False)
    id = made["id"]
    before = others.load(id)
    others.patch(id, description="new", permissions_scopes=SCOPES)
    assert fits("mgmt.third_party_application.patch")
    assert others.load(id) == {**before, "description": "new", "permissionsScopes": SCOPES}
    avow.client().mgmt.app.update(id, settings={"lifetimeSeconds": 120})
    assert others.load(id)["permissionsScopes"] == SCOPES
    others.update(id, "Library", "")
    assert fits("mgmt.third_party_application.update")
    after = others.load(id)
    assert (after["name"], after["loginPageUrl"], after["description"]) == ("Library", "", "")
    assert (after["approvedCallbackUrls"], after["permissionsScopes"], after["forcePkce"]) == ([], [], True)
    assert client_of(avow, id).settings.lifetime_seconds == 120
    assert others.get_secret(id) == {"cleartext": made["cleartext"]}
    assert refused(lambda: others.patch(id, approved_callback_urls=["nowhere"])) == INVALID
    assert refused(lambda: others.patch(id, permissions_scopes=[{"name": "a b"}])) == INVALID
    assert refused(lambda: others.update("unknown", "x", "")) == NOT_FOUND
    assert others.load(id) == after


@pytest.mark.operation(
    "mgmt.third_party_application.load_all",
    "mgmt.third_party_application.delete",
    "mgmt.third_party_application.delete_batch",
)
def test_applications_of_others_are_listed_and_deleted(client: Any, others: Any, avow: Avow, fits: Any) -> None:
    ids = []
    for name in ("One", "Two", "Three", "Four"):
        ids.append(others.create(name, "")["id"])
        avow.advance(1)
    ours = client.mgmt.sso_application.create_oidc_application("Shop", "")["id"]
    assert others.load_all()["apps"] == [others.load(each) for each in ids]
    others.load_all()
    assert fits("mgmt.third_party_application.load_all", "apps")
    others.delete(ids[0])
    assert fits("mgmt.third_party_application.delete")
    assert refused(lambda: others.delete_batch([ids[1], "unknown"])) == NOT_FOUND
    assert refused(lambda: others.delete_batch([ids[1], ours])) == NOT_FOUND
    assert [each["id"] for each in others.load_all()["apps"]] == ids[1:]
    others.delete_batch(ids[1:3])
    assert fits("mgmt.third_party_application.delete_batch")
    assert [each["id"] for each in others.load_all()["apps"]] == ids[3:]
    assert refused(lambda: others.load(ids[1])) == NOT_FOUND


@pytest.mark.operation("mgmt.third_party_application.get_secret", "mgmt.third_party_application.rotate_secret")
def test_secret_of_others_is_read_back_and_rotated(others: Any, avow: Avow, fits: Any) -> None:
    made = others.create("Books", "")
    assert others.get_secret(made["id"]) == {"cleartext": made["cleartext"]}
    assert fits("mgmt.third_party_application.get_secret", "cleartext")
    second = others.rotate_secret(made["id"])
    assert fits("mgmt.third_party_application.rotate_secret", "cleartext")
    assert others.get_secret(made["id"]) == second
    assert [is_secret(avow, made["id"], each) for each in (made["cleartext"], second["cleartext"])] == [True, True]
    assert refused(lambda: others.rotate_secret("unknown")) == NOT_FOUND


# --- Consents ------------------------------------------------------------------------------------------------------


@pytest.mark.operation(
    "mgmt.third_party_application.create",
    "mgmt.third_party_application.search_consents",
    "mgmt.third_party_application.delete_consents",
)
def test_consent_that_is_taken_back_ends_what_came_of_it(others: Any, avow: Avow, fits: Any) -> None:
    prepare(avow)
    made = others.create("Books", "", approved_callback_urls=[REDIRECT], permissions_scopes=SCOPES)
    avow.advance(2)
    rp = Rp(avow, made["id"], made["cleartext"])
    browser = rp.browser()
    asked = {
        "scope": "openid offline_access orders:read",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    page = rp.sign_in(browser, rp.ask(browser, **asked), new_email())
    assert page.heading == "Allow Books?"
    told = landed(browser.submit(page.form(), "allow"))
    tokens = rp.redeem(told["code"], code_verifier=VERIFIER)
    user_id = rp.userinfo(tokens["access_token"])["sub"]
    found = others.search_consents(app_id=made["id"])
    assert fits("mgmt.third_party_application.search_consents", "consents", "total")
    (consent,) = found["consents"]
    assert (consent["appId"], consent["userId"], consent["grantedBy"]) == (made["id"], user_id, user_id)
    assert consent["scopes"] == ["offline_access", "openid", "orders:read"]
    assert (consent["tenantId"], consent["expireTime"]) == ("", 0)
    assert rp.refresh(tokens["refresh_token"]).status == 200
    others.delete_consents(consent_ids=[consent["id"]], app_id="another")
    assert others.search_consents(consent_id=consent["id"])["total"] == 1
    others.delete_consents(consent_ids=[consent["id"]])
    assert fits("mgmt.third_party_application.delete_consents")
    assert others.search_consents(app_id=made["id"]) == {"consents": [], "total": 0}
    assert rp.refresh(tokens["refresh_token"]).error == (400, "invalid_grant")
    assert rp.userinfo(tokens["access_token"]).status == 401
    assert rp.ask(browser, **asked).heading == "Allow Books?"


@pytest.mark.operation("mgmt.third_party_application.search_consents", "mgmt.third_party_application.delete_consents")
def test_consents_are_found_page_by_page_and_by_what_is_named(
    others: Any, avow: Avow, sign_in: Callable[..., Any], fits: Any
) -> None:
    one, two = others.create("One", "")["id"], others.create("Two", "")["id"]
    people = [sign_in().id for _ in range(3)]
    for user_id in people:
        for app in (one, two):
            allow(avow, app, user_id)
        avow.advance(1)
    assert others.search_consents()["total"] == 6
    pages = [others.search_consents(app_id=one, page=page, limit=2) for page in (0, 1, 2)]
    assert [[each["userId"] for each in page["consents"]] for page in pages] == [people[:2], people[2:], []]
    assert {page["total"] for page in pages} == {3}
    found = others.search_consents(app_id=two, user_id=people[0])
    assert [(each["appId"], each["userId"]) for each in found["consents"]] == [(two, people[0])]
    others.delete_consents(app_id=one, user_ids=people[:2])
    assert [each["userId"] for each in others.search_consents(app_id=one)["consents"]] == people[2:]
    assert others.search_consents(app_id=two)["total"] == 3
    others.delete_consents(app_id=two)
    assert others.search_consents()["total"] == 1
    assert refused(others.delete_consents) == MISSING


@pytest.mark.operation(
    "mgmt.third_party_application.delete_tenant_consents", "mgmt.third_party_application.search_consents"
)
def test_consents_of_a_tenant_are_found_and_deleted(others: Any, avow: Avow, fits: Any) -> None:
    app, tenant, other = others.create("One", "")["id"], make_tenant(avow), make_tenant(avow)
    for number, each in enumerate((tenant, other)):
        sql = """
            INSERT INTO consents
                (project_id, id, application_id, tenant_id, scopes, granted_by, created_at, updated_at)
            VALUES (:project_id, :id, :app, :tenant, '{"":["openid"]}', 'K1', :now, :now)
        """
        insert_consent(avow, sql, id=f"O{number}", app=app, tenant=each)
    (consent,) = others.search_consents(tenant_id=tenant)["consents"]
    assert (consent["tenantId"], consent["userId"], consent["scopes"]) == (tenant, "", ["openid"])
    others.delete_tenant_consents(tenant)
    assert fits("mgmt.third_party_application.delete_tenant_consents")
    assert [each["tenantId"] for each in others.search_consents()["consents"]] == [other]


# --- Who reaches them ----------------------------------------------------------------------------------------------


@pytest.mark.operation("mgmt.user.set_sso_apps", "mgmt.user.add_sso_apps", "mgmt.user.remove_sso_apps")
def test_user_is_allowed_applications(client: Any, apps: Any, fits: Any) -> None:
    one, two, three = sorted(apps.create_oidc_application(name, "")["id"] for name in ("One", "Two", "Three"))
    users, mia = client.mgmt.user, new_email()
    users.create(mia, sso_app_ids=[one])
    assert users.load(mia)["user"]["ssoAppIds"] == [one]
    assert users.add_sso_apps(mia, [two, one])["user"]["ssoAppIds"] == [one, two]
    assert fits("mgmt.user.add_sso_apps", "user")
    assert users.load(mia)["user"]["ssoAppIds"] == [one, two]
    assert users.set_sso_apps(mia, [three])["user"]["ssoAppIds"] == [three]
    assert fits("mgmt.user.set_sso_apps", "user")
    assert users.remove_sso_apps(mia, [three, one])["user"]["ssoAppIds"] == []
    assert fits("mgmt.user.remove_sso_apps", "user")
    assert users.load(mia)["user"]["ssoAppIds"] == []
    users.patch(mia, sso_app_ids=[two])
    assert users.load(mia)["user"]["ssoAppIds"] == [two]
    other = new_email()
    users.create(other)
    found = users.search_all(sso_app_ids=[two])["users"]
    assert [each["loginIds"] for each in found] == [[mia]]
    apps.delete(two)
    assert users.load(mia)["user"]["ssoAppIds"] == []
    assert refused(lambda: users.add_sso_apps(mia, [one, "unknown"])) == NOT_FOUND
    assert users.load(mia)["user"]["ssoAppIds"] == []
    assert refused(lambda: users.set_sso_apps("nobody@example.com", [one])) == (404, "E112102")
