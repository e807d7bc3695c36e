"""Names of things: their form, their order, their chance."""

import re
from collections import Counter

import pytest

from avow.core import ids

PREFIXES = [name for name in ids.__all__ if name.isupper()]


def test_every_kind_has_its_own_letter() -> None:
    letters = [getattr(ids, name) for name in PREFIXES]
    assert len(set(letters)) == len(letters) == 13
    assert all(re.fullmatch("[A-Z]", letter) for letter in letters)


@pytest.mark.parametrize("now", [0, 1_800_000_000, 8_000_000_000])
def test_directory_id_has_the_documented_form(now: int) -> None:
    assert re.fullmatch("U[0-9A-Za-z]{26}", ids.directory_id(ids.USER, now))


def test_random_id_has_the_documented_form() -> None:
    assert re.fullmatch("S[0-9A-Za-z]{26}", ids.random_id(ids.SESSION))


@pytest.mark.parametrize("length", [0, 1, 22, 43, 200])
def test_secret_text_is_as_long_as_asked(length: int) -> None:
    assert re.fullmatch(f"[0-9A-Za-z]{{{length}}}", ids.secret_text(length))


def test_directory_ids_sort_by_time_as_bytes_do() -> None:
    step = 600
    times = [0, step, 61 * step, 62 * step, 62 * 62 * step, 1_800_000_000, 1_800_000_000 + step, 3_600_000_000]
    made = [ids.directory_id(ids.USER, now).encode() for now in times]
    assert made == sorted(made)


def test_directory_ids_of_one_moment_share_the_time_alone() -> None:
    first, second = (ids.directory_id(ids.USER, 1_800_000_000) for _ in range(2))
    assert first[:5] == second[:5]
    assert first[5:] != second[5:]


def test_ids_do_not_repeat() -> None:
    assert len({ids.random_id(ids.CHALLENGE) for _ in range(20_000)}) == 20_000


def test_every_character_is_equally_likely() -> None:
    count = 62 * 4_000
    found = Counter(ids.secret_text(count))
    assert len(found) == 62
    # Chi-squared with 61 degrees of freedom passes 140 once in ten million runs. Bytes taken modulo 62 without
    # rejection would give about 6,000.
    assert sum((seen - 4_000) ** 2 / 4_000 for seen in found.values()) < 140


def test_places_are_independent_of_one_another() -> None:
    pairs = Counter(text[:2] for text in (ids.secret_text(2) for _ in range(20_000)))
    assert len(pairs) > 3_700  # of 3,844; 20,000 draws leave about 21 out
