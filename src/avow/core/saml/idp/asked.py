"""An AuthnRequest of a service provider, judged: where its answer may go first, and then what it asks for."""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from avow.core.saml.documents import ANY, MAYBE, ONE, Element, assertion_name, flag, parts, protocol_name, whole_text
from avow.core.saml.idp import statuses
from avow.core.saml.idp.incoming import Carried, believed, check_destination
from avow.core.saml.idp.parties import SERVED, UNSPECIFIED, OwnIdp, Sp
from avow.core.saml.idp.statuses import Status
from avow.core.saml.parties import Binding
from avow.core.saml.refusals import Reason, SamlRefused
from avow.core.saml.signatures import SIGNATURE

__all__ = ["AuthnAsked", "Comparison", "Subject", "read_authn_request"]

Comparison = Literal["exact", "minimum", "maximum", "better"]

_POLICY: Final = protocol_name("NameIDPolicy")
_CONTEXT: Final = protocol_name("RequestedAuthnContext")
_SUBJECT: Final = assertion_name("Subject")
_NAME_ID: Final = assertion_name("NameID")
_CLASS: Final = assertion_name("AuthnContextClassRef")
_DECLARATION: Final = assertion_name("AuthnContextDeclRef")
# Extensions, conditions and scoping are wishes that an identity provider may pass over.
_GRAMMAR: Final = {
    assertion_name("Issuer"): ONE,
    SIGNATURE: MAYBE,
    protocol_name("Extensions"): MAYBE,
    _SUBJECT: MAYBE,
    _POLICY: MAYBE,
    assertion_name("Conditions"): MAYBE,
    _CONTEXT: MAYBE,
    protocol_name("Scoping"): MAYBE,
}
_COMPARISONS: Final[dict[str, Comparison]] = {
    "exact": "exact",
    "minimum": "minimum",
    "maximum": "maximum",
    "better": "better",
}
_MOST_CLASSES: Final = 20
_MOST_NAME: Final = 320


class Subject(msgspec.Struct, frozen=True):
    """Whom a request means."""

    value: str
    format: str


class AuthnAsked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A request that holds; it is kept as JSON while its person signs in.

    Attributes:
        id: The answer names it; "" for a sign-in that begins here.
        issued_at: When it was made, 0 for one that begins here.
        acs_url: Where the answer goes.
        relay_state: Goes back with the answer.
        forces_authn: The person signs in anew.
        is_passive: Nothing is shown to the person.
        name_id_format: That is asked for, "" for whichever.
        subject: Whom the request means, or None for anybody.
        comparison: How the classes are meant.
        classes: Of sign-ins that will do; empty for any.
        fault: What the service provider is told at once instead of an assertion: names a status; "" for nothing.
    """

    id: str
    issued_at: int
    acs_url: str
    relay_state: str = ""
    forces_authn: bool = False
    is_passive: bool = False
    name_id_format: str = ""
    subject: Subject | None = None
    comparison: Comparison = "exact"
    classes: tuple[str, ...] = ()
    fault: str = ""

    @property
    def status(self) -> Status | None:
        """Return what the service provider is told at once, or None."""
        return _FAULTS.get(self.fault)


_FAULTS: Final = {
    "binding": statuses.BINDING,
    "subject": statuses.SUBJECT,
    "name-id": statuses.NAME_ID_POLICY,
    "context": statuses.CONTEXT,
}


def read_authn_request(carried: Carried, sp: Sp, own: OwnIdp, now: int) -> AuthnAsked:
    """Return what a service provider asks for; see `avow.core.saml.idp.read_authn_request`."""
    found = believed(carried, "AuthnRequest", sp, needs_signature=sp.needs_signature, now=now)
    check_destination(found, own.sso_url)
    root = found.root
    inner = parts(root, _GRAMMAR)
    acs_url = _acs_url(root, sp)
    # From here on it is known whose address the answer goes to.
    comparison, classes, is_readable = _contexts(inner[_CONTEXT])
    format = _format(inner[_POLICY])
    subject, is_named = _subject(inner[_SUBJECT])
    holds = {
        "binding": root.get("ProtocolBinding", Binding.POST) == Binding.POST,
        "subject": is_named,
        "name-id": _is_served(format, inner[_POLICY], sp),
        "context": is_readable,
    }
    return AuthnAsked(
        id=found.id,
        issued_at=found.issued_at,
        acs_url=acs_url,
        relay_state=carried.relay_state,
        forces_authn=flag(root.get("ForceAuthn")),
        is_passive=flag(root.get("IsPassive")),
        name_id_format="" if format == UNSPECIFIED else format,
        subject=subject,
        comparison=comparison,
        classes=classes,
        fault=next((name for name, does_hold in holds.items() if not does_hold), ""),
    )


def _acs_url(root: Element, sp: Sp) -> str:
    """Return where the answer goes: an address of the service provider that we know, by text or by number.

    Raises:
        SamlRefused: ACS: it names another one, or both.

    Spec: SAML Core section 3.4.1; Profiles section 4.1.4.1.
    """
    named, number = root.get("AssertionConsumerServiceURL"), root.get("AssertionConsumerServiceIndex")
    if named is not None and number is not None:
        raise SamlRefused(Reason.ACS, "an address and a number")
    if named is not None:
        if not sp.has_address(named):
            raise SamlRefused(Reason.ACS, named)
        return named
    if number is None:
        return sp.acs_url
    by_number = {str(index): url for index, url in sp.indexes.items()}
    if number not in by_number:
        raise SamlRefused(Reason.ACS, f"number {number}")
    return by_number[number]


def _format(policies: Sequence[Element]) -> str:
    return (policies[0].get("Format") or "") if policies else ""


def _is_served(format: str, policies: Sequence[Element], sp: Sp) -> bool:
    """Tell whether the application has NameIDs as a request wants them. Spec: SAML Core section 3.4.1.1."""
    if policies and policies[0].get("SPNameQualifier") not in (None, sp.entity_id):
        return False
    if format in ("", UNSPECIFIED):
        return True
    return format == sp.name_id_format if sp.name_id_format else format in SERVED


def _subject(subjects: Sequence[Element]) -> tuple[Subject | None, bool]:
    """Return whom a request means, and whether it says so in a way that we know."""
    if not subjects:
        return None, True
    names = subjects[0].findall(_NAME_ID)
    if len(names) != 1 or len(subjects[0]) != 1:
        return None, False
    value = whole_text(names[0]).strip()
    is_name = 0 < len(value) <= _MOST_NAME and value.isprintable()
    return Subject(value, names[0].get("Format") or UNSPECIFIED) if is_name else None, is_name


def _contexts(wanted: Sequence[Element]) -> tuple[Comparison, tuple[str, ...], bool]:
    """Return how, and of which classes, the sign-in has to be; and whether that is said in a way that we know.

    Spec: SAML Core section 3.3.2.2.1.
    """
    if not wanted:
        return "exact", (), True
    comparison = _COMPARISONS.get(wanted[0].get("Comparison", "exact"))
    found = parts(wanted[0], {_CLASS: ANY, _DECLARATION: ANY})
    classes = tuple(whole_text(each).strip() for each in found[_CLASS][:_MOST_CLASSES])
    if comparison is None or found[_DECLARATION]:
        return "exact", (), False
    return comparison, classes, True
