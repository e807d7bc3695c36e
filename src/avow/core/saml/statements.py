"""What a verified assertion says, judged against what is expected, and read.

Nothing here looks at signatures: what comes in is what a signature covers.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

from avow.core.saml.assertions import Assertion, Expected, NameId
from avow.core.saml.attributes import Attribute
from avow.core.saml.documents import (
    ANY,
    MAYBE,
    ONE,
    Element,
    assertion_name,
    flag,
    instant,
    parts,
    required,
    whole_text,
)
from avow.core.saml.limits import MAX_ISSUE_AGE_SECONDS, SKEW_SECONDS
from avow.core.saml.parties import IdentityProvider
from avow.core.saml.refusals import Reason, SamlRefused

__all__ = ["check_issue", "check_issuer", "read_assertion"]

_ISSUER: Final = assertion_name("Issuer")
_SUBJECT: Final = assertion_name("Subject")
_NAME_ID: Final = assertion_name("NameID")
_CONFIRMATION: Final = assertion_name("SubjectConfirmation")
_CONFIRMATION_DATA: Final = assertion_name("SubjectConfirmationData")
_CONDITIONS: Final = assertion_name("Conditions")
_RESTRICTION: Final = assertion_name("AudienceRestriction")
_AUDIENCE: Final = assertion_name("Audience")
_AUTHN_STATEMENT: Final = assertion_name("AuthnStatement")
_AUTHN_CONTEXT: Final = assertion_name("AuthnContext")
_CLASS: Final = assertion_name("AuthnContextClassRef")
_ATTRIBUTE_STATEMENT: Final = assertion_name("AttributeStatement")
_ATTRIBUTE: Final = assertion_name("Attribute")
_VALUE: Final = assertion_name("AttributeValue")

_ENTITY: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
_UNSPECIFIED: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
_BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_NIL: Final = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_MAX_NAME_ID: Final = 1024
# Statements and advice that say nothing about a sign-in are let by unread.
_GRAMMAR: Final = {
    _ISSUER: ONE,
    _SUBJECT: MAYBE,
    _CONDITIONS: MAYBE,
    assertion_name("Advice"): MAYBE,
    assertion_name("AuthzDecisionStatement"): ANY,
    _AUTHN_STATEMENT: ANY,
    _ATTRIBUTE_STATEMENT: ANY,
}
_CONDITIONS_GRAMMAR: Final = {
    _RESTRICTION: ANY,
    assertion_name("OneTimeUse"): ANY,  # each is used once anyway
    assertion_name("ProxyRestriction"): ANY,  # we pass none on
}


def read_assertion(assertion: Element, expected: Expected, now: int) -> Assertion:
    """Return what an assertion says.

    Args:
        assertion: Exactly what a signature covers, without it.
        expected: Whose it has to be, for whom, in answer to what, how strong.
        now: Seconds since the epoch.

    Raises:
        SamlRefused: It is not what is expected.

    Spec: SAML Core sections 2.3.3, 2.4, 2.5, 2.7; Profiles section 4.1.4.3.
    """
    if assertion.get("Version") != "2.0":
        raise SamlRefused(Reason.VERSION, str(assertion.get("Version")))
    found = parts(assertion, _GRAMMAR)
    check_issuer(found[_ISSUER][0], expected.idp)
    issued_at = instant(required(assertion, "IssueInstant"))
    check_issue(issued_at, now)
    subject = _only(found[_SUBJECT], Reason.SUBJECT, "Subject")
    ends = [issued_at + MAX_ISSUE_AGE_SECONDS, _check_confirmation(subject, expected, now)]
    ends += _check_conditions(_only(found[_CONDITIONS], Reason.AUDIENCE, "Conditions"), expected, now)
    authn = _only(found[_AUTHN_STATEMENT], Reason.AUTHN_STATEMENT, "AuthnStatement")
    said = Assertion(
        id=required(assertion, "ID"),
        issuer=expected.idp.entity_id,
        in_response_to=expected.request_id,
        name_id=_name_id(subject, expected),
        attributes=tuple(_attributes(found[_ATTRIBUTE_STATEMENT])),
        authn_at=_authn_at(authn, now),
        authn_context=_authn_context(authn),
        session_index=authn.get("SessionIndex"),
        session_ends_at=_session_end(authn, now),
        accepted_until=min(ends) + SKEW_SECONDS,
    )
    _check_strength(said, expected, now)
    return said


def check_issuer(issuer: Element, idp: IdentityProvider) -> None:
    """Refuse what is from somebody else.

    Spec: SAML Core section 2.2.5, Profiles section 4.1.4.2.
    """
    name = whole_text(issuer)
    if name.strip() != idp.entity_id or issuer.get("Format", _ENTITY) != _ENTITY:
        raise SamlRefused(Reason.ISSUER, name)


def check_issue(issued_at: int, now: int) -> None:
    """Refuse what was made long ago or is still to be made."""
    if issued_at > now + SKEW_SECONDS:
        raise SamlRefused(Reason.TOO_EARLY, f"made {issued_at - now} s from now")
    if now >= issued_at + MAX_ISSUE_AGE_SECONDS + SKEW_SECONDS:
        raise SamlRefused(Reason.EXPIRED, f"made {now - issued_at} s ago")


# --- The subject -----------------------------------------------------------------------------------------------------


def _name_id(subject: Element, expected: Expected) -> NameId:
    """Return the one NameID of a subject.

    Spec: SAML Core sections 2.2.3 and 8.3.
    """
    name_id = _only(subject.findall(_NAME_ID), Reason.SUBJECT, "NameID")
    if {str(child.tag) for child in subject} - {_NAME_ID, _CONFIRMATION}:
        raise SamlRefused(Reason.SUBJECT, "it is named in another way besides")
    value = whole_text(name_id)
    # White space at the ends, or what cannot be seen, makes two names that people take for one.
    if not 0 < len(value) <= _MAX_NAME_ID or value != value.strip() or not value.isprintable():
        raise SamlRefused(Reason.SUBJECT, "a NameID that is no name")
    sp_name_qualifier = name_id.get("SPNameQualifier")
    if sp_name_qualifier not in (None, expected.sp.entity_id):
        raise SamlRefused(Reason.SUBJECT, f"a NameID for {sp_name_qualifier}")
    return NameId(
        value=value,
        format=name_id.get("Format") or _UNSPECIFIED,
        name_qualifier=name_id.get("NameQualifier"),
        sp_name_qualifier=sp_name_qualifier,
    )


def _check_confirmation(subject: Element, expected: Expected, now: int) -> int:
    """Return until when one of the confirmations may make the bearer the subject, as one does now.

    Raises:
        SamlRefused: None does; with what is wrong with the last one.

    Spec: SAML Profiles section 4.1.4.2 and 4.1.4.3.
    """
    refused = SamlRefused(Reason.CONFIRMATION, "no bearer")
    for confirmation in subject.findall(_CONFIRMATION):
        if confirmation.get("Method") != _BEARER:
            continue
        try:
            _confirm(confirmation, expected, now)
        except SamlRefused as error:
            refused = error
        else:
            return _last_end(subject)
    raise refused


def _last_end(subject: Element) -> int:
    """Return when the last confirmation ends, whichever made the bearer the subject: another one may do so later."""
    ends: list[int] = []
    for data in subject.iterfind(f"{_CONFIRMATION}/{_CONFIRMATION_DATA}"):
        with suppress(SamlRefused):  # one that is malformed never does
            ends.append(instant(data.get("NotOnOrAfter", "")))
    return max(ends)


def _confirm(confirmation: Element, expected: Expected, now: int) -> None:
    data = parts(confirmation, {_CONFIRMATION_DATA: ONE})[_CONFIRMATION_DATA][0]
    parts(data, {})
    if data.get("Recipient") != expected.sp.acs_url:
        raise SamlRefused(Reason.RECIPIENT, str(data.get("Recipient")))
    if data.get("NotOnOrAfter") is None:
        raise SamlRefused(Reason.CONFIRMATION, "no NotOnOrAfter")
    _check_window(data, now)
    if data.get("InResponseTo") != expected.request_id:
        raise SamlRefused(Reason.IN_RESPONSE_TO, f"the assertion answers {data.get('InResponseTo')}")


# --- Conditions ------------------------------------------------------------------------------------------------------


def _check_conditions(conditions: Element, expected: Expected, now: int) -> Sequence[int]:
    """Return when the conditions end, as a list of at most one.

    Raises:
        SamlRefused: One does not hold, or is not known.

    Spec: SAML Core section 2.5.1.
    """
    if any(child.tag not in _CONDITIONS_GRAMMAR for child in conditions):
        raise SamlRefused(Reason.CONDITION, "one that is not known")
    _check_window(conditions, now)
    restrictions = parts(conditions, _CONDITIONS_GRAMMAR)[_RESTRICTION]
    if not restrictions:
        raise SamlRefused(Reason.AUDIENCE, "for anybody")
    for restriction in restrictions:
        audiences = [whole_text(each).strip() for each in parts(restriction, {_AUDIENCE: ANY})[_AUDIENCE]]
        if expected.sp.entity_id not in audiences:
            raise SamlRefused(Reason.AUDIENCE, " ".join(audiences))
    ends_at = conditions.get("NotOnOrAfter")
    return [instant(ends_at)] if ends_at is not None else []


def _check_window(element: Element, now: int) -> None:
    """Refuse what is not yet, or no longer, to be believed; clocks may differ by the skew."""
    starts_at, ends_at = element.get("NotBefore"), element.get("NotOnOrAfter")
    if starts_at is not None and now < instant(starts_at) - SKEW_SECONDS:
        raise SamlRefused(Reason.TOO_EARLY, starts_at)
    if ends_at is not None and now >= instant(ends_at) + SKEW_SECONDS:
        raise SamlRefused(Reason.EXPIRED, ends_at)


# --- How somebody signed in ------------------------------------------------------------------------------------------


def _authn_at(authn: Element, now: int) -> int:
    at = instant(required(authn, "AuthnInstant"))
    if at > now + SKEW_SECONDS:
        raise SamlRefused(Reason.TOO_EARLY, f"signed in {at - now} s from now")
    return at


def _session_end(authn: Element, now: int) -> int | None:
    text = authn.get("SessionNotOnOrAfter")
    if text is None:
        return None
    if now >= instant(text) + SKEW_SECONDS:
        raise SamlRefused(Reason.EXPIRED, f"the session ended at {text}")
    return instant(text)


def _authn_context(authn: Element) -> str:
    """Return the class of a sign-in, or "" when there is not exactly one."""
    contexts = _only(authn.findall(_AUTHN_CONTEXT), Reason.AUTHN_STATEMENT, "AuthnContext")
    classes = contexts.findall(_CLASS)
    return whole_text(classes[0]).strip() if len(classes) == 1 else ""


def _check_strength(said: Assertion, expected: Expected, now: int) -> None:
    """Refuse a sign-in that is weaker or older than demanded."""
    if expected.contexts and said.authn_context not in expected.contexts:
        raise SamlRefused(Reason.AUTHN_CONTEXT, said.authn_context)
    if expected.needs_multi_factor and not said.is_multi_factor:
        raise SamlRefused(Reason.AUTHN_CONTEXT, said.authn_context)
    oldest = expected.max_age_seconds
    if oldest is not None and now >= said.authn_at + oldest + SKEW_SECONDS:
        raise SamlRefused(Reason.AUTHN_AGE, f"signed in {now - said.authn_at} s ago")


# --- Attributes ------------------------------------------------------------------------------------------------------


def _attributes(statements: Iterable[Element]) -> Iterable[Attribute]:
    """Give the attributes that are not encrypted."""
    for statement in statements:
        for attribute in statement.iterchildren(_ATTRIBUTE):
            yield Attribute(
                name=required(attribute, "Name"),
                friendly_name=attribute.get("FriendlyName", ""),
                values=tuple(_values(attribute)),
            )


def _values(attribute: Element) -> Iterable[str]:
    """Give the values that are texts; a value that is a NameID counts as its text."""
    for value in parts(attribute, {_VALUE: ANY})[_VALUE]:
        children = list(value)
        if flag(value.get(_NIL)):
            continue
        if not children:
            yield whole_text(value)
        elif len(children) == 1 and children[0].tag == _NAME_ID:
            yield whole_text(children[0])


def _only(found: Sequence[Element], reason: Reason, name: str) -> Element:
    """Return the one element there has to be."""
    if len(found) != 1:
        raise SamlRefused(reason, f"{len(found)} {name}")
    return found[0]
