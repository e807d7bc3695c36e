"""A LogoutRequest of a service provider, judged.

Spec: SAML Core section 3.7.1; Profiles section 4.4.
"""

from dataclasses import dataclass
from typing import Final

from avow.core.saml.documents import ANY, MAYBE, ONE, assertion_name, instant, parts, protocol_name, whole_text
from avow.core.saml.idp.incoming import Carried, believed, check_destination
from avow.core.saml.idp.parties import UNSPECIFIED, OwnIdp, Sp
from avow.core.saml.limits import SKEW_SECONDS
from avow.core.saml.refusals import Reason, SamlRefused
from avow.core.saml.signatures import SIGNATURE

__all__ = ["LogoutAsked", "read_logout_request"]

_NAME_ID: Final = assertion_name("NameID")
_INDEX: Final = protocol_name("SessionIndex")
_GRAMMAR: Final = {
    assertion_name("Issuer"): ONE,
    SIGNATURE: MAYBE,
    protocol_name("Extensions"): MAYBE,
    _NAME_ID: ONE,
    _INDEX: ANY,
}
_MOST_INDEXES: Final = 20
_MOST_NAME: Final = 1024


@dataclass(frozen=True, slots=True)
class LogoutAsked:
    """A log-out that a service provider asks for.

    Attributes:
        id: The answer names it.
        issued_at: When it was made.
        name_id: Of whom.
        format: Of that name.
        indexes: Of which sessions; none for all at this service provider.
        relay_state: Goes back with the answer.
    """

    id: str
    issued_at: int
    name_id: str
    format: str
    indexes: tuple[str, ...]
    relay_state: str


def read_logout_request(carried: Carried, sp: Sp, own: OwnIdp, now: int) -> LogoutAsked:
    """Return what a service provider asks for; see `avow.core.saml.idp.read_logout_request`."""
    # Whoever cannot sign names the session by the index that only they and the person's browser were told.
    found = believed(carried, "LogoutRequest", sp, needs_signature=sp.needs_signature, now=now)
    check_destination(found, own.slo_url)
    ends_at = found.root.get("NotOnOrAfter")
    if ends_at is not None and now >= instant(ends_at) + SKEW_SECONDS:
        raise SamlRefused(Reason.EXPIRED, ends_at)
    inner = parts(found.root, _GRAMMAR)
    named = inner[_NAME_ID][0]
    indexes = tuple(whole_text(each).strip() for each in inner[_INDEX][:_MOST_INDEXES])
    if not indexes and not found.is_signed:
        raise SamlRefused(Reason.SIGNATURE_MISSING, "neither a signature nor a SessionIndex")
    value = whole_text(named)
    if not 0 < len(value) <= _MOST_NAME:
        raise SamlRefused(Reason.SUBJECT, "a NameID that is none")
    return LogoutAsked(
        id=found.id,
        issued_at=found.issued_at,
        name_id=value,
        format=named.get("Format") or UNSPECIFIED,
        indexes=indexes,
        relay_state=carried.relay_state,
    )
