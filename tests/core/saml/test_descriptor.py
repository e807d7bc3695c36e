"""Our own metadata and key, as other people's code reads them."""

import subprocess
import sys
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key
from cryptography.x509 import load_pem_x509_certificate
from lxml import etree

from avow.core import certificates
from avow.core.saml import ServiceProvider, new_key, sp_metadata
from tests.saml.stage import NOW, SP, key

NAMES = {"md": "urn:oasis:names:tc:SAML:2.0:metadata", "ds": "http://www.w3.org/2000/09/xmldsig#"}


def described(sp: ServiceProvider = SP, *, signs_requests: bool = True) -> Any:
    return etree.fromstring(sp_metadata(sp, [key().certificate], signs_requests=signs_requests).encode())


def test_metadata_says_who_we_are() -> None:
    root = described()
    assert root.get("entityID") == SP.entity_id
    role = root.find("md:SPSSODescriptor", NAMES)
    assert role.get("WantAssertionsSigned") == "true"
    assert role.get("AuthnRequestsSigned") == "true"
    acs = role.find("md:AssertionConsumerService", NAMES)
    assert (acs.get("Location"), acs.get("index"), acs.get("isDefault")) == (SP.acs_url, "0", "true")
    assert described(signs_requests=False).find("md:SPSSODescriptor", NAMES).get("AuthnRequestsSigned") == "false"


def test_key_stands_there_for_both_uses() -> None:
    body = "".join(key().certificate.splitlines()[1:-1])
    for use in ("signing", "encryption"):
        path = f"md:SPSSODescriptor/md:KeyDescriptor[@use='{use}']//ds:X509Certificate"
        assert described().findtext(path, namespaces=NAMES) == body


def test_gcm_is_what_we_like_best() -> None:
    methods = [each.get("Algorithm") for each in described().iter(f"{{{NAMES['md']}}}EncryptionMethod")]
    assert methods[0].endswith("aes256-gcm")
    assert not [each for each in methods if "1_5" in each or "tripledes" in each]


def test_names_are_escaped() -> None:
    sp = ServiceProvider(entity_id="a<b&'c\"", acs_url="https://sp.example.com/acs?a=1&b='2'")
    root = described(sp)
    assert root.get("entityID") == sp.entity_id
    assert root.find("*/md:AssertionConsumerService", NAMES).get("Location") == sp.acs_url


def test_metadata_holds_to_the_schema_of_saml() -> None:
    """python3-saml brings the schemas; it runs beside us, because its XML library may not share a process with ours."""
    code = (
        "import sys; from onelogin.saml2.xml_utils import OneLogin_Saml2_XML as X;"
        "found = X.validate_xml(sys.stdin.buffer.read(), 'saml-schema-metadata-2.0.xsd', True);"
        "sys.exit(found if isinstance(found, str) else 0)"
    )
    document = sp_metadata(SP, [key().certificate, key().certificate]).encode()
    done = subprocess.run([sys.executable, "-c", code], input=document, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode()


def test_new_key_is_one_that_signatures_can_be_checked_with() -> None:
    made = key()
    private = load_der_private_key(made.private, None)
    assert isinstance(private, RSAPrivateKey)
    assert private.key_size == 3072
    certificate = load_pem_x509_certificate(made.certificate.encode())
    assert certificate.public_key() == private.public_key()
    assert certificate.not_valid_before_utc.timestamp() < NOW < certificate.not_valid_after_utc.timestamp()
    assert certificates.parse(made.certificate) == certificate


def test_new_key_takes_any_name() -> None:
    for name in ("", "x" * 200, "Avow é \U0001f511"):
        assert load_pem_x509_certificate(new_key(name, NOW).certificate.encode()).subject.rfc4514_string()


def test_private_key_is_not_shown() -> None:
    assert "private" not in repr(key())
    assert str(key().private) not in repr(key())


@pytest.mark.parametrize("module", ["avow.core.saml", "avow.server.app", "avow.cli"])
def test_nothing_of_xml_is_loaded_before_a_document_is_read(module: str) -> None:
    code = f"import sys, {module}; sys.exit(bool({{'lxml', 'signxml', 'lxml.etree'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
    assert done.returncode == 0
