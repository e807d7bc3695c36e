"""`avow tenant ...`: named by id or name, changed in parts, deleted after a question."""

import json

import pytest

from tests.cli.shops import Shop


def test_tenant_is_made_listed_and_shown(shop: Shop) -> None:
    made = shop.made("tenant", "create", "Acme", "--id", "acme", "--domain", "ACME.example.com")
    assert (made["id"], made["selfProvisioningDomains"]) == ("acme", ["acme.example.com"])
    assert shop.listed("tenant", "list") == [made]
    assert shop.made("tenant", "show", "acme") == shop.made("tenant", "show", "Acme") == made
    assert shop.listed("tenant", "list", "EXAMPLE") == [made]
    assert shop.listed("tenant", "list", "other") == []
    assert shop.events("tenant.created")[0][0] == "command"


def test_new_tenant_has_all_that_its_options_say(shop: Shop) -> None:
    shop.made("tenant", "create", "Holding")
    shop.made("role", "create", "reader")
    made = shop.made(
        "tenant", "create", "Acme", "--parent", "Holding", "--default-role", "reader", "--disabled", "--enforce-sso",
        "--attribute", "plan=gold", "--attribute", "seats=7",
    )  # fmt: skip
    assert made["parent"] == shop.made("tenant", "show", "Holding")["id"]
    assert made["defaultRoles"] == ["reader"]
    assert (made["disabled"], made["enforceSSO"]) == (True, True)
    assert made["customAttributes"] == {"plan": "gold", "seats": 7}


def test_tenant_that_cannot_have_its_default_roles_is_not_made(shop: Shop) -> None:
    said = shop.run("tenant", "create", "Acme", "--default-role", "reader")
    assert (said.code, "There is no role 'reader'" in said.err) == (1, True)
    assert shop.listed("tenant", "list") == []


def test_parts_are_changed_and_the_rest_stays(shop: Shop) -> None:
    shop.made("tenant", "create", "Acme", "--domain", "acme.example.com", "--attribute", "plan=gold")
    changed = shop.made("tenant", "update", "Acme", "--name", "Acme Ltd", "--attribute", "seats=7")
    assert (changed["name"], changed["selfProvisioningDomains"]) == ("Acme Ltd", ["acme.example.com"])
    assert changed["customAttributes"] == {"plan": "gold", "seats": 7}
    changed = shop.made("tenant", "update", "Acme Ltd", "--disabled", "--attribute", "plan=")
    assert (changed["disabled"], changed["customAttributes"]) == (True, {"seats": 7})
    assert [actor for actor, _ in shop.events("tenant.updated")] == ["command", "command"]
    assert shop.run("tenant", "update", "Acme Ltd").code == 2


def test_domains_are_added_and_removed(shop: Shop) -> None:
    shop.made("tenant", "create", "Acme")
    for domain in ("acme.example.com", "acme.example.org", "ACME.example.com"):
        changed = shop.made("tenant", "add-domain", "Acme", domain)
    assert changed["selfProvisioningDomains"] == ["acme.example.com", "acme.example.org"]
    assert "acme.example.org" in shop.said("tenant", "remove-domain", "Acme", "Acme.Example.Com")
    said = shop.run("tenant", "remove-domain", "Acme", "acme.example.com")
    assert (said.code, "avow tenant show" in said.err) == (2, True)
    shop.made("tenant", "create", "Other")
    said = shop.run("tenant", "add-domain", "Other", "acme.example.org")
    assert (said.code, "Another tenant has the domain" in said.err) == (1, True)


def test_default_roles_are_named_by_id_or_name(shop: Shop) -> None:
    reader, writer = (shop.made("role", "create", name)["id"] for name in ("reader", "writer"))
    shop.made("tenant", "create", "Acme")
    assert shop.made("tenant", "add-default-role", "Acme", "reader", writer)["defaultRoles"] == ["reader", "writer"]
    assert shop.made("tenant", "remove-default-role", "Acme", reader)["defaultRoles"] == ["writer"]
    assert shop.run("tenant", "remove-default-role", "Acme", "reader").code == 2
    user = shop.made("user", "create", "mia@example.com", "--tenant", "Acme")
    assert user["userTenants"][0]["roleNames"] == ["writer"]


