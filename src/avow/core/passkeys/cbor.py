"""The forms of CBOR that passkeys are written in, and nothing else: what a stranger sends is held against them unread.

The libraries that read CBOR know shared values, numbers of any size and more. A few bytes of those make an object that
contains itself, or doubles at each step, and writing it down again, as py_webauthn does, takes all memory there is.
"""

from typing import Final

__all__ = ["require_plain", "require_plain_data"]

_DEEPEST: Final = 4  # levels of arrays and maps, as CTAP2 allows
_NUMBERS: Final = (0, 1)
_STRINGS: Final = (2, 3)
_ARRAY: Final = 4
_MAP: Final = 5
_CONSTANTS: Final = range(0xF4, 0xF7)  # false, true, null
_FLAGS_AT: Final = 32
_ATTESTED: Final = 0x40
_EXTENDED: Final = 0x80
_HEAD_END: Final = 37  # hash of the RP ID, flags, counter
_ID_LENGTH_AT: Final = 53
_ID_AT: Final = 55


def require_plain(data: bytes, at: int = 0, *, is_shortest: bool = False, depth: int = 0) -> int:
    """Return where the item of CBOR ends that begins at an offset.

    Args:
        data: The bytes it is in.
        at: Where it begins.
        is_shortest: Take each number and length in its shortest form only.
        depth: How many arrays and maps it is in.

    Raises:
        ValueError: It is, or has in it, what no passkey is written with: a tag, a float, undefined or another simple
            value, an array or a map as a key, an indefinite length, more than four levels; or it is cut short.

    Spec: Client to Authenticator Protocol 2.1 section 8 (CTAP2 canonical CBOR encoding form); RFC 8949 section 3.
    """
    _require(data, at, 1)
    if data[at] in _CONSTANTS:
        return at + 1
    kind = data[at] >> 5
    if kind > _MAP:
        raise ValueError("CBOR of another kind than passkeys are written in")
    argument, at = _argument(data, at, is_shortest=is_shortest)
    if kind in _NUMBERS:
        return at
    if kind in _STRINGS:
        _require(data, at, argument)
        return at + argument
    if depth == _DEEPEST:
        raise ValueError("CBOR that is nested too deeply")
    for _ in range(argument):
        if kind == _MAP:
            _require_plain_key(data, at)
            at = require_plain(data, at, is_shortest=is_shortest, depth=depth + 1)
        at = require_plain(data, at, is_shortest=is_shortest, depth=depth + 1)
    return at


def require_plain_data(data: object) -> None:
    """Look at the CBOR in authenticator data: the public key and the extensions, where the flags say so.

    py_webauthn writes the key again to learn where it ends. What is in its shortest form ends there, as long as texts
    have to be UTF-8 and keys unique, which py_webauthn and cbor2 see to; so nothing that was looked at as one item is
    read as another. A key or extensions that are missing are left to py_webauthn.

    Raises:
        ValueError: There is other CBOR than maps that `require_plain` takes; or these are no bytes, or too few.

    Spec: Web Authentication Level 3 section 6.1.
    """
    if not isinstance(data, bytes):
        raise ValueError("authenticator data that are no bytes")
    _require(data, 0, _HEAD_END)
    at, flags = _HEAD_END, data[_FLAGS_AT]
    if flags & _ATTESTED:
        _require(data, _ID_LENGTH_AT, _ID_AT - _ID_LENGTH_AT)
        at = _ID_AT + int.from_bytes(data[_ID_LENGTH_AT:_ID_AT], "big")
    if not flags & (_ATTESTED | _EXTENDED):
        return
    if data[at : at + 1] and data[at] >> 5 != _MAP:
        raise ValueError("CBOR that is no map, where a key or extensions should be")
    while at < len(data):
        at = require_plain(data, at, is_shortest=True)


def _require_plain_key(data: bytes, at: int) -> None:
    """Refuse an array or a map as the key of a map: many of them can have the same hash."""
    _require(data, at, 1)
    if data[at] >> 5 in (_ARRAY, _MAP):
        raise ValueError("CBOR with a key that is an array or a map")


def _argument(data: bytes, at: int, *, is_shortest: bool) -> tuple[int, int]:
    """Return the number or length in the head of an item that begins at an offset, and where that head ends."""
    detail = data[at] & 31
    if detail < 24:
        return detail, at + 1
    if detail > 27:
        raise ValueError("CBOR of indefinite length")
    size: int = 1 << (detail - 24)
    _require(data, at + 1, size)
    argument = int.from_bytes(data[at + 1 : at + 1 + size], "big")
    if is_shortest and argument < (24 if size == 1 else 1 << (4 * size)):
        raise ValueError("CBOR in a longer form than it needs")
    return argument, at + 1 + size


def _require(data: bytes, at: int, count: int) -> None:
    if at + count > len(data):
        raise ValueError("CBOR that is cut short")
