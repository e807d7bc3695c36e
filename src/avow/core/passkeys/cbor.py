"""The forms of CBOR that passkeys are written in, and nothing else: what a stranger sends is held against them unread.

The libraries that read CBOR know shared values, numbers of any size and more. A few bytes of those make an object that
contains itself, or doubles at each step, and writing it down again, as py_webauthn does, takes all memory there is.
"""

from typing import Final

__all__ = ["require_plain", "require_plain_data"]

_DEEPEST: Final = 8  # CTAP2 has at most 4
_NUMBERS: Final = (0, 1)
_STRINGS: Final = (2, 3)
_ARRAY: Final = 4
_MAP: Final = 5
_CONSTANTS: Final = range(0xF4, 0xF7)  # false, true, null
_FLAGS_AT: Final = 32
_ATTESTED: Final = 0x40
_EXTENDED: Final = 0x80
_FLAGS_END: Final = 37  # hash of the RP ID, flags, counter
_ID_LENGTH_AT: Final = 53
_ID_AT: Final = 55


def require_plain(data: bytes, at: int = 0, *, is_shortest: bool = False, depth: int = 0) -> int:
    """Return where the item ends that begins at an offset.

    Args:
        data: Of a stranger.
        at: Where the item begins.
        is_shortest: Take each number and length in its shortest form only. An item that is read and written again then
            takes as many bytes as before.
        depth: How many arrays and maps it is in.

    Raises:
        ValueError: It is a tag, a float, of indefinite length, too deep or cut short: nothing that CTAP2 writes.

    Spec: Client to Authenticator Protocol 2.1 section 8 (CTAP2 canonical CBOR encoding form); RFC 8949 section 3.
    """
    if depth > _DEEPEST:
        raise ValueError("CBOR that is nested too deeply")
    initial = _bytes(data, at, 1)[0]
    if initial in _CONSTANTS:
        return at + 1
    kind = initial >> 5
    argument, at = _argument(data, at, is_shortest=is_shortest)
    if kind in _NUMBERS:
        return at
    if kind in _STRINGS:
        _bytes(data, at, argument)
        return at + argument
    if kind not in (_ARRAY, _MAP):
        raise ValueError("CBOR of another kind than passkeys are written in")
    for _ in range(argument if kind == _ARRAY else 2 * argument):
        at = require_plain(data, at, is_shortest=is_shortest, depth=depth + 1)
    return at


def require_plain_data(data: object) -> None:
    """Look at the CBOR in authenticator data: the public key and the extensions, where the flags say so.

    py_webauthn writes the key again to learn where it ends. Only what is in its shortest form ends there, and nothing
    that was looked at as one item is read as another.

    Raises:
        ValueError: There is other CBOR than `require_plain` takes; or these are no bytes, or too few.

    Spec: Web Authentication Level 3 section 6.1.
    """
    if not isinstance(data, bytes):
        raise ValueError("authenticator data that are no bytes")
    flags = _bytes(data, _FLAGS_AT, _FLAGS_END - _FLAGS_AT)[0]
    at = _FLAGS_END
    if flags & _ATTESTED:
        at = _ID_AT + int.from_bytes(_bytes(data, _ID_LENGTH_AT, _ID_AT - _ID_LENGTH_AT), "big")
    if flags & (_ATTESTED | _EXTENDED):
        while at < len(data):
            at = require_plain(data, at, is_shortest=True)


def _argument(data: bytes, at: int, *, is_shortest: bool) -> tuple[int, int]:
    """Return the argument of an item that begins at an offset, and where that ends."""
    detail = data[at] & 31
    if detail < 24:
        return detail, at + 1
    if detail > 27:
        raise ValueError("CBOR of indefinite length")
    size: int = 1 << (detail - 24)
    argument = int.from_bytes(_bytes(data, at + 1, size), "big")
    if is_shortest and argument < (24 if size == 1 else 1 << (4 * size)):
        raise ValueError("CBOR in a longer form than it needs")
    return argument, at + 1 + size


def _bytes(data: bytes, at: int, count: int) -> bytes:
    if at + count > len(data):
        raise ValueError("CBOR that is cut short")
    return data[at : at + count]
