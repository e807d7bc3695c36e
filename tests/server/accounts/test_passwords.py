"""POST /v1/mgmt/user/password/...: passwords of users set and expired by management."""

from collections.abc import Callable
from typing import Any

import pytest

from avow.core.passwords import hashed, needs_rehash, verify
from avow.server.keys import actions as keys
from avow.server.passwords import actions as passwords
from avow.server.store import Tx
from avow.testing.server import Avow
from tests.factories import grant, join_tenant, make_role, make_tenant, make_user, new_email
from tests.server.api import Api, Reply, Statements

ACTIVE = "/v1/mgmt/user/password/set/active"
TEMPORARY = "/v1/mgmt/user/password/set/temporary"
DEPRECATED = "/v1/mgmt/user/password/set"
EXPIRE = "/v1/mgmt/user/password/expire"
SETTINGS = "/v1/mgmt/password/settings"
GOOD = "correct horse battery"


@pytest.fixture
def email(avow: Avow) -> str:
    make_user(avow, email := new_email())
    return email


def put(api: Api, path: str, email: str, password: str = GOOD, **further: Any) -> Reply:
    return api.post(path, {"loginId": email, "password": password, **further}, token=api.avow.management_key)


def user_of(api: Api, email: str) -> Any:
    return api.get("/v1/mgmt/user", {"loginId": email}, token=api.avow.management_key)["user"]


def held(api: Api, email: str) -> passwords.HeldRow | None:
    user_id = user_of(api, email)["userId"]
    return api.avow.run(lambda tx: passwords.held(tx, user_id))


def configure(api: Api, tenant_id: str = "", **changes: object) -> None:
    assert api.post(SETTINGS, {"tenantId": tenant_id, **changes}, token=api.avow.management_key).status == 200


@pytest.mark.parametrize(
    ("path", "further", "state"),
    [
        (ACTIVE, {}, "active"),
        (TEMPORARY, {}, "temporary"),
        (DEPRECATED, {}, "temporary"),
        (DEPRECATED, {"setActive": False}, "temporary"),
        (DEPRECATED, {"setActive": True}, "active"),
    ],
)
def test_password_is_set_in_its_state(api: Api, email: str, path: str, further: dict[str, Any], state: str) -> None:
    assert not user_of(api, email)["password"]
    assert put(api, path, email, **further).body == {}
    assert user_of(api, email)["password"]
    found = held(api, email)
    assert found is not None
    assert (found.state, verify(found.encoded, GOOD), needs_rehash(found.encoded)) == (state, True, False)


def test_another_password_takes_the_place_of_the_first(api: Api, email: str) -> None:
    put(api, TEMPORARY, email)
    put(api, ACTIVE, email, "another one of them")
    found = held(api, email)
    assert found is not None
    assert (found.state, verify(found.encoded, GOOD)) == ("active", False)
    assert verify(found.encoded, "another one of them")


def test_expired_password_stays_and_a_temporary_one_stays_temporary(api: Api, email: str) -> None:
    for path, state in ((ACTIVE, "expired"), (TEMPORARY, "temporary")):
        put(api, path, email)
        assert api.post(EXPIRE, {"loginId": email}, token=api.avow.management_key).body == {}
        found = held(api, email)
        assert found is not None
        assert (found.state, verify(found.encoded, GOOD)) == (state, True)


def test_expiring_what_is_not_there_is_refused(api: Api, email: str) -> None:
    key = api.avow.management_key
    assert api.post(EXPIRE, {"loginId": email}, token=key).refusal == (400, "E011004")
    assert api.post(EXPIRE, {"loginId": "nobody"}, token=key).refusal == (404, "E112102")


def test_unknown_user_is_not_found(api: Api) -> None:
    for path in (ACTIVE, TEMPORARY, DEPRECATED):
        assert put(api, path, "nobody").refusal == (404, "E112102")


