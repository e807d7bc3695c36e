"""What browsers are asked: the options that create a passkey, and those that have one shown."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import msgspec
from msgspec import UNSET

from avow.core.tokens.encoding import to_base64url
from avow.wire.webauthn import (
    AuthenticatorSelection,
    CreationOptions,
    CredentialDescriptor,
    CredentialParameter,
    RelyingParty,
    RequestOptions,
    ToCreate,
    ToShow,
    UserEntity,
)

__all__ = ["ALGORITHMS", "Described", "Verification", "fake", "to_create", "to_show"]

Verification = Literal["required", "preferred", "discouraged"]

# Ed25519, ES256 and RS256: py_webauthn's default. What is offered is what is taken.
ALGORITHMS: Final = (-8, -7, -257)
_FAKE_BYTES: Final = (16, 20, 32)  # lengths of credential ids that platforms make


@dataclass(frozen=True, slots=True)
class Described:
    """A passkey as browsers are told of it: credential id, and how it can be reached, where that is said."""

    id: str
    transports: tuple[str, ...] = ()


def to_create(
    transaction_id: str,
    party: RelyingParty,
    user: UserEntity,
    *,
    excluded: Sequence[Described],
    verification: Verification,
    timeout_seconds: int,
) -> str:
    """Return the options that create a passkey, JSON.

    Args:
        transaction_id: The challenge.
        party: Whom it is for.
        user: Whose it is to be; the id is the user handle, which is put into base64url here.
        excluded: Passkeys that the user has: the device that holds one of them makes no second.
        verification: Whether the device has to verify who uses it.
        timeout_seconds: How long the browser should wait.
    """
    options = CreationOptions(
        rp=party,
        user=msgspec.structs.replace(user, id=to_base64url(user.id.encode())),
        challenge=_challenge(transaction_id),
        pub_key_cred_params=tuple(CredentialParameter(alg=each) for each in ALGORITHMS),
        timeout=timeout_seconds * 1000,
        exclude_credentials=_descriptors(excluded),
        authenticator_selection=AuthenticatorSelection(user_verification=verification),
    )
    return msgspec.json.encode(ToCreate(public_key=options)).decode()


def to_show(
    transaction_id: str,
    party_id: str,
    *,
    allowed: Sequence[Described],
    verification: Verification,
    timeout_seconds: int,
) -> str:
    """Return the options that have a passkey shown, JSON; with none allowed the device offers those it finds."""
    options = RequestOptions(
        challenge=_challenge(transaction_id),
        timeout=timeout_seconds * 1000,
        rp_id=party_id,
        allow_credentials=_descriptors(allowed),
        user_verification=verification,
    )
    return msgspec.json.encode(ToShow(public_key=options)).decode()


def fake(digest: bytes) -> Described:
    """Return a passkey that nobody has, always the same for one digest.

    Args:
        digest: 32 bytes that nobody can tell from random ones.
    """
    length = _FAKE_BYTES[digest[0] % len(_FAKE_BYTES)]
    return Described(to_base64url(hashlib.sha256(digest).digest()[:length]))


def _challenge(transaction_id: str) -> str:
    return to_base64url(transaction_id.encode())


def _descriptors(passkeys: Sequence[Described]) -> tuple[CredentialDescriptor, ...]:
    return tuple(CredentialDescriptor(id=each.id, transports=each.transports or UNSET) for each in passkeys)
