"""Messages of service providers: taken out of an address or a form, and believed as far as a signature covers them.

The order is: bounds and form of the document; which signatures there are and where; the signature; and from then on
only what it covers.
"""

import re
import zlib
from base64 import b64decode
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, unquote_plus

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.x509 import Certificate

from avow.core.saml.documents import (
    Bounds,
    Element,
    assertion_name,
    instant,
    of_base64,
    parsed,
    protocol_name,
    required,
    whole_text,
)
from avow.core.saml.idp.parties import Sp
from avow.core.saml.refusals import Reason, SamlRefused
from avow.core.saml.signatures import SIGNATURE, check_ids, has_signature, trusted, verified
from avow.core.saml.statements import check_issue

__all__ = ["MAX_RELAY_STATE", "Believed", "Carried", "believed", "check_destination", "of_form", "of_query"]

# The standard allows 80 bytes; there are service providers whose RelayState is an address.
MAX_RELAY_STATE: Final = 2048
_MAX_BYTES: Final = 64 * 1024
_BOUNDS: Final = Bounds(_MAX_BYTES, 500)
_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_HASHES: Final[dict[str, type[HashAlgorithm]]] = {
    f"{_MORE}rsa-sha256": SHA256,
    f"{_MORE}rsa-sha384": SHA384,
    f"{_MORE}rsa-sha512": SHA512,
}
_DEFLATE: Final = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"
_NAMES: Final = frozenset({"SAMLRequest", "RelayState", "SAMLEncoding", "SigAlg", "Signature"})
_ISSUER: Final = assertion_name("Issuer")
_ENTITY: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
_ID: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,255}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Carried:
    """A message as it came.

    Attributes:
        document: Its XML, not yet looked at.
        relay_state: Goes back with the answer.
        is_posted: It came in a form, and a signature would stand within it.
        signed: Of an address: what a signature beside it covers, as it was sent.
        algorithm: Of that signature, "" for none.
        signature: The signature.
    """

    document: bytes = field(repr=False)
    relay_state: str = ""
    is_posted: bool = False
    signed: bytes = field(default=b"", repr=False)
    algorithm: str = ""
    signature: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Believed:
    """A message of the service provider that it is from.

    Attributes:
        root: What is to be read, and nothing else.
        id: Of the message.
        issued_at: When it was made.
        is_signed: A key of the service provider signed all of it.
    """

    root: Element
    id: str
    issued_at: int
    is_signed: bool


def of_query(query: str) -> Carried:
    """Return the request that an address carries.

    Args:
        query: As it was sent: a signature covers these very characters.

    Raises:
        SamlRefused: A parameter stands there twice or is missing, or what it holds breaks the bounds.

    Spec: SAML Bindings section 3.4.4.1.
    """
    raw: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name in _NAMES:
            if name in raw:
                raise SamlRefused(Reason.STRUCTURE, f"{name} stands there twice")
            raw[name] = value
    if "SAMLRequest" not in raw:
        raise SamlRefused(Reason.STRUCTURE, "no SAMLRequest")
    if unquote(raw.get("SAMLEncoding", _DEFLATE)) != _DEFLATE:
        raise SamlRefused(Reason.STRUCTURE, "an unknown SAMLEncoding")
    signed = "&".join(f"{name}={raw[name]}" for name in ("SAMLRequest", "RelayState", "SigAlg") if name in raw)
    return Carried(
        document=_inflated(of_base64(unquote(raw["SAMLRequest"]))),
        relay_state=_relay_state(unquote_plus(raw.get("RelayState", ""))),
        signed=signed.encode(),
        algorithm=unquote(raw.get("SigAlg", "")),
        signature=_signature(unquote(raw.get("Signature", ""))),
    )


def of_form(request: str, relay_state: str) -> Carried:
    """Return the request that a form carries. Spec: SAML Bindings section 3.5.4.

    Raises:
        SamlRefused: It is not base64, or too long.
    """
    return Carried(document=of_base64(request), relay_state=_relay_state(relay_state), is_posted=True)


