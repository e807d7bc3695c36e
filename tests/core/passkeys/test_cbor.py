"""CBOR of strangers: what passkeys are written in is let through, and nothing that grows when it is read or written."""

import hashlib
import struct

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from webauthn.helpers import parse_authenticator_data

from avow.core.passkeys.cbor import require_plain, require_plain_data

_KEY = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: bytes(32), -3: bytes(32)})
_BLIND_KEY = bytes.fromhex("a301634f4b500327206745643235353139")  # of some devices: three pairs, and a fourth behind
_X = b"\x21" + cbor2.dumps(bytes(32))
_CRED_PROTECT = cbor2.dumps({"credProtect": 2})


def doubling(steps: int) -> bytes:
    """Return an array of twice the array of the step before, which the second time is a reference: RFC 8949, tag 29."""
    inner = b"\x80"
    for step in range(steps):
        inner = b"\x82\xd8\x1c" + inner + b"\xd8\x1d\x18" + bytes([steps - 1 - step])
    return inner


# Reading these is one thing, writing the first two again another.
GROWING = {
    "a tag that contains itself": ("d81cd818d81d00", "another kind"),
    "arrays that double at each step": (doubling(20).hex(), "another kind"),
    "a power of two": ("c5821b000000ffffffffff01", "another kind"),
    "a number of any size": ("c24100", "another kind"),
    "a fraction": ("d81e820103", "another kind"),
    "a pattern": ("d8236628612a292a62", "another kind"),
    "an array as a key": ("a1810000", "a key that is"),
    "a map as a key": ("a1a1000000", "a key that is"),
    "maps as keys that have the same hash": ("a2a22020212000a22020212100", "a key that is"),
}
ODD = {
    "array of indefinite length": ("9fff", "indefinite"),
    "map of indefinite length": ("bfff", "indefinite"),
    "text of indefinite length": ("7fff", "indefinite"),
    "end of nothing": ("ff", "another kind"),
    "half float": ("f93e00", "another kind"),
    "float": ("fb3ff8000000000000", "another kind"),
    "undefined": ("f7", "another kind"),
    "simple value": ("e0", "another kind"),
    "simple value of two bytes": ("f8ff", "another kind"),
    "nothing": ("", "cut short"),
    "number that is cut short": ("1901", "cut short"),
    "bytes that are cut short": ("44616263", "cut short"),
    "text that is cut short": ("64616263", "cut short"),
    "array that is cut short": ("8201", "cut short"),
    "array of more than there is": ("9bffffffffffffffff", "cut short"),
    "map without its last value": ("a101", "cut short"),
    "map without its last key": ("a20101", "cut short"),
    "five levels": ("8181818180", "too deeply"),
}
LONG = ["1817", "1900ff", "1a0000ffff", "1b00000000ffffffff", "580161", "980100", "b8010000"]

_small = st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.text(max_size=300) | st.binary(max_size=300)
_keys = st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.text(max_size=30) | st.binary(max_size=30)


