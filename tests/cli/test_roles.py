"""`avow role ...` and `avow permission ...`: what roles are made of, in the project and in tenants."""

import json
from typing import Any

import pytest

from tests.cli.shops import Shop


@pytest.fixture
def reader(shop: Shop) -> dict[str, Any]:
    """Make two permissions, and a role of one of them."""
    for name in ("orders.read", "orders.write"):
        shop.made("permission", "create", name, "--description", f"May {name}")
    made: dict[str, Any] = shop.made("role", "create", "reader", "--permission", "orders.read", "--description", "R")
    return made


def names(found: list[dict[str, str]]) -> list[str]:
    """Return the names of roles, without those that every project has."""
    return [each["name"] for each in found if each["name"] not in {"Tenant Admin", "is_staff", "is_superuser"}]


def test_role_is_made_listed_and_shown(shop: Shop, reader: dict[str, Any]) -> None:
    assert (reader["permissionNames"], reader["description"]) == (["orders.read"], "R")
    assert shop.made("role", "show", "reader") == shop.made("role", "show", reader["id"]) == reader
    assert names(shop.listed("role", "list", "READ")) == ["reader"]
    assert names(shop.listed("role", "list", "--permission", "orders.read")) == ["reader"]
    assert shop.listed("role", "list", "--permission", "orders.write") == []
    assert "orders.read" in shop.said("role", "list", "reader")
    assert ("command", json.dumps({"role": reader["id"]}, separators=(",", ":"))) in shop.events("role.created")


def test_permissions_are_added_and_removed_by_name_or_id(shop: Shop, reader: dict[str, Any]) -> None:
    write = shop.made("permission", "show", "orders.write")["id"]
    changed = shop.made("role", "add-permission", "reader", write, "orders.read")
    assert changed["permissionNames"] == ["orders.read", "orders.write"]
    assert changed["description"] == "R"
    changed = shop.made("role", "remove-permission", reader["id"], "orders.read")
    assert changed["permissionNames"] == ["orders.write"]
    said = shop.run("role", "remove-permission", "reader", "orders.read")
    assert (said.code, "avow role show reader" in said.err) == (2, True)
    assert shop.run("role", "add-permission", "reader", "nothing").code == 2
    assert shop.made("role", "show", "reader") == changed


def test_parts_are_changed_and_the_rest_stays(shop: Shop, reader: dict[str, Any]) -> None:
    changed = shop.made("role", "update", "reader", "--name", "viewer", "--default", "--private")
    assert changed == {**reader, "name": "viewer", "default": True, "private": True}
    assert shop.made("role", "update", "viewer", "--description", "", "--no-default")["default"] is False
    assert shop.made("role", "show", "viewer")["private"] is True
    assert shop.run("role", "update", "viewer").code == 2


def test_role_of_a_tenant_is_named_with_its_tenant(shop: Shop, reader: dict[str, Any]) -> None:
    tenant = shop.made("tenant", "create", "Acme")["id"]
    own = shop.made("role", "create", "reader", "--tenant", "Acme")
    assert (own["tenantId"], own["id"] == reader["id"]) == (tenant, False)
    assert shop.made("role", "show", "reader", "--tenant", tenant) == own
    assert shop.made("role", "show", own["id"]) == own
    assert shop.made("role", "show", "reader") == reader
    assert shop.listed("role", "list", "--tenant", "Acme") == [own]
    shop.made("role", "delete", "reader", "--yes")
    said = shop.run("role", "show", "reader")
    assert (said.code, "--tenant" in said.err) == (2, True)
    assert shop.run("role", "show", reader["id"], "--tenant", "Acme").code == 2


def test_roles_are_deleted_all_or_none_after_a_question(shop: Shop, reader: dict[str, Any]) -> None:
    shop.made("role", "create", "writer")
    assert shop.run("role", "delete", "writer", "nobody", "--yes").code == 2
    said = shop.answered("n\n", "role", "delete", "writer", "reader")
    assert (said.code, "'writer', 'reader'" in said.err) == (2, True)
    assert names(shop.listed("role", "list")) == ["reader", "writer"]
    shop.made("role", "delete", "writer", reader["id"], "--yes")
    assert names(shop.listed("role", "list")) == []
    assert shop.events("role.deleted")[-1][0] == "command"


def test_deleted_role_is_held_no_more(shop: Shop, reader: dict[str, Any]) -> None:
    user = shop.made("user", "create", "mia@example.com", "--role", reader["id"])
    assert (user["roleNames"], user["permissions"]) == (["reader"], ["orders.read"])
    shop.made("role", "delete", "reader", "--yes")
    assert shop.made("user", "show", "mia@example.com")["roleNames"] == []


def test_permission_is_made_changed_shown_and_deleted(shop: Shop, reader: dict[str, Any]) -> None:
    assert [each["name"] for each in shop.listed("permission", "list", "orders")] == ["orders.read", "orders.write"]
    changed = shop.made("permission", "update", "orders.read", "--name", "orders.view")
    assert changed["description"] == "May orders.read"
    shown = shop.made("permission", "show", changed["id"])
    assert shown["roles"] == [{"id": reader["id"], "name": "reader", "tenantId": ""}]
    assert "reader" in shop.said("permission", "list", "orders.view")
    assert shop.answered("", "permission", "delete", "orders.view").code == 2
    shop.made("permission", "delete", "orders.view", "orders.write", "--yes")
    assert shop.listed("permission", "list") == []
    assert shop.made("role", "show", "reader")["permissionNames"] == []
    assert [actor for actor, _ in shop.events("permission.deleted")] == ["command"]


def test_empty_lists_say_what_to_do_next(shop: Shop) -> None:
    assert "avow permission create NAME" in shop.said("permission", "list")
    assert "`avow role list` shows all" in shop.said("role", "list", "nothing like this")


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("role", "create", "is_staff"), 1, "There is a role named 'is_staff' already."),
        (("role", "create", "r", "--permission", "p"), 2,
         "There is no permission 'p'; `avow permission list` shows those there are."),
        (("role", "show", "nobody"), 2, "There is no role 'nobody'; `avow role list` shows those there are."),
        (("permission", "create", ""), 1, "The field name does not have the expected shape. Is it empty, or too long?"),
        (("permission", "update", "nothing", "--name", "n"), 2,
         "There is no permission 'nothing'; `avow permission list` shows those there are."),
    ],
)  # fmt: skip
def test_refusal_is_one_sentence(shop: Shop, arguments: tuple[str, ...], code: int, sentence: str) -> None:
    said = shop.run(*arguments)
    assert (said.code, said.err) == (code, f"avow: {sentence}\n")
