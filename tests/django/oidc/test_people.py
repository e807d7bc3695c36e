"""Whose account somebody gets, and what of the claims is written into it."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection, connections
from django.db.models import QuerySet

from avow.django.oidc import people
from avow.django.oidc.models import Identity
from tests.bed.openid import OpenIdPeer, Said
from tests.django.oidc.conftest import Configure
from tests.django.oidc.visitor import Visitor

ISSUER = "https://id.example.com"
ROLES = "https://shop.example.com/roles"


def users() -> Any:
    return get_user_model().objects


def come(peer: OpenIdPeer, **claims: object) -> Any:
    """Sign somebody in; return the answer."""
    peer.person = {"sub": "auth0|one", **claims}
    return Visitor().sign_in(peer)


def row(subject: str = "auth0|one") -> Any:
    return Identity.objects.get(subject=subject).user


def test_account_is_named_after_the_subject(configure: Configure, peer: OpenIdPeer) -> None:
    come(peer)
    assert row().username == "auth0_one"


def test_account_is_named_after_a_claim(configure: Configure, peer: OpenIdPeer) -> None:
    configure(name_claim="preferred_username")
    come(peer, preferred_username="mia moe")
    assert row().username == "mia_moe"


@pytest.mark.parametrize("name", ["auth0_one", "AUTH0_ONE"])
def test_name_of_somebody_else_is_not_taken_over(configure: Configure, peer: OpenIdPeer, name: str) -> None:
    other = users().create_user(name, "other@example.com", "a long word 1")
    come(peer)
    assert row().pk != other.pk
    assert row().username.startswith("auth0_one-")


def test_long_subject_fits(configure: Configure, peer: OpenIdPeer) -> None:
    users().create(username="x" * 150)
    peer.person = {"sub": "x" * 255}
    assert Visitor().sign_in(peer).status_code == 302
    assert len(row("x" * 255).username) == 150


def test_name_fits_a_shorter_column(configure: Configure, peer: OpenIdPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_user_model()._meta.get_field("username"), "max_length", 30)
    users().create(username="x" * 30)
    peer.person = {"sub": "x" * 40}
    Visitor().sign_in(peer)
    assert len(row("x" * 40).username) == 30


def test_name_has_one_spelling(configure: Configure, peer: OpenIdPeer) -> None:
    configure(name_claim="name")
    other = users().create_user("file")
    come(peer, name="\ufb01le")
    assert row().pk != other.pk
    assert row().username.startswith("file-")


def test_characters_that_no_database_takes_are_left_out(configure: Configure, peer: OpenIdPeer) -> None:
    configure(roles_claim="roles", groups=True, backchannel_logout=True)
    come(peer, given_name="M\0ia", email="a\0@example.com", email_verified=True, roles=["a\0b"], sid="s\0")
    assert (row().first_name, row().email) == ("Mia", "")
    peer.person = {"sub": "a\0b"}
    assert Visitor().sign_in(peer).status_code == 400


def test_subjects_that_differ_in_case_are_two_people(configure: Configure, peer: OpenIdPeer) -> None:
    for subject in ("Jane", "jane"):
        peer.person = {"sub": subject}
        Visitor().sign_in(peer)
    assert Identity.objects.count() == users().count() == 2


def test_database_that_overlooks_case_gives_nobody_the_account_of_another(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.account_of(people.Person(ISSUER, "Jane", {}))
    found = Identity.objects.get()
    monkeypatch.setattr(QuerySet, "first", lambda _: found)
    assert people.identity_of(people.Person(ISSUER, "Jane", {})) == found
    assert people.identity_of(people.Person(ISSUER, "jane", {})) is None


def test_same_subject_elsewhere_is_somebody_else(configure: Configure, peer: OpenIdPeer) -> None:
    for issuer in (ISSUER, "https://other.example.com"):
        people.account_of(people.Person(issuer, "jane", {}))
    assert users().count() == 2


# --- Addresses ---


def test_address_leads_to_no_account(configure: Configure, peer: OpenIdPeer) -> None:
    owner = users().create_user("owner", "owner@example.com", "a long word 1")
    come(peer, email="owner@example.com", email_verified=True)
    assert row().pk != owner.pk


def test_verified_address_leads_to_its_account_where_the_project_says_so(
    configure: Configure, peer: OpenIdPeer
) -> None:
    configure(match_email=True)
    owner = users().create_user("owner", "Owner@Example.com", "a long word 1")
    come(peer, email="owner@example.com", email_verified=True)
    assert row().pk == owner.pk
    assert row().has_usable_password()


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "owner@example.com"},
        {"email": "owner@example.com", "email_verified": False},
        {"email": "owner@example.com", "email_verified": "true"},
        {"email": "owner@example.com", "email_verified": 1},
        {"email": "ownér@example.com", "email_verified": True},
        {"email": ["owner@example.com"], "email_verified": True},
        {"email": "", "email_verified": True},
        {"email": "%", "email_verified": True},
    ],
)
def test_other_addresses_lead_nowhere(configure: Configure, peer: OpenIdPeer, claims: dict[str, object]) -> None:
    configure(match_email=True)
    owner = users().create_user("owner", "owner@example.com", "a long word 1")
    come(peer, **claims)
    assert row().pk != owner.pk


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("mike@example.com", "MIKE@Example.com", True),
        ("mike@example.com", "m\u0131ke@example.com", False),
        ("mike@example.com", "mi\u212ae@example.com", False),
        ("sue@example.com", "\u017fue@example.com", False),
        ("j\xf6rg@example.com", "j\xf6rg@example.com", True),
    ],
)
def test_addresses_that_only_look_alike_are_two(one: str, other: str, same: bool) -> None:
    assert people.is_same_address(one, other) is same
    assert people.is_same_address(other, one) is same


def test_address_of_two_accounts_leads_nowhere(configure: Configure, peer: OpenIdPeer) -> None:
    configure(match_email=True)
    taken = [users().create_user(name, "owner@example.com").pk for name in ("one", "two")]
    come(peer, email="owner@example.com", email_verified=True)
    assert row().pk not in taken


def test_account_of_one_person_is_not_given_to_another(configure: Configure, peer: OpenIdPeer) -> None:
    configure(match_email=True)
    users().create_user("owner", "owner@example.com")
    for subject in ("first", "second"):
        peer.person = {"sub": subject, "email": "owner@example.com", "email_verified": True}
        Visitor().sign_in(peer)
    assert row("first").username == "owner"
    assert row("second").username == "second"


def test_locked_account_is_not_matched(configure: Configure, peer: OpenIdPeer) -> None:
    configure(match_email=True)
    owner = users().create_user("owner", "owner@example.com", is_active=False)
    come(peer, email="owner@example.com", email_verified=True)
    assert row().pk != owner.pk


@pytest.mark.parametrize(
    ("verified", "trusted", "kept"), [(None, True, True), (None, False, False), (False, True, False)]
)
def test_address_counts_as_verified_where_the_project_trusts_the_provider(
    configure: Configure, peer: OpenIdPeer, verified: object, trusted: bool, kept: bool
) -> None:
    configure(trust_email=trusted)
    come(peer, email="jane@example.com", **({} if verified is None else {"email_verified": verified}))
    assert row().email == ("jane@example.com" if kept else "")


def test_account_follows_the_claims_at_each_sign_in(configure: Configure, peer: OpenIdPeer) -> None:
    come(peer, given_name="Mia", email="mia@example.com", email_verified=True)
    come(peer, given_name="x" * 200, family_name="Moe", email="new@example.com", email_verified=True)
    assert (row().first_name, row().last_name, row().email) == ("x" * 150, "Moe", "new@example.com")
    come(peer, given_name=7, email="unproven@example.com", email_verified=False)
    assert (row().first_name, row().email) == ("x" * 150, "new@example.com")


def test_columns_are_chosen(configure: Configure, peer: OpenIdPeer) -> None:
    configure(columns={"first_name": "address.locality"})
    come(peer, address={"locality": "Oslo"}, family_name="Moe")
    assert (row().first_name, row().last_name) == ("Oslo", "")


# --- Roles ---


def test_roles_leave_the_account_alone_unless_they_are_mapped(configure: Configure, peer: OpenIdPeer) -> None:
    come(peer)
    users().update(is_staff=True)
    row().groups.add(Group.objects.create(name="editors"))
    come(peer, groups=["admins"], roles=["admin"])
    assert (row().is_staff, row().is_superuser, row().groups.count()) == (True, False, 1)


def test_flags_follow_the_roles(configure: Configure, peer: OpenIdPeer) -> None:
    configure(roles_claim=ROLES, is_staff_role="staff", is_superuser_role="root")
    come(peer, **{ROLES: ["staff", "root"]})
    assert (row().is_staff, row().is_superuser) == (True, True)
    come(peer, **{ROLES: ["staff"]})
    assert (row().is_staff, row().is_superuser) == (True, False)
    come(peer)
    assert (row().is_staff, row().is_superuser) == (False, False)


@pytest.mark.parametrize("value", ["staff", 7, {"staff": True}, [["staff"]], None])
def test_roles_in_another_shape(configure: Configure, peer: OpenIdPeer, value: object) -> None:
    configure(roles_claim=ROLES, is_staff_role="staff")
    come(peer, **{ROLES: value})
    assert row().is_staff is (value == "staff")


def test_groups_follow_the_roles(configure: Configure, peer: OpenIdPeer) -> None:
    configure(roles_claim="realm.roles", groups={"editor": "Editors", "seller": "Sellers"})
    for name in ("Editors", "Sellers", "Own"):
        Group.objects.create(name=name)
    come(peer, realm={"roles": ["editor", "unknown"]})
    row().groups.add(Group.objects.get(name="Own"))
    assert {group.name for group in row().groups.all()} == {"Editors", "Own"}
    come(peer, realm={"roles": ["seller"]})
    assert {group.name for group in row().groups.all()} == {"Sellers", "Own"}
    configure(roles_claim="realm.roles", groups=True)
    come(peer, realm={"roles": ["Own", "Absent"]})
    assert {group.name for group in row().groups.all()} == {"Own"}


def test_permissions_follow_the_roles(configure: Configure, peer: OpenIdPeer) -> None:
    configure(roles_claim="permissions", permissions={"read:users": "auth.view_user"})
    visitor = Visitor()
    peer.person = {"sub": "auth0|one", "permissions": ["read:users", "auth.delete_user"]}
    visitor.sign_in(peer)
    assert visitor.get("/reports").status_code == 200
    assert row().get_user_permissions() == {"auth.view_user"}
    come(peer, permissions=[])
    assert visitor.get("/reports").status_code == 403
    configure(roles_claim="permissions", permissions=True)
    come(peer, permissions=["auth.view_user", "auth.no_such", "nonsense"])
    assert row().get_user_permissions() == {"auth.view_user"}


@pytest.fixture
def one_account_for_each_address() -> Iterator[None]:
    """Have the database refuse a second account with an address, as many user models do."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE UNIQUE INDEX one_address ON auth_user (email) WHERE email <> ''")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX one_address")