def _held(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.lists(inner, max_size=4) | st.dictionaries(_keys, inner, max_size=4)


_plain = _held(_small | _held(_small | _held(_small))) | _small


def data(flags: int, rest: bytes) -> bytes:
    """Return authenticator data."""
    return hashlib.sha256(b"example.com").digest() + struct.pack(">BI", flags, 0) + rest


def attested(key: bytes, extensions: bytes = b"") -> bytes:
    """Return authenticator data with a new passkey."""
    return data(0xC1 if extensions else 0x41, bytes(16) + struct.pack(">H", 4) + b"abcd" + key + extensions)


@given(_plain, st.binary(max_size=8))
def test_what_is_plain_is_the_same_when_it_was_read_and_written(value: object, rest: bytes) -> None:
    """py_webauthn finds the end of a public key that way; so nothing else may come out than was looked at."""
    written = cbor2.dumps(value)
    assert require_plain(written + rest, is_shortest=True) == len(written)
    assert require_plain(b"abc" + written + rest, 3) == len(written) + 3
    assert cbor2.dumps(cbor2.loads(written + rest, allow_duplicate_keys=False)) == written


@given(st.lists(st.sampled_from([bytes([each]) for each in range(256)] + [b"\xd8\x1c", b"\xd8\x1d\x00"]), max_size=40))
def test_whatever_is_let_through_is_the_same_when_it_was_read_and_written(parts: list[bytes]) -> None:
    written = b"\xa4" + b"".join(parts)
    try:
        end = require_plain(written, is_shortest=True)
        value = cbor2.loads(written, allow_duplicate_keys=False)
    except (ValueError, cbor2.CBORDecodeError):
        return
    assert cbor2.dumps(value) == written[:end]


def test_arrays_that_double_do_so() -> None:
    """The control: what is refused below is what it is said to be."""
    assert cbor2.dumps(cbor2.loads(doubling(3))) == cbor2.dumps([[[[]] * 2] * 2] * 2)


@pytest.mark.parametrize(("written", "why"), [*GROWING.values(), *ODD.values()], ids=[*GROWING, *ODD])
def test_what_grows_or_is_odd_is_refused_wherever_it_is(written: str, why: str) -> None:
    item = bytes.fromhex(written)
    for around in (item, b"\xa1\x01" + item, b"\x82\x00" + item):
        with pytest.raises(ValueError, match=why):
            require_plain(around)
    within = b"\xa1\x01" + item
    for said in (attested(within), attested(_KEY, within), attested(_KEY, b"\xa0" + within), data(0x81, within)):
        with pytest.raises(ValueError, match=why):
            require_plain_data(said)


def test_four_levels_are_let_through() -> None:
    assert require_plain(bytes.fromhex("81a1008180")) == 5


@pytest.mark.parametrize("written", LONG)
def test_longer_form_than_needed_is_refused_where_its_length_counts(written: str) -> None:
    item = bytes.fromhex(written)
    assert require_plain(item) == len(item)
    with pytest.raises(ValueError, match="longer"):
        require_plain(item, is_shortest=True)
    with pytest.raises(ValueError, match="longer"):
        require_plain_data(attested(b"\xa1\x01" + item))


def test_key_that_py_webauthn_repairs_is_read_as_it_was_looked_at() -> None:
    """It takes the three pairs for four."""
    for extensions in (b"", _CRED_PROTECT):
        said = attested(_BLIND_KEY + _X, extensions)
        require_plain_data(said)
        read = parse_authenticator_data(said)
        assert read.attested_credential_data is not None
        assert read.attested_credential_data.credential_public_key == b"\xa4" + _BLIND_KEY[1:] + _X
        assert read.extensions == (extensions or None)
    with pytest.raises(ValueError, match="another kind"):
        require_plain_data(attested(_BLIND_KEY + b"\x21" + bytes.fromhex(GROWING["a tag that contains itself"][0])))


@pytest.mark.parametrize("item", ["87000200265820", "00", "f6", "63616263"])
def test_key_and_extensions_are_maps(item: str) -> None:
    """A list of the right numbers would otherwise pass for a public key."""
    for said in (attested(bytes.fromhex(item)), data(0x81, bytes.fromhex(item))):
        with pytest.raises(ValueError, match="no map"):
            require_plain_data(said)


def test_data_of_devices_are_let_through() -> None:
    require_plain_data(data(0x05, b""))
    require_plain_data(data(0x05, b"\xff"))  # what is left over is refused by whoever reads it
    require_plain_data(attested(_KEY))
    require_plain_data(attested(_KEY, _CRED_PROTECT))
    require_plain_data(
        data(0x81, cbor2.dumps({"hmac-secret": bytes(80), "uvm": [[2, 4, 2]], "thirdPartyPayment": True}))
    )


@pytest.mark.parametrize("wrong", [None, 10**18, "text", [1], {}, bytes(36), data(0x41, bytes(17))])
def test_data_that_are_none_are_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"no bytes|cut short"):
        require_plain_data(wrong)
