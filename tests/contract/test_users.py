"""Users under management through the official SDK: what a later read returns, and what is refused."""

from typing import Any

import pytest
from descope import AssociatedTenant, AuthException, UserObj

from avow.testing.server import Avow
from tests.contract.people import EMAIL, error_code
from tests.factories import make_role, make_tenant, new_email, new_phone


@pytest.mark.operation("mgmt.user.create", "mgmt.user.load", "mgmt.user.load_by_user_id", "mgmt.user.delete")
def test_created_user_is_loaded_until_deleted(client: Any) -> None:
    """Spec: contract "tokens" section 10."""
    email = new_email()
    user = client.mgmt.user.create(email, display_name="Mia")["user"]
    assert (user["email"], user["verifiedEmail"], user["status"]) == (email, True, "invited")
    assert client.mgmt.user.load(email)["user"] == user
    assert client.mgmt.user.load_by_user_id(user["userId"])["user"] == user
    assert client.mgmt.user.delete(email) is None
    with pytest.raises(AuthException) as refused:
        client.mgmt.user.load(email)
    assert error_code(refused) == "E112102"


@pytest.mark.operation("mgmt.user.update", "mgmt.user.patch", "mgmt.user.patch_batch")
def test_update_replaces_and_patch_keeps(client: Any) -> None:
    email, phone = new_email(), new_phone()
    client.mgmt.user.create(email, phone=phone, display_name="Mia")
    client.mgmt.user.patch(email, given_name="Mia")
    user = client.mgmt.user.load(email)["user"]
    assert (user["phone"], user["name"], user["givenName"]) == (phone, "Mia", "Mia")
    client.mgmt.user.update(email, display_name="Ida")
    user = client.mgmt.user.load(email)["user"]
    assert (user["phone"], user["name"], user["givenName"]) == ("", "Ida", "")
    done = client.mgmt.user.patch_batch([UserObj(email, display_name="Eva")])
    assert [each["name"] for each in done["patchedUsers"]] == ["Eva"]
    assert done["failedUsers"] == []


@pytest.mark.operation("mgmt.user.invite", "mgmt.user.invite_batch")
def test_invited_users_get_a_link(client: Any, avow: Avow) -> None:
    first, second = new_email(), new_email()
    client.mgmt.user.invite(first, invite_url="https://app.example.com/welcome")
    assert avow.link(first).startswith("https://app.example.com/welcome?")
    made = client.mgmt.user.invite_batch([UserObj(second)])["createdUsers"]
    assert [user["status"] for user in made] == ["invited"]
    assert avow.link(second)


@pytest.mark.operation(
    "mgmt.user.create_test_user", "mgmt.user.search_all_test_users", "mgmt.user.delete_all_test_users"
)
def test_test_users_are_apart(client: Any) -> None:
    email = new_email()
    assert client.mgmt.user.create_test_user(email)["user"]["test"]
    assert [user["email"] for user in client.mgmt.user.search_all(test_users_only=True)["users"]] == [email]
    assert client.mgmt.user.search_all_test_users()["total"] == 1
    client.mgmt.user.delete_all_test_users()
    assert client.mgmt.user.search_all_test_users()["users"] == []


@pytest.mark.operation(
    "mgmt.user.search_all", "mgmt.user.load_users", "mgmt.user.delete_by_user_id", "mgmt.user.delete_batch"
)
def test_users_are_found_loaded_and_deleted_together(client: Any, avow: Avow) -> None:
    make_tenant(avow, tenant_id="acme")
    emails = [new_email() for _ in range(3)]
    ids = [client.mgmt.user.create(each, user_tenants=[AssociatedTenant("acme")])["user"]["userId"] for each in emails]
    found = client.mgmt.user.search_all(tenant_ids=["acme"], emails=emails[:2])
    assert sorted(user["userId"] for user in found["users"]) == sorted(ids[:2])
    assert client.mgmt.user.load_users(ids)["total"] == 3
    client.mgmt.user.delete_by_user_id(ids[0])
    client.mgmt.user.delete_batch(ids[1:])
    assert client.mgmt.user.search_all(tenant_ids=["acme"])["total"] == 0


