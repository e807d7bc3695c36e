"""Metadata of identity providers, alone or among many, read into what a sign-in needs.

`idp/metadata.py` reads those of service providers by the same steps.
"""

import re
from collections.abc import Iterator
from typing import Final

from avow.core import certificates, redirects
from avow.core.saml.documents import Bounds, Element, flag, instant, parsed, signature_name, whole_text
from avow.core.saml.limits import MAX_CERTIFICATES, MAX_METADATA_BYTES, MAX_METADATA_ELEMENTS
from avow.core.saml.parties import Binding, IdentityProvider
from avow.core.saml.refusals import Reason, SamlRefused
from avow.errors import InvalidArgument

__all__ = ["certificates_of", "chosen", "described", "parse_metadata", "valid_until"]

_NAMESPACE: Final = "{urn:oasis:names:tc:SAML:2.0:metadata}"
_LIST: Final = f"{_NAMESPACE}EntitiesDescriptor"
_ENTITY: Final = f"{_NAMESPACE}EntityDescriptor"
_ROLE: Final = f"{_NAMESPACE}IDPSSODescriptor"
_KEY: Final = f"{_NAMESPACE}KeyDescriptor"
_SERVICE: Final = f"{_NAMESPACE}SingleSignOnService"
_X509_DATA: Final = f"{signature_name('KeyInfo')}/{signature_name('X509Data')}"
_PROTOCOL: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
_BOUNDS: Final = Bounds(MAX_METADATA_BYTES, MAX_METADATA_ELEMENTS)
_DURATION: Final = re.compile(
    r"P(?:([0-9]{1,4})Y)?(?:([0-9]{1,5})M)?(?:([0-9]{1,6})D)?"
    r"(?:T(?:([0-9]{1,7})H)?(?:([0-9]{1,8})M)?(?:([0-9]{1,9})(?:\.[0-9]{1,9})?S)?)?",
    re.ASCII,
)
_DURATION_SECONDS: Final = (365 * 86_400, 30 * 86_400, 86_400, 3600, 60, 1)


def parse_metadata(document: bytes, entity_id: str, now: int) -> IdentityProvider:
    """Return an identity provider of metadata; see `avow.core.saml.parse_metadata`."""
    entity, role = chosen(described(document), entity_id, _ROLE)
    ends_at = valid_until(role, now)
    scopes = [role, *role.iterancestors()]
    kept = [seconds for each in scopes if (seconds := _seconds(each.get("cacheDuration"))) is not None]
    binding, sso_url = _service(role)
    certificates = certificates_of(role)
    if not certificates:
        raise SamlRefused(Reason.NO_CERTIFICATE)
    return IdentityProvider(
        entity_id=entity.get("entityID", ""),
        sso_url=sso_url,
        binding=binding,
        certificates=certificates,
        wants_signed_requests=flag(role.get("WantAuthnRequestsSigned")),
        valid_until=ends_at,
        cache_seconds=min(kept, default=None),
    )


def described(document: bytes) -> Element:
    """Return the root of metadata, of one entity or of several.

    Raises:
        SamlRefused: It is none, or breaks the bounds.
    """
    root = parsed(document, _BOUNDS)
    if root.tag not in (_LIST, _ENTITY):
        raise SamlRefused(Reason.STRUCTURE, f"{root.tag!r} is no metadata")
    return root


def chosen(root: Element, entity_id: str, role_name: str) -> tuple[Element, Element]:
    """Return the entity that is meant, and the role that it has in SAML 2.0.

    Raises:
        SamlRefused: METADATA_ENTITY: there is none, or more than one.
    """
    found = [
        (entity, role)
        for entity in root.iter(_ENTITY)
        if not entity_id or entity.get("entityID") == entity_id
        for role in entity.iterchildren(role_name)
        if _PROTOCOL in role.get("protocolSupportEnumeration", "").split()
    ]
    if len(found) != 1 or not found[0][0].get("entityID"):
        kind = role_name.rpartition("}")[2].removesuffix("Descriptor")
        raise SamlRefused(Reason.METADATA_ENTITY, f"{len(found)} of the role {kind} {entity_id}".strip())
    return found[0]


def valid_until(role: Element, now: int) -> int | None:
    """Return when metadata ends: the role, the entity, or a list that it stands in; None for never.

    Raises:
        SamlRefused: METADATA_EXPIRED.
    """
    ends = [instant(text) for each in (role, *role.iterancestors()) if (text := each.get("validUntil"))]
    if ends and min(ends) <= now:
        raise SamlRefused(Reason.METADATA_EXPIRED, f"{now - min(ends)} s ago")
    return min(ends, default=None)


def _service(role: Element) -> tuple[Binding, str]:
    """Return where requests go: by redirect if that is offered, else by a form.

    Raises:
        SamlRefused: METADATA_BINDING: neither is offered at an address that browsers can go to.
    """
    for binding in Binding:
        for service in role.iterchildren(_SERVICE):
            location = service.get("Location", "")
            if service.get("Binding") == binding and redirects.is_url(location):
                return binding, location
    raise SamlRefused(Reason.METADATA_BINDING)


def certificates_of(role: Element) -> tuple[str, ...]:
    """Return the certificates that signatures can be checked with, in base64, each once."""
    usable = dict.fromkeys(text for text in _signing_certificates(role) if _is_usable(text))
    return tuple(usable)[:MAX_CERTIFICATES]


def _signing_certificates(role: Element) -> Iterator[str]:
    for key in role.iterchildren(_KEY):
        if key.get("use", "signing") != "signing":
            continue
        for data in key.findall(_X509_DATA):
            # Others after the first would be its chain: authorities, whose keys sign no assertions.
            first = data.find(signature_name("X509Certificate"))
            if first is not None:
                yield "".join(whole_text(first).split())


def _is_usable(text: str) -> bool:
    try:
        certificates.parse(text)
    except InvalidArgument:
        return False
    return True


def _seconds(duration: str | None) -> int | None:
    """Return the seconds of an XML duration; None for none and for what is none.

    Spec: XML Schema part 2 section 3.2.6; a year counts 365 days, a month 30.
    """
    found = _DURATION.fullmatch(duration or "")
    if found is None or not any(found.groups()):
        return None
    return sum(int(text or 0) * each for text, each in zip(found.groups(), _DURATION_SECONDS, strict=True))
