"""What we say to service providers: signed SAML assertions in signed responses, refusals, and answers to log-outs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from avow.core.saml.assertions import NameId
from avow.core.saml.carrying import PostForm, RedirectUrl, by_form, by_redirect, instant, written
from avow.core.saml.idp.parties import LogoutService, OwnIdp, Sp
from avow.core.saml.idp.person import Sent
from avow.core.saml.idp.statuses import SUCCESS, Status
from avow.core.saml.parties import Binding, SamlKey
from avow.core.saml.signing import signed

__all__ = ["ASSERTION_SECONDS", "Said", "logout_response", "refusal", "response"]

ASSERTION_SECONDS: Final = 300
_EARLY_SECONDS: Final = 60  # a service provider whose clock is slow takes it too
_NAMESPACES: Final = (
    ' xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'
)
# Characters that XML 1.0 has not (section 2.2); a text of a person may have them.
_NOT_XML: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an assertion says.

    Attributes:
        response_id, id: Of response and assertion; unguessable names.
        in_response_to: The request, "" for a sign-in that begins here.
        acs_url: Where it goes.
        relay_state: Goes with it.
        name_id: Who.
        attributes: What is told of them.
        session_index: Names their session at this service provider.
        session_ends_at: When it ends.
        authn_at: When they signed in.
        authn_context: How, URI of a class.
    """

    response_id: str
    id: str
    in_response_to: str
    acs_url: str
    relay_state: str
    name_id: NameId
    attributes: Sequence[Sent]
    session_index: str
    session_ends_at: int
    authn_at: int
    authn_context: str


def response(own: OwnIdp, sp: Sp, said: Said, key: SamlKey, now: int) -> PostForm:
    """Return the form that takes a signed assertion in a signed response to its service provider. Slow.

    Spec: SAML Core sections 2.3.3 and 3.2.2; Profiles section 4.1.4.2.
    """
    assertion = signed(_assertion(own, sp, said, now), key).decode()
    document = _response("Response", own, said.response_id, said.in_response_to, said.acs_url, SUCCESS, now, assertion)
    return by_form(said.acs_url, "SAMLResponse", document, said.relay_state, key)


def refusal(
    own: OwnIdp, acs_url: str, in_response_to: str, relay_state: str, status: Status, key: SamlKey, id: str, now: int
) -> PostForm:
    """Return the form that tells a service provider why it gets no assertion. Slow."""
    document = _response("Response", own, id, in_response_to, acs_url, status, now)
    return by_form(acs_url, "SAMLResponse", document, relay_state, key)


def logout_response(
    own: OwnIdp,
    to: LogoutService,
    in_response_to: str,
    relay_state: str,
    status: Status,
    key: SamlKey,
    id: str,
    now: int,
) -> RedirectUrl | PostForm:
    """Return how a service provider hears what became of a log-out. Slow.

    Spec: SAML Core section 3.7.2; Profiles section 4.4.4.2.
    """
    document = _response("LogoutResponse", own, id, in_response_to, to.url, status, now)
    carry = by_redirect if to.binding is Binding.REDIRECT else by_form
    return carry(to.url, "SAMLResponse", document, relay_state, key)


def _response(
    name: str, own: OwnIdp, id: str, in_response_to: str, url: str, status: Status, now: int, inner: str = ""
) -> str:
    answered = f' InResponseTo="{written(in_response_to)}"' if in_response_to else ""
    return (
        f'<samlp:{name}{_NAMESPACES} ID="{id}" Version="2.0" IssueInstant="{instant(now)}"'
        f' Destination="{written(url)}"{answered}><saml:Issuer>{written(own.entity_id)}</saml:Issuer>'
        f"{status.xml()}{inner}</samlp:{name}>"
    )


def _assertion(own: OwnIdp, sp: Sp, said: Said, now: int) -> str:
    ends_at = instant(now + ASSERTION_SECONDS)
    return (
        f'<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{said.id}" Version="2.0"'
        f' IssueInstant="{instant(now)}"><saml:Issuer>{written(own.entity_id)}</saml:Issuer>'
        f"<saml:Subject>{_name_id(said.name_id)}"
        '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
        f'<saml:SubjectConfirmationData{_answered(said)} NotOnOrAfter="{ends_at}"'
        f' Recipient="{written(said.acs_url)}"/></saml:SubjectConfirmation></saml:Subject>'
        f'<saml:Conditions NotBefore="{instant(now - _EARLY_SECONDS)}" NotOnOrAfter="{ends_at}">'
        f"<saml:AudienceRestriction><saml:Audience>{written(sp.entity_id)}</saml:Audience></saml:AudienceRestriction>"
        f'</saml:Conditions><saml:AuthnStatement AuthnInstant="{instant(said.authn_at)}"'
        f' SessionIndex="{said.session_index}" SessionNotOnOrAfter="{instant(said.session_ends_at)}">'
        f"<saml:AuthnContext><saml:AuthnContextClassRef>{written(said.authn_context)}</saml:AuthnContextClassRef>"
        f"</saml:AuthnContext></saml:AuthnStatement>{_statement(said.attributes)}</saml:Assertion>"
    )


def _answered(said: Said) -> str:
    return f' InResponseTo="{written(said.in_response_to)}"' if said.in_response_to else ""


def _name_id(name_id: NameId) -> str:
    qualifier = name_id.sp_name_qualifier
    of_sp = f' SPNameQualifier="{written(qualifier)}"' if qualifier else ""
    return f'<saml:NameID Format="{written(name_id.format)}"{of_sp}>{written(name_id.value)}</saml:NameID>'


def _statement(attributes: Sequence[Sent]) -> str:
    """Return the attributes as one statement, nothing for none. Spec: SAML Core section 2.7.3."""
    if not attributes:
        return ""
    told = "".join(
        f'<saml:Attribute Name="{_text(each.name)}" NameFormat="{_text(each.format)}">'
        f"{''.join(f'<saml:AttributeValue>{_text(value)}</saml:AttributeValue>' for value in each.values)}"
        "</saml:Attribute>"
        for each in attributes
    )
    return f"<saml:AttributeStatement>{told}</saml:AttributeStatement>"


def _text(text: str) -> str:
    """Return what a person or an administrator wrote, as it stands in XML."""
    return escape(_NOT_XML.sub("", text))
