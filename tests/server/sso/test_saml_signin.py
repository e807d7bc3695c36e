"""POST /v1/auth/sso/authorize to /v1/auth/sso/exchange, by way of a SAML identity provider."""

from base64 import b64decode
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate

from avow import AttributeMapping, AuthException, LoginOptions
from avow.server.sso.rows import IdRow
from avow.server.users.actions import Profile
from avow.testing.server import Avow
from tests.bed.tenant_idp import PAGE, TenantIdp
from tests.bed.visitor import Visitor
from tests.factories import join_tenant, make_group, make_role, make_tenant, make_user
from tests.saml.maker import PERSISTENT, TRANSIENT
from tests.server.api import Api

FindUser = Callable[[str], Profile]
Refusals = Callable[[], list[dict[str, Any]]]


def test_person_signs_in_and_is_created_with_the_roles_of_their_groups(
    idp: TenantIdp, project: Avow, find_user: FindUser
) -> None:
    make_role(project, "Editor", ["edit"])
    make_role(project, "Guest")
    idp.configure(roles={"Editor": ["Editors"]}, default_sso_roles=["Guest"])
    session = idp.sign_in(groups=["Editors", "Others"])
    assert session["firstSeen"] is True
    assert session["sessionToken"]["amr"] == ["fed"]
    assert session["sessionToken"]["dct"] == "T1"
    assert session["tenants"]["T1"]["roles"] == ["Editor", "Guest"]
    assert session["tenants"]["T1"]["permissions"] == ["edit"]
    assert (session["user"]["email"], session["user"]["verifiedEmail"]) == ("alice@example.com", True)
    assert (session["user"]["loginIds"], session["user"]["name"]) == (["alice@example.com"], "Alice")
    assert session["tenantSSOID"] == "default_ssoid"
    assert session["idpResponse"]["idpGroups"] == ["Editors", "Others"]
    assert session["idpResponse"]["idpSAMLAttributes"]["email"] == ["alice@example.com"]
    groups = project.client().mgmt.group.load_all_groups("T1")
    assert sorted(group["display"] for group in groups) == ["Editors", "Others"]
    again = idp.sign_in(groups=[])
    assert (again["firstSeen"], again["userId"]) == (False, session["userId"])
    assert again["tenants"]["T1"]["roles"] == ["Guest"]
    assert find_user("alice@example.com").id == session["userId"]


def test_older_names_do_the_same(idp: TenantIdp, project: Avow) -> None:
    client = project.client()
    journey = idp.follow(client.saml.start("T1", PAGE)["url"])
    page = idp.arrive(journey)
    assert page.location.startswith(f"{PAGE}?code=")
    assert client.saml.exchange_token(page.code)["tenantSSOID"] == "default_ssoid"


def test_request_is_signed_and_names_us(idp: TenantIdp, project: Avow, visitor: Visitor) -> None:
    url = project.client().sso.start("T1", PAGE)["url"]
    assert url.startswith(f"http://localhost:8000/v1/auth/sso/go/{project.project_id}?t=")
    sent = visitor.get(url).location
    query = urlsplit(sent).query
    message, _, signature = query.rpartition("&Signature=")
    pem = project.client().mgmt.sso.load_settings("T1")["saml"]["spCertificate"]
    key: Any = load_pem_x509_certificate(pem.encode()).public_key()
    key.verify(_unquoted(signature), message.encode(), PKCS1v15(), SHA256())
    journey = idp.start()
    assert journey.told.sp_entity_id == f"{project.project_id}-T1"
    assert journey.told.acs_url == f"http://localhost:8000/v1/auth/saml/acs?projectId={project.project_id}&tenantId=T1"
    assert journey.request.get("ForceAuthn") is None


def _unquoted(text: str) -> bytes:
    return b64decode(unquote(text))


def test_request_goes_unsigned_where_the_settings_say_so(idp: TenantIdp) -> None:
    idp.configure(disable_sign_request=True)
    assert "Signature" not in idp.start().query


