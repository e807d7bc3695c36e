"""XML signatures of SAML: which form they have, and what exactly they cover.

The form is checked first and is narrow: one reference, by id, to the element that the signature stands in, the two
transforms that SAML allows, algorithms of a short list. Then signxml checks the digest and the signature, with the keys
that are configured and with no others: what the document says of its key is thrown away before.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import Certificate
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from avow.core import certificates
from avow.core.saml.documents import (
    MAYBE,
    ONE,
    Element,
    hardened_parser,
    parts,
    required,
    signature_name,
    written,
)
from avow.core.saml.limits import MAX_CERTIFICATES
from avow.core.saml.refusals import Reason, SamlRefused
from avow.errors import InvalidArgument

__all__ = ["EXCLUSIVE_C14N", "SIGNATURE", "check_ids", "has_signature", "trusted", "verified"]

SIGNATURE: Final = signature_name("Signature")
EXCLUSIVE_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"

_ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_INCLUSIVE_NAMESPACES: Final = f"{{{EXCLUSIVE_C14N}}}InclusiveNamespaces"
_METHODS: Final = frozenset(
    {
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.SHA256_RSA_MGF1,
        SignatureMethod.SHA384_RSA_MGF1,
        SignatureMethod.SHA512_RSA_MGF1,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
    }
)
_DIGESTS: Final = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
_METHOD_NAMES: Final = frozenset(each.value for each in _METHODS)
_DIGEST_NAMES: Final = frozenset(each.value for each in _DIGESTS)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/\s]+={0,2}", re.ASCII)
_PREFIXES: Final = re.compile(r"(?:#default|[A-Za-z_][\w.-]*)(?: (?:#default|[A-Za-z_][\w.-]*)){0,15}", re.ASCII)

_IDS: Final = ("ID", "Id", "id", "iD", "{http://www.w3.org/XML/1998/namespace}id")


def trusted(texts: Iterable[str]) -> tuple[Certificate, ...]:
    """Return the certificates that signatures can be checked with; a text that is none is left out.

    Args:
        texts: PEM, or the base64 within it.

    Raises:
        SamlRefused: NO_CERTIFICATE: none is left.
    """
    found: list[Certificate] = []
    for text in texts:
        try:
            found.append(certificates.parse(text))
        except InvalidArgument:  # a placeholder, or a key that is too weak: no signature holds against it
            continue
    if not found:
        raise SamlRefused(Reason.NO_CERTIFICATE)
    return tuple(found[:MAX_CERTIFICATES])


def has_signature(element: Element) -> bool:
    """Tell whether a signature stands in an element, of which it then has to be."""
    return element.find(SIGNATURE) is not None


def check_ids(root: Element) -> None:
    """Refuse a document in which one id names two elements, whatever the attribute is called.

    Raises:
        SamlRefused: DUPLICATE_ID.
    """
    ids = [value for element in root.iter() for name in _IDS if (value := element.get(name)) is not None]
    if len(ids) != len(set(ids)):
        raise SamlRefused(Reason.DUPLICATE_ID)


def verified(element: Element, keys: Sequence[Certificate]) -> Element:
    """Return an element as the signature in it covers it: read anew from its canonical form, without the signature.

    The given element must not be looked at any more; what is returned is a document of its own.

    Args:
        element: A response or an assertion, in a document whose ids are unique.
        keys: Certificates of which one has to have signed it. Their dates do not matter.

    Raises:
        SamlRefused: The signature has another form (SIGNATURE_FORM, ALGORITHM), or is of none of the keys or of
            something else (SIGNATURE_INVALID).

    Spec: XML Signature 1.1 sections 3.2 and 4; SAML Core section 5.4.
    """
    alone = etree.fromstring(written(element), hardened_parser())
    signatures = alone.findall(SIGNATURE)
    if len(signatures) != 1:
        raise SamlRefused(Reason.SIGNATURE_FORM, f"{len(signatures)} signatures of one element")
    _check_form(signatures[0], required(alone, "ID"))
    for key_info in signatures[0].findall(signature_name("KeyInfo")):
        signatures[0].remove(key_info)
    document = written(alone)
    refusals: list[str] = []
    for key in keys:
        try:
            return _covered(document, alone, key)
        except _FAULTS as error:
            refusals.append(f"{type(error).__name__} {error}")
    raise SamlRefused(Reason.SIGNATURE_INVALID, "; ".join(dict.fromkeys(refusals)))


# What signxml, lxml and cryptography raise for signatures that do not hold.
_FAULTS: Final = (SignXMLException, etree.LxmlError, UnsupportedAlgorithm, ValueError, TypeError)


def _covered(document: bytes, element: Element, key: Certificate) -> Element:
    """Return what the signature of `key` covers in a document, which has to be all of it."""
    expected = SignatureConfiguration(
        location="./",
        expect_references=1,
        signature_methods=_METHODS,
        digest_algorithms=_DIGESTS,
        verification_time=key.not_valid_before_utc,  # keys are trusted while they are configured
    )
    found = XMLVerifier().verify(
        document, x509_cert=key, id_attribute="ID", parser=hardened_parser(), expect_config=expected
    )
    covered = found.signed_xml if isinstance(found, VerifyResult) else None
    if covered is None or covered.tag != element.tag or covered.get("ID") != element.get("ID"):
        raise SamlRefused(Reason.SIGNATURE_INVALID, "the signature covers something else")
    return covered


def _check_form(signature: Element, id: str) -> None:
    """Refuse a signature of any other form than the one of SAML, before anything is computed from it."""
    if set(signature.attrib) - {"Id"}:
        raise SamlRefused(Reason.SIGNATURE_FORM, "attributes of the signature")
    found = _formed(signature, {"SignedInfo": ONE, "SignatureValue": ONE, "KeyInfo": MAYBE})
    _check_base64(found["SignatureValue"][0])
    names = {"CanonicalizationMethod": ONE, "SignatureMethod": ONE, "Reference": ONE}
    signed = _formed(found["SignedInfo"][0], names)
    _check_c14n(signed["CanonicalizationMethod"][0])
    method = signed["SignatureMethod"][0]
    if _algorithm(method) not in _METHOD_NAMES:
        raise SamlRefused(Reason.ALGORITHM, f"signed by {_algorithm(method)}")
    _formed(method, {})
    _check_reference(signed["Reference"][0], id)


def _check_reference(reference: Element, id: str) -> None:
    if reference.get("URI") != f"#{id}" or set(reference.attrib) - {"URI", "Id"}:
        raise SamlRefused(Reason.SIGNATURE_FORM, f"a reference to {reference.get('URI')}")
    found = _formed(reference, {"Transforms": ONE, "DigestMethod": ONE, "DigestValue": ONE})
    transforms = _formed(found["Transforms"][0], {"Transform": (2, 2)})["Transform"]
    if _algorithm(transforms[0]) != _ENVELOPED:
        raise SamlRefused(Reason.SIGNATURE_FORM, f"transformed by {_algorithm(transforms[0])}")
    _formed(transforms[0], {})
    _check_c14n(transforms[1])
    method = found["DigestMethod"][0]
    if _algorithm(method) not in _DIGEST_NAMES:
        raise SamlRefused(Reason.ALGORITHM, f"digested by {_algorithm(method)}")
    _formed(method, {})
    _check_base64(found["DigestValue"][0])


def _check_c14n(method: Element) -> None:
    """Accept exclusive canonicalization without comments, with prefixes to keep or without."""
    if _algorithm(method) != EXCLUSIVE_C14N:
        raise SamlRefused(Reason.ALGORITHM, f"canonicalized by {_algorithm(method)}")
    for kept in _formed(method, {_INCLUSIVE_NAMESPACES: MAYBE})[_INCLUSIVE_NAMESPACES]:
        _formed(kept, {})
        if not _PREFIXES.fullmatch(kept.get("PrefixList", "")):
            raise SamlRefused(Reason.SIGNATURE_FORM, "prefixes of namespaces")


def _check_base64(element: Element) -> None:
    if len(element) or not _BASE64.fullmatch((element.text or "").rstrip()):
        raise SamlRefused(Reason.SIGNATURE_FORM, "a value that is not base64")


def _algorithm(element: Element) -> str:
    return element.get("Algorithm", "")


def _formed(element: Element, grammar: Mapping[str, tuple[int, int]]) -> dict[str, list[Element]]:
    """Return the children of an element of a signature by their names; those without a namespace are of signatures."""
    names = {name: name if name.startswith("{") else signature_name(name) for name in grammar}
    try:
        found = parts(element, {names[name]: often for name, often in grammar.items()})
    except SamlRefused as error:
        raise SamlRefused(Reason.SIGNATURE_FORM, error.detail) from error
    return {name: found[qualified] for name, qualified in names.items()}
