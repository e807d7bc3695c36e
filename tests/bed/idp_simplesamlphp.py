"""SimpleSAMLphp as an identity provider, served by PHP alone: other people's code signs our people in.

Which service providers it trusts, and which people it knows, stands in JSON files that it reads with each request.
"""

import contextlib
import datetime
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.bed import run
from tests.bed.idp_visit import Person

__all__ = ["SimpleSamlPhp", "key_pair", "running_simplesamlphp"]

PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
_NAMES = {"md": "urn:oasis:names:tc:SAML:2.0:metadata", "ds": "http://www.w3.org/2000/09/xmldsig#"}

_CONFIG = """<?php
$given = json_decode(file_get_contents(__DIR__ . '/given.json'), true);
$config = [
    'baseurlpath' => $given['url'] . '/',
    'certdir' => __DIR__ . '/',
    'loggingdir' => __DIR__ . '/',
    'datadir' => __DIR__ . '/',
    'tempdir' => __DIR__ . '/temp',
    'metadatadir' => __DIR__ . '/metadata',
    'metadata.sources' => [['type' => 'flatfile', 'directory' => __DIR__ . '/metadata']],
    'secretsalt' => $given['salt'],
    'auth.adminpassword' => $given['salt'],
    'technicalcontact_name' => 'Nobody',
    'technicalcontact_email' => 'na@example.org',
    'timezone' => 'UTC',
    'logging.handler' => 'file',
    'logging.level' => SimpleSAML\\Logger::DEBUG,
    'logging.logfile' => 'log',
    'showerrors' => true,
    'errorreporting' => false,
    'enable.saml20-idp' => true,
    'module.enable' => ['exampleauth' => true, 'saml' => true, 'core' => true],
    'session.cookie.secure' => false,
    'session.cookie.samesite' => null,
    'session.phpsession.savepath' => __DIR__ . '/temp',
    'store.type' => 'phpsession',
    'language.available' => ['en'],
    'language.default' => 'en',
    'production' => false,
];
"""
_AUTHSOURCES = """<?php
$config = ['people' => ['exampleauth:UserPass']
    + (json_decode(file_get_contents(__DIR__ . '/people.json'), true) ?: [])];
"""
_HOSTED = """<?php
$metadata[json_decode(file_get_contents(__DIR__ . '/../given.json'), true)['entity_id']] = [
    'host' => '__DEFAULT__',
    'privatekey' => 'idp.key',
    'certificate' => 'idp.crt',
    'auth' => 'people',
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'NameIDFormat' => 'FORMAT',
    'authproc' => [3 => ['class' => 'saml:AttributeNameID', 'attribute' => 'uid', 'Format' => 'FORMAT']],
    'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic',
];
""".replace("FORMAT", PERSISTENT)
_REMOTE = """<?php
$metadata = json_decode(file_get_contents(__DIR__ . '/../trusted.json'), true) ?: [];
"""


@dataclass(frozen=True, slots=True)
class SimpleSamlPhp:
    """A running SimpleSAMLphp.

    Attributes:
        url: Where it is served.
        folder: Its configuration, and its log.
        certificate: PEM of the key that signs.
    """

    url: str
    folder: Path
    certificate: str

    @property
    def entity_id(self) -> str:
        """Return its name."""
        return f"{self.url}/saml2/idp/metadata.php"

    @property
    def metadata_url(self) -> str:
        """Return where it describes itself."""
        return self.entity_id

    @property
    def sso_url(self) -> str:
        """Return where requests go."""
        return f"{self.url}/saml2/idp/SSOService.php"

    def initiated_url(self, sp_entity_id: str, relay_state: str = "") -> str:
        """Return the address at which a sign-in begins that no service provider asked for."""
        return f"{self.sso_url}?{urlencode({'spentityid': sp_entity_id, 'RelayState': relay_state})}"

    def trust(self, sp_metadata: str, **settings: Any) -> None:
        """Take requests of a service provider from now on, signed ones only when its metadata says that they are.

        Args:
            sp_metadata: Its metadata, XML.
            settings: Of SimpleSAMLphp about it, such as `assertion.encryption`; dots are written `__`.
        """
        name, described = _remote(sp_metadata)
        described |= {key.replace("__", "."): value for key, value in settings.items()}
        path = self.folder / "trusted.json"
        trusted = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps(trusted | {name: described}), encoding="utf-8")

    def log(self) -> str:
        """Return what it logged."""
        path = self.folder / "log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


