"""The names that identity providers have for the same attribute."""

import pytest

from avow.core.saml import Attribute, values

WS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
# What three widespread identity providers send.
ENTRA = (
    Attribute(name="http://schemas.microsoft.com/identity/claims/displayname", values=("Alice Example",)),
    Attribute(name="http://schemas.microsoft.com/ws/2008/06/identity/claims/groups", values=("g1", "g2")),
    Attribute(name=f"{WS}givenname", values=("Alice",)),
    Attribute(name=f"{WS}surname", values=("Example",)),
    Attribute(name=f"{WS}emailaddress", values=("alice@example.com",)),
    Attribute(name=f"{WS}name", values=("alice@tenant.example.com",)),
)
LDAP = (
    Attribute(name="urn:oid:0.9.2342.19200300.100.1.3", friendly_name="mail", values=("alice@example.com",)),
    Attribute(name="urn:oid:2.16.840.1.113730.3.1.241", friendly_name="displayName", values=("Alice Example",)),
    Attribute(name="urn:oid:2.5.4.42", friendly_name="givenName", values=("Alice",)),
    Attribute(name="urn:oid:2.5.4.4", friendly_name="sn", values=("Example",)),
    Attribute(name="urn:oid:1.3.6.1.4.1.5923.1.5.1.1", friendly_name="isMemberOf", values=("g1", "g2")),
)
PLAIN = (
    Attribute(name="Email", values=("alice@example.com",)),
    Attribute(name="Display Name", values=("Alice Example",)),
    Attribute(name="first_name", values=("Alice",)),
    Attribute(name="LastName", values=("Example",)),
    Attribute(name="memberOf", values=("g1", "g2")),
)


@pytest.mark.parametrize("sent", [ENTRA, LDAP, PLAIN], ids=["Entra ID", "LDAP", "plain words"])
@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("email", ("alice@example.com",)),
        ("Mail", ("alice@example.com",)),
        ("name", ("Alice Example",)),
        ("given_name", ("Alice",)),
        ("givenName", ("Alice",)),
        ("familyName", ("Example",)),
        ("groups", ("g1", "g2")),
        ("group", ("g1", "g2")),
        ("phone", ()),
        ("", ()),
    ],
)
def test_usual_words_find_what_is_meant(sent: tuple[Attribute, ...], wanted: str, found: tuple[str, ...]) -> None:
    assert values(sent, wanted) == found


def test_exact_name_comes_first() -> None:
    sent = (*ENTRA, Attribute(name="email", values=("other@example.com",)))
    assert values(sent, "email") == ("other@example.com",)
    assert values(sent, f"{WS}emailaddress") == ("alice@example.com",)


def test_other_names_are_compared_to_the_letter() -> None:
    sent = (Attribute(name="Department", values=("R&D",)),)
    assert values(sent, "Department") == ("R&D",)
    assert values(sent, "department") == ()


def test_friendly_name_comes_last() -> None:
    sent = (
        Attribute(name="urn:oid:1.2.3", friendly_name="department", values=("friendly",)),
        Attribute(name="x", friendly_name="email", values=("fake@example.com",)),
        Attribute(name="mail", values=("alice@example.com",)),
    )
    assert values(sent, "department") == ("friendly",)
    assert values(sent, "email") == ("alice@example.com",)


def test_values_of_one_name_are_put_together() -> None:
    sent = (Attribute(name="groups", values=("g1",)), Attribute(name="groups", values=("g2",)))
    assert values(sent, "groups") == ("g1", "g2")
