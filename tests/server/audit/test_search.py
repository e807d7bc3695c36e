"""POST /v1/mgmt/audit/search and /v1/mgmt/audit/event."""

from typing import Any

import pytest

from avow.server.audit import events, rows
from avow.server.keys.actions import create_management_key
from avow.server.store import Search, Tx
from avow.testing.server import Avow
from avow.wire.audit import SearchAudit
from tests.factories import make_tenant, make_user, new_email
from tests.server.api import START, Api, Statements

SEARCH = "/v1/mgmt/audit/search"
EVENT = "/v1/mgmt/audit/event"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148"


@pytest.fixture
def key(api: Api) -> str:
    return api.avow.management_key


def found(api: Api, key: str, **wanted: Any) -> list[dict[str, Any]]:
    audits: list[dict[str, Any]] = api.post(SEARCH, {"noTenants": False, **wanted}, token=key)["audits"]
    return audits


def noted(api: Api, key: str, **wanted: Any) -> list[str]:
    """Return the actions found among those that `note` made."""
    return [each["action"] for each in found(api, key, **wanted) if each["action"].startswith("test.")]


def note(avow: Avow, action: str, **facts: Any) -> None:
    avow.run(lambda tx: tx.audit(f"test.{action}", **facts))


def test_sign_in_is_found_with_all_it_says(api: Api, key: str) -> None:
    email = new_email()
    session = api.sign_in(email, user_agent=FIREFOX)
    [event] = found(api, key, actions=["session.opened"])
    assert event.pop("id").startswith("V")
    assert event.pop("data")["session"].startswith("S")
    user_id = session["user"]["userId"]
    assert event == {
        "projectId": api.avow.project_id,
        "userId": user_id,
        "action": "session.opened",
        "type": "info",
        "actorId": user_id,
        "occurred": str(START * 1000),
        "device": "Desktop",
        "method": "otp",
        "geo": "",
        "remoteAddress": "203.0.113.7",
        "externalIds": [email],
        "tenants": [],
    }


def test_refused_code_is_a_warning(api: Api, key: str) -> None:
    email = new_email()
    api.post("/v1/auth/otp/signup-in/email", {"loginId": email})
    api.verify_code(email, "000000" if api.avow.code(email) != "000000" else "000001")
    [event] = found(api, key, actions=["code.refused"])
    assert event["type"] == "warn"


def test_events_come_the_newest_first_in_pages_with_their_number(api: Api, key: str) -> None:
    for number in range(5):
        note(api.avow, str(number))
        api.avow.advance(1)
    pages = [api.post(SEARCH, {"text": "test.", "limit": 2, "page": page}, token=key).body for page in range(4)]
    assert [[each["action"] for each in page["audits"]] for page in pages] == [
        ["test.4", "test.3"],
        ["test.2", "test.1"],
        ["test.0"],
        [],
    ]
    assert [page["total"] for page in pages] == [5, 5, 5, 5]


def test_search_narrows_by_everything_asked_for(api: Api, key: str) -> None:
    ann = make_user(api.avow, login_id="ann@example.com")
    note(api.avow, "ann", user_id=ann, address="203.0.113.9", device=IPHONE, method="otp", tenant_id="T1")
    note(api.avow, "bob", user_id="Ubob", address="2001:db8::1", device=FIREFOX, method="magiclink", tenant_id="T2")
    note(api.avow, "nobody", data={"why": "Because of 100% Zürich_"})
    assert noted(api, key, userIds=[ann, "Unone"]) == ["test.ann"]
    assert noted(api, key, actions=["test.bob", "test.none"]) == ["test.bob"]
    assert sorted(noted(api, key, excludedActions=["test.bob", "x"])) == ["test.ann", "test.nobody"]
    assert noted(api, key, devices=["mobile", "Tablet"]) == ["test.ann"]
    assert noted(api, key, methods=["magiclink"]) == ["test.bob"]
    assert noted(api, key, remoteAddresses=["203.0.113.9"]) == ["test.ann"]
    assert noted(api, key, remoteAddresses=["2001:DB8:0::1"]) == ["test.bob"]
    assert noted(api, key, externalIds=["Ann@Example.com"]) == ["test.ann"]
    assert noted(api, key, tenants=["T2"]) == ["test.bob"]
    assert sorted(noted(api, key, tenants=["T2"], noTenants=True)) == ["test.bob", "test.nobody"]
    assert noted(api, key, text="BECAUSE OF 100% Z") == ["test.nobody"]
    assert noted(api, key, text="100_ z") == []
    assert noted(api, key, text="iphone") == ["test.ann"]
    assert noted(api, key, geos=["US"]) == []
    assert len(noted(api, key, geos=["", "US"])) == 3
    assert noted(api, key, tenants=["T1"], userIds=["Ubob"]) == []


