"""S-SAM-06, 07, 09 to 11 and S-FED-10: genuinely signed, and for others, too late, unasked for, misshapen or weak."""

import re
from functools import partial
from typing import Any
from xml.sax.saxutils import quoteattr

from avow.core.saml import Demand, Reason
from tests.saml.maker import (
    SUCCESS,
    XENC,
    A,
    Confirmation,
    P,
    Told,
    assertion_xml,
    at,
    encrypted,
    posted,
    response_xml,
    signed,
)
from tests.saml.pieces import ADMIN, ALICE, ASSERTION_ID, RESPONSE_ID, Cast, Rows, of_both, of_response, said, without


def elsewhere(cast: Cast, told: Told) -> Rows:
    other_sp, other_acs = "https://other.example.com/sp", "https://other.example.com/acs"
    yield "another audience", said(cast, told, audiences=(other_sp,)), Reason.AUDIENCE
    yield "an audience that begins like ours", said(cast, told, audiences=(told.sp_entity_id + "/x",)), Reason.AUDIENCE
    yield "our audience in capitals", said(cast, told, audiences=(told.sp_entity_id.upper(),)), Reason.AUDIENCE
    yield "no AudienceRestriction", said(cast, told, audiences=None), Reason.AUDIENCE
    both = f"<saml:AudienceRestriction><saml:Audience>{other_sp}</saml:Audience></saml:AudienceRestriction>"
    yield "a second AudienceRestriction for another", said(cast, told, conditions=both), Reason.AUDIENCE
    none = "<saml:AudienceRestriction/>"
    yield "an empty AudienceRestriction", said(cast, told, audiences=None, conditions=none), Reason.AUDIENCE
    recipients = {
        "of another ACS": other_acs,
        "with a query after it": told.acs_url + "?x=1",
        "none": None,
        "empty": "",
    }
    for title, recipient in recipients.items():
        sent = said(cast, told, confirmations=(Confirmation(recipient=recipient, answers=told.request_id),))
        yield f"Recipient is {title}", sent, Reason.RECIPIENT
    destinations = {"another host": other_acs, "empty": "", "with a slash after it": told.acs_url + "/"}
    for title, destination in destinations.items():
        yield f"Destination is {title}", said(cast, told, outer={"destination": destination}), Reason.DESTINATION
    unsent = response_xml(cast.idp, told, assertion_xml(cast.idp, told), destination=None)
    yield "a signed response that goes nowhere", of_both(cast, unsent), Reason.DESTINATION
    yield "the assertion of another issuer", said(cast, told, issuer=cast.other.entity_id), Reason.ISSUER
    sender = said(cast, told, outer={"issuer": cast.other.entity_id})
    yield "the response of another issuer", sender, Reason.ISSUER
    yield "an issuer that begins like the real one", said(cast, told, issuer=cast.idp.entity_id + "/x"), Reason.ISSUER
    unknown = '<saml:Condition xmlns:x="urn:example:x" xsi:type="x:OnlyOnSundays"/>'
    yield "a condition that nobody knows", said(cast, told, conditions=unknown), Reason.CONDITION


def untimely(cast: Cast, told: Told) -> Rows:
    def confirmed(**changes: Any) -> str:
        confirmation = Confirmation(recipient=told.acs_url, answers=told.request_id, **changes)
        return said(cast, told, confirmations=(confirmation,))

    expired, early = Reason.EXPIRED, Reason.TOO_EARLY
    yield "Conditions ended 181 s ago", said(cast, told, ends_in=-181), expired
    yield "Conditions ended an hour ago", said(cast, told, starts_in=-7200, ends_in=-3600), expired
    yield "Conditions begin in 181 s", said(cast, told, starts_in=181), early
    yield "the confirmation ended 181 s ago", confirmed(ends_in=-181), expired
    yield "the confirmation begins in 181 s", confirmed(starts_in=181), early
    yield "no NotOnOrAfter of the confirmation", confirmed(ends_in=None), Reason.CONFIRMATION
    yield "the session ended 181 s ago", said(cast, told, session_ends_in=-181), expired
    old = said(cast, told, issued_in=-86_400, outer={"issued_in": -86_400})
    yield "made a day ago", old, expired
    yield "the assertion made a day ago, the response now", said(cast, told, issued_in=-86_400), expired
    yield "the response made a day ago, the assertion now", said(cast, told, outer={"issued_in": -86_400}), expired
    yield "made an hour from now", said(cast, told, issued_in=3600), early
    yield "signed in an hour from now", said(cast, told, authn_in=3600), early
    plain = said(cast, told)
    for title, text in {
        "no time": "now",
        "a date": "2026-11-21",
        "without a zone": at(told, 0).rstrip("Z"),
        "in another zone": at(told, 0).replace("Z", "+05:00"),
        "of the month 13": "2026-13-01T00:00:00Z",
        "in other digits": "\uff12\uff10\uff12\uff16-11-21T00:00:00Z",
    }.items():
        changed = without(plain, "saml:Assertion/ds:Signature").replace(at(told, 300), text)
        again = signed(changed, ASSERTION_ID, cast.idp.key)
        yield f"NotOnOrAfter is {title}", again, Reason.TIME


