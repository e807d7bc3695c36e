"""Metadata of service providers, read into what a sign-in needs."""

from typing import Final

from avow.core import redirects
from avow.core.saml.documents import Element, flag
from avow.core.saml.idp.parties import LogoutService, Sp
from avow.core.saml.metadata import certificates_of, chosen, described, valid_until
from avow.core.saml.parties import Binding
from avow.core.saml.refusals import Reason, SamlRefused

__all__ = ["parse_metadata"]

_NAMESPACE: Final = "{urn:oasis:names:tc:SAML:2.0:metadata}"
_ROLE: Final = f"{_NAMESPACE}SPSSODescriptor"
_ACS: Final = f"{_NAMESPACE}AssertionConsumerService"
_SLO: Final = f"{_NAMESPACE}SingleLogoutService"
_MOST_ADDRESSES: Final = 100


def parse_metadata(document: bytes, entity_id: str, now: int) -> Sp:
    """Return the service provider that metadata describes; see `avow.core.saml.idp.parse_metadata`."""
    entity, role = chosen(described(document), entity_id, _ROLE)
    ends_at = valid_until(role, now)
    services = [each for each in role.iterchildren(_ACS) if _is_posted_to(each)][:_MOST_ADDRESSES]
    if not services:
        raise SamlRefused(Reason.METADATA_BINDING)
    urls = [each.get("Location", "") for each in services]
    standard = next((at for at, each in enumerate(services) if flag(each.get("isDefault"))), 0)
    return Sp(
        entity_id=entity.get("entityID", ""),
        acs_url=urls[standard],
        further_acs=tuple(dict.fromkeys(each for each in urls if each != urls[standard])),
        indexes={
            int(number): url
            for each, url in zip(services, urls, strict=True)
            if (number := each.get("index", "")).isascii() and number.isdigit() and len(number) <= 5
        },
        certificates=certificates_of(role),
        needs_signature=flag(role.get("AuthnRequestsSigned")),
        logout=_logout(role),
        valid_until=ends_at,
    )


def _is_posted_to(service: Element) -> bool:
    return service.get("Binding") == Binding.POST and redirects.is_url(service.get("Location", ""))


def _logout(role: Element) -> LogoutService | None:
    """Return where answers to log-outs go: by redirect if that is offered, else by a form, else nowhere."""
    for binding in Binding:
        for service in role.iterchildren(_SLO):
            url = service.get("ResponseLocation", "") or service.get("Location", "")
            if service.get("Binding") == binding and redirects.is_url(url):
                return LogoutService(url, binding)
    return None
