"""POST /v1/mgmt/user/import, and the units behind it that `avow user import` uses too."""

import base64
import json
from typing import Any

import msgspec
import pytest

from avow.core import passwords
from avow.core.imports.context import Context
from avow.core.imports.formats import FORMATS, person_of
from avow.server.attributes import actions as attributes
from avow.server.imports import actions, exports, judging
from avow.server.imports.actions import Line, Outcome, Overtaken, Step
from avow.server.imports.rows import PASSWORDS, PasswordRow
from avow.server.keys import actions as keys
from avow.server.passwords import actions as stored
from avow.server.roles import actions as roles
from avow.server.store import Tx, in_list
from avow.server.users import actions as users
from avow.testing.server import Avow
from avow.wire.attributes import AttributeDefinition
from tests.core.imports import samples
from tests.core.imports.samples import PASSWORD
from tests.factories import make_role, make_tenant, make_user, new_email
from tests.server.api import Api, Reply, Statements

IMPORT = "/v1/mgmt/user/import"
MIA = "mia@example.com"


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def imported(api: Api, source: str, users: bytes, *, hashes: bytes = b"", **body: Any) -> Reply:
    sent = {"source": source, "dryrun": False, "users": encoded(users), **body}
    if hashes:
        sent["hashes"] = encoded(hashes)
    return api.post(IMPORT, sent, token=api.avow.management_key)


def of_json(*users: object) -> bytes:
    return b"\n".join(json.dumps(each).encode() for each in users)


def lines_of(*users: dict[str, Any]) -> list[Line]:
    kind = FORMATS["jsonl"]
    people = [(entry.number, person_of(kind, entry, Context())) for entry in kind.entries([of_json(*users)])]
    return [Line(number, person) for number, person in people if person]


def put(avow: Avow, *users: dict[str, Any], **options: Any) -> Outcome:
    return avow.run(lambda tx: actions.put(tx, lines_of(*users), actor="test", source="test", **options))


def stored_password(avow: Avow, user_id: str) -> str | None:
    clause, listed = in_list("user_ids", [user_id])
    found = avow.run(lambda tx: tx.all(PASSWORDS.replace("(:user_ids)", clause), PasswordRow, **listed))
    return found[0].encoded if found else None


def define(avow: Avow, name: str, kind: str) -> None:
    wanted = [AttributeDefinition(name=name, type=kind)]
    avow.run(lambda tx: attributes.define(tx, "user", wanted, actor="test"))


# --- Over the API ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "data", "hashes", "roles_needed"),
    [
        ("auth0", samples.AUTH0, samples.AUTH0_HASHES, ()),
        ("firebase", samples.FIREBASE, samples.FIREBASE_PARAMETERS, ()),
        ("django", samples.DJANGO_DUMP, b"", ("Editors",)),
        ("keycloak", samples.KEYCLOAK, b"", ("Editor",)),
        ("csv", samples.TABLE, b"", ("Editor", "Viewer")),
        ("avow", of_json({"loginId": MIA, "passwordHash": samples.BCRYPT}), b"", ()),
    ],
)
def test_each_source_brings_users_and_the_passwords_they_have(
    api: Api, avow: Avow, source: str, data: bytes, hashes: bytes, roles_needed: tuple[str, ...]
) -> None:
    for name in roles_needed:
        make_role(avow, name)
    for tenant_id in ("acme", "other"):
        make_tenant(avow, tenant_id=tenant_id)
    define(avow, "plan", "string")
    define(avow, "seats", "number")
    answer = imported(api, source, data, hashes=hashes)
    assert answer["failures"] == []
    mia = answer["users"][0]
    assert (mia["email"], mia["password"], mia["status"]) == (MIA, True, "enabled")
    assert set(mia["roleNames"]) == {*roles_needed, *(["is_staff"] if source == "django" else [])}
    loaded = api.get("/v1/mgmt/user", {"userId": mia["userId"]}, token=api.avow.management_key)["user"]
    assert loaded == mia
    kept = stored_password(avow, mia["userId"])
    assert kept is not None
    assert passwords.verify(kept, PASSWORD)
    assert not passwords.verify(kept, "another")


def test_attributes_are_of_their_defined_types_and_others_left_out(api: Api, avow: Avow) -> None:
    define(avow, "plan", "string")
    define(avow, "seats", "number")
    table = b"loginId,attribute:plan,attribute:seats\nmia,7,7\nzoe,x,many\n"
    answer = imported(api, "csv", table)
    assert [user["customAttributes"] for user in answer["users"]] == [{"plan": "7", "seats": 7}]
    assert [(each["user"], each["reason"]) for each in answer["failures"]] == [
        ("zoe", "The value of 'seats' is not a number.")
    ]
    (mia, _) = imported(api, "auth0", samples.AUTH0)["users"]
    assert mia["customAttributes"] == {"plan": "gold"}