def test_setting_ends_sessions_codes_and_locks_but_expiring_does_not(api: Api) -> None:
    session = api.sign_in(email := new_email())
    user_id = session["user"]["userId"]
    put(api, ACTIVE, email)
    assert api.refresh(session["refreshJwt"]).refusal == (401, "E064001")
    session = api.sign_in(email)
    api.post(EXPIRE, {"loginId": email}, token=api.avow.management_key)
    assert api.refresh(session["refreshJwt"]).status == 200
    api.post("/v1/auth/otp/signin/email", {"loginId": email})
    code = api.avow.code(email)
    lock = "UPDATE passwords SET failures = 9, locked_until = 1 WHERE project_id = :project_id AND user_id = :user_id"
    api.avow.run(lambda tx: tx.run(lock, user_id=user_id))
    put(api, TEMPORARY, email)
    assert api.verify_code(email, code).status == 401
    counted = "SELECT encoded, state, set_at FROM passwords WHERE project_id = :project_id AND user_id = :user_id"
    unlocked = f"{counted} AND failures = 0 AND locked_until IS NULL"
    assert api.avow.run(lambda tx: tx.one(unlocked, passwords.HeldRow, user_id=user_id))


def test_setting_moves_the_credential_version(api: Api, email: str) -> None:
    def version(tx: Tx) -> int:
        from avow.server.users import actions as users

        profile = users.find_by_login_id(tx, email)
        assert profile is not None
        return profile.row.credential_version

    before = api.avow.run(version)
    put(api, ACTIVE, email)
    assert api.avow.run(version) == before + 1
    api.post(EXPIRE, {"loginId": email}, token=api.avow.management_key)
    assert api.avow.run(version) == before + 2


@pytest.mark.parametrize("password", ["", "short", "sevench", "aaaaaaaaaaaa", "12345678", "hgfedcba"])
def test_weak_password_is_refused_and_nothing_changes(api: Api, email: str, password: str) -> None:
    session = api.sign_in(email)
    for path in (ACTIVE, TEMPORARY, DEPRECATED):
        assert put(api, path, email, password).refusal == (400, "E011004")
    assert held(api, email) is None
    assert api.refresh(session["refreshJwt"]).status == 200


def test_what_the_user_is_called_is_no_password(api: Api, email: str) -> None:
    name = email.partition("@")[0]
    for password in (email, email.upper(), f"{name}2026", f"99{name}"):
        assert put(api, ACTIVE, email, password).refusal == (400, "E011004")


@pytest.mark.parametrize("length", [257, 1_000_000])
def test_endless_password_is_refused_before_it_is_hashed(api: Api, email: str, length: int) -> None:
    assert put(api, ACTIVE, email, "ab" * length).status in (400, 413)


def test_long_password_counts_in_full(api: Api, email: str) -> None:
    password = "a" * 127 + "b"
    assert put(api, ACTIVE, email, password).status == 200
    found = held(api, email)
    assert found is not None
    assert verify(found.encoded, password)
    assert not verify(found.encoded, "a" * 127 + "c")


def test_settings_of_the_project_apply(api: Api, email: str) -> None:
    configure(api, lowercase=True, uppercase=True, number=True, nonAlphanumeric=True, minLength=10)
    for password in ("ALLCAPS 2026", "no capitals 1", "No Digits Here", "NoSymbols123", "Sh0rt one"):
        assert put(api, ACTIVE, email, password).refusal == (400, "E011004")
    assert put(api, ACTIVE, email, "Good one, 2026").status == 200


def test_settings_of_tenants_take_the_place_of_the_projects_and_the_strictest_counts(api: Api, avow: Avow) -> None:
    user = make_user(avow, email := new_email())
    configure(api, minLength=20)
    for tenant_id, length in (("acme", 10), ("best", 12), ("plain", 0)):
        make_tenant(avow, tenant_id=tenant_id)
        join_tenant(avow, user, tenant_id)
        if length:
            configure(api, tenant_id, minLength=length)
    assert put(api, ACTIVE, email, "eleven char").refusal == (400, "E011004")
    assert put(api, ACTIVE, email, "twelve chars").status == 200


def test_as_many_earlier_passwords_are_refused_as_the_settings_say(api: Api, email: str) -> None:
    configure(api, reuse=True, reuseAmount=2)
    first, second, third = ("the first of them", "the second of them", "the third of them")
    assert put(api, ACTIVE, email, first).status == 200
    assert put(api, TEMPORARY, email, first).refusal == (400, "E011004")
    assert put(api, ACTIVE, email, second).status == 200
    assert put(api, ACTIVE, email, first).refusal == (400, "E011004")
    assert put(api, ACTIVE, email, third).status == 200
    assert put(api, ACTIVE, email, first).status == 200
    user_id = user_of(api, email)["userId"]
    assert len(api.avow.run(lambda tx: passwords.earlier(tx, user_id, 24))) == 1
    configure(api, reuse=False)
    assert put(api, ACTIVE, email, first).status == 200
    assert api.avow.run(lambda tx: passwords.earlier(tx, user_id, 24)) == ()


