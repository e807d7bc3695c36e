"""The judgement of what browsers answer: a passkey that was created, or one that is shown.

Structures and signatures are py_webauthn's; what it leaves to its caller is here: the keys that are taken, the
attestations that are read, backup flags that stay as they were, and the counter. It takes 90 ms to import: `load` does
it where nobody waits.
"""

import importlib
import json
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from avow.core.passkeys.cbor import require_plain, require_plain_data
from avow.core.tokens.encoding import from_base64url, to_base64url
from avow.errors import InvalidArgument, InvalidPasskey
from avow.wire.codec import decode
from avow.wire.webauthn import CreatedCredential, ShownCredential

if TYPE_CHECKING:
    from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
    from webauthn.registration.verify_registration_response import VerifiedRegistration

__all__ = [
    "DECOY",
    "Ceremony",
    "Created",
    "HeldPasskey",
    "NewPasskey",
    "Shown",
    "UsedPasskey",
    "counts_on",
    "created",
    "is_loaded",
    "load",
    "shown",
    "verify_created",
    "verify_shown",
]

Kind = Literal["platform", "cross-platform"]
_KINDS: Final[tuple[Kind, ...]] = ("platform", "cross-platform")
_MAX_ID_BYTES: Final = 1023
# Reading CBOR can take the square of its length (keys with the same hash); there is room for whatever devices make.
_MAX_ATTESTATION_BYTES: Final = 4096
_MAX_DATA_BYTES: Final = 2048
_TRANSPORTS: Final = frozenset({"ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"})
_COORDINATE: Final = 32
_RSA_BYTES: Final = range(256, 513)
_RSA_EXPONENT: Final = b"\x01\x00\x01"
_DETAIL: Final = 300  # characters of what a stranger may have written


@dataclass(frozen=True, slots=True)
class Ceremony:
    """What a ceremony was begun with, and what its answer is held against.

    Attributes:
        transaction_id: The challenge.
        party_id: RP ID of the start.
        origin: Origin of the start.
        needs_verification: The device has to have verified who uses it.
    """

    transaction_id: str
    party_id: str
    origin: str
    needs_verification: bool


@dataclass(frozen=True, slots=True)
class Created:
    """What a browser created: the credential id (base64url), its two parts as bytes, and what it says beside them."""

    id: str
    client_data: bytes = field(repr=False)
    attestation: bytes = field(repr=False)
    transports: tuple[str, ...] = ()
    attachment: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a browser shows: the credential id (base64url), and its parts as bytes; without a user handle b""."""

    id: str
    client_data: bytes = field(repr=False)
    authenticator_data: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    user_handle: bytes = b""


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey that was created.

    Attributes:
        id: Credential id, base64url.
        public_key: COSE.
        sign_count: The device's counter; 0 where it keeps none.
        aaguid: Make of the device, in the form of a UUID; zeros where it does not say.
        kind: `platform` or `cross-platform`.
        transports: How it can be reached.
        is_backup_eligible: It may be kept on several devices.
        is_backed_up: It is.
        is_verified: The device verified who used it.
    """

    id: str
    public_key: bytes = field(repr=False)
    sign_count: int
    aaguid: str
    kind: Kind
    transports: tuple[str, ...]
    is_backup_eligible: bool
    is_backed_up: bool
    is_verified: bool


@dataclass(frozen=True, slots=True)
class HeldPasskey:
    """A passkey as it is stored: what its signature is held against.

    Attributes:
        public_key: COSE.
        user_handle: Id of the user whose it is.
        is_backup_eligible: As it was when it was created.
    """

    public_key: bytes = field(repr=False)
    user_handle: str
    is_backup_eligible: bool


# What an answer is held against where nothing could be shown, so that it costs the same; whether it holds says nothing.
# Its key is the base point of P-256 (FIPS 186-5), in COSE.
DECOY: Final = HeldPasskey(
    bytes.fromhex(
        "a5010203262001"
        "2158206b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "2258204fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    ),
    user_handle="",
    is_backup_eligible=False,
)


@dataclass(frozen=True, slots=True)
class UsedPasskey:
    """What a passkey said of itself when it was shown.

    Attributes:
        sign_count: The device's counter.
        is_backed_up: It is kept on several devices.
        is_verified: The device verified who used it.
    """

    sign_count: int
    is_backed_up: bool
    is_verified: bool


def is_loaded() -> bool:
    """Tell whether what judges answers is imported."""
    return "webauthn" in sys.modules


def load() -> None:
    """Import what judges answers."""
    importlib.import_module("webauthn")