@pytest.mark.operation(
    "mgmt.user.activate",
    "mgmt.user.deactivate",
    "mgmt.user.logout_user",
    "mgmt.user.logout_user_by_user_id",
    "mgmt.user.history",
)
def test_status_and_sessions(client: Any, sign_in: Any) -> None:
    person = sign_in()
    assert [each["userId"] for each in client.mgmt.user.history([person.id])] == [person.id]
    client.mgmt.user.deactivate(person.login_id)
    with pytest.raises(AuthException):
        client.refresh_session(person.refresh_jwt)
    assert client.mgmt.user.activate(person.login_id)["user"]["status"] == "enabled"
    for end, name in (
        (client.mgmt.user.logout_user, person.login_id),
        (client.mgmt.user.logout_user_by_user_id, person.id),
    ):
        again = sign_in(person.login_id, EMAIL)
        assert end(name) is None
        with pytest.raises(AuthException):
            client.refresh_session(again.refresh_jwt)


@pytest.mark.operation(
    "mgmt.user.update_login_id",
    "mgmt.user.update_email",
    "mgmt.user.update_phone",
    "mgmt.user.update_display_name",
    "mgmt.user.update_picture",
    "mgmt.user.update_recovery_email",
    "mgmt.user.update_recovery_phone",
)
def test_one_thing_changes_at_a_time(client: Any) -> None:
    users, login_id = client.mgmt.user, new_email()
    users.create(login_id)
    email, phone, renamed = new_email(), new_phone(), new_email()
    users.update_email(login_id, email, verified=True)
    users.update_phone(login_id, phone, verified=True)
    users.update_display_name(login_id, "Mia", family_name="Moe")
    users.update_picture(login_id, "https://example.com/mia.png")
    users.update_recovery_email(login_id, email)
    users.update_recovery_phone(login_id, phone)
    users.update_login_id(login_id, renamed)
    user = users.load(renamed)["user"]
    assert (user["email"], user["verifiedEmail"], user["phone"], user["verifiedPhone"]) == (email, True, phone, True)
    assert (user["name"], user["familyName"], user["picture"]) == ("Mia", "Moe", "https://example.com/mia.png")
    assert (user["recoveryEmail"], user["recoveryPhone"], user["loginIds"]) == (email, phone, [renamed])


@pytest.mark.operation(
    "mgmt.user.set_roles",
    "mgmt.user.add_roles",
    "mgmt.user.remove_roles",
    "mgmt.user.add_tenant",
    "mgmt.user.remove_tenant",
    "mgmt.user.set_tenant_roles",
    "mgmt.user.add_tenant_roles",
    "mgmt.user.remove_tenant_roles",
)
def test_roles_and_tenants(client: Any, avow: Avow) -> None:
    users, email = client.mgmt.user, new_email()
    for name in ("Editor", "Reader"):
        make_role(avow, name)
    make_tenant(avow, tenant_id="acme")
    users.create(email)
    users.set_roles(email, ["Editor"])
    users.add_roles(email, ["Reader"])
    assert users.remove_roles(email, ["Editor"])["user"]["roleNames"] == ["Reader"]
    users.add_tenant(email, "acme")
    users.set_tenant_roles(email, "acme", ["Editor"])
    users.add_tenant_roles(email, "acme", ["Reader"])
    users.remove_tenant_roles(email, "acme", ["Editor"])
    assert users.load(email)["user"]["userTenants"][0]["roleNames"] == ["Reader"]
    assert users.remove_tenant(email, "acme")["user"]["userTenants"] == []


@pytest.mark.operation(
    "mgmt.user.create_custom_attribute",
    "mgmt.user.load_custom_attributes",
    "mgmt.user.delete_custom_attribute",
    "mgmt.user.update_custom_attribute",
)
def test_custom_attributes(client: Any) -> None:
    users, email = client.mgmt.user, new_email()
    users.create(email)
    users.create_custom_attribute("level", "Level", "number")
    assert [each["name"] for each in users.load_custom_attributes()["data"]] == ["level"]
    users.update_custom_attribute(email, "level", 7)
    assert users.load(email)["user"]["customAttributes"] == {"level": 7}
    assert users.search_all(custom_attributes={"level": 7})["total"] == 1
    assert users.delete_custom_attribute("level")["data"] == []
    assert users.load(email)["user"]["customAttributes"] == {}
