"""CBOR of strangers: what passkeys are written in is let through, and nothing that grows when it is read or written."""

import hashlib
import struct

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.core.passkeys.cbor import require_plain, require_plain_data

_KEY = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: bytes(32), -3: bytes(32)})


def doubling(steps: int) -> bytes:
    """Return an array of twice the array of the step before, which the second time is a reference: RFC 8949, tag 29."""
    inner = b"\x80"
    for step in range(steps):
        inner = b"\x82\xd8\x1c" + inner + b"\xd8\x1d\x18" + bytes([steps - 1 - step])
    return b"\xd8\x1c" + inner


# Reading these is one thing, writing them again another: never try that with the second.
GROWING = {
    "an array that doubles at each step": doubling(20),
    "a tag that contains itself": bytes.fromhex("d81cd818d81d00"),
    "a power of two": bytes.fromhex("c5821b000000ffffffffff01"),
    "a number of any size": bytes.fromhex("c24100"),
    "a fraction": bytes.fromhex("d81e820103"),
    "a pattern": cbor2.dumps(cbor2.CBORTag(35, "(a*)*b")),
}
ODD = {
    "array of indefinite length": b"\x9f\xff",
    "text of indefinite length": b"\x7f\xff",
    "end of nothing": b"\xff",
    "half float": b"\xf9\x00\x00",
    "float": cbor2.dumps(1.5),
    "undefined": b"\xf7",
    "simple value": b"\xe0",
    "simple value of two bytes": b"\xf8\xff",
    "reserved length": b"\x1c",
    "nothing": b"",
    "number that is cut short": b"\x19\x01",
    "bytes that are cut short": b"\x44abc",
    "text that is cut short": b"\x64abc",
    "array that is cut short": b"\x82\x01",
    "array of more than there is": b"\x9b" + b"\xff" * 8,
    "map without its last value": b"\xa1\x01",
    "too deep": b"\x81" * 9 + b"\x00",
}
LONG = [
    b"\x18\x17",
    b"\x19\x00\xff",
    b"\x1a\x00\x00\xff\xff",
    b"\x1b" + bytes(4) + b"\xff" * 4,
    b"\x58\x01a",
    b"\x98\x00",
]

_plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.text(max_size=300) | st.binary(max_size=300),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.integers(-300, 300) | st.text(max_size=8), inner),
    max_leaves=8,
)


def data(flags: int, rest: bytes) -> bytes:
    """Return authenticator data."""
    return hashlib.sha256(b"example.com").digest() + struct.pack(">BI", flags, 0) + rest


def attested(key: bytes, extensions: bytes = b"", flags: int = 0x41) -> bytes:
    """Return authenticator data with a new passkey."""
    return data(flags, bytes(16) + struct.pack(">H", 4) + b"abcd" + key + extensions)


@given(_plain, st.binary(max_size=8))
def test_what_is_plain_takes_as_many_bytes_when_it_was_read_and_written(value: object, rest: bytes) -> None:
    """py_webauthn finds the end of a public key that way; so nothing else may come out than was looked at."""
    written = cbor2.dumps(value)
    if _depth(value) > 8:
        return
    assert require_plain(written + rest, is_shortest=True) == len(written)
    assert require_plain(b"abc" + written + rest, 3) == len(written) + 3


@given(st.binary(max_size=80))
def test_whatever_is_let_through_comes_out_as_long_as_it_went_in(written: bytes) -> None:
    try:
        end = require_plain(written, is_shortest=True)
        value = cbor2.loads(written, allow_duplicate_keys=False)
    except (ValueError, cbor2.CBORDecodeError):
        return
    assert len(cbor2.dumps(value)) == end


@pytest.mark.parametrize("written", [*GROWING.values(), *ODD.values()], ids=[*GROWING, *ODD])
def test_what_grows_or_is_odd_is_refused_wherever_it_is(written: bytes) -> None:
    for around in (written, b"\xa1\x01" + written, b"\x82\x00" + written):
        with pytest.raises(ValueError, match=r"^CBOR "):
            require_plain(around)
    if written:
        with pytest.raises(ValueError, match=r"^CBOR "):
            require_plain_data(attested(written))
        with pytest.raises(ValueError, match=r"^CBOR "):
            require_plain_data(attested(_KEY, written, 0xC1))
        with pytest.raises(ValueError, match=r"^CBOR "):
            require_plain_data(data(0x81, written))


@pytest.mark.parametrize("written", LONG)
def test_longer_form_than_needed_is_refused_where_its_length_counts(written: bytes) -> None:
    assert require_plain(written) == len(written)
    with pytest.raises(ValueError, match="longer"):
        require_plain(written, is_shortest=True)
    with pytest.raises(ValueError, match="longer"):
        require_plain_data(attested(b"\xa1\x01" + written))


def test_key_that_py_webauthn_repairs_hides_nothing_behind_its_last_pair() -> None:
    """It takes three pairs of an Ed25519 key of some devices for four."""
    key = bytes.fromhex("a301634f4b500327206745643235353139")
    require_plain_data(attested(key + b"\x21" + cbor2.dumps(bytes(32))))
    with pytest.raises(ValueError, match="another kind"):
        require_plain_data(attested(key + b"\x21" + GROWING["a tag that contains itself"]))


def test_data_without_key_and_extensions_have_nothing_to_look_at() -> None:
    require_plain_data(data(0x05, b""))
    require_plain_data(data(0x05, b"\xff"))  # what is left over is refused by whoever reads it
    require_plain_data(attested(_KEY))
    require_plain_data(attested(_KEY, cbor2.dumps({"credProtect": 2}), 0xC1))


@pytest.mark.parametrize("wrong", [None, 10**18, "text", [1], {}, bytes(36), data(0x41, bytes(17))])
def test_data_that_are_none_are_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"no bytes|cut short"):
        require_plain_data(wrong)


def _depth(value: object) -> int:
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 0
