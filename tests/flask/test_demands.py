"""Roles, permissions and tenants: who passes each decorator, and what the others are told."""

from collections.abc import Callable
from typing import Any

import pytest

from avow import DeliveryMethod
from avow.flask import login_required, permissions_required, roles_required, tenant_required
from avow.testing.server import Avow
from tests.applications import SignIn, tokens_of
from tests.factories import make_member, new_email
from tests.flask.conftest import Visitor

PROJECT: dict[str, Any] = {"roles_of_project": {"editor": ["articles:write", "articles:read"]}}
TENANT: dict[str, Any] = {"roles_in_tenant": {"clerk": ["bills:read"]}}


@pytest.mark.parametrize("path", ["/role", "/role/async", "/permission", "/permission/async"])
def test_rights_of_the_project_admit(visitor: Visitor, sign_in: SignIn, path: str) -> None:
    assert visitor.get(path, sign_in(**PROJECT).session).data == b"secret"


@pytest.mark.parametrize(
    "path", ["/role", "/role/async", "/permission", "/permission/async", "/tenant/my-tenant-ID", "/tenant-role"]
)
def test_who_is_signed_in_without_rights_is_refused(visitor: Visitor, sign_in: SignIn, path: str) -> None:
    answer = visitor.get(path, sign_in().session)
    assert (answer.status_code, list(answer.json)) == (403, ["error"])
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


def test_every_permission_is_needed(visitor: Visitor, sign_in: SignIn) -> None:
    half = sign_in(roles_of_project={"reader": ["articles:read"]})
    assert visitor.get("/permission", half.session).status_code == 403


def test_case_of_a_role_counts(visitor: Visitor, sign_in: SignIn) -> None:
    assert visitor.get("/role", sign_in(roles_of_project={"Editor": []}).session).status_code == 403


def test_rights_in_a_tenant_admit_there_and_nowhere_else(visitor: Visitor, sign_in: SignIn) -> None:
    clerk = sign_in(**TENANT).session
    assert visitor.get("/tenant/my-tenant-ID", clerk).data == b"secret of my-tenant-ID"
    assert visitor.get("/tenant-role", clerk).status_code == 200
    assert visitor.get("/tenant/another", clerk).status_code == 403
    assert visitor.get("/member/my-tenant-ID", clerk).status_code == 200
    assert visitor.get("/member/another", clerk).status_code == 403


def test_rights_of_the_project_do_not_count_in_a_tenant(visitor: Visitor, sign_in: SignIn) -> None:
    person = sign_in(roles_of_project={"clerk": ["bills:read"]})
    assert visitor.get("/tenant/my-tenant-ID", person.session).status_code == 403
    assert visitor.get("/tenant-role", person.session).status_code == 403


def test_selected_tenant_is_that_of_the_session(visitor: Visitor, avow: Avow) -> None:
    address, client = new_email(), avow.client()
    client.otp.sign_up_or_in(DeliveryMethod.EMAIL, address)
    session: Any = client.otp.verify_code(DeliveryMethod.EMAIL, address, avow.code(address))
    make_member(avow, session["userId"], **TENANT)
    without = tokens_of(client.refresh_session(tokens_of(session).refresh))
    assert [visitor.get(path, without.session).status_code for path in ("/selected", "/selected-role")] == [403, 403]
    selected = tokens_of(client.select_tenant("my-tenant-ID", without.refresh))
    assert [visitor.get(path, selected.session).status_code for path in ("/selected", "/selected-role")] == [200, 200]


def test_stranger_with_a_browser_is_sent_to_the_login_page_and_back(visitor: Visitor) -> None:
    answer = visitor.page("/role?page=2&x=a%26b")
    assert answer.status_code == 303
    assert answer.location == "/auth/login?next=%2Frole%3Fpage%3D2%26x%3Da%2526b"


def test_person_without_rights_gets_the_applications_own_page(visitor: Visitor, sign_in: SignIn) -> None:
    visitor.client.application.register_error_handler(403, lambda error: ("our page for it", 403))
    answer = visitor.keep(sign_in()).page("/role")
    assert (answer.status_code, answer.data) == (403, b"our page for it")


def test_token_required_never_sends_anybody_away(visitor: Visitor) -> None:
    assert visitor.page("/token").status_code == 401


@pytest.mark.parametrize(
    "make",
    [
        roles_required,
        permissions_required,
        lambda: roles_required(tenant="T1"),
        lambda: permissions_required(tenant_kwarg="tenant_id"),
        lambda: roles_required(""),
        lambda: roles_required("a", tenant="T1", tenant_kwarg="tenant_id"),
        lambda: roles_required("a", tenant=""),
        lambda: tenant_required(tenant_kwarg=""),
    ],
)
def test_demand_of_nothing_is_a_mistake(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"Nothing|names|once|empty"):
        make()


def test_decorator_without_the_extension_says_what_to_do() -> None:
    from flask import Flask

    app = Flask("bare")
    app.config["TESTING"] = True

    @app.get("/")
    @login_required
    def home() -> str:
        return "secret"

    with pytest.raises(RuntimeError, match="Avow\\(app\\)"):
        app.test_client().get("/")


@pytest.mark.parametrize("part", ["a%20b", "a%3Fb", "a%23b", "100%25", "k%C3%A4se", "a%2525b", "a;b=c,d@e~f"])
@pytest.mark.parametrize("query", ["", "?x=1&y=a%20b%26c"])
def test_stranger_comes_back_to_the_very_page(visitor: Visitor, sign_in: SignIn, part: str, query: str) -> None:
    wanted = f"/member/{part}{query}"
    login = visitor.page(wanted)
    assert login.status_code == 303
    visitor.keep(sign_in())
    assert visitor.page(login.location).location == wanted
