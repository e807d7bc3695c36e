"""Applications that register themselves: off unless a project allows it, never trusted, changed by nobody else."""

from typing import Any

import pytest

from avow.server.projects import actions as projects
from avow.testing.server import Avow
from tests.factories import new_email
from tests.server.oidc.relying import REDIRECT, Reply, Rp, landed, make_app
from tests.server.pages.browsing import Browser


@pytest.fixture
def open_project(project: Avow) -> Avow:
    project.run(lambda tx: projects.change_settings(tx, {"allowsRegistration": True}, actor="test"))
    project.advance(3)
    return project


@pytest.fixture
def caller(open_project: Avow) -> Rp:
    return Rp(open_project, "nobody")


def register(rp: Rp, **said: Any) -> Reply:
    return rp.call("/oidc/register", as_json={"redirect_uris": [REDIRECT], "client_name": "Shop", **said})


def own(rp: Rp, made: Reply, verb: str = "GET", token: str = "", **kwargs: Any) -> Reply:
    token = token or made["registration_access_token"]
    return rp.call(f"/oidc/register/{made['client_id']}", verb=verb, authorization=f"Bearer {token}", **kwargs)


def test_it_is_off_unless_allowed(project: Avow) -> None:
    rp = make_app(project)
    assert register(rp).error == (403, "access_denied")
    assert "registration_endpoint" not in rp.call("/.well-known/openid-configuration", verb="GET").body


def test_registered_application_works_and_always_asks(caller: Rp) -> None:
    made = register(caller)
    assert made.status == 201
    assert made.headers["cache-control"] == "no-store"
    assert made["client_secret_expires_at"] == 0
    assert made["token_endpoint_auth_method"] == "client_secret_basic"
    caller.avow.advance(3)
    rp = Rp(caller.avow, made["client_id"], made["client_secret"])
    browser = rp.browser()
    page = rp.sign_in(browser, rp.ask(browser), new_email())
    assert page.heading == "Allow Shop?"
    told = landed(browser.submit(page.form(), "allow"))
    assert rp.redeem(told["code"]).status == 200
    assert "refresh_token" not in rp.redeem(told["code"]).body


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": ["http://app.example.com/cb#x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://*.example.com/cb"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["com.example.app:/cb"]}, "invalid_redirect_uri"),
        ({"grant_types": ["client_credentials"]}, "invalid_client_metadata"),
        ({"grant_types": ["password"]}, "invalid_client_metadata"),
        ({"grant_types": ["implicit"]}, "invalid_client_metadata"),
        ({"response_types": ["id_token"]}, "invalid_client_metadata"),
        ({"subject_type": "pairwise"}, "invalid_client_metadata"),
        ({"id_token_signed_response_alg": "HS256"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "client_secret_jwt"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"jwks": {"keys": []}, "jwks_uri": "https://app.example.com/jwks"}, "invalid_client_metadata"),
        ({"jwks_uri": "file:///etc/passwd"}, "invalid_client_metadata"),
        ({"logo_uri": "javascript:alert(1)"}, "invalid_client_metadata"),
        ({"policy_uri": "javascript:alert(1)"}, "invalid_client_metadata"),
    ],
)
def test_what_cannot_be_is_refused_with_its_error(caller: Rp, said: dict[str, Any], error: str) -> None:
    assert register(caller, **said).error == (400, error)


def test_public_application_has_no_secret_and_needs_pkce(caller: Rp) -> None:
    made = register(caller, token_endpoint_auth_method="none")
    assert "client_secret" not in made.body
    caller.avow.advance(3)
    rp = Rp(caller.avow, made["client_id"])
    assert landed(rp.ask(signed_in(caller.avow)))["error"] == "invalid_request"


def signed_in(avow: Avow) -> Browser:
    """Return the browser of somebody who has signed in to an application that is trusted."""
    other = make_app(avow)
    browser = other.browser()
    other.code(browser, new_email())
    return browser


def test_faulty_request_leads_nobody_to_an_address_that_anybody_registered(caller: Rp) -> None:
    made, trusted = register(caller), make_app(caller.avow)
    caller.avow.advance(3)
    rp = Rp(caller.avow, made["client_id"])
    page = rp.ask(rp.browser(), response_type="x")
    assert (page.status, "location" in page.headers) == (400, False)
    told = [rp.ask(signed_in(caller.avow), response_type="x"), rp.ask(rp.browser(), response_type="x", prompt="none")]
    for page in (*told, trusted.ask(trusted.browser(), response_type="x")):
        assert landed(page)["error"] == "unsupported_response_type"


def test_application_reads_changes_and_deletes_itself(caller: Rp) -> None:
    made = register(caller)
    told = own(caller, made)
    assert (told["client_name"], told["redirect_uris"]) == ("Shop", [REDIRECT])
    assert "client_secret" not in told.body
    changed = {"client_id": made["client_id"], "redirect_uris": ["https://app.example.com/new"], "client_name": "New"}
    assert own(caller, made, "PUT", as_json=changed)["redirect_uris"] == ["https://app.example.com/new"]
    assert own(caller, made)["client_name"] == "New"
    other = {**changed, "client_id": register(caller)["client_id"]}
    assert own(caller, made, "PUT", as_json=other).error == (400, "invalid_client_metadata")
    assert own(caller, made, "DELETE").status == 204
    assert own(caller, made).error == (401, "invalid_token")
    assert own(caller, made, "DELETE").error == (401, "invalid_token")


def test_token_opens_its_own_application_only(caller: Rp, open_project: Avow) -> None:
    made, other, managed = register(caller), register(caller), make_app(open_project)
    wrong = other["registration_access_token"]
    for token in (wrong, "x", "A" * 43):
        for verb in ("GET", "PUT", "DELETE"):
            assert own(caller, made, verb, token=token, as_json={} if verb == "PUT" else None).error == (
                401,
                "invalid_token",
            )
    found = caller.call(f"/oidc/register/{managed.id}", verb="GET", authorization=f"Bearer {wrong}")
    assert found.error == (401, "invalid_token")
    assert own(caller, made).status == 200


def test_registrations_of_one_address_are_counted(caller: Rp) -> None:
    statuses = [register(caller).status for _ in range(22)]
    assert statuses == [201] * 20 + [429] * 2
    caller.avow.advance(600)
    assert register(caller).status == 201
