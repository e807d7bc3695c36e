"""Access keys through the official SDK: made, exchanged, changed, found and deleted."""

from collections.abc import Callable
from typing import Any

import pytest
from descope import AccessKeyLoginOptions, AssociatedTenant, AuthException

from avow.testing.server import Avow
from tests.contract.people import Person, error_code
from tests.factories import join_tenant, make_role, make_tenant

INVALID = (401, "E062803")


def refused(call: Callable[[], object]) -> tuple[int | None, str]:
    with pytest.raises(AuthException) as raised:
        call()
    return raised.value.status_code, error_code(raised)


@pytest.fixture
def keys(client: Any) -> Any:
    return client.mgmt.access_key


@pytest.mark.operation("mgmt.access_key.create", "mgmt.access_key.load")
def test_key_is_made_without_an_end(keys: Any, fits: Any) -> None:
    made = keys.create("ci")
    assert fits("mgmt.access_key.create", "cleartext", "key")
    key = made["key"]
    assert keys.load(key["id"])["key"] == key
    assert fits("mgmt.access_key.load", "key")
    assert (key["name"], key["expireTime"], key["status"]) == ("ci", 0, "active")
    assert (key["permittedIps"], key["description"], key["roleNames"], key["keyTenants"]) == ([], "", [], [])
    assert made["cleartext"] not in str(keys.load(key["id"]))


@pytest.mark.operation("mgmt.access_key.create", "mgmt.access_key.load", "exchange_access_key")
def test_key_of_tenants_is_exchanged_for_what_it_holds(client: Any, keys: Any, avow: Avow, fits: Any) -> None:
    make_role(avow, "buyer", ["buy"])
    one, two = make_tenant(avow, "One"), make_tenant(avow, "Two")
    made = keys.create(
        "shop",
        avow.server.clock() + 3600,
        key_tenants=[AssociatedTenant(one, ["buyer"]), AssociatedTenant(two)],
        custom_claims={"plan": "pro"},
        description="of the shop",
        permitted_ips=["127.0.0.0/8", "::1"],
        custom_attributes={"team": "ops"},
    )
    key = keys.load(made["key"]["id"])["key"]
    assert {each["tenantName"]: each["roleNames"] for each in key["keyTenants"]} == {"One": ["buyer"], "Two": []}
    assert (key["customClaims"], key["customAttributes"]) == ({"plan": "pro"}, {"team": "ops"})
    assert (key["description"], key["permittedIps"]) == ("of the shop", ["127.0.0.0/8", "::1"])
    session = client.exchange_access_key(made["cleartext"])
    assert fits("exchange_access_key", "keyId", "sessionJwt", "expiration")
    assert (session["keyId"], session["projectId"]) == (key["id"], avow.project_id)
    assert "refreshSessionToken" not in session
    assert session["tenants"][one] == {"name": "One", "roles": ["buyer"], "permissions": ["buy"]}
    assert session["sessionToken"]["plan"] == "pro"
    assert session["sessionToken"]["drn"] == "DS"
    validated = client.validate_session(session["sessionToken"]["jwt"])
    assert validated["keyId"] == key["id"]
    assert client.validate_tenant_permissions(validated, one, ["buy"])
    assert not client.validate_tenant_permissions(validated, two, ["buy"])


@pytest.mark.operation("exchange_access_key")
def test_exchange_takes_login_options(client: Any, keys: Any, avow: Avow) -> None:
    tenant, other = make_tenant(avow), make_tenant(avow)
    secret = keys.create("shop", key_tenants=[AssociatedTenant(tenant)])["cleartext"]
    options = AccessKeyLoginOptions(custom_claims={"run": 7, "sub": "Umia"}, selected_tenant=tenant)
    token = client.exchange_access_key(secret, login_options=options)["sessionToken"]
    assert (token["nsec"], token["dct"]) == ({"run": 7}, tenant)
    options = AccessKeyLoginOptions(selected_tenant=other)
    assert refused(lambda: client.exchange_access_key(secret, login_options=options)) == (403, "E019403")


@pytest.mark.operation("mgmt.access_key.create", "exchange_access_key")
def test_key_of_a_user_holds_what_the_user_holds(
    client: Any, keys: Any, avow: Avow, sign_in: Callable[..., Person]
) -> None:
    person, tenant = sign_in(), make_tenant(avow)
    join_tenant(avow, person.id, tenant, [make_role(avow, "buyer", ["buy"])])
    made = keys.create("mia's", user_id=person.id)
    assert made["key"]["boundUserId"] == person.id
    assert client.exchange_access_key(made["cleartext"])["tenants"][tenant]["roles"] == ["buyer"]
    client.mgmt.user.deactivate(person.login_id)
    assert refused(lambda: client.exchange_access_key(made["cleartext"])) == INVALID


