"""What makes a password good enough, and settings that hold together."""

import pytest

from avow.core.passwords.policy import changed, require_good, strictest
from avow.errors import InvalidArgument
from avow.wire.passwords import ConfigurePasswords, PasswordSettings

NAMES = ("mia@example.com", "+12025550101", "Mia Morales", "Al")
DEFAULTS = PasswordSettings()


@pytest.mark.parametrize(
    "password",
    [
        "eight888",
        "all of them small letters and spaces",
        "p" * 63 + "q",
        "x" * 255 + "y",
        "\u043f\u0430\u0440\u043e\u043b\u044c \U0001f512\U0001f511",
        "quotes ' and \" and \\",
        "Mia Morales likes tea",
        "alphabet soup",
    ],
)
def test_default_asks_for_length_alone(password: str) -> None:
    require_good(password, DEFAULTS, NAMES)


@pytest.mark.parametrize(
    "password",
    [
        "",
        "seven77",
        "e\u0301" * 7,
        "y" + "x" * 256,
        "zzzzzzzzzz",
        "23456789",
        "zyxwvuts",
        "mia@example.com",
        "MIA@EXAMPLE.COM",
        "mia@example.com1",
        "Mia Morales2026",
        "2026mia morales!",
        "+12025550101",
    ],
)
def test_short_endless_and_guessable_passwords_are_refused(password: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        require_good(password, DEFAULTS, NAMES)
    assert not password or password not in str(refused.value)


@pytest.mark.parametrize(
    ("rule", "bad", "good"),
    [
        ("lowercase", "UPPER CASE 1!", "Upper case 1!"),
        ("uppercase", "lower case 1!", "Lower case 1!"),
        ("number", "Lower Case !!", "Lower Case 1!"),
        ("non_alphanumeric", "LowerCase111", "LowerCase 111"),
    ],
)
def test_rules_of_composition(rule: str, bad: str, good: str) -> None:
    settings = PasswordSettings(**{rule: True})
    require_good(good, settings)
    with pytest.raises(InvalidArgument):
        require_good(bad, settings)


def test_strictest_of_several_is_what_satisfies_all() -> None:
    one = PasswordSettings(min_length=12, number=True, expiration=True, expiration_weeks=10, lock=False)
    two = PasswordSettings(min_length=10, lowercase=True, reuse=True, reuse_amount=3, lock_attempts=7)
    together = strictest([one, two, PasswordSettings()])
    assert together == PasswordSettings(
        min_length=12,
        number=True,
        lowercase=True,
        expiration=True,
        expiration_weeks=10,
        reuse=True,
        reuse_amount=3,
        lock=True,
        lock_attempts=7,
    )
    assert strictest([one]) == one
    assert strictest([]) == DEFAULTS
    assert not strictest([one, PasswordSettings(enabled=False)]).enabled


def test_change_keeps_what_is_not_named() -> None:
    before = PasswordSettings(min_length=12, number=True)
    assert changed(before, ConfigurePasswords(tenant_id="", number=False)) == PasswordSettings(min_length=12)
    with pytest.raises(InvalidArgument):
        changed(before, ConfigurePasswords(tenant_id="", expiration=True))


COMMON = frozenset({"sunshine", "passw0rd", "qwertyuiop", "dragon", "hello1"})


@pytest.mark.parametrize(
    "password",
    [
        "sunshine",
        "SunShine",
        "passw0rd",
        "qwertyuiop",
        "sunshine1",
        "sunshine2026",
        "!!sunshine!!",
        "1Dragon99",
        "dragon.1!",
        "Sunshine2026!",
        "dragon123456",
    ],
)
def test_password_of_many_is_refused_with_a_few_digits_or_signs_beside_it(password: str) -> None:
    require_good(password, DEFAULTS)
    with pytest.raises(InvalidArgument) as refused:
        require_good(password, DEFAULTS, (), COMMON)
    assert password not in str(refused.value)


@pytest.mark.parametrize(
    "password",
    [
        "sunshine on a rainy day",
        "sunshine47110815",
        "mysunshine",
        "hello1hello1",
        "dragonfly",
        "12345dragon67",
        "\U0001f409\U0001f409dragon\U0001f409\U0001f409\U0001f409",
    ],
)
def test_password_that_only_holds_a_common_one_is_taken(password: str) -> None:
    require_good(password, DEFAULTS, (), COMMON)
