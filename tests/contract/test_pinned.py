"""What the official SDK's own end-to-end tests pin, one test each.

Spec: contract "tokens" section 10.
"""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from descope import (
    AccessKeyLoginOptions,
    AttributeMapping,
    AuthException,
    RoleMapping,
    SSOOIDCSettings,
    SSOSAMLSettings,
    UserObj,
)

from avow.testing.server import Avow
from tests.contract.people import EMAIL, SMS
from tests.factories import make_role, make_tenant, new_email

PHONE = "+12025550142"
FIRST, SECOND, THIRD = "marble-lantern-47", "cobalt-orchard-58", "velvet-harbour-69"
PAGE = "https://app.example.com/verify"
UNMAPPED = ("username", "group", "givenName", "middleName", "familyName", "picture", "verifiedEmail", "verifiedPhone")


# --- Users -------------------------------------------------------------------------------------------------------


@pytest.fixture
def created(client: Any) -> dict[str, Any]:
    """A user who was created with an address as login ID and nothing else."""
    user: dict[str, Any] = client.mgmt.user.create(new_email())["user"]
    return user


@pytest.fixture
def login_id(created: dict[str, Any]) -> str:
    return str(created["loginIds"][0])


def is_as_created(user: dict[str, Any], login_id: str) -> bool:
    return (user["email"], user["verifiedEmail"], user["status"]) == (login_id, True, "invited")


def refused(call: Any, *args: Any, **kwargs: Any) -> bool:
    with pytest.raises(AuthException):
        call(*args, **kwargs)
    return True


@pytest.mark.operation("mgmt.user.create")
def test_login_id_that_is_an_address_is_the_verified_address_of_an_invited_user(
    created: dict[str, Any], login_id: str
) -> None:
    assert is_as_created(created, login_id)


@pytest.mark.operation("mgmt.user.load")
def test_load_sees_the_created_user(client: Any, created: dict[str, Any], login_id: str) -> None:
    user = client.mgmt.user.load(login_id)["user"]
    assert is_as_created(user, login_id)
    assert user["userId"] == created["userId"]


@pytest.mark.operation("mgmt.user.update_login_id", "mgmt.user.search_all")
def test_search_sees_the_user_under_a_new_login_id(client: Any, login_id: str) -> None:
    other = new_email()
    assert other in client.mgmt.user.update_login_id(login_id, other)["user"]["loginIds"]
    assert any(other in user["loginIds"] for user in client.mgmt.user.search_all()["users"])


@pytest.mark.operation("mgmt.user.update", "mgmt.user.load")
def test_update_is_seen(client: Any, login_id: str) -> None:
    client.mgmt.user.update(login_id, display_name="Desmond Copeland")
    assert client.mgmt.user.load(login_id)["user"]["name"] == "Desmond Copeland"


@pytest.mark.operation("mgmt.user.patch", "mgmt.user.load")
def test_patch_is_seen_beside_what_was_there(client: Any, avow: Avow, login_id: str) -> None:
    make_role(avow, "Reader")
    client.mgmt.user.update(login_id, display_name="Desmond Copeland")
    client.mgmt.user.patch(login_id, phone="+1234567890", middle_name="Middle", role_names=["Reader"])
    user = client.mgmt.user.load(login_id)["user"]
    assert (user["name"], user["middleName"], user["phone"]) == ("Desmond Copeland", "Middle", "+1234567890")
    assert (user["roleNames"], user["loginIds"]) == (["Reader"], [login_id])


@pytest.mark.operation("mgmt.user.patch", "mgmt.user.load")
def test_patched_number_is_verified(client: Any, login_id: str) -> None:
    client.mgmt.user.patch(login_id, phone="+1234567890")
    assert client.mgmt.user.load(login_id)["user"]["verifiedPhone"] is True


@pytest.mark.operation("mgmt.user.patch", "mgmt.user.load")
def test_patched_roles_replace_those_before_and_an_empty_list_takes_all(client: Any, avow: Avow, login_id: str) -> None:
    for name in ("Reader", "Editor"):
        make_role(avow, name)
    client.mgmt.user.patch(login_id, phone=PHONE, role_names=["Reader"])
    client.mgmt.user.patch(login_id, role_names=["Reader", "Editor"])
    assert sorted(client.mgmt.user.load(login_id)["user"]["roleNames"]) == ["Editor", "Reader"]
    client.mgmt.user.patch(login_id, role_names=[])
    user = client.mgmt.user.load(login_id)["user"]
    assert (user["roleNames"], user["phone"]) == ([], PHONE)


