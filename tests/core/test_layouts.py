"""How session tokens are laid out."""

from typing import Any

import pytest

from avow.core.layouts import PLAIN, EmptyPolicy, Layout, Scheme, selection, unknown_places
from avow.core.sessions import TenantGrants

USER = {"email": "mia@example.com", "name": "", "test": False, "createdTime": 7, "loginIds": ["a", "b"]}
FACTS = {
    "user": {**USER, "customAttributes": {"team": "blue", "address": {"city": "Rome"}}},
    "tenant": {"id": "T1"},
    "project": {"id": "P1"},
}
TENANTS = {"T1": TenantGrants("One", ("Buyer",), ("buy",)), "T2": TenantGrants("Two", ("Seller",), ("sell",))}


@pytest.mark.parametrize(
    ("value", "becomes"),
    [
        ("plain", "plain"),
        ("{{user.email}}", "mia@example.com"),
        (" {{ user.email }} ", "mia@example.com"),
        ("{{user.test}}", False),
        ("{{user.createdTime}}", 7),
        ("{{user.loginIds}}", ["a", "b"]),
        ("{{user.customAttributes.team}}", "blue"),
        ("{{user.customAttributes.address.city}}", "Rome"),
        ("{{tenant.id}}/{{user.createdTime}}/{{user.test}}/{{user.loginIds}}", "T1/7/false/a,b"),
        ("{{user.name}}!", "!"),
        ("{{user.email.x}}", ""),
        ("{{user.{{user.email}}}}", "{{user.mia@example.com}}"),
        ("{user.email}", "{user.email}"),
        (7, 7),
        (True, True),
        (None, None),
        ({"in": ["{{tenant.id}}", {"deep": "{{project.id}}"}]}, {"in": ["T1", {"deep": "P1"}]}),
    ],
)
def test_places_are_filled_in(value: Any, becomes: Any) -> None:
    assert Layout({"claim": value}).filled(FACTS) == {"claim": becomes}


def test_what_is_filled_in_is_not_read_again() -> None:
    facts = {"user": {"name": "{{user.secret}}", "secret": "x"}}
    assert Layout({"claim": "{{user.name}}", "text": "Hi {{user.name}}"}).filled(facts) == {
        "claim": "{{user.secret}}",
        "text": "Hi {{user.secret}}",
    }


@pytest.mark.parametrize(
    ("empty", "claims"),
    [
        ("none", {"name": "", "none": "", "email": "mia@example.com"}),
        ("nil", {"name": None, "none": None, "email": "mia@example.com"}),
        ("delete", {"email": "mia@example.com"}),
    ],
)
def test_empty_places_follow_the_policy(empty: EmptyPolicy, claims: dict[str, Any]) -> None:
    template = {"name": "{{user.name}}", "none": "{{user.none}}", "email": "{{user.email}}"}
    assert Layout(template, empty=empty).filled(FACTS) == claims


def test_reserved_claims_are_never_filled_in() -> None:
    assert Layout({"sub": "Uother", "roles": ["is_superuser"], "act": {}, "mine": 1}).filled(FACTS) == {"mine": 1}


@pytest.mark.parametrize(
    ("scheme", "selected", "said"),
    [
        ("default", "T1", {"permissions": ("write",), "roles": ("Editor",)}),
        ("tenantOnly", "T1", {"permissions": ("buy",), "roles": ("Buyer",)}),
        ("tenantOnly", "", {"permissions": ("write",), "roles": ("Editor",)}),
        ("none", "T1", {}),
    ],
)
def test_rights_stand_where_the_scheme_says(scheme: Scheme, selected: str, said: dict[str, Any]) -> None:
    claims = Layout(scheme=scheme).rights(("Editor",), ("write",), TENANTS, selected)
    tenants = claims.pop("tenants", None)
    assert claims == said
    assert tenants == ({key: held.claim() for key, held in TENANTS.items()} if scheme == "default" else None)


def test_permissions_can_be_left_out_everywhere() -> None:
    claims = Layout(leaves_out_permissions=True).rights(("Editor",), ("write",), TENANTS, "")
    assert claims["roles"] == ("Editor",)
    assert "permissions" not in str(claims)


def test_only_tenant_is_selected_where_that_is_asked() -> None:
    one, asked = {"T1": TENANTS["T1"]}, Layout(selects_only_tenant=True)
    assert [selection(layout, one, "") for layout in (PLAIN, asked)] == ["", "T1"]
    assert selection(asked, TENANTS, "") == ""
    assert selection(asked, one, "T9") == "T1"
    assert selection(PLAIN, TENANTS, "T9") == ""
    assert selection(PLAIN, TENANTS, "T2") == "T2"


def test_places_of_nothing_known_are_named() -> None:
    assert unknown_places({"a": ["{{users.email}}", "{{user.email}}"], "b": "{{user}}"}) == ["users.email", "user"]
