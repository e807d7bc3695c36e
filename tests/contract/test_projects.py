"""Projects, snapshots, flows and themes through the official SDK, with what a later read returns."""

from collections.abc import Callable
from typing import Any

import pytest
from descope import AuthException

from avow.testing.server import Avow
from tests.contract.people import error_code
from tests.factories import new_email

MakeClient = Callable[..., Any]
FLOW = {"name": "Sign in", "description": "By code", "disabled": False, "dsl": {"tasks": {"0": {"id": "0"}}}}
SCREENS = [{"id": "s1", "inputs": [{"name": "email"}], "interactions": []}]


def refused(call: Callable[[], object]) -> tuple[int | None, str]:
    with pytest.raises(AuthException) as raised:
        call()
    return raised.value.status_code, error_code(raised)


@pytest.fixture
def project(client: Any) -> Any:
    return client.mgmt.project


@pytest.fixture
def other(make_client: MakeClient, make_project: Callable[..., Avow]) -> Any:
    """Give a client of another project."""
    return make_client(make_project("Production"))


@pytest.mark.operation(
    "mgmt.project.update_name",
    "mgmt.project.update_tags",
    "mgmt.project.list_projects",
    "mgmt.project.remove_tag_field",
)
def test_project_is_named_and_tagged(project: Any, avow: Avow, other: Any, fits: Any) -> None:
    project.update_name("Staging")
    project.update_tags(["eu", "test"])
    [shown] = project.list_projects()["projects"]
    assert fits("mgmt.project.list_projects", "projects")
    assert shown == {"id": avow.project_id, "name": "Staging", "environment": "", "tags": ["eu", "test"]}
    assert project.remove_tag_field([{**shown, "tag": "eu"}]) == [shown]
    assert avow.project_id not in str(other.mgmt.project.list_projects())
    assert refused(lambda: project.update_name("")) == (400, "E011003")


@pytest.mark.operation(
    "mgmt.project.export_snapshot",
    "mgmt.project.validate_snapshot",
    "mgmt.project.import_snapshot",
    "mgmt.project.export_project",
    "mgmt.project.import_project",
)
def test_configuration_goes_from_one_project_to_another(client: Any, project: Any, other: Any, fits: Any) -> None:
    client.mgmt.permission.create("read", "Look")
    client.mgmt.role.create("editor", "Edits", ["read"], default=True)
    client.mgmt.flow.import_flow("sign-in", FLOW, SCREENS)
    snapshot = project.export_snapshot()
    assert fits("mgmt.project.export_snapshot", "files")
    files = snapshot["files"]
    assert project.export_project() == files
    assert fits("mgmt.project.export_project", "files")
    tried = other.mgmt.project.validate_snapshot(files)
    assert fits("mgmt.project.validate_snapshot", "ok", "failures", "missingSecrets")
    assert (tried["ok"], tried["failures"]) == (True, [])
    other.mgmt.project.import_snapshot(files, {}, ["flows"])
    [role] = other.mgmt.role.search(role_names=["editor"])["roles"]
    assert (role["permissionNames"], role["default"]) == (["read"], True)
    assert "copy" not in {each["id"] for each in other.mgmt.flow.list_flows()["flows"]}
    assert other.mgmt.flow.export_flow("sign-in")["screens"] != SCREENS
    other.mgmt.project.import_project(files)
    assert other.mgmt.flow.export_flow("sign-in")["screens"] == SCREENS
    assert other.mgmt.project.export_project() == files


@pytest.mark.operation("mgmt.project.validate_snapshot", "mgmt.project.import_snapshot", "mgmt.project.export_snapshot")
def test_snapshot_that_is_wrong_is_told_and_refused(project: Any, fits: Any) -> None:
    files = project.export_snapshot("json")["files"]
    files["roles.json"]["roles"].append({"name": "editor", "permissionNames": ["none"]})
    tried = project.validate_snapshot(files, {"connectors": []})
    assert fits("mgmt.project.validate_snapshot", "ok", "failures", "missingSecrets")
    assert (tried["ok"], len(tried["failures"])) == (False, 1)
    assert refused(lambda: project.import_snapshot(files)) == (400, "E011004")
    assert "editor" not in str(project.export_project())