def test_wishes_reach_the_identity_provider(idp: TenantIdp) -> None:
    request = idp.start(force_authn=True, login_hint="alice@example.com").request
    assert request.get("ForceAuthn") == "true"
    assert request.findtext("{*}Subject/{*}NameID") == "alice@example.com"
    assert idp.start(prompt="none").request.get("IsPassive") == "true"
    assert idp.start(tenant="alice@example.com").request.find("{*}Subject") is None


def test_metadata_says_where_and_by_which_key(idp: TenantIdp, project: Avow, visitor: Visitor) -> None:
    query = f"projectId={project.project_id}&tenantId=T1"
    page = visitor.get(f"/v1/auth/saml/metadata?{query}")
    assert (page.status, page.headers["content-type"]) == (200, "application/samlmetadata+xml; charset=utf-8")
    text = page.content.decode()
    assert f'entityID="{project.project_id}-T1"' in text
    assert f'Location="http://localhost:8000/v1/auth/saml/acs?{query.replace("&", "&amp;")}"' in text
    pem = project.client().mgmt.sso.load_settings("T1")["saml"]["spCertificate"]
    assert "".join(pem.splitlines()[1:-1]) in text
    assert visitor.get(f"/v1/auth/saml/metadata?projectId={project.project_id}&tenantId=none").status == 404
    assert visitor.get("/v1/auth/saml/metadata?projectId=P1&tenantId=T1").status == 404
    assert visitor.get("/v1/auth/saml/metadata?tenantId=T1").status == 404


# --- One browser, once -------------------------------------------------------------------------------------------


def test_other_browser_gets_nothing(idp: TenantIdp, project: Avow, visitor: Visitor, refusals: Refusals) -> None:
    journey = idp.start()
    held = idp.post(journey, idp.response(journey.told))
    page = visitor.get(held.location)
    assert (page.status, "location" in page.headers) == (401, False)
    assert project.client().mgmt.user.search_all()["users"] == []
    assert len(refusals()) == 1


def test_address_of_a_start_is_of_the_first_browser(idp: TenantIdp, project: Avow, visitor: Visitor) -> None:
    url = project.client().sso.start("T1", PAGE)["url"]
    journey = idp.follow(url)
    assert visitor.get(url).status == 401
    again = idp.follow(url, journey.visitor)
    assert again.told.request_id == journey.told.request_id


def test_response_counts_once(idp: TenantIdp, refusals: Refusals) -> None:
    journey = idp.start()
    response = idp.response(journey.told)
    held = idp.post(journey, response)
    assert idp.post(journey, response).error == "E061301"
    assert journey.visitor.get(held.location).code
    assert journey.visitor.get(held.location).status == 401
    assert idp.post(journey, idp.response(journey.told)).status == 401
    assert sum("used before" in each["reason"] for each in refusals()) == 1


def test_code_counts_once_and_for_two_minutes(idp: TenantIdp, project: Avow) -> None:
    client = project.client()
    page = idp.arrive(idp.start())
    assert client.sso.exchange_token(page.code)
    with pytest.raises(AuthException) as refused:
        client.sso.exchange_token(page.code)
    assert refused.value.status_code == 401
    late = idp.arrive(idp.start())
    project.advance(121)
    with pytest.raises(AuthException) as refused:
        client.sso.exchange_token(late.code)
    assert (refused.value.status_code, refused.value.error_code) == (401, "E061104")


def test_start_lives_ten_minutes(idp: TenantIdp, project: Avow, visitor: Visitor) -> None:
    url = project.client().sso.start("T1", PAGE)["url"]
    project.advance(601)
    assert visitor.get(url).status == 401


# --- Who it is -----------------------------------------------------------------------------------------------------


def test_address_outside_the_domains_is_refused(idp: TenantIdp, project: Avow, refusals: Refusals) -> None:
    page = idp.arrive(idp.start(), name_id="eve@example.org", attributes={"email": ("eve@example.org",)})
    assert page.error == "E061304"
    assert project.client().mgmt.user.search_all()["users"] == []
    assert [each["reason"] for each in refusals()] == ["the address is of no domain of the tenant"]


