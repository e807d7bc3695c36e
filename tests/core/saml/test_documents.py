"""Any bytes whatever are refused or read, in one way and with one exception."""

import base64
import copy
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from avow.core.saml import Reason, SamlRefused, parse_metadata, peek, read_response
from avow.core.saml.documents import RESPONSE_BOUNDS, instant, parsed
from tests.core.saml.test_metadata import metadata
from tests.saml.maker import assertion_xml, posted, response_xml
from tests.saml.pieces import ALICE, of_both
from tests.saml.stage import NOW, TOLD, cast, expected

PIECES = [
    "<", ">", "/", "&", ";", "'", '"', "=", " ", "\n", "\0", "\x0b", "\ufffe", "\ud800", "]]>", "<![CDATA[",
    "<!--", "-->", "<?x?>", "<!DOCTYPE a>", "&#0;", "&#x41;", "&lt;", "&x;", "xmlns=''", "xmlns:saml=''",
    "<ds:Signature>", "</ds:Signature>", "<saml:Assertion>", "</saml:Assertion>", "<saml:NameID>", "ID=''",
    "xml:id='_assertion1'", "é", "\U0001f511", "2.0", "#",
]  # fmt: skip


@cache
def genuine() -> str:
    return of_both(cast(), response_xml(cast().idp, TOLD, assertion_xml(cast().idp, TOLD)))


def outcome(text: str) -> str:
    """Return whom a text signs in, or "" when it is refused; anything else that is raised fails the test."""
    try:
        return read_response(text, expected(), NOW).subject or "nobody"
    except SamlRefused:
        return ""


@given(st.text())
def test_any_text_is_refused(text: str) -> None:
    assert outcome(text) == ""
    with pytest.raises(SamlRefused):
        peek(text)


@given(st.binary(max_size=2000))
def test_any_bytes_are_refused(data: bytes) -> None:
    assert outcome(base64.b64encode(data).decode()) == ""
    with pytest.raises(SamlRefused):
        parse_metadata(data, "", NOW)


@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_pieces_of_xml_are_refused(pieces: list[str]) -> None:
    document = "".join(pieces).encode("utf-8", "surrogatepass")
    assert outcome(base64.b64encode(document).decode()) == ""
    with pytest.raises(SamlRefused):
        parse_metadata(document, "", NOW)


@settings(max_examples=400)
@given(st.data())
def test_genuine_response_with_anything_put_in_signs_in_nobody_else(data: st.DataObject) -> None:
    whole = genuine()
    start = data.draw(st.integers(0, len(whole)), "from")
    end = start + data.draw(st.integers(0, 40), "left out")
    put_in = data.draw(st.one_of(st.sampled_from(PIECES), st.text(max_size=20)), "put in")
    document = (whole[:start] + put_in + whole[end:]).encode("utf-8", "surrogatepass")
    assert outcome(base64.b64encode(document).decode()) in ("", ALICE)


@settings(max_examples=300)
@given(st.data())
def test_genuine_metadata_with_anything_put_in_raises_nothing_else(data: st.DataObject) -> None:
    whole = metadata()
    start = data.draw(st.integers(0, len(whole)), "from")
    put_in = data.draw(st.one_of(st.sampled_from(PIECES), st.text(max_size=20)), "put in")
    document = (whole[:start] + put_in + whole[start + data.draw(st.integers(0, 40)) :]).encode(
        "utf-8", "surrogatepass"
    )
    try:
        parse_metadata(document, "", NOW)
    except SamlRefused:
        return