@pytest.mark.operation("mgmt.user.delete", "mgmt.user.load", "mgmt.user.load_by_user_id", "mgmt.user.search_all")
def test_deleted_user_is_neither_loaded_nor_found(client: Any, created: dict[str, Any], login_id: str) -> None:
    assert client.mgmt.user.load_by_user_id(created["userId"])["user"]
    client.mgmt.user.delete(login_id)
    assert refused(client.mgmt.user.load, login_id)
    assert refused(client.mgmt.user.load_by_user_id, created["userId"])
    assert client.mgmt.user.search_all()["users"] == []


@pytest.mark.operation("mgmt.user.invite", "mgmt.user.load")
def test_invited_user_is_loaded_as_invited(client: Any) -> None:
    email = new_email()
    assert is_as_created(client.mgmt.user.invite(email)["user"], email)
    assert is_as_created(client.mgmt.user.load(email)["user"], email)


@pytest.mark.operation("mgmt.user.invite_batch", "mgmt.user.load")
def test_batch_invites_all(client: Any) -> None:
    emails = [new_email(), new_email()]
    answer = client.mgmt.user.invite_batch([UserObj(each) for each in emails])
    assert answer["failedUsers"] == []
    assert sorted(user["email"] for user in answer["createdUsers"]) == sorted(emails)
    assert all(is_as_created(client.mgmt.user.load(each)["user"], each) for each in emails)


# --- Test users --------------------------------------------------------------------------------------------------


@pytest.fixture
def tester(client: Any) -> dict[str, Any]:
    """An invited test user with a name as login ID, an address and a number."""
    user: dict[str, Any] = client.mgmt.user.create_test_user(
        "foo-bar", email=new_email(), phone=PHONE, display_name="foo bar test"
    )["user"]
    return user


@pytest.mark.operation("mgmt.user.generate_otp_for_test_user")
def test_no_code_is_generated_for_whom_there_is_not(client: Any) -> None:
    assert refused(client.mgmt.user.generate_otp_for_test_user, method=EMAIL, login_id="nobody")


@pytest.mark.operation("mgmt.user.create_test_user", "mgmt.user.search_all")
def test_search_of_test_users_finds_them(client: Any, tester: dict[str, Any], created: dict[str, Any]) -> None:
    found = client.mgmt.user.search_all(test_users_only=True)["users"]
    assert [user["userId"] for user in found] == [tester["userId"]]
    assert client.mgmt.user.load_by_user_id(tester["userId"])["user"]["test"] is True
    assert tester["loginIds"] == ["foo-bar"]


@pytest.mark.operation("mgmt.user.generate_otp_for_test_user", "otp.sign_up", "otp.verify_code")
def test_code_generated_before_sign_up_of_an_invited_test_user_verifies(client: Any, tester: dict[str, Any]) -> None:
    made = client.mgmt.user.generate_otp_for_test_user(method=SMS, login_id="foo-bar")
    assert made["loginId"] == "foo-bar"
    client.otp.sign_up(SMS, "foo-bar", {"name": "foo bar test", "phone": PHONE})
    assert client.otp.verify_code(SMS, "foo-bar", made["code"])["userId"] == tester["userId"]


@pytest.mark.operation("mgmt.user.generate_otp_for_test_user", "otp.sign_in", "otp.verify_code")
def test_code_generated_before_sign_in_verifies(client: Any, tester: dict[str, Any]) -> None:
    code = client.mgmt.user.generate_otp_for_test_user(method=SMS, login_id="foo-bar")["code"]
    client.otp.sign_in(SMS, "foo-bar")
    assert client.otp.verify_code(SMS, "foo-bar", code)["userId"] == tester["userId"]


@pytest.mark.operation("mgmt.user.generate_otp_for_test_user", "otp.verify_code")
def test_first_session_of_a_test_user_is_their_first(client: Any, tester: dict[str, Any]) -> None:
    sessions = []
    for _ in range(2):
        code = client.mgmt.user.generate_otp_for_test_user(method=EMAIL, login_id="foo-bar")["code"]
        sessions.append(client.otp.verify_code(EMAIL, "foo-bar", code))
    assert [each["firstSeen"] for each in sessions] == [True, False]
    assert sessions[0]["user"]["userId"] == tester["userId"]