@contextlib.contextmanager
def running_simplesamlphp(people: Sequence[Person], www: str) -> Iterator[SimpleSamlPhp]:
    """Give a running SimpleSAMLphp that knows these people."""
    port = _free_port()
    url = f"http://localhost:{port}"
    folder = run.folder() / f"simplesamlphp-{run.worker_number()}-{time.monotonic_ns()}"
    key, certificate = key_pair("simplesamlphp")
    given = {"url": url, "salt": secrets.token_hex(16), "entity_id": f"{url}/saml2/idp/metadata.php"}
    files = {
        "config.php": _CONFIG,
        "authsources.php": _AUTHSOURCES,
        "metadata/saml20-idp-hosted.php": _HOSTED,
        "metadata/saml20-sp-remote.php": _REMOTE,
        "given.json": json.dumps(given),
        "people.json": json.dumps({f"{each.name}:{each.password}": _known(each) for each in people}),
        "trusted.json": "{}",
        "idp.key": key,
        "idp.crt": certificate,
    }
    for part in ("metadata", "temp"):
        (folder / part).mkdir(mode=0o700, parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    process = _start(www, port, folder)
    try:
        started = SimpleSamlPhp(url, folder, certificate)
        _wait_until_it_answers(started, process)
        yield started
    finally:
        run.stop_process(process.pid, signal.SIGTERM, leads=True)
        process.wait(timeout=20)
        run.forget_process(process.pid)
        shutil.rmtree(folder, ignore_errors=True)


@cache
def key_pair(name: str) -> tuple[str, str]:
    """Return an RSA key and its certificate, in PEM."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=3650))
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private.decode(), certificate.public_bytes(Encoding.PEM).decode()


def _known(person: Person) -> dict[str, list[str]]:
    return {"uid": [person.name]} | person.attributes


def _start(www: str, port: int, folder: Path) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "SIMPLESAMLPHP_CONFIG_DIR": str(folder),
        "PHP_CLI_SERVER_WORKERS": "2",
    }
    # Debian's release is older than its PHP, which warns of much; warnings would come before the headers.
    settings = ["-d", "error_reporting=0", "-d", "display_errors=0", "-d", "date.timezone=UTC"]
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            ["php", *settings, "-S", f"localhost:{port}", "-t", www],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # its workers do not end with it
            env=environment,
        )
    run.note_process(process, leads=True)
    return process


def _wait_until_it_answers(started: SimpleSamlPhp, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 20
    told = ""
    while process.poll() is None and time.monotonic() < until:
        try:
            with urllib.request.urlopen(started.metadata_url, timeout=20) as answer:
                if b"EntityDescriptor" in answer.read():
                    return
        except urllib.error.HTTPError as error:
            told = error.read().decode(errors="replace")[:2000]
        except OSError:
            pass
        time.sleep(0.02)
    raise RuntimeError(f"SimpleSAMLphp did not start: {told}\n{started.log()}")


def _remote(sp_metadata: str) -> tuple[str, dict[str, Any]]:
    """Return the name of a service provider and its metadata as SimpleSAMLphp keeps it."""
    root = ElementTree.fromstring(sp_metadata)  # noqa: S314 - our own
    role = root.find("md:SPSSODescriptor", _NAMES)
    assert role is not None
    services = [
        {"Binding": each.get("Binding"), "Location": each.get("Location"), "index": int(each.get("index", "0"))}
        for each in role.iterfind("md:AssertionConsumerService", _NAMES)
    ]
    keys = [
        {
            "type": "X509Certificate",
            "signing": each.get("use", "signing") == "signing",
            "encryption": each.get("use", "encryption") == "encryption",
            "X509Certificate": (each.findtext(".//ds:X509Certificate", "", _NAMES) or "").strip(),
        }
        for each in role.iterfind("md:KeyDescriptor", _NAMES)
    ]
    described = {
        "entityid": root.get("entityID"),
        "AssertionConsumerService": services,
        "keys": keys,
        "validate.authnrequest": role.get("AuthnRequestsSigned") == "true",
        "saml20.sign.assertion": True,
        "saml20.sign.response": True,
        "NameIDFormat": PERSISTENT,
    }
    return root.get("entityID", ""), described


def _free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])
