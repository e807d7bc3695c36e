"""Which addresses this server lets itself be sent to (S-SSR-01)."""

from ipaddress import ip_network

import pytest

from avow.core.networks import is_callable
from avow.core.targets import target

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
PRIVATE = (ip_network("10.0.0.0/8"),)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://hooks.example.com/a?b=c", "hooks.example.com", 443),
        ("https://Hooks.Example.com", "hooks.example.com", 443),
        ("https://hooks.example.com:8443/", "hooks.example.com", 8443),
        ("https://8.8.8.8/x", "8.8.8.8", 443),
        ("https://[2606:4700::1111]/x", "2606:4700::1111", 443),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443),
    ],
)
def test_public_https_may_be_called(url: str, host: str, port: int) -> None:
    found = target(url, ())
    assert found is not None
    assert (found.host, found.port, found.is_plain, found.url) == (host, port, False, url)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://127.0.0.1./",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/",
        "https://192.168.1.1/",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://255.255.255.255/",
        "https://224.0.0.1/",
        "https://[fd00::1]/",
        "https://[fe80::1]/",
        "https://[ff02::1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://localhost/",
        "https://a.localhost./",
        "https://localhost.localdomain/",
        "file:///etc/hostname",
        "gopher://hooks.example.com/",
        "ftp://hooks.example.com/",
        "data:text/plain,x",
        "https://user:pass@hooks.example.com/",
        "https://hooks.example.com@127.0.0.1/",
        "https://hooks.example.com\\@127.0.0.1/",
        "https://hooks.example.com/#part",
        "https://hooks.example.com/a b",
        "https://hooks.example.com/\r\nx: y",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:65536/",
        "https://hooks..example.com/",
        "https:///x",
        "https://[::1",
        "https://[fe80::1%25eth0]/",
        "https://bücher.example/",
        "//hooks.example.com/",
        "hooks.example.com",
        "",
        "https://hooks.example.com/" + "a" * 2048,
    ],
)
def test_anything_else_may_not(url: str) -> None:
    assert target(url, ()) is None


def test_operator_may_allow_networks_and_http_into_them() -> None:
    assert target("http://127.0.0.1:9/x", LOOPBACK)
    assert target("http://localhost:9/x", LOOPBACK)
    assert target("http://[::1]:9/x", LOOPBACK)
    assert target("https://10.1.2.3/x", PRIVATE)
    assert target("http://siem.example/x", PRIVATE)  # judged by its address when it is called
    assert target("http://8.8.8.8/x", PRIVATE) is None
    assert target("https://127.0.0.1/x", PRIVATE) is None
    assert target("https://localhost/x", PRIVATE) is None


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "2001:4860::8888", "::ffff:8.8.8.8"])
def test_public_addresses_are_callable(address: str) -> None:
    assert is_callable(address, ())


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "::ffff:10.0.0.1", "fe80::1%1", "2001:0:1::1", "", "example.com", "::127.0.0.1", "::10.0.0.1",
        "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "fec0::1", "fc00::1", "2002:7f00:1::", "5f00::1", "4000::1",
        "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.0.8", "192.0.0.9", "192.0.0.170", "192.0.2.1",
        "192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250",
        "240.0.0.1", "255.255.255.255", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:1::1",
        "2001:20::1", "2001:db8::1", "2001:0:4136:e378:8000:63bf:f5ff:fffe", "2002:808:808::1", "3ffe::1", "3fff::1",
        "ff02::1", "ff0e::1",
    ],
)  # fmt: skip
def test_others_are_not(address: str) -> None:
    assert not is_callable(address, ())
