"""Lists through the official SDK."""

from typing import Any

import pytest
from descope import AuthException


@pytest.mark.operation("mgmt.list.create", "mgmt.list.load", "mgmt.list.load_by_name", "mgmt.list.load_all")
def test_created_list_is_loaded(client: Any, fits: Any) -> None:
    made = client.mgmt.list.create("words", "texts", "Of the day", ["b", "a"])["list"]
    assert fits("mgmt.list.create", "list")
    assert (made["name"], made["type"], made["description"], made["data"]) == (
        "words",
        "texts",
        "Of the day",
        ["b", "a"],
    )
    assert client.mgmt.list.load(made["id"]) == client.mgmt.list.load_by_name("words") == {"list": made}
    facts = client.mgmt.list.create("facts", "json", data={"a": [1]})["list"]
    assert client.mgmt.list.load_all() == {"lists": [facts, made]}
    assert fits("mgmt.list.load_all")
    with pytest.raises(AuthException) as taken:
        client.mgmt.list.create("words", "ips")
    assert taken.value.status_code == 400


@pytest.mark.operation("mgmt.list.update", "mgmt.list.clear", "mgmt.list.delete")
def test_list_is_replaced_emptied_and_deleted(client: Any) -> None:
    made = client.mgmt.list.create("words", "texts", data=["a"])["list"]
    changed = client.mgmt.list.update(made["id"], "addresses", "ips", "changed", ["10.0.0.1"])["list"]
    assert changed == {**made, "name": "addresses", "type": "ips", "description": "changed", "data": ["10.0.0.1"]}
    client.mgmt.list.clear(made["id"])
    assert client.mgmt.list.load(made["id"])["list"] == {**changed, "data": []}
    client.mgmt.list.delete(made["id"])
    with pytest.raises(AuthException) as gone:
        client.mgmt.list.load(made["id"])
    assert gone.value.status_code == 404


@pytest.mark.operation("mgmt.list.import_lists")
def test_lists_are_imported(client: Any) -> None:
    client.mgmt.list.create("words", "texts", data=["a"])
    client.mgmt.list.import_lists(
        [{"name": "words", "type": "texts", "data": ["b"]}, {"name": "facts", "type": "json", "data": {"a": 1}}]
    )
    assert [(each["name"], each["data"]) for each in client.mgmt.list.load_all()["lists"]] == [
        ("facts", {"a": 1}),
        ("words", ["b"]),
    ]


@pytest.mark.operation("mgmt.list.add_ips", "mgmt.list.remove_ips", "mgmt.list.check_ip")
def test_addresses_are_added_found_and_removed(client: Any) -> None:
    list_id = client.mgmt.list.create("blocked", "ips")["list"]["id"]
    client.mgmt.list.add_ips(list_id, ["192.0.2.1", "10.0.0.0/8", "2001:db8::/32"])
    client.mgmt.list.add_ips(list_id, ["192.0.2.1"])
    assert client.mgmt.list.load(list_id)["list"]["data"] == ["192.0.2.1", "10.0.0.0/8", "2001:db8::/32"]
    asked = ["192.0.2.1", "10.1.2.3", "2001:db8::5", "192.0.2.2", "2001:db9::5"]
    assert [client.mgmt.list.check_ip(list_id, each) for each in asked] == [True, True, True, False, False]
    client.mgmt.list.remove_ips(list_id, ["10.0.0.0/8", "198.51.100.1"])
    assert not client.mgmt.list.check_ip(list_id, "10.1.2.3")


@pytest.mark.operation("mgmt.list.add_texts", "mgmt.list.remove_texts", "mgmt.list.check_text", "mgmt.list.check_texts")
def test_texts_are_added_found_and_removed(client: Any) -> None:
    list_id = client.mgmt.list.create("words", "texts")["list"]["id"]
    client.mgmt.list.add_texts(list_id, ["ann", "bob"])
    assert client.mgmt.list.check_text(list_id, "ann")
    assert not client.mgmt.list.check_text(list_id, "zed")
    assert client.mgmt.list.check_texts(list_id, ["zed", "bob"])
    assert not client.mgmt.list.check_texts(list_id, ["zed", "bob"], match_all=True)
    client.mgmt.list.remove_texts(list_id, ["ann"])
    assert client.mgmt.list.load(list_id)["list"]["data"] == ["bob"]
