"""For how long wrong passwords lock."""

import pytest

from avow.core.passwords.lockout import CEILING, LONGEST_SECONDS, lock_seconds, series_of
from avow.wire.passwords import PasswordSettings


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [
        (1, 0),
        (9, 0),
        (10, 900),
        (11, 0),
        (20, 1800),
        (30, 3600),
        (70, 57_600),
        (80, LONGEST_SECONDS),
        (100_000, LONGEST_SECONDS),
    ],
)
def test_each_series_locks_twice_as_long_as_the_one_before_up_to_a_day(failures: int, seconds: int) -> None:
    assert lock_seconds(failures, 10) == seconds


def test_one_wrong_password_can_be_a_series() -> None:
    assert [lock_seconds(failures, 1) for failures in (1, 2, 3)] == [900, 1800, 3600]


def test_whoever_locks_nothing_still_has_a_ceiling() -> None:
    assert series_of(PasswordSettings()) == 10
    assert series_of(PasswordSettings(lock_attempts=3)) == 3
    assert series_of(PasswordSettings(lock=False)) == CEILING <= 100


def test_guessing_on_and_on_comes_to_few_tries_a_day() -> None:
    failures, seconds = 0, 0
    while seconds < 30 * 86_400:
        failures += 1
        seconds += lock_seconds(failures, 10)
    assert failures <= 400
