"""Certificates of identity providers for tests."""

import datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | dsa.DSAPrivateKey


@cache
def certificate(name: str = "idp", bits: int = 0, kind: str = "ec") -> str:
    """Return a self-signed certificate in PEM, of an elliptic-curve key or of an RSA key of so many bits."""
    key: Key = ec.generate_private_key(ec.SECP256R1())
    if bits:
        key = rsa.generate_private_key(65537, bits)
    elif kind == "ed25519":
        key = ed25519.Ed25519PrivateKey.generate()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=3650))
        .sign(key, None if kind == "ed25519" else SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


CERTIFICATE = certificate()
