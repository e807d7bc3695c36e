"""One-time codes: their chance, their shape, and the verdict on an attempt."""

import secrets
from collections import Counter
from itertools import pairwise
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.core import otp

RIGHT, WRONG = b"r" * 32, b"w" * 32
NOW = 1_800_000_000


class Fixed:
    """Randomness that always says the same."""

    def __init__(self, value: int) -> None:
        self.value = value

    def randbelow(self, exclusive_upper_bound: int, /) -> int:
        assert self.value < exclusive_upper_bound
        return self.value


@pytest.mark.parametrize(("value", "digits", "code"), [(0, 6, "000000"), (42, 6, "000042"), (999_999, 6, "999999")])
def test_code_keeps_leading_zeros(value: int, digits: int, code: str) -> None:
    assert otp.new_code(digits, Fixed(value)) == code


def test_code_is_drawn_from_the_whole_range() -> None:
    bounds = []

    class Recorder:
        def randbelow(self, exclusive_upper_bound: int, /) -> int:
            bounds.append(exclusive_upper_bound)
            return 0

    otp.new_code(6, Recorder())
    assert bounds == [10**6]


def test_codes_are_uniform_in_every_place() -> None:
    codes = [otp.new_code(6) for _ in range(20_000)]
    for place in range(6):
        counts = Counter(code[place] for code in codes)
        chi_square = sum((counts[str(digit)] - 2000) ** 2 / 2000 for digit in range(10))
        assert chi_square < 45  # 9 degrees of freedom: exceeded by chance once in a million
    repeats = sum(first == second for first, second in pairwise(codes))
    assert repeats < 5


def test_codes_come_from_the_system_randomness() -> None:
    with mock.patch.object(secrets, "randbelow", return_value=7):
        assert otp.new_code(4) == "0007"


@pytest.mark.parametrize("digits", [3, 11, 0, -1])
def test_length_out_of_range_is_a_mistake(digits: int) -> None:
    with pytest.raises(ValueError, match="digits"):
        otp.new_code(digits)


@pytest.mark.parametrize(
    ("text", "is_code"),
    [
        ("123456", True),
        ("0000", True),
        ("1234567890", True),
        ("", False),
        ("123", False),
        ("12345678901", False),
        (" 123456", False),
        ("123456\n", False),
        ("123456\0", False),
        ("12a456", False),
        ("+12345", False),
        ("12_345", False),
        ("\uff11\uff12\uff13\uff14\uff15\uff16", False),
        ("\u0661\u0662\u0663\u0664\u0665\u0666", False),
        ("1" * 1_000_000, False),
    ],
)
def test_code_shape_is_ascii_digits_only(text: str, is_code: bool) -> None:
    assert otp.is_code_shaped(text) is is_code


@given(st.text(max_size=12))
def test_code_shape_is_what_int_and_ascii_say(text: str) -> None:
    assert otp.is_code_shaped(text) == (text.isascii() and text.isdigit() and 4 <= len(text) <= 10)


@pytest.mark.parametrize(
    ("challenge", "mac", "verdict"),
    [
        (otp.Spent(RIGHT, 4, NOW + 1), RIGHT, otp.Accepted()),
        (otp.Spent(RIGHT, 0, NOW + 1), RIGHT, otp.Accepted()),  # the last attempt counts
        (otp.Spent(RIGHT, 4, NOW + 1), WRONG, otp.Wrong(4)),
        (otp.Spent(RIGHT, 0, NOW + 1), WRONG, otp.Wrong(0)),
        (otp.Spent(RIGHT, 4, NOW + 1), b"", otp.Wrong(4)),
        (otp.Spent(RIGHT, 4, NOW + 1), RIGHT[:-1], otp.Wrong(4)),
        (otp.Spent(RIGHT, 4, NOW), RIGHT, otp.Dead("expired")),
        (otp.Spent(RIGHT, 4, NOW - 1), RIGHT, otp.Dead("expired")),
        (otp.Spent(RIGHT, -1, NOW + 1), RIGHT, otp.Dead("spent")),
        (None, RIGHT, otp.Dead("absent")),
    ],
)
def test_verdict(challenge: otp.Spent | None, mac: bytes, verdict: otp.Verdict) -> None:
    assert otp.judge(challenge, mac, NOW) == verdict


def test_mac_is_not_shown() -> None:
    assert "rrr" not in repr(otp.Spent(RIGHT, 1, NOW))
