"""XML of strangers made into a tree: judged by its bytes and by a scan before anything is built, and read strictly.

There are no document types, entities, comments, processing instructions or inclusions in what this returns: honest
documents have none, and each is a way to be read differently by two readers.
"""

import binascii
import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias
from xml.parsers import expat

from lxml import etree

from avow.core.saml.limits import (
    MAX_ATTRIBUTES,
    MAX_DEPTH,
    MAX_POSTED_CHARACTERS,
    MAX_RESPONSE_BYTES,
    MAX_RESPONSE_ELEMENTS,
)
from avow.core.saml.refusals import Reason, SamlRefused

__all__ = [
    "ANY",
    "MAYBE",
    "ONE",
    "RESPONSE_BOUNDS",
    "Bounds",
    "Element",
    "assertion_name",
    "flag",
    "hardened_parser",
    "instant",
    "of_base64",
    "parsed",
    "parts",
    "protocol_name",
    "required",
    "signature_name",
    "whole_text",
    "written",
]

Element: TypeAlias = etree._Element  # pyright: ignore[reportPrivateUsage]  # the library has no other name for it

_PROTOCOL: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
_ASSERTION: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
_SIGNATURE: Final = "http://www.w3.org/2000/09/xmldsig#"
_INCLUSION: Final = "{http://www.w3.org/2001/XInclude}*"
_DATE_TIME: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]{1,20})?(?:Z|[+-]00:00)", re.ASCII
)
_WHITE_SPACE: Final = str.maketrans("", "", " \t\r\n")

