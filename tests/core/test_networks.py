"""Client addresses: only trusted proxies are believed, from the nearest outwards."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.core.networks import client_address, is_rebindable, subscriber

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("::1/128"), ip_network("fd00::/8"))
PROXY, CLIENT, FORGED = "10.0.0.1", "203.0.113.7", "198.51.100.9"


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        (CLIENT, None, CLIENT),
        (CLIENT, "", CLIENT),
        (CLIENT, FORGED, CLIENT),  # the peer is no proxy: what it says does not count
        (PROXY, None, PROXY),
        (PROXY, CLIENT, CLIENT),
        (PROXY, f"{FORGED}, {CLIENT}", CLIENT),  # the client wrote the first entry itself
        (PROXY, f"{FORGED}, {CLIENT}, 10.0.0.2", CLIENT),
        (PROXY, f"{CLIENT},10.0.0.2,\t10.0.0.3", CLIENT),
        (PROXY, "10.0.0.9, 10.0.0.2", "10.0.0.9"),  # all trusted: the farthest
        (PROXY, "unknown", PROXY),
        (PROXY, f"{CLIENT}, _hidden", PROXY),
        (PROXY, f"{FORGED}, nonsense, 10.0.0.2", "10.0.0.2"),
        (PROXY, f"{CLIENT},", PROXY),
        (PROXY, ",,,", PROXY),
        (PROXY, f"{CLIENT}:4711", CLIENT),
        (PROXY, f"{CLIENT}:x", PROXY),
        (PROXY, f"{CLIENT}:\u0661", PROXY),
        (PROXY, "[2001:db8::7]:443", "2001:db8::7"),
        (PROXY, "[2001:db8::7]", "2001:db8::7"),
        (PROXY, "2001:db8:0:0::7", "2001:db8::7"),
        (PROXY, "[2001:db8::7", PROXY),
        (PROXY, "[203.0.113.7]", PROXY),
        (PROXY, "fe80::1%eth0", PROXY),
        (PROXY, "203.0.113.007", PROXY),
        (PROXY, "\uff12\uff10\uff13.0.113.7", PROXY),
        (PROXY, "127.1", PROXY),
        ("::1", "2001:db8::7", "2001:db8::7"),
        ("::ffff:10.0.0.1", f"::ffff:{CLIENT}", CLIENT),
        ("::ffff:203.0.113.7", FORGED, CLIENT),
        ("/run/avow.sock", CLIENT, "/run/avow.sock"),
        ("", CLIENT, ""),
    ],
)
def test_client_address(peer: str, forwarded_for: str | None, client: str) -> None:
    assert client_address(peer, forwarded_for, TRUSTED) == client


def test_nobody_is_trusted_by_default() -> None:
    assert client_address("127.0.0.1", CLIENT, ()) == "127.0.0.1"


@given(st.text(max_size=80), st.sampled_from([PROXY, CLIENT, "::1"]))
def test_any_header_gives_an_address(forwarded_for: str, peer: str) -> None:
    found = client_address(peer, forwarded_for, TRUSTED)
    assert str(ip_address(found)) == found


@given(st.text(max_size=80))
def test_what_the_client_forges_never_counts(forged: str) -> None:
    assert client_address(PROXY, f"{forged}, {CLIENT}", TRUSTED) == CLIENT


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::1", "::/64"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("/run/avow:1.sock", "/run/avow:1.sock"),
        ("", ""),
    ],
)
def test_ipv6_addresses_of_one_subscriber_are_counted_together(address: str, counted: str) -> None:
    assert subscriber(address) == counted


@pytest.mark.parametrize(
    ("host", "is_strangers"),
    [
        ("evil.example", True),
        ("evil.example:8000", True),
        ("EVIL.example.:8000", True),
        ("localhost.evil.example", True),
        ("127.0.0.1.evil.example", True),
        ("", False),
        ("localhost:8000", False),
        ("app.localhost:8000", False),
        ("127.0.0.1:8000", False),
        ("[::1]:8000", False),
        ("avow:8000", False),
        ("login.example.org", False),
        ("Login.Example.org.", False),
    ],
)
def test_domain_that_a_stranger_may_have_pointed_here(host: str, is_strangers: bool) -> None:
    assert is_rebindable(host, "login.example.org") is is_strangers
