"""Applications that register themselves: off unless a project allows it, never trusted, changed by nobody else."""

import json
from typing import Any

import pytest

from avow.server.applications import actions, consents
from avow.server.applications.actions import ApplicationRow
from avow.server.applications.consents import Wanted
from avow.server.oidc import registering
from avow.server.projects import actions as projects
from avow.testing.server import Avow
from avow.wire.applications import UpdateApplication
from tests.factories import new_email
from tests.server.oidc.relying import REDIRECT, Reply, Rp, landed, make_app
from tests.server.pages.browsing import Browser

ELSEWHERE = "https://other.example.com/cb"
OFFLINE = "openid email offline_access"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


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


def test_faulty_request_leads_nobody_away_before_sign_in(caller: Rp) -> None:
    made, trusted = register(caller), make_app(caller.avow)
    caller.avow.advance(3)
    rp = Rp(caller.avow, made["client_id"])
    browser = rp.browser()
    page = rp.ask(browser, response_type="x")
    assert (page.status, "location" in page.headers) == (200, False)
    assert "app.example.com" not in page.text
    told = [
        rp.sign_in(browser, page, new_email()),
        rp.ask(signed_in(caller.avow), response_type="x"),
        rp.ask(rp.browser(), response_type="x", prompt="none"),
    ]
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


def stored(rp: Rp, made: Reply) -> ApplicationRow:
    return rp.avow.run(lambda tx: actions.get(tx, made["client_id"])).row


def manage(rp: Rp, made: Reply, **changes: Any) -> None:
    wanted = UpdateApplication(id=made["client_id"], **changes)
    rp.avow.run(lambda tx: actions.update(tx, wanted, is_open=False, actor="test"))
    rp.avow.advance(3)


def put(rp: Rp, made: Reply, **said: Any) -> Reply:
    return own(rp, made, "PUT", as_json={"redirect_uris": [REDIRECT], "client_name": "Shop", **said})


def test_application_that_is_switched_off_changes_nothing(caller: Rp) -> None:
    made = register(caller)
    manage(caller, made, enabled=False)
    before = stored(caller, made)
    assert put(caller, made, client_name="Bank").error == (401, "invalid_token")
    assert own(caller, made, "DELETE").error == (401, "invalid_token")
    assert stored(caller, made) == before


def test_nobody_changes_what_they_registered_where_registration_is_off(caller: Rp) -> None:
    made = register(caller)
    caller.avow.run(lambda tx: projects.change_settings(tx, {"allowsRegistration": False}, actor="test"))
    caller.avow.advance(3)
    assert put(caller, made, client_name="Bank").error == (403, "access_denied")
    assert stored(caller, made).name == "Shop"
    assert own(caller, made, "DELETE").status == 204


def test_changes_are_counted_with_registrations(caller: Rp) -> None:
    made = register(caller)
    statuses = [put(caller, made, client_name=f"Shop {number}").status for number in range(21)]
    assert statuses == [200] * 19 + [429] * 2


def test_what_management_set_stays(caller: Rp) -> None:
    made = register(caller)
    settings: dict[str, Any] = {
        "flow": "mfa",
        "grantTypes": ["authorization_code", "client_credentials"],
        "lifetimeSeconds": 300,
        "pkce": "required",
        "requiresDpop": True,
        "requiresPushed": True,
    }
    manage(caller, made, settings=settings)
    changed = put(caller, made, dpop_bound_access_tokens=False, policy_uri="https://app.example.com/policy")
    assert changed["dpop_bound_access_tokens"] is True
    kept = json.loads(stored(caller, made).settings)
    assert {name: kept[name] for name in settings} == settings
    assert kept["policyUri"] == "https://app.example.com/policy"


def test_another_address_ends_trust_and_consent(caller: Rp) -> None:
    made = register(caller)
    caller.avow.advance(3)
    rp = Rp(caller.avow, made["client_id"], made["client_secret"])
    browser = rp.browser()
    page = rp.sign_in(browser, rp.ask(browser), new_email())
    landed(browser.submit(page.form(), "allow"))
    manage(caller, made, trusted=True)
    assert put(caller, made, client_name="Store").status == 200
    assert stored(caller, made).is_trusted
    assert put(caller, made, redirect_uris=[REDIRECT, ELSEWHERE])["redirect_uris"] == [REDIRECT, ELSEWHERE]
    assert not stored(caller, made).is_trusted
    caller.avow.advance(3)
    assert landed(rp.ask(browser, prompt="none"))["error"] == "consent_required"


