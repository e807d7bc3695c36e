"""The judgement of passkeys: what holds, and each way in which something does not (S-WAN-01 to S-WAN-06)."""

import hashlib
import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.core.passkeys import answers
from avow.core.passkeys.answers import Ceremony, HeldPasskey, NewPasskey, counts_on, created, shown
from avow.core.passkeys.options import Described, to_create, to_show
from avow.errors import AuthException, InvalidArgument, InvalidPasskey
from avow.wire.webauthn import RelyingParty, UserEntity
from tests.bed.authenticator import HONEST, ICLOUD, NO_AAGUID, Authenticator, Forgery, Key, encode, new_key

TRANSACTION = "C" + "x" * 26
ORIGIN = "https://app.example.com"
CEREMONY = Ceremony(TRANSACTION, "example.com", ORIGIN, needs_verification=True)
LENIENT = replace(CEREMONY, needs_verification=False)
USER = "U2abcdef"
_UP, _UV, _BE, _BS = 1, 4, 8, 16


def _to_create(excluded: tuple[Described, ...] = ()) -> str:
    return to_create(
        TRANSACTION,
        RelyingParty(id="example.com", name="Acme"),
        UserEntity(id=USER, name="mia", display_name="Mia"),
        excluded=excluded,
        verification="required",
        timeout_seconds=300,
    )


def _to_show() -> str:
    return to_show(TRANSACTION, "example.com", allowed=(), verification="required", timeout_seconds=300)


def _create(
    device: Authenticator | None = None, forgery: Forgery = HONEST, ceremony: Ceremony = CEREMONY
) -> NewPasskey:
    made = (device or Authenticator()).create(_to_create(), ORIGIN, forgery)
    return answers.verify_created(created(made), ceremony)


def _held(passkey: NewPasskey) -> HeldPasskey:
    return HeldPasskey(passkey.public_key, USER, passkey.is_backup_eligible)


def _show(
    device: Authenticator,
    held: HeldPasskey,
    forgery: Forgery = HONEST,
    ceremony: Ceremony = CEREMONY,
    *,
    is_named: bool = True,
) -> answers.UsedPasskey:
    text = device.show(_to_show(), ORIGIN, forgery)
    return answers.verify_shown(shown(text), ceremony, held, is_named=is_named)


# --- What holds --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_passkey_of_each_algorithm_is_made_and_shown(algorithm: str) -> None:
    device = Authenticator(algorithm, counts=True)
    made = _create(device)
    assert (made.id, made.kind, made.transports) == (encode(device.newest.id), "platform", ("hybrid", "internal"))
    assert (made.sign_count, made.aaguid, made.is_verified) == (0, ICLOUD, True)
    assert (made.is_backup_eligible, made.is_backed_up) == (True, True)
    assert _show(device, _held(made)) == answers.UsedPasskey(1, True, True)
    assert _show(device, _held(made), is_named=False).sign_count == 2


def test_passkey_of_one_device_says_so() -> None:
    device = Authenticator(is_synced=False, aaguid=NO_AAGUID, tells_transports=False)
    made = _create(device)
    assert (made.is_backup_eligible, made.is_backed_up, made.transports) == (False, False, ())
    assert _show(device, _held(made)).is_backed_up is False


def test_passkey_that_is_backed_up_later_says_so() -> None:
    device = Authenticator()
    made = _create(device, Forgery(flags=_UP | _UV | _BE))
    assert (made.is_backup_eligible, made.is_backed_up) == (True, False)
    assert _show(device, _held(made)).is_backed_up is True


def test_verification_is_asked_for_where_it_is_required() -> None:
    device = Authenticator(verifies=False)
    made = _create(device, ceremony=LENIENT)
    assert made.is_verified is False
    assert _show(device, _held(made), ceremony=LENIENT).is_verified is False
    with pytest.raises(InvalidPasskey):
        _create(device)
    with pytest.raises(InvalidPasskey):
        _show(device, _held(made))