@pytest.mark.parametrize("name", ["sign_up_or_in", "sign_in"])
@pytest.mark.operation(
    "mgmt.user.generate_magic_link_for_test_user", "magiclink.sign_up_or_in", "magiclink.sign_in", "magiclink.verify"
)
def test_link_generated_before_a_send_carries_its_token_and_verifies(
    name: str, client: Any, tester: dict[str, Any]
) -> None:
    made = client.mgmt.user.generate_magic_link_for_test_user(method=EMAIL, login_id="foo-bar", uri=PAGE)
    assert made["link"].startswith(f"{PAGE}?t=")
    [token] = parse_qs(urlsplit(made["link"]).query)["t"]
    getattr(client.magiclink, name)(method=EMAIL, login_id="foo-bar", uri=PAGE)
    session = client.magiclink.verify(token)
    assert session["userId"] == tester["userId"]
    assert session["refreshSessionToken"]["jwt"]


@pytest.mark.operation("refresh_session", "validate_session", "logout")
def test_refreshed_session_names_its_user_and_project_until_log_out(
    client: Any, avow: Avow, tester: dict[str, Any]
) -> None:
    code = client.mgmt.user.generate_otp_for_test_user(method=EMAIL, login_id="foo-bar")["code"]
    refresh_jwt = client.otp.verify_code(EMAIL, "foo-bar", code)["refreshSessionToken"]["jwt"]
    said = client.validate_session(client.refresh_session(refresh_jwt)["sessionToken"]["jwt"])
    assert said["sessionToken"]["sub"] == said["userId"] == tester["userId"]
    assert said["sessionToken"]["iss"].rsplit("/", 1)[-1] == said["projectId"] == avow.project_id
    client.logout(refresh_jwt)
    assert refused(client.refresh_session, refresh_jwt)


# --- Passwords ---------------------------------------------------------------------------------------------------


@pytest.mark.operation("mgmt.password.configure_settings", "mgmt.password.get_settings")
def test_policy_that_its_operator_configures_is_kept(client: Any) -> None:
    policy = {**client.mgmt.password.get_settings(), "minLength": 9, "uppercase": True, "nonAlphanumeric": True}
    client.mgmt.password.configure_settings("", policy)
    found = client.mgmt.password.get_settings()
    assert (found["minLength"], found["uppercase"], found["nonAlphanumeric"]) == (9, True, True)


@pytest.mark.parametrize("name", ["set_temporary_password", "set_active_password"])
@pytest.mark.operation("mgmt.user.set_temporary_password", "mgmt.user.set_active_password")
def test_password_that_management_sets_is_held_to_the_policy(name: str, client: Any, login_id: str) -> None:
    policy = {**client.mgmt.password.get_settings(), "minLength": 9, "nonAlphanumeric": True}
    client.mgmt.password.configure_settings("", policy)
    for weak in ("A!a4", "Aaa456789"):
        assert refused(getattr(client.mgmt.user, name), login_id, weak)
    assert client.mgmt.user.load(login_id)["user"]["password"] is False
    getattr(client.mgmt.user, name)(login_id, "WASD+ijklll")
    assert client.mgmt.user.load(login_id)["user"]["password"] is True


@pytest.fixture
def guarded(client: Any) -> Any:
    """Configure the policy that those tests expect of their project."""
    client.mgmt.password.configure_settings("", {"enabled": True, "minLength": 8, "nonAlphanumeric": True})
    return client


@pytest.fixture
def signed_up(guarded: Any) -> str:
    """Sign somebody up with the password `FIRST`."""
    login_id = new_email()
    assert guarded.password.sign_up(login_id, FIRST, {"name": "Desmond"})["firstSeen"] is True
    return login_id


@pytest.mark.operation("password.get_policy")
def test_policy_that_is_told_is_the_one_configured(guarded: Any) -> None:
    policy = guarded.password.get_policy()
    assert policy["minLength"] > 5
    assert policy["nonAlphanumeric"] is True


@pytest.mark.parametrize("weak", ["aaa!", "wonderfulhorses", ""], ids=["short", "no symbol", "empty"])
@pytest.mark.operation("password.sign_up")
def test_weak_password_is_refused_at_sign_up(weak: str, guarded: Any) -> None:
    login_id = new_email()
    assert refused(guarded.password.sign_up, login_id, weak)
    assert guarded.password.sign_up(login_id, FIRST)["firstSeen"] is True


