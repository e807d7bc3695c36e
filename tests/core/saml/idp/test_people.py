"""Who a service provider is told of, what the person has to do before, and what is read of its own metadata."""

from typing import Any

import pytest

from avow.core.saml import Reason, SamlRefused
from avow.core.saml.idp import (
    Answer,
    AttributeRule,
    AuthnAsked,
    GroupRule,
    LogoutService,
    Person,
    Seen,
    Sent,
    SignIn,
    Waited,
    attributes_of,
    decide,
    is_meant,
    name_id,
    of_form,
    of_query,
    parse_metadata,
    read_logout_request,
    statuses,
)
from avow.core.saml.idp.asked import Subject
from avow.core.saml.idp.interaction import context_of
from avow.core.saml.idp.parties import EMAIL, PERSISTENT, TRANSIENT, UNSPECIFIED
from tests.core.saml.idp.stage import NOW, OWN, SLO, sp
from tests.saml.maker import make_idp
from tests.saml.sp import ACS, ENTITY, leaving, metadata

FORMAT = "urn:oasis:names:tc:SAML:2.0:attrname-format:"
MIA = Person(
    "U1",
    "_t1",
    "mia@example.com",
    "+491701234567",
    {"email": ("mia@example.com",), "name": ("Mia",), "givenName": ("",), "roleNames": ("editor", "boss")},
    frozenset({"editor", "boss", "R2"}),
    frozenset({"R1"}),
)
NOBODY = Person("U2", "_t2")
MFA = "https://refeds.org/profile/mfa"
AC = "urn:oasis:names:tc:SAML:2.0:ac:classes:"


@pytest.mark.parametrize(
    ("settings", "asked", "value", "format"),
    [
        ({}, "", "U1", UNSPECIFIED),
        ({}, EMAIL, "mia@example.com", EMAIL),
        ({}, PERSISTENT, "U1", PERSISTENT),
        ({}, TRANSIENT, "_t1", TRANSIENT),
        ({"name_id_source": "email"}, "", "mia@example.com", UNSPECIFIED),
        ({"name_id_source": "email"}, PERSISTENT, "mia@example.com", PERSISTENT),
        ({"name_id_source": "phone"}, "", "+491701234567", UNSPECIFIED),
        ({"name_id_format": EMAIL}, "", "mia@example.com", EMAIL),
        ({"name_id_format": PERSISTENT}, "", "U1", PERSISTENT),
    ],
)
def test_person_is_named_as_the_application_is_set(
    settings: dict[str, str], asked: str, value: str, format: str
) -> None:
    named = name_id(sp(**settings), MIA, asked)
    assert named is not None
    assert (named.value, named.format) == (value, format)


def test_whoever_has_no_proven_address_is_not_named_by_one() -> None:
    assert name_id(sp(), NOBODY, EMAIL) is None
    assert name_id(sp(name_id_source="phone"), NOBODY, "") is None
    assert name_id(sp(), NOBODY, "") is not None


def test_request_means_somebody() -> None:
    named = name_id(sp(), MIA, "")
    assert named is not None
    assert is_meant(None, MIA, named)
    assert is_meant(Subject("MIA@example.com", EMAIL), MIA, named)
    assert not is_meant(Subject("eve@example.com", EMAIL), MIA, named)


def test_attributes_are_those_of_the_rules() -> None:
    assert attributes_of(MIA, (), ()) == (
        Sent("email", f"{FORMAT}basic", ("mia@example.com",)),
        Sent("name", f"{FORMAT}basic", ("Mia",)),
    )
    rules = [
        AttributeRule("urn:oid:0.9.2342.19200300.100.1.3", "", "user.email"),
        AttributeRule("n", "unspecified", "name"),
        AttributeRule("n", "unspecified", "roleNames"),
        AttributeRule("odd", f"{FORMAT}uri", "name"),
        AttributeRule("none", "", "givenName"),
        AttributeRule("typo", "", "nobodyHasThis"),
        AttributeRule("", "", "name"),
    ]
    assert attributes_of(MIA, rules, ()) == (
        Sent("urn:oid:0.9.2342.19200300.100.1.3", f"{FORMAT}uri", ("mia@example.com",)),
        Sent("n", f"{FORMAT}unspecified", ("Mia", "editor", "boss")),
        Sent("odd", f"{FORMAT}uri", ("Mia",)),
    )