@pytest.mark.parametrize(
    ("attachment", "transports", "flags", "kind"),
    [
        ("cross-platform", ["internal"], _UP | _UV, "cross-platform"),
        ("platform", ["usb"], _UP | _UV, "platform"),
        (None, ["internal", "hybrid"], _UP | _UV, "platform"),
        (None, ["usb", "nfc", "of another time"], _UP | _UV, "cross-platform"),
        (None, None, _UP | _UV | _BE | _BS, "platform"),
        (None, None, _UP | _UV, "cross-platform"),
        ("", None, _UP | _UV, "cross-platform"),
    ],
)
def test_kind_is_what_the_browser_says_or_what_speaks_for_it(
    attachment: str | None, transports: list[str] | None, flags: int, kind: str
) -> None:
    text = json.loads(Authenticator().create(_to_create(), ORIGIN, Forgery(flags=flags)))
    text["authenticatorAttachment"], text["response"]["transports"] = attachment, transports
    made = answers.verify_created(created(json.dumps(text)), CEREMONY)
    assert made.kind == kind
    assert set(made.transports) <= {"internal", "hybrid", "usb", "nfc"}


@pytest.mark.parametrize(
    ("stored", "told", "goes_on"),
    [(0, 0, True), (0, 1, True), (10, 11, True), (10, 10, False), (10, 9, False), (10, 0, False)],
)
def test_counter_grows_or_is_not_kept(stored: int, told: int, goes_on: bool) -> None:
    assert counts_on(stored, told) is goes_on


def test_self_signed_packed_attestation_is_read() -> None:
    def statement(signed: bytes, key: Key) -> Mapping[str, Any]:
        return {"alg": -7, "sig": key.sign(signed)}

    assert _create(forgery=Forgery(attestation=("packed", statement))).is_verified


# --- What does not -----------------------------------------------------------------------------------------------

FORGED: dict[str, Forgery] = {
    "another challenge": Forgery(client_data={"challenge": encode(b"C" + b"y" * 26)}),
    "challenge of another spelling": Forgery(client_data={"challenge": TRANSACTION}),
    "no challenge": Forgery(client_data={"challenge": None}),
    "challenge that is no text": Forgery(client_data={"challenge": 7}),
    "origin of another site": Forgery(client_data={"origin": "https://evil.example"}),
    "origin that begins alike": Forgery(client_data={"origin": f"{ORIGIN}.evil.example"}),
    "origin without TLS": Forgery(client_data={"origin": "http://app.example.com"}),
    "origin null": Forgery(client_data={"origin": "null"}),
    "origin that is no text": Forgery(client_data={"origin": [ORIGIN]}),
    "no origin": Forgery(client_data={"origin": None}),
    "frame of another origin": Forgery(client_data={"crossOrigin": True}),
    "frame that names the page around it": Forgery(client_data={"topOrigin": "https://evil.example"}),
    "another RP ID": Forgery(rp_id="evil.example"),
    "RP ID below": Forgery(rp_id="app.example.com"),
    "nobody present": Forgery(flags=_UV | _BE | _BS),
    "nobody verified": Forgery(flags=_UP | _BE | _BS),
    "backed up and not eligible": Forgery(flags=_UP | _UV | _BS),
    "data cut short": Forgery(after_signing=lambda data: data[:30]),
    "data with more behind": Forgery(after_signing=lambda data: data + b"\0"),
}


@pytest.mark.parametrize("forgery", FORGED.values(), ids=FORGED)
def test_forged_creation_is_refused(forgery: Forgery) -> None:
    with pytest.raises(InvalidPasskey):
        _create(forgery=forgery)


@pytest.mark.parametrize("forgery", FORGED.values(), ids=FORGED)
def test_forged_answer_is_refused(forgery: Forgery) -> None:
    device = Authenticator()
    held = _held(_create(device))
    with pytest.raises(InvalidPasskey):
        _show(device, held, forgery)