def created(text: str) -> Created:
    """Read what a browser created: `JSON.stringify(credential.toJSON())`.

    Raises:
        InvalidArgument: It is not the JSON of a credential.
        MalformedRequest, InvalidRequest: Likewise.
    """
    found = decode(CreatedCredential, text.encode("utf-8", "replace"))
    _require_same(found.id, found.raw_id)
    answer = found.response
    transports = tuple(sorted(_TRANSPORTS.intersection(answer.transports or ())))
    return Created(
        found.id,
        _bytes(answer.client_data),
        _bytes(answer.attestation, most=_MAX_ATTESTATION_BYTES),
        transports,
        found.attachment or "",
    )


def shown(text: str) -> Shown:
    """Read what a browser shows: `JSON.stringify(credential.toJSON())`.

    Raises:
        InvalidArgument: It is not the JSON of a credential.
        MalformedRequest, InvalidRequest: Likewise.
    """
    found = decode(ShownCredential, text.encode("utf-8", "replace"))
    _require_same(found.id, found.raw_id)
    answer = found.response
    return Shown(
        found.id,
        _bytes(answer.client_data),
        _bytes(answer.authenticator_data, most=_MAX_DATA_BYTES),
        _bytes(answer.signature),
        _bytes(answer.user_handle or ""),
    )


def verify_created(answer: Created, ceremony: Ceremony) -> NewPasskey:
    """Judge a new passkey.

    No attestation is asked for, and none is trusted: `none` is read, and `packed` that the passkey signed itself, which
    browsers hand on as it is.

    Raises:
        InvalidPasskey: It was made for something else, or it is none that this server takes; the detail says why.

    Spec: Web Authentication Level 3 section 7.1.
    """
    with _refusing():
        from webauthn import verify_registration_response
        from webauthn.helpers import parse_attestation_object, parse_cbor
        from webauthn.helpers.structs import AuthenticatorAttestationResponse, RegistrationCredential

        _check_client_data(answer.client_data)
        require_plain(answer.attestation)  # longer forms are no harm here: only the data in it are written again
        require_plain_data(parse_cbor(answer.attestation)["authData"])
        stated = parse_attestation_object(answer.attestation)
        if stated.fmt not in ("none", "packed") or stated.att_stmt.x5c:
            raise InvalidPasskey(detail="an attestation that was not asked for")
        found = verify_registration_response(
            credential=RegistrationCredential(
                id=answer.id,
                raw_id=from_base64url(answer.id.encode()),
                response=AuthenticatorAttestationResponse(answer.client_data, answer.attestation),
            ),
            expected_challenge=ceremony.transaction_id.encode(),
            expected_rp_id=ceremony.party_id,
            expected_origin=ceremony.origin,
            require_user_verification=ceremony.needs_verification,
        )
        if to_base64url(found.credential_id) != answer.id or len(found.credential_id) > _MAX_ID_BYTES:
            raise InvalidPasskey(detail="credential ids that differ, or one that is too long")
        _check_key(found.credential_public_key)
    is_backup_eligible = _may_be_backed_up(found)
    return NewPasskey(
        id=answer.id,
        public_key=found.credential_public_key,
        sign_count=found.sign_count,
        aaguid=found.aaguid,
        kind=_kind(answer, is_backup_eligible=is_backup_eligible),
        transports=answer.transports,
        is_backup_eligible=is_backup_eligible,
        is_backed_up=found.credential_backed_up,
        is_verified=found.user_verified,
    )


def verify_shown(answer: Shown, ceremony: Ceremony, held: HeldPasskey, *, is_named: bool) -> UsedPasskey:
    """Judge a passkey that is shown; its counter is left to `counts_on`, once the signature is known to hold.

    Args:
        answer: What the browser sent.
        ceremony: What was begun.
        held: The passkey with this credential id, as it is stored.
        is_named: The start named the user; otherwise the passkey has to say whose it is.

    Raises:
        InvalidPasskey: It does not hold; the detail says why.

    Spec: Web Authentication Level 3 section 7.2.
    """
    if answer.user_handle != held.user_handle.encode() and (answer.user_handle or not is_named):
        raise InvalidPasskey(detail="another user handle")
    with _refusing():
        from webauthn import verify_authentication_response
        from webauthn.helpers.structs import AuthenticationCredential, AuthenticatorAssertionResponse

        _check_client_data(answer.client_data)
        require_plain_data(answer.authenticator_data)
        found = verify_authentication_response(
            credential=AuthenticationCredential(
                id=answer.id,
                raw_id=from_base64url(answer.id.encode()),
                response=AuthenticatorAssertionResponse(
                    answer.client_data, answer.authenticator_data, answer.signature
                ),
            ),
            expected_challenge=ceremony.transaction_id.encode(),
            expected_rp_id=ceremony.party_id,
            expected_origin=ceremony.origin,
            credential_public_key=held.public_key,
            credential_current_sign_count=0,  # whatever it is: what was not signed must not pass for a copied device
            require_user_verification=ceremony.needs_verification,
        )
    if _may_be_backed_up(found) != held.is_backup_eligible:
        raise InvalidPasskey(detail="it says otherwise whether it may be backed up than when it was made")
    return UsedPasskey(found.new_sign_count, found.credential_backed_up, found.user_verified)


