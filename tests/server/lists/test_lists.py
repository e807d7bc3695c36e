"""POST and GET /v1/mgmt/list/..."""

from typing import Any

import pytest

from avow.server.lists import actions
from tests.server.api import Api, Statements

PATH = "/v1/mgmt/list"


@pytest.fixture
def key(api: Api) -> str:
    return api.avow.management_key


def create(api: Api, key: str, **body: Any) -> str:
    made: str = api.post(PATH, {"name": "blocked", "type": "ips", **body}, token=key)["list"]["id"]
    return made


def load(api: Api, key: str, list_id: str) -> Any:
    return api.get(PATH, {"id": list_id}, token=key)["list"]


def test_created_list_is_loaded_by_id_by_name_and_among_all(api: Api, key: str) -> None:
    body = {"name": "words", "type": "texts", "description": "Of the day", "data": ["b", "a", "b"]}
    made = api.post(PATH, body, token=key)["list"]
    assert made["id"].startswith("L")
    expected = {"id": made["id"], "name": "words", "description": "Of the day", "type": "texts", "data": ["b", "a"]}
    assert made == load(api, key, made["id"]) == expected
    assert api.get(f"{PATH}/name", {"name": "words"}, token=key)["list"] == expected
    empty = create(api, key)
    assert [each["id"] for each in api.get(f"{PATH}/all", token=key)["lists"]] == [empty, made["id"]]


def test_update_replaces_everything(api: Api, key: str) -> None:
    list_id = create(api, key, data=["10.0.0.1"], description="old")
    body = {"id": list_id, "name": "facts", "type": "json", "data": {"a": [1, {"b": None}]}}
    changed = api.post(f"{PATH}/update", body, token=key)["list"]
    assert changed == {
        "id": list_id,
        "name": "facts",
        "description": "",
        "type": "json",
        "data": {"a": [1, {"b": None}]},
    }
    assert load(api, key, list_id) == changed


def test_name_is_unique_and_unknown_lists_are_not_found(api: Api, key: str) -> None:
    create(api, key)
    other = create(api, key, name="other")
    assert api.post(PATH, {"name": "blocked", "type": "texts"}, token=key).refusal == (400, "E011004")
    renamed = {"id": other, "name": "blocked", "type": "ips"}
    assert api.post(f"{PATH}/update", renamed, token=key).refusal == (400, "E011004")
    assert api.post(f"{PATH}/update", {**renamed, "id": "Lnone"}, token=key).status == 404
    asked: list[tuple[str, dict[str, Any]]] = [
        ("delete", {}),
        ("clear", {}),
        ("ip/add", {"ips": ["10.0.0.1"]}),
        ("ip/check", {"ip": "10.0.0.1"}),
        ("text/check", {"text": "a"}),
    ]
    for call, body in asked:
        assert api.post(f"{PATH}/{call}", {"id": "Lnone", **body}, token=key).status == 404
    assert api.get(PATH, {"id": "Lnone"}, token=key).status == 404
    assert api.get(f"{PATH}/name", {"name": "none"}, token=key).status == 404


def test_addresses_are_added_removed_and_found_within_networks(api: Api, key: str) -> None:
    list_id = create(api, key)
    api.post(f"{PATH}/ip/add", {"id": list_id, "ips": ["10.0.0.0/8", "2001:DB8::/32"]}, token=key)
    api.post(f"{PATH}/ip/add", {"id": list_id, "ips": ["192.0.2.1", "10.0.0.0/8"]}, token=key)
    assert load(api, key, list_id)["data"] == ["10.0.0.0/8", "2001:db8::/32", "192.0.2.1"]

    def is_in(ip: str) -> bool:
        found: bool = api.post(f"{PATH}/ip/check", {"id": list_id, "ip": ip}, token=key)["exists"]
        return found

    assert [is_in(ip) for ip in ("10.9.8.7", "2001:db8::7", "192.0.2.1", "192.0.2.2")] == [True, True, True, False]
    api.post(f"{PATH}/ip/remove", {"id": list_id, "ips": ["10.0.0.0/8", "198.51.100.1"]}, token=key)
    assert [is_in(ip) for ip in ("10.9.8.7", "2001:db8::7")] == [False, True]
    assert api.post(f"{PATH}/ip/check", {"id": list_id, "ip": "nonsense"}, token=key).refusal == (400, "E011004")


def test_texts_are_added_removed_and_found_letter_by_letter(api: Api, key: str) -> None:
    list_id = create(api, key, type="texts", data=["ann"])
    api.post(f"{PATH}/text/add", {"id": list_id, "texts": ["bob", "ann"]}, token=key)

    def are_in(**body: Any) -> bool:
        found: bool = api.post(f"{PATH}/text/check", {"id": list_id, **body}, token=key)["exists"]
        return found

    assert are_in(text="ann")
    assert not are_in(text="Ann")
    assert are_in(texts=["zed", "bob"], matchAll=False)
    assert not are_in(texts=["zed", "bob"], matchAll=True)
    assert are_in(texts=["ann", "bob"], matchAll=True)
    assert api.post(f"{PATH}/text/check", {"id": list_id}, token=key).status == 400
    api.post(f"{PATH}/text/remove", {"id": list_id, "texts": ["ann", "zed"]}, token=key)
    assert load(api, key, list_id)["data"] == ["bob"]


