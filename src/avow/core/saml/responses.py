"""A response of an identity provider, from the form's field to what it says: in which order it is judged, and how.

The order is: the bounds and the form of the document; which signatures there are and where; the signatures; and from
then on only what they cover. What an unsigned response says around a signed assertion can only make it refused.
"""

from collections.abc import Sequence
from typing import Final

from cryptography.x509 import Certificate

from avow.core.saml.assertions import Assertion, Demand, Envelope, Expected
from avow.core.saml.documents import (
    ANY,
    MAYBE,
    ONE,
    RESPONSE_BOUNDS,
    Element,
    assertion_name,
    instant,
    of_base64,
    parsed,
    parts,
    protocol_name,
    required,
    whole_text,
)
from avow.core.saml.encryption import opened
from avow.core.saml.parties import SamlKey
from avow.core.saml.refusals import Reason, SamlRefused
from avow.core.saml.signatures import SIGNATURE, check_ids, has_signature, trusted, verified
from avow.core.saml.statements import check_issue, check_issuer, read_assertion

__all__ = ["peek", "read_response"]

_RESPONSE: Final = protocol_name("Response")
_STATUS: Final = protocol_name("Status")
_STATUS_CODE: Final = protocol_name("StatusCode")
_STATUS_MESSAGE: Final = protocol_name("StatusMessage")
_ISSUER: Final = assertion_name("Issuer")
_ASSERTION: Final = assertion_name("Assertion")
_ENCRYPTED: Final = assertion_name("EncryptedAssertion")
_SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
_GRAMMAR: Final = {
    _ISSUER: MAYBE,
    SIGNATURE: MAYBE,
    protocol_name("Extensions"): MAYBE,
    _STATUS: ONE,
    _ASSERTION: ANY,
    _ENCRYPTED: ANY,
}


def read_response(posted: str, expected: Expected, now: int) -> Assertion:
    """Return what a response says; see `avow.core.saml.read_response`."""
    response = _response(posted)
    _check_status(response)
    statement = _one_statement(response)
    _check_signatures_placed(response, statement)
    check_ids(response)
    keys = trusted(expected.idp.certificates)
    signed_response = verified(response, keys) if has_signature(response) else None
    if signed_response is None and expected.demand in (Demand.RESPONSE, Demand.BOTH):
        raise SamlRefused(Reason.SIGNATURE_MISSING, "the response is not signed")
    assertion = _believed(statement, signed_response, expected, keys)
    if signed_response is not None and not signed_response.get("Destination"):
        raise SamlRefused(Reason.DESTINATION, "a signed response says where it goes")
    _check_response(response if signed_response is None else signed_response, expected, now)
    return read_assertion(assertion, expected, now)


def peek(posted: str) -> Envelope:
    """Return what is written on a response; see `avow.core.saml.peek`."""
    response = _response(posted)
    issuers = [*response.findall(_ISSUER), *response.findall(f"{_ASSERTION}/{_ISSUER}")]
    issuer = whole_text(issuers[0]).strip() if issuers else ""
    return Envelope(issuer=issuer, in_response_to=response.get("InResponseTo"), destination=response.get("Destination"))


def _response(posted: str) -> Element:
    """Return the response that was posted, well-formed and of version 2.0."""
    root = parsed(of_base64(posted), RESPONSE_BOUNDS)
    if root.tag != _RESPONSE:
        raise SamlRefused(Reason.STRUCTURE, f"{root.tag!r} is no response")
    if root.get("Version") != "2.0":
        raise SamlRefused(Reason.VERSION, str(root.get("Version")))
    parts(root, _GRAMMAR)
    return root


def _check_status(response: Element) -> None:
    """Refuse a response that reports anything but success.

    Spec: SAML Core section 3.2.2.2.
    """
    names = {_STATUS_CODE: ONE, _STATUS_MESSAGE: MAYBE, protocol_name("StatusDetail"): MAYBE}
    found = parts(parts(response, _GRAMMAR)[_STATUS][0], names)
    codes = [each.get("Value", "") for each in found[_STATUS_CODE][0].iter(_STATUS_CODE)]
    if codes != [_SUCCESS]:
        said = [(each.text or "").strip() for each in found[_STATUS_MESSAGE]]
        raise SamlRefused(Reason.STATUS, " ".join([*(each.rpartition(":")[2] for each in codes), *said]))


def _one_statement(response: Element) -> Element:
    """Return the one assertion, plain or encrypted, that is in a response and directly below it."""
    found = parts(response, _GRAMMAR)
    direct = [*found[_ASSERTION], *found[_ENCRYPTED]]
    everywhere = list(response.iter(_ASSERTION, _ENCRYPTED))
    if len(direct) != 1 or len(everywhere) != 1:
        raise SamlRefused(Reason.STRUCTURE, f"{len(everywhere)} assertions")
    return direct[0]


def _check_signatures_placed(response: Element, statement: Element) -> None:
    """Refuse signatures that stand anywhere but in the response and in its plain assertion."""
    for signature in response.iter(SIGNATURE):
        parent = signature.getparent()
        if parent is not response and (parent is not statement or statement.tag != _ASSERTION):
            raise SamlRefused(Reason.SIGNATURE_MISPLACED)


def _believed(
    statement: Element, signed_response: Element | None, expected: Expected, keys: Sequence[Certificate]
) -> Element:
    """Return the assertion as far as signatures cover it.

    Raises:
        SamlRefused: It is not signed as demanded, the signature does not hold, or it cannot be opened.
    """
    if statement.tag == _ENCRYPTED:
        # Of a signed response the very bytes that the signature covers are opened.
        covered = statement if signed_response is None else _one_statement(signed_response)
        statement = _decrypted(covered, expected.keys, is_signed=signed_response is not None)
    elif not has_signature(statement) and signed_response is not None:
        statement = _one_statement(signed_response)
    if has_signature(statement):
        return verified(statement, keys)
    if signed_response is None or expected.demand in (Demand.ASSERTION, Demand.BOTH):
        raise SamlRefused(Reason.SIGNATURE_MISSING, "the assertion is not signed")
    return statement


def _decrypted(encrypted: Element, keys: Sequence[SamlKey], *, is_signed: bool) -> Element:
    """Return the assertion within, as strictly read as any."""
    assertion = parsed(opened(encrypted, keys, is_signed=is_signed), RESPONSE_BOUNDS)
    if assertion.tag != _ASSERTION or len(list(assertion.iter(_ASSERTION, _ENCRYPTED))) != 1:
        raise SamlRefused(Reason.STRUCTURE, "what was encrypted is not one assertion")
    for signature in assertion.iter(SIGNATURE):
        if signature.getparent() is not assertion:
            raise SamlRefused(Reason.SIGNATURE_MISPLACED)
    check_ids(assertion)
    return assertion


def _check_response(response: Element, expected: Expected, now: int) -> None:
    """Refuse a response that is from somebody else, for somebody else, too old, or answers another request.

    Spec: SAML Core section 3.2.2, Bindings section 3.5.5.2, Profiles section 4.1.4.3.
    """
    for issuer in response.findall(_ISSUER):
        check_issuer(issuer, expected.idp)
    destination = response.get("Destination")
    if destination is not None and destination != expected.sp.acs_url:
        raise SamlRefused(Reason.DESTINATION, destination)
    check_issue(instant(required(response, "IssueInstant")), now)
    answered = response.get("InResponseTo")
    if answered != expected.request_id:
        raise SamlRefused(Reason.IN_RESPONSE_TO, f"the response answers {answered}")
    if answered is None and not expected.accepts_unsolicited:
        raise SamlRefused(Reason.UNSOLICITED)
