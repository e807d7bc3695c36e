"""Roles and permissions: the answers of the official SDK, and no answer where it would fail or guess."""

from collections.abc import Callable
from typing import Any

import pytest
from descope import DescopeClient
from hypothesis import given
from hypothesis import strategies as st

from avow.core import rbac
from avow.errors import AuthException, AvowError

SESSION = {
    "sub": "U1",
    "permissions": ["read", "write"],
    "roles": ["editor"],
    "tenants": {
        "T1": {"permissions": ["approve"], "roles": ["admin"]},
        "T2": {"permissions": ["list"], "roles": ["viewer"]},
        "T3": {},
    },
}
PROJECT = ["validate_permissions", "validate_roles", "get_matched_permissions", "get_matched_roles"]
TENANT = [
    "validate_tenant_permissions",
    "validate_tenant_roles",
    "get_matched_tenant_permissions",
    "get_matched_tenant_roles",
]
NAMES = [
    *([], ["read"], ["read", "write"], ["write", "read", "read"], ["read", "other"], ["Read"], [""], ["editor"]),
    *(["approve"], ["admin"], ["viewer"], ["list", "approve"], ("read",), ("admin",), ["T1"]),
]


@pytest.fixture(scope="module")
def official() -> DescopeClient:
    return DescopeClient("P" + "2" * 27)


def call(name: str, *args: Any) -> Any:
    function: Callable[..., Any] = getattr(rbac, name)
    return function(*args)


@pytest.mark.parametrize("name", PROJECT)
@pytest.mark.parametrize("session", [SESSION, {"sub": "U1"}, {}, None])
def test_project_answers_are_those_of_the_official_sdk(official: DescopeClient, name: str, session: Any) -> None:
    for names in NAMES:
        expected = getattr(official, name)(session, names)
        # Without the claim the official SDK answers False or True for [] alike; so do we.
        assert call(name, session, names) == expected, names


@pytest.mark.parametrize("name", TENANT)
@pytest.mark.parametrize("session", [SESSION, {"sub": "U1"}, {"tenants": {}}, {}, None])
@pytest.mark.parametrize("tenant", ["T1", "T2", "T3", "T4", "t1"])
def test_tenant_answers_are_those_of_the_official_sdk(
    official: DescopeClient, name: str, session: Any, tenant: str
) -> None:
    for names in NAMES:
        assert call(name, session, tenant, names) == getattr(official, name)(session, tenant, names), names


@pytest.mark.parametrize(
    ("tenant", "roles", "is_valid"),
    [
        ("T1", ["admin"], True),
        ("T1", ["Admin"], False),
        ("T1", ["viewer"], False),  # a role of T2
        ("T1", ["editor"], False),  # a role of the project
        ("T1", ["admin", "viewer"], False),
        ("T2", ["admin"], False),
        ("T3", ["admin"], False),
        ("T4", ["admin"], False),  # not a member
        ("T1", [], True),  # asks for nothing, and holds for any member
        ("T3", [], True),
        ("T4", [], False),
        ("", ["editor"], False),  # the empty tenant is not the project
        ("", [], False),
        ("T1", [""], False),
    ],
)
def test_every_named_role_must_be_held_in_that_tenant(tenant: str, roles: list[str], is_valid: bool) -> None:
    assert rbac.validate_tenant_roles(SESSION, tenant, roles) is is_valid


@pytest.mark.parametrize("claim", [None, "admin", 1, True, {"admin": 1}])
@pytest.mark.parametrize("names", [[], ["admin"], ["a"], [""]])
def test_damaged_claims_hold_nothing(claim: object, names: list[str]) -> None:
    session = {
        "roles": claim,
        "permissions": claim,
        "tenants": {"T1": {"roles": claim, "permissions": claim}, "T2": claim},
    }
    for name in PROJECT:
        assert not call(name, session, names)
        assert not call(name, None, names)
    for name in TENANT:
        assert not call(name, session, "T1", names)
        assert isinstance(claim, dict) or not call(name, session, "T2", names)
        assert not call(name, {"tenants": claim}, "T1", names)


@pytest.mark.parametrize(
    "names", [None, "", "admin", b"admin", 1, {"admin": 1}, [None], [1], ["admin", None], [["admin"]]]
)
def test_wrong_type_of_names_raises(names: object) -> None:
    for name in PROJECT:
        with pytest.raises(AuthException) as refused:
            call(name, SESSION, names)
        assert (refused.value.status_code, refused.value.error_type) == (400, "invalid argument")
    for name in TENANT:
        with pytest.raises(AuthException) as refused:
            call(name, SESSION, "T1", names)
        assert (refused.value.status_code, refused.value.error_type) == (400, "invalid argument")


@pytest.mark.parametrize("tenant", [None, 1, ["T1"], b"T1"])
def test_wrong_type_of_tenant_raises(tenant: object) -> None:
    for name in TENANT:
        with pytest.raises(AuthException):
            call(name, SESSION, tenant, ["admin"])


@pytest.mark.parametrize("session", ["token", 1, [], ["roles"], True])
def test_wrong_type_of_session_raises(session: object) -> None:
    for name in PROJECT:
        with pytest.raises(AuthException):
            call(name, session, ["admin"])
    for name in TENANT:
        with pytest.raises(AuthException):
            call(name, session, "T1", ["admin"])


def test_matched_names_keep_the_order_asked_for() -> None:
    assert rbac.get_matched_permissions(SESSION, ["write", "other", "read", "write"]) == ["write", "read", "write"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("abT1", max_size=3),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["roles", "permissions", "tenants", "T1", "a"]), inner)
    ),
    max_leaves=12,
)


@given(VALUES, VALUES, VALUES)
def test_any_arguments_get_an_answer_or_a_kind_refusal(session: Any, tenant: Any, names: Any) -> None:
    for name, args in [(name, (session, names)) for name in PROJECT] + [
        (name, (session, tenant, names)) for name in TENANT
    ]:
        try:
            answer = call(name, *args)
        except AvowError:
            continue
        if name.startswith("validate"):
            assert isinstance(answer, bool)
            matched = call(name.replace("validate", "get_matched"), *args)
            assert not answer or matched == list(names)


def test_empty_tenant_is_no_tenant_even_when_claimed() -> None:
    assert not rbac.validate_tenant_roles({"tenants": {"": {"roles": ["admin"]}}}, "", ["admin"])
