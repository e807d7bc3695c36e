"""SAML 2.0 as a service provider: requests made, responses judged, metadata read and written. Pure, and slow.

The other side, as an identity provider, is `core/saml/idp`.

Nothing here belongs into a unit or on an event loop: reading takes milliseconds, a new key up to a second. lxml and
signxml are loaded with the first document that is read.

Of a response only what a configured key has signed is ever looked at: the element that the signature covers is cut
out, verified, written anew from its canonical form, and read from there.

What a sign-in needs:

    envelope = yield from aside(peek, posted)                        # whose it claims to be; nothing is verified
    said = yield from aside(read_response, posted, expected, now)    # raises SamlRefused
    ... in the unit: insert (idp, said.id) until said.accepted_until, consume the request, then sign said.subject in
"""

from avow.core.saml.assertions import MULTI_FACTOR_CONTEXTS, Assertion, Demand, Envelope, Expected, NameId
from avow.core.saml.attributes import Attribute, values
from avow.core.saml.carrying import PostForm, RedirectUrl
from avow.core.saml.descriptor import sp_metadata
from avow.core.saml.keys import new_key
from avow.core.saml.limits import MAX_METADATA_BYTES, MAX_POSTED_CHARACTERS, MAX_RELAY_STATE_BYTES, SKEW_SECONDS
from avow.core.saml.parties import Binding, IdentityProvider, SamlKey, ServiceProvider
from avow.core.saml.refusals import Reason, SamlRefused
from avow.core.saml.requests import Asked, authn_request

__all__ = [
    "MAX_METADATA_BYTES",
    "MAX_POSTED_CHARACTERS",
    "MAX_RELAY_STATE_BYTES",
    "MULTI_FACTOR_CONTEXTS",
    "SKEW_SECONDS",
    "Asked",
    "Assertion",
    "Attribute",
    "Binding",
    "Demand",
    "Envelope",
    "Expected",
    "IdentityProvider",
    "NameId",
    "PostForm",
    "Reason",
    "RedirectUrl",
    "SamlKey",
    "SamlRefused",
    "ServiceProvider",
    "authn_request",
    "new_key",
    "parse_metadata",
    "peek",
    "read_response",
    "sp_metadata",
    "values",
]


def read_response(posted: str, expected: Expected, now: int) -> Assertion:
    """Return what a response says, once everything about it holds. Slow: some milliseconds.

    Args:
        posted: The form's `SAMLResponse`: base64, line breaks allowed.
        expected: Whose it has to be, for whom, in answer to what, how signed.
        now: Seconds since the epoch.

    Raises:
        SamlRefused: It is not to be believed; the reason says why.

    Spec: SAML Core sections 2 and 3, Profiles section 4.1.4, Bindings section 3.5.
    """
    from avow.core.saml import responses  # here, because it loads lxml and signxml

    return responses.read_response(posted, expected, now)


def peek(posted: str) -> Envelope:
    """Return what is written on a response, unverified. Slow: about a millisecond.

    Raises:
        SamlRefused: It is no response, or breaks the bounds.
    """
    from avow.core.saml import responses  # here, because it loads lxml and signxml

    return responses.peek(posted)


def parse_metadata(document: bytes, entity_id: str, now: int) -> IdentityProvider:
    """Return the identity provider that metadata describes. Slow: up to a second for large federations.

    A signature of the metadata is not looked at: whoever gives it to us is believed, so it comes over TLS.

    Args:
        document: XML of one entity or of a list of them, at most 5 MB.
        entity_id: Which one; "" for the only identity provider there is.
        now: Seconds since the epoch.

    Raises:
        SamlRefused: It cannot be read, has expired, or describes no such identity provider.

    Spec: SAML Metadata sections 2.3, 2.4.1 to 2.4.3.
    """
    from avow.core.saml import metadata  # here, because it loads lxml

    return metadata.parse_metadata(document, entity_id, now)