def test_deleting_asks_first(shop: Shop) -> None:
    made = shop.made("tenant", "create", "Acme")
    for answer in ("n\n", ""):
        said = shop.answered(answer, "tenant", "delete", "Acme", "--json")
        assert (said.code, said.out, "Nothing is deleted" in said.err) == (2, "", True)
    assert shop.listed("tenant", "list") == [made]
    said = shop.answered("y\n", "tenant", "delete", "Acme", "--json")
    assert "Delete the tenant 'Acme'" in said.err
    assert json.loads(said.out) == {"id": made["id"], "deleted": True}
    assert shop.listed("tenant", "list") == []


@pytest.mark.parametrize(("option", "left"), [((), 2), (("--cascade",), 1)])
def test_whoever_belongs_to_it_alone_goes_with_cascade_only(shop: Shop, option: tuple[str, ...], left: int) -> None:
    shop.made("tenant", "create", "Acme")
    shop.made("tenant", "create", "Other")
    shop.made("user", "create", "mia@example.com", "--tenant", "Acme")
    shop.made("user", "create", "ben@example.com", "--tenant", "Acme", "--tenant", "Other")
    shop.made("tenant", "delete", "Acme", "--yes", *option)
    assert len(shop.listed("user", "list")) == left


def test_name_of_several_tenants_is_refused_with_their_ids(shop: Shop) -> None:
    for tenant_id in ("one", "two"):
        shop.made("tenant", "create", "Acme", "--id", tenant_id)
    said = shop.run("tenant", "delete", "Acme", "--yes")
    assert said.code == 2
    assert "one, two" in said.err
    assert shop.made("tenant", "show", "two")["id"] == "two"


def test_empty_list_says_what_to_do_next(shop: Shop) -> None:
    assert "avow tenant create NAME" in shop.said("tenant", "list")
    shop.made("tenant", "create", "Acme")
    assert "`avow tenant list` shows all" in shop.said("tenant", "list", "nothing like this")


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("show", "nobody"), 2, "There is no tenant 'nobody'; `avow tenant list` shows those there are."),
        (("create", ""), 1, "The field name does not have the expected shape. Is it empty, or too long?"),
        (("create", "x" * 300), 1, "The field name does not have the expected shape. Is it empty, or too long?"),
        (("create", "Acme", "--attribute", "gold"), 2, "Write attributes and claims as NAME=VALUE, not 'gold'."),
        (("create", "Acme", "--parent", "nobody"), 2,
         "There is no tenant 'nobody'; `avow tenant list` shows those there are."),
        (("create", "Acme", "--id", "taken"), 1, "There is a tenant 'taken' already."),
        (("show", "\udcff"), 2,
         "An argument is not text in UTF-8, or this terminal cannot show an answer; set LANG=C.UTF-8."),
    ],
)  # fmt: skip
def test_refusal_is_one_sentence(shop: Shop, arguments: tuple[str, ...], code: int, sentence: str) -> None:
    shop.made("tenant", "create", "Taken", "--id", "taken")
    said = shop.run("tenant", *arguments)
    assert (said.code, said.err) == (code, f"avow: {sentence}\n")
    assert len(shop.listed("tenant", "list")) == 1


def test_projects_do_not_see_each_others_tenants(shop: Shop) -> None:
    shop.made("project", "create", "Blog")
    shop.made("tenant", "create", "Acme", "--project", "Shop")
    assert shop.run("tenant", "list").code == 2  # which project?
    assert shop.listed("tenant", "list", "--project", "Blog") == []
    assert shop.run("tenant", "delete", "Acme", "--yes", "--project", "Blog").code == 2
    assert len(shop.listed("tenant", "list", "--project", "Shop")) == 1


def test_management_key_is_confined_to_a_tenant_by_name(shop: Shop) -> None:
    shop.made("tenant", "create", "Acme", "--id", "acme")
    shop.made("key", "create", "support", "--tenant", "Acme", "--right", "user:write")
    assert sorted(each["tenant"] for each in shop.listed("key", "list")) == ["", "acme"]
    assert shop.run("key", "create", "support", "--tenant", "nobody").code == 2


def test_nobody_writes_to_a_terminal_through_what_a_command_says(shop: Shop) -> None:
    name = "Acme\x1b[2J\r"
    tenant_id = shop.made("tenant", "create", name)["id"]
    for arguments in (
        ("list",), ("show", tenant_id), ("update", tenant_id, "--disabled"), ("add-domain", tenant_id, "a.example.com"),
        ("delete", tenant_id), ("delete", tenant_id, "--yes"),
    ):  # fmt: skip
        said = shop.run("tenant", *arguments)
        assert not {"\x1b", "\r"} & set(said.out + said.err), arguments
