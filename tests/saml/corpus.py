"""Every forged SAML response of the security cases, and genuine ones beside them, for whatever reads responses.

The one who tests posts each forgery where a genuine response to the same request is accepted, before and after; all
are refused, or, where the forgery says so, sign in the person of the whole text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from avow.core.saml import Demand, Reason
from tests.saml import signing, statements, texts, wrapping
from tests.saml.maker import (
    DS,
    MORE,
    MORE07,
    XENC,
    XENC11,
    Confirmation,
    How,
    Told,
    assertion_xml,
    encrypted,
    posted,
    response_xml,
    signed,
)
from tests.saml.pieces import ADMIN, ALICE, ASSERTION_ID, Cast, Row, Rows, of_both, of_response, said, x509_data

__all__ = ["ADMIN", "ALICE", "Cast", "Forgery", "Genuine", "forgeries", "genuine"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgery:
    """One response that signs nobody in.

    Attributes:
        case_id: The security case it belongs to.
        title: What is wrong with it.
        posted: The form's `SAMLResponse`.
        reasons: What Avow's reader may say.
        full_text: It may sign in the person of this whole text instead, and nobody of a part of it.
        demand: What has to be signed for the forgery to be one.
        needs_multi_factor: The sign-in has to demand two factors for the forgery to be one.
        max_age_seconds: The sign-in has to demand a recent one for the forgery to be one.
    """

    case_id: str
    title: str
    posted: str
    reasons: frozenset[Reason]
    full_text: str | None = None
    demand: Demand = Demand.ASSERTION
    needs_multi_factor: bool = False
    max_age_seconds: int | None = None

    def __str__(self) -> str:
        return f"{self.case_id}: {self.title}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Genuine:
    """One response that signs alice in.

    Attributes:
        title: What is special about it.
        posted: The form's `SAMLResponse`.
        demand: What is signed.
    """

    title: str
    posted: str
    demand: Demand = Demand.ASSERTION

    def __str__(self) -> str:
        return self.title


def forgeries(cast: Cast, told: Told, *, canary: str = "http://127.0.0.1:9/dtd") -> list[Forgery]:
    """Build the forged responses.

    Args:
        cast: Whose they are.
        told: What the request told; genuine answers to it are accepted at `told.now`.
        canary: Where external references point; nothing may ask there.
    """
    rows: tuple[tuple[str, Rows], ...] = (
        ("S-SAM-01", wrapping.wrapped(cast, told)),
        ("S-SAM-02", signing.unsigned(cast, told)),
        ("S-SAM-03", signing.foreign(cast, told)),
        ("S-SAM-04", texts.broken_up(cast, told)),
        ("S-SAM-05", texts.doctypes(cast, told, canary)),
        ("S-SAM-06", statements.elsewhere(cast, told)),
        ("S-SAM-07", statements.untimely(cast, told)),
        ("S-SAM-09", statements.unasked(cast, told)),
        ("S-SAM-10", statements.other_tenant(cast, told)),
        ("S-SAM-11", statements.misshapen(cast, told)),
        ("S-SAM-12", signing.algorithms(cast, told, canary)),
        ("S-SAM-13", texts.oversized(cast, told)),
        ("S-FED-10", statements.weak(cast, told)),
    )
    return [_forgery(case_id, row) for case_id, made in rows for row in made]


def genuine(cast: Cast, told: Told) -> list[Genuine]:
    """Build responses that sign alice in, as identity providers differ in them."""
    plain = response_xml(cast.idp, told, assertion_xml(cast.idp, told))
    found = [
        Genuine(title="the assertion is signed", posted=posted(said(cast, told))),
        Genuine(title="the response is signed", posted=posted(of_response(cast, plain)), demand=Demand.RESPONSE),
        Genuine(title="both are signed", posted=posted(of_both(cast, plain)), demand=Demand.BOTH),
        Genuine(title="base64 in lines", posted="\r\n".join(re.findall(".{1,76}", posted(said(cast, told))))),
        Genuine(
            title="a declaration of UTF-8 and a BOM",
            posted=posted(f'\ufeff<?xml version="1.0" encoding="utf-8"?>\n{said(cast, told)}'),
        ),
        Genuine(title="no issuer of the response", posted=posted(said(cast, told, outer={"issuer": None}))),
        Genuine(title="no destination", posted=posted(said(cast, told, outer={"destination": None}))),
        Genuine(
            title="several audiences and a second confirmation",
            posted=posted(
                said(
                    cast,
                    told,
                    audiences=("https://other.example.com", told.sp_entity_id),
                    confirmations=(
                        Confirmation(recipient="https://other.example.com/acs", answers=told.request_id),
                        Confirmation(recipient=told.acs_url, answers=told.request_id),
                    ),
                )
            ),
        ),
    ]
    hows = {
        "RSA and SHA-384": How(method=f"{MORE}rsa-sha384", digest=f"{MORE}sha384"),
        "RSA and SHA-512": How(method=f"{MORE}rsa-sha512", digest=f"{XENC}sha512"),
        "RSA-PSS": How(method=f"{MORE07}sha256-rsa-MGF1"),
        "kept namespaces": How(prefixes="xs saml"),
        "somebody else's certificate in KeyInfo": How(key_info=x509_data(cast.thief)),
    }
    found += [Genuine(title=title, posted=posted(said(cast, told, how))) for title, how in hows.items()]
    if cast.sp_certificate:
        found += _encrypted(cast, told)
    return found


def _encrypted(cast: Cast, told: Told) -> Iterator[Genuine]:
    assertion = signed(assertion_xml(cast.idp, told), ASSERTION_ID, cast.idp.key)
    close = partial(encrypted, assertion, cast.sp_certificate)
    oaep = f'<ds:DigestMethod xmlns:ds="{DS}" Algorithm="{XENC}sha256"/>'
    mask = f'<xenc11:MGF xmlns:xenc11="{XENC11}" Algorithm="{XENC11}mgf1sha256"/>'
    for title, inside in {
        "AES-256-GCM": close(),
        "AES-128-GCM, its key beside it": close(content=f"{XENC11}aes128-gcm", is_beside=True),
        "OAEP with SHA-256": close(wrap=f"{XENC11}rsa-oaep", details=oaep + mask),
    }.items():
        yield Genuine(title=f"encrypted: {title}", posted=posted(response_xml(cast.idp, told, inside)))
    cbc = response_xml(cast.idp, told, close(content=f"{XENC}aes256-cbc"))
    yield Genuine(title="encrypted: AES-256-CBC, the response signed", posted=posted(of_response(cast, cbc)))


def _forgery(case_id: str, row: Row) -> Forgery:
    title, document, reason, more = row if len(row) == 4 else (*row, {})
    text = more.pop("posted", None) or posted(document)
    reasons = frozenset({reason, *more.pop("or_", ())})
    return Forgery(case_id=case_id, title=title, posted=text, reasons=reasons, **more)
