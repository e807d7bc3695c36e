"""Metadata of identity providers, as they publish it."""

import time

import pytest

from avow.core.saml import MAX_METADATA_BYTES, Binding, IdentityProvider, Reason, SamlRefused, parse_metadata
from tests.saml.stage import NOW, cast
from tests.server.sso.certificates import certificate

SIGNER = "".join(cast().idp.certificate.splitlines()[1:-1])
OTHER = "".join(cast().other.certificate.splitlines()[1:-1])
REDIRECT, POST = str(Binding.REDIRECT), str(Binding.POST)
ARTIFACT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"
ENTITY = "https://idp.example.com/metadata"


def key(*certificates: str, use: str | None = "signing") -> str:
    attribute = "" if use is None else f' use="{use}"'
    inside = "".join(f"<ds:X509Certificate>{each}</ds:X509Certificate>" for each in certificates)
    return (
        f"<md:KeyDescriptor{attribute}><ds:KeyInfo><ds:KeyName>x</ds:KeyName><ds:X509Data>{inside}</ds:X509Data>"
        "</ds:KeyInfo></md:KeyDescriptor>"
    )


def service(binding: str = REDIRECT, location: str = "https://idp.example.com/sso") -> str:
    return f'<md:SingleSignOnService Binding="{binding}" Location="{location}"/>'


def entity(
    name: str = ENTITY,
    *,
    keys: str | None = None,
    services: str | None = None,
    attributes: str = "",
    role: str = 'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"',
    before: str = "",
) -> str:
    keys = key(SIGNER) if keys is None else keys
    services = service() if services is None else services
    return (
        f'<md:EntityDescriptor entityID="{name}" {attributes}>{before}<md:IDPSSODescriptor {role}>{keys}'
        "<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:transient</md:NameIDFormat>"
        f"{services}</md:IDPSSODescriptor></md:EntityDescriptor>"
    )


def metadata(*entities: str, attributes: str = "") -> str:
    inside = "".join(entities or (entity(),))
    if len(entities) > 1 or attributes:
        inside = f"<md:EntitiesDescriptor {attributes}>{inside}</md:EntitiesDescriptor>"
    spaces = 'xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
    return '<?xml version="1.0"?>\n' + inside.replace(" ", f" {spaces} ", 1)


def read(document: str, entity_id: str = "") -> IdentityProvider:
    return parse_metadata(document.encode(), entity_id, NOW)


def reason_of(document: str, entity_id: str = "") -> Reason:
    with pytest.raises(SamlRefused) as refused:
        read(document, entity_id)
    return refused.value.reason


def test_one_identity_provider_is_read() -> None:
    role = 'protocolSupportEnumeration="urn:x urn:oasis:names:tc:SAML:2.0:protocol" WantAuthnRequestsSigned="true"'
    made = entity(attributes='validUntil="2027-01-16T08:00:00Z" cacheDuration="PT6H"', role=role)
    assert read(metadata(made), ENTITY) == IdentityProvider(
        entity_id=ENTITY,
        sso_url="https://idp.example.com/sso",
        binding=Binding.REDIRECT,
        certificates=(SIGNER,),
        wants_signed_requests=True,
        valid_until=NOW + 86_400,
        cache_seconds=6 * 3600,
    )


def test_what_is_not_said_is_not_wanted() -> None:
    found = read(metadata())
    assert (found.wants_signed_requests, found.valid_until, found.cache_seconds) == (False, None, None)


# --- Which one -------------------------------------------------------------------------------------------------------


def test_the_one_of_the_name_is_found_among_many() -> None:
    service_provider = (
        '<md:EntityDescriptor entityID="https://sp.example.com"><md:SPSSODescriptor/></md:EntityDescriptor>'
    )
    nested = f"<md:EntitiesDescriptor>{entity('https://second.example.com')}</md:EntitiesDescriptor>"
    whole = metadata(entity(), nested, service_provider)
    for name in (ENTITY, "https://second.example.com"):
        assert read(whole, name).entity_id == name
    assert reason_of(whole) is Reason.METADATA_ENTITY
    assert reason_of(whole, "https://sp.example.com") is Reason.METADATA_ENTITY
    assert reason_of(whole, "https://third.example.com") is Reason.METADATA_ENTITY
    assert read(metadata(entity(), service_provider)).entity_id == ENTITY


@pytest.mark.parametrize(
    "document",
    [
        metadata(entity(), entity()),
        metadata(entity("")),
        metadata(entity(role='protocolSupportEnumeration="urn:oasis:names:tc:SAML:1.1:protocol"')),
        metadata(entity(role="")),
        metadata(entity().replace("IDPSSODescriptor", "SPSSODescriptor")),
        metadata(entity().replace("</md:IDPSSODescriptor>", "</md:IDPSSODescriptor><md:IDPSSODescriptor"
                 ' protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"/>')),
    ],
    ids=["twice", "nameless", "of SAML 1.1", "of no protocol", "a service provider", "two roles"],
)  # fmt: skip
def test_what_is_not_exactly_one_identity_provider_is_refused(document: str) -> None:
    assert reason_of(document) is Reason.METADATA_ENTITY


