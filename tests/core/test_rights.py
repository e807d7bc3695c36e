"""What a management key may do, and what it may give."""

import pytest

from avow.core.networks import is_permitted, network
from avow.core.rights import Grant, allows, is_right, parse, text_of

AREAS = {"user", "role"}


@pytest.mark.parametrize(
    ("rights", "reads", "writes"),
    [
        ("", False, False),
        ("*", True, True),
        ("*:read", True, False),
        ("user:read", True, False),
        ("user:write", True, True),
        ("role:write", False, False),
        ("role:write user:read", True, False),
        ("*:write", False, False),
        ("users:write", False, False),
    ],
)
def test_right_lets_do_what_it_names(rights: str, reads: bool, writes: bool) -> None:
    held = parse(rights)
    assert (allows(held, "user", only_reads=True), allows(held, "user", only_reads=False)) == (reads, writes)


@pytest.mark.parametrize("text", ["*", "*:read", "user:read", "user:write", "role:read"])
def test_rights_are_told_from_other_texts(text: str) -> None:
    assert is_right(text, AREAS)


@pytest.mark.parametrize(
    "text", ["", "user", "user:", "user:*", "*:write", ":read", "tenant:read", "User:read", "user:read ", "user:read\n"]
)
def test_other_texts_are_no_rights(text: str) -> None:
    assert not is_right(text, AREAS)


def test_rights_are_stored_and_read_back() -> None:
    assert parse(text_of(["user:write", "role:read", "user:write"])) == {"user:write", "role:read"}
    assert parse(text_of([])) == frozenset()


def grant(rights: str, tenant_id: str = "", *networks: str, expires_at: int | None = None) -> Grant:
    found = tuple(each for each in map(network, networks) if each is not None)
    assert len(found) == len(networks)
    return Grant(parse(rights), tenant_id, found, expires_at)


@pytest.mark.parametrize(
    ("holder", "other"),
    [
        (grant("*"), grant("*")),
        (grant("*"), grant("user:write *:read", "T1", "10.0.0.0/8", expires_at=5)),
        (grant("*:read"), grant("user:read role:read")),
        (grant("user:write"), grant("user:read")),
        (grant("user:read"), grant("")),
        (grant("*", "T1"), grant("user:read", "T1")),
        (grant("*", "", "10.0.0.0/8", "2001:db8::/32"), grant("*", "", "10.1.0.0/16", "2001:db8::1")),
        (grant("*", expires_at=9), grant("*", expires_at=9)),
    ],
)
def test_grant_covers_what_is_nowhere_wider(holder: Grant, other: Grant) -> None:
    assert holder.covers(other)


@pytest.mark.parametrize(
    ("holder", "other"),
    [
        (grant(""), grant("user:read")),
        (grant("user:read"), grant("user:write")),
        (grant("user:write"), grant("role:read")),
        (grant("user:write role:write"), grant("*:read")),
        (grant("*:read"), grant("*")),
        (grant("*:read"), grant("user:write")),
        (grant("*", "T1"), grant("user:read")),
        (grant("*", "T1"), grant("user:read", "T2")),
        (grant("*", "", "10.0.0.0/8"), grant("*")),
        (grant("*", "", "10.0.0.0/8"), grant("*", "", "0.0.0.0/0")),
        (grant("*", "", "10.0.0.0/8"), grant("*", "", "10.0.0.1", "::/0")),
        (grant("*", expires_at=9), grant("*", expires_at=10)),
        (grant("*", expires_at=9), grant("*")),
    ],
)
def test_grant_does_not_cover_what_is_wider_anywhere(holder: Grant, other: Grant) -> None:
    assert not holder.covers(other)


@pytest.mark.parametrize(
    ("address", "permitted", "may"),
    [
        ("203.0.113.7", (), True),
        ("203.0.113.7", ("203.0.113.0/24",), True),
        ("203.0.114.7", ("203.0.113.0/24",), False),
        ("2001:db8::7", ("203.0.113.0/24", "2001:db8::/64"), True),
        ("::ffff:203.0.113.7", ("203.0.113.7",), True),
        ("@socket", ("0.0.0.0/0",), False),
        ("@socket", (), True),
    ],
)
def test_address_is_permitted_within_the_networks(address: str, permitted: tuple[str, ...], may: bool) -> None:
    networks = tuple(each for each in map(network, permitted) if each is not None)
    assert is_permitted(address, networks) is may


@pytest.mark.parametrize("text", ["", "10.0.0.0/33", "example.com", "10.0.0", "10.0.0.0/-1", "1.2.3.4 "])
def test_other_texts_are_no_networks(text: str) -> None:
    assert network(text) is None
