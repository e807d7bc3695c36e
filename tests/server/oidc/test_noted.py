"""What the audit log keeps of clients: who took what, what was refused, and from where each of it came."""

import json
from typing import Any

import pytest

from avow.testing.server import Avow
from tests.factories import new_email
from tests.server.oidc.relying import REDIRECT, Rp, claims, landed, make_app
from tests.server.oidc.test_devices import answered, begin, device, poll
from tests.server.oidc.test_exchange import INNER, exchange, service, subject
from tests.server.oidc.test_registration import caller, open_project, own, register

__all__ = ["caller", "device", "open_project", "service"]  # fixtures

CLIENT, BROWSER = "203.0.113.9", "203.0.113.7"
_EVENTS = """
    SELECT outcome, actor, user_id, address, device, data FROM audit_events
    WHERE project_id = :project_id AND action = :action ORDER BY occurred_at, id
"""


def events(avow: Avow, action: str) -> list[dict[str, Any]]:
    names = ("outcome", "actor", "user_id", "address", "device", "data")
    rows = avow.run(lambda tx: tx.all(_EVENTS, lambda *columns: dict(zip(names, columns, strict=True)), action=action))
    return [{**each, "data": json.loads(each["data"])} for each in rows]


def test_reuse_of_a_refresh_token_is_noted_with_where_it_came_from(rp: Rp) -> None:
    tokens = rp.tokens(rp.browser(), new_email(), scope="openid offline_access")
    rp.avow.advance(31)
    rp.refresh(tokens["refresh_token"])
    rp.avow.advance(31)
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert rp.token(form, user_agent="thief/1.0").error == (400, "invalid_grant")
    [event] = events(rp.avow, "grant.revoked")
    assert (event["outcome"], event["data"]["why"]) == ("refused", "reuse")
    assert (event["address"], event["device"]) == (CLIENT, "thief/1.0")


def test_code_that_was_brought_again_and_a_token_that_was_taken_back_are_noted_so_too(rp: Rp) -> None:
    code = rp.code(rp.browser(), new_email())
    rp.redeem(code)
    rp.redeem(code)
    token = rp.tokens(rp.browser(), new_email())["access_token"]
    rp.call("/oauth/revoke", {"token": token}, authorization=rp.basic())
    found = events(rp.avow, "grant.revoked")
    assert {each["data"]["why"] for each in found} == {"code reused", "revoked"}
    assert {each["address"] for each in found} == {CLIENT}


def test_secret_that_is_guessed_is_noted(rp: Rp) -> None:
    assert rp.token({"grant_type": "x"}, authorization=rp.basic(secret="wrong"), user_agent="curl").status == 401
    assert rp.call("/oauth/introspect", {"token": "x"}, authorization=rp.basic("nobody", "wrong")).status == 401
    first, second = events(rp.avow, "client.refused")
    if first["data"]["application"] == "":
        first, second = second, first
    assert first["data"] == {"application": rp.id, "method": "client_secret_basic", "endpoint": "/oauth/token"}
    assert second["data"] == {"application": "", "method": "client_secret_basic", "endpoint": "/oauth/introspect"}
    assert (first["outcome"], first["actor"], first["address"], first["device"]) == (
        "refused",
        "anyone",
        CLIENT,
        "curl",
    )
    assert "wrong" not in str([first, second])


def test_refused_clients_of_one_address_are_noted_some_times_a_minute(rp: Rp) -> None:
    for number in range(15):
        rp.token({"grant_type": "x"}, authorization=rp.basic(f"nobody{number}", "wrong"))
    assert len(events(rp.avow, "client.refused")) == 10
    rp.avow.advance(60)
    rp.token({"grant_type": "x"}, authorization=rp.basic(secret="wrong"))
    assert len(events(rp.avow, "client.refused")) == 11
    assert rp.token({"grant_type": "x"}).error == (400, "unsupported_grant_type")
    assert len(events(rp.avow, "client.refused")) == 11


def test_each_exchange_is_noted(rp: Rp, service: Rp) -> None:
    token = subject(rp)
    assert exchange(service, token, scope="write:inner").error == (400, "invalid_scope")
    assert events(rp.avow, "token.exchanged") == []
    got = exchange(service, token)["access_token"]
    exchange(service, token)
    event, _ = events(rp.avow, "token.exchanged")
    assert (event["actor"], event["user_id"]) == (f"application:{service.id}", claims(token)["sub"])
    assert event["address"] == CLIENT
    grant = claims(got)["jti"].partition(".")[0]
    assert event["data"] == {
        "application": service.id,
        "audience": INNER,
        "grant": grant,
        "scopes": ["read:inner"],
    }


@pytest.mark.parametrize(
    ("do", "actions"), [("allow", ["device.allowed", "consent.given"]), ("deny", ["device.denied"])]
)
def test_what_is_said_of_a_device_is_noted_with_where_it_was_said(device: Rp, do: str, actions: list[str]) -> None:
    codes = begin(device)
    answered(device, codes, do)
    assert [each["address"] for action in actions for each in events(device.avow, action)] == [BROWSER] * len(actions)
    device.avow.advance(5)
    poll(device, codes)
    assert [each["address"] for each in events(device.avow, "grant.begun")] == [CLIENT] * (do == "allow")


def test_consent_is_noted_with_where_it_was_given(project: Avow) -> None:
    asking = make_app(project, trusted=False)
    browser = asking.browser()
    page = asking.sign_in(browser, asking.ask(browser), new_email())
    assert "code" in landed(browser.submit(page.form(), "allow"))
    assert [each["address"] for each in events(project, "consent.given")] == [BROWSER]


def test_application_that_registers_itself_is_noted_with_where_it_came_from(caller: Rp) -> None:
    made = register(caller)
    own(caller, made, "PUT", as_json={"redirect_uris": [REDIRECT], "client_name": "Other"})
    own(caller, made, "DELETE")
    for action in ("application.created", "application.changed", "application.deleted"):
        [event] = events(caller.avow, action)
        assert (event["actor"], event["address"]) == ("registration", CLIENT)
        assert event["data"]["application"] == made["client_id"]