def test_password_judged_by_what_has_changed_is_judged_again(
    api: Api, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two calls at once: the second finds another password than the one that it looked at."""
    configure(api, reuse=True, reuseAmount=1)
    put(api, ACTIVE, email, "the first of them")
    user_id = user_of(api, email)["userId"]
    encode, calls = passwords.encode, list[str]()

    def meanwhile(password: str, standard: passwords.Standard) -> str:
        calls.append(password)
        if len(calls) == 1:
            made = hashed(GOOD)
            api.avow.run(lambda tx: passwords.replace(tx, user_id, made, "active", remembers=0))
        return encode(password, standard)

    monkeypatch.setattr(passwords, "encode", meanwhile)
    assert put(api, ACTIVE, email, GOOD).refusal == (400, "E011004")  # it has just become the present one
    assert len(calls) == 2


def test_setting_a_password_takes_few_statements(api: Api, email: str, statements: Statements) -> None:
    put(api, ACTIVE, email)
    with statements:
        put(api, ACTIVE, email)
    assert len(statements.ran) <= 18, statements.ran


def test_answers_and_audit_show_no_password(api: Api, email: str, avow: Avow) -> None:
    put(api, ACTIVE, email, GOOD)
    found = held(api, email)
    assert found is not None
    assert GOOD not in repr(found)
    assert found.encoded not in repr(found)
    for answer in (put(api, ACTIVE, email, GOOD[:5]), put(api, ACTIVE, email, "x" * 300)):
        assert GOOD[:5] not in str(answer.body)


# --- Callers of one tenant ---------------------------------------------------------------------------------------


@pytest.fixture(params=["key", "administrator"])
def send(request: pytest.FixtureRequest, avow: Avow, api: Api) -> Callable[[str, str], Reply]:
    """Return how callers of one tenant set passwords: a key of it, and its administrator."""
    for tenant_id in ("acme", "other"):
        make_tenant(avow, tenant_id=tenant_id)
    if request.param == "key":
        token, query = avow.run(lambda tx: keys.create_management_key(tx, "of acme", tenant_id="acme"))[1], ""
    else:
        join_tenant(avow, make_user(avow, "admin@example.com"), "acme", [make_role(avow, "Tenant Admin")])
        token, query = str(api.sign_in("admin@example.com")["refreshJwt"]), "tenant=acme"
    return lambda path, email: api.send("POST", path, {"loginId": email, "password": GOOD}, token=token, query=query)


def test_caller_of_a_tenant_sets_temporary_passwords_of_its_own_members(
    api: Api, avow: Avow, send: Callable[[str, str], Reply]
) -> None:
    emails = {name: new_email() for name in ("own", "shared", "foreign", "editor")}
    users = {name: make_user(avow, email) for name, email in emails.items()}
    for name, tenants in (
        ("own", ["acme"]),
        ("shared", ["acme", "other"]),
        ("foreign", ["other"]),
        ("editor", ["acme"]),
    ):
        for tenant_id in tenants:
            join_tenant(avow, users[name], tenant_id)
    grant(avow, users["editor"], make_role(avow, "editor"))
    assert send(TEMPORARY, emails["own"]).status == 200
    assert send(TEMPORARY, emails["shared"]).refusal == (403, "E019403")
    assert send(TEMPORARY, emails["editor"]).refusal == (403, "E019403")
    assert send(TEMPORARY, emails["foreign"]).refusal == send(TEMPORARY, "nobody").refusal == (404, "E112102")
    assert {name for name, email in emails.items() if held(api, email)} == {"own"}


def test_caller_of_a_tenant_sets_no_active_password(api: Api, avow: Avow, send: Callable[[str, str], Reply]) -> None:
    join_tenant(avow, make_user(avow, email := new_email()), "acme")
    for path in (ACTIVE, DEPRECATED, EXPIRE):
        assert send(path, email).status in (401, 403)
    assert held(api, email) is None