def unasked(cast: Cast, told: Told) -> Rows:
    reason = Reason.IN_RESPONSE_TO

    def answering(outer: str | None, inner: str | None) -> str:
        confirmations = (Confirmation(recipient=told.acs_url, answers=inner),)
        return said(cast, told, outer={"answers": outer}, confirmations=confirmations)

    other = "_" + "0" * 32
    yield "a request that nobody made", answering(other, other), reason
    yield "another request in the response", answering(other, told.request_id), reason
    yield "another request in the assertion", answering(told.request_id, other), reason
    yield "no request in the assertion", answering(told.request_id, None), reason
    yield "no request in the response", answering(None, told.request_id), reason
    unsolicited = (Reason.UNSOLICITED,)
    yield "no request at all", answering(None, None), reason, {"or_": unsolicited}
    yield "an empty request", answering("", ""), reason
    yield "the request with a space", answering(f"{told.request_id} ", f"{told.request_id} "), reason


def other_tenant(cast: Cast, told: Told) -> Rows:
    other = cast.other
    theirs = signed(response_xml(other, told, assertion_xml(other, told)), ASSERTION_ID, other.key)
    either = (Reason.SIGNATURE_INVALID, Reason.ISSUER)
    yield "the other tenant's response", theirs, Reason.ISSUER, {"or_": either}
    ours = response_xml(cast.idp, told, assertion_xml(cast.idp, told))
    yield "our issuer, the other tenant's key", signed(ours, ASSERTION_ID, other.key), Reason.SIGNATURE_INVALID
    mixed = response_xml(cast.idp, told, assertion_xml(other, told))
    yield (
        "our response, the other tenant's assertion",
        signed(mixed, ASSERTION_ID, other.key),
        Reason.ISSUER,
        {"or_": either},
    )
    wrapped = of_response(cast, signed(mixed, ASSERTION_ID, other.key))
    yield "our signed response, the other tenant's assertion", wrapped, Reason.ISSUER, {"or_": either}
    lent = response_xml(other, told, assertion_xml(cast.idp, told))
    lent = signed(signed(lent, ASSERTION_ID, cast.idp.key), RESPONSE_ID, other.key)
    yield "the other tenant's signed response, our assertion", lent, Reason.SIGNATURE_INVALID, {"or_": either}


