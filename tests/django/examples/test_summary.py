"""The summariser of examples/django: sentences of the text, the weightiest ones, in its order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.django.summary import LONGEST_TEXT, summarise

TEXT = """
The harbour. It was built in 1883. The tide took the first wall of the harbour within a year. "Nobody," said Mr. Grant,
"asked the tide!" Gulls scream. The second wall of the harbour keeps the tide out? A bus comes twice a week.
"""


def test_sentences_that_hold_the_words_of_the_text_are_chosen_in_its_order() -> None:
    assert [each.text for each in summarise(TEXT, 2)] == [
        "The tide took the first wall of the harbour within a year.",
        "The second wall of the harbour keeps the tide out?",
    ]


def test_places_are_those_in_the_text() -> None:
    assert [each.place for each in summarise(TEXT, 100)] == list(range(1, len(summarise(TEXT, 100)) + 1))


@pytest.mark.parametrize("text", ["", " \n\n ", "..."])
def test_text_without_words_gives_no_words(text: str) -> None:
    assert not any(each.text.strip(".") for each in summarise(text, 3))


def test_what_is_beyond_the_bound_is_not_looked_at() -> None:
    assert summarise("Tide. " * LONGEST_TEXT, LONGEST_TEXT)[-1].place <= LONGEST_TEXT // 5


@given(st.text(max_size=400), st.integers(0, 12))
def test_nothing_is_made_up_and_nothing_is_lost(text: str, count: int) -> None:
    found = summarise(text, count)
    assert len(found) <= count
    squeezed = " ".join(text.split())
    assert all(each.text in squeezed for each in found)
    whole = summarise(text, len(text) + 1)
    assert "".join(each.text for each in whole).replace(" ", "") == "".join(text.split())