def test_each_user_stands_for_themselves(api: Api, avow: Avow) -> None:
    taken = make_user(avow, new_email()) and new_email()
    make_user(avow, taken)
    answer = imported(
        api,
        "avow",
        of_json(
            {"loginId": "first"},
            {"loginId": taken.upper()},
            {"loginId": "First", "name": "again"},
            {"loginId": "x", "roleNames": ["Nobody"]},
            {"loginId": "y", "userTenants": [{"tenantId": "nowhere"}]},
            {"loginId": "z", "customAttributes": {"unknown": 1}},
            7,
            {"loginId": "last"},
        ),
    )
    assert [user["loginIds"] for user in answer["users"]] == [["first"], ["last"]]
    assert [(each["user"], each["reason"].split(" ")[0:3]) for each in answer["failures"]] == [
        (taken.upper(), ["The", "login", "ID"]),
        ("First", ["The", "login", "ID"]),
        ("x", ["There", "is", "no"]),
        ("y", ["There", "is", "no"]),
        ("z", ["The", "project", "defines"]),
        ("entry 7", ["It", "is", "no"]),
    ]


def test_dry_run_says_the_same_and_writes_nothing(api: Api) -> None:
    data = of_json({"loginId": MIA, "name": "Mia"}, {"loginId": MIA})
    answer = imported(api, "avow", data, dryrun=True)
    assert [(user["loginIds"], user["userId"], user["name"]) for user in answer["users"]] == [([MIA], "", "Mia")]
    assert len(answer["failures"]) == 1
    assert api.post("/v2/mgmt/user/search", {}, token=api.avow.management_key)["total"] == 0
    assert len(imported(api, "avow", data)["users"]) == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"source": "elsewhere"}, "E011004"),
        ({"source": None}, "E011003"),
        ({"users": None}, "E011002"),
        ({"users": "not base64!"}, "E011004"),
        ({"source": "firebase", "hashes": "e30="}, "E011004"),
        ({"users": encoded(b'{"loginId": "a"}\n' * 1001)}, "E011004"),
    ],
)
def test_call_that_cannot_be_read_is_refused(api: Api, body: dict[str, Any], code: str) -> None:
    sent = {"source": "avow", "dryrun": False, "users": encoded(b"{}"), **body}
    assert api.post(IMPORT, sent, token=api.avow.management_key).refusal == (400, code)


def test_roles_need_the_right_to_give_them(api: Api, avow: Avow) -> None:
    make_role(avow, "Editor")
    key = avow.run(lambda tx: keys.create_management_key(tx, "importer", rights=("user:write",)))[1]

    def refused(*users: object) -> tuple[int, str]:
        return api.post(IMPORT, {"source": "avow", "users": encoded(of_json(*users))}, token=key).refusal

    assert refused({"loginId": "a", "roleNames": ["Editor"]}) == (403, "E019403")
    assert refused({"loginId": "a", "userTenants": [{"tenantId": "t", "roleNames": ["Editor"]}]})[0] == 403
    assert refused({"loginId": "a"}) == (200, "")


# --- The unit ----------------------------------------------------------------------------------------------------


def test_defaults_of_project_and_tenant_are_given(avow: Avow) -> None:
    avow.run(lambda tx: roles.create(tx, "Everybody", is_default=True))
    make_tenant(avow, tenant_id="acme")
    avow.run(lambda tx: roles.create(tx, "Member", tenant_id="acme", is_default=True))
    make_role(avow, "Editor")
    (user_id,) = put(avow, {"loginId": "a", "userTenants": [{"tenantId": "acme", "roleNames": ["Editor"]}]}).created
    (profile,) = avow.run(lambda tx: users.find_several(tx, [user_id]))
    assert profile.roles == ("Everybody",)
    assert profile.tenants["acme"].roles == ("Editor", "Member")


def test_spare_login_id_of_somebody_else_is_left_out(api: Api, avow: Avow) -> None:
    make_user(avow, MIA)
    make_role(avow, "Editors")
    answer = imported(api, "django", samples.DJANGO_DUMP)
    assert [user["loginIds"] for user in answer["users"]] == [["mia"], ["zoe@example.com"]]


