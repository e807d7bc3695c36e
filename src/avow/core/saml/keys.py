"""The key pair of a project for SAML: made here, and read where something is signed or opened."""

import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from cryptography.x509.oid import NameOID

from avow.core.saml.parties import SamlKey

__all__ = ["new_key", "private_key"]

_BITS: Final = 3072
_DAYS: Final = 3650  # identity providers trust the key, and some refuse a certificate that has ended
_MAX_COMMON_NAME: Final = 64  # Spec: RFC 5280 appendix A.1, ub-common-name


def new_key(name: str, now: int) -> SamlKey:
    """Return a new RSA key of 3072 bits with a self-signed certificate of ten years. Slow: up to a second.

    Args:
        name: What the certificate is called, for people; of it at most 64 characters.
        now: Seconds since the epoch.
    """
    key = generate_private_key(65537, _BITS)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:_MAX_COMMON_NAME] or "SAML")])
    start = datetime.datetime.fromtimestamp(now, datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start - datetime.timedelta(days=1))  # a clock that is slow takes it too
        .not_valid_after(start + datetime.timedelta(days=_DAYS))
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return SamlKey(private=private, certificate=certificate.public_bytes(Encoding.PEM).decode())


def private_key(key: SamlKey) -> RSAPrivateKey:
    """Return the private half, ready to sign and to decrypt.

    Raises:
        TypeError: It is no RSA key; `new_key` makes no others.
    """
    # It was made here and lay sealed: checking its numbers again would cost more than the signature.
    found = load_der_private_key(key.private, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(found, RSAPrivateKey):
        raise TypeError("a SAML key is an RSA key")
    return found
