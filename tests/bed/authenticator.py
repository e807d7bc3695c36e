"""A device that holds passkeys, in software: the other side of WebAuthn for tests, and its forger.

What it answers is what browsers send: the JSON of `credential.toJSON()`. With `Forgery` every part of an answer can be
another one, signed as if it were right.
"""

import hashlib
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384

__all__ = [
    "HONEST",
    "ICLOUD",
    "NO_AAGUID",
    "Authenticator",
    "Forgery",
    "HeldAlready",
    "Key",
    "Passkey",
    "decode",
    "encode",
    "new_key",
]

NO_AAGUID: Final = "00000000-0000-0000-0000-000000000000"
ICLOUD: Final = "fbfc3007-154e-4ecc-8c0b-6e020557d7bd"
_UP, _UV, _BE, _BS, _AT, _EXT = 1 << 0, 1 << 2, 1 << 3, 1 << 4, 1 << 6, 1 << 7


class HeldAlready(Exception):
    """The device has one of the passkeys that are excluded: browsers raise InvalidStateError."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key pair: how it signs, and its public half as COSE."""

    sign: Callable[[bytes], bytes] = field(repr=False)
    cose: Mapping[int, Any]


@dataclass(slots=True)
class Passkey:
    """A passkey on the device."""

    id: bytes
    key: Key
    rp_id: str
    user_handle: bytes
    count: int = 0


@dataclass(frozen=True, slots=True)
class Forgery:
    """What is to be otherwise in an answer; None leaves a part as it is.

    Attributes:
        client_data: Fields of the client data to replace; None as a value leaves the field out.
        rp_id: Whose hash stands in the authenticator data.
        flags: All flags of the authenticator data but those for attested data and extensions.
        count: The counter.
        key: Signs in the place of the passkey's; of a new passkey it is the one shown.
        cose: Public key of a new passkey.
        user_handle: Whom the passkey says it is of; b"" for nobody.
        credential_id: Id of the credential.
        extensions: What extensions say, as CBOR.
        after_signing: Changes the authenticator data when the signature is made.
        attestation: Format and statement of a new passkey; the statement may be made from what it signs.
    """

    client_data: Mapping[str, Any] = field(default_factory=dict)
    rp_id: str | None = None
    flags: int | None = None
    count: int | None = None
    key: Key | None = None
    cose: Mapping[int, Any] | bytes | None = None
    user_handle: bytes | None = None
    credential_id: bytes | None = None
    extensions: bytes = b""
    after_signing: Callable[[bytes], bytes] | None = None
    attestation: tuple[str, Mapping[str, Any] | Callable[[bytes, Key], Mapping[str, Any]]] | None = None


HONEST: Final = Forgery()