def test_roles_are_taken_away_although_the_address_is_somebody_elses(
    configure: Configure, peer: OpenIdPeer, one_account_for_each_address: None
) -> None:
    configure(roles_claim="roles", is_staff_role="staff", groups={"editor": "Editors"})
    Group.objects.create(name="Editors")
    come(peer, email="mia@example.com", email_verified=True, given_name="Mia", roles=["staff", "editor"])
    assert (row().is_staff, row().groups.count()) == (True, 1)
    users().create_user("other", "other@example.com")
    assert come(peer, email="other@example.com", email_verified=True, given_name="M", roles=[]).status_code == 302
    assert (row().is_staff, row().groups.count()) == (False, 0)
    assert (row().email, row().first_name) == ("mia@example.com", "M")


def test_first_visit_with_the_address_of_somebody_else_is_refused(
    configure: Configure, peer: OpenIdPeer, one_account_for_each_address: None
) -> None:
    users().create_user("other", "other@example.com")
    assert come(peer, email="other@example.com", email_verified=True).status_code == 403
    assert (users().count(), Identity.objects.count()) == (1, 0)


# --- The user endpoint ---


@pytest.mark.parametrize(
    ("asks", "in_token", "calls"),
    [
        ("auto", True, 0),
        ("auto", False, 1),
        ("always", True, 1),
        ("never", False, 0),
    ],
)
def test_user_endpoint_is_asked_when_it_is_needed(
    configure: Configure, peer: OpenIdPeer, asks: str, in_token: bool, calls: int
) -> None:
    configure(userinfo=asks)
    peer.in_id_token = in_token
    come(peer, email="jane@example.com", email_verified=True, name="Jane")
    assert len(peer.calls("/userinfo")) == calls
    assert row().email == ("" if asks == "never" else "jane@example.com")


def test_refusal_of_the_user_endpoint_is_borne_unless_it_is_needed(
    configure: Configure, peer: OpenIdPeer, visitor: Visitor
) -> None:
    peer.answers["/userinfo"] = lambda _: Said({"error": "invalid_token"}, 401)
    assert come(peer).status_code == 302
    configure(userinfo="always")
    assert come(peer).status_code == 502


def test_id_token_comes_before_the_user_endpoint(configure: Configure, peer: OpenIdPeer) -> None:
    configure(userinfo="always")
    peer.in_id_token = False
    peer.id_claims = {"email": "signed@example.com", "email_verified": True}
    come(peer, email="unsigned@example.com", email_verified=True, name="Jane")
    assert row().email == "signed@example.com"


def test_two_first_visits_at_once_make_one_account(configure: Configure, database: str) -> None:
    made: list[Any] = []
    start = threading.Barrier(4)

    def arrive() -> None:
        start.wait()
        try:
            made.append(people.account_of(people.Person(ISSUER, "jane", {})).pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=arrive) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert len(set(made)) == 1
    assert users().count() == Identity.objects.count() == 1
