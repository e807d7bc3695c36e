"""Our metadata as an identity provider: what a service provider has to know of us."""

import html
from collections.abc import Sequence

from avow.core.saml.idp.parties import SERVED, OwnIdp, Sp
from avow.core.saml.parties import Binding

__all__ = ["idp_metadata"]


def idp_metadata(own: OwnIdp, sp: Sp, certificates: Sequence[str]) -> str:
    """Return our metadata as XML.

    Args:
        own: Our name and addresses.
        sp: For whom: what its NameIDs are like, and whether its requests have to be signed.
        certificates: PEM, the one in use first.

    Spec: SAML Metadata sections 2.3.2 and 2.4.3.
    """
    bodies = ["".join(line for line in each.strip().splitlines() if "-----" not in line) for each in certificates]
    keys = "".join(
        '<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>'
        f"{html.escape(each)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        for each in bodies
    )
    formats = [sp.name_id_format] if sp.name_id_format else SERVED
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"'
        f' xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{html.escape(own.entity_id)}">'
        f'<md:IDPSSODescriptor WantAuthnRequestsSigned="{"true" if sp.needs_signature else "false"}"'
        ' protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        f"{keys}{_services('SingleLogoutService', own.slo_url)}"
        f"{''.join(f'<md:NameIDFormat>{html.escape(each)}</md:NameIDFormat>' for each in formats)}"
        f"{_services('SingleSignOnService', own.sso_url)}"
        "</md:IDPSSODescriptor></md:EntityDescriptor>\n"
    )


def _services(name: str, url: str) -> str:
    return "".join(f'<md:{name} Binding="{each}" Location="{html.escape(url)}"/>' for each in Binding)