def test_login_id_that_is_taken_between_judging_and_writing_refuses_its_user_alone(
    avow: Avow, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = judging.judge

    def judge_too_early(tx: Tx, lines: Any, *, updates: bool) -> judging.Plan:
        plan = judge(tx, lines, updates=updates)
        users.create(tx, users.NewUser(login_id=lines[1].person.login_ids[0]))
        return plan

    monkeypatch.setattr(judging, "judge", judge_too_early)
    outcome = put(avow, {"loginId": "a"}, {"loginId": "b", "additionalLoginIds": ["c"]}, {"loginId": "d"})
    assert len(outcome.created) == 2
    assert [each.number for each in outcome.refused] == [2]
    assert avow.run(lambda tx: users.find_by_login_id(tx, "c")) is None
    assert avow.run(lambda tx: users.find_by_login_id(tx, "d")) is not None


def test_statements_do_not_grow_with_the_users_of_a_chunk(avow: Avow, statements: Statements) -> None:
    make_role(avow, "Editor")
    make_tenant(avow, tenant_id="acme")
    define(avow, "plan", "string")

    def ran(start: int, count: int) -> int:
        chunk = [
            {
                "loginId": f"user{number}@example.com",
                "roleNames": ["Editor"],
                "userTenants": [{"tenantId": "acme", "roleNames": ["Editor"]}],
                "customAttributes": {"plan": "gold"},
                "passwordHash": samples.BCRYPT,
            }
            for number in range(start, start + count)
        ]
        with statements:
            assert len(put(avow, *chunk).created) == count
        return len(statements.ran)

    few = ran(0, 2)
    assert few <= 15
    assert ran(100, 128) == few
    assert ran(300, 512) <= few + 3 * 8


def test_users_who_exist_are_updated_only_when_asked(avow: Avow) -> None:
    make_role(avow, "Editor")
    user_id = make_user(avow, "mia", name="Mia", given_name="M")
    assert put(avow, {"loginId": "mia", "name": "Ida"}).refused
    wanted = {"loginId": "Mia", "name": "Ida", "roleNames": ["Editor"], "additionalLoginIds": ["ida"]}
    outcome = put(avow, wanted, {"loginId": "new"}, {"loginId": "new", "name": "New"}, updates=True)
    assert (len(outcome.created), outcome.updated, outcome.refused) == (1, 2, ())
    (profile,) = avow.run(lambda tx: users.find_several(tx, [user_id]))
    assert (profile.row.name, profile.row.given_name, profile.roles) == ("Ida", "M", ("Editor",))
    assert set(profile.login_ids) == {"mia", "ida"}
    new = avow.run(lambda tx: users.find_by_login_id(tx, "new"))
    assert new is not None
    assert new.row.name == "New"


def test_file_of_another_system_takes_no_proof_and_no_ban_back(avow: Avow) -> None:
    user_id = make_user(avow, "zoe@example.com", is_verified=True, status="disabled")
    entries = FORMATS["auth0"].entries([b'{"email": "zoe@example.com", "email_verified": false, "given_name": "Zoe"}'])
    people = [person_of(FORMATS["auth0"], entry, Context()) for entry in entries]
    lines = [Line(number, each) for number, each in enumerate(people) if each]
    avow.run(lambda tx: actions.put(tx, lines, updates=True, actor="test", source="test"))
    (profile,) = avow.run(lambda tx: users.find_several(tx, [user_id]))
    assert (profile.row.given_name, profile.row.is_email_verified, profile.row.status) == ("Zoe", 1, "disabled")


def test_login_ids_of_several_users_are_nobody_to_update(avow: Avow) -> None:
    make_user(avow, "mia")
    make_user(avow, "zoe")
    outcome = put(avow, {"loginId": "mia", "additionalLoginIds": ["zoe"]}, updates=True)
    assert [each.reason for each in outcome.refused] == ["The login IDs belong to several users."]


def test_another_password_ends_the_sessions_of_who_had_the_one_before(api: Api, avow: Avow) -> None:
    email = new_email()
    refresh = api.sign_in(email)["refreshJwt"]
    put(avow, {"loginId": email, "name": "Mia"}, updates=True)
    assert api.refresh(refresh).status == 200
    put(avow, {"loginId": email, "passwordHash": samples.BCRYPT}, updates=True)
    assert api.refresh(refresh).status == 401
    again = api.sign_in(email)["refreshJwt"]
    put(avow, {"loginId": email, "passwordHash": samples.BCRYPT}, updates=True)
    assert api.refresh(again).status == 200


def test_another_password_voids_codes_on_their_way_and_is_managements(api: Api, avow: Avow) -> None:
    email = new_email()
    api.sign_in(email)
    session = api.sign_in(email)["refreshJwt"]
    api.post("/v1/auth/password/update", {"loginId": email, "newPassword": "of-their-own-9!"}, token=session)
    api.post("/v1/auth/otp/signin/email", {"loginId": email})
    code = avow.code(email)
    put(avow, {"loginId": email, "passwordHash": samples.BCRYPT}, updates=True)
    assert api.post("/v1/auth/otp/verify/email", {"loginId": email, "code": code}).status == 401
    user_id = api.get("/v1/mgmt/user", {"loginId": email}, token=avow.management_key)["user"]["userId"]
    held = avow.run(lambda tx: stored.held(tx, user_id))
    assert held is not None
    assert not held.is_own


def test_disabled_by_an_update_is_signed_out(api: Api, avow: Avow) -> None:
    email = new_email()
    refresh = api.sign_in(email)["refreshJwt"]
    put(avow, {"loginId": email, "status": "disabled"}, updates=True)
    assert api.refresh(refresh).status == 401


def test_import_moves_with_its_users_or_not_at_all(avow: Avow) -> None:
    avow.run(lambda tx: actions.begin(tx, "i", "users.jsonl"))

    def move(before: int, position: int, *users: dict[str, Any]) -> Outcome:
        step = Step("i", before, position, b"digest", 0)
        lines = lines_of(*users)
        return avow.run(lambda tx: actions.move(tx, step, lines, updates=False, actor="test", source="users.jsonl"))

    move(0, 2, {"loginId": "a"}, {"loginId": "a"})
    with pytest.raises(Overtaken):
        move(0, 1, {"loginId": "b"})
    assert avow.run(lambda tx: users.find_by_login_id(tx, "b")) is None
    row = avow.run(lambda tx: actions.find(tx, "i"))
    assert row is not None
    assert (row.position, row.created, row.rejected, row.digest) == (2, 1, 1, b"digest")
    assert list(actions.written_refusals(row)) == [2]


def test_imports_are_audited_and_hold_no_hash(avow: Avow) -> None:
    put(avow, {"loginId": "a", "passwordHash": samples.BCRYPT})
    events = avow.run(lambda tx: _events(tx))
    assert [(each[0], json.loads(each[1])["created"]) for each in events] == [("user.imported", 1)]
    assert samples.BCRYPT not in repr(events)


def _events(tx: Tx) -> list[tuple[Any, ...]]:
    sql = "SELECT action, data FROM audit_events WHERE project_id = :project_id AND action = 'user.imported'"
    return tx.all(sql, lambda *columns: columns)


def test_exported_users_are_imported_as_they_were(make_project: Any) -> None:
    first, second = make_project(), make_project()
    for avow in (first, second):
        make_role(avow, "Editor")
        make_tenant(avow, tenant_id="acme")
        define(avow, "plan", "string")
    put(
        first,
        {
            "loginIds": ["mia", MIA],
            "email": MIA,
            "verifiedEmail": True,
            "phone": "+12025550123",
            "name": "Mia Moe",
            "givenName": "Mia",
            "familyName": "Moe",
            "picture": "https://example.com/mia.png",
            "status": "disabled",
            "roleNames": ["Editor"],
            "userTenants": [{"tenantId": "acme", "roleNames": ["Editor"]}],
            "customAttributes": {"plan": "gold"},
            "externalIds": ["x-1"],
            "createdTime": 1_500_000_000,
            "passwordHash": samples.BCRYPT,
        },
        {"loginId": "test", "test": True},
    )
    page = first.run(lambda tx: exports.page(tx, has_passwords=True))
    written = [json.loads(msgspec.json.encode(each)) for each in page.users]
    assert len(put(second, *written).created) == 2
    again = second.run(lambda tx: exports.page(tx, has_passwords=True))
    key = lambda each: each.login_ids  # noqa: E731
    assert sorted(again.users, key=key) == sorted(page.users, key=key)
    assert "passwordHash" not in msgspec.json.encode(first.run(exports.page).users).decode()


def test_users_with_many_rows_are_written_few_at_a_time(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_ROWS", 20)
    for number in range(3):
        make_role(api.avow, f"role-{number}")
    light: list[dict[str, Any]] = [{"loginId": new_email()} for _ in range(7)]
    heavy: dict[str, Any] = {"loginId": new_email(), "roleNames": [f"role-{number}" for number in range(3)]}
    sizes = [len(part) for part in actions.parts(lines_of(*light, heavy))]
    assert sizes == [6, 2]
    answer = imported(api, "avow", of_json(*light, heavy))
    assert [user["loginIds"][0] for user in answer["users"]] == [user["loginId"] for user in (*light, heavy)]
