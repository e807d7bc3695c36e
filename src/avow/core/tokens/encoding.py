"""The two encodings of a token, each with one accepted spelling: base64url, and JSON objects without repeated names."""

import binascii
import json

import msgspec

from avow import shaping

__all__ = ["from_base64url", "from_json", "json_object", "to_base64url", "to_json"]

MAX_DEPTH = 32

# Alphabet of RFC 4648 section 5 to that of section 4; what base64url does not have becomes what base64 does not have.
_TO_STANDARD = bytes.maketrans(b"-_+/=", b"+/!!!")
_TO_URL = bytes.maketrans(b"+/", b"-_")
# By the length of the text modulo 4: its padding, and the last characters that leave no stray bits.
_PADDING = (b"", b"", b"==", b"=")
_LAST = (b"", b"", b"AQgw", b"AEIMQUYcgkosw048")

from_json = shaping.decoder(dict[str, object]).decode
to_json = msgspec.json.Encoder().encode


def to_base64url(data: bytes) -> str:
    """Return `data` as base64url without padding."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL, b"=").decode("ascii")


def from_base64url(text: bytes) -> bytes:
    """Return the bytes that `text` spells.

    Args:
        text: Base64url without padding.

    Raises:
        ValueError: A padded text, another character, a length that no data has, or bits after the data's end: each
            string of bytes has exactly one spelling here.

    Spec: RFC 7515 section 2 and appendix C; RFC 4648 section 3.5.
    """
    rest = len(text) % 4
    if rest and text[-1] not in _LAST[rest]:
        raise ValueError("stray bits after the end of the base64url data")
    return binascii.a2b_base64(text.translate(_TO_STANDARD) + _PADDING[rest], strict_mode=True)


def json_object(data: bytes) -> dict[str, object]:
    """Return the JSON object that `data` spells.

    Args:
        data: JSON in UTF-8.

    Raises:
        ValueError: Malformed JSON, numbers out of range, not an object, a repeated member name at any depth, or
            nesting deeper than 32.

    Spec: RFC 7515 section 4 and RFC 7519 section 4 (of repeated names a parser may take the last; we refuse).
    """
    try:
        found = from_json(data)
    except RecursionError as error:
        raise ValueError("JSON nested too deeply") from error
    # Encoding again gives the same bytes only if no repeated name was dropped. It is a small part of what a parser
    # with a hook per object costs, which therefore sees only what others have spelt differently.
    if to_json(found) != data:
        _refuse_depth(found)
        json.loads(data, object_pairs_hook=_refuse_repeated)
    elif data.count(b"{") + data.count(b"[") > MAX_DEPTH:
        _refuse_depth(found)
    return found


def _refuse_depth(found: object) -> None:
    level: list[object] = [found]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())
            if isinstance(child, (dict, list))
        ]
        if not level:
            return
    raise ValueError("JSON nested too deeply")


def _refuse_repeated(pairs: list[tuple[str, object]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a member name is repeated")