@pytest.mark.operation("password.sign_up")
def test_second_sign_up_with_a_password_is_refused(guarded: Any, signed_up: str) -> None:
    assert refused(guarded.password.sign_up, signed_up, FIRST)


@pytest.mark.operation("password.sign_in")
def test_unknown_user_empty_and_wrong_password_are_refused(guarded: Any, signed_up: str) -> None:
    for login_id, password in ((new_email(), FIRST), (signed_up, ""), (signed_up, SECOND)):
        assert refused(guarded.password.sign_in, login_id, password)
    assert guarded.password.sign_in(signed_up, FIRST)["firstSeen"] is False


@pytest.mark.operation("password.replace", "password.sign_in")
def test_replaced_password_signs_in(guarded: Any, signed_up: str) -> None:
    guarded.password.replace(signed_up, FIRST, SECOND)
    assert refused(guarded.password.sign_in, signed_up, FIRST)
    assert guarded.password.sign_in(signed_up, SECOND)["user"]["loginIds"] == [signed_up]


@pytest.mark.operation("mgmt.user.set_temporary_password", "password.sign_in", "password.replace")
def test_temporary_password_signs_in_once_it_is_replaced(guarded: Any, signed_up: str) -> None:
    guarded.mgmt.user.set_temporary_password(signed_up, SECOND)
    assert refused(guarded.password.sign_in, signed_up, SECOND)
    guarded.password.replace(signed_up, SECOND, THIRD)
    assert guarded.password.sign_in(signed_up, THIRD)["user"]["loginIds"] == [signed_up]


@pytest.mark.operation("mgmt.user.set_active_password", "password.sign_in")
def test_active_password_signs_in(guarded: Any, signed_up: str) -> None:
    guarded.mgmt.user.set_active_password(signed_up, SECOND)
    assert guarded.password.sign_in(signed_up, SECOND)["user"]["loginIds"] == [signed_up]


# --- Access keys -------------------------------------------------------------------------------------------------


@pytest.mark.operation("mgmt.access_key.create", "mgmt.access_key.load")
def test_key_is_created_without_an_end_addresses_or_description(client: Any) -> None:
    key = client.mgmt.access_key.create(name="AK1")["key"]
    assert (key["permittedIps"], key["description"], key["expireTime"]) == ([], "", 0)
    assert client.mgmt.access_key.load(key["id"])["key"]["permittedIps"] == []


@pytest.mark.operation("mgmt.access_key.create", "mgmt.access_key.load")
def test_key_keeps_its_addresses(client: Any) -> None:
    permitted = ["10.0.0.1", "192.168.1.0/24"]
    key = client.mgmt.access_key.create(name="AK2", custom_claims={"k1": "v1"}, permitted_ips=permitted)["key"]
    assert key["permittedIps"] == client.mgmt.access_key.load(key["id"])["key"]["permittedIps"] == permitted


@pytest.mark.operation("mgmt.access_key.create", "exchange_access_key")
def test_claims_of_a_key_stand_at_the_top_and_those_of_its_caller_under_nsec(client: Any, avow: Avow) -> None:
    made = client.mgmt.access_key.create(name="AK1", custom_claims={"k1": "v1"}, description="hey")
    options = AccessKeyLoginOptions(custom_claims={"nsec-k1": "nsec-v1"})
    session = client.exchange_access_key(access_key=made["cleartext"], login_options=options)
    assert (session["sessionToken"]["k1"], session["sessionToken"]["nsec"]) == ("v1", {"nsec-k1": "nsec-v1"})
    assert session["projectId"] == avow.project_id


@pytest.mark.operation("mgmt.access_key.update", "mgmt.access_key.load")
def test_update_changes_a_key_and_keeps_a_description_that_is_left_out(client: Any) -> None:
    key_id = client.mgmt.access_key.create(name="AAA", description="hey")["key"]["id"]

    def shown() -> tuple[str, str]:
        key = client.mgmt.access_key.load(key_id)["key"]
        return key["name"], key["description"]

    client.mgmt.access_key.update(id=key_id, name="ABA", description="hello there")
    assert shown() == ("ABA", "hello there")
    client.mgmt.access_key.update(id=key_id, name="ABA1", description=None)
    assert shown() == ("ABA1", "hello there")