@pytest.mark.operation("mgmt.access_key.update", "mgmt.access_key.load")
def test_key_is_changed(keys: Any, fits: Any) -> None:
    key = keys.create("before", description="kept", permitted_ips=["127.0.0.1"])["key"]
    keys.update(key["id"], "after")
    assert fits("mgmt.access_key.update")
    assert keys.load(key["id"])["key"] == {**key, "name": "after"}
    keys.update(key["id"], "after", "new", {"plan": "pro"}, [], {"team": "ops"})
    changed = keys.load(key["id"])["key"]
    assert (changed["description"], changed["customClaims"]) == ("new", {"plan": "pro"})
    assert (changed["permittedIps"], changed["customAttributes"]) == ([], {"team": "ops"})
    assert refused(lambda: keys.update("A-unknown", "x")) == (404, "E019404")


@pytest.mark.operation("mgmt.access_key.rotate", "exchange_access_key")
def test_new_secret_takes_the_place_of_the_one_before(client: Any, keys: Any, fits: Any) -> None:
    made = keys.create("ci")
    rotated = keys.rotate(made["key"]["id"])
    assert fits("mgmt.access_key.rotate", "cleartext", "key")
    assert rotated["key"] == made["key"]
    assert client.exchange_access_key(rotated["cleartext"])["keyId"] == made["key"]["id"]
    assert refused(lambda: client.exchange_access_key(made["cleartext"])) == INVALID


@pytest.mark.operation("mgmt.access_key.deactivate", "mgmt.access_key.activate", "mgmt.access_key.load")
def test_key_is_refused_while_inactive(client: Any, keys: Any, fits: Any) -> None:
    made = keys.create("ci")
    id = made["key"]["id"]
    keys.deactivate(id)
    assert fits("mgmt.access_key.deactivate")
    assert keys.load(id)["key"]["status"] == "inactive"
    assert refused(lambda: client.exchange_access_key(made["cleartext"])) == INVALID
    keys.activate(id)
    assert fits("mgmt.access_key.activate")
    assert keys.load(id)["key"]["status"] == "active"
    assert client.exchange_access_key(made["cleartext"])["keyId"] == id


@pytest.mark.operation("mgmt.access_key.delete")
def test_deleted_key_is_gone(client: Any, keys: Any, fits: Any) -> None:
    made = keys.create("ci")
    keys.delete(made["key"]["id"])
    assert fits("mgmt.access_key.delete")
    assert refused(lambda: keys.load(made["key"]["id"])) == (404, "E019404")
    assert refused(lambda: client.exchange_access_key(made["cleartext"])) == INVALID


@pytest.mark.operation(
    "mgmt.access_key.activate_batch", "mgmt.access_key.deactivate_batch", "mgmt.access_key.delete_batch"
)
def test_batches_change_all_or_none(keys: Any, fits: Any) -> None:
    def statuses() -> set[str]:
        return {each["status"] for each in keys.search_all_access_keys()["keys"]}

    ids = [keys.create("ci")["key"]["id"] for _ in range(3)]
    keys.deactivate_batch(ids)
    assert fits("mgmt.access_key.deactivate_batch")
    assert statuses() == {"inactive"}
    assert refused(lambda: keys.activate_batch([*ids, "A-unknown"])) == (404, "E019404")
    assert statuses() == {"inactive"}
    keys.activate_batch(ids)
    assert fits("mgmt.access_key.activate_batch")
    assert statuses() == {"active"}
    keys.delete_batch(ids)
    assert fits("mgmt.access_key.delete_batch")
    assert statuses() == set()


@pytest.mark.operation("mgmt.access_key.search_all_access_keys")
def test_keys_are_found(keys: Any, avow: Avow, sign_in: Callable[..., Person], fits: Any) -> None:
    person, tenant = sign_in(), make_tenant(avow)
    keys.create("plain", custom_attributes={"team": "ops"})
    keys.create("of a tenant", key_tenants=[AssociatedTenant(tenant)])
    bound = keys.create("of a user", user_id=person.id)["key"]

    def found(**wanted: Any) -> set[str]:
        return {each["name"] for each in keys.search_all_access_keys(**wanted)["keys"]}

    assert found() == {"plain", "of a tenant", "of a user"}
    assert fits("mgmt.access_key.search_all_access_keys", "keys")
    assert found(tenant_ids=[tenant]) == {"of a tenant"}
    assert found(bound_user_id=person.id) == {"of a user"}
    assert found(custom_attributes={"team": "ops"}) == {"plain"}
    assert found(creating_user=bound["createdBy"]) == {"plain", "of a tenant", "of a user"}
    assert found(creating_user="somebody else") == set()


@pytest.mark.operation("exchange_access_key")
def test_key_ends_to_the_second(client: Any, keys: Any, avow: Avow, advance: Callable[[int], None]) -> None:
    secret = keys.create("ci", avow.server.clock() + 60)["cleartext"]
    token = client.exchange_access_key(secret)["sessionToken"]
    assert token["exp"] <= avow.server.clock() + 60
    advance(61)
    assert refused(lambda: client.exchange_access_key(secret)) == INVALID


@pytest.mark.operation("exchange_access_key")
def test_wrong_key_is_refused(client: Any, keys: Any) -> None:
    made = keys.create("ci")
    for wrong in ("wrong", made["key"]["id"], made["cleartext"][:-1]):
        assert refused(lambda wrong=wrong: client.exchange_access_key(wrong)) == INVALID  # type: ignore[misc]  # a default
