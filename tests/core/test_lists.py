"""What lists hold, and whether an address lies in one."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.core import lists
from avow.errors import InvalidArgument


def test_addresses_stand_once_in_their_shortest_form() -> None:
    given_ = ["10.0.0.1", "::ffff:10.0.0.1", "2001:DB8:0::1", "10.0.0.9/8", "::ffff:10.0.0.0/104", "1.2.3.4/32"]
    assert lists.entries("ips", given_) == ("10.0.0.1", "2001:db8::1", "10.0.0.0/8", "1.2.3.4")


@pytest.mark.parametrize("wrong", ["", "x" * 513, 7, None, ["a"]])
def test_entry_that_is_no_text_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidArgument):
        lists.entries("texts", [wrong])


@pytest.mark.parametrize("wrong", ["10.0.0", "10.0.0.256", "fe80::1%eth0", "10.0.0.0/33", "example.com", "0x7f000001"])
def test_entry_that_is_no_address_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidArgument):
        lists.entries("ips", [wrong])


def test_list_is_bounded() -> None:
    full = [f"t{number}" for number in range(lists.MOST_ENTRIES)]
    assert len(lists.entries("texts", full)) == lists.MOST_ENTRIES
    with pytest.raises(InvalidArgument):
        lists.with_entries(full, ["one more"])
    assert lists.with_entries(full, full[:3]) == tuple(full)


def test_entries_are_added_behind_and_removed() -> None:
    assert lists.with_entries(("b", "a"), ("c", "a")) == ("b", "a", "c")
    assert lists.without_entries(("b", "a", "c"), ("a", "x")) == ("b", "c")


@pytest.mark.parametrize(
    ("address", "is_in"),
    [
        ("10.1.2.3", True),
        ("11.0.0.0", False),
        ("::ffff:10.1.2.3", True),
        ("192.0.2.7", True),
        ("192.0.2.8", False),
        ("2001:db8:1::1", True),
        ("2001:db9::1", False),
        ("10.1.0.0/16", True),
        ("10.0.0.0/8", True),
        ("8.0.0.0/6", False),
        ("0.0.0.0/0", False),
        ("::a01:203", False),  # the IPv6 address with the same low bits is another one
    ],
)
def test_address_is_in_a_list_itself_or_by_its_network(address: str, is_in: bool) -> None:
    held = ("10.0.0.0/8", "192.0.2.7", "2001:db8::/32")
    assert lists.contains_address(held, address) == is_in


networks = st.tuples(st.ip_addresses(), st.integers(0, 128)).map(
    lambda pair: str(ip_network((pair[0], min(pair[1], pair[0].max_prefixlen)), strict=False))
)


@given(st.lists(networks, max_size=8), st.ip_addresses())
def test_membership_is_what_the_library_says_of_each_network(held: list[str], address: object) -> None:
    kept = lists.entries("ips", held)
    plain = ip_address(str(address))
    mapped = getattr(plain, "ipv4_mapped", None) or plain
    expected = any(mapped in ip_network(each) for each in kept)
    assert lists.contains_address(kept, str(address)) == expected
