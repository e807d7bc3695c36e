"""X.509 certificates of identity providers, as administrators paste them."""

import re
from base64 import b64decode
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import Certificate, InvalidVersion, load_der_x509_certificate

from avow.errors import InvalidArgument

__all__ = ["MIN_LENGTH", "checked", "parse"]

MIN_LENGTH: Final = 200  # characters; nothing shorter can be a certificate
_PEM: Final = re.compile(
    r"\s*-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END CERTIFICATE-----\s*", re.ASCII
)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/=\s]+", re.ASCII)
_MIN_RSA_BITS: Final = 2048


def checked(text: str) -> str:
    """Return a certificate as it was pasted, once it is known to be one that signatures can be checked with.

    A text that is too short to be a certificate, such as a placeholder, is let by: no signature holds against it.

    Raises:
        InvalidArgument: It is meant to be a certificate and is none, or its key is too weak.
    """
    if "-----" in text or len(text) >= MIN_LENGTH:
        parse(text)
    return text


def parse(text: str) -> Certificate:
    """Return the one certificate of a text in PEM, or in the base64 within it alone.

    Raises:
        InvalidArgument: It is not exactly one certificate, or its key is of another kind than RSA of 2048 bits or more
            and elliptic curves.

    Spec: RFC 7468 section 5.
    """
    found = _PEM.fullmatch(text)
    encoded = found[1] if found else text
    if not _BASE64.fullmatch(encoded):
        raise _invalid("is not one certificate in PEM, from BEGIN CERTIFICATE to END CERTIFICATE")
    try:
        certificate = load_der_x509_certificate(b64decode("".join(encoded.split()), validate=True))
        key = certificate.public_key()
    except (ValueError, TypeError, InvalidVersion, UnsupportedAlgorithm) as error:
        raise _invalid("cannot be read as an X.509 certificate") from error
    if isinstance(key, RSAPublicKey) and key.key_size < _MIN_RSA_BITS:
        raise _invalid(f"has an RSA key of {key.key_size} bits; {_MIN_RSA_BITS} are the least")
    if not isinstance(key, RSAPublicKey | EllipticCurvePublicKey):
        raise _invalid("has neither an RSA nor an elliptic-curve key")
    return certificate


def _invalid(what: str) -> InvalidArgument:
    return InvalidArgument(error_message=f"The certificate of the identity provider {what}.")
