"""The audit through the official SDK."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from avow.server.audit import rows, webhooks
from avow.server.store import Tx
from avow.testing.server import Avow
from tests.contract.people import Person

HOOK = "https://hooks.example.com/audit"


@pytest.fixture
def webhook(avow: Avow) -> Iterator[Callable[[], Any]]:
    """Give what is kept of the webhook `siem`; it is gone afterwards, before anybody calls it."""

    def unit(tx: Tx) -> Any:
        row = tx.one(rows.FIND_WEBHOOK, rows.WebhookRow, name="siem")
        return row and (row.url, webhooks.opened(tx, row).sealed)

    yield lambda: avow.run(unit)
    avow.run(lambda tx: webhooks.remove(tx, "siem", actor="test"))


@pytest.mark.operation("mgmt.audit.search")
def test_search_finds_a_sign_in(client: Any, sign_in: Callable[..., Person], fits: Any, avow: Avow) -> None:
    person, other = sign_in(), sign_in()
    [event] = client.mgmt.audit.search(user_ids=[person.id], actions=["session.opened"])["audits"]
    assert fits("mgmt.audit.search", "audits", "total")
    assert (event["projectId"], event["userId"], event["action"]) == (avow.project_id, person.id, "session.opened")
    assert (event["loginIds"], event["tenants"], event["method"]) == ([person.login_id], [], "otp")
    moment, now = event["occurred"].replace(tzinfo=UTC), datetime.fromtimestamp(avow.server.clock(), UTC)
    assert now - timedelta(seconds=20) < moment <= now

    def users(**wanted: Any) -> set[str]:
        return {each["userId"] for each in client.mgmt.audit.search(actions=["session.opened"], **wanted)["audits"]}

    assert users() == {person.id, other.id}
    assert users(login_ids=[other.login_id]) == {other.id}
    assert users(excluded_actions=["session.opened"]) == set()
    assert users(methods=["otp"], remote_addresses=["127.0.0.1"], devices=["Bot"]) == {person.id, other.id}
    assert users(methods=["password"]) == users(geos=["US"]) == users(tenants=["T1"]) == set()
    assert users(tenants=["T1"], no_tenants=True) == {person.id, other.id}
    assert users(text=person.id.lower()) == {person.id}
    assert users(from_ts=moment, to_ts=now) == {person.id, other.id}
    assert users(from_ts=now + timedelta(seconds=1)) == users(to_ts=moment - timedelta(seconds=1)) == set()


@pytest.mark.operation("mgmt.audit.create_event")
def test_created_event_is_found(client: Any) -> None:
    client.mgmt.audit.create_event("invoice.paid", "info", "clerk", "T1", user_id="U1", data={"amount": 7})
    client.mgmt.audit.create_event("invoice.sent", "warn", "clerk", "")
    found = {each["action"]: each for each in client.mgmt.audit.search(text="INVOICE.")["audits"]}
    paid, sent = found["invoice.paid"], found["invoice.sent"]
    assert (paid["userId"], paid["tenants"], paid["data"]) == ("U1", ["T1"], {"amount": 7})
    assert (sent["userId"], sent["tenants"], sent["data"]) == ("", [], {})


@pytest.mark.operation("mgmt.audit.create_audit_webhook")
def test_webhook_is_kept(client: Any, webhook: Callable[[], Any]) -> None:
    client.mgmt.audit.create_audit_webhook("siem", HOOK, {"Authorization": "Bearer one"})
    url, sealed = webhook()
    assert (url, sealed.headers) == (HOOK, {"Authorization": "Bearer one"})
    client.mgmt.audit.create_audit_webhook("siem", headers={})
    assert webhook()[0] == HOOK
    assert (webhook()[1].headers, webhook()[1].secret) == ({}, sealed.secret)


@pytest.mark.operation("mgmt.license.get")
def test_licence_is_a_tier_that_the_clients_know(client: Any, fits: Any) -> None:
    assert client.mgmt.license.get() == {"rateLimitTier": "tier4"}
    assert fits("mgmt.license.get", "rateLimitTier")
