"""S-INJ-01 and 02: patterns in what management searches for, and templates that come as files of a snapshot."""

from functools import partial

from avow.server.attributes import actions as attributes
from avow.wire.attributes import AttributeDefinition
from tests.bed.cases import Case
from tests.factories import new_email
from tests.security.calls import Answer, assert_refused
from tests.security.injection.test_texts import BAD_TEMPLATES
from tests.security.place import Place

USER, SEARCH = "/v1/mgmt/user", "/v2/mgmt/user/search"
# A name that holds each sign which LIKE, GLOB or an escape might take for more, and the same without the sign.
NAMES = {
    "%": "a%b",
    "_": "a_b",
    "!": "a!b",
    "\\": "a\\b",
    "'": "a'b",
    '"': 'a"b',
    "*": "a*b",
    "?": "a?b",
    "[": "a[b",
    ":": "a:b",
    "!%": "a!%b",
    "\\_": "a\\_b",
}

BUILT_IN = {"is_staff", "is_superuser"}  # roles that every project of the tests has


def _send(place: Place, path: str, body: object) -> Answer:
    answer = place.api.post(path, place.avow.management_key, body)
    assert answer.status == 200, answer.content
    return answer


def test_s_inj_01_patterns_are_literal_in_searches(case: Case, each_place: Place) -> None:
    place = each_place
    definition = [AttributeDefinition(name="team", type="string")]
    place.avow.run(partial(attributes.define, kind="user", wanted=definition, actor="test"))
    for name in (*NAMES.values(), "axb", "axxb", "ab"):
        body = {"loginId": new_email(), "displayName": name, "customAttributes": {"team": name}}
        _send(place, f"{USER}/create", body)
        _send(place, "/v1/mgmt/tenant/create", {"name": name})
        _send(place, "/v1/mgmt/role/create", {"name": name})

    def named(**wanted: object) -> list[str]:
        return sorted(user["name"] for user in _send(place, SEARCH, wanted).body["users"])

    case.control(lambda: named(text="axb") == ["axb"] and named(text="AxX") == ["axxb"])
    for sign, name in NAMES.items():
        with case.cell(f"search: {sign!r} is literal in the text"):
            holders = sorted(each for each in NAMES.values() if sign in each)
            assert named(text=sign) == holders
            assert named(text=name) == [name]
        with case.cell(f"search: {sign!r} is literal in an attribute"):
            assert named(customAttributes={"team": name}) == [name]
            assert named(customAttributes={"team": f"a{sign}"}) == []
        with case.cell(f"search: {sign!r} is literal in login IDs, addresses and roles"):
            for wanted in ({"loginIds": [sign]}, {"emails": [sign]}, {"phones": [sign]}, {"roleNames": [sign]}):
                answer = place.api.post(SEARCH, place.avow.management_key, wanted)
                assert answer.status == 400 or answer.body["users"] == [], (wanted, answer.content)
        with case.cell(f"search: {sign!r} is literal in names of tenants and roles"):
            found = _send(place, "/v1/mgmt/tenant/search", {"tenantNames": [name]}).body["tenants"]
            assert [each["name"] for each in found] == [name]
            found = _send(place, "/v1/mgmt/role/search", {"roleNameLike": name}).body["roles"]
            assert [each["name"] for each in found] == [name]
            found = _send(place, "/v1/mgmt/role/search", {"roleNameLike": sign}).body["roles"]
            assert sorted({each["name"] for each in found} - BUILT_IN) == sorted(
                each for each in NAMES.values() if sign in each
            )
        with case.cell(f"search: {sign!r} is literal in the audit"):
            nothing: tuple[dict[str, object], ...] = ({"text": f"no{sign}thing"}, {"actions": [sign]})
            for asked in nothing:
                assert _send(place, "/v1/mgmt/audit/search", asked).body["audits"] == []


def test_s_inj_02_templates_of_a_snapshot(case: Case, each_place: Place) -> None:
    place, key = each_place, each_place.avow.management_key
    path = "/v1/mgmt/project/snapshot"
    files = _send(place, f"{path}/export", {}).body["files"]

    def with_template(text: str, part: str) -> dict[str, object]:
        parts = {"subject": "Code", "text": "Code {{ code }}", "html": "<p>Code</p>", part: text}
        return {**files, "templates.json": {"templates": [{"template": "otp", "method": "email", **parts}]}}

    def letter() -> str:
        login_id = new_email()
        assert place.api.post("/v1/auth/otp/signup/email", body={"loginId": login_id}).status == 200
        return place.avow.messages(login_id)[0].text

    def works() -> bool:
        _send(place, f"{path}/import", {"files": with_template("Mine: {{ code }}", "text")})
        return letter().startswith("Mine: ")

    case.control(works)
    before = place.rows("message_templates", "project_id")
    for text in BAD_TEMPLATES:
        for part in ("subject", "text", "html"):
            with case.cell(f"administrator's {part}, over the API, {text!r}"):
                for route in (f"{path}/import", "/v1/mgmt/project/import"):
                    assert_refused(place.api.post(route, key, {"files": with_template(text, part)}), 400)
                told = _send(place, f"{path}/validate", {"files": with_template(text, part)}).body
                assert not told["ok"]
                assert told["failures"]
    with case.cell("administrator's template, over the API: a refused one leaves the one before"):
        assert place.rows("message_templates", "project_id") == before
        assert letter().startswith("Mine: ")