def test_ceremony_of_the_other_kind_is_refused() -> None:
    device = Authenticator()
    with pytest.raises(InvalidPasskey):
        _create(forgery=Forgery(client_data={"type": "webauthn.get"}))
    held = _held(_create(device))
    for other in ("webauthn.create", "payment.get", "", None):
        with pytest.raises(InvalidPasskey):
            _show(device, held, Forgery(client_data={"type": other}))


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_signature_of_another_key_is_refused(algorithm: str) -> None:
    device = Authenticator(algorithm)
    held = _held(_create(device))
    for other in ("ES256", "EdDSA", "RS256"):
        with pytest.raises(InvalidPasskey):
            _show(device, held, Forgery(key=new_key(other)))


def test_data_changed_after_signing_are_refused() -> None:
    device = Authenticator()
    held = _held(_create(device))
    flipped = Forgery(flags=_UP | _BE | _BS, after_signing=lambda data: data[:32] + bytes([29]) + data[33:])
    with pytest.raises(InvalidPasskey) as refused:
        _show(device, held, flipped)
    assert "signature" in refused.value.detail


def test_eligibility_for_backups_stays_as_it_was() -> None:
    device = Authenticator()
    held = _held(_create(device))
    with pytest.raises(InvalidPasskey):
        _show(device, held, Forgery(flags=_UP | _UV))
    with pytest.raises(InvalidPasskey):
        _show(device, replace(held, is_backup_eligible=False))


def test_passkey_says_whose_it_is_where_nobody_was_named() -> None:
    device = Authenticator()
    held = _held(_create(device))
    assert _show(device, held, Forgery(user_handle=b"")).is_verified  # named: the login ID said it
    for handle, is_named in ((b"", False), (b"U2another", False), (b"U2another", True)):
        with pytest.raises(InvalidPasskey):
            _show(device, held, Forgery(user_handle=handle), is_named=is_named)


_P256, _ED = new_key("ES256").cose, new_key("EdDSA").cose
KEYS: dict[str, Mapping[int, Any] | bytes] = {
    "an algorithm that was not offered": new_key("ES384").cose,
    "an RSA key that is too short": new_key("RS256 of 1024 bits").cose,
    "an RSA exponent of 3": {**new_key("RS256").cose, -2: b"\x03"},
    "a point that is on no curve": {**_P256, -2: b"\x01" * 32, -3: b"\x02" * 32},
    "the point at infinity": {**_P256, -2: b"\0" * 32, -3: b"\0" * 32},
    "ES256 on another curve": {**_P256, -1: 2},
    "ES256 with a coordinate too long": {**_P256, -2: b"\0" + _P256[-2]},
    "ES256 that is called EdDSA": {**_P256, 3: -8},
    "EdDSA that is called RS256": {**_ED, 3: -257},
    "EdDSA on Ed448": {**_ED, -1: 7},
    "EdDSA with a short key": {**_ED, -2: b"\x01" * 31},
    "a key without a type": {3: -7},
    "coordinates that are text": {**_P256, -2: "x" * 32, -3: "y" * 32},
    "a number": cbor2.dumps(4),
    "nothing": b"",
    "the form of U2F": b"\x04" + bytes(64),
}


@pytest.mark.parametrize("cose", KEYS.values(), ids=KEYS)
def test_key_that_its_algorithm_does_not_have_is_refused(cose: Mapping[int, Any] | bytes) -> None:
    with pytest.raises(InvalidPasskey):
        _create(forgery=Forgery(cose=cose))


@pytest.mark.parametrize(
    "attestation",
    [
        ("none", {"sig": b"something"}),
        ("fido-u2f", {"sig": b"x", "x5c": [b"y"]}),
        ("packed", {"alg": -7, "sig": b"x", "x5c": [b"not a certificate"]}),
        ("packed", {"alg": -7, "sig": b"not a signature"}),
        ("packed", {"alg": -257, "sig": b"x"}),
        ("packed", {}),
        ("tpm", {"ver": "2.0"}),
        ("apple", {}),
        ("android-safetynet", {"response": b"a.b.c"}),
        ("of another time", {}),
    ],
)
def test_attestation_that_was_not_asked_for_is_refused(attestation: tuple[str, Mapping[str, Any]]) -> None:
    with pytest.raises(InvalidPasskey):
        _create(forgery=Forgery(attestation=attestation))


