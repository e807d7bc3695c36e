"""POST /v1/mgmt/flow/..., POST /v1/mgmt/theme/...: documents that are kept and given back."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from avow.core.flows.builtin import BUILT_IN
from avow.server.flows import actions
from avow.server.flows.actions import Flow
from avow.server.keys.actions import create_management_key
from avow.testing.server import Avow
from tests.factories import join_tenant, make_tenant, make_user, new_email
from tests.server.api import Api, Reply, Statements
from tests.server.flows.walking import Walk

PATH = "/v1/mgmt/flow"
FLOW = {"name": "Sign in", "description": "By code", "dsl": {"tasks": {"0": {"id": "0"}}}, "contentId": "c1"}
SCREENS: list[dict[str, Any]] = [{"id": "s1", "inputs": [{"name": "email"}], "htmlTemplate": {"a": 1}}, {"id": "s2"}]


@pytest.fixture
def key(api: Api) -> str:
    return api.avow.management_key


def put(api: Api, key: str, flow_id: str = "sign-in", flow: Any = FLOW, screens: Any = SCREENS) -> Reply:
    return api.post(f"{PATH}/import", {"flowId": flow_id, "flow": flow, "screens": screens}, token=key)


def own(api: Api, key: str) -> list[dict[str, Any]]:
    """Return the flows that are not as every project has them."""
    listed = api.post(f"{PATH}/list", token=key)
    assert listed["total"] == len(listed["flows"])
    return [head for head in listed["flows"] if (head["id"], head["name"]) not in BUILT_IN.items()]


def test_imported_flow_is_exported_with_everything_it_had(api: Api, key: str) -> None:
    made = put(api, key)
    assert made["flow"] == {**FLOW, "id": "sign-in", "disabled": False, "etag": made["flow"]["etag"]}
    assert made["screens"] == [
        {**SCREENS[0], "interactions": []},
        {"id": "s2", "inputs": [], "interactions": []},
    ]
    assert api.post(f"{PATH}/export", {"flowId": "sign-in"}, token=key).body == made.body
    head = {"id": "sign-in", "name": "Sign in", "description": "By code", "disabled": False}
    assert head in api.post(f"{PATH}/list", token=key)["flows"]


def test_export_can_be_imported_under_another_id(api: Api, key: str) -> None:
    first = put(api, key).body
    second = put(api, key, "copy", first["flow"], first["screens"]).body
    assert second == {"flow": {**first["flow"], "id": "copy"}, "screens": first["screens"]}


def test_etag_is_another_one_after_a_change_and_the_same_without(api: Api, key: str) -> None:
    etag = put(api, key)["flow"]["etag"]
    assert put(api, key)["flow"]["etag"] == etag
    assert put(api, key, flow={**FLOW, "disabled": True})["flow"]["etag"] != etag
    assert put(api, key, screens=[])["flow"]["etag"] != etag


def test_flows_are_deleted_all_or_none(api: Api, key: str) -> None:
    put(api, key, "a")
    put(api, key, "b")
    assert api.post(f"{PATH}/delete", {"ids": ["a", "none"]}, token=key).refusal == (404, "E019404")
    assert [head["id"] for head in own(api, key)] == ["a", "b"]
    assert api.post(f"{PATH}/delete", {"ids": []}, token=key).refusal == (400, "E011002")
    assert api.post(f"{PATH}/delete", {"ids": ["a", "b", "a"]}, token=key).body == {}
    assert own(api, key) == []
    assert api.post(f"{PATH}/export", {"flowId": "a"}, token=key).refusal == (404, "E019404")


@pytest.mark.parametrize("flow_id", ["../../x", "/etc/passwd", "a/b", "a.b", "a b", "ä", "a\n", "x" * 129])
def test_id_that_could_lead_elsewhere_is_refused(api: Api, key: str, flow_id: str) -> None:
    assert put(api, key, flow_id).refusal == (400, "E011004")
    assert own(api, key) == []


@pytest.mark.parametrize(
    ("flow", "screens"),
    [
        ({"name": 7}, []),
        ({"name": "n" * 257}, []),
        ({"disabled": "yes"}, []),
        ({"dsl": []}, []),
        ({}, [{}]),
        ({}, [{"id": ""}]),
        ({}, [{"id": "s"}, {"id": "s"}]),
        ({}, [{"id": "s", "inputs": {}}]),
    ],
)
def test_document_of_another_form_is_refused(api: Api, key: str, flow: Any, screens: Any) -> None:
    assert put(api, key, flow=flow, screens=screens).refusal == (400, "E011004")
    assert own(api, key) == []


def test_flow_has_to_be_there(api: Api, key: str) -> None:
    assert api.post(f"{PATH}/import", {"flowId": "a"}, token=key).refusal == (400, "E011002")
    assert api.post("/v1/mgmt/theme/import", {}, token=key).refusal == (400, "E011002")


def test_project_keeps_a_bounded_number_of_flows(api: Api, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avow.server.flows.actions._MOST_FLOWS", 2)
    put(api, key, "a")
    put(api, key, "b")
    assert put(api, key, "c").refusal == (400, "E011004")
    assert put(api, key, "b").status == 200
    monkeypatch.setattr("avow.server.flows.actions._MOST_LENGTH", 1000)
    assert put(api, key, "b", {"dsl": {"text": "x" * 1000}}).refusal == (400, "E011004")


def test_theme_takes_the_place_of_the_one_before(api: Api, key: str) -> None:
    path = "/v1/mgmt/theme"
    assert api.post(f"{path}/export", token=key).body == {"id": "", "cssTemplate": {}}
    first = {"id": "light", "cssTemplate": {"globals": {"a": 1}}}
    assert api.post(f"{path}/import", {"theme": first}, token=key).body == first
    second = api.post(f"{path}/import", {"theme": {"cssTemplate": {"b": 2}}}, token=key).body
    assert second == {"id": "default", "cssTemplate": {"b": 2}}
    assert api.post(f"{path}/export", token=key).body == second
    for wrong in ({"id": "../x"}, {"cssTemplate": "body{}"}):
        assert api.post(f"{path}/import", {"theme": wrong}, token=key).refusal == (400, "E011004")


def put_remind(api: Api, key: str) -> None:
    """Keep a flow without screens, which sends a code."""
    steps = {
        "send": {"kind": "act", "do": "send-code", "given": {"does": "sign-up"}, "on": {"sent": "end"}},
        "end": {"kind": "done"},
    }
    put(api, key, "remind", {"dsl": {"start": "send", "steps": steps}}, [])


def test_flow_that_was_run_says_later_what_came_of_it(api: Api, key: str) -> None:
    put_remind(api, key)
    mail = new_email()
    body = {"flowId": "remind", "input": {"email": mail}}
    ran = {"executionId": api.post(f"{PATH}/async/run", body, token=key)["executionId"]}
    assert api.avow.code(mail)
    output = api.post(f"{PATH}/async/result", ran, token=key)["output"]
    assert (output["status"], output["loginId"]) == ("completed", mail)
    assert api.post(f"{PATH}/async/result", ran, token=key)["output"] == output
    api.clock.advance(1799)
    assert api.post(f"{PATH}/async/result", ran, token=key).status == 200
    api.clock.advance(1)
    assert api.post(f"{PATH}/async/result", ran, token=key).refusal == (404, "E019404")


def test_flow_that_cannot_be_run_for_later_is_refused_at_once(api: Api, key: str) -> None:
    put_remind(api, key)
    for flow_id in ("sign-in", "remind"):
        assert api.post(f"{PATH}/async/run", {"flowId": flow_id}, token=key).refusal == (400, "E011004")
    assert api.post(f"{PATH}/async/run", {"flowId": "nonsense"}, token=key).refusal == (404, "E019404")


def test_only_what_management_ran_has_a_result(api: Api, key: str, make_project: Callable[..., Avow]) -> None:
    put_remind(api, key)
    walk = Walk(api)
    mine = walk.start()["executionId"]
    ran = api.post(f"{PATH}/async/run", {"flowId": "remind", "input": {"email": new_email()}}, token=key)["executionId"]
    for execution in (mine, "remind|#|Fnone", "x"):
        refused = api.post(f"{PATH}/async/result", {"executionId": execution}, token=key)
        assert refused.refusal == (404, "E019404")
    other = make_project()
    stranger = Api(other).post(f"{PATH}/async/result", {"executionId": ran}, token=other.management_key)
    assert stranger.refusal == (404, "E019404")
    body = {"executionId": ran, "interactionId": "submit", "input": {}}
    assert api.post("/v1/flow/next", body, x_descope_flow_nonce="1.x").refusal == (401, "E108201")


def test_flow_without_screens_is_run_with_values(api: Api, key: str) -> None:
    put_remind(api, key)
    mail = new_email()
    ran = api.post(f"{PATH}/run", {"flowId": "remind", "input": {"email": mail}}, token=key)
    assert (ran["output"]["status"], ran["output"]["loginId"]) == ("completed", mail)
    assert api.avow.code(mail)
    for missing in ({}, {"email": "nobody"}):
        assert api.post(f"{PATH}/run", {"flowId": "remind", "input": missing}, token=key).refusal == (400, "E011004")


def test_flow_that_waits_for_a_person_is_not_run(api: Api, key: str) -> None:
    refused = api.post(f"{PATH}/run", {"flowId": "sign-in"}, token=key)
    assert refused.refusal == (400, "E011004")
    assert "'first'" in refused.body["errorMessage"]


def test_key_that_may_read_changes_nothing(api: Api, key: str) -> None:
    put(api, key)
    reader = api.avow.run(lambda tx: create_management_key(tx, "reader", rights=["flow:read"]))[1]
    assert api.post(f"{PATH}/export", {"flowId": "sign-in"}, token=reader).status == 200
    assert api.post("/v1/mgmt/theme/export", token=reader).status == 200
    assert put(api, reader).refusal == (403, "E019403")
    assert api.post(f"{PATH}/delete", {"ids": ["sign-in"]}, token=reader).refusal == (403, "E019403")


def test_statements_of_an_import(api: Api, key: str, statements: Statements) -> None:
    put(api, key)
    with statements:
        put(api, key)
    assert statements.ran == ["keys.FIND_SECRET", "flows.SPACE", "flows.PUT", "store.INSERT_AUDIT"]


def test_every_project_has_the_built_in_flows(api: Api, key: str) -> None:
    listed = api.post(f"{PATH}/list", token=key)
    assert {head["id"]: head["name"] for head in listed["flows"]} == dict(BUILT_IN)


@pytest.mark.parametrize("flow_id", BUILT_IN)
def test_built_in_flow_can_be_exported_and_imported_as_it_is(api: Api, key: str, flow_id: str) -> None:
    exported = api.post(f"{PATH}/export", {"flowId": flow_id}, token=key)
    made = put(api, key, flow_id, exported["flow"], exported["screens"])
    assert made.body == exported.body
    assert {head["id"] for head in api.post(f"{PATH}/list", token=key)["flows"]} == set(BUILT_IN)


def test_flow_that_leads_nowhere_is_refused_with_its_step(api: Api, key: str) -> None:
    flow = api.post(f"{PATH}/export", {"flowId": "otp"}, token=key)["flow"]
    flow["dsl"]["steps"]["code"]["on"]["verify"] = "gone"
    refused = put(api, key, "otp", flow, [])
    assert refused.refusal == (400, "E011004")
    assert "flow otp, step code: it leads to the step 'gone'" in refused.body["errorMessage"]


def test_imported_flow_takes_the_place_of_the_built_in_one_until_it_is_deleted(api: Api, key: str) -> None:
    flow = api.post(f"{PATH}/export", {"flowId": "sign-up-or-in"}, token=key)["flow"]
    flow["dsl"]["steps"]["first"]["shown"]["ways"] = "code"
    del flow["dsl"]["steps"]["first"]["on"]["link"]
    put(api, key, "sign-up-or-in", flow, [])
    walk = Walk(api)
    walk.start()
    assert 'id="link"' not in walk.html()
    api.post(f"{PATH}/delete", {"ids": ["sign-up-or-in"]}, token=key)
    assert walk.repeat("code", email="a@example.com").refusal == (401, "E102004")
    walk.start()
    assert 'id="link"' in walk.html()


def test_flow_that_is_switched_off_begins_for_nobody(api: Api, key: str) -> None:
    put(api, key, "sign-in", {"disabled": True})
    assert Walk(api, "sign-in").start().refusal == (404, "E019404")


def test_document_of_another_kind_leaves_the_built_in_flow_as_it_is(api: Api, key: str) -> None:
    put(api, key)
    assert Walk(api, "sign-in").start().status == 200


def config(api: Api) -> dict[str, Any]:
    reply = api.get(f"/pages/{api.avow.project_id}/v2-beta/config.json")
    assert reply.status == 200
    return dict(reply["flows"])


def test_flows_that_cannot_be_run_are_not_listed_for_pages_and_spoil_nothing(avow: Avow, api: Api, key: str) -> None:
    before = config(api)
    assert set(before) == set(BUILT_IN)
    put(api, key, "kept-only")
    put(api, key, "sign-in")
    put(api, key, "off", {"disabled": True})
    put(api, key, "mine", {"dsl": {"start": "end", "steps": {"end": {"kind": "done"}}}}, [])
    broken = Flow(id="broken", document={"dsl": {"start": "a", "steps": {"a": {"kind": "act", "do": "gone"}}}})
    avow.run(lambda tx: actions.put(tx, broken, actor="command"))
    found = config(api)
    assert set(found) == {*BUILT_IN, "mine"}
    assert {name: found[name] for name in BUILT_IN} == before
    mine = found["mine"]
    put(api, key, "mine", {"dsl": {"start": "end", "steps": {"end": {"kind": "done"}, "b": {"kind": "done"}}}}, [])
    assert config(api)["mine"] != mine
    assert config(api)["mine"]["version"] != 0


def test_listing_flows_for_pages_reads_their_documents_once(api: Api, key: str, statements: Statements) -> None:
    for number in range(5):
        own = {"name": api.avow.project_id, "dsl": {"start": "end", "steps": {"end": {"kind": "done"}}}}
        put(api, key, f"f{number}", own, [])
    with statements:
        config(api)
    assert statements.ran == ["flows.LIST", "flows.EVERY"]
    statements.ran.clear()
    with statements:
        config(api)
    assert statements.ran == ["flows.LIST"]


@pytest.mark.parametrize(
    ("step", "changed", "said"),
    [
        ("take", {"on": {"done": "end", "refused": "send"}}, "refused leads to"),
        ("take", {"on": {"done": "end", "refused": "end"}}, "refused leads to"),
        ("send", {"do": "name", "on": {"named": "check"}}, "only a screen leads"),
        ("first", {"shown": {"ways": "bogus"}}, "ways has no"),
        ("first", {"shown": {"purpose": "bogus"}}, "purpose has no"),
        ("new", {"shown": {"why": "bogus"}}, "why has no"),
        ("who", {"shown": {"fields": "name bogus"}}, "fields has no"),
    ],
)
def test_flow_that_would_go_wrong_is_refused(api: Api, key: str, step: str, changed: dict[str, Any], said: str) -> None:
    steps: dict[str, dict[str, Any]] = {
        "first": {"kind": "screen", "screen": "email", "on": {"code": "send"}},
        "send": {"kind": "act", "do": "send-code", "on": {"sent": "code"}},
        "code": {"kind": "screen", "screen": "code", "on": {"verify": "take"}},
        "take": {"kind": "act", "do": "verify-code", "on": {"done": "end", "refused": "first"}},
        "word": {"kind": "screen", "screen": "password", "on": {"sign-in": "check"}},
        "check": {"kind": "act", "do": "check-password", "on": {"done": "end", "refused": "word"}},
        "new": {"kind": "screen", "screen": "new-password"},
        "who": {"kind": "screen", "screen": "profile", "shown": {"fields": "name email"}},
        "end": {"kind": "done"},
    }
    assert put(api, key, "mine", {"dsl": {"start": "first", "steps": steps}}, []).status == 200
    steps[step] |= changed
    refused = put(api, key, "mine", {"dsl": {"start": "first", "steps": steps}}, [])
    assert refused.refusal == (400, "E011004")
    assert said in refused.body["errorMessage"]


def test_flow_that_is_run_is_not_long(api: Api, key: str) -> None:
    steps = {f"s{number}": {"kind": "act", "do": "name", "given": {"x": "y" * 3000}} for number in range(100)}
    refused = put(api, key, "long", {"dsl": {"start": "s0", "steps": steps}}, [])
    assert refused.refusal == (400, "E011004")
    assert "262144" in refused.body["errorMessage"]


def test_flow_that_nobody_has_is_not_found(api: Api) -> None:
    assert Walk(api, "nonsense").start().refusal == (404, "E019404")


def test_flow_of_the_manual_signs_in_and_asks_for_the_tenant(avow: Avow, api: Api, key: str) -> None:
    page = (Path(__file__).parents[3] / "docs" / "flows.md").read_text(encoding="utf-8")
    [dsl] = re.findall(r"^```json\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    put(api, key, "manual", {"dsl": json.loads(dsl)}, [])
    mail = new_email()
    user_id = make_user(avow, mail)
    tenant_ids = [make_tenant(avow, name) for name in ("Acme", "Other")]
    for tenant_id in tenant_ids:
        join_tenant(avow, user_id, tenant_id)
    walk = Walk(api, "manual")
    walk.start()
    walk.do("code", email=mail)
    walk.do("verify", code=avow.code(mail))
    assert walk.screen == "tenant"
    assert "Acme" in walk.html()
    walk.do("go", tenant="Tnone")
    assert (walk.screen, bool(walk.error)) == ("tenant", True)
    done = walk.do("go", tenant=tenant_ids[1])
    assert avow.client().validate_session(done["authInfo"]["sessionJwt"])["dct"] == tenant_ids[1]