def believed(carried: Carried, name: str, sp: Sp, *, needs_signature: bool, now: int) -> Believed:
    """Return a message as far as it is to be believed. Slow: some milliseconds.

    A signature has to hold wherever a certificate is known; where none is, it says nothing.

    Args:
        carried: As it came.
        name: `AuthnRequest` or `LogoutRequest`.
        sp: From whom it has to be.
        needs_signature: One that is not signed is refused.
        now: Seconds since the epoch.

    Raises:
        SamlRefused: It is not to be believed; the reason says why.

    Spec: SAML Core sections 3.2.1 and 5.4; Bindings sections 3.4.5.2 and 3.5.5.2.
    """
    root = parsed(carried.document, _BOUNDS)
    if root.tag != protocol_name(name):
        raise SamlRefused(Reason.STRUCTURE, f"{root.tag!r} is no {name}")
    keys = _keys(sp)
    root, is_signed = _covered(carried, root, keys)
    if needs_signature and not is_signed:
        raise SamlRefused(Reason.SIGNATURE_MISSING, f"the {name} is not signed")
    if root.get("Version") != "2.0":
        raise SamlRefused(Reason.VERSION, str(root.get("Version")))
    id, issued_at = required(root, "ID"), instant(required(root, "IssueInstant"))
    if not _ID.fullmatch(id):
        raise SamlRefused(Reason.STRUCTURE, "an ID that is none")
    check_issue(issued_at, now)
    _check_issuer(root, sp)
    return Believed(root, id, issued_at, is_signed)


def check_destination(found: Believed, url: str) -> None:
    """Refuse a message that goes elsewhere; one that is signed says where it goes.

    Spec: SAML Bindings sections 3.4.5.2 and 3.5.5.2.
    """
    destination = found.root.get("Destination")
    if destination != url and (destination is not None or found.is_signed):
        raise SamlRefused(Reason.DESTINATION, str(destination))


# --- Parts -----------------------------------------------------------------------------------------------------------


def _inflated(data: bytes) -> bytes:
    """Return what was deflated; a little that becomes very much is refused before it does."""
    inflater = zlib.decompressobj(wbits=-15)
    try:
        document = inflater.decompress(data, _MAX_BYTES + 1)
    except zlib.error as error:
        raise SamlRefused(Reason.NOT_XML, "not deflated") from error
    if len(document) > _MAX_BYTES:
        raise SamlRefused(Reason.TOO_LARGE, f"more than {_MAX_BYTES} bytes")
    if not inflater.eof or inflater.unused_data:
        raise SamlRefused(Reason.NOT_XML, "not all of it is deflated")
    return document


def _relay_state(text: str) -> str:
    if len(text) > MAX_RELAY_STATE:
        raise SamlRefused(Reason.TOO_LARGE, f"a RelayState of {len(text)} characters")
    return text


def _signature(text: str) -> bytes:
    try:
        return b64decode("".join(text.split()), validate=True)
    except ValueError as error:
        raise SamlRefused(Reason.SIGNATURE_FORM, "a signature that is not base64") from error


def _keys(sp: Sp) -> tuple[Certificate, ...]:
    try:
        return trusted(sp.certificates)
    except SamlRefused:  # a placeholder: nothing is known
        return ()


def _covered(carried: Carried, root: Element, keys: tuple[Certificate, ...]) -> tuple[Element, bool]:
    """Return what is to be read of a message, and whether a signature covers it."""
    inside = list(root.iter(SIGNATURE))
    if any(each.getparent() is not root for each in inside) or (inside and not carried.is_posted):
        raise SamlRefused(Reason.SIGNATURE_MISPLACED)
    check_ids(root)
    if not keys:
        return root, False
    if carried.is_posted:
        return (verified(root, keys), True) if has_signature(root) else (root, False)
    if not carried.algorithm and not carried.signature:
        return root, False
    _check_beside(carried, keys)
    return root, True


def _check_beside(carried: Carried, keys: tuple[Certificate, ...]) -> None:
    """Refuse a message whose address has a signature that does not hold."""
    algorithm = _HASHES.get(carried.algorithm)
    if algorithm is None:
        raise SamlRefused(Reason.ALGORITHM, f"signed by {carried.algorithm}")
    for each in keys:
        key = each.public_key()
        if not isinstance(key, RSAPublicKey):
            continue
        try:
            key.verify(carried.signature, carried.signed, PKCS1v15(), algorithm())
        except InvalidSignature:
            continue
        return
    raise SamlRefused(Reason.SIGNATURE_INVALID, "by none of the certificates")


def _check_issuer(root: Element, sp: Sp) -> None:
    """Refuse what is from somebody else. Spec: SAML Profiles sections 4.1.4.1 and 4.4.4.1."""
    issuers = root.findall(_ISSUER)
    named = whole_text(issuers[0]).strip() if len(issuers) == 1 else ""
    if named != sp.entity_id or issuers[0].get("Format", _ENTITY) != _ENTITY:
        raise SamlRefused(Reason.ISSUER, named or f"{len(issuers)} issuers")
