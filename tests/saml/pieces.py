"""Pieces that forged responses are made of, and who takes part in them."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from lxml import etree

from avow.core.saml import Reason
from tests.saml.maker import (
    DS,
    A,
    How,
    Idp,
    P,
    Told,
    assertion_xml,
    make_idp,
    response_xml,
    signed,
)

ALICE: Final = "alice@example.com"
ADMIN: Final = "admin@example.com"
ASSERTION_ID: Final = "_assertion1"
RESPONSE_ID: Final = "_response1"
SIGNATURE: Final = f"{{{DS}}}Signature"


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part.

    Attributes:
        idp: The identity provider that is trusted, with its key.
        other: Another tenant's, of which the attacker has the key.
        sp_certificate: PEM, by which assertions are encrypted for us; "" when nothing can be.
    """

    idp: Idp
    other: Idp
    sp_certificate: str = ""

    @property
    def thief(self) -> Idp:
        """Return the attacker's own key under the trusted name, in a certificate of the same subject and serial."""
        return make_idp(self.idp.entity_id, turn=1)


Row = tuple[str, str | bytes, Reason] | tuple[str, str | bytes, Reason, dict[str, Any]]
Rows = Iterator[Row]


def said(cast: Cast, told: Told, how: How | None = None, *, outer: dict[str, Any] | None = None, **inner: Any) -> str:
    """Return a response with one assertion that the identity provider has genuinely signed."""
    document = response_xml(cast.idp, told, assertion_xml(cast.idp, told, **inner), **(outer or {}))
    return signed(document, inner.get("id", ASSERTION_ID), cast.idp.key, how)


def of_response(cast: Cast, document: str, how: How | None = None) -> str:
    return signed(document, RESPONSE_ID, cast.idp.key, how)


def of_both(cast: Cast, document: str) -> str:
    return of_response(cast, signed(document, ASSERTION_ID, cast.idp.key))


def evil_assertion(cast: Cast, told: Told, id: str = "evil_assertion") -> Any:
    """Return an unsigned assertion for the administrator."""
    return tree(assertion_xml(cast.idp, told, id=id, name_id=ADMIN, attributes={"email": (ADMIN,)}))


def tree(document: str) -> Any:
    return etree.fromstring(document.encode())


def as_text(root: Any) -> str:
    return etree.tostring(root, encoding="unicode")


def as_object(element: Any) -> Any:
    wrapper = etree.Element(f"{{{DS}}}Object")
    wrapper.append(element)
    return wrapper


def within(name: str, *elements: Any) -> Any:
    wrapper = etree.Element(name)
    wrapper.extend(elements)
    return wrapper


def without(document: str, path: str) -> str:
    root = tree(document)
    for each in root.iterfind(path, {"saml": A, "samlp": P, "ds": DS}):
        each.getparent().remove(each)
    return as_text(root)


def x509_data(idp: Idp) -> str:
    body = "".join(idp.certificate.splitlines()[1:-1])
    return f"<ds:X509Data><ds:X509Certificate>{body}</ds:X509Certificate></ds:X509Data>"


def key_value(idp: Idp) -> str:
    key = idp.key.public_key()
    assert isinstance(key, RSAPublicKey)
    numbers = key.public_numbers()
    n, e = (b64encode(each.to_bytes((each.bit_length() + 7) // 8, "big")).decode() for each in (numbers.n, numbers.e))
    inside = f"<ds:Modulus>{n}</ds:Modulus><ds:Exponent>{e}</ds:Exponent>"
    return f"<ds:KeyValue><ds:RSAKeyValue>{inside}</ds:RSAKeyValue></ds:KeyValue>"
