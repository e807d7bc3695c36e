"""Recovery codes: how many bits, how they look, and how a typed one is read."""

import re
import secrets
from collections import Counter
from itertools import count
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.core import recoverycodes


def test_ten_different_codes_are_made_in_groups_that_people_can_read() -> None:
    made = recoverycodes.new_codes()
    assert len(set(made)) == 10
    assert all(re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}", code) for code in made)


def test_each_letter_is_drawn_from_32() -> None:
    counts = Counter("".join("".join(recoverycodes.new_codes()) for _ in range(400)).replace("-", ""))
    assert len(counts) == 32
    expected = 400 * 120 / 32
    assert sum((count - expected) ** 2 / expected for count in counts.values()) < 90  # 31 degrees of freedom


def test_codes_come_from_the_system_randomness() -> None:
    numbers = (number if number < 12 else number // 12 for number in count())
    with mock.patch.object(secrets, "randbelow", side_effect=lambda bound: next(numbers) % bound):
        assert recoverycodes.new_codes()[0] == "0123-4567-89AB"


def test_code_that_comes_twice_is_made_anew() -> None:
    class Stuttering:
        def __init__(self) -> None:
            self.asked = -1

        def randbelow(self, exclusive_upper_bound: int, /) -> int:
            self.asked += 1
            return 0 if self.asked < 24 else self.asked // 12 % exclusive_upper_bound

    assert len(set(recoverycodes.new_codes(Stuttering()))) == 10


@pytest.mark.parametrize("typed", ["7K3M-QX0D-9ZTA", "7k3mqx0d9zta", " 7K3M QX0D 9ZTA ", "7k3m-qxOd-9zta"])
def test_code_is_read_as_people_type_it(typed: str) -> None:
    assert recoverycodes.bare(typed) == "7K3MQX0D9ZTA"


def test_letters_that_look_like_digits_are_read_as_digits() -> None:
    assert recoverycodes.bare("OoIi-LlO0-1111") == "001111001111"


@pytest.mark.parametrize(
    "typed", ["", "7K3M-QX0D-9ZT", "7K3M-QX0D-9ZTAA", "7K3M-QX0D-9ZTU", "ßßßß-ßßßß-ßßßß", "1" * 64]
)
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    assert recoverycodes.bare(typed) == ""


@given(st.text(max_size=64))
def test_any_text_is_read_without_a_fault(typed: str) -> None:
    assert len(recoverycodes.bare(typed)) in (0, 12)


def test_what_is_made_is_read() -> None:
    for code in recoverycodes.new_codes():
        assert recoverycodes.bare(code) == code.replace("-", "")
