"""Redirects and origins: every payload against a list, judged by two other parsers of URLs as well."""

from urllib.parse import urlsplit

import ada_url
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from avow.core import redirects
from avow.errors import AvowError, InvalidArgument

APP = "https://app.example.com"
EVERYWHERE = [APP]
BELOW = [f"{APP}/in"]


def is_approved(url: str, approved: list[str], *, default_open: bool = False) -> bool:
    try:
        return redirects.approve(url, approved, default_open=default_open) == url
    except InvalidArgument:
        return False


@pytest.mark.parametrize(
    "url",
    [
        APP,
        f"{APP}/",
        f"{APP}?next=%2Fhome",
        f"{APP}#top",
        f"{APP}/in/side?x=https://other.example//path&y=a@b#/hash?z",
        f"{APP}/a%20b/%C3%A9/x.y/..z/...",
        f"{APP}/100%25",
        f"{APP}:443/in",
        "HTTPS://App.Example.COM/in",
    ],
)
@pytest.mark.parametrize("approved", [[APP], [f"{APP}/"], [f"{APP}/*"], [f"{APP}:443"], ["https://x.test", APP]])
def test_url_of_an_approved_origin_is_approved(url: str, approved: list[str]) -> None:
    assert is_approved(url, approved)


@pytest.mark.parametrize("approved", ["/in", "/in/*", "/in/"])
@pytest.mark.parametrize("url", [f"{APP}/in/", f"{APP}/in/side", f"{APP}/in/?x=1#y"])
def test_path_below_an_approved_one_is_approved(url: str, approved: str) -> None:
    assert is_approved(url, [APP + approved])


@pytest.mark.parametrize(
    "url",
    [
        APP,
        f"{APP}/",
        f"{APP}/i",
        f"{APP}/inside",
        f"{APP}/in.evil",
        f"{APP}/IN",
        f"{APP}/in%2Fside",
        f"{APP}/other/in",
        f"{APP}/?/in/",
        f"{APP}/in/../admin",
        f"{APP}/in/..",
        f"{APP}/in/./x",
        f"{APP}/in/%2e%2e/admin",
        f"{APP}/in/%2E./admin",
        f"{APP}/in/.%2e/admin",
        f"{APP}/in/%252e%252e/admin",
        f"{APP}/in/%25252e%25252e/admin",
        f"{APP}/in/..;/admin",
        f"{APP}/in/..;x=1/admin",
        f"{APP}/in/..%2fadmin",
        f"{APP}/in/..%5Cadmin",
        f"{APP}/in/%5c..%5cadmin",
        f"{APP}/in/..%252fadmin",
        f"{APP}/in/..%255cadmin",
        f"{APP}//in/x",
    ],
)
def test_path_outside_an_approved_one_is_refused(url: str) -> None:
    assert is_approved(f"{APP}/in", BELOW)
    assert not is_approved(url, BELOW)


PAYLOADS = [
    # S-LNK-03
    "https://evil.example",
    "//evil.example",
    "https://app.example.com.evil.example",
    "https://app.example.com@evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "https:\\\\evil.example",
    "http://app.example.com",
    # S-WEB-07
    "",
    "/",
    "/in",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "https:////evil.example",
    "http:///app.example.com@evil.example",
    "/%09/evil.example",
    "/\t/evil.example",
    "@evil.example",
    "https://app.example.com%40evil.example",
    "https://app.example.com:443@evil.example",
    "https://app.example.com:@evil.example",
    "https://evil.example@app.example.com",
    "https://@app.example.com",
    "https://app.example.com\\@evil.example",
    "https://app.example.com\\.evil.example",
    "https://app.example.com%2eevil.example",
    "https://app.example.com%00.evil.example",
    "https://app.example.com%0d%0aLocation:%20https://evil.example",
    "https://app.example.com/%0d%0aLocation:%20https://evil.example",
    "https://app.example.com/?x=%0d%0aLocation:%20https://evil.example",
    "https://app.example.com/\r\nLocation: https://evil.example",
    "https://app.example.com/\n",
    "https://app.example.com/ x",
    " https://app.example.com/",
    "\thttps://app.example.com/",
    "\x01https://app.example.com/",
    "ht\ntps://evil.example",
    "https://app.exa\tmple.com/",
    "https://app.example.com/\x00",
    "https://app.example.com/%zz",
    "https://app.example.com/%",
    "https://app.example.com//evil.example",
    "https://app.example.com/..//evil.example",
    "https://app.example.com/.//evil.example",
    "https://app.example.com:444",
    "https://app.example.com:0",
    "https://app.example.com:99999",
    "https://app.example.com:",
    "https://app.example.com:44\u0663",
    "https://app.example.com.",
    "https://.app.example.com",
    "https://xapp.example.com",
    "https://evilapp.example.com",
    "https://example.com",
    "https://app.example.com;evil.example",
    "https://app.example.com,evil.example",
    "https://app.example.com&evil.example",
    "https://app.example.com$evil.example",
    "https://*.example.com",
    "https://app.ex\u00e4mple.com",
    "https://\u24d0pp.example.com",
    "https://\uff41pp.example.com",
    "https://app\u3002example\u3002com",
    "https://app.example.com\u2044evil.example",
    "https://evil.example\uff0fapp.example.com",
    "https://evil.example\u2215.app.example.com",
    "https://\u2100.example.com",
    "https://app.example.com\u00ad",
    "https://[app.example.com]",
    "https://[::1]",
    "https://[::ffff:203.0.113.7]",
    "https://2130706433",
    "https://0x7f.1",
    "https://127.1",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "blob:https://app.example.com/1",
    "view-source:https://app.example.com",
    "ftp://app.example.com",
    "ws://app.example.com",
    "httpss://app.example.com",
    "https //app.example.com",
    "https://app.example.com/" + "a" * 2048,
    "<script>alert(1)</script>",
    "https://app.example.com/<script>",
    'https://app.example.com/"onload=x',
    "https://app.example.com/`x`",
    "https://app.example.com/{{7*7}}",
    "null",
    "about:blank",
]