def test_credential_id_beside_the_key_is_the_one_outside() -> None:
    text = json.loads(Authenticator().create(_to_create(), ORIGIN))
    text["id"] = text["rawId"] = encode(b"somebody else's id")
    with pytest.raises(InvalidPasskey):
        answers.verify_created(created(json.dumps(text)), CEREMONY)


def test_credential_id_that_is_too_long_is_refused() -> None:
    assert _create(forgery=Forgery(credential_id=b"x" * 1023)).id == encode(b"x" * 1023)
    with pytest.raises(InvalidPasskey):
        _create(forgery=Forgery(credential_id=b"x" * 1024))


def test_detail_of_a_refusal_is_short_whatever_was_sent() -> None:
    with pytest.raises(InvalidPasskey) as refused:
        _create(forgery=Forgery(client_data={"origin": "https://" + "x" * 10_000}))
    assert len(refused.value.detail) <= 300


# --- What cannot be read -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        lambda text: "not JSON",
        lambda text: "[]",
        lambda text: "{}",
        lambda text: json.dumps({**json.loads(text), "type": "password"}),
        lambda text: json.dumps({**json.loads(text), "id": ""}),
        lambda text: json.dumps({**json.loads(text), "rawId": "AAAA"}),
        lambda text: json.dumps({**json.loads(text), "id": "not base64url!", "rawId": "not base64url!"}),
        lambda text: json.dumps({**json.loads(text), "response": {}}),
        lambda text: text.replace('"clientDataJSON": "', '"clientDataJSON": "!'),
        lambda text: text.replace('"clientDataJSON": "', '"clientDataJSON": "\u00e9'),
        lambda text: text + "\x00",
        lambda text: '{"a":' * 10_000,
    ],
)
def test_what_is_no_credential_is_an_argument_that_is_not_valid(changed: Callable[[str], str]) -> None:
    device = Authenticator()
    for text, read in ((device.create(_to_create(), ORIGIN), created), (device.show(_to_show(), ORIGIN), shown)):
        with pytest.raises(AuthException) as refused:
            read(changed(text))
        assert refused.value.status_code == 400


@pytest.mark.parametrize(("member", "most"), [("attestationObject", 4096), ("authenticatorData", 2048)])
def test_what_takes_long_to_read_is_not_read(member: str, most: int) -> None:
    """Keys of CBOR that have the same hash take the square of their number."""
    device = Authenticator()
    text, read = (device.create(_to_create(), ORIGIN), created)
    if member == "authenticatorData":
        text, read = device.show(_to_show(), ORIGIN), shown  # type: ignore[assignment]  # of the other kind
    sent = json.loads(text)
    sent["response"][member] = "A" * (most * 4 // 3 + 4)
    with pytest.raises(InvalidArgument) as refused:
        read(json.dumps(sent))
    assert "longer" in (refused.value.error_message or "")


def test_ids_have_one_spelling() -> None:
    text = json.loads(Authenticator().create(_to_create(), ORIGIN))
    text["id"] = text["rawId"] = text["id"] + "="
    with pytest.raises(InvalidArgument):
        created(json.dumps(text))


@pytest.mark.parametrize("data", [10**18, 5_000_000_000, None, [1, 2], {}, "data"])
def test_data_that_are_no_bytes_are_not_made_into_any(data: object) -> None:
    """Of a number py_webauthn would make as many bytes."""
    text = json.loads(Authenticator().create(_to_create(), ORIGIN))
    attestation = {"fmt": "none", "attStmt": {}, "authData": data}
    text["response"]["attestationObject"] = encode(cbor2.dumps(attestation))
    with pytest.raises(InvalidPasskey) as refused:
        answers.verify_created(created(json.dumps(text)), CEREMONY)
    assert "no bytes" in refused.value.detail


@pytest.mark.parametrize("growing", ["d81cd818d81d00", "82d81c82d81c80d81d01d81d00", "c5821b000000ffffffffff01"])
def test_cbor_that_grows_without_end_is_not_read(growing: str) -> None:
    """A tag that contains itself, arrays of twice the same, a power of two: at each place where CBOR is read."""
    item = b"\xa1\x00" + bytes.fromhex(growing)
    device = Authenticator()
    held = _held(_create(device))
    extended = Forgery(extensions=item)
    text = json.loads(device.create(_to_create(), ORIGIN))
    text["response"]["attestationObject"] = encode(b"\xa1\x68authData" + item)
    for attempt in (
        lambda: _create(forgery=extended),
        lambda: _create(forgery=Forgery(cose=item)),
        lambda: _show(device, held, extended),
        lambda: answers.verify_created(created(json.dumps(text)), CEREMONY),
    ):
        with pytest.raises(InvalidPasskey) as refused:
            attempt()
        assert "another kind" in refused.value.detail


def test_passkey_with_extensions_is_made_and_shown() -> None:
    device = Authenticator()
    extended = Forgery(extensions=cbor2.dumps({"credProtect": 2}))
    assert _show(device, _held(_create(device, extended)), extended).is_verified


_nested = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.integers(-5, 5) | st.text(max_size=8), inner),
    max_leaves=12,
)


