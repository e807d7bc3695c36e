"""SAML 2.0 as an identity provider: requests of service providers judged, assertions made, metadata written and read.

Pure, and slow: nothing here belongs into a unit or on an event loop. Importing it loads lxml and signxml, so servers do
that when it is needed.

What a sign-in needs:

    asked = yield from aside(read_authn_request, query, sp, own, now)     # raises SamlRefused
    ... asked.status is told at once; otherwise `decide` says what the person has to do ...
    form = yield from aside(response, own, sp, said, key, now)            # what the browser posts
"""

from avow.core.saml.idp import asked, logouts, metadata
from avow.core.saml.idp.answers import Said, logout_response, refusal, response
from avow.core.saml.idp.asked import AuthnAsked
from avow.core.saml.idp.descriptor import idp_metadata
from avow.core.saml.idp.incoming import Carried, of_form, of_query
from avow.core.saml.idp.interaction import Answer, Decision, Seen, SignIn, Waited, decide, wants_factors
from avow.core.saml.idp.logouts import LogoutAsked
from avow.core.saml.idp.parties import LogoutService, OwnIdp, Sp
from avow.core.saml.idp.person import AttributeRule, GroupRule, Person, Sent, attributes_of, is_meant, name_id
from avow.core.saml.idp.statuses import Status

__all__ = [
    "Answer",
    "AttributeRule",
    "AuthnAsked",
    "Carried",
    "Decision",
    "GroupRule",
    "LogoutAsked",
    "LogoutService",
    "OwnIdp",
    "Person",
    "Said",
    "Seen",
    "Sent",
    "SignIn",
    "Sp",
    "Status",
    "Waited",
    "attributes_of",
    "decide",
    "idp_metadata",
    "is_meant",
    "logout_response",
    "name_id",
    "of_form",
    "of_query",
    "parse_metadata",
    "read_authn_request",
    "read_logout_request",
    "refusal",
    "response",
    "wants_factors",
]


def read_authn_request(carried: Carried, sp: Sp, own: OwnIdp, now: int) -> AuthnAsked:
    """Return what a service provider asks for. Slow: some milliseconds.

    Args:
        carried: The request as it came, of `of_query` or `of_form`.
        sp: From whom it has to be.
        own: To whom.
        now: Seconds since the epoch.

    Raises:
        SamlRefused: It is not to be believed, or names an address that is not the service provider's: nobody is told
            but the person. What is wrong with the rest, the answer's `status` tells the service provider.

    Spec: SAML Core section 3.4.1; Profiles section 4.1.4.1.
    """
    return asked.read_authn_request(carried, sp, own, now)


def read_logout_request(carried: Carried, sp: Sp, own: OwnIdp, now: int) -> LogoutAsked:
    """Return the log-out that a service provider asks for. Slow: some milliseconds.

    It is signed; where no certificate of the service provider is known, it names a session by its index.

    Raises:
        SamlRefused: It is not to be believed.
    """
    return logouts.read_logout_request(carried, sp, own, now)


def parse_metadata(document: bytes, entity_id: str, now: int) -> Sp:
    """Return the service provider that metadata describes. Slow: up to a second for large federations.

    A signature of the metadata is not looked at: whoever gives it to us is believed, so it comes over TLS.

    Args:
        document: XML of one entity or of a list of them, at most 5 MB.
        entity_id: Which one; "" for the only service provider there is.
        now: Seconds since the epoch.

    Raises:
        SamlRefused: It cannot be read, has expired, or describes no such service provider.

    Spec: SAML Metadata sections 2.3 and 2.4.4.
    """
    return metadata.parse_metadata(document, entity_id, now)