def test_known_person_with_an_address_from_outside_is_refused(idp: TenantIdp) -> None:
    named: dict[str, Any] = {"name_id": "n-1", "name_id_attributes": f'Format="{PERSISTENT}"'}
    assert idp.arrive(idp.start(), **named).code
    page = idp.arrive(idp.start(), **named, attributes={"email": ("alice@example.org",)})
    assert page.error == "E061304"


def test_identity_is_the_name_and_not_the_address(idp: TenantIdp, project: Avow) -> None:
    named: dict[str, Any] = {"name_id": "n-1", "name_id_attributes": f'Format="{PERSISTENT}"'}
    first = idp.sign_in(**named)
    moved = idp.sign_in(email="alice.new@example.com", **named)
    assert moved["userId"] == first["userId"]
    assert moved["user"]["email"] == "alice@example.com"
    other = idp.sign_in(email="bob@example.com", name_id="n-2", name_id_attributes=f'Format="{PERSISTENT}"')
    assert other["userId"] != first["userId"]


def test_transient_name_is_nobody_and_the_address_stands_in(idp: TenantIdp) -> None:
    passing = f'Format="{TRANSIENT}"'
    first = idp.sign_in(name_id="_one", name_id_attributes=passing)
    assert idp.sign_in(name_id="_two", name_id_attributes=passing)["userId"] == first["userId"]
    page = idp.arrive(idp.start(), name_id="_three", name_id_attributes=passing, attributes={})
    assert page.error == "E061301"


def test_person_without_an_address_is_somebody_of_their_own(idp: TenantIdp) -> None:
    named: dict[str, Any] = {"name_id": "alice", "name_id_attributes": f'Format="{PERSISTENT}"', "attributes": {}}
    page = idp.arrive(idp.start(), **named)
    session: Any = idp.avow.client().sso.exchange_token(page.code)
    assert (session["user"]["email"], session["user"]["loginIds"]) == ("", ["sso-alice"])
    assert idp.avow.client().sso.exchange_token(idp.arrive(idp.start(), **named).code)["userId"] == session["userId"]


def test_user_with_the_proven_address_is_the_person(idp: TenantIdp, project: Avow) -> None:
    user_id = make_user(project, "alice@example.com", name="Alice A.")
    session = idp.sign_in()
    assert (session["userId"], session["firstSeen"]) == (user_id, False)
    assert list(session["tenants"]) == ["T1"]


def test_unproven_account_of_somebody_else_ends_when_the_owner_comes(idp: TenantIdp, project: Avow) -> None:
    client = project.client()
    thief: Any = client.password.sign_up("alice@example.com", "a long password 1234")
    session = idp.sign_in()
    assert session["userId"] == thief["userId"]
    with pytest.raises(AuthException):
        client.refresh_session(thief["refreshSessionToken"]["jwt"])
    with pytest.raises(AuthException):
        client.password.sign_in("alice@example.com", "a long password 1234")


def test_provider_that_denies_the_address_does_not_reach_its_owner(idp: TenantIdp, project: Avow) -> None:
    make_user(project, "alice@example.com")
    token = project.management_key
    settings = {
        "idpUrl": "https://idp.example.com/sso",
        "entityId": idp.idp.entity_id,
        "idpCert": idp.idp.certificate,
        "attributeMapping": {"email": "email", "verifiedEmail": "verified"},
    }

    body = {"tenantId": "T1", "settings": settings, "domains": ["example.com"]}
    assert Api(project).post("/v1/mgmt/sso/saml", body, token=token).status == 200
    said = {"attributes": {"email": ("alice@example.com",), "verified": ("false",)}}
    assert idp.arrive(idp.start(), **said).error == "E061303"
    assert idp.arrive(idp.start(), attributes={**said["attributes"], "verified": ("true",)}).code


def test_disabled_user_does_not_come_in(idp: TenantIdp, project: Avow) -> None:
    make_user(project, "alice@example.com")
    project.client().mgmt.user.deactivate("alice@example.com")
    assert idp.arrive(idp.start()).error == "E062110"


