"""`avow accesskey ...`: a secret is printed once, and holds, ends and counts as the options said."""

import json
import time

import msgspec
import pytest

from avow.errors import InvalidAccessKey
from avow.server.accesskeys import actions
from avow.server.keys.directory import load
from avow.server.serving import AccessKeyCaller, Call, Client
from avow.server.settings import Settings
from avow.server.store import Tx
from avow.wire.accesskeys import ExchangeAccessKey
from tests.cli.shops import Shop


@pytest.fixture(autouse=True)
def people(shop: Shop) -> None:
    """Make a role, a tenant and a user."""
    shop.made("role", "create", "reader")
    shop.made("tenant", "create", "Acme", "--id", "acme")
    shop.made("user", "create", "mia@example.com", "--role", "reader", "--status", "enabled")


def exchanged(shop: Shop, secret: str, address: str = "192.0.2.1") -> dict[str, object]:
    """Return what the session token of a key says; raises what a server answers."""
    settings = Settings(database_url=shop.variables["AVOW_DATABASE_URL"], secret_key=shop.variables["AVOW_SECRET_KEY"])

    def unit(tx: Tx) -> dict[str, object]:
        project = load(tx, settings)
        assert project is not None
        call = Call(project, AccessKeyCaller(secret), Client(address), ExchangeAccessKey())
        claims: dict[str, object] = json.loads(msgspec.json.encode(actions.exchange(tx, call).session_token()))
        return claims

    return shop.store.look(shop.project_id, unit)


def is_refused(shop: Shop, secret: str, address: str = "192.0.2.1") -> bool:
    """Tell whether a key does not count."""
    try:
        exchanged(shop, secret, address)
    except InvalidAccessKey:
        return True
    return False


def test_secret_is_printed_once_and_nowhere_again(shop: Shop) -> None:
    made = shop.made("accesskey", "create", "report", "--role", "reader")
    secret = made["cleartext"]
    assert secret.startswith(made["key"]["id"])
    assert exchanged(shop, secret)["roles"] == ["reader"]
    for arguments in (
        ("list",),
        ("show", "report"),
        ("update", "report", "--description", "d"),
        ("deactivate", "report"),
    ):
        for option in ((), ("--json",)):
            said = shop.run("accesskey", *arguments, *option)
            assert (said.code, secret[27:] in said.out + said.err) == (0, False)
    assert secret not in "".join(data for _, data in shop.events("access_key.created"))


def test_people_read_the_secret_on_a_line_of_its_own(shop: Shop) -> None:
    out = shop.said("accesskey", "create", "report")
    secret = out.splitlines()[0]
    assert not is_refused(shop, secret)
    assert out.count(secret) == 1
    assert f"avow accesskey deactivate {shop.made('accesskey', 'show', 'report')['id']}" in out


def test_key_is_made_in_the_name_of_a_command(shop: Shop) -> None:
    assert shop.made("accesskey", "create", "report")["key"]["createdBy"] == "command"
    assert [actor for actor, _ in shop.events("access_key.created")] == ["command"]


def test_key_of_tenants_has_its_roles_there(shop: Shop) -> None:
    shop.made("tenant", "create", "Other", "--id", "other")
    made = shop.made(
        "accesskey", "create", "report", "--tenant", "Other", "--tenant-role", "Acme", "reader", "--claim", "plan=gold"
    )
    assert made["key"]["keyTenants"] == [
        {"tenantId": "acme", "tenantName": "Acme", "roleNames": ["reader"]},
        {"tenantId": "other", "tenantName": "Other", "roleNames": []},
    ]
    token = exchanged(shop, made["cleartext"])
    assert token["plan"] == "gold"
    assert "Acme (reader), Other" in shop.said("accesskey", "list").replace("\n" + " " * 64, " ")


def test_key_that_acts_for_a_user_has_what_they_have(shop: Shop) -> None:
    made = shop.made("accesskey", "create", "mia's", "--user", "mia@example.com")
    assert exchanged(shop, made["cleartext"])["roles"] == ["reader"]
    assert [each["id"] for each in shop.listed("accesskey", "list", "--user", "mia@example.com")] == [made["key"]["id"]]
    shop.made("user", "disable", "mia@example.com")
    assert is_refused(shop, made["cleartext"])