class Authenticator:
    """A device, or a password manager: what it holds, and how it behaves."""

    def __init__(
        self,
        algorithm: str = "ES256",
        *,
        counts: bool = False,
        verifies: bool = True,
        is_synced: bool = True,
        aaguid: str = ICLOUD,
        tells_transports: bool = True,
    ) -> None:
        """Begin with nothing on it.

        Args:
            algorithm: Of the passkeys it makes, if the options offer it: ES256, EdDSA or RS256.
            counts: It keeps a counter; otherwise the counter is always 0.
            verifies: It verifies its user.
            is_synced: Its passkeys are kept on other devices, too.
            aaguid: Its make.
            tells_transports: Its browser says how passkeys can be reached.
        """
        self.algorithm = algorithm
        self.counts = counts
        self.verifies = verifies
        self.is_synced = is_synced
        self.aaguid = bytes.fromhex(aaguid.replace("-", ""))
        self.tells_transports = tells_transports
        self.passkeys: list[Passkey] = []

    @property
    def newest(self) -> Passkey:
        """Return the passkey that was made last."""
        return self.passkeys[-1]

    def create(self, options: str, origin: str, forgery: Forgery = HONEST) -> str:
        """Make a passkey, as `navigator.credentials.create` does; return the credential as JSON.

        Raises:
            HeldAlready: It has one that the options exclude.
        """
        asked = json.loads(options)["publicKey"]
        excluded = {each["id"] for each in asked["excludeCredentials"]}
        if excluded & {encode(each.id) for each in self.passkeys}:
            raise HeldAlready
        key = forgery.key or new_key(self.algorithm)
        assert forgery.key or key.cose[3] in {each["alg"] for each in asked["pubKeyCredParams"]}
        made = Passkey(forgery.credential_id or os.urandom(20), key, asked["rp"]["id"], decode(asked["user"]["id"]))
        self.passkeys.append(made)
        client_data = _client_data("webauthn.create", asked["challenge"], origin, forgery)
        cose = key.cose if forgery.cose is None else forgery.cose
        public_key = cose if isinstance(cose, bytes) else cbor2.dumps(dict(cose))
        attested = self.aaguid + len(made.id).to_bytes(2) + made.id + public_key
        data = self._data(made, forgery, attested=attested)
        format, statement = forgery.attestation or ("none", {})
        if callable(statement):
            statement = statement(data + hashlib.sha256(client_data).digest(), key)
        if forgery.after_signing:
            data = forgery.after_signing(data)
        object = cbor2.dumps({"fmt": format, "attStmt": dict(statement), "authData": data})
        answer: dict[str, Any] = {"clientDataJSON": encode(client_data), "attestationObject": encode(object)}
        if self.tells_transports:
            answer["transports"] = ["hybrid", "internal"]
        return _credential(made.id, answer)

    def show(self, options: str, origin: str, forgery: Forgery = HONEST, *, passkey: Passkey | None = None) -> str:
        """Show a passkey, as `navigator.credentials.get` does; return the credential as JSON.

        Args:
            options: As the server sent them.
            origin: Of the page.
            forgery: What is to be otherwise.
            passkey: The one to show; otherwise the first that is allowed, or the newest where all are.
        """
        asked = json.loads(options)["publicKey"]
        shown = passkey or self._choose(asked)
        client_data = _client_data("webauthn.get", asked["challenge"], origin, forgery)
        if self.counts:
            shown.count += 1
        data = self._data(shown, forgery)
        signature = (forgery.key or shown.key).sign(data + hashlib.sha256(client_data).digest())
        if forgery.after_signing:
            data = forgery.after_signing(data)
        handle = shown.user_handle if forgery.user_handle is None else forgery.user_handle
        answer = {
            "clientDataJSON": encode(client_data),
            "authenticatorData": encode(data),
            "signature": encode(signature),
            **({"userHandle": encode(handle)} if handle else {}),
        }
        return _credential(forgery.credential_id or shown.id, answer)

    def _choose(self, asked: Mapping[str, Any]) -> Passkey:
        allowed = [each["id"] for each in asked["allowCredentials"]]
        fitting = [each for each in self.passkeys if each.rp_id == asked["rpId"]]
        if not allowed:
            return fitting[-1]
        return next(each for each in fitting if encode(each.id) in allowed)

    def _data(self, passkey: Passkey, forgery: Forgery, attested: bytes = b"") -> bytes:
        flags = _UP | (_UV if self.verifies else 0) | (_BE | _BS if self.is_synced else 0)
        if forgery.flags is not None:
            flags = forgery.flags
        rp_id = passkey.rp_id if forgery.rp_id is None else forgery.rp_id
        count = passkey.count if forgery.count is None else forgery.count
        flags |= (_AT if attested else 0) | (_EXT if forgery.extensions else 0)
        head = hashlib.sha256(rp_id.encode()).digest() + bytes([flags])
        return head + count.to_bytes(4) + attested + forgery.extensions


def new_key(algorithm: str = "ES256") -> Key:
    """Make a key pair: ES256, EdDSA, RS256, or ES384, which nobody offers."""
    return _MAKERS[algorithm]()


def encode(data: bytes) -> str:
    """Return base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Return what base64url without padding spells."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _client_data(type: str, challenge: str, origin: str, forgery: Forgery) -> bytes:
    said: dict[str, Any] = {"type": type, "challenge": challenge, "origin": origin, "crossOrigin": False}
    said |= forgery.client_data
    return json.dumps({name: value for name, value in said.items() if value is not None}).encode()


def _credential(id: bytes, answer: Mapping[str, Any]) -> str:
    return json.dumps(
        {
            "id": encode(id),
            "rawId": encode(id),
            "type": "public-key",
            "response": answer,
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
        }
    )


def _es256() -> Key:
    private = ec.generate_private_key(ec.SECP256R1())
    numbers = private.public_key().public_numbers()
    cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
    return Key(lambda data: private.sign(data, ec.ECDSA(SHA256())), cose)


def _es384() -> Key:
    private = ec.generate_private_key(ec.SECP384R1())
    numbers = private.public_key().public_numbers()
    cose = {1: 2, 3: -35, -1: 2, -2: numbers.x.to_bytes(48), -3: numbers.y.to_bytes(48)}
    return Key(lambda data: private.sign(data, ec.ECDSA(SHA384())), cose)


def _eddsa() -> Key:
    private = ed25519.Ed25519PrivateKey.generate()
    cose = {1: 1, 3: -8, -1: 6, -2: private.public_key().public_bytes_raw()}
    return Key(private.sign, cose)


def _rs256(bits: int = 2048) -> Key:
    private = rsa.generate_private_key(65537, bits)
    numbers = private.public_key().public_numbers()
    cose = {1: 3, 3: -257, -1: numbers.n.to_bytes(bits // 8), -2: numbers.e.to_bytes(3)}
    return Key(lambda data: private.sign(data, padding.PKCS1v15(), SHA256()), cose)


_MAKERS: Final = {
    "ES256": _es256,
    "EdDSA": _eddsa,
    "RS256": _rs256,
    "ES384": _es384,
    "RS256 of 1024 bits": lambda: _rs256(1024),
}