@pytest.mark.operation("mgmt.project.clone")
def test_copy_has_the_configuration_and_keys_of_its_own(
    client: Any, project: Any, avow: Avow, make_client: MakeClient, fits: Any
) -> None:
    client.mgmt.permission.create("read")
    client.mgmt.user.create("mia", email="mia@example.com")
    made = project.clone("Copy", "production", ["eu"])
    assert fits("mgmt.project.clone", "projectId", "projectName", "environment", "tags")
    assert (made["projectName"], made["environment"], made["tags"]) == ("Copy", "production", ["eu"])
    copy = make_client(Avow(avow.server, made["projectId"], made["managementKey"]))
    assert copy.mgmt.project.export_project() == project.export_project()
    assert copy.mgmt.user.search_all()["users"] == []


@pytest.mark.operation("mgmt.project.delete")
def test_deleted_project_answers_nobody(client: Any, project: Any, other: Any, avow: Avow) -> None:
    project.delete()
    assert refused(project.list_projects) == (401, "E019401")
    avow.advance(1)
    assert refused(lambda: client.mgmt.user.search_all()) == (401, "E019401")
    assert len(other.mgmt.project.list_projects()["projects"]) == 1


@pytest.mark.operation(
    "mgmt.flow.import_flow", "mgmt.flow.export_flow", "mgmt.flow.list_flows", "mgmt.flow.delete_flows"
)
def test_flow_is_kept_until_it_is_deleted(client: Any, fits: Any) -> None:
    flows = client.mgmt.flow
    made = flows.import_flow("sign-in", FLOW, SCREENS)
    assert fits("mgmt.flow.import_flow", "flow", "screens")
    assert made["screens"] == SCREENS
    assert made["flow"] == {**FLOW, "id": "sign-in", "etag": made["flow"]["etag"]}
    assert flows.export_flow("sign-in") == made
    assert fits("mgmt.flow.export_flow", "flow", "screens")
    flows.import_flow("copy", made["flow"], made["screens"])
    found = flows.list_flows()
    assert fits("mgmt.flow.list_flows", "flows", "total")
    assert found["total"] == len(found["flows"])
    assert flows.delete_flows(["copy"]) == {}
    after = {each["id"] for each in flows.list_flows()["flows"]}
    assert after == {each["id"] for each in found["flows"]} - {"copy"}
    assert refused(lambda: flows.export_flow("copy")) == (404, "E019404")


@pytest.mark.operation("mgmt.flow.import_theme", "mgmt.flow.export_theme")
def test_theme_is_the_one_imported_last(client: Any, fits: Any) -> None:
    theme = {"id": "light", "cssTemplate": {"globals": {"color": "#fff"}}}
    assert client.mgmt.flow.import_theme(theme) == theme
    assert fits("mgmt.flow.import_theme", "id", "cssTemplate")
    client.mgmt.flow.import_theme({**theme, "id": "dark"})
    assert client.mgmt.flow.export_theme() == {**theme, "id": "dark"}
    assert fits("mgmt.flow.export_theme", "id", "cssTemplate")


@pytest.mark.operation("mgmt.flow.run_flow", "mgmt.flow.import_flow")
def test_flow_without_screens_is_run(client: Any, fits: Any) -> None:
    steps = {
        "send": {"kind": "act", "do": "send-code", "given": {"does": "sign-up"}, "on": {"sent": "end"}},
        "end": {"kind": "done"},
    }
    client.mgmt.flow.import_flow("remind", {"dsl": {"start": "send", "steps": steps}}, [])
    output = client.mgmt.flow.run_flow("remind", {"input": {"email": new_email()}})["output"]
    assert fits("mgmt.flow.run_flow", "output")
    assert (output["status"], output["sentTo"][0]) == ("completed", "m")
    assert refused(lambda: client.mgmt.flow.run_flow("sign-in")) == (400, "E011004")


@pytest.mark.operation("mgmt.flow.run_flow_async", "mgmt.flow.get_flow_async_result")
def test_what_came_of_a_flow_is_asked_for_later(client: Any, fits: Any) -> None:
    steps = {
        "send": {"kind": "act", "do": "send-code", "given": {"does": "sign-up"}, "on": {"sent": "end"}},
        "end": {"kind": "done"},
    }
    client.mgmt.flow.import_flow("remind", {"dsl": {"start": "send", "steps": steps}}, [])
    ran = client.mgmt.flow.run_flow_async("remind", {"input": {"email": new_email()}})["executionId"]
    assert fits("mgmt.flow.run_flow_async", "executionId")
    output = client.mgmt.flow.get_flow_async_result(ran)["output"]
    assert fits("mgmt.flow.get_flow_async_result", "output")
    assert output["status"] == "completed"
    assert refused(lambda: client.mgmt.flow.get_flow_async_result("remind|#|Fnone")) == (404, "E019404")
