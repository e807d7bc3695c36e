"""POST /v2/mgmt/connector/audit/web/set: what a webhook may be, and what is kept of it."""

from typing import Any

import pytest

from avow.server.audit import rows, webhooks
from avow.server.store import Tx
from avow.testing.server import Avow
from tests.server.api import Api

PATH = "/v2/mgmt/connector/audit/web/set"
URL = "https://hooks.example.com/audit"


@pytest.fixture
def key(api: Api) -> str:
    return api.avow.management_key


@pytest.fixture(autouse=True)
def _without(api: Api) -> Any:
    yield
    api.avow.run(lambda tx: tx.run("DELETE FROM audit_webhooks WHERE project_id = :project_id"))


def held(avow: Avow, name: str = "siem") -> Any:
    def unit(tx: Tx) -> Any:
        row = tx.one(rows.FIND_WEBHOOK, rows.WebhookRow, name=name)
        return (row, webhooks.opened(tx, row).sealed) if row else None

    return avow.run(unit)


def test_new_webhook_gets_a_secret_that_is_shown_once(api: Api, key: str) -> None:
    made = api.post(PATH, {"name": "siem", "url": URL, "headers": {"Authorization": "Bearer s3cret"}}, token=key)
    assert made["hmacSecret"].startswith("whsec_")
    row, sealed = held(api.avow)
    assert (row.url, sealed.secret, sealed.headers) == (URL, made["hmacSecret"], {"Authorization": "Bearer s3cret"})
    assert made["hmacSecret"].encode() not in bytes(row.sealed)
    assert b"s3cret" not in bytes(row.sealed)
    assert "s3cret" not in repr((row, sealed))
    assert made["hmacSecret"] not in repr((row, sealed))
    headers = {"Authorization": "Bearer s3cret"}
    assert api.post(PATH, {"name": "siem", "url": f"{URL}/2"}, token=key).status == 400
    changed = api.post(PATH, {"name": "siem", "url": f"{URL}/2", "headers": headers}, token=key)
    assert changed["hmacSecret"] == ""
    assert held(api.avow)[1] == sealed


def test_what_is_absent_stays_and_what_is_given_replaces(api: Api, key: str) -> None:
    filters = [{"filterType": "actions", "operator": "excludes", "values": ["a"]}]
    body = {"name": "siem", "url": URL, "hmacSecret": "x" * 16, "description": "d", "filters": filters}
    assert api.post(PATH, body, token=key)["hmacSecret"] == ""
    api.post(PATH, {"name": "siem", "headers": {"X-One": "1"}}, token=key)
    row, sealed = held(api.avow)
    assert (row.url, row.description, sealed.secret, sealed.headers) == (URL, "d", "x" * 16, {"X-One": "1"})
    assert len(webhooks.rules_of(row)) == 1
    api.post(PATH, {"name": "siem", "headers": {}, "filters": [], "hmacSecret": "y" * 16}, token=key)
    row, sealed = held(api.avow)
    assert (sealed.secret, sealed.headers, webhooks.rules_of(row)) == ("y" * 16, {}, [])


def test_empty_url_deletes_the_webhook(api: Api, key: str) -> None:
    api.post(PATH, {"name": "siem", "url": URL}, token=key)
    for _ in range(2):
        assert api.post(PATH, {"name": "siem", "url": ""}, token=key).status == 200
        assert held(api.avow) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": None},
        {"url": "http://hooks.example.com/"},
        {"url": "https://127.0.0.1/"},
        {"url": "https://localhost/"},
        {"url": "https://10.0.0.1/"},
        {"url": "https://user:pass@hooks.example.com/"},
        {"headers": {"Host": "internal"}},
        {"headers": {"Content-Length": "1"}},
        {"headers": {"Webhook-Id": "1"}},
        {"headers": {"X-One": "1\r\nX-Two: 2"}},
        {"headers": {"X One": "1"}},
        {"headers": {"X-One": "ü"}},
        {"headers": {f"X-{number}": "1" for number in range(51)}},
        {"hmacSecret": "short"},
        {"filters": [{"filterType": "actions"}]},
        {"filters": [{"filterType": "other", "values": ["a"]}]},
        {"name": ""},
    ],
)
def test_what_cannot_be_called_or_kept_is_refused(api: Api, key: str, wrong: dict[str, Any]) -> None:
    assert api.post(PATH, {"name": "siem", "url": URL, **wrong}, token=key).status == 400
    assert held(api.avow) is None


@pytest.mark.parametrize("asked", [{"insecure": True}, {"authentication": {"bearerToken": "x"}}])
def test_what_is_not_supported_is_said_and_not_passed_over(api: Api, key: str, asked: dict[str, Any]) -> None:
    assert api.post(PATH, {"name": "siem", "url": URL, **asked}, token=key).refusal == (501, "E019501")
    assert held(api.avow) is None


def test_project_has_a_bounded_number_of_webhooks(api: Api, key: str) -> None:
    for number in range(webhooks.MOST_WEBHOOKS):
        api.post(PATH, {"name": str(number), "url": URL}, token=key)
    assert api.post(PATH, {"name": "more", "url": URL}, token=key).refusal == (400, "E011004")
    assert api.post(PATH, {"name": "0", "url": f"{URL}/2"}, token=key).status == 200


def test_changes_are_in_the_audit_without_secrets(api: Api, key: str) -> None:
    api.post(PATH, {"name": "siem", "url": URL, "headers": {"Authorization": "s3cret"}}, token=key)
    api.post(PATH, {"name": "siem", "url": ""}, token=key)
    audits = api.post("/v1/mgmt/audit/search", {"text": "webhook."}, token=key)["audits"]
    assert sorted(each["action"] for each in audits) == ["webhook.created", "webhook.deleted"]
    assert {each["actorId"] for each in audits} == {key[:27]}
    assert "s3cret" not in str(audits)
