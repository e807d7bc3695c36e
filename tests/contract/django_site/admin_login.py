"""Who gets into Django's admin by the roles of their session; `test_django_descope.py` runs this as Django does."""

from typing import Any

from descope import (
    REFRESH_SESSION_COOKIE_NAME,
    REFRESH_SESSION_TOKEN_NAME,
    SESSION_COOKIE_NAME,
    SESSION_TOKEN_NAME,
    AssociatedTenant,
    DeliveryMethod,
)
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import TestCase, override_settings
from django.urls import reverse
from django_descope import descope_client
from django_descope.authentication import add_tokens_to_request

from tests.factories import new_email

USERS_OF_DJANGO = "/admin/auth/user/"


class AdminLogin(TestCase):
    """Each signs in with a code through the official SDK; the tokens go in by the view of the package."""

    def setUp(self) -> None:
        cache.clear()

    def created(self, *roles: str, tenants: dict[str, list[str]] | None = None) -> str:
        """Create a test user who has these roles; return the login ID."""
        login_id = new_email()
        associations = [AssociatedTenant(tenant_id, names) for tenant_id, names in (tenants or {}).items()]
        descope_client.mgmt.user.create_test_user(login_id, role_names=list(roles), user_tenants=associations)
        return login_id

    def signed_in(self, login_id: str) -> dict[str, Any]:
        """Sign somebody in, and hand their tokens to Django as the page of the package does."""
        code = descope_client.mgmt.user.generate_otp_for_test_user(DeliveryMethod.EMAIL, login_id)["code"]
        session: dict[str, Any] = descope_client.otp.verify_code(DeliveryMethod.EMAIL, login_id, code)
        tokens = {
            SESSION_COOKIE_NAME: session[SESSION_TOKEN_NAME]["jwt"],
            REFRESH_SESSION_COOKIE_NAME: session[REFRESH_SESSION_TOKEN_NAME]["jwt"],
        }
        answer = self.client.post(reverse("django_descope:store_jwt"), tokens)
        assert (answer.status_code, answer.json()) == (200, {"success": True})
        return session

    def end_session_token(self, session: dict[str, Any]) -> None:
        """Leave the refresh token alone to the package, which fetches a session token with it."""
        add_tokens_to_request(self.client.session, "", session[REFRESH_SESSION_TOKEN_NAME]["jwt"])

    def assert_sent_to_sign_in(self) -> None:
        self.assertRedirects(self.client.get("/admin/"), "/admin/login/?next=/admin/", fetch_redirect_response=False)

    def test_superuser_manages_everything(self) -> None:
        session = self.signed_in(login_id := self.created("is_staff", "is_superuser"))
        assert self.client.get("/admin/").status_code == 200
        assert self.client.get(USERS_OF_DJANGO).status_code == 200
        user = User.objects.get(username=session["userId"])
        assert (user.email, user.is_staff, user.is_superuser) == (login_id, True, True)

    def test_staff_comes_in_and_manages_nothing(self) -> None:
        session = self.signed_in(self.created("is_staff"))
        assert self.client.get("/admin/").status_code == 200
        assert self.client.get(USERS_OF_DJANGO).status_code == 403
        user = User.objects.get(username=session["userId"])
        assert (user.is_staff, user.is_superuser) == (True, False)

    def test_user_without_the_roles_stays_outside(self) -> None:
        session = self.signed_in(self.created("editor"))
        self.assert_sent_to_sign_in()
        user = User.objects.get(username=session["userId"])
        assert (user.is_staff, user.is_superuser) == (False, False)

    def test_roles_in_a_tenant_let_nobody_in(self) -> None:
        self.signed_in(self.created(tenants={"acme": ["is_staff", "is_superuser"]}))
        self.assert_sent_to_sign_in()

    def test_role_taken_away_is_gone_at_the_next_sign_in(self) -> None:
        session = self.signed_in(login_id := self.created("is_staff", "is_superuser"))
        assert self.client.get("/admin/").status_code == 200
        descope_client.mgmt.user.remove_roles(login_id, ["is_staff", "is_superuser"])
        self.signed_in(login_id)
        self.assert_sent_to_sign_in()
        user = User.objects.get(username=session["userId"])
        assert (user.is_staff, user.is_superuser) == (False, False)

    def test_role_taken_away_is_gone_when_the_session_token_is_fetched_anew(self) -> None:
        session = self.signed_in(login_id := self.created("is_staff"))
        descope_client.mgmt.user.remove_roles(login_id, ["is_staff"])
        assert self.client.get("/admin/").status_code == 200
        self.end_session_token(session)
        self.assert_sent_to_sign_in()

    @override_settings(DESCOPE_IS_STAFF_ROLE="editor", DESCOPE_IS_SUPERUSER_ROLE="owner")
    def test_roles_are_those_that_the_settings_name(self) -> None:
        session = self.signed_in(self.created("editor"))
        assert self.client.get("/admin/").status_code == 200
        user = User.objects.get(username=session["userId"])
        assert (user.is_staff, user.is_superuser) == (True, False)

    def test_user_signed_out_by_management_has_to_sign_in_again(self) -> None:
        session = self.signed_in(login_id := self.created("is_staff"))
        assert self.client.get("/admin/").status_code == 200
        descope_client.mgmt.user.logout_user(login_id)
        self.end_session_token(session)
        self.assert_sent_to_sign_in()
        assert REFRESH_SESSION_COOKIE_NAME not in self.client.session
