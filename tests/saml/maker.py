"""A SAML identity provider of the tests: says anything, signs it in any way, and encrypts it. None of Avow's code."""

import datetime
import hashlib
import hmac
import os
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree

__all__ = [
    "EMAIL",
    "ENVELOPED",
    "EXCLUSIVE",
    "NAMESPACES",
    "PERSISTENT",
    "TRANSIENT",
    "Assertion",
    "Confirmation",
    "How",
    "Idp",
    "Told",
    "assertion_xml",
    "at",
    "encrypted",
    "make_idp",
    "posted",
    "response_xml",
    "signed",
]

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

P: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
A: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
XENC: Final = "http://www.w3.org/2001/04/xmlenc#"
XENC11: Final = "http://www.w3.org/2009/xmlenc11#"
MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
MORE07: Final = "http://www.w3.org/2007/05/xmldsig-more#"
NAMESPACES: Final = (
    f'xmlns:samlp="{P}" xmlns:saml="{A}" xmlns:xs="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED: Final = f"{DS}enveloped-signature"
EMAIL: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
PERSISTENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
PASSWORD: Final = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
DIGESTS: Final = {
    f"{DS}sha1": "sha1",
    f"{MORE}md5": "md5",
    f"{XENC}sha256": "sha256",
    f"{MORE}sha384": "sha384",
    f"{XENC}sha512": "sha512",
}
HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "md5": hashes.MD5(),  # noqa: S303 - to be refused
    "sha1": hashes.SHA1(),  # noqa: S303 - to be refused
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


@dataclass(frozen=True, slots=True)
class Idp:
    """An identity provider: its name, and its key with the certificate that others know."""

    entity_id: str
    key: PrivateKey = field(repr=False)
    certificate: str


@cache
def make_idp(entity_id: str, name: str = "idp", kind: str = "rsa", turn: int = 0) -> Idp:
    """Return an identity provider; another `turn` gives another key under the same names and serial number."""
    key: PrivateKey = (
        rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(4711)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    return Idp(entity_id, key, certificate.public_bytes(Encoding.PEM).decode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a service provider told the identity provider by its request, and when."""

    acs_url: str
    sp_entity_id: str
    request_id: str | None
    now: int


# --- What is said ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """A SubjectConfirmation; an attribute that is None is not written."""

    recipient: str | None
    ends_in: int | None = 300
    starts_in: int | None = None
    answers: str | None = None
    method: str = BEARER


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """An assertion, as plain parts and as raw XML where a test wants to say something else.

    Times are seconds from now; None leaves the attribute out.
    """

    id: str = "_assertion1"
    version: str = "2.0"
    issued_in: int = 0
    issuer: str = ""
    name_id: str = "alice@example.com"
    name_id_attributes: str = f'Format="{EMAIL}"'
    subject: str | None = None
    confirmations: tuple[Confirmation, ...] = ()
    starts_in: int | None = -60
    ends_in: int | None = 300
    audiences: tuple[str, ...] | None = ()
    conditions: str = ""
    authn: str | None = None
    authn_in: int = -5
    session_ends_in: int | None = 3600
    context: str = PASSWORD
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {"email": ("alice@example.com",)})
    after: str = ""


def at(told: Told, seconds: int) -> str:
    """Return a time from now as SAML writes it."""
    return datetime.datetime.fromtimestamp(told.now + seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def assertion_xml(idp: Idp, told: Told, said: Assertion | None = None, **changes: Any) -> str:
    """Return an assertion, unsigned; `changes` are of `Assertion`. What is not said is what `told` asks for."""
    said = replace(said or Assertion(), **changes)
    name_id = f"<saml:NameID {said.name_id_attributes}>{said.name_id}</saml:NameID>" if said.name_id else ""
    confirmations = said.confirmations or (Confirmation(recipient=told.acs_url, answers=told.request_id),)
    subject = said.subject
    if subject is None:
        body = name_id + "".join(_confirmation(told, each) for each in confirmations)
        subject = f"<saml:Subject>{body}</saml:Subject>"
    window = _time(told, "NotBefore", said.starts_in) + _time(told, "NotOnOrAfter", said.ends_in)
    audiences = (told.sp_entity_id,) if said.audiences == () else said.audiences
    restriction = "".join(f"<saml:Audience>{escape(each)}</saml:Audience>" for each in audiences or ())
    restriction = f"<saml:AudienceRestriction>{restriction}</saml:AudienceRestriction>" if restriction else ""
    issuer = said.issuer or escape(idp.entity_id)
    made = f'ID="{said.id}" Version="{said.version}" IssueInstant="{at(told, said.issued_in)}"'
    return (
        f"<saml:Assertion {NAMESPACES} {made}>"
        f"<saml:Issuer>{issuer}</saml:Issuer>{subject}"
        f"<saml:Conditions{window}>{restriction}{said.conditions}</saml:Conditions>"
        f"{_authn(told, said)}{_attributes(said.attributes)}{said.after}</saml:Assertion>"
    )


def response_xml(idp: Idp, told: Told, *inside: str, **changes: Any) -> str:
    """Return a response, unsigned, around assertions.

    Args:
        idp: Who says it.
        told: To whom.
        inside: XML of assertions.
        changes: `id`, `version`, `tag`, `issuer`, `destination` and `answers` (None: not written), `status` and
            `before` (raw XML in front of the status), `issued_in`.
    """
    said: dict[str, Any] = {
        "id": "_response1",
        "version": "2.0",
        "tag": "Response",
        "issuer": escape(idp.entity_id),
        "destination": told.acs_url,
        "answers": told.request_id,
        "status": f'<samlp:Status><samlp:StatusCode Value="{SUCCESS}"/></samlp:Status>',
        "before": "",
        "issued_in": 0,
    } | changes
    places = _attribute("Destination", said["destination"]) + _attribute("InResponseTo", said["answers"])
    issuer = "" if said["issuer"] is None else f"<saml:Issuer>{said['issuer']}</saml:Issuer>"
    return (
        f'<samlp:{said["tag"]} {NAMESPACES} ID="{said["id"]}" Version="{said["version"]}"'
        f' IssueInstant="{at(told, said["issued_in"])}"{places}>'
        f"{issuer}{said['before']}{said['status']}{''.join(inside)}</samlp:{said['tag']}>"
    )


def posted(document: str | bytes) -> str:
    """Return a document as a browser posts it."""
    return b64encode(document.encode() if isinstance(document, str) else document).decode()


def _confirmation(told: Told, said: Confirmation) -> str:
    window = _time(told, "NotBefore", said.starts_in) + _time(told, "NotOnOrAfter", said.ends_in)
    places = _attribute("Recipient", said.recipient) + _attribute("InResponseTo", said.answers)
    data = f"<saml:SubjectConfirmationData{window}{places}/>"
    return f'<saml:SubjectConfirmation Method="{said.method}">{data}</saml:SubjectConfirmation>'


def _authn(told: Told, said: Assertion) -> str:
    if said.authn is not None:
        return said.authn
    context = f"<saml:AuthnContextClassRef>{said.context}</saml:AuthnContextClassRef>" if said.context else ""
    ends = _time(told, "SessionNotOnOrAfter", said.session_ends_in)
    return (
        f'<saml:AuthnStatement AuthnInstant="{at(told, said.authn_in)}" SessionIndex="_session1"{ends}>'
        f"<saml:AuthnContext>{context}</saml:AuthnContext></saml:AuthnStatement>"
    )


def _attributes(attributes: Mapping[str, tuple[str, ...]]) -> str:
    """Return the attributes; their values are raw XML."""
    if not attributes:
        return ""
    written = ""
    for name, values in attributes.items():
        inside = "".join(f'<saml:AttributeValue xsi:type="xs:string">{each}</saml:AttributeValue>' for each in values)
        written += f"<saml:Attribute Name={quoteattr(name)}>{inside}</saml:Attribute>"
    return f"<saml:AttributeStatement>{written}</saml:AttributeStatement>"


def _attribute(name: str, value: str | None) -> str:
    return "" if value is None else f" {name}={quoteattr(value)}"


def _time(told: Told, name: str, seconds: int | None) -> str:
    return "" if seconds is None else f' {name}="{at(told, seconds)}"'


# --- How it is signed ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How to sign.

    Attributes:
        method: Algorithm of the signature.
        digest: Algorithm of the digest.
        c14n: Algorithm that canonicalizes SignedInfo.
        transforms: Raw XML of the transforms; the digest is over the exclusive form, or over `digested`.
        uris: Of the references; None is that of the element.
        digested: What to digest instead of the element.
        key_info: Raw XML in KeyInfo.
        secret: Of an HMAC.
        prefixes: Namespaces that the canonical form keeps.
        inside: Raw XML at the end of the signature.
        comments: The canonical form of the element keeps its comments.
    """

    method: str = f"{MORE}rsa-sha256"
    digest: str = f"{XENC}sha256"
    c14n: str = EXCLUSIVE
    transforms: str | None = None
    uris: tuple[str | None, ...] = (None,)
    digested: bytes | None = None
    key_info: str = ""
    secret: bytes = b""
    prefixes: str = ""
    inside: str = ""
    comments: bool = False


def signed(document: str, id: str, key: PrivateKey, how: How | None = None) -> str:
    """Return a document with a signature of the element with this id, in it, after its issuer."""
    how = how or How()
    root = etree.fromstring(document.encode(), etree.XMLParser(strip_cdata=False, resolve_entities=False))
    target = next(each for each in root.iter() if each.get("ID") == id)
    data = how.digested
    if data is None:
        data = canonical(target, comments=how.comments, prefixes=how.prefixes)
    digest = b64encode(hashlib.new(DIGESTS[how.digest], data).digest()).decode()
    signature = etree.fromstring(_signature_xml(id, digest, how))
    issuer = target.find(f"{{{A}}}Issuer")
    if issuer is None:
        target.insert(0, signature)
    else:
        issuer.addnext(signature)
    info = signature.find(f"{{{DS}}}SignedInfo")
    value = signature.find(f"{{{DS}}}SignatureValue")
    assert info is not None
    assert value is not None
    message = canonical(info, comments=how.c14n.endswith("WithComments"), exclusive="exc" in how.c14n)
    value.text = b64encode(_signature(message, key, how)).decode()
    return etree.tostring(root, encoding="unicode")


def canonical(element: Any, *, comments: bool = False, exclusive: bool = True, prefixes: str = "") -> bytes:
    """Return the canonical form of an element."""
    kept = prefixes.split() or None
    return etree.tostring(
        element, method="c14n", exclusive=exclusive, with_comments=comments, inclusive_ns_prefixes=kept
    )


def _signature_xml(id: str, digest: str, how: How) -> str:
    kept = f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="{how.prefixes}"/>' if how.prefixes else ""
    transforms = how.transforms
    if transforms is None:
        transforms = (
            f'<ds:Transforms><ds:Transform Algorithm="{ENVELOPED}"/>'
            f'<ds:Transform Algorithm="{EXCLUSIVE}">{kept}</ds:Transform></ds:Transforms>'
        )
    references = "".join(
        f'<ds:Reference URI="{f"#{id}" if uri is None else uri}">{transforms}'
        f'<ds:DigestMethod Algorithm="{how.digest}"/><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>'
        for uri in how.uris
    )
    key_info = f"<ds:KeyInfo>{how.key_info}</ds:KeyInfo>" if how.key_info else ""
    return (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{how.c14n}"/>'
        f'<ds:SignatureMethod Algorithm="{how.method}"/>{references}</ds:SignedInfo>'
        f"<ds:SignatureValue>AA==</ds:SignatureValue>{key_info}{how.inside}</ds:Signature>"
    )


def _signature(message: bytes, key: PrivateKey, how: How) -> bytes:
    name = how.method.rpartition("#")[2]
    if name.startswith("hmac-"):
        return hmac.digest(how.secret, message, name.removeprefix("hmac-"))
    algorithm = HASHES[next(each for each in HASHES if each in name)]
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(algorithm)))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    if name.endswith("rsa-MGF1"):
        return key.sign(message, padding.PSS(padding.MGF1(algorithm), algorithm.digest_size), algorithm)
    return key.sign(message, padding.PKCS1v15(), algorithm)


# --- How it is encrypted ---------------------------------------------------------------------------------------------


def encrypted(
    document: str, certificate: str, *, content: str = f"{XENC11}aes256-gcm", wrap: str = f"{XENC}rsa-oaep-mgf1p",
    details: str = "", is_beside: bool = False,
) -> str:  # fmt: skip
    """Return an EncryptedAssertion of a document.

    Args:
        document: What to encrypt.
        certificate: PEM, for whom.
        content: Algorithm of the content.
        wrap: Algorithm that wraps the content's key.
        details: Raw XML in the EncryptionMethod of the key; SHA-256 in it is used.
        is_beside: The key stands beside the data instead of in it.
    """
    size = int(next(each for each in ("128", "192", "256") if each in content)) // 8
    key = os.urandom(size)
    data = _gcm(key, document.encode()) if content.endswith("gcm") else _cbc(key, document.encode())
    public = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    digest: hashes.HashAlgorithm = hashes.SHA256() if "sha256" in details else HASHES["sha1"]
    mask: hashes.HashAlgorithm = hashes.SHA256() if "mgf1sha256" in details else HASHES["sha1"]
    pad = padding.PKCS1v15() if wrap.endswith("1_5") else padding.OAEP(padding.MGF1(mask), digest, None)
    wrapped = public.encrypt(key, pad)
    key_xml = (
        f'<xenc:EncryptedKey xmlns:xenc="{XENC}"><xenc:EncryptionMethod Algorithm="{wrap}">{details}'
        f"</xenc:EncryptionMethod>{_cipher_data(wrapped)}</xenc:EncryptedKey>"
    )
    key_info = "" if is_beside else f'<ds:KeyInfo xmlns:ds="{DS}">{key_xml}</ds:KeyInfo>'
    return (
        f'<saml:EncryptedAssertion xmlns:saml="{A}"><xenc:EncryptedData xmlns:xenc="{XENC}" Type="{XENC}Element">'
        f'<xenc:EncryptionMethod Algorithm="{content}"/>{key_info}{_cipher_data(data)}</xenc:EncryptedData>'
        f"{key_xml if is_beside else ''}</saml:EncryptedAssertion>"
    )


def _cipher_data(data: bytes) -> str:
    return f"<xenc:CipherData><xenc:CipherValue>{b64encode(data).decode()}</xenc:CipherValue></xenc:CipherData>"


def _gcm(key: bytes, data: bytes) -> bytes:
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, data, None)


def _cbc(key: bytes, data: bytes) -> bytes:
    length = 16 - len(data) % 16
    nonce = os.urandom(16)
    opening = Cipher(AES(key), CBC(nonce)).encryptor()
    return nonce + opening.update(data + bytes(length - 1) + bytes([length])) + opening.finalize()
