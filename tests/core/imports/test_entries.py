"""Files taken apart into entries, wherever the blocks end, and whatever stands in them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.core.imports.context import Context
from avow.core.imports.entries import MOST_BYTES, Entry, documents, json_entries, lines, table
from avow.core.imports.formats import FORMATS, person_of
from avow.errors import InvalidArgument
from tests.core.imports.samples import FIREBASE, KEYCLOAK, TABLE

SAMPLES = {
    "lines": (lines, b'{"a": 1}\r\n\n  {"b": "\xc3\xa9"}\n{"c": 3}'),
    "list": (json_entries, '[{"a": "é\\"]"}, {"b": [1, {}]},\n{"c": 3}]'.encode()),
    "firebase": (json_entries, FIREBASE),
    "keycloak": (documents, KEYCLOAK),
    "table": (table, TABLE),
}


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_where_blocks_end_changes_nothing(name: str, size: int) -> None:
    split, data = SAMPLES[name]
    found = list(split([data]))
    assert list(split(cut(data, size))) == found
    assert all(not entry.problem for entry in found)


def test_lines_are_numbered_as_in_an_editor() -> None:
    found = list(lines([b"\xef\xbb\xbf1\n\n \n2\r\n3"]))
    assert [(each.number, each.data) for each in found] == [(1, b"1"), (4, b"2"), (5, b"3")]


def test_line_that_is_too_long_is_one_refused_entry_whatever_the_blocks() -> None:
    data = b"1\n" + b"x" * (3 * MOST_BYTES) + b"\n2\n"
    for size in (1000, MOST_BYTES, 5 * MOST_BYTES):
        first, long, last = lines(cut(data, size))
        assert (first.data, last.data, last.number) == (b"1", b"2", 3)
        assert "longer than" in long.problem
        assert long == list(lines([data]))[1]


def test_list_is_taken_apart_entry_by_entry() -> None:
    found = list(json_entries([b' [ {"a": 1} ,{"b": 2}]  ']))
    assert [(each.number, json.loads(each.data)) for each in found] == [(1, {"a": 1}), (2, {"b": 2})]


def test_object_with_users_is_a_document_and_any_other_a_line() -> None:
    assert [each.data for each in json_entries([b'{"users": [{"a": 1}]}\n'])] == [b'{"a": 1}']
    assert [each.data for each in json_entries([b'{"a": 1}\n{"a": 2}\n'])] == [b'{"a": 1}', b'{"a": 2}']
    assert [each.data for each in json_entries([b'{\n"users":\n[{"a": 1}]}'])] == [b'{"a": 1}']


@pytest.mark.parametrize(
    ("data", "before"),
    [
        (b'[{"a": 1}, {"b": ', 1),
        (b'[{"a": 1} {"b": 2}]', 1),
        (b'[{"a": 1},', 1),
        (b'[{"a": 1}', 1),
        (b'{"realm": 1}', 0),
        (b'{"users": 7}', 0),
        (b'[{"a": "\xff"}]', 0),
        (b"[" * 100_000, 0),
        (b"", 0),
    ],
)  # fmt: skip
def test_document_that_breaks_off_gives_what_is_before_and_says_so(data: bytes, before: int) -> None:
    *found, last = documents([data])
    assert len(found) == before
    assert (last.number, last.is_last) == (before + 1, True)
    assert f"from its entry {before + 1} on" in last.problem


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "start", [b"[", b'{"users":', b'{"a":', b'{"users":[{"a":', b'{"line":1,"record":', b'[{"fields":']
)
def test_deep_nesting_is_refused_and_nothing_breaks(name: str, start: bytes) -> None:
    for entry in FORMATS[name].entries([start * 20_000 + b"}" * 20_000]):
        if name != "csv":
            with pytest.raises(InvalidArgument):
                person_of(FORMATS[name], entry, Context())


def test_entry_that_is_too_long_is_refused_and_the_next_is_read() -> None:
    long, last = documents([b'["', b"x" * (MOST_BYTES + 1), b'", 2]'])
    assert "longer than" in long.problem
    assert (last.number, last.data) == (2, b"2")


def test_rows_are_objects_with_the_number_of_their_first_line() -> None:
    first, second = table([TABLE])
    assert (first.number, second.number) == (2, 3)
    assert json.loads(first.data)["Name"] == "Moe, Mia"
    assert json.loads(second.data) == {"Login ID": "zoe", "Name": "Zoe\nof two lines"}


@pytest.mark.parametrize(
    ("row", "reason"), [(b"1", "has 1 fields"), (b"1,2,3", "has 3 fields"), (b"1,\xff", "not UTF-8")]
)
def test_row_that_does_not_fit_is_refused_and_the_next_is_read(row: bytes, reason: str) -> None:
    bad, good = table([b"a,b\n" + row + b"\n3,4\n"])
    assert reason in bad.problem
    assert (bad.number, bad.data) == (2, row)
    assert (good.number, json.loads(good.data)) == (3, {"a": "3", "b": "4"})


def test_quote_that_is_never_closed_takes_no_more_than_its_bound() -> None:
    rows = b"".join(b"name-%06d,2\n" % number for number in range(40_000))
    found = list(table([b'a,b\n"x,2\n' + rows]))
    assert "cannot be read" in found[0].problem
    assert len(found) > 20_000
    assert [entry.number for entry in found] == sorted({entry.number for entry in found})


@pytest.mark.parametrize("header", [b"a,a\n1,2\n", b"a,\n1,2\n", b"a," * 501 + b"a\n"])
def test_header_that_is_ambiguous_ends_it(header: bytes) -> None:
    (entry,) = table([header])
    assert entry.is_last


@given(st.lists(st.binary(max_size=40), max_size=6), st.sampled_from([lines, json_entries, documents, table]))
def test_any_bytes_are_entries_in_rising_order(blocks: list[bytes], split: object) -> None:
    found: list[Entry] = list(split(blocks))  # type: ignore[operator]  # one of the functions above
    numbers = [entry.number for entry in found]
    assert numbers == sorted(set(numbers))
    assert not any(entry.is_last for entry in found[:-1])


@given(st.lists(st.dictionaries(st.text(), st.integers() | st.text()), max_size=5), st.integers(1, 50))
def test_any_objects_come_through_as_lines_and_as_list(objects: list[dict[str, object]], size: int) -> None:
    as_lines = "\n".join(json.dumps(each) for each in objects).encode()
    as_list = json.dumps(objects, indent=1, ensure_ascii=False).encode()
    assert [json.loads(each.data) for each in lines(cut(as_lines, size))] == objects
    assert [json.loads(each.data) for each in documents(cut(as_list, size))] == objects
