"""Messages and assertions signed as XML."""

from typing import Final

from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.signer import XMLSigner

from avow.core.saml.documents import assertion_name, hardened_parser, required, signature_name, written
from avow.core.saml.keys import private_key
from avow.core.saml.parties import SamlKey

__all__ = ["signed"]

_PLACEHOLDER: Final = "placeholder"  # signxml puts the signature where an element of this id stands


def signed(document: str, key: SamlKey) -> bytes:
    """Return a document with a signature of RSA-SHA256 after its issuer. Slow: some milliseconds.

    Spec: SAML Core section 5.4, Bindings section 3.5.
    """
    root = etree.fromstring(document.encode(), hardened_parser())
    place = etree.Element(signature_name("Signature"), {"Id": _PLACEHOLDER}, {"ds": signature_name("")[1:-1]})
    issuer = root.find(assertion_name("Issuer"))
    if issuer is None:
        raise ValueError("a message names its issuer")
    issuer.addnext(place)
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    made = signer.sign(
        root,
        key=private_key(key),
        cert=[key.certificate],
        reference_uri=f"#{required(root, 'ID')}",
        id_attribute="ID",
    )
    return written(made)