def test_key_counts_from_permitted_addresses_only(shop: Shop) -> None:
    secret = shop.made("accesskey", "create", "report", "--permitted-ip", "192.0.2.0/24")["cleartext"]
    assert not is_refused(shop, secret)
    assert is_refused(shop, secret, "198.51.100.1")
    shop.made("accesskey", "update", "report", "--permitted-ip", "198.51.100.1")
    assert (is_refused(shop, secret), is_refused(shop, secret, "198.51.100.1")) == (True, False)
    changed = shop.made("accesskey", "update", "report", "--from-anywhere", "--name", "renamed")
    assert (changed["permittedIps"], changed["name"], is_refused(shop, secret)) == ([], "renamed", False)


@pytest.mark.parametrize("option", [("--days", "7"), ("--until", "2099-12-31"), ()])
def test_key_ends_when_it_was_said(shop: Shop, option: tuple[str, ...]) -> None:
    at = {"--days": time.time() + 7 * 86400, "--until": 4102358400}.get(option[0], 0) if option else 0
    made = shop.made("accesskey", "create", "report", *option)["key"]
    assert abs(made["expireTime"] - at) < 600
    assert ("never" in shop.said("accesskey", "list")) is (at == 0)


def test_rotated_key_has_another_secret_and_the_one_before_ends(shop: Shop) -> None:
    before = shop.made("accesskey", "create", "report", "--role", "reader")
    after = shop.made("accesskey", "rotate", "report")
    assert after["key"] == before["key"]
    assert is_refused(shop, before["cleartext"])
    assert exchanged(shop, after["cleartext"])["roles"] == ["reader"]


def test_keys_are_deactivated_and_activated_all_or_none(shop: Shop) -> None:
    secrets = [shop.made("accesskey", "create", name)["cleartext"] for name in ("one", "two")]
    assert shop.run("accesskey", "deactivate", "one", "nobody").code == 2
    assert [is_refused(shop, each) for each in secrets] == [False, False]
    assert shop.made("accesskey", "deactivate", "one", "two")["status"] == "inactive"
    assert [is_refused(shop, each) for each in secrets] == [True, True]
    shop.made("accesskey", "activate", "two")
    assert [is_refused(shop, each) for each in secrets] == [True, False]
    assert {actor for actor, _ in shop.events("access_key.deactivated")} == {"command"}


def test_deleting_asks_first(shop: Shop) -> None:
    made = shop.made("accesskey", "create", "report")
    assert shop.answered("n\n", "accesskey", "delete", "report").code == 2
    said = shop.answered("y\n", "accesskey", "delete", "report", "--json")
    assert json.loads(said.out) == {"ids": [made["key"]["id"]], "deleted": True}
    assert is_refused(shop, made["cleartext"])
    assert shop.run("accesskey", "show", made["key"]["id"]).code == 2


def test_name_of_several_keys_is_refused_with_their_ids(shop: Shop) -> None:
    ids = [shop.made("accesskey", "create", "report")["key"]["id"] for _ in range(2)]
    said = shop.run("accesskey", "rotate", "report")
    assert (said.code, all(each in said.err for each in ids)) == (2, True)
    assert shop.made("accesskey", "show", ids[0])["id"] == ids[0]


def test_keys_are_found_by_text_and_tenant(shop: Shop) -> None:
    shop.made("accesskey", "create", "nightly", "--tenant", "acme")
    shop.made("accesskey", "create", "hourly", "--description", "Not by NIGHT")
    assert len(shop.listed("accesskey", "list", "night")) == 2
    assert [each["name"] for each in shop.listed("accesskey", "list", "--tenant", "Acme")] == ["nightly"]
    assert "`avow accesskey list` shows all" in shop.said("accesskey", "list", "weekly")


def test_empty_list_says_what_to_do_next(shop: Shop) -> None:
    assert "avow accesskey create NAME" in shop.said("accesskey", "list")


@pytest.mark.parametrize(
    ("options", "code", "part"),
    [
        (("--user", "mia@example.com", "--role", "reader"), 2, "either a user, or roles and tenants"),
        (("--tenant", "Acme", "--role", "reader"), 2, "--tenant-role"),
        (("--days", "1", "--until", "2099-01-01"), 2, "either --days or --until"),
        (("--until", "2001-01-01"), 2, "in the past"),
        (("--role", "nobody"), 1, "There is no role named 'nobody'."),
        (("--permitted-ip", "not an address"), 1, "not an address"),
        (("--tenant", "nobody"), 2, "`avow tenant list`"),
        (("--user", "nobody@example.com"), 2, "`avow user list nobody@example.com`"),
    ],
)
def test_refused_key_is_not_made(shop: Shop, options: tuple[str, ...], code: int, part: str) -> None:
    said = shop.run("accesskey", "create", "report", *options)
    assert (said.code, said.err.count("\n"), said.out) == (code, 1, "")
    assert part in said.err
    assert shop.listed("accesskey", "list") == []