def test_elements_moved_about_sign_in_nobody_else(rounds: Callable[[int, int], int]) -> None:
    """Every subtree of a response that is signed twice is put before, after and into every other."""
    root = etree.fromstring(genuine().encode())
    count = len(list(root.iter()))
    every = rounds(11, 1)
    for moved in range(1, count):
        for to in range(moved % every, count, every):
            for how in ("append", "before", "replace"):
                tree = copy.deepcopy(root)
                nodes = list(tree.iter())
                piece, target = copy.deepcopy(nodes[moved]), nodes[to]
                if how == "append":
                    target.append(piece)
                elif (above := target.getparent()) is None:
                    continue
                elif how == "before":
                    target.addprevious(piece)
                else:
                    above.replace(target, piece)
                assert outcome(posted(etree.tostring(tree))) in ("", ALICE), (moved, to, how)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", Reason.NOT_XML),
        (b"<a/>" * 2, Reason.NOT_XML),
        (b"<a xmlns:x=''/>", Reason.NOT_XML),
        (b"<x:a/>", Reason.NOT_XML),
        (b"<a b='1' b='2'/>", Reason.NOT_XML),
        (b"<a xmlns:x='u' xmlns:y='u' x:b='1' y:b='2'/>", Reason.NOT_XML),
        (b"<a>\xff</a>", Reason.NOT_UTF8),
        (b"<?xml version='1.0' encoding='latin-1'?><a/>", Reason.NOT_UTF8),
        (b"<?xml version='1.1'?><a/>", Reason.NOT_XML),
        (b"<a>&b;</a>", Reason.NOT_XML),
        (b"<a>&#0;</a>", Reason.NOT_XML),
        (b"<!DOCTYPE a><a/>", Reason.FORBIDDEN_XML),
        (b"<a><!-- --></a>", Reason.FORBIDDEN_XML),
        (b"<a><?b?></a>", Reason.FORBIDDEN_XML),
        (b"<a xmlns='http://www.w3.org/2001/XInclude'/>", Reason.FORBIDDEN_XML),
        (b"<a>" * 33 + b"</a>" * 33, Reason.TOO_LARGE),
        (b"<a>" + b"<b/>" * RESPONSE_BOUNDS.max_elements + b"</a>", Reason.TOO_LARGE),
        (b"<a>" + b" " * RESPONSE_BOUNDS.max_bytes + b"</a>", Reason.TOO_LARGE),
        (b"<a " + b" ".join(b"b%d=''" % n for n in range(49)) + b"/>", Reason.TOO_LARGE),
    ],
)
def test_document_that_is_not_accepted_says_why(document: bytes, reason: Reason) -> None:
    with pytest.raises(SamlRefused) as refused:
        parsed(document, RESPONSE_BOUNDS)
    assert refused.value.reason is reason


@pytest.mark.parametrize(
    "document",
    [
        b"<a/>",
        b"\xef\xbb\xbf<?xml version='1.0' encoding='Utf-8' standalone='yes'?>\r\n<a/>\n",
        "<a>é\U0001f511</a>".encode(),
        b"<a>" * 32 + b"</a>" * 32,
        b"<a " + b" ".join(b"b%d=''" % n for n in range(48)) + b"/>",
        b"<a>" + b"<b/>" * (RESPONSE_BOUNDS.max_elements - 1) + b"</a>",
    ],
)
def test_document_within_the_bounds_is_read(document: bytes) -> None:
    assert parsed(document, RESPONSE_BOUNDS).tag == "a"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2027-01-15T08:00:00Z", NOW),
        ("2027-01-15T08:00:00.999Z", NOW),
        ("2027-01-15T08:00:00+00:00", NOW),
        ("1969-12-31T23:59:59Z", -1),
        ("9999-12-31T23:59:59Z", 253_402_300_799),
    ],
)
def test_time_in_utc_is_read(text: str, seconds: int) -> None:
    assert instant(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "2027-01-15", "2027-01-15T08:00:00", "2027-01-15 08:00:00Z", "2027-01-15T08:00:00+01:00",
     "2027-02-30T08:00:00Z", "2027-01-15T24:00:00Z", "2027-01-15T08:00:60Z", "0000-01-01T00:00:00Z",
     "12027-01-15T08:00:00Z", " 2027-01-15T08:00:00Z", "2027-01-15T08:00:00Z\n", "2027-01-15T08:00:00.Z"],
)  # fmt: skip
def test_what_is_no_time_in_utc_is_refused(text: str) -> None:
    with pytest.raises(SamlRefused) as refused:
        instant(text)
    assert refused.value.reason is Reason.TIME
