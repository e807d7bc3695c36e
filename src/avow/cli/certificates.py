"""The certificate of `avow dev --tls`: a local authority that can vouch for this machine's own names only."""

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from avow.clock import system_clock

__all__ = ["LocalTls", "local_tls"]

_DAYS = 700  # browsers accept 825 of an authority that a person added
_RENEW_DAYS = 14
_HOST = "localhost"
_ADDRESSES = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class LocalTls:
    """Where the files are.

    Attributes:
        authority: Certificate of the authority, for browsers and `NODE_EXTRA_CA_CERTS`.
        bundle: The machine's trusted authorities and ours, for variables that replace the whole list.
        certificate: Certificate of localhost.
        key: Its private key, mode 0600.
    """

    authority: Path
    bundle: Path
    certificate: Path
    key: Path

    def variables(self) -> Mapping[str, str]:
        """Return the environment variables that make clients trust the certificate."""
        return {
            "SSL_CERT_FILE": str(self.bundle),
            "REQUESTS_CA_BUNDLE": str(self.bundle),
            "NODE_EXTRA_CA_CERTS": str(self.authority),
        }


def local_tls(folder: Path) -> LocalTls:
    """Return the certificate of this data directory, made now when there is none or it ends soon.

    The authority's key is thrown away with the function's end: nobody can make a second certificate with it.
    """
    files = LocalTls(folder / "ca.pem", folder / "bundle.pem", folder / "localhost.pem", folder / "localhost.key")
    if _is_good(files):
        return files
    folder.mkdir(mode=0o700, exist_ok=True)
    now = datetime.fromtimestamp(system_clock(), UTC)
    authority_key, host_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _authority(authority_key, now)
    host = _host(host_key, authority, authority_key, now)
    pem = serialization.Encoding.PEM
    files.authority.write_bytes(authority.public_bytes(pem))
    files.bundle.write_bytes(_system_authorities() + authority.public_bytes(pem))
    _write_secret(
        files.key,
        host_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
    files.certificate.write_bytes(host.public_bytes(pem))  # last: without it everything is made anew
    return files


def _is_good(files: LocalTls) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    except (OSError, ValueError):
        return False
    ends_at = certificate.not_valid_after_utc.timestamp()
    return files.key.exists() and files.bundle.exists() and ends_at > system_clock() + _RENEW_DAYS * 86400


def _authority(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Avow development on this machine")])
    networks = [x509.IPAddress(ip_network(address)) for address in _ADDRESSES]
    return (
        _builder(name, name, key, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(
            x509.NameConstraints(permitted_subtrees=[x509.DNSName(_HOST), *networks], excluded_subtrees=None),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _host(
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    now: datetime,
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _HOST)])
    names = [x509.DNSName(_HOST), *(x509.IPAddress(ip_address(address)) for address in _ADDRESSES)]
    return (
        _builder(name, authority.subject, key, now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=_DAYS))
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _system_authorities() -> bytes:
    """Return what this machine trusts already; nothing where OpenSSL knows no file."""
    known = ssl.get_default_verify_paths().cafile
    return Path(known).read_bytes() + b"\n" if known and Path(known).exists() else b""


def _write_secret(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
