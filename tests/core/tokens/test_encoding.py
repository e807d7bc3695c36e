"""Base64url and JSON: one spelling each."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.core.tokens.encoding import MAX_DEPTH, from_base64url, json_object, to_base64url

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.binary(max_size=200))
def test_bytes_come_back(data: bytes) -> None:
    text = to_base64url(data)
    assert text == base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    assert from_base64url(text.encode()) == data


@given(st.binary(max_size=12) | st.text("AQgw_-+/= \n", max_size=12).map(str.encode))
def test_no_other_text_spells_the_same_bytes(text: bytes) -> None:
    try:
        data = from_base64url(text)
    except ValueError:
        return
    assert to_base64url(data).encode() == text


def test_of_all_pairs_of_characters_exactly_256_are_accepted() -> None:
    accepted = set()
    for first in range(256):
        for second in range(256):
            try:
                accepted.add(from_base64url(bytes([first, second])))
            except ValueError:
                continue
    assert accepted == {bytes([value]) for value in range(256)}


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_any_honest_spelling_of_an_object_is_read(value: dict[str, object]) -> None:
    for text in (
        json.dumps(value),
        json.dumps(value, ensure_ascii=False, separators=(",", ":")),
        json.dumps(value, indent=1),
    ):
        try:
            data = text.encode()
        except UnicodeEncodeError:  # lone surrogates are no text
            continue
        assert json_object(data) == value


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":2}',
        '{"a":1,"a":1}',
        '{"a":1, "a":1}',
        '{"a":1,"\\u0061":1}',
        '{"b":{"a":1,"a":1}}',
        '{"b":[{"a":1,"a":1}]}',
        '{"b":[[{"a":1.50,"a":1}]]}',
        '{"a":{},"a":{}}',
        '{"":1,"":1}',
    ],
)
def test_a_repeated_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="repeated"):
        json_object(text.encode())


@pytest.mark.parametrize(
    "text", ["", "[]", "1", "null", '"a"', "{", '{"a":NaN}', '{"a":1e400}', "{'a':1}", '{"a":1}x', '{"a":"\\ud800"}']
)
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        json_object(text.encode())


@pytest.mark.parametrize("opening", ["[", '{"a":', '{ "a": '])
def test_nesting_is_bounded(opening: str) -> None:
    closing = "]" if opening == "[" else "}"

    def nested(depth: int) -> bytes:
        return ('{"a":' + opening * (depth - 1) + "1" + closing * (depth - 1) + "}").encode()

    json_object(nested(MAX_DEPTH))
    for depth in (MAX_DEPTH + 1, 1_000, 5_000, 100_000):
        with pytest.raises(ValueError, match="nested"):
            json_object(nested(depth))


def test_many_objects_beside_one_another_are_not_nesting() -> None:
    assert (
        len(json_object(json.dumps({str(number): [{}] for number in range(500)}, separators=(",", ":")).encode()))
        == 500
    )