def test_groups_stand_for_roles() -> None:
    groups = [
        GroupRule("groups", "", "Editors", (("", "editor"),)),
        GroupRule("groups", "", "Others", (("R9", "editor"),)),  # of a role that has an id the name says nothing
        GroupRule("groups", "", "Others", (("R2", ""),)),  # whatever a role is called
        GroupRule("groups", "", "Bosses", (("R9", "chief"), ("R1", "renamed"))),
        GroupRule("groups", "", "Others", (("R9", "other"),)),
        GroupRule("groups", "", "", (("", "editor"), ("", "other"))),
        GroupRule("all", "", "", ()),
        GroupRule("staff", "", "yes", ()),
    ]
    found = {each.name: each.values for each in attributes_of(MIA, [AttributeRule("x", "", "none")], groups)}
    assert found == {"groups": ("Editors", "Bosses", "editor"), "all": ("editor", "boss"), "staff": ("yes",)}
    assert [each for each in attributes_of(NOBODY, (), groups)] == []


# --- What the person has to do ---------------------------------------------------------------------------------------

SEEN = Seen("U1", "S2", NOW)
BEFORE = Seen("U1", "S1", NOW - 100)
HERE = Waited(NOW - 10, "S1")


@pytest.mark.parametrize(
    ("wish", "seen", "waited", "changes", "decision"),
    [
        ({}, None, None, {}, SignIn()),
        ({}, SEEN, None, {}, Answer(f"{AC}unspecified")),
        ({}, SEEN, None, {"is_multi_factor": True}, Answer(MFA)),
        ({"is_passive": True}, None, None, {}, statuses.PASSIVE),
        ({"is_passive": True}, SEEN, None, {}, Answer(f"{AC}unspecified")),
        ({"forces_authn": True}, SEEN, None, {}, SignIn()),
        ({"forces_authn": True}, BEFORE, HERE, {}, SignIn()),
        ({"forces_authn": True}, SEEN, HERE, {}, Answer(f"{AC}unspecified")),
        ({"forces_authn": True, "is_passive": True}, SEEN, None, {}, statuses.PASSIVE),
        ({}, SEEN, None, {"forces_authn": True}, SignIn()),
        ({}, SEEN, HERE, {"forces_authn": True}, Answer(f"{AC}unspecified")),
        ({}, BEFORE, None, {"is_meant": False}, SignIn()),
        ({}, BEFORE, HERE, {"is_meant": False}, SignIn()),
        ({}, SEEN, HERE, {"is_meant": False}, statuses.STRANGER),
        ({}, Seen("U1", "S2", NOW, may_reach=False), HERE, {}, statuses.DENIED),
        ({"classes": (MFA,)}, SEEN, None, {}, SignIn()),
        ({"classes": (MFA,)}, BEFORE, HERE, {}, SignIn()),
        ({"classes": (MFA,)}, SEEN, HERE, {}, statuses.CONTEXT),
        ({"classes": (MFA,)}, SEEN, None, {"is_multi_factor": True}, Answer(MFA)),
        ({"classes": (MFA,), "is_passive": True}, SEEN, None, {}, statuses.CONTEXT),
        ({"classes": ("urn:unknown",)}, SEEN, None, {}, statuses.CONTEXT),
    ],
)
def test_what_comes_next(wish: dict[str, Any], seen: Any, waited: Any, changes: Any, decision: Any) -> None:
    asked = AuthnAsked(id="_1", issued_at=NOW, acs_url=ACS, **wish)
    given = {"forces_authn": False, "is_meant": True, "is_multi_factor": False} | changes
    assert decide(asked, seen, waited, **given) == decision


