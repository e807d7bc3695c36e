"""Security cases of the plugin: account mapping, and decorators that fail closed."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied

from avow.django import users
from avow.sdk.integration.session import AvowSession, Tokens
from avow.testing.server import Avow
from tests.bed.cases import Case
from tests.django.plugin.conftest import Network, SignIn
from tests.django.plugin.visitor import Visitor, run, tokens_of
from tests.factories import grant, make_role


def signs_in(sign_up: SignIn) -> bool:
    """Show that somebody with nothing special gets in."""
    visitor, session = Visitor(), sign_up()
    return visitor.bring(session).status_code == 200 and visitor.row["username"] == session["userId"]


def test_s_sdk_05_account_mapping(case: Case, store: str, sign_up: SignIn, avow: Avow) -> None:
    case.control(lambda: signs_in(sign_up))
    with case.cell("local superuser of the same name"):
        session, visitor = sign_up(), Visitor()
        User.objects.create_superuser(session["userId"], "root@example.com", "wonder land 1")
        assert visitor.bring(session).status_code == 403
        visitor.keep(tokens_of(session))
        assert visitor.row["kind"] == "AnonymousUser"
        assert User.objects.get(username=session["userId"]).has_usable_password()
    with case.cell("local user of the same e-mail"):
        visitor = Visitor()
        local = User.objects.create_superuser("other", "same@example.com", "wonder land 1")
        visitor.bring(sign_up(email="same@example.com"))
        assert visitor.row["username"] != "other"
        assert visitor.row["is_superuser"] is False
        assert User.objects.get(pk=local.pk).is_superuser
    with case.cell("staff and superuser from other claims"):
        session = sign_up(tenant_id="T1", roles_in_tenant={"is_superuser": [], "is_staff": []})
        claims = {
            **session["sessionToken"],
            "is_superuser": True,
            "is_staff": True,
            "nsec": {"roles": ["is_superuser"]},
        }
        row = users.arrive(AvowSession(claims, tokens_of(session)))
        assert (row.is_staff, row.is_superuser) == (False, False)
    with case.cell("role removed"):
        visitor, session = Visitor(), sign_up()
        role = make_role(avow, "is_superuser")
        grant(avow, session["userId"], role)
        visitor.bring(session)
        visitor.post("/auth/refresh/")
        assert visitor.row["is_superuser"] is True
        avow.client().mgmt.user.remove_roles(session["user"]["loginIds"][0], ["is_superuser"])
        avow.advance(700)
        assert visitor.row["is_superuser"] is False
        assert not User.objects.get(username=session["userId"]).is_superuser
        avow.server.clock.reset()


def test_s_sdk_03_decorators_of_django_fail_closed(
    case: Case, store: str, sign_up: SignIn, network: Network, avow: Avow
) -> None:
    case.control(lambda: signs_in(sign_up))
    paths = ["/T1/login", "/T1/role", "/T1/permission", "/T1/member", "/T1/login-class", "/T1/role-class"]

    def statuses(visitor: Visitor) -> set[int]:
        asynchronous = [f"{path}-async" for path in paths if path not in ("/T1/member",)]
        return {visitor.get(path).status_code for path in paths} | {
            run(visitor.aget(path)).status_code for path in asynchronous
        }

    with case.cell("decorators and middleware, Django, sync and async"):
        for tokens in (Tokens(), Tokens("x"), Tokens("", "x"), Tokens(" ", " "), Tokens("null", "undefined")):
            visitor = Visitor()
            if tokens:
                visitor.keep(tokens)
            assert statuses(visitor) == {302}
    with case.cell("Django, server away and keys too old"):
        visitor = Visitor()
        visitor.bring(sign_up(roles={"editor": ["write"]}))
        network.is_away = True
        avow.advance(700)
        assert statuses(visitor) == {302}
        network.is_away = False
        avow.server.clock.reset()


def test_mistake_within_a_view_is_no_way_in(sign_up: SignIn, visitor: Visitor) -> None:
    from avow.django.decorators import roles_required

    def view(request: Any) -> Any:
        raise AssertionError("nobody comes here")

    request: Any = type("Request", (), {"avow": AvowSession({"roles": None}), "user": None})()
    with pytest.raises(PermissionDenied):
        roles_required("editor")(view)(request)