_kinds = st.dictionaries(st.sampled_from([1, 3, -1, -2, -3]), st.sampled_from([1, 2, 3, -7, -8, -257]) | _nested)


@given(_nested | _kinds, st.sampled_from([0x45, 0x5D, 0xC5, 0xDD]) | st.integers(0, 255), st.binary(max_size=64))
def test_whatever_an_attestation_holds_is_judged(value: object, flags: int, rest: bytes) -> None:
    head = hashlib.sha256(b"example.com").digest() + struct.pack(">BI", flags, 0)
    said = {"type": "webauthn.create", "challenge": encode(TRANSACTION.encode()), "origin": ORIGIN}
    client_data = json.dumps(said).encode()
    attested = head + bytes(16) + struct.pack(">H", 4) + b"abcd" + cbor2.dumps(value)
    for data in (head + rest, attested, attested + rest, value):
        for stated in ({"fmt": "none", "attStmt": {}, "authData": data}, {"fmt": value, "attStmt": value}, value):
            with pytest.raises(InvalidPasskey):
                answers.verify_created(answers.Created(encode(b"abcd"), client_data, cbor2.dumps(stated)), CEREMONY)


@given(st.binary(max_size=120), st.binary(max_size=120), st.binary(max_size=80))
def test_whatever_is_shown_is_judged(client_data: bytes, data: bytes, signature: bytes) -> None:
    held = HeldPasskey(cbor2.dumps(dict(_P256)), USER, is_backup_eligible=True)
    with pytest.raises(InvalidPasskey):
        answers.verify_shown(
            answers.Shown(encode(b"abcd"), client_data, data, signature), CEREMONY, held, is_named=True
        )


@given(_nested)
def test_whatever_the_client_says_is_judged(said: object) -> None:
    held = HeldPasskey(cbor2.dumps(dict(_P256)), USER, is_backup_eligible=True)
    try:
        client_data = json.dumps(said).encode()
    except (TypeError, ValueError):
        client_data = repr(said).encode()
    for text in (client_data, b'{"type": "webauthn.get", "challenge": ' + client_data + b', "origin": 1}'):
        with pytest.raises(InvalidPasskey):
            _judge(held, text, bytes(37), b"")


def _judge(held: HeldPasskey, client_data: bytes, data: bytes, signature: bytes) -> None:
    answer = answers.Shown(encode(b"abcd"), client_data, data, signature)
    answers.verify_shown(answer, CEREMONY, held, is_named=True)