@pytest.mark.parametrize(
    ("comparison", "classes", "one", "two"),
    [
        ("exact", [f"{AC}PasswordProtectedTransport"], *[f"{AC}PasswordProtectedTransport"] * 2),
        ("exact", [f"{AC}X509", f"{AC}Password"], *[f"{AC}Password"] * 2),
        ("exact", [MFA], "", MFA),
        ("exact", [f"{AC}SmartcardPKI"], "", ""),
        ("minimum", [f"{AC}Password"], f"{AC}PasswordProtectedTransport", MFA),
        ("minimum", [MFA], "", MFA),
        ("minimum", ["urn:unknown"], "", ""),
        ("maximum", [f"{AC}Password"], f"{AC}PasswordProtectedTransport", ""),
        ("better", [f"{AC}unspecified"], f"{AC}PasswordProtectedTransport", MFA),
        ("better", [f"{AC}Password"], "", MFA),
        ("better", ["urn:unknown"], "", ""),
    ],
)
def test_classes_of_sign_ins(comparison: Any, classes: list[str], one: str, two: str) -> None:
    asked = AuthnAsked(id="_1", issued_at=NOW, acs_url=ACS, comparison=comparison, classes=tuple(classes))
    assert [context_of(asked, is_multi_factor=each) for each in (False, True)] == [one, two]


# --- Metadata and log-outs -------------------------------------------------------------------------------------------


def test_metadata_describes_the_service_provider() -> None:
    found = parse_metadata(metadata(validUntil="2027-01-16T08:00:00Z").encode(), "", NOW)
    assert (found.entity_id, found.acs_url) == (ENTITY, ACS)
    assert (found.further_acs, found.indexes) == (
        ("https://wiki.example.com/acs0",),
        {0: "https://wiki.example.com/acs0", 1: ACS},
    )
    assert (found.needs_signature, len(found.certificates)) == (True, 1)
    assert found.logout == LogoutService("https://wiki.example.com/left")
    assert found.valid_until == NOW + 86_400
    assert not parse_metadata(metadata(signs=False).encode(), ENTITY, NOW).needs_signature


def test_metadata_that_does_not_do_is_refused() -> None:
    rows = {
        "ended": (metadata(validUntil="2027-01-15T08:00:00Z"), Reason.METADATA_EXPIRED),
        "another entity": (metadata(entity_id="https://other.example.com"), Reason.METADATA_ENTITY),
        "no address": (metadata().replace("HTTP-POST", "PAOS"), Reason.METADATA_BINDING),
        "a script for an address": (metadata().replace('ation="https', 'ation="x'), Reason.METADATA_BINDING),
        "an identity provider's": (metadata().replace("SPSSO", "IDPSSO"), Reason.METADATA_ENTITY),
        "a document type": (f"<!DOCTYPE x>{metadata()}", Reason.FORBIDDEN_XML),
    }
    for name, (document, reason) in rows.items():
        with pytest.raises(SamlRefused) as no:
            parse_metadata(document.encode(), ENTITY, NOW)
        assert no.value.reason is reason, name


def leave(*indexes: str, **changes: Any) -> Any:
    return leaving(NOW, "U1", *indexes, **{"destination": SLO, **changes})


def test_log_out_is_read() -> None:
    found = read_logout_request(of_query(leave("_s1", "_s2").query("st", algorithm="rsa-sha256")), sp(), OWN, NOW)
    assert (found.id, found.name_id, found.indexes, found.relay_state) == ("_leave1", "U1", ("_s1", "_s2"), "st")
    assert read_logout_request(of_form(leave().signed().posted, ""), sp(), OWN, NOW).indexes == ()


def test_log_out_without_signature_names_its_session() -> None:
    known = sp(certificates=(), needs_signature=False)
    assert read_logout_request(of_query(leave("_s1").query()), known, OWN, NOW).indexes == ("_s1",)
    rows = {
        "neither signature nor session": (leave().query(), known, Reason.SIGNATURE_MISSING),
        "no signature": (leave("_s1").query(), sp(), Reason.SIGNATURE_MISSING),
        "another key": (
            leave("_s1", key=make_idp("https://evil.example.com", "thief")).query(algorithm="rsa-sha256"),
            sp(),
            Reason.SIGNATURE_INVALID,
        ),
        "somebody else's": (leave("_s1", issuer="https://evil.example.com").query(), known, Reason.ISSUER),
        "for somebody else": (leave("_s1", destination=SLO + "/").query(), known, Reason.DESTINATION),
        "too late": (leave("_s1", NotOnOrAfter="2027-01-15T07:58:00Z").query(), known, Reason.EXPIRED),
    }
    for name, (said, one, reason) in rows.items():
        with pytest.raises(SamlRefused) as no:
            read_logout_request(of_query(said), one, OWN, NOW)
        assert no.value.reason is reason, name