@pytest.mark.parametrize("url", PAYLOADS)
@pytest.mark.parametrize("approved", [[APP], [f"{APP}/*"], [f"{APP}/in"]])
def test_payload_is_refused_beside_a_working_control(url: str, approved: list[str]) -> None:
    assert is_approved(f"{APP}/in", approved)
    assert not is_approved(url, approved)


@pytest.mark.parametrize(
    "url",
    ["http://localhost:3000/verify", "https://anything.example/x?y#z", "http://127.0.0.1:8000", "http://[::1]:8000/"],
)
def test_empty_list_approves_all_or_nothing(url: str) -> None:
    assert is_approved(url, [], default_open=True)
    assert not is_approved(url, [], default_open=False)
    assert not is_approved(url, [APP], default_open=True)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "javascript:alert(1)",
            "//evil.example",
            "https://u@evil.example",
            "https:\\\\evil.example",
            "https:evil.example",
        ),
        *("http://127.1", "http://0x7f000001", "http://017700000001", "http://1.2.3.4.5", "http://1.2.3.256"),
        *("http://[::0001]", "http://[::1%25eth0]", "http://a..b", "http://-a.test", "http://" + "a." * 126 + "test"),
        "http://xn--a-.test:x",
    ],
)
def test_open_list_still_refuses_what_is_ambiguous(url: str) -> None:
    assert not is_approved(url, [], default_open=True)


@pytest.mark.parametrize(
    "entry",
    [
        *("*", "", "https://*", "https://*.example.com", "http://localhost:*", "app.example.com", "//app.example.com"),
        *("https://user@app.example.com", "https://app.example.com\\", "javascript:*"),
    ],
)
def test_entry_that_is_no_url_approves_nothing(entry: str) -> None:
    for url in ("https://app.example.com/x", "http://localhost:3000", "https://x.example.com", "https://localhost"):
        assert not is_approved(url, [entry])
        assert not redirects.approve_origin(url.removesuffix("/x"), [entry])
    assert not redirects.is_entry(entry)


def test_star_within_a_path_is_a_star() -> None:
    assert is_approved(f"{APP}/a*/b", [f"{APP}/a*"])
    assert not is_approved(f"{APP}/ab", [f"{APP}/a*"])


def test_refusal_is_an_invalid_argument() -> None:
    with pytest.raises(InvalidArgument) as refused:
        redirects.approve("https://evil.example", [APP], default_open=False)
    assert (refused.value.status_code, refused.value.error_code) == (400, "E011004")
    assert "evil" not in refused.value.error_message


def test_entry_with_a_query_approves_only_itself() -> None:
    entry = f"{APP}/in?tenant=t1"
    assert is_approved(entry, [entry])
    assert not is_approved(f"{APP}/in", [entry])
    assert not is_approved(f"{APP}/in?tenant=t2", [entry])
    assert not is_approved("javascript:alert(1)", ["javascript:alert(1)"])


@pytest.mark.parametrize("entry", [APP, f"{APP}/in", f"{APP}/*", "http://localhost:3000"])
def test_entry_that_is_a_url_is_one(entry: str) -> None:
    assert redirects.is_entry(entry)