# --- SSO ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def tenant(avow: Avow) -> str:
    return make_tenant(avow)


def configure_saml(client: Any, tenant: str, role: str) -> dict[str, Any]:
    settings = SSOSAMLSettings(
        idp_url="https://idp.example.com/saml",
        idp_entity_id="entity1234",
        idp_cert="my certificate",
        attribute_mapping=AttributeMapping(name="name", group="groups"),
        role_mappings=[RoleMapping(groups=["grp1"], role_name=role)],
    )
    client.mgmt.sso.configure_saml_settings(tenant, settings)
    saml: dict[str, Any] = client.mgmt.sso.load_settings(tenant)["saml"]
    return saml


@pytest.mark.operation("mgmt.sso.configure_saml_settings", "mgmt.sso.load_settings")
def test_service_provider_is_named_after_project_and_tenant(client: Any, avow: Avow, tenant: str) -> None:
    saml = configure_saml(client, tenant, make_role(avow, "Buyer") and "Buyer")
    assert saml["spEntityId"] == f"{avow.project_id}-{tenant}"
    query = urlsplit(saml["spACSUrl"]).query
    assert (f"projectId={avow.project_id}" in query, f"tenantId={tenant}" in query) == (True, True)


@pytest.mark.operation("mgmt.sso.configure_saml_settings", "mgmt.sso.load_settings")
def test_groups_of_a_mapping_name_their_role(client: Any, avow: Avow, tenant: str) -> None:
    make_role(avow, "Buyer")
    [mapping] = configure_saml(client, tenant, "Buyer")["groupsMapping"]
    assert (mapping["role"]["name"], mapping["groups"]) == ("Buyer", ["grp1"])


@pytest.mark.operation("mgmt.sso.configure_oidc_settings", "mgmt.sso.load_settings")
def test_client_secret_is_not_shown(client: Any, tenant: str) -> None:
    settings = SSOOIDCSettings(
        name="myProvider",
        client_id="iddd",
        client_secret="secret",
        auth_url="https://idp.example.com/auth",
        token_url="https://idp.example.com/token",
        user_data_url="https://idp.example.com/userInfo",
        scope=["openid", "profile", "email"],
    )
    client.mgmt.sso.configure_oidc_settings(tenant, settings)
    oidc = client.mgmt.sso.load_settings(tenant)["oidc"]
    assert (oidc["clientId"], oidc["clientSecret"]) == ("iddd", "")


@pytest.mark.operation("mgmt.sso.get_settings")
def test_attributes_are_mapped_to_name_address_and_number_at_first(client: Any, tenant: str) -> None:
    assert client.mgmt.sso.get_settings(tenant)["userMapping"] == {
        "name": "name",
        "email": "email",
        "phoneNumber": "phone",
        "customAttributes": {},
        **dict.fromkeys(UNMAPPED, ""),
    }


@pytest.mark.operation("mgmt.sso.configure", "mgmt.sso.get_settings")
def test_domain_is_the_first_of_the_domains(client: Any, tenant: str) -> None:
    domains = ["domain.example", "app.domain.example"]
    client.mgmt.sso.configure(tenant, "http://idp.example", "entity", "mycert", "https://redirect.example", domains)
    found = client.mgmt.sso.get_settings(tenant)
    assert (found["domain"], set(found["domains"])) == (domains[0], set(domains))


# --- Flows and tokens --------------------------------------------------------------------------------------------


@pytest.mark.operation("mgmt.flow.list_flows")
def test_new_project_has_flows(client: Any) -> None:
    assert "sign-up-or-in" in {each["id"] for each in client.mgmt.flow.list_flows()["flows"]}


@pytest.mark.operation("mgmt.flow.list_flows", "mgmt.flow.import_flow")
def test_flows_are_counted(client: Any) -> None:
    before = client.mgmt.flow.list_flows()["total"]
    for name in ("sign-up-or-in", "mine"):
        client.mgmt.flow.import_flow(name, {"name": name}, [])
    found = client.mgmt.flow.list_flows()
    assert found["total"] == len(found["flows"]) == before + 1


@pytest.mark.operation("mgmt.jwt.sign_in")
def test_management_signs_an_existing_user_in(client: Any, created: dict[str, Any], login_id: str) -> None:
    session = client.mgmt.jwt.sign_in(login_id)
    assert client.validate_session(session["sessionToken"]["jwt"])["userId"] == created["userId"]
