"""What each step of the provider costs: its statements, and how often it goes to the database.

With SQLite a way there is a hop between threads; with PostgreSQL each statement is one over the network besides.
"""

from collections.abc import Callable
from typing import Any

import pytest

from avow.server.store import Store
from avow.testing.server import Avow
from tests.factories import join_tenant, make_tenant, make_user, new_email
from tests.server.api import Statements
from tests.server.oidc.relying import API, Reply, Rp, landed, make_api, make_app
from tests.server.pages.browsing import Browser, Page

_OFFLINE = "openid offline_access"
_GRANT = ["oidc.BEGIN", "store.INSERT_AUDIT"]


class Cost:
    """Counts what a step costs: ways to the database (`read`, `write`), and the statements there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, statements: Statements) -> None:
        self._statements = statements
        self._ways: list[str] = []
        for way in ("read", "write"):
            monkeypatch.setattr(Store, way, self._noting(way, getattr(Store, way)))

    def of(self, step: Callable[[], Page | Reply]) -> tuple[list[str], list[str]]:
        """Return the ways and statements of a step that succeeds."""
        self._ways.clear()
        with self._statements:
            done = step()
        assert done.status in {200, 201, 303}
        return list(self._ways), self._statements.ran

    def _noting(self, way: str, submit: Any) -> Any:
        def noted(store: Store, project_id: str | None, *args: Any, **kwargs: Any) -> Any:
            if project_id:
                self._ways.append(way)
            return submit(store, project_id, *args, **kwargs)

        return noted


@pytest.fixture
def cost(monkeypatch: pytest.MonkeyPatch, statements: Statements) -> Cost:
    return Cost(monkeypatch, statements)


@pytest.fixture
def person(rp: Rp) -> tuple[Browser, str]:
    """Return a browser in which somebody is signed in, and who it is; all that a node keeps is kept."""
    make_api(rp.avow, "read:messages")
    browser, email = rp.browser(), new_email()
    rp.tokens(browser, email, audience=API)
    return browser, email


def test_code_of_somebody_who_is_signed_in(cost: Cost, rp: Rp, person: tuple[Browser, str]) -> None:
    ways, statements = cost.of(lambda: rp.ask(person[0], audience=API, scope=_OFFLINE))
    assert statements == ["sessions.LIVE_ENABLED", "applications.REACH", *_GRANT]
    assert ways == ["write"]


def test_code_for_an_application_that_asked_once(cost: Cost, project: Avow, person: tuple[Browser, str]) -> None:
    browser, shop = person[0], make_app(project, trusted=False)
    page = shop.ask(browser)
    browser.submit(page.form(), "allow")
    ways, statements = cost.of(lambda: shop.ask(browser))
    assert statements == ["sessions.LIVE_ENABLED", "applications.CONSENT_HELD", "applications.REACH", *_GRANT]
    assert ways == ["write"]


def test_code_of_somebody_who_acts_in_a_tenant(cost: Cost, project: Avow, rp: Rp) -> None:
    tenant, email, browser = make_tenant(project), new_email(), rp.browser()
    join_tenant(project, make_user(project, email), tenant)
    rp.code(browser, email, organization=tenant)
    ways, statements = cost.of(lambda: rp.ask(browser, organization=tenant))
    known = ["sessions.LIVE_ENABLED", "applications.REACH", "users.PROFILE"]
    assert statements == [*known, "tenants.DEMANDING_SSO", *_GRANT]
    assert ways == ["write"]


def test_question_without_a_session_is_answered_from_what_is_kept(
    cost: Cost, rp: Rp, person: tuple[Browser, str]
) -> None:
    assert cost.of(lambda: rp.ask(rp.browser(), prompt="none")) == ([], [])
    page = rp.ask(rp.browser(), prompt="none")
    assert landed(page)["error"] == "login_required"


def test_apis_that_anybody_names_are_hardly_looked_for(
    statements: Statements, rp: Rp, person: tuple[Browser, str]
) -> None:
    unknown = [f"https://{number}.example.com" for number in range(9)]
    with statements:
        elsewhere = rp.ask(rp.browser(), redirect_uri="https://evil.example.com", resource=unknown)
    assert (elsewhere.status, statements.ran) == (400, [])
    with statements:
        told = landed(rp.ask(rp.browser(), resource=[API, *unknown]))
    assert (told["error"], statements.ran) == ("invalid_target", ["applications.FIND_API"])


def test_tokens_of_a_grant(cost: Cost, rp: Rp, person: tuple[Browser, str]) -> None:
    code = rp.code(*person, audience=API, scope=_OFFLINE)
    replies: list[Reply] = []
    kept = replies.append

    def first() -> Reply:
        kept(rp.redeem(code))
        return replies[-1]

    assert cost.of(first) == (["write"], ["oidc.SPEND", "users.PROFILE"])
    tokens = replies[0]
    again = cost.of(lambda: rp.refresh(tokens["refresh_token"]))
    assert again == (["write"], ["oidc.CONTINUE", "users.PROFILE"])
    told = cost.of(lambda: rp.userinfo(tokens["access_token"]))
    assert told == (["read"], ["oidc.LIVE", "users.PROFILE"])
    about = {"token": tokens["access_token"]}
    asked = cost.of(lambda: rp.call("/oauth/introspect", about, authorization=rp.basic()))
    assert asked == (["read"], ["oidc.LIVE"])


def test_machine_and_what_is_published_cost_nothing(cost: Cost, project: Avow) -> None:
    make_api(project, "read:messages", "write:messages")
    machine = make_app(project, preset="machine")
    project.client().mgmt.app.grant(machine.id, API, ["read:messages"])
    project.advance(1)
    form = {"grant_type": "client_credentials", "audience": API}
    assert machine.token(form).status == 200
    assert cost.of(lambda: machine.token(form)) == ([], [])
    assert cost.of(lambda: machine.call("/.well-known/openid-configuration", verb="GET")) == ([], [])
    assert cost.of(lambda: machine.call("/.well-known/jwks.json", verb="GET")) == ([], [])
