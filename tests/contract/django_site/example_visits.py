"""Visits to a site like the package's example application; `test_django_descope.py` runs this as Django does."""

import os
from typing import Any

from descope import (
    REFRESH_SESSION_COOKIE_NAME,
    REFRESH_SESSION_TOKEN_NAME,
    SESSION_COOKIE_NAME,
    SESSION_TOKEN_NAME,
)
from django.core.cache import cache
from django.test import TestCase, override_settings
from django_descope.authentication import add_tokens_to_request

from tests.contract.django_site.people import created, end_session_token, session_of

STRANGER = {"is_authenticated": False, "is_anonymous": True, "is_active": False}
ROLES = ("is_staff", "is_superuser")


@override_settings(ROOT_URLCONF="tests.contract.django_site.example_app")
class ExampleVisits(TestCase):
    """Tokens come into the session of the browser as the example's own test brings them."""

    def setUp(self) -> None:
        cache.clear()

    def signed_in(self, login_id: str) -> dict[str, Any]:
        """Sign somebody in, and put their tokens into the session of the browser."""
        session = session_of(login_id)
        tokens = [session[name]["jwt"] for name in (SESSION_TOKEN_NAME, REFRESH_SESSION_TOKEN_NAME)]
        add_tokens_to_request(self.client.session, *tokens)
        return session

    def told(self) -> dict[str, Any]:
        """Return what the site knows of whoever is there."""
        answer = self.client.get("/debug")
        assert answer.status_code == 200
        seen: dict[str, Any] = answer.json()
        return seen

    def page(self, path: str) -> str:
        """Return a page, behind redirects."""
        answer = self.client.get(path, follow=True)
        assert answer.status_code == 200
        return answer.content.decode()

    def assert_shows_the_flow(self, page: str) -> None:
        given = {
            "project-id": os.environ["DESCOPE_PROJECT_ID"],
            "base-url": os.environ["DESCOPE_BASE_URI"],
            "flow-id": "sign-up-or-in",
        }
        assert "<descope-wc" in page
        assert [f'{name}="{value}"' in page for name, value in given.items()] == [True, True, True]

    def test_debug_tells_who_is_there_and_the_admin_opens(self) -> None:
        session = self.signed_in(login_id := created(*ROLES))
        seen = self.told()
        claims = seen.pop("session")
        assert (claims["sub"], sorted(claims["roles"])) == (session["userId"], sorted(ROLES))
        assert claims["jwt"] == session[SESSION_TOKEN_NAME]["jwt"]
        everything = dict.fromkeys(("is_authenticated", *ROLES, "is_mgmt_available"), True)
        assert seen == {"user": session["userId"], "email": login_id, **everything}
        assert self.client.get("/admin/").status_code == 200
        assert login_id in self.page("/admin/auth/user/")

    def test_debug_tells_the_roles_apart(self) -> None:
        self.signed_in(created("is_staff"))
        seen = self.told()
        assert (seen["is_staff"], seen["is_superuser"]) == (True, False)
        assert self.client.get("/admin/").status_code == 200
        assert self.client.get("/admin/auth/user/").status_code == 403

    def test_stranger_is_nobody_and_sees_the_flow(self) -> None:
        assert self.told() == STRANGER
        self.assert_shows_the_flow(self.page("/"))
        self.assertRedirects(self.client.get("/admin/"), "/admin/login/?next=/admin/", fetch_redirect_response=False)
        self.assert_shows_the_flow(self.page("/admin/"))

    def test_signed_in_person_sees_no_flow(self) -> None:
        self.signed_in(created(*ROLES))
        page = self.page("/")
        assert "<descope-wc" not in page
        assert [f'href="{path}"' in page for path in ("/debug", "/admin/", "/logout")] == [True, True, True]

    def test_person_without_roles_is_told_so_by_the_admin(self) -> None:
        self.signed_in(login_id := created())
        assert (self.told()["is_staff"], self.told()["is_superuser"]) == (False, False)
        page = self.page("/admin/")
        assert f"You are authenticated as {login_id}, but are not authorized" in " ".join(page.split())
        assert "<descope-wc" not in page

    def test_session_token_is_fetched_anew_and_told(self) -> None:
        session = self.signed_in(created(*ROLES))
        end_session_token(self.client, session)
        claims = self.told()["session"]
        assert claims["sub"] == session["userId"]
        assert self.client.session[SESSION_COOKIE_NAME] == claims["jwt"]
        assert self.client.get("/admin/").status_code == 200

    def test_whoever_leaves_is_a_stranger(self) -> None:
        self.signed_in(created(*ROLES))
        assert self.told()["is_authenticated"] is True
        self.assertRedirects(self.client.get("/logout"), "/")
        assert self.told() == STRANGER
        kept = self.client.session
        assert [kept.get(name) for name in (SESSION_COOKIE_NAME, REFRESH_SESSION_COOKIE_NAME)] == [None, None]
        self.assertRedirects(self.client.get("/admin/"), "/admin/login/?next=/admin/", fetch_redirect_response=False)
