"""Whom passkeys are for, and which pages may ask for them."""

import pytest

from avow.core.passkeys.parties import Party, is_origin, is_party_id
from avow.errors import InvalidArgument


@pytest.mark.parametrize(
    ("origin", "is_one"),
    [
        ("https://app.example.com", True),
        ("https://app.example.com:8443", True),
        ("http://localhost:3000", True),
        ("http://localhost", True),
        ("https://localhost", True),
        ("android:apk-key-hash:" + "A" * 43, True),
        ("android:apk-key-hash:short", False),
        ("http://app.example.com", False),
        ("http://localhost.evil.example", False),
        ("http://127.0.0.1:3000", False),
        ("https://app.example.com/", False),
        ("https://app.example.com/path", False),
        ("https://APP.example.com", False),
        ("https://app.example.com:443", False),
        ("https://user@app.example.com", False),
        ("https://*.example.com", False),
        ("null", False),
        ("", False),
        ("ftp://app.example.com", False),
    ],
)
def test_origin_is_what_browsers_write_over_tls_or_of_localhost(origin: str, is_one: bool) -> None:
    assert is_origin(origin) is is_one


@pytest.mark.parametrize(
    ("domain", "is_one"),
    [
        ("example.com", True),
        ("auth.example.com", True),
        ("localhost", True),
        ("xn--bcher-kva.example", True),
        ("127.0.0.1", False),
        ("10.1", False),
        ("::1", False),
        ("[::1]", False),
        ("Example.com", False),
        ("example.com:443", False),
        ("https://example.com", False),
        ("exa mple.com", False),
        ("-example.com", False),
        ("example.com.", False),
        ("", False),
    ],
)
def test_party_is_a_domain(domain: str, is_one: bool) -> None:
    assert is_party_id(domain) is is_one


def test_party_is_the_host_of_the_server_unless_the_project_says_another() -> None:
    own = Party.of("", (), "https://auth.example.com:8443/base", is_open=False)
    assert (own.id, own.origins) == ("auth.example.com", ("https://auth.example.com:8443",))
    named = Party.of("example.com", (), "https://auth.example.com", is_open=False)
    assert (named.id, named.origins) == ("example.com", ("https://auth.example.com", "https://example.com"))


def test_origins_of_the_project_stand_in_the_place_of_its_own() -> None:
    party = Party.of("example.com", ("https://app.example.com",), "https://auth.example.com", is_open=True)
    assert party.takes("https://app.example.com")
    for other in ("https://auth.example.com", "https://example.com", "https://evil.app.example.com", "null", ""):
        assert not party.takes(other)


def test_every_page_of_localhost_may_ask_in_development_only() -> None:
    for is_open in (True, False):
        party = Party.of("", (), "http://localhost:8000", is_open=is_open)
        assert party.takes("http://localhost:8000")
        assert party.takes("http://localhost:3000") is is_open
        assert not party.takes("http://localhost.evil.example:3000")
        assert not party.takes("http://app.localhost:3000")
    assert not Party.of("example.com", (), "http://localhost:8000", is_open=True).takes("http://localhost:3000")


def test_address_without_a_name_has_no_passkeys() -> None:
    with pytest.raises(InvalidArgument, match="passkey_rp_id"):
        Party.of("", (), "http://127.0.0.1:8000", is_open=True)
