"""S-AUZ-04: ways to more rights that lead through a second area, or through somebody who has them."""

from typing import Any

from tests.bed.cases import Case
from tests.factories import grant, join_tenant, make_access_key, make_role, make_tenant, make_user, new_email
from tests.security.authorization.test_callers import key_of, stored
from tests.security.calls import Answer, assert_refused
from tests.security.place import Place

USER = "/v1/mgmt/user"
WEBHOOK = "/v2/mgmt/connector/audit/web/set"
PASSWORD = "correct horse battery staple"
PROOFS = ("otp", "magiclink", "enchantedlink")


def _send(place: Place, call: tuple[str, str, object], key: str) -> Answer:
    verb, path, body = call
    return place.api.carrier.send(place.api.wish(verb, path, key, body))


def _takes_place_of(login_id: str) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Return the calls after which one can sign in as somebody else; the last one takes their login ID away."""
    named, address, phone = {"loginId": login_id}, new_email("mallory"), "+12025550177"
    return {
        "set a password": ("POST", f"{USER}/password/set/active", {**named, "password": PASSWORD}),
        "set a temporary password": ("POST", f"{USER}/password/set/temporary", {**named, "password": PASSWORD[::-1]}),
        "set a password, older form": ("POST", f"{USER}/password/set", {**named, "password": PASSWORD.title()}),
        "make an embedded link": ("POST", f"{USER}/signin/embeddedlink", named),
        "change the e-mail address": ("POST", f"{USER}/update/email", {**named, "email": address, "verified": True}),
        "change the phone number": ("POST", f"{USER}/update/phone", {**named, "phone": phone, "verified": True}),
        "change the recovery address": ("POST", f"{USER}/update/recovery/email", {**named, "recoveryEmail": address}),
        "change the recovery number": ("POST", f"{USER}/update/recovery/phone", {**named, "recoveryPhone": phone}),
        "patch the e-mail address": ("PATCH", f"{USER}/patch", {**named, "email": new_email("mallory")}),
        "patch the phone number": ("PATCH", f"{USER}/patch", {**named, "phone": "+12025550178"}),
        "vouch for an address": ("PATCH", f"{USER}/patch", {**named, "verifiedEmail": True}),
        "change the login ID": ("POST", f"{USER}/update/loginid", {**named, "newLoginId": new_email("mallory")}),
    }


def test_s_auz_04_nobody_takes_the_place_of_who_may_more(case: Case, each_place: Place) -> None:
    place = each_place
    editor, usual = make_role(place.avow, "editor"), make_role(place.avow, "usual")
    make_tenant(place.avow, tenant_id="T1")
    users, both = key_of(place, "user:write"), key_of(place, "user:write", "role:write")
    admin, member, plain, newcomer = (new_email(each) for each in ("admin", "member", "plain", "newcomer"))
    grant(place.avow, make_user(place.avow, admin), editor)
    join_tenant(place.avow, make_user(place.avow, member), "T1", [editor])
    make_user(place.avow, plain)
    defaults = {"id": "T1", "defaultRoles": ["usual"]}
    assert place.api.post("/v1/mgmt/tenant/updateDefaultRoles", place.avow.management_key, defaults).status == 200
    join_tenant(place.avow, make_user(place.avow, newcomer), "T1", [usual])
    make_user(place.avow, kept := new_email("kept"))
    named = {"loginId": kept, "displayName": "x"}
    case.control(lambda: _send(place, ("PATCH", f"{USER}/patch", named), users).status == 200)
    for who, login_id in (("in the project", admin), ("in a tenant", member)):
        for name, call in _takes_place_of(login_id).items():
            with case.cell(f"a key for users: {name} of who holds a role {who}"):
                before = stored(place)
                assert_refused(_send(place, call, users), 403)
                assert stored(place) == before
        with case.cell(f"a key for users: patch several, of who holds a role {who}"):
            before = stored(place)
            several = {"users": [{"loginId": login_id, "email": new_email("mallory")}]}
            answer = _send(place, ("PATCH", f"{USER}/patch/batch", several), users)
            assert answer.status == 403 or answer.body["patchedUsers"] == [], answer.content
            assert stored(place) == before
        with case.cell(f"a key for users changes what signs nobody in, of who holds a role {who}"):
            assert _send(place, ("PATCH", f"{USER}/patch", {**named, "loginId": login_id}), users).status == 200
    for who, login_id in (("holds no role", plain), ("holds the default roles of a tenant", newcomer)):
        for name, call in _takes_place_of(login_id).items():
            with case.cell(f"a key for users may: {name} of who {who}"):
                assert _send(place, call, users).status == 200
    for name, call in _takes_place_of(admin).items():
        with case.cell(f"a key for users and roles may: {name} of who holds a role"):
            assert _send(place, call, both).status == 200


def test_s_auz_04_proofs_of_test_users(case: Case, each_place: Place) -> None:
    place = each_place
    users = key_of(place, "user:write")
    robot, strong = new_email("robot"), new_email("strong")
    make_user(place.avow, robot, is_test=True)
    grant(place.avow, make_user(place.avow, strong, is_test=True), make_role(place.avow, "editor"))

    def generated(kind: str, login_id: str) -> Answer:
        body = {"loginId": login_id, "deliveryMethod": "email", "URI": "https://app.example.com/"}
        return place.api.post(f"/v1/mgmt/tests/generate/{kind}", users, body)

    case.control(lambda: all(generated(kind, robot).status == 200 for kind in PROOFS))
    for kind in PROOFS:
        with case.cell(f"a key for users is handed no proof of a test user who holds a role: {kind}"):
            assert_refused(generated(kind, strong), 403)


def test_s_auz_04_access_keys_of_who_may_more(case: Case, each_place: Place) -> None:
    place, full, keys = each_place, each_place.avow.management_key, "/v1/mgmt/accesskey"
    role_id = make_role(place.avow, "editor")
    admin, plain = make_user(place.avow), make_user(place.avow)
    grant(place.avow, admin, role_id)
    limited = key_of(place, "access_key:write", "user:write")
    of_admin = make_access_key(place.avow, user_id=admin, permitted_ips=("192.0.2.0/24",))[0]
    of_role = make_access_key(place.avow, role_names=("editor",), permitted_ips=("192.0.2.0/24",))[0]
    of_plain = make_access_key(place.avow, user_id=plain)[0]
    case.control(lambda: place.api.post(f"{keys}/create", limited, {"name": "x", "userId": plain}).status == 200)
    attacks = {
        "make a key for a user who holds a role": ("create", {"name": "x", "userId": admin}),
        "learn the secret of a key of such a user": ("rotate", {"id": of_admin}),
        "activate a key of such a user": ("activate", {"id": of_admin}),
        "activate several, one of such a user": ("activate/batch", {"ids": [of_plain, of_admin]}),
        "let a key of such a user be used from everywhere": (
            "update",
            {"id": of_admin, "name": "x", "permittedIps": []},
        ),
        "let a key with roles be used from everywhere": ("update", {"id": of_role, "name": "x", "permittedIps": []}),
        "learn the secret of a key with roles": ("rotate", {"id": of_role}),
    }
    before = stored(place)
    for name, (path, body) in attacks.items():
        with case.cell(f"a key for users and access keys: {name}"):
            assert_refused(place.api.post(f"{keys}/{path}", limited, body), 403)
            assert stored(place) == before
    with case.cell("a key for users and access keys may: name a key anew, and use those of plain users"):
        same = {"id": of_role, "name": "y", "permittedIps": ["192.0.2.0/24"]}
        assert place.api.post(f"{keys}/update", limited, same).status == 200
        assert place.api.post(f"{keys}/rotate", limited, {"id": of_plain}).status == 200
        assert place.api.post(f"{keys}/update", full, {**same, "permittedIps": []}).status == 200


def test_s_auz_04_deletion_with_a_tenant(case: Case, each_place: Place) -> None:
    place = each_place
    tenants_only = key_of(place, "tenant:write")
    for tenant_id in ("T1", "T2", "T3"):
        make_tenant(place.avow, tenant_id=tenant_id)
    join_tenant(place.avow, make_user(place.avow), "T1")
    make_access_key(place.avow)
    case.control(lambda: place.api.get("/v1/mgmt/tenant?id=T3", tenants_only).status == 200)
    before = stored(place)
    rights = (("tenant:write",), ("tenant:write", "user:write"), ("tenant:write", "access_key:write"))
    for each in rights:
        with case.cell(f"a key for {' and '.join(each)} deletes users and access keys with their tenant"):
            answer = place.api.post("/v1/mgmt/tenant/delete", key_of(place, *each), {"id": "T1", "cascade": True})
            assert_refused(answer, 403)
    with case.cell("nothing stored has changed"):
        unchanged = [rows for rows in stored(place) if rows in before]
        assert len(unchanged) >= len(before) - 1  # the keys of this test
    with case.cell("without them it may"):
        assert place.api.post("/v1/mgmt/tenant/delete", tenants_only, {"id": "T2"}).status == 200
    with case.cell("with all three rights it may"):
        key = key_of(place, "tenant:write", "user:write", "access_key:write")
        assert place.api.post("/v1/mgmt/tenant/delete", key, {"id": "T1", "cascade": True}).status == 200


def test_s_auz_04_headers_of_a_webhook_stay_with_their_receiver(case: Case, each_place: Place) -> None:
    place, full = each_place, each_place.avow.management_key
    auditor = key_of(place, "audit:write")
    secret = {"Authorization": "Bearer marked-webhook-header-4711"}
    url = "https://siem.example.com/in"
    made = {"name": "siem", "url": url, "headers": secret, "hmacSecret": "marked-webhook-secret-4711"}
    assert place.api.post(WEBHOOK, full, made).status == 200
    described = {"name": "siem", "url": url, "description": "the same"}
    case.control(lambda: place.api.post(WEBHOOK, auditor, described).status == 200)
    before = place.rows("audit_webhooks", "project_id")
    for other in ("https://evil.example.com/in", "https://siem.example.com:8443/in", "https://siem.example.com/other"):
        with case.cell(f"sent to {other} with the headers that were given for another address"):
            assert_refused(place.api.post(WEBHOOK, auditor, {"name": "siem", "url": other}), 400)
            assert place.rows("audit_webhooks", "project_id") == before
    with case.cell("another address with headers of its own, or with none to begin with"):
        moved = {"name": "siem", "url": "https://other.example.com/in", "headers": {}}
        assert place.api.post(WEBHOOK, auditor, moved).status == 200
        assert place.api.post(WEBHOOK, auditor, {"name": "siem", "url": url}).status == 200