def test_just_in_time_users_can_be_off(idp: TenantIdp, project: Avow, refusals: Refusals) -> None:
    token = project.management_key

    body = {"tenantId": "T1", "JITDisabled": True, "domains": ["example.com"]}
    assert Api(project).post("/v1/mgmt/tenant/settings", body, token=token).status == 200
    assert idp.arrive(idp.start()).error == "E062108"
    make_user(project, "bob@example.com")
    known = make_user(project, "alice@example.com")
    assert idp.arrive(idp.start(), name_id="bob@example.com", attributes={}).error == "E062108"
    join_tenant(project, known, "T1")
    assert idp.sign_in()["userId"] == known
    assert len(refusals()) == 2


def test_attributes_fill_the_fields_that_they_are_mapped_to(idp: TenantIdp, project: Avow, find_user: FindUser) -> None:

    attributes = [
        {"name": "level", "type": "number"},
        {"name": "team", "type": "string"},
        {"name": "never", "type": "string"},
    ]
    reply = Api(project).post(
        "/v1/mgmt/user/customattribute/create", {"attributes": attributes}, token=project.management_key
    )
    assert reply.status == 200, reply.body
    idp.configure(
        attributes=AttributeMapping(
            name="displayName",
            email="email",
            given_name="first",
            family_name="last",
            phone_number="mobile",
            picture="photo",
            group="memberOf",
            custom_attributes={"level": "grade", "team": "dept", "unknown": "dept", "never": "nothing"},
        )
    )
    said = {
        "displayName": ("Alice Liddell",),
        "email": ("alice@example.com",),
        "first": ("Alice",),
        "last": ("Liddell",),
        "mobile": ("+1 202 555 0101",),
        "photo": ("https://img.example.com/a.png",),
        "grade": ("7",),
        "dept": ("Wonder",),
    }
    assert idp.arrive(idp.start(), attributes=said).code
    user: Any = find_user("alice@example.com").shown()
    assert (user.name, user.given_name, user.family_name) == ("Alice Liddell", "Alice", "Liddell")
    assert user.picture == "https://img.example.com/a.png"
    assert user.custom_attributes == {"level": 7, "team": "Wonder"}
    changed = {**said, "displayName": ("Alice L.",), "dept": ("Looking Glass",), "photo": ("javascript:alert(1)",)}
    assert idp.arrive(idp.start(), attributes=changed).code
    user = find_user("alice@example.com").shown()
    assert (user.name, user.picture) == ("Alice L.", "https://img.example.com/a.png")
    assert user.custom_attributes == {"level": 7, "team": "Looking Glass"}
    found = project.client().mgmt.user.search_all(custom_attributes={"team": "Looking Glass"})["users"]
    assert [each["userId"] for each in found] == [user.user_id]


# --- Groups and roles ----------------------------------------------------------------------------------------------


def test_groups_of_others_are_left_alone(idp: TenantIdp, project: Avow) -> None:
    editor, by_hand = make_role(project, "Editor"), make_role(project, "ByHand")
    user_id = make_user(project, "alice@example.com")
    join_tenant(project, user_id, "T1", [by_hand])
    make_group(project, "T1", "scim-1", [user_id], display="Provisioned")
    idp.configure(roles={"Editor": ["Editors"]})
    session = idp.sign_in(groups=["Editors"])
    assert session["tenants"]["T1"]["roles"] == ["ByHand", "Editor"]
    session = idp.sign_in(groups=["Readers"])
    assert session["tenants"]["T1"]["roles"] == ["ByHand"]
    groups = {each["display"]: each["members"] for each in project.client().mgmt.group.load_all_groups("T1")}
    assert {name for name, members in groups.items() if members} == {"Provisioned", "Readers"}
    assert editor


def test_recalculation_agrees_with_the_sign_in(idp: TenantIdp, project: Avow, find_user: FindUser) -> None:
    make_role(project, "Guest")
    idp.configure(default_sso_roles=["Guest"])
    assert idp.sign_in()["tenants"]["T1"]["roles"] == ["Guest"]
    project.client().mgmt.sso.recalculate_sso_mappings("T1")
    assert find_user("alice@example.com").tenants["T1"].roles == ("Guest",)