def misshapen(cast: Cast, told: Told) -> Rows:
    structure = Reason.STRUCTURE
    for name in ("Requester", "Responder", "AuthnFailed", "success"):
        code = f'<samlp:Status><samlp:StatusCode Value="{SUCCESS.rpartition(":")[0]}:{name}"/></samlp:Status>'
        yield f"the status {name}", said(cast, told, outer={"status": code}), Reason.STATUS
    nested = (
        f'<samlp:Status><samlp:StatusCode Value="{SUCCESS}"><samlp:StatusCode'
        f' Value="{SUCCESS.replace("Success", "AuthnFailed")}"/></samlp:StatusCode></samlp:Status>'
    )
    yield "the status AuthnFailed within Success", said(cast, told, outer={"status": nested}), Reason.STATUS
    yield "no status", said(cast, told, outer={"status": ""}), structure
    yield "an empty status", said(cast, told, outer={"status": "<samlp:Status/>"}), structure
    good = f'<samlp:Status><samlp:StatusCode Value="{SUCCESS}"/></samlp:Status>'
    bad = good.replace("Success", "Requester")
    yield "two status", said(cast, told, outer={"status": good + bad}), structure
    one = assertion_xml(cast.idp, told)
    two = response_xml(cast.idp, told, one, assertion_xml(cast.idp, told, id="_second", name_id=ADMIN))
    both = signed(signed(two, ASSERTION_ID, cast.idp.key), "_second", cast.idp.key)
    yield "two assertions, both signed", both, structure
    yield "two assertions in a signed response", of_response(cast, two), structure, {"demand": Demand.RESPONSE}
    yield "no assertion", response_xml(cast.idp, told), structure
    yield "no assertion in a signed response", of_response(cast, response_xml(cast.idp, told)), structure
    yield "no AuthnStatement", said(cast, told, authn=""), Reason.AUTHN_STATEMENT
    moment = f'AuthnInstant="{at(told, 0)}"'
    bare = f"<saml:AuthnStatement {moment}/>"
    yield "an AuthnStatement without context", said(cast, told, authn=bare), Reason.AUTHN_STATEMENT
    context = "<saml:AuthnContext/>"
    full = f"<saml:AuthnStatement {moment}>{context}</saml:AuthnStatement>"
    yield "two AuthnStatements", said(cast, told, authn=full * 2), Reason.AUTHN_STATEMENT
    timeless = f"<saml:AuthnStatement>{context}</saml:AuthnStatement>"
    yield "an AuthnStatement without a time", said(cast, told, authn=timeless), structure
    yield from _subjects(cast, told)
    for version in ("1.1", "2.1", "3.0", ""):
        yield f"the response is of version {version!r}", said(cast, told, outer={"version": version}), Reason.VERSION
        yield f"the assertion is of version {version!r}", said(cast, told, version=version), Reason.VERSION
    for tag in ("LogoutResponse", "ArtifactResponse", "AuthnRequest", "response"):
        yield f"a {tag}", said(cast, told, outer={"tag": tag}), structure
    yield "an assertion alone", signed(one, ASSERTION_ID, cast.idp.key), structure
    plain = said(cast, told)
    yield "a response in a namespace of its own", plain.replace(P, P + "x"), structure
    yield "an assertion in a namespace of its own", plain.replace(A, A + "x"), structure
    yield "text in the response", plain.replace("</samlp:Response>", "text</samlp:Response>"), structure
    yield "no id of the assertion", said(cast, told).replace(f'ID="{ASSERTION_ID}"', ""), structure
    yield "nothing", "", Reason.NOT_XML
    yield "no XML", "alice", Reason.NOT_XML
    yield "half a response", plain[: len(plain) // 2], Reason.NOT_XML
    yield "two responses", plain * 2, Reason.NOT_XML
    yield "no base64", "", Reason.NOT_BASE64, {"posted": "<samlp:Response/>"}
    yield "base64 without its end", "", Reason.NOT_BASE64, {"posted": posted("<a/>")[:-1]}
    if cast.sp_certificate:
        yield from _misencrypted(cast, told)


def _subjects(cast: Cast, told: Told) -> Rows:
    subject = Reason.SUBJECT
    data = (
        f'<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData'
        f' Recipient={quoteattr(told.acs_url)} NotOnOrAfter="{at(told, 300)}" InResponseTo="{told.request_id}"/>'
        "</saml:SubjectConfirmation>"
    )

    def of(inside: str) -> str:
        return said(cast, told, subject=f"<saml:Subject>{inside}</saml:Subject>")

    alice, admin = (f"<saml:NameID>{each}</saml:NameID>" for each in (ALICE, ADMIN))
    yield "no subject", said(cast, told, subject=""), subject
    yield "no NameID", of(data), subject
    yield "an empty NameID", of(f"<saml:NameID/>{data}"), subject
    yield "a NameID of spaces", of(f"<saml:NameID>  </saml:NameID>{data}"), subject
    yield "a NameID with a space after it", of(f"<saml:NameID>{ALICE} </saml:NameID>{data}"), subject
    yield "a NameID with a line break", of(f"<saml:NameID>{ALICE}\n{ADMIN}</saml:NameID>{data}"), subject
    yield "a NameID with a zero-width space", of(f"<saml:NameID>ali\u200bce@example.com</saml:NameID>{data}"), subject
    yield "a NameID of 1,025 characters", of(f"<saml:NameID>{'a' * 1025}</saml:NameID>{data}"), subject
    yield "two NameIDs", of(f"{alice}{admin}{data}"), subject
    yield "the same NameID twice", of(f"{alice}{alice}{data}"), subject
    yield "two subjects", said(cast, told, subject=f"<saml:Subject>{alice}{data}</saml:Subject>" * 2), Reason.STRUCTURE
    yield "a NameID and a BaseID", of(f"{alice}<saml:BaseID/>{data}"), subject
    named = data.replace("<saml:SubjectConfirmationData", f"{admin}<saml:SubjectConfirmationData")
    yield "a second NameID in the confirmation", of(f"{alice}{named}"), Reason.STRUCTURE
    yield "no confirmation", of(alice), Reason.CONFIRMATION
    keyed = data.replace("cm:bearer", "cm:holder-of-key")
    yield "a confirmation of another method", of(f"{alice}{keyed}"), Reason.CONFIRMATION
    bare = '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"/>'
    yield "a confirmation without data", of(f"{alice}{bare}"), Reason.STRUCTURE
    lent = '<saml:NameID SPNameQualifier="https://other.example.com/sp">x</saml:NameID>'
    yield "a NameID for another service provider", of(f"{lent}{data}"), subject


def _misencrypted(cast: Cast, told: Told) -> Rows:
    assertion = signed(assertion_xml(cast.idp, told), ASSERTION_ID, cast.idp.key)
    structure, encryption = Reason.STRUCTURE, Reason.ENCRYPTION

    def around(*inside: str) -> str:
        return response_xml(cast.idp, told, *inside)

    close = partial(encrypted, assertion, cast.sp_certificate)
    evil = assertion_xml(cast.idp, told, id="evil_assertion", name_id=ADMIN)
    unsigned = encrypted(evil, cast.sp_certificate)
    yield "an encrypted assertion around an unsigned one", around(unsigned), Reason.SIGNATURE_MISSING
    yield "a signed assertion beside an encrypted one", around(assertion, unsigned), structure
    yield "two encrypted assertions", around(close(), unsigned), structure
    pair = encrypted(f"<x>{assertion}{evil}</x>", cast.sp_certificate)
    yield "two assertions encrypted as one", around(pair), structure
    yield "a response encrypted", around(encrypted(around(assertion), cast.sp_certificate)), structure
    twice = encrypted(close(), cast.sp_certificate)
    yield "encrypted twice", around(twice), structure
    typed = encrypted(f"<!DOCTYPE x>{assertion}", cast.sp_certificate)
    yield "a document type encrypted", around(typed), Reason.FORBIDDEN_XML
    yield "no XML encrypted", around(encrypted("alice", cast.sp_certificate)), Reason.NOT_XML
    yield "for somebody else", around(encrypted(assertion, cast.other.certificate)), encryption
    yield "a key wrapped by PKCS #1 v1.5", around(close(wrap=f"{XENC}rsa-1_5")), encryption
    cbc = around(close(content=f"{XENC}aes256-cbc"))
    yield "AES-CBC in an unsigned response", cbc, Reason.ENCRYPTION_UNSIGNED
    changed = re.sub(r"(</ds:KeyInfo><xenc:CipherData><xenc:CipherValue>.{40})....", r"\1AAAA", around(close()))
    yield "AES-GCM changed on the way", changed, encryption
    cut = re.sub(r"(</ds:KeyInfo><xenc:CipherData><xenc:CipherValue>.{8})[^<]+", r"\1", around(close()))
    yield "AES-GCM cut", cut, encryption
    away = re.sub(r"<xenc:CipherValue>[^<]+</xenc:CipherValue>", '<xenc:CipherReference URI="http://127.0.0.1:9/"/>',
                  around(close()))  # fmt: skip
    yield "what is encrypted is to be fetched", away, encryption
    yield "nothing encrypted", around("<saml:EncryptedAssertion/>"), encryption


def weak(cast: Cast, told: Told) -> Rows:
    context, age = Reason.AUTHN_CONTEXT, Reason.AUTHN_AGE
    two: dict[str, Any] = {"needs_multi_factor": True}
    recent: dict[str, Any] = {"max_age_seconds": 300}
    yield "a password where two factors are demanded", said(cast, told), context, dict(two)
    yield "no class where two factors are demanded", said(cast, told, context=""), context, dict(two)
    unspecified = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"
    yield (
        "an unspecified class where two factors are demanded",
        said(cast, told, context=unspecified),
        context,
        dict(two),
    )
    near = "https://refeds.org/profile/mfa/none"
    yield "a class that begins like two factors", said(cast, told, context=near), context, dict(two)
    yield (
        "a sign-in of a day ago where a recent one is demanded",
        said(cast, told, authn_in=-86_400),
        age,
        dict(recent),
    )
    timeless = "<saml:AuthnStatement><saml:AuthnContext/></saml:AuthnStatement>"
    undated = said(cast, told, authn=timeless)
    yield "a sign-in without a time where a recent one is demanded", undated, Reason.STRUCTURE, dict(recent)
