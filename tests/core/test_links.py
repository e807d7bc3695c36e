"""Tokens of links: one spelling, enough chance, put into a URL without touching the rest."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.core import links

ID = "C" + "a" * 26
SECRET = "b" * 26
URLS = st.from_regex(
    r"https://app\.example\.com(/[a-z]{0,5}){0,3}(\?[a-zA-Z0-9%&=+;]{0,20})?(#[a-z?=&/#]{0,10})?", fullmatch=True
)


def test_token_reads_back() -> None:
    token = links.new_link_token()
    assert links.parse(token.text) == (token.challenge_id, token.secret)


def test_token_can_answer_a_challenge_chosen_before() -> None:
    token = links.new_link_token(ID)
    assert (token.challenge_id, token.text[:27]) == (ID, ID)


def test_tokens_differ_in_id_and_secret() -> None:
    made = [links.new_link_token() for _ in range(200)]
    assert len({token.challenge_id for token in made}) == len({token.secret for token in made}) == 200


def test_secret_is_not_shown() -> None:
    token = links.new_link_token()
    assert token.secret not in repr(token)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ID,
        ID + SECRET[:-1],
        ID + SECRET + "b",
        "U" + "a" * 26 + SECRET,
        "c" + "a" * 26 + SECRET,
        ID + SECRET + "\n",
        " " + ID + SECRET,
        ID + SECRET[:-1] + "_",
        ID + SECRET[:-1] + "-",
        ID + SECRET[:-1] + "=",
        ID + SECRET[:-1] + "\uff42",
        ID + SECRET[:-1] + "\u0661",
        ID + ":" + SECRET,
        "C" * 1_000_000,
    ],
)
def test_what_is_not_a_token_is_none(text: str) -> None:
    assert links.parse(text) is None


@given(st.text(max_size=60))
def test_parse_never_raises_and_has_one_spelling(text: str) -> None:
    found = links.parse(text)
    assert found is None or "".join(found) == text


@pytest.mark.parametrize(
    ("uri", "result"),
    [
        ("https://a.test", "https://a.test?t=T"),
        ("https://a.test/v", "https://a.test/v?t=T"),
        ("https://a.test/v?", "https://a.test/v?t=T"),
        ("https://a.test/v?x=1", "https://a.test/v?x=1&t=T"),
        ("https://a.test/v?t=old", "https://a.test/v?t=T"),
        ("https://a.test/v?t=1&x=%20a+b&t=2&tt=3", "https://a.test/v?x=%20a+b&tt=3&t=T"),
        ("https://a.test/v?%74=old", "https://a.test/v?t=T"),
        ("https://a.test/v?t", "https://a.test/v?t=T"),
        ("https://a.test/v?T=1", "https://a.test/v?T=1&t=T"),
        ("https://a.test/v#top", "https://a.test/v?t=T#top"),
        ("https://a.test/#/verify?x=1&t=2", "https://a.test/?t=T#/verify?x=1&t=2"),
        ("https://a.test/v?x=a?b#c#d", "https://a.test/v?x=a?b&t=T#c#d"),
    ],
)
def test_token_is_put_into_the_query(uri: str, result: str) -> None:
    assert links.with_token(uri, "T") == result


@given(URLS)
def test_token_is_the_only_t_and_all_else_stays(uri: str) -> None:
    result = links.with_token(uri, "T")
    before, after = urlsplit(uri), urlsplit(result)
    assert (before.scheme, before.netloc, before.path, before.fragment) == (
        after.scheme,
        after.netloc,
        after.path,
        after.fragment,
    )
    pairs = [pair for pair in parse_qsl(before.query, keep_blank_values=True) if pair[0] != "t"]
    assert parse_qsl(after.query, keep_blank_values=True) == [*pairs, ("t", "T")]
    assert links.with_token(result, "T") == result


def test_enchanted_numbers_are_three_different_ones_of_two_digits() -> None:
    chosen_places = set()
    for _ in range(300):
        made = links.enchanted_numbers()
        assert len(set(made.numbers)) == 3
        assert all(10 <= number <= 99 for number in made.numbers)
        chosen_places.add(made.numbers.index(made.chosen))
    assert chosen_places == {0, 1, 2}


def test_enchanted_numbers_reach_both_ends() -> None:
    class Last:
        def randbelow(self, exclusive_upper_bound: int, /) -> int:
            return exclusive_upper_bound - 1

    class First:
        def randbelow(self, exclusive_upper_bound: int, /) -> int:
            return 0

    assert links.enchanted_numbers(Last()) == links.EnchantedNumbers((99, 98, 97), 97)
    assert links.enchanted_numbers(First()) == links.EnchantedNumbers((10, 11, 12), 10)
