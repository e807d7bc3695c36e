"""Our own metadata: what an identity provider has to know of us."""

import html
from collections.abc import Sequence
from typing import Final

from avow.core.saml.parties import Binding, ServiceProvider

__all__ = ["sp_metadata"]

_NAME_ID_FORMATS: Final = (
    "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
)
# The best first: identity providers take the first that they know.
_ENCRYPTION: Final = (
    "http://www.w3.org/2009/xmlenc11#aes256-gcm",
    "http://www.w3.org/2009/xmlenc11#aes128-gcm",
    "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
    "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
    "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
)


def sp_metadata(sp: ServiceProvider, certificates: Sequence[str], *, signs_requests: bool = True) -> str:
    """Return our metadata as XML.

    It asks for signed assertions, posted to the ACS.

    Args:
        sp: Our name and address.
        certificates: PEM, the one in use first: for our signatures, and to encrypt for us.
        signs_requests: Whether our requests are signed.

    Spec: SAML Metadata sections 2.3.2, 2.4.4; XML Encryption 1.1 section 5.
    """
    bodies = ["".join(line for line in each.strip().splitlines() if "-----" not in line) for each in certificates]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"'
        f' xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{html.escape(sp.entity_id)}">'
        f'<md:SPSSODescriptor AuthnRequestsSigned="{_flag(signs_requests)}" WantAssertionsSigned="true"'
        ' protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        f"{''.join(_key('signing', body) for body in bodies)}{''.join(_key('encryption', body) for body in bodies)}"
        f"{''.join(f'<md:NameIDFormat>{each}</md:NameIDFormat>' for each in _NAME_ID_FORMATS)}"
        f'<md:AssertionConsumerService Binding="{Binding.POST}" Location="{html.escape(sp.acs_url)}" index="0"'
        ' isDefault="true"/></md:SPSSODescriptor></md:EntityDescriptor>\n'
    )


def _key(use: str, body: str) -> str:
    methods = "".join(f'<md:EncryptionMethod Algorithm="{each}"/>' for each in _ENCRYPTION)
    return (
        f'<md:KeyDescriptor use="{use}"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{html.escape(body)}'
        "</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        f"{methods if use == 'encryption' else ''}</md:KeyDescriptor>"
    )


def _flag(value: bool) -> str:
    return "true" if value else "false"
