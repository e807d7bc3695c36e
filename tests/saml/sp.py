"""A SAML service provider of the tests: asks for anything, and signs it in any way. None of Avow's code."""

import datetime
import zlib
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.saml.maker import HASHES, MORE, NAMESPACES, Idp, make_idp, signed

__all__ = ["ACS", "ENTITY", "POST", "Asking", "asking", "deflated", "leaving", "metadata", "query"]

ENTITY = "https://wiki.example.com/saml"
ACS = "https://wiki.example.com/acs"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
SP_KEY = make_idp(ENTITY, "wiki")


@dataclass(frozen=True, slots=True)
class Asking:
    """A message of the service provider."""

    document: str
    id: str
    key: Idp = field(repr=False)

    def signed(self) -> "Asking":
        """Return it with a signature within."""
        return Asking(signed(self.document, self.id, self.key.key), self.id, self.key)

    @property
    def posted(self) -> str:
        """Return it as a form carries it."""
        return b64encode(self.document.encode()).decode()

    def query(self, relay_state: str | None = None, **how: Any) -> str:
        """Return it as an address carries it, signed beside it if the algorithm is named."""
        return query(self.document, relay_state, self.key, **how)


def asking(
    now: int,
    *,
    id: str = "_ask1",
    destination: str | None = None,
    issuer: str = ENTITY,
    inside: str = "",
    key: Idp | None = None,
    version: str = "2.0",
    **attributes: str,
) -> Asking:
    """Return an AuthnRequest; `attributes` are of its element, `inside` is raw XML after its issuer."""
    return _made("AuthnRequest", now, id, destination, issuer, inside, key, version, attributes)


def leaving(
    now: int,
    name_id: str,
    *indexes: str,
    id: str = "_leave1",
    destination: str | None = None,
    issuer: str = ENTITY,
    key: Idp | None = None,
    **attributes: str,
) -> Asking:
    """Return a LogoutRequest about sessions of a person."""
    named = "".join(f"<samlp:SessionIndex>{escape(each)}</samlp:SessionIndex>" for each in indexes)
    inside = f"<saml:NameID>{escape(name_id)}</saml:NameID>{named}"
    return _made("LogoutRequest", now, id, destination, issuer, inside, key, "2.0", attributes)


def _made(
    name: str,
    now: int,
    id: str,
    destination: str | None,
    issuer: str,
    inside: str,
    key: Idp | None,
    version: str,
    attributes: dict[str, str],
) -> Asking:
    at = datetime.datetime.fromtimestamp(now, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    given = {"ID": id, "Version": version, "IssueInstant": at, "Destination": destination, **attributes}
    written = "".join(f" {each}={quoteattr(value)}" for each, value in given.items() if value is not None)
    document = f"<samlp:{name} {NAMESPACES}{written}><saml:Issuer>{escape(issuer)}</saml:Issuer>{inside}</samlp:{name}>"
    return Asking(document, id, key or SP_KEY)


def deflated(document: str | bytes) -> str:
    """Return a document as an address carries it, before it is encoded for one."""
    deflater = zlib.compressobj(wbits=-15)
    data = document.encode() if isinstance(document, str) else document
    return b64encode(deflater.compress(data) + deflater.flush()).decode()


def query(
    document: str, relay_state: str | None = None, key: Idp | None = None, *, algorithm: str = "", lower: bool = False
) -> str:
    """Return the query of an address.

    Args:
        document: The message.
        relay_state: Goes with it; None for none.
        key: Signs it, if the algorithm is named.
        algorithm: Last part of its name, such as `rsa-sha256`.
        lower: Spells encoded characters with small letters, as some service providers do.
    """

    def encoded(text: str) -> str:
        made = quote(text, safe="")
        return (
            "".join(f"%{part[:2].lower()}{part[2:]}" if at else part for at, part in enumerate(made.split("%")))
            if (lower)
            else made
        )

    said = f"SAMLRequest={encoded(deflated(document))}"
    if relay_state is not None:
        said += f"&RelayState={encoded(relay_state)}"
    if algorithm and key is not None:
        said += f"&SigAlg={encoded(_uri(algorithm))}"
        assert isinstance(key.key, rsa.RSAPrivateKey)
        digest = HASHES[algorithm.removeprefix("rsa-")]
        signature = key.key.sign(said.encode(), padding.PKCS1v15(), digest)
        said += f"&Signature={encoded(b64encode(signature).decode())}"
    return said


def _uri(algorithm: str) -> str:
    return "http://www.w3.org/2000/09/xmldsig#rsa-sha1" if algorithm == "rsa-sha1" else f"{MORE}{algorithm}"


def metadata(*, entity_id: str = ENTITY, signs: bool = True, inside: str = "", **attributes: str) -> str:
    """Return its metadata: two addresses for SAML assertions, one for log-outs, and its certificate."""
    body = "".join(SP_KEY.certificate.splitlines()[1:-1])
    written = "".join(f" {each}={quoteattr(value)}" for each, value in attributes.items())
    return (
        '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"'
        f' xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{entity_id}"{written}>'
        f'<md:SPSSODescriptor AuthnRequestsSigned="{str(signs).lower()}"'
        ' protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        f"<md:KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{body}</ds:X509Certificate></ds:X509Data>"
        f'</ds:KeyInfo></md:KeyDescriptor><md:SingleLogoutService Binding="{REDIRECT}"'
        f' Location="https://wiki.example.com/slo" ResponseLocation="https://wiki.example.com/left"/>'
        f'<md:AssertionConsumerService index="0" Binding="{POST}" Location="https://wiki.example.com/acs0"/>'
        f'<md:AssertionConsumerService index="1" isDefault="true" Binding="{POST}" Location="{ACS}"/>'
        '<md:AssertionConsumerService index="2" Location="https://wiki.example.com/artifact"'
        ' Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"/>'
        f"{inside}</md:SPSSODescriptor></md:EntityDescriptor>"
    )