def test_two_configurations_of_a_tenant_keep_apart(idp: TenantIdp, project: Avow) -> None:
    make_role(project, "Editor")
    project.client().mgmt.sso.new_settings("T1", "Second", "second")
    second = TenantIdp(project, "T1", sso_id="second", entity_id="https://second.example.com", name="second")
    second.configure(domains=["second.example"], roles={"Editor": ["Editors"]})
    session = second.sign_in(email="bob@second.example", groups=["Editors"])
    assert (session["tenantSSOID"], session["tenants"]["T1"]["roles"]) == ("second", ["Editor"])
    assert second.start(tenant="bob@second.example", sso_id=None).told.acs_url.endswith("ssoId=second")
    assert second.start(sso_id=None, login_hint="bob@second.example").told.acs_url.endswith("ssoId=second")
    assert idp.sign_in(groups=["Editors"])["tenantSSOID"] == "default_ssoid"
    journey = second.start()
    page = second.post(journey, idp.response(journey.told))
    assert page.error == "E061301"


def test_deleted_configuration_takes_its_identities_along(idp: TenantIdp, project: Avow) -> None:
    idp.sign_in()
    count = "SELECT way AS id FROM identities WHERE project_id = :project_id"

    assert len(project.run(lambda tx: tx.all(count, IdRow))) == 1
    project.client().mgmt.sso.delete_settings("T1")
    assert project.run(lambda tx: tx.all(count, IdRow)) == []


def test_deleted_configuration_takes_its_groups_along(idp: TenantIdp, project: Avow, find_user: FindUser) -> None:
    make_role(project, "Editor")
    sso, groups = project.client().mgmt.sso, project.client().mgmt.group
    make_group(project, "T1", "scim-1", [idp.sign_in(groups=["Editors"])["userId"]], display="Provisioned")
    sso.delete_settings("T1")
    assert [each["display"] for each in groups.load_all_groups("T1")] == ["Provisioned"]
    idp.configure(roles={"Editor": ["Editors"]})
    sso.recalculate_sso_mappings("T1")
    assert find_user("alice@example.com").tenants["T1"].roles == ()


# --- What is off or another thing meanwhile ----------------------------------------------------------------------


def _turn_off(avow: Avow) -> None:
    avow.client().mgmt.sso.configure_auth_type("T1", "none")


def _delete(avow: Avow) -> None:
    avow.client().mgmt.sso.delete_settings("T1")


def _delete_tenant(avow: Avow) -> None:
    avow.client().mgmt.tenant.delete("T1")


def _disable_tenant(avow: Avow) -> None:
    avow.client().mgmt.tenant.update("T1", "Acme", [], disabled=True)


def _replace_tenant(avow: Avow) -> None:
    avow.client().mgmt.tenant.delete("T1")
    avow.advance(1)
    make_tenant(avow, tenant_id="T1")
    TenantIdp(avow, "T1").configure()


def _replace_provider(avow: Avow) -> None:
    TenantIdp(avow, "T1", entity_id="https://other.example.com/metadata", name="other").configure()


def _replace_key(avow: Avow) -> None:
    TenantIdp(avow, "T1", name="other").configure()


_CHANGES = [_turn_off, _delete, _delete_tenant, _disable_tenant, _replace_tenant, _replace_provider, _replace_key]


@pytest.mark.parametrize("change", _CHANGES)
@pytest.mark.parametrize("when", ["before the browser goes", "at the provider", "held", "before the exchange"])
def test_configuration_that_is_gone_signs_nobody_in(
    idp: TenantIdp, project: Avow, change: Callable[[Avow], None], when: str
) -> None:
    client = project.client()
    if when == "before the browser goes":
        url = client.sso.start("T1", PAGE)["url"]
        change(project)
        assert Visitor(project.server.site).get(url).error == "E061301"
        return
    journey = idp.start()
    response = idp.response(journey.told)
    if when == "at the provider":
        change(project)
        page = idp.post(journey, response)
        assert page.status == 401 or page.error == "E061301"
        return
    held = idp.post(journey, response)
    if when == "held":
        change(project)
        assert journey.visitor.get(held.location).error == "E061301"
    else:
        code = journey.visitor.get(held.location).code
        change(project)
        with pytest.raises(AuthException) as refused:
            client.sso.exchange_token(code)
        assert refused.value.status_code == 401