@pytest.mark.parametrize(
    "origin",
    [
        *(
            "https://evil.example",
            "null",
            "",
            "*",
            "https://app.example.com.evil.example",
            "https://evilapp.example.com",
        ),
        *(
            "http://app.example.com",
            "https://app.example.com:444",
            "https://app.example.com:443",
            "https://example.com",
        ),
        *(
            "https://app.example.com/",
            "https://app.example.com/in",
            "https://app.example.com?",
            "https://app.example.com#",
        ),
        *(
            "HTTPS://app.example.com",
            "https://App.example.com",
            "https://user@app.example.com",
            " https://app.example.com",
        ),
        *("https://app.example.com\n", "https://app.example.com, https://evil.example", "file://", "https://"),
    ],
)
def test_foreign_origin_is_refused(origin: str) -> None:
    assert redirects.approve_origin("https://app.example.com", EVERYWHERE)
    assert not redirects.approve_origin(origin, EVERYWHERE)
    assert not redirects.approve_origin(origin, BELOW)


@pytest.mark.parametrize("allowed", [APP, f"{APP}/", f"{APP}:443", f"{APP}/in/side?x=1", f"{APP}/*"])
def test_origin_of_an_allowed_url_is_allowed(allowed: str) -> None:
    assert redirects.approve_origin(APP, ["http://other.test", allowed])


def test_origin_with_a_port_of_its_own() -> None:
    assert redirects.approve_origin("http://localhost:3000", ["http://localhost:3000/app"])
    assert not redirects.approve_origin("http://localhost:3001", ["http://localhost:3000/app"])
    assert not redirects.approve_origin("http://localhost", ["http://localhost:3000/app"])


def test_empty_list_allows_every_web_origin_or_none() -> None:
    assert redirects.approve_origin("http://localhost:3000", [], default_open=True)
    assert not redirects.approve_origin("http://localhost:3000", [])
    assert not redirects.approve_origin("null", [], default_open=True)
    assert not redirects.approve_origin("http://localhost:3000", [APP], default_open=True)


PIECES = [
    *(
        "https:",
        "http:",
        "javascript:",
        "//",
        "/",
        "\\",
        "@",
        ":",
        ":443",
        ".",
        "..",
        "%2e",
        "%2f",
        "%5c",
        "%00",
        "%40",
    ),
    *("app.example.com", "evil.example", "example.com", "[::1]", "127.0.0.1", "1", "in", "?", "#", ";", "&", "=", "*"),
    *(
        "\t",
        "\n",
        " ",
        "\u3002",
        "\uff0f",
        "\u2100",
        "\u00ad",
        "\u200b",
        "xn--",
        "0x7f",
        "a",
        "%",
        "%25",
        "|",
        "^",
        "<",
    ),
]
URLS = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(PIECES), max_size=10).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=8).map(lambda pieces: "".join([APP, *pieces])),
    st.lists(st.sampled_from(PIECES), max_size=8).map(lambda pieces: "".join([f"{APP}/in", *pieces])),
)


@given(URLS)
@example("https://app.example.com/in/%2e%2e/x")
@example("https://app.example.com/in?\\@evil.example")
def test_what_is_approved_has_an_approved_host_and_path_for_every_parser(url: str) -> None:
    if not is_approved(url, BELOW):
        return
    by_urllib = urlsplit(url)
    assert (by_urllib.scheme, by_urllib.hostname, by_urllib.port or 443) == ("https", "app.example.com", 443)
    assert (by_urllib.username, by_urllib.password) == (None, None)
    by_browser = ada_url.URL(url)
    assert by_browser.origin == APP
    assert by_browser.pathname == "/in" or by_browser.pathname.startswith("/in/")
    assert (by_browser.username, by_browser.password) == ("", "")


@given(URLS)
def test_open_approval_agrees_with_every_parser(url: str) -> None:
    if not is_approved(url, [], default_open=True):
        return
    by_urllib, by_browser = urlsplit(url), ada_url.URL(url)
    assert by_urllib.scheme == by_browser.protocol.removesuffix(":")
    assert by_urllib.hostname == by_browser.hostname.strip("[]")
    assert redirects.approve_origin(by_browser.origin, [url])


@given(st.text(max_size=40), st.lists(st.text(max_size=20), max_size=3), st.booleans())
def test_anything_gets_an_answer(url: str, approved: list[str], default_open: bool) -> None:
    redirects.approve_origin(url, approved, default_open=default_open)
    try:
        assert redirects.approve(url, approved, default_open=default_open) == url
    except AvowError:
        return
