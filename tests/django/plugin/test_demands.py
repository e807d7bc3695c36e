"""Decorators and mixins: who passes, who is sent to the login page, who gets 403; plain and asynchronous."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from avow.django.decorators import permission_required, roles_required
from avow.django.mixins import RolesRequiredMixin
from avow.testing.server import Avow
from tests.django.plugin.conftest import SignIn
from tests.django.plugin.visitor import Visitor, run

COLOURS = ("", "-async")


def status(visitor: Visitor, path: str) -> int:
    """Return the status of a page, in the colour of its view."""
    if path.endswith("-async"):
        found: int = run(visitor.aget(path)).status_code
        return found
    code: int = visitor.get(path).status_code
    return code


@pytest.fixture(autouse=True)
def in_each_store(store: str) -> None:
    """Run every test with tokens in cookies and in the session."""


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("name", ["login", "role", "permission", "both", "member", "tenantrole", "selected"])
def test_stranger_is_sent_to_the_login_page(name: str, colour: str, visitor: Visitor) -> None:
    path = f"/T1/{name}{colour}"
    answer = run(visitor.aget(path)) if colour else visitor.get(path)
    assert (answer.status_code, answer["Location"]) == (302, f"/auth/login/?next={path}")


@pytest.mark.parametrize("colour", COLOURS)
def test_demands_of_the_project(colour: str, visitor: Visitor, sign_up: SignIn) -> None:
    visitor.bring(sign_up(roles={"editor": ["write"]}))
    seen = {name: status(visitor, f"/T1/{name}{colour}") for name in ("login", "role", "permission", "both", "member")}
    assert seen == {"login": 200, "role": 200, "permission": 200, "both": 403, "member": 403}


@pytest.mark.parametrize("colour", COLOURS)
def test_signed_in_without_what_is_demanded_is_refused(colour: str, visitor: Visitor, sign_up: SignIn) -> None:
    visitor.bring(sign_up())
    seen = {name: status(visitor, f"/T1/{name}{colour}") for name in ("login", "role", "permission", "selected")}
    assert seen == {"login": 200, "role": 403, "permission": 403, "selected": 403}


@pytest.mark.parametrize("colour", COLOURS)
def test_demands_of_a_tenant_count_in_that_tenant_only(colour: str, visitor: Visitor, sign_up: SignIn) -> None:
    visitor.bring(sign_up(tenant_id="T1", roles_in_tenant={"editor": ["write"]}))
    seen = {path: status(visitor, f"{path}{colour}") for path in ("/T1/member", "/T1/tenantrole", "/T1/role")}
    assert seen == {"/T1/member": 200, "/T1/tenantrole": 200, "/T1/role": 403}
    assert status(visitor, f"/T2/member{colour}") == 403
    assert status(visitor, f"/T2/tenantrole{colour}") == 403


def test_role_of_the_project_is_none_in_a_tenant(visitor: Visitor, sign_up: SignIn) -> None:
    visitor.bring(sign_up(roles={"editor": ["write"]}, tenant_id="T1", roles_in_tenant={"reader": []}))
    assert status(visitor, "/T1/role") == 200
    assert status(visitor, "/T1/tenantrole") == 403


def test_permission_in_the_selected_tenant(visitor: Visitor, sign_up: SignIn, avow: Avow) -> None:
    session = sign_up(tenant_id="T1", roles_in_tenant={"editor": ["write"]})
    visitor.bring(session)
    assert status(visitor, "/T1/selected") == 403
    visitor.bring(avow.client().select_tenant("T1", session["refreshSessionToken"]["jwt"]))
    assert status(visitor, "/T1/selected") == 200


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("/T1/login-class", 302, 200),
        ("/T1/login-class-async", 302, 200),
        ("/T1/role-class", 302, 200),
        ("/T1/role-class-async", 302, 200),
        ("/T1/permission-class", 302, 403),
        ("/T1/member-class", 302, 403),
    ],
)
def test_views_that_are_classes(path: str, before: int, after: int, visitor: Visitor, sign_up: SignIn) -> None:
    assert status(visitor, path) == before
    visitor.bring(sign_up(roles={"editor": []}))
    assert status(visitor, path) == after


@pytest.mark.parametrize("colour", COLOURS)
def test_user_of_another_backend_passes_by_what_django_says(colour: str, visitor: Visitor) -> None:
    local = User.objects.create_user("local", password="wonder land 1")
    visitor.client.force_login(local, backend="django.contrib.auth.backends.ModelBackend")
    seen = {name: status(visitor, f"/T1/{name}{colour}") for name in ("login", "role", "permission", "member")}
    assert seen == {"login": 200, "role": 403, "permission": 403, "member": 403}
    User.objects.update(is_superuser=True)
    assert status(visitor, f"/T1/permission{colour}") == 200
    assert status(visitor, f"/T1/selected{colour}") == 403


@pytest.mark.parametrize("decorator", [permission_required, roles_required])
def test_demand_of_nothing_is_a_mistake_of_the_project(decorator: Any) -> None:
    with pytest.raises(ValueError, match="Nothing is demanded"):
        decorator()


def test_mixin_that_demands_nothing_is_a_mistake_of_the_project() -> None:
    with pytest.raises(ValueError, match="set roles_required"):
        RolesRequiredMixin().get_demand()