# --- Sign-ins that begin at the identity provider ----------------------------------------------------------------


def test_nobody_comes_unasked_unless_the_configuration_takes_it(
    idp: TenantIdp, visitor: Visitor, refusals: Refusals
) -> None:
    told = idp.unsolicited()
    page = visitor.post_from_elsewhere(told.acs_url, {"SAMLResponse": idp.response(told), "RelayState": ""})
    assert page.status == 401
    assert [each["reason"] for each in refusals()] == ["saml: unsolicited"]


def test_unasked_person_goes_to_the_page_of_the_configuration(idp: TenantIdp, project: Avow, visitor: Visitor) -> None:
    idp.configure(allow_idp_initiated=True)
    told = idp.unsolicited()
    response = idp.response(told)
    page = visitor.post_from_elsewhere(told.acs_url, {"SAMLResponse": response, "RelayState": "https://evil.example"})
    assert page.location.startswith(f"{PAGE}?code=")
    session: Any = project.client().sso.exchange_token(page.code)
    assert session["tenants"]["T1"] is not None
    page = visitor.post_from_elsewhere(told.acs_url, {"SAMLResponse": response})
    assert page.status == 401
    to = "https://app.example.com/reports?x=1"
    fields = {"SAMLResponse": idp.response(told), "RelayState": to}
    assert visitor.post_from_elsewhere(told.acs_url, fields).location.startswith(f"{to}&code=")


def test_answer_to_a_request_is_never_taken_for_an_unasked_one(idp: TenantIdp, visitor: Visitor) -> None:
    idp.configure(allow_idp_initiated=True)
    journey = idp.start()
    fields = {"SAMLResponse": idp.response(journey.told), "RelayState": "https://app.example.com/"}
    assert visitor.post_from_elsewhere(journey.told.acs_url, fields).status == 401


# --- Step-up, MFA and age ----------------------------------------------------------------------------------------


def test_step_up_asks_for_a_new_proof(idp: TenantIdp, project: Avow) -> None:
    session = idp.sign_in()
    refresh = session["refreshSessionToken"]["jwt"]
    options = LoginOptions(stepup=True, custom_claims={"why": "transfer"})
    project.advance(30)
    journey = idp.start(login_options=options, refresh_token=refresh)
    assert journey.request.get("ForceAuthn") == "true"
    page = idp.arrive(journey, authn_in=0)
    stepped: Any = project.client().sso.exchange_token(page.code)
    assert stepped["sessionToken"]["su"] is True
    assert stepped["sessionToken"]["nsec"] == {"why": "transfer"}
    project.advance(900)
    old = idp.arrive(idp.start(login_options=options, refresh_token=refresh), authn_in=-900)
    assert old.error == "E061301"


def test_step_up_of_somebody_else_is_refused(idp: TenantIdp) -> None:
    refresh = idp.sign_in()["refreshSessionToken"]["jwt"]
    options = LoginOptions(mfa=True)
    journey = idp.start(login_options=options, refresh_token=refresh)
    page = idp.arrive(journey, name_id="bob@example.com", attributes={}, authn_in=0)
    assert page.error == "E061301"
    page = idp.arrive(idp.start(login_options=options, refresh_token=refresh), authn_in=0)
    assert idp.avow.client().sso.exchange_token(page.code)["sessionToken"]["amr"] == ["fed"]


def test_session_ends_when_the_identity_provider_wants_it(idp: TenantIdp, project: Avow) -> None:
    session = idp.sign_in(session_ends_in=1200)
    assert session["cookieData"]["maxAge"] == 1200
    token = project.management_key

    body = {
        "tenantId": "T1",
        "enabled": True,
        "refreshTokenExpiration": 10,
        "refreshTokenExpirationUnit": "minutes",
        "domains": ["example.com"],
    }
    assert Api(project).post("/v1/mgmt/tenant/settings", body, token=token).status == 200
    assert idp.sign_in(session_ends_in=None)["cookieData"]["maxAge"] == 600


