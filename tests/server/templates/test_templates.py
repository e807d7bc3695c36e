"""POST /v1/mgmt/jwt/templates/..., and what the tokens of a project with a template say."""

from collections.abc import Callable
from typing import Any

import pytest

from avow.core.claims import MAX_BYTES
from avow.testing.server import Avow
from tests.factories import change_settings, grant, join_tenant, make_role, make_tenant, make_user, new_email
from tests.server.api import Api, Reply, Statements

PATH = "/v1/mgmt/jwt/templates"


def manage(api: Api, name: str, body: dict[str, Any] | None = None) -> Reply:
    return api.post(f"{PATH}/{name}", body, token=api.avow.management_key)


def create(api: Api, **template: Any) -> str:
    return str(manage(api, "create", {"template": {"name": "mine", **template}})["template"]["id"])


def use(api: Api, **template: Any) -> str:
    """Make a template and put it to use; the second passes after which every node knows it."""
    id = create(api, **template)
    change_settings(api.avow, {"session_template": id})
    api.clock.advance(1)
    return id


def claims(api: Api, session: Reply) -> dict[str, Any]:
    return dict(api.avow.client().validate_session(session["sessionJwt"]))


# --- Kept --------------------------------------------------------------------------------------------------------


def test_template_is_loaded_with_all_it_is(api: Api) -> None:
    given = {"name": "mine", "description": "Mine", "template": {"team": "{{user.customAttributes.team}}", "n": 1}}
    made = manage(api, "create", {"template": {**given, "tags": ["a"], "authSchema": "tenantOnly", "autoDCT": True}})
    template = made["template"]
    assert template["id"].startswith("J")
    assert {name: template[name] for name in given} == given
    assert (template["authSchema"], template["type"], template["emptyClaimPolicy"]) == ("tenantOnly", "user", "none")
    assert (template["tags"], template["autoDCT"], template["addJti"]) == (["a"], True, False)
    assert manage(api, "load", {"id": template["id"]})["template"] == template
    assert manage(api, "list")["templates"] == [template]


def test_update_puts_another_in_its_place(api: Api) -> None:
    id = create(api, template={"a": 1}, addJti=True)
    changed = manage(api, "update", {"template": {"id": id, "name": "other", "template": {"b": 2}}})["template"]
    assert (changed["id"], changed["name"], changed["template"], changed["addJti"]) == (id, "other", {"b": 2}, False)
    assert manage(api, "load", {"id": id})["template"] == changed


def test_names_are_unique_and_ids_are_needed(api: Api) -> None:
    first, second = create(api), create(api, name="other")
    assert manage(api, "create", {"template": {"name": "mine"}}).refusal == (400, "E011004")
    renamed = manage(api, "update", {"template": {"id": second, "name": "mine"}})
    assert renamed.refusal == (400, "E011004")
    for name in ("update", "load", "delete"):
        body: dict[str, Any] = {"template": {"name": "x"}} if name == "update" else {}
        assert manage(api, name, body).refusal == (400, "E011002")
        body = {"template": {"id": "Jnone", "name": "x"}} if name == "update" else {"id": "Jnone"}
        assert manage(api, name, body).refusal == (404, "E019404")
    assert manage(api, "create", {}).refusal == (400, "E011002")
    assert manage(api, "delete", {"id": first}).status == 200
    assert [each["id"] for each in manage(api, "list")["templates"]] == [second]


def test_templates_of_a_project_are_bounded(api: Api) -> None:
    for number in range(100):
        create(api, name=f"t{number}")
    assert manage(api, "create", {"template": {"name": "one more"}}).refusal == (400, "E011004")


