"""Who gets into Django's admin by the roles of their session; `test_django_descope.py` runs this as Django does."""

from typing import Any

from descope import (
    REFRESH_SESSION_COOKIE_NAME,
    REFRESH_SESSION_TOKEN_NAME,
    SESSION_COOKIE_NAME,
    SESSION_TOKEN_NAME,
)
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import TestCase, override_settings
from django.urls import reverse
from django_descope import descope_client

from tests.contract.django_site.people import created, end_session_token, session_of

USERS_OF_DJANGO = "/admin/auth/user/"


class AdminLogin(TestCase):
    """Each signs in with a code through the official SDK; the tokens go in by the view of the package."""

    def setUp(self) -> None:
        cache.clear()

    def signed_in(self, login_id: str) -> dict[str, Any]:
        """Sign somebody in, and hand their tokens to Django as the page of the package does."""
        session = session_of(login_id)
        tokens = {
            SESSION_COOKIE_NAME: session[SESSION_TOKEN_NAME]["jwt"],
            REFRESH_SESSION_COOKIE_NAME: session[REFRESH_SESSION_TOKEN_NAME]["jwt"],
        }
        answer = self.client.post(reverse("django_descope:store_jwt"), tokens)
        assert (answer.status_code, answer.json()) == (200, {"success": True})
        return session

    def assert_sent_to_sign_in(self) -> None:
        self.assertRedirects(self.client.get("/admin/"), "/admin/login/?next=/admin/", fetch_redirect_response=False)

    def test_superuser_manages_everything(self) -> None:
        session = self.signed_in(login_id := created("is_staff", "is_superuser"))
        assert self.client.get("/admin/").status_code == 200
        assert self.client.get(USERS_OF_DJANGO).status_code == 200
        user = User.objects.get(username=session["userId"])
        assert (user.email, user.is_staff, user.is_superuser) == (login_id, True, True)

    def test_staff_comes_in_and_manages_nothing(self) -> None:
        session = self.signed_in(created("is_staff"))
        assert self.client.get("/admin/").status_code == 200
        assert self.client.get(USERS_OF_DJANGO).status_code == 403
        user = User.objects.get(username=session["userId"])
        assert (user.is_staff, user.is_superuser) == (True, False)

    def test_user_without_the_roles_stays_outside(self) -> None:
        session = self.signed_in(created("editor"))
        self.assert_sent_to_sign_in()
        user = User.objects.get(username=session["userId"])
        assert (user.is_staff, user.is_superuser) == (False, False)

    def test_roles_in_a_tenant_let_nobody_in(self) -> None:
        self.signed_in(created(tenants={"acme": ["is_staff", "is_superuser"]}))
        self.assert_sent_to_sign_in()

    def test_role_taken_away_is_gone_at_the_next_sign_in(self) -> None:
        session = self.signed_in(login_id := created("is_staff", "is_superuser"))
        assert self.client.get("/admin/").status_code == 200
        descope_client.mgmt.user.remove_roles(login_id, ["is_staff", "is_superuser"])
        self.signed_in(login_id)
        self.assert_sent_to_sign_in()
        user = User.objects.get(username=session["userId"])
        assert (user.is_staff, user.is_superuser) == (False, False)

    def test_role_taken_away_is_gone_when_the_session_token_is_fetched_anew(self) -> None:
        session = self.signed_in(login_id := created("is_staff"))
        descope_client.mgmt.user.remove_roles(login_id, ["is_staff"])
        assert self.client.get("/admin/").status_code == 200
        end_session_token(self.client, session)
        self.assert_sent_to_sign_in()
        assert REFRESH_SESSION_COOKIE_NAME in self.client.session  # they are signed in, and nobody of the staff

    @override_settings(DESCOPE_IS_STAFF_ROLE="editor", DESCOPE_IS_SUPERUSER_ROLE="owner")
    def test_roles_are_those_that_the_settings_name(self) -> None:
        session = self.signed_in(created("editor"))
        assert self.client.get("/admin/").status_code == 200
        user = User.objects.get(username=session["userId"])
        assert (user.is_staff, user.is_superuser) == (True, False)

    def test_user_signed_out_by_management_has_to_sign_in_again(self) -> None:
        session = self.signed_in(login_id := created("is_staff"))
        end_session_token(self.client, session)
        assert self.client.get("/admin/").status_code == 200
        descope_client.mgmt.user.logout_user(login_id)
        end_session_token(self.client, session)
        self.assert_sent_to_sign_in()
        assert REFRESH_SESSION_COOKIE_NAME not in self.client.session
