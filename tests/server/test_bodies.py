"""Forms and queries are read as the standard library reads them."""

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from avow.errors import MalformedRequest
from avow.server.bodies import pairs

_TEXT = st.text(alphabet=st.sampled_from("a=&+%2F0;e9é\u20ac\udc80 "), max_size=24)


@given(_TEXT | st.text(max_size=24))
@example("a=%C3%A9&b&=c&&d=+%2B+")
@example("a=%E9%zz%")
def test_text_is_read_as_parse_qsl_does(text: str) -> None:
    assert pairs(text) == parse_qsl(text, keep_blank_values=True, errors="replace")


@given(st.lists(st.tuples(st.text(min_size=1, max_size=8), st.text(max_size=8)), max_size=9))
def test_what_was_encoded_comes_back(sent: list[tuple[str, str]]) -> None:
    clean = [(_kept(name), _kept(value)) for name, value in sent]
    assert pairs(urlencode(clean)) == clean


def test_a_hundred_fields_are_read_and_more_are_refused() -> None:
    assert len(pairs("&".join(["a=b"] * 100))) == 100
    with pytest.raises(MalformedRequest):
        pairs("&".join(["a=b"] * 101))
    with pytest.raises(MalformedRequest):
        pairs("&" * 100)


def _kept(text: str) -> str:
    return text.encode(errors="replace").decode()
