"""Encrypted assertions, opened: AES by a key that RSA-OAEP wrapped for us.

AES-GCM tells whether it was changed on the way. AES-CBC does not, and whoever may send it in many changed forms can
learn from our answers what is inside; so it is only opened within a response whose own signature covers it. RSA with
PKCS #1 v1.5 padding is not opened at all, for the like reason.

Spec: XML Encryption 1.1 sections 5.2, 5.5 and 6.1.1 (the attacks on CBC and PKCS #1 v1.5).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512, HashAlgorithm

from avow.core.saml.documents import (
    ANY,
    MAYBE,
    ONE,
    Element,
    of_base64,
    parts,
    signature_name,
    whole_text,
)
from avow.core.saml.keys import private_key
from avow.core.saml.parties import SamlKey
from avow.core.saml.refusals import Reason, SamlRefused

__all__ = ["opened"]

_XENC: Final = "http://www.w3.org/2001/04/xmlenc#"
_XENC11: Final = "http://www.w3.org/2009/xmlenc11#"
_MOST_KEYS: Final = 4
_BLOCK_BYTES: Final = 16
_NONCE_BYTES: Final = 12

# Algorithm, and the bytes of its key.
_GCM: Final = {f"{_XENC11}aes128-gcm": 16, f"{_XENC11}aes192-gcm": 24, f"{_XENC11}aes256-gcm": 32}
_CBC: Final = {f"{_XENC}aes128-cbc": 16, f"{_XENC}aes192-cbc": 24, f"{_XENC}aes256-cbc": 32}
# SHA-1 is sound where OAEP uses it (nobody gains by collisions there), and what most identity providers send.
_OAEP_DIGESTS: Final[dict[str, type[HashAlgorithm]]] = {
    "": SHA1,
    "http://www.w3.org/2000/09/xmldsig#sha1": SHA1,
    f"{_XENC}sha256": SHA256,
    "http://www.w3.org/2001/04/xmldsig-more#sha384": SHA384,
    f"{_XENC}sha512": SHA512,
}
_MASKS: Final[dict[str, type[HashAlgorithm]]] = {
    "": SHA1,
    f"{_XENC11}mgf1sha1": SHA1,
    f"{_XENC11}mgf1sha256": SHA256,
    f"{_XENC11}mgf1sha384": SHA384,
    f"{_XENC11}mgf1sha512": SHA512,
}


@dataclass(frozen=True, slots=True)
class _Wrapped:
    """A content key, as RSA-OAEP wrapped it."""

    padding: OAEP
    data: bytes


def opened(encrypted: Element, keys: Sequence[SamlKey], *, is_signed: bool) -> bytes:
    """Return the document within an EncryptedAssertion.

    Args:
        encrypted: The EncryptedAssertion.
        keys: Ours, of which one has to open it.
        is_signed: A verified signature covers it.

    Raises:
        SamlRefused: ENCRYPTION: none of our keys opens it, or it is of another form. ENCRYPTION_UNSIGNED: it is
            AES-CBC, and no signature covers it.
    """
    try:
        return _opened(encrypted, [private_key(key) for key in keys], is_signed=is_signed)
    except SamlRefused as error:
        if error.reason is Reason.ENCRYPTION_UNSIGNED:
            raise
        raise SamlRefused(Reason.ENCRYPTION, error.detail) from error


def _opened(encrypted: Element, keys: Sequence[RSAPrivateKey], *, is_signed: bool) -> bytes:
    found = parts(encrypted, {_xenc("EncryptedData"): ONE, _xenc("EncryptedKey"): ANY})
    data = found[_xenc("EncryptedData")][0]
    if data.get("Type", f"{_XENC}Element") != f"{_XENC}Element":
        raise SamlRefused(Reason.ENCRYPTION, f"encrypted as {data.get('Type')}")
    inner = parts(data, {_xenc("EncryptionMethod"): ONE, signature_name("KeyInfo"): MAYBE, _xenc("CipherData"): ONE})
    algorithm = inner[_xenc("EncryptionMethod")][0].get("Algorithm", "")
    size = _GCM.get(algorithm) or _CBC.get(algorithm)
    if size is None:
        raise SamlRefused(Reason.ENCRYPTION, f"encrypted by {algorithm}")
    if algorithm in _CBC and not is_signed:
        raise SamlRefused(Reason.ENCRYPTION_UNSIGNED, algorithm)
    ciphertext = _cipher_value(inner[_xenc("CipherData")][0])
    wrapped = [*found[_xenc("EncryptedKey")]]
    for key_info in inner[signature_name("KeyInfo")]:
        wrapped += key_info.findall(_xenc("EncryptedKey"))
    for content_key in _unwrapped(wrapped[:_MOST_KEYS], keys, size):
        return _of_gcm(content_key, ciphertext) if algorithm in _GCM else _of_cbc(content_key, ciphertext)
    raise SamlRefused(Reason.ENCRYPTION, "none of our keys opens it")


def _unwrapped(wrapped: Iterable[Element], keys: Sequence[RSAPrivateKey], size: int) -> Iterable[bytes]:
    """Give the content keys of the right size that our keys unwrap."""
    for each in map(_wrapped_key, wrapped):
        for key in keys:
            try:
                content_key = key.decrypt(each.data, each.padding)
            except ValueError:  # for somebody else, or for another of our keys
                continue
            if len(content_key) == size:
                yield content_key


def _wrapped_key(element: Element) -> _Wrapped:
    names = {
        _xenc("EncryptionMethod"): ONE,
        signature_name("KeyInfo"): MAYBE,
        _xenc("CipherData"): ONE,
        _xenc("ReferenceList"): MAYBE,
        _xenc("CarriedKeyName"): MAYBE,
    }
    found = parts(element, names)
    method = found[_xenc("EncryptionMethod")][0]
    mask = f"{{{_XENC11}}}MGF"
    inside = parts(method, {signature_name("DigestMethod"): MAYBE, mask: MAYBE})
    digest = _OAEP_DIGESTS.get(_algorithm(inside[signature_name("DigestMethod")]))
    # The older name fixes the mask to SHA-1, whatever else stands there.
    is_known = {f"{_XENC}rsa-oaep-mgf1p": not inside[mask], f"{_XENC11}rsa-oaep": True}
    masked = _MASKS.get(_algorithm(inside[mask]))
    if not is_known.get(method.get("Algorithm", "")) or digest is None or masked is None:
        raise SamlRefused(Reason.ENCRYPTION, f"a key wrapped by {method.get('Algorithm')}")
    data = _cipher_value(found[_xenc("CipherData")][0])
    return _Wrapped(OAEP(MGF1(masked()), digest(), None), data)


def _of_gcm(key: bytes, data: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], None)
    except (InvalidTag, ValueError) as error:
        raise SamlRefused(Reason.ENCRYPTION, "it was changed, or is not for this key") from error


def _of_cbc(key: bytes, data: bytes) -> bytes:
    if len(data) < 2 * _BLOCK_BYTES or len(data) % _BLOCK_BYTES:
        raise SamlRefused(Reason.ENCRYPTION, f"{len(data)} bytes in blocks of {_BLOCK_BYTES}")
    opening = Cipher(AES(key), CBC(data[:_BLOCK_BYTES])).decryptor()
    plain = opening.update(data[_BLOCK_BYTES:]) + opening.finalize()
    if not 1 <= plain[-1] <= _BLOCK_BYTES:
        raise SamlRefused(Reason.ENCRYPTION, "padding")
    return plain[: -plain[-1]]


def _cipher_value(cipher_data: Element) -> bytes:
    return of_base64(whole_text(parts(cipher_data, {_xenc("CipherValue"): ONE})[_xenc("CipherValue")][0]))


def _algorithm(elements: Sequence[Element]) -> str:
    return elements[0].get("Algorithm", "") if elements else ""


def _xenc(name: str) -> str:
    return f"{{{_XENC}}}{name}"