def test_cleared_list_keeps_what_else_it_is(api: Api, key: str) -> None:
    wanted: list[tuple[str, Any, Any]] = [("texts", ["a"], []), ("ips", ["10.0.0.1"], []), ("json", {"a": 1}, {})]
    for kind, data, empty in wanted:
        list_id = create(api, key, name=kind, type=kind, data=data, description="kept")
        api.post(f"{PATH}/clear", {"id": list_id}, token=key)
        found = load(api, key, list_id)
        assert (found["name"], found["type"], found["description"], found["data"]) == (kind, kind, "kept", empty)


def test_deleted_list_is_gone(api: Api, key: str) -> None:
    list_id = create(api, key)
    assert api.post(f"{PATH}/delete", {"id": list_id}, token=key).status == 200
    assert api.get(PATH, {"id": list_id}, token=key).status == 404
    assert create(api, key) != list_id


def test_import_makes_and_replaces_all_or_none(api: Api, key: str) -> None:
    kept = create(api, key, name="kept", data=["10.0.0.1"])
    lists = [
        {"name": "renamed", "type": "texts", "data": ["x"], "id": kept},
        {"name": "new", "type": "json", "data": {"a": 1}},
    ]
    assert api.post(f"{PATH}/import", {"lists": lists}, token=key).status == 200
    assert load(api, key, kept)["name"] == "renamed"
    assert api.get(f"{PATH}/name", {"name": "new"}, token=key)["list"]["data"] == {"a": 1}
    again = [{"name": "new", "type": "json", "data": {"a": 2}}, {"name": "bad", "type": "ips", "data": ["nonsense"]}]
    assert api.post(f"{PATH}/import", {"lists": again}, token=key).status == 400
    assert api.get(f"{PATH}/name", {"name": "new"}, token=key)["list"]["data"] == {"a": 1}


@pytest.mark.parametrize(
    "body",
    [
        {"type": "ips", "data": ["nonsense"]},
        {"type": "ips", "data": {"a": 1}},
        {"type": "texts", "data": [1]},
        {"type": "texts", "data": "text"},
        {"type": "json", "data": ["a"]},
        {"type": "other"},
        {"type": "texts", "data": ["x" * 513]},
        {"type": "texts", "name": ""},
        {"type": "texts", "name": "x" * 257},
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_made(api: Api, key: str, body: dict[str, Any]) -> None:
    assert api.post(PATH, {"name": "wrong", **body}, token=key).status == 400
    assert api.get(f"{PATH}/all", token=key)["lists"] == []


def test_lists_of_one_type_are_not_asked_as_another(api: Api, key: str) -> None:
    texts, ips = create(api, key, name="t", type="texts"), create(api, key)
    assert api.post(f"{PATH}/ip/add", {"id": texts, "ips": ["10.0.0.1"]}, token=key).status == 400
    assert api.post(f"{PATH}/ip/check", {"id": texts, "ip": "10.0.0.1"}, token=key).status == 400
    assert api.post(f"{PATH}/text/add", {"id": ips, "texts": ["a"]}, token=key).status == 400
    assert api.post(f"{PATH}/text/check", {"id": ips, "text": "a"}, token=key).status == 400


def test_project_has_a_bounded_number_of_lists(api: Api, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_LISTS", 2)
    create(api, key, name="1")
    create(api, key, name="2")
    assert api.post(PATH, {"name": "3", "type": "texts"}, token=key).refusal == (400, "E011004")


def test_many_entries_cost_no_more_statements_than_one(api: Api, key: str, statements: Statements) -> None:
    list_id = create(api, key)
    counts = []
    for count in (1, 5_000):
        ips = [f"10.{number >> 8}.{number & 255}.1" for number in range(count)]
        with statements:
            assert api.post(f"{PATH}/ip/add", {"id": list_id, "ips": ips}, token=key).status == 200
        counts.append(len(statements.ran))
    assert counts[0] == counts[1]
    with statements:
        assert api.post(f"{PATH}/ip/check", {"id": list_id, "ip": "10.19.135.1"}, token=key)["exists"]
    assert statements.ran[-1] == "lists.FIND"


def test_lists_of_another_project_are_out_of_reach(api: Api, key: str, make_project: Any) -> None:
    list_id = create(api, key, data=["10.0.0.1"])
    other = Api(make_project())
    theirs = other.avow.management_key
    assert other.get(PATH, {"id": list_id}, token=theirs).status == 404
    assert other.get(f"{PATH}/name", {"name": "blocked"}, token=theirs).status == 404
    assert other.get(f"{PATH}/all", token=theirs)["lists"] == []
    assert other.post(f"{PATH}/delete", {"id": list_id}, token=theirs).status == 404
    stolen = [{"id": list_id, "name": "x", "type": "texts"}]
    assert other.post(f"{PATH}/import", {"lists": stolen}, token=theirs).status == 200
    assert load(api, key, list_id)["name"] == "blocked"