def counts_on(stored: int, told: int) -> bool:
    """Tell whether a device's counter goes on from the stored one: it grows, or the device keeps none (always 0).

    Spec: Web Authentication Level 3 sections 6.1.1 and 7.2 (a counter that does not grow may be that of a copy).
    """
    return told > stored or told == stored == 0


def _require_same(id: str, raw_id: str) -> None:
    if not id or id != raw_id:
        raise InvalidArgument(error_message="The response has to have the same id and rawId.")
    _bytes(id)


def _bytes(text: str, *, most: int = 65_536) -> bytes:
    if len(text) * 3 // 4 > most:
        raise InvalidArgument(error_message="The response is longer than devices make it.")
    try:
        return from_base64url(text.encode("ascii"))
    except ValueError as wrong:  # of characters beyond ASCII, too
        raise InvalidArgument(error_message="The response is not in base64url as browsers write it.") from wrong


@contextmanager
def _refusing() -> Generator[None, None, None]:
    """Refuse whatever does not hold, and whatever py_webauthn trips over in what a stranger sent."""
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        yield
    except (
        WebAuthnException,
        InvalidSignature,
        UnsupportedAlgorithm,
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as wrong:
        raise InvalidPasskey(detail=f"{type(wrong).__name__}: {wrong}"[:_DETAIL]) from wrong


def _check_client_data(client_data: bytes) -> None:
    """Refuse a ceremony of a page inside a page of another site: none of ours asks from there.

    Spec: Web Authentication Level 3 sections 7.1 and 7.2 (crossOrigin, topOrigin).
    """
    from webauthn.helpers import parse_client_data_json

    if parse_client_data_json(client_data).cross_origin or "topOrigin" in json.loads(client_data):
        raise InvalidPasskey(detail="a frame of another origin")


def _may_be_backed_up(found: "VerifiedAuthentication | VerifiedRegistration") -> bool:
    from webauthn.helpers.structs import CredentialDeviceType

    return found.credential_device_type == CredentialDeviceType.MULTI_DEVICE


def _check_key(public_key: bytes) -> None:
    """Refuse keys that are none: of another curve or size than their algorithm has, or a point that is on no curve.

    py_webauthn looks only at the algorithm when a passkey is created without attestation.

    Raises:
        InvalidPasskey: The key is not one of `ALGORITHMS`.
        ValueError: The point is not on the curve.

    Spec: Web Authentication Level 3 section 5.8.5; RFC 9053 sections 2 and 7.
    """
    from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography
    from webauthn.helpers.decode_credential_public_key import (
        DecodedEC2PublicKey,
        DecodedOKPPublicKey,
        DecodedRSAPublicKey,
    )

    key = decode_credential_public_key(public_key)
    match key:
        case DecodedEC2PublicKey(alg=-7, crv=1, x=bytes(x), y=bytes(y)):
            fits = len(x) == len(y) == _COORDINATE
        case DecodedOKPPublicKey(alg=-8, crv=6, x=bytes(x)):
            fits = len(x) == _COORDINATE
        case DecodedRSAPublicKey(alg=-257, n=bytes(n), e=bytes(e)):
            fits = n[0] > 0 and len(n) in _RSA_BYTES and e == _RSA_EXPONENT
        case _:
            fits = False
    if not fits:
        raise InvalidPasskey(detail="a public key that its algorithm does not have")
    decoded_public_key_to_cryptography(key)


def _kind(answer: Created, *, is_backup_eligible: bool) -> Kind:
    """Return what the browser says the device is, otherwise what its transports, or its backups, speak for."""
    for kind in _KINDS:
        if answer.attachment == kind:
            return kind
    is_platform = "internal" in answer.transports if answer.transports else is_backup_eligible
    return "platform" if is_platform else "cross-platform"