def test_other_documents_are_refused() -> None:
    assert reason_of("<html/>") is Reason.STRUCTURE
    assert reason_of("<html>") is Reason.NOT_XML
    assert reason_of("<!DOCTYPE html><html/>") is Reason.FORBIDDEN_XML


# --- Until when ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["list", "entity", "role"])
def test_metadata_that_has_expired_is_refused_wherever_it_says_so(place: str) -> None:
    protocol = 'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"'

    def until(text: str) -> str:
        said = {place: f'validUntil="{text}"'}
        made = entity(attributes=said.get("entity", ""), role=f"{protocol} {said.get('role', '')}")
        return metadata(made, attributes=said.get("list", 'Name="x"'))

    assert read(until("2027-01-15T08:00:01Z")).valid_until == NOW + 1
    assert reason_of(until("2027-01-15T08:00:00Z")) is Reason.METADATA_EXPIRED
    assert reason_of(until("soon")) is Reason.TIME


def test_the_earliest_end_counts() -> None:
    made = entity(attributes='validUntil="2027-01-17T08:00:00Z" cacheDuration="P1D"')
    found = read(metadata(made, attributes='validUntil="2027-01-16T08:00:00Z" cacheDuration="P2D"'))
    assert (found.valid_until, found.cache_seconds) == (NOW + 86_400, 86_400)


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [("PT1H30M5.5S", 5405), ("P1Y2M3DT4H", (365 + 60 + 3) * 86_400 + 4 * 3600), ("PT0S", 0), ("P", None), ("", None),
     ("1 day", None), ("-P1D", None), ("P" + "9" * 50 + "D", None)],
)  # fmt: skip
def test_duration_is_read(duration: str, seconds: int | None) -> None:
    assert read(metadata(entity(attributes=f'cacheDuration="{duration}"'))).cache_seconds == seconds


# --- Where -----------------------------------------------------------------------------------------------------------


def test_redirect_is_taken_before_post_and_nothing_else() -> None:
    both = service(ARTIFACT, "https://a.example.com") + service(POST, "https://p.example.com") + service()
    assert read(metadata(entity(services=both))).binding is Binding.REDIRECT
    post = service(POST, "https://p.example.com/sso?a=1&amp;b=2")
    found = read(metadata(entity(services=post)))
    assert (found.binding, found.sso_url) == (Binding.POST, "https://p.example.com/sso?a=1&b=2")
    for services in ("", service(ARTIFACT), service(location="javascript:alert(1)"), service(location="/sso")):
        assert reason_of(metadata(entity(services=services))) is Reason.METADATA_BINDING


# --- Keys ------------------------------------------------------------------------------------------------------------


def test_all_signing_keys_count_and_those_for_encryption_do_not() -> None:
    keys = key(SIGNER, use=None) + key(OTHER) + key(SIGNER)
    assert read(metadata(entity(keys=keys))).certificates == (SIGNER, OTHER)
    assert read(metadata(entity(keys=key(SIGNER) + key(OTHER, use="encryption")))).certificates == (SIGNER,)


def test_only_the_first_certificate_of_a_chain_is_the_key() -> None:
    assert read(metadata(entity(keys=key(SIGNER, OTHER)))).certificates == (SIGNER,)


def test_lines_of_a_certificate_are_joined() -> None:
    lines = "\n".join(["", *cast().idp.certificate.splitlines()[1:-1], ""])
    assert read(metadata(entity(keys=key(lines)))).certificates == (SIGNER,)


def test_keys_that_cannot_check_signatures_are_left_out() -> None:
    weak = "".join(certificate("weak", 1024).splitlines()[1:-1])
    assert read(metadata(entity(keys=key(weak) + key("AAAA") + key(SIGNER)))).certificates == (SIGNER,)
    for keys in ("", key(weak), key("AAAA"), key(SIGNER, use="encryption"), key(), "<md:KeyDescriptor/>"):
        assert reason_of(metadata(entity(keys=keys))) is Reason.NO_CERTIFICATE


# --- Size ------------------------------------------------------------------------------------------------------------


def test_large_federation_is_read_within_seconds() -> None:
    many = [entity(f"https://idp{number}.example.com") for number in range(1_000)]
    document = metadata(*many)
    started = time.process_time()
    assert read(document, "https://idp999.example.com").entity_id == "https://idp999.example.com"
    assert time.process_time() - started < 2


def test_more_than_the_bound_is_refused() -> None:
    assert reason_of(metadata() + " " * MAX_METADATA_BYTES) is Reason.TOO_LARGE