def test_times_are_milliseconds_and_both_ends_belong(api: Api, key: str) -> None:
    note(api.avow, "first")
    api.avow.advance(10)
    note(api.avow, "second")
    first, second = START * 1000, (START + 10) * 1000
    assert noted(api, key, **{"from": first, "to": first}) == ["test.first"]
    assert noted(api, key, **{"from": first + 1}) == ["test.second"]
    assert noted(api, key, to=second - 1) == ["test.first"]
    api.avow.advance(30 * 86400)
    assert noted(api, key) == ["test.second"]
    assert noted(api, key, **{"from": 0}) == ["test.second", "test.first"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": 1001},
        {"limit": -1},
        {"page": -1},
        {"page": 2**63},
        {"limit": 2**63},
        {"from": -1},
        {"to": 2**63 - 1},
        {"userIds": ["U"] * 501},
        {"text": "x" * 321},
        {"actions": [{"a": 1}]},
    ],
)
def test_what_is_out_of_bounds_is_refused(api: Api, key: str, wrong: dict[str, Any]) -> None:
    status, code = api.post(SEARCH, wrong, token=key).refusal
    assert (status, code[:5]) == (400, "E0110")


def test_created_event_is_found_and_says_who_called(api: Api, key: str) -> None:
    user_id = make_user(api.avow, login_id="ann@example.com")
    body = {
        "action": "invoice.paid",
        "type": "error",
        "actorId": "clerk 7 for ann",
        "tenantId": "T1",
        "userId": user_id,
        "data": {"amount": 7, "lines": [{"a": None}]},
    }
    assert api.post(EVENT, body, token=key).status == 200
    [event] = found(api, key, actions=["invoice.paid"])
    assert (event["type"], event["actorId"], event["tenants"]) == ("error", "clerk 7 for ann", ["T1"])
    assert (event["data"], event["externalIds"]) == (body["data"], ["ann@example.com"])
    assert noted(api, key) == []
    assert [each["action"] for each in found(api, key, text=f"key:{key[:27]}")] == ["invoice.paid"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "fatal"},
        {"action": ""},
        {"action": "x" * 257},
        {"actorId": None},
        {"tenantId": "x" * 257},
        {"data": {"text": "x" * 16_384}},
        {"data": {str(number): 1 for number in range(101)}},
    ],
)
def test_event_that_cannot_be_kept_is_refused(api: Api, key: str, wrong: dict[str, Any]) -> None:
    body = {"action": "mine", "type": "info", "actorId": "me", "tenantId": "", **wrong}
    assert api.post(EVENT, body, token=key).status == 400
    assert found(api, key, actions=["mine"]) == []


def test_events_of_another_project_are_never_found(api: Api, key: str, make_project: Any) -> None:
    user_id = make_user(api.avow, login_id="ann@example.com")
    note(api.avow, "mine", user_id=user_id, tenant_id="T1")
    other = Api(make_project())
    for wanted in ({}, {"userIds": [user_id]}, {"externalIds": ["ann@example.com"]}, {"tenants": ["T1"]}):
        assert noted(other, other.avow.management_key, **wanted) == []
    assert noted(api, key) == ["test.mine"]