# How often an element stands in another: at least, at most.
ONE: Final = (1, 1)
MAYBE: Final = (0, 1)
ANY: Final = (0, MAX_RESPONSE_ELEMENTS)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a document may be."""

    max_bytes: int
    max_elements: int


RESPONSE_BOUNDS: Final = Bounds(MAX_RESPONSE_BYTES, MAX_RESPONSE_ELEMENTS)


def protocol_name(name: str) -> str:
    """Return the qualified name of an element of the SAML protocol."""
    return f"{{{_PROTOCOL}}}{name}"


def assertion_name(name: str) -> str:
    """Return the qualified name of an element of SAML assertions."""
    return f"{{{_ASSERTION}}}{name}"


def signature_name(name: str) -> str:
    """Return the qualified name of an element of XML signatures."""
    return f"{{{_SIGNATURE}}}{name}"


# --- Bytes -----------------------------------------------------------------------------------------------------------


def of_base64(text: str) -> bytes:
    """Return the bytes that a form's field spells in base64, with or without line breaks.

    Raises:
        SamlRefused: It is too long (TOO_LARGE), or anything but base64 with its padding (NOT_BASE64).
    """
    if len(text) > MAX_POSTED_CHARACTERS:
        raise SamlRefused(Reason.TOO_LARGE, f"{len(text)} characters were posted")
    try:
        return binascii.a2b_base64(text.translate(_WHITE_SPACE), strict_mode=True)
    except ValueError as error:
        raise SamlRefused(Reason.NOT_BASE64, str(error)) from error


def parsed(document: bytes, bounds: Bounds) -> Element:
    """Return the root of an XML document in UTF-8.

    Raises:
        SamlRefused: It breaks the bounds (TOO_LARGE), is no UTF-8 or says so (NOT_UTF8), is not well-formed (NOT_XML),
            or has what no honest document has (FORBIDDEN_XML).

    Spec: XML 1.0, Namespaces in XML 1.0; SAML Core section 1.2 (no document types follow from section 1.3.3).
    """
    if len(document) > bounds.max_bytes:
        raise SamlRefused(Reason.TOO_LARGE, f"{len(document)} bytes")
    try:
        document.decode()
    except UnicodeDecodeError as error:
        raise SamlRefused(Reason.NOT_UTF8, str(error)) from error
    # In UTF-8 a document type can be spelt in this one way only, so no parser ever begins with one.
    if b"<!DOCTYPE" in document or b"<!ENTITY" in document:
        raise SamlRefused(Reason.FORBIDDEN_XML, "a document type")
    _Scan(bounds.max_elements).read(document)
    try:
        root = etree.fromstring(document, hardened_parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise SamlRefused(Reason.NOT_XML, str(error)) from error
    if next(root.iter(_INCLUSION), None) is not None:
        raise SamlRefused(Reason.FORBIDDEN_XML, "an inclusion")
    return root


def hardened_parser() -> etree.XMLParser:
    """Return a parser that resolves, loads and includes nothing."""
    return etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, collect_ids=False
    )


def written(element: Element) -> bytes:
    """Return an element as a document of its own, with the namespaces that are in scope where it stands."""
    return etree.tostring(element, encoding="utf-8", xml_declaration=False, with_tail=False)


class _Scan:
    """Reads through a document without building anything, and stops at what is not accepted."""

    def __init__(self, max_elements: int) -> None:
        self._elements_left = max_elements
        self._depth = 0

    def read(self, document: bytes) -> None:
        parser = expat.ParserCreate("UTF-8")
        parser.ordered_attributes = True
        parser.XmlDeclHandler = self._declaration
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = _refuse_document_type
        parser.CommentHandler = _refuse_comment
        parser.ProcessingInstructionHandler = _refuse_instruction
        try:
            parser.Parse(document, True)
        except expat.ExpatError as error:
            raise SamlRefused(Reason.NOT_XML, str(error)) from error

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if version != "1.0":
            raise SamlRefused(Reason.NOT_XML, "XML of another version than 1.0")
        if encoding is not None and encoding.upper() != "UTF-8":
            raise SamlRefused(Reason.NOT_UTF8, f"declared to be {encoding}")

    def _start(self, name: str, attributes: list[str]) -> None:
        self._depth += 1
        self._elements_left -= 1
        if self._depth > MAX_DEPTH:
            raise SamlRefused(Reason.TOO_LARGE, f"nested deeper than {MAX_DEPTH}")
        if self._elements_left < 0:
            raise SamlRefused(Reason.TOO_LARGE, "too many elements")
        if len(attributes) > 2 * MAX_ATTRIBUTES:  # names and values in turn
            raise SamlRefused(Reason.TOO_LARGE, f"{len(attributes) // 2} attributes of one element")

    def _end(self, name: str) -> None:
        self._depth -= 1


def _refuse_document_type(*_: object) -> None:
    raise SamlRefused(Reason.FORBIDDEN_XML, "a document type")


def _refuse_comment(text: str) -> None:
    raise SamlRefused(Reason.FORBIDDEN_XML, "a comment")


def _refuse_instruction(target: str, data: str) -> None:
    raise SamlRefused(Reason.FORBIDDEN_XML, "a processing instruction")


# --- Trees -----------------------------------------------------------------------------------------------------------


def parts(element: Element, grammar: Mapping[str, tuple[int, int]]) -> dict[str, list[Element]]:
    """Return the children of an element by name.

    Args:
        element: One whose content are elements only.
        grammar: Qualified name of each child that may stand there, and how often (ONE, MAYBE, ANY).

    Raises:
        SamlRefused: STRUCTURE: there is text, another element, or one too often or too seldom.
    """
    found: dict[str, list[Element]] = {name: [] for name in grammar}
    if (element.text or "").strip() or any((child.tail or "").strip() for child in element):
        raise SamlRefused(Reason.STRUCTURE, f"text in {_short(element)}")
    for child in element:
        name = str(child.tag)
        if name not in found:
            raise SamlRefused(Reason.STRUCTURE, f"{_short(child)} in {_short(element)}")
        found[name].append(child)
    for name, (least, most) in grammar.items():
        if not least <= len(found[name]) <= most:
            raise SamlRefused(Reason.STRUCTURE, f"{len(found[name])} {name.rpartition('}')[2]} in {_short(element)}")
    return found


def whole_text(element: Element) -> str:
    """Return the text of an element that has nothing else.

    Raises:
        SamlRefused: STRUCTURE: there is something else.
    """
    if len(element):
        raise SamlRefused(Reason.STRUCTURE, f"{_short(element)} has more than text")
    return element.text or ""


def required(element: Element, name: str) -> str:
    """Return an attribute that has to be there.

    Raises:
        SamlRefused: STRUCTURE: it is missing or empty.
    """
    value = element.get(name)
    if not value:
        raise SamlRefused(Reason.STRUCTURE, f"{_short(element)} without {name}")
    return value


def instant(text: str) -> int:
    """Return the whole seconds since the epoch of a time in UTC.

    Raises:
        SamlRefused: TIME: it is none.

    Spec: SAML Core section 1.3.3; no leap seconds.
    """
    found = _DATE_TIME.fullmatch(text)
    try:
        if found is not None:
            year, month, day, hour, minute, second = map(int, found.groups())
            return int(datetime.datetime(year, month, day, hour, minute, second, tzinfo=datetime.UTC).timestamp())
    except ValueError as error:
        raise SamlRefused(Reason.TIME, text) from error
    raise SamlRefused(Reason.TIME, text)


def flag(text: str | None) -> bool:
    """Tell whether an XML boolean says yes; None says no."""
    return text is not None and text.strip() in ("true", "1")


def _short(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