# --- Members of a tenant that demands its SSO --------------------------------------------------------------------


def _demand_sso(avow: Avow, tenant: str, **details: Any) -> None:
    avow.client().mgmt.tenant.update(tenant, "Acme", [], enforce_sso=True, **details)


def test_member_signs_in_through_sso_only(idp: TenantIdp, project: Avow) -> None:

    idp.sign_in()
    api = Api(project)
    assert api.sign_in("alice@example.com").status == 200
    _demand_sso(project, "T1")
    assert api.sign_in("alice@example.com").refusal == (403, "E061305")
    assert idp.sign_in()["userId"]
    _demand_sso(project, "T1", enforce_sso_exclusions=["alice@example.com"])
    assert api.sign_in("alice@example.com").status == 200
    assert api.sign_in("bob@example.net").status == 200


def test_sso_of_another_tenant_is_another_way(idp: TenantIdp, project: Avow) -> None:
    other = TenantIdp(project, make_tenant(project, tenant_id="T2"), entity_id="https://two.example", name="two")
    other.configure(domains=["two.example"])
    user: Any = other.sign_in(email="bob@two.example")
    join_tenant(project, user["userId"], "T1")
    _demand_sso(project, "T1")
    with pytest.raises(AuthException) as refused:
        other.sign_in(email="bob@two.example")
    assert (refused.value.status_code, refused.value.error_code) == (403, "E061305")


# --- What a start takes --------------------------------------------------------------------------------------------


def test_start_names_a_tenant_that_signs_in(idp: TenantIdp, project: Avow) -> None:
    client = project.client()
    make_tenant(project, tenant_id="T3")
    for tenant in ("none", "T3", "eve@example.org", "example.org"):
        with pytest.raises(AuthException) as refused:
            client.sso.start(tenant, PAGE)
        assert (refused.value.status_code, refused.value.error_code) == (400, "E011001")
    for tenant in ("T1", "alice@example.com", "Alice@EXAMPLE.com", "example.com", "EXAMPLE.com"):
        assert idp.start(tenant=tenant).told.sp_entity_id.endswith("-T1")
    with pytest.raises(AuthException) as refused:
        client.sso.start("T1", PAGE, sso_id="second")
    assert refused.value.error_code == "E011001"


def test_start_needs_an_approved_page(idp: TenantIdp, project: Avow) -> None:
    client = project.client()
    for page in ("https://evil.example", "https://app.example.com.evil.example/", "javascript:alert(1)"):
        with pytest.raises(AuthException) as refused:
            client.sso.start("T1", page)
        assert refused.value.status_code == 400
    idp.configure(redirect_url="")
    with pytest.raises(AuthException) as refused:
        client.sso.start("T1")
    assert refused.value.error_code == "E011002"
    idp.configure(redirect_url="https://evil.example/")
    with pytest.raises(AuthException):
        client.sso.start("T1")
    idp.configure()
    assert idp.arrive(idp.start(return_url=None)).location.startswith(f"{PAGE}?code=")


def test_project_can_switch_sso_off(make_project: Callable[..., Avow]) -> None:
    avow = make_project(sign_in_methods=["otp"])
    make_tenant(avow, tenant_id="T1")
    with pytest.raises(AuthException) as refused:
        avow.client().sso.start("T1", PAGE)
    assert refused.value.error_code == "E019400"


def test_hidden_existence_tells_nothing_of_tenants(make_project: Callable[..., Avow]) -> None:
    avow = make_project(approved_redirects=["https://app.example.com"], hides_existence=True)
    found = avow.client().sso.start("nobody@example.org", PAGE)["url"]
    assert found.startswith(f"http://localhost:8000/v1/auth/sso/go/{avow.project_id}?t=")
    assert Visitor(avow.server.site).get(found).error == "E061301"