def consented(rp: Rp) -> Reply:
    """Return the tokens that somebody's consent gave an application that registered itself."""
    browser = rp.browser()
    page = rp.sign_in(browser, rp.ask(browser, scope=OFFLINE), new_email())
    return rp.redeem(landed(browser.submit(page.form(), "allow"))["code"])


def test_another_address_ends_what_all_have_allowed(caller: Rp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise grants would be left that no consent names, and nobody could take back."""
    monkeypatch.setattr(registering, "_MOST_IN_STEP", 2)
    made = register(caller, grant_types=["authorization_code", "refresh_token"])
    caller.avow.advance(3)
    rp = Rp(caller.avow, made["client_id"], made["client_secret"])
    given = [consented(rp) for _ in range(3)]
    kinds = ["authorization_code", "refresh_token"]
    assert put(caller, made, client_name="Store", grant_types=kinds).status == 200
    assert [rp.userinfo(each["access_token"]).status for each in given] == [200] * 3
    assert put(caller, made, redirect_uris=[REDIRECT, ELSEWHERE], grant_types=kinds).status == 200
    assert [rp.refresh(each["refresh_token"]).error for each in given] == [(400, "invalid_grant")] * 3
    assert [rp.userinfo(each["access_token"]).status for each in given] == [401] * 3
    assert caller.avow.run(lambda tx: consents.count(tx, Wanted(application_id=rp.id))) == 0


def test_another_address_ends_nothing_of_other_applications(caller: Rp) -> None:
    kinds = ["authorization_code", "refresh_token"]
    made, other = register(caller, grant_types=kinds), register(caller, grant_types=kinds)
    caller.avow.advance(3)
    rp = Rp(caller.avow, other["client_id"], other["client_secret"])
    given = consented(rp)
    assert put(caller, made, redirect_uris=[REDIRECT, ELSEWHERE], grant_types=kinds).status == 200
    assert rp.refresh(given["refresh_token"]).status == 200


def test_device_that_was_allowed_before_another_address_gets_nothing(caller: Rp) -> None:
    said: dict[str, Any] = {"grant_types": ["authorization_code", DEVICE], "token_endpoint_auth_method": "none"}
    made = register(caller, **said)
    caller.avow.advance(3)
    rp = Rp(caller.avow, made["client_id"])
    codes = rp.call("/oauth/device/code", {"client_id": rp.id, "scope": "openid"})
    browser = rp.browser()
    page = rp.sign_in(browser, browser.get(f"{rp.prefix}/device?user_code={codes['user_code']}"), new_email())
    assert "Done" in browser.submit(browser.submit(page.form(), "look").form(), "allow").text
    assert put(caller, made, redirect_uris=[REDIRECT, ELSEWHERE], **said).status == 200
    caller.avow.advance(3)
    assert rp.token({"grant_type": DEVICE, "device_code": codes["device_code"]}).error == (400, "access_denied")


def test_application_that_is_to_show_a_secret_is_given_one_once(caller: Rp) -> None:
    made = register(caller, token_endpoint_auth_method="none", grant_types=["authorization_code"])
    changed = put(caller, made, token_endpoint_auth_method="client_secret_basic")
    assert changed["client_secret_expires_at"] == 0
    caller.avow.advance(3)
    rp = Rp(caller.avow, made["client_id"], changed["client_secret"])
    assert rp.redeem("x").error == (400, "invalid_grant")
    assert "client_secret" not in put(caller, made, token_endpoint_auth_method="client_secret_basic").body


@pytest.mark.parametrize("name", ["Shop\u202eknaB", "Shop\u2066", "Shop\n\nTrusted", "Shop\u200b"])
def test_name_that_looks_like_another_is_refused(caller: Rp, name: str) -> None:
    assert register(caller, client_name=name).error == (400, "invalid_client_metadata")