def test_caller_of_a_tenant_sees_its_events_alone(api: Api, key: str) -> None:
    for tenant in ("acme", "other"):
        make_tenant(api.avow, tenant_id=tenant)
        note(api.avow, tenant, tenant_id=tenant)
    note(api.avow, "project")
    own = api.avow.run(lambda tx: create_management_key(tx, "acme", tenant_id="acme"))[1]
    assert noted(api, own) == ["test.acme"]
    assert noted(api, own, noTenants=True, tenants=["acme", "other"]) == ["test.acme"]
    assert noted(api, own, noTenants=True, tenants=["other"]) == []
    assert api.post(SEARCH, {"tenants": ["other"]}, token=own)["total"] == 0
    body = {"action": "mine", "type": "info", "actorId": "me", "tenantId": "acme"}
    assert api.post(EVENT, body, token=own).status == 403


def test_key_that_may_read_the_audit_alone_does_only_that(api: Api, key: str) -> None:
    reader = api.avow.run(lambda tx: create_management_key(tx, "reader", rights=["audit:read"]))[1]
    assert api.post(SEARCH, {}, token=reader).status == 200
    assert api.post(EVENT, {"action": "a", "type": "info", "actorId": "", "tenantId": ""}, token=reader).status == 403
    assert api.get("/v1/mgmt/list/all", token=reader).status == 403


def test_search_runs_at_most_three_statements_of_its_own(api: Api, key: str, statements: Statements) -> None:
    for _ in range(3):
        api.sign_in()
    with statements:
        api.post(SEARCH, {"limit": 2, "actions": ["session.opened"]}, token=key)
    own = [name for name in statements.ran if not name.startswith(("projects.", "keys.", "managementkeys."))]
    assert len(own) == 3, own  # the page, the number on all pages, the login ids


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({}, "ix_audit_events_project_id_occurred_at_id"),
        ({"userIds": ["U1"]}, "ix_audit_events_project_id_user_id_occurred_at"),
        ({"tenants": ["T1"]}, "ix_audit_events_project_id_tenant_id_occurred_at"),
    ],
)
def test_search_goes_by_an_index(avow: Avow, wanted: dict[str, Any], index: str) -> None:
    """Asked of each database with some thousand events, of which few match."""
    avow.run(_fill)
    body = SearchAudit(user_ids=tuple(wanted.get("userIds", ())) or None)

    def plan(tx: Tx) -> str:
        statement = events._filtered(tx, Search(rows.SEARCH), body, wanted.get("tenants"), with_none=False)
        statement.order("e.occurred_at DESC, e.id DESC").page(100)
        explain = "EXPLAIN " if avow.server.site.store.url.startswith("postgres") else "EXPLAIN QUERY PLAN "
        return "\n".join(tx.all(explain + statement.sql, lambda *columns: str(columns[-1]), **statement.params))

    assert index in avow.run(plan)


def _fill(tx: Tx) -> None:
    for number in range(3000):
        tx.audit("test.filled", user_id=f"U{number % 500}", tenant_id=f"T{number % 300}")
    if tx.all("SELECT 1 AS one FROM audit_events WHERE project_id = :project_id LIMIT 1", int):
        tx._execute("ANALYZE audit_events", {})


def test_events_are_kept_for_ever_or_as_the_project_says(make_project: Any) -> None:
    from avow.server.audit import actions

    avow = make_project()
    note(avow, "old")
    avow.advance(400 * 86400)
    assert avow.run(lambda tx: actions.forget_events(tx, 100)) == 0
    kept = make_project(audit_days=30)
    note(kept, "old")
    kept.advance(29 * 86400)
    note(kept, "new")
    assert kept.run(lambda tx: actions.forget_events(tx, 100)) == 0
    kept.advance(86400)
    assert kept.run(lambda tx: actions.forget_events(tx, 100)) > 0
    api = Api(kept)
    assert noted(api, kept.management_key, **{"from": 0}) == ["test.new"]