def test_templates_of_another_project_do_not_exist(api: Api, make_project: Callable[..., Avow]) -> None:
    id, other = create(api), Api(make_project())
    assert manage(other, "load", {"id": id}).status == 404
    assert manage(other, "delete", {"id": id}).status == 404
    assert manage(other, "update", {"template": {"id": id, "name": "x"}}).status == 404
    settings = other.post(
        "/v1/mgmt/avow/project/settings", {"settings": {"sessionTemplate": id}}, token=other.avow.management_key
    )
    assert settings.refusal == (400, "E011004")
    assert manage(api, "load", {"id": id}).status == 200


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "no name": ({"name": " "}, "name", "missing"),
    "reserved": ({"template": {"sub": "{{user.email}}"}}, "template.sub", "reserved"),
    "rights": ({"template": {"roles": ["is_superuser"]}}, "template.roles", "reserved"),
    "unknown place": ({"template": {"a": ["{{users.email}}"]}}, "template.a", "unknown_place"),
    "too large": ({"template": {"a": "x" * MAX_BYTES}}, "template", "too_large"),
    "scheme": ({"authSchema": "all"}, "authSchema", "invalid"),
    "policy": ({"emptyClaimPolicy": "x"}, "emptyClaimPolicy", "invalid"),
    "type": ({"type": "x"}, "type", "invalid"),
    "subject": ({"overrideSubject": True}, "overrideSubject", "unsupported"),
    "issuer": ({"conformanceIssuer": True}, "conformanceIssuer", "unsupported"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_and_refused(api: Api, name: str) -> None:
    changes, field, code = WRONG[name]
    template = {"name": "mine", **changes}
    found = manage(api, "validate", {"id": "", "template": template})
    assert found["valid"] is False
    assert [(each["field"], each["code"]) for each in found["issues"]] == [(field, code)]
    assert manage(api, "create", {"template": template}).refusal == (400, "E011004")
    id = create(api)
    assert manage(api, "update", {"template": {"id": id, **template}}).refusal == (400, "E011004")


def test_right_template_is_valid(api: Api) -> None:
    assert manage(api, "validate", {"template": {"name": "x", "template": {"a": "{{user.email}}"}}})["valid"] is True
    assert manage(api, "validate", {"id": create(api)}).body == {"valid": True, "issues": []}
    assert manage(api, "validate", {}).refusal == (400, "E011002")


def test_library_makes_templates(api: Api) -> None:
    entries = manage(api, "library/list")["entries"]
    assert {each["id"] for each in entries} >= {"who-it-is", "selected-tenant", "no-rights"}
    for each in entries:
        assert manage(api, "library/load", {"id": each["id"]})["entry"] == each
        made = manage(api, "library/apply", {"libraryEntryId": each["id"], "name": f"my {each['name']}"})["template"]
        assert (made["source"], made["template"], made["authSchema"]) == (
            each["id"],
            each["template"],
            each["authSchema"],
        )
    assert manage(api, "library/load", {"id": "none"}).refusal == (404, "E019404")
    assert manage(api, "library/apply", {}).refusal == (404, "E019404")


# --- In use ------------------------------------------------------------------------------------------------------


def test_claims_of_the_template_are_in_the_next_session_token(api: Api) -> None:
    address = new_email()
    session = api.sign_in(address, {"customClaims": {"asked": 1}})
    use(api, template={"mail": "{{user.email}}", "app": "{{project.id}}", "plan": "none"})
    said = claims(api, api.refresh(session["refreshJwt"]))
    assert (said["mail"], said["app"], said["plan"]) == (address, api.avow.project_id, "none")
    assert said["nsec"] == {"asked": 1}


def test_claims_of_the_session_stand_above_those_of_the_template(api: Api) -> None:
    session = api.sign_in()
    use(api, template={"plan": "none"})
    body = {"jwt": session["refreshJwt"], "customClaims": {"plan": "gold"}}
    api.post("/v1/mgmt/jwt/update", body, token=api.avow.management_key)
    assert claims(api, api.refresh(session["refreshJwt"]))["plan"] == "gold"


def test_change_of_the_template_counts_within_a_second(api: Api) -> None:
    session = api.sign_in()
    id = use(api, template={"plan": "old"})
    manage(api, "update", {"template": {"id": id, "name": "mine", "template": {"plan": "new"}}})
    api.clock.advance(1)
    assert claims(api, api.refresh(session["refreshJwt"]))["plan"] == "new"
    change_settings(api.avow, {"session_template": None})
    api.clock.advance(1)
    assert "plan" not in claims(api, api.refresh(session["refreshJwt"]))


def test_each_token_has_an_id_where_that_is_asked(api: Api) -> None:
    session = api.sign_in()
    assert "jti" not in claims(api, session)
    use(api, addJti=True)
    ids = {claims(api, api.refresh(session["refreshJwt"]))["jti"] for _ in range(3)}
    assert len(ids) == 3


def test_only_the_selected_tenant_is_said(api: Api) -> None:
    address = new_email()
    user = make_user(api.avow, address)
    grant(api.avow, user, make_role(api.avow, "Editor", ["write"]))
    buyer = make_role(api.avow, "Buyer", ["buy"])
    first, second = make_tenant(api.avow), make_tenant(api.avow)
    join_tenant(api.avow, user, first, [buyer])
    use(api, authSchema="tenantOnly", autoDCT=True)
    session = api.sign_in(address)
    said = claims(api, session)
    assert (said["dct"], said["roles"], said["permissions"]) == (first, ["Buyer"], ["buy"])
    join_tenant(api.avow, user, second)
    said = claims(api, api.refresh(session["refreshJwt"]))
    assert (said.get("dct"), said["roles"]) == (None, ["Editor"])
    chosen = claims(api, api.post("/v1/auth/tenant/select", {"tenant": second}, token=session["refreshJwt"]))
    assert (chosen["dct"], chosen["roles"], chosen["permissions"]) == (second, [], [])
    assert not chosen["tenants"]  # what the SDK answers for none


def test_person_with_very_many_tenants_signs_in_where_one_is_said(api: Api) -> None:
    address = new_email()
    user = make_user(api.avow, address)
    many = [make_tenant(api.avow, f"Tenant {number} with a long name, as companies have them") for number in range(160)]
    for tenant in many:
        join_tenant(api.avow, user, tenant)
    assert api.sign_in(address).refusal == (400, "E011004")
    use(api, authSchema="tenantOnly")
    session = api.sign_in(address)
    assert len(session["sessionJwt"]) < 1000
    chosen = api.post("/v1/auth/tenant/select", {"tenant": many[77]}, token=session["refreshJwt"])
    assert claims(api, chosen)["dct"] == many[77]


def test_template_in_use_stays_and_keeps_its_type(api: Api) -> None:
    id = use(api)
    assert manage(api, "delete", {"id": id}).refusal == (400, "E011004")
    assert manage(api, "update", {"template": {"id": id, "name": "mine", "type": "key"}}).refusal == (400, "E011004")
    change_settings(api.avow, {"session_template": None})
    assert manage(api, "delete", {"id": id}).status == 200


@pytest.mark.parametrize(("setting", "kind"), [("sessionTemplate", "key"), ("accessKeyTemplate", "user")])
def test_template_of_another_type_is_not_taken(api: Api, setting: str, kind: str) -> None:
    path, id = "/v1/mgmt/avow/project/settings", create(api, type=kind)
    for value in (id, "Jnone"):
        refused = api.post(path, {"settings": {setting: value}}, token=api.avow.management_key)
        assert refused.refusal == (400, "E011004")


def test_refresh_with_a_template_runs_two_statements(api: Api, statements: Statements) -> None:
    session = api.sign_in()
    use(api, template={"mail": "{{user.email}}"}, authSchema="tenantOnly", addJti=True)
    api.refresh(session["refreshJwt"])
    with statements:
        api.refresh(session["refreshJwt"])
    assert statements.ran == ["sessions.CONTINUE", "users.PROFILE"]
