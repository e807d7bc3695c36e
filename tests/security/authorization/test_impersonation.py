"""S-AUZ-04, 05, 06, 09 and 10: nobody becomes somebody else, or more than they are, unless they may."""

from collections.abc import Callable
from typing import Any

import pytest

from avow.core.tokens import SigningKey, sign
from avow.server.keys import actions as keys
from tests.bed.cases import Case
from tests.factories import grant, join_tenant, make_member, make_role, make_tenant, make_user, new_email
from tests.security.calls import Answer, assert_refused
from tests.security.conftest import MakePlace
from tests.security.place import Place, claims_of

IMPERSONATE, STOP = "/v1/mgmt/impersonate", "/v1/mgmt/stop/impersonation"
SIGN_IN = "/v1/mgmt/auth/signin"
WATCHED = ("sessions", "users", "login_ids", "user_roles", "memberships", "membership_roles")


def stored(place: Place) -> list[list[tuple[object, ...]]]:
    """Return what an attack must not change."""
    return [sorted(place.rows(table, "project_id"), key=repr) for table in WATCHED]


def manage(place: Place, path: str, body: object, key: str = "") -> Answer:
    return place.api.post(path, key or place.avow.management_key, body)


def impersonate(place: Place, impersonator: str, other: str, **changes: Any) -> Answer:
    body = {"impersonatorId": impersonator, "loginId": other, "validateConsent": False, **changes}
    return manage(place, IMPERSONATE, body)


def helper_of(place: Place, *, tenant_id: str = "") -> str:
    """Return the address of somebody who may impersonate, in the project or in one tenant."""
    address = new_email("helper")
    user_id = make_user(place.avow, address)
    role = make_role(place.avow, f"Support {user_id}", ["Impersonate"])
    if tenant_id:
        join_tenant(place.avow, user_id, tenant_id, [role])
    else:
        grant(place.avow, user_id, role)
    return address


def test_s_auz_09_impersonation(case: Case, make_each_place: MakePlace) -> None:
    place, elsewhere = make_each_place(), make_each_place()
    own, foreign = make_tenant(place.avow), make_tenant(place.avow)
    user, other = place.sign_in(), place.sign_in()
    join_tenant(place.avow, user.id, own)
    join_tenant(place.avow, other.id, foreign)
    helper, local = helper_of(place), helper_of(place, tenant_id=own)
    case.control(lambda: impersonate(place, helper, user.login_id).status == 200)
    case.control(lambda: impersonate(place, local, user.login_id).status == 200)
    disabled = place.sign_in()
    manage(place, "/v1/mgmt/user/update/status", {"loginId": disabled.login_id, "status": "disabled"})
    refused: dict[str, Callable[[], Answer]] = {
        "without permission": lambda: impersonate(place, other.login_id, user.login_id),
        "without consent where it is asked for": lambda: impersonate(
            place, helper, user.login_id, validateConsent=True
        ),
        "of a user in another tenant": lambda: impersonate(place, local, other.login_id),
        "in a tenant of which the user is no member": lambda: impersonate(
            place, helper, user.login_id, selectedTenant=foreign
        ),
        "of a disabled user": lambda: impersonate(place, helper, disabled.login_id),
        "by a disabled user": lambda: impersonate(place, disabled.login_id, user.login_id),
        "of oneself": lambda: impersonate(place, helper, helper),
        "nested: of somebody who may impersonate": lambda: impersonate(place, helper, local),
        "nested: by the user of an impersonated session": lambda: impersonate(place, user.login_id, other.login_id),
    }
    for name, attempt in refused.items():
        with case.cell(name):
            before = stored(place)
            assert_refused(attempt(), 401, 403)
            assert stored(place) == before
    with case.cell("of a user of another project"):
        assert_refused(impersonate(place, helper, elsewhere.sign_in().login_id), 404)
        assert_refused(impersonate(elsewhere, helper, user.login_id), 404)
    token = str(impersonate(place, helper, user.login_id).body["jwt"])
    _try_credentials(case, place, token, user.login_id, user.id)
    with case.cell("stop with a forged token"):
        before = stored(place)
        claims = claims_of(token)
        forged = [
            sign(SigningKey.generate("ES256"), claims),
            f"{token[:-4]}AAAA",
            elsewhere.sign_in().refresh_jwt,
            "a.b.c",
        ]
        for wrong in forged:
            assert_refused(manage(place, STOP, {"jwt": wrong}), 401, 403)
        assert_refused(manage(elsewhere, STOP, {"jwt": token}), 401, 403)
        assert stored(place) == before
    with case.cell("stop of a session of one's own"):
        assert_refused(manage(place, STOP, {"jwt": user.refresh_jwt}), 400, 401, 403)
    _look_at_what_is_allowed(case, place, token, helper, user.id)


def _try_credentials(case: Case, place: Place, token: str, login_id: str, user_id: str) -> None:
    """Try to change how the user signs in, or to prove oneself as them, in an impersonated session."""
    wishes: dict[str, tuple[str, dict[str, Any]]] = {
        "e-mail": ("otp/update/email", {"loginId": login_id, "email": new_email(), "addToLoginIDs": True}),
        "phone": ("otp/update/phone/sms", {"loginId": login_id, "phone": "+12025550123"}),
        "e-mail by magic link": ("magiclink/update/email", {"loginId": login_id, "email": new_email()}),
        "e-mail by enchanted link": ("enchantedlink/update/email", {"loginId": login_id, "email": new_email()}),
        "step-up": ("otp/signin/email", {"loginId": login_id, "loginOptions": {"stepup": True}}),
        "a further factor": ("magiclink/signin/email", {"loginId": login_id, "loginOptions": {"mfa": True}}),
        "ending the user's sessions": ("logoutall", {}),
    }
    for name, (path, body) in wishes.items():
        with case.cell(f"change of credentials in an impersonated session: {name}"):
            before = stored(place)
            assert_refused(place.api.post(f"/v1/auth/{path}", token, body), 401, 403)
            assert stored(place) == before
            assert place.avow.messages(body.get("email", "nobody@example.com")) == []
    with case.cell("step-up by management of an impersonated session"):
        before = stored(place)
        assert_refused(manage(place, SIGN_IN, {"loginId": login_id, "stepup": True, "jwt": token}), 401, 403)
        assert stored(place) == before
    with case.cell("administration of a tenant in an impersonated session"):
        make_member(place.avow, user_id, tenant_id="Tadmin", roles_in_tenant={"Tenant Admin": []})
        assert_refused(place.api.get("/v1/mgmt/role/all?tenant=Tadmin", token), 401, 403)
        manage(place, "/v1/mgmt/user/update/tenant/remove", {"loginId": login_id, "tenantId": "Tadmin"})


def _look_at_what_is_allowed(case: Case, place: Place, token: str, helper: str, user_id: str) -> None:
    with case.cell("what is allowed says who acts, is shorter-lived and audited with both identities"):
        helper_id = manage(place, "/v1/mgmt/user/update/status", {"loginId": helper, "status": "enabled"}).body["user"]
        session = place.api.refresh(token).body
        for each in (token, session["sessionJwt"]):
            claims = claims_of(each)
            assert (claims["sub"], claims["act"]) == (user_id, {"sub": helper_id["userId"]})
        assert session["cookieMaxAge"] <= 3600
        started = [row for row in place.rows("audit_events") if "impersonation.started" in row]
        assert all(f"user:{helper_id['userId']}" in row or helper not in str(row) for row in started)
        assert any(f"user:{helper_id['userId']}" in row and user_id in row for row in started)


def test_s_auz_04_no_promotion_by_impersonation(case: Case, make_each_place: MakePlace) -> None:
    place = make_each_place()
    case.control(lambda: impersonate(place, helper_of(place), place.sign_in().login_id).status == 200)
    administrators = {role: new_email() for role in ("is_staff", "is_superuser")}
    for role, login_id in administrators.items():
        make_user(place.avow, login_id)
        body = {"loginId": login_id, "roleNames": [role]}
        assert manage(place, "/v1/mgmt/user/update/role/set", body).status == 200
    delegate = _key(place, "user:write", "management_key:read")
    before = stored(place)
    with case.cell("impersonate an administrator of the project"):
        for login_id in administrators.values():
            wish = {"loginId": login_id, "impersonatorId": login_id, "validateConsent": False}
            for path in (IMPERSONATE, f"{IMPERSONATE}/stepup", SIGN_IN):
                assert_refused(manage(place, path, wish, delegate), 403)
    assert stored(place) == before
    with case.cell("impersonate an administrator of the project, as somebody who may impersonate others"):
        helper = helper_of(place)
        before = stored(place)
        for login_id in administrators.values():
            assert_refused(impersonate(place, helper, login_id), 403)
        assert stored(place) == before
    with case.cell("a role with more permissions for oneself and others"):
        make_user(place.avow, login_id := new_email())
        before = stored(place)
        gifts: dict[str, object] = {
            "/v1/mgmt/user/update/role/set": {"loginId": login_id, "roleNames": ["is_superuser"]},
            "/v1/mgmt/user/update": {"loginId": login_id, "roleNames": ["is_superuser"]},
            "/v1/mgmt/user/create": {"loginId": new_email(), "roleNames": ["is_superuser"]},
        }
        for path, gift in gifts.items():
            assert_refused(manage(place, path, gift, delegate), 403)
        assert stored(place) == before


def _key(place: Place, *rights: str) -> str:
    return place.avow.run(lambda tx: keys.create_management_key(tx, "limited", rights=rights))[1]


PRIVILEGED: dict[str, Any] = {
    "roleNames": ["is_superuser"],
    "permissions": ["all"],
    "tenants": ["T1"],
    "userTenants": [{"tenantId": "T1", "roleNames": ["is_superuser"]}],
    "verifiedEmail": True,
    "verifiedPhone": True,
    "status": "enabled",
    "userId": "Uattacker",
    "createdTime": 1,
    "test": True,
    "customAttributes": {"team": "blue"},
    "__class__": "x",
    "constructor": {"prototype": {"isAdmin": True}},
}


@pytest.mark.parametrize("method", ["otp", "magiclink", "enchantedlink"])
def test_s_auz_05_mass_assignment_at_sign_up(case: Case, make_each_place: MakePlace, method: str) -> None:
    place = make_each_place()
    case.control(lambda: place.sign_in())
    tenant = make_tenant(place.avow, tenant_id="T1")
    with case.cell(f"{method} sign-up with privileged fields"):
        login_id, number = new_email(), "+12025550147"
        wish = {**PRIVILEGED, "user": {**PRIVILEGED, "name": "Mia", "phone": number}}
        user_id = _signed_up(place, method, login_id, wish)
        user = place.api.get(f"/v1/mgmt/user?loginId={login_id}", place.avow.management_key).body["user"]
        assert (user["userId"], user["name"]) == (user_id, "Mia")
        assert user_id != "Uattacker"
        assert (user["roleNames"], user["permissions"], user["userTenants"]) == ([], [], [])
        assert (user["verifiedPhone"], user["test"], user["customAttributes"]) == (False, False, {})
        assert user["createdTime"] > 1
        assert {"__class__", "constructor", "isAdmin"}.isdisjoint(user)
    with case.cell(f"{method} sign-up, roles by the body of the sign-in"):
        again = place.sign_in(login_id, **PRIVILEGED)
        assert place.api.me(again.refresh_jwt).body["roleNames"] == []
    assert tenant == "T1"


def _signed_up(place: Place, method: str, login_id: str, wish: dict[str, Any]) -> str:
    """Sign up with a wish of more than a stranger may say; return the user id."""
    if method == "otp":
        answer = place.verify_code(login_id, place.send_code(login_id, how="signup", **wish))
    elif method == "magiclink":
        token = place.send_magic_link(login_id, how="signup", **wish)
        answer = place.api.post("/v1/auth/magiclink/verify", body={"token": token})
    else:
        token, pending = place.send_enchanted_link(login_id, how="signup", **wish)
        assert place.api.post("/v1/auth/enchantedlink/verify", body={"token": token}).status == 200
        answer = place.api.post("/v1/auth/enchantedlink/pending-session", body={"pendingRef": pending})
    assert answer.status == 200, answer.content
    return str(answer.body["user"]["userId"])


def test_s_auz_06_end_user_object_access(case: Case, make_each_place: MakePlace) -> None:
    place = make_each_place()
    mine, theirs = place.sign_in(), place.sign_in()
    join_tenant(place.avow, mine.id, make_tenant(place.avow, tenant_id="T1"))
    join_tenant(place.avow, theirs.id, make_tenant(place.avow, tenant_id="T2"))
    api, token = place.api, mine.refresh_jwt
    case.control(lambda: api.me(place.sign_in(mine.login_id).refresh_jwt).status == 200)
    case.control(lambda: api.refresh(theirs.refresh_jwt).status == 200)
    before = [row for row in place.rows("users") if theirs.id in row]
    with case.cell("history of another user"):
        for path in ("", f"?userId={theirs.id}", f"?loginId={theirs.login_id}"):
            found = api.get(f"/v1/auth/me/history{path}", token).body
            assert {each["userId"] for each in found} == {mine.id}
    with case.cell("tenants of another user"):
        assert api.post("/v1/auth/me/tenants", token, {"ids": ["T2"]}).body == {"tenants": []}
        assert_refused(api.post("/v1/auth/tenant/select", token, {"tenant": "T2"}), 401, 403)
    for method in ("otp", "magiclink", "enchantedlink"):
        with case.cell(f"{method}: address of another user"):
            body = {"loginId": theirs.login_id, "email": new_email(), "addToLoginIDs": True}
            assert_refused(api.post(f"/v1/auth/{method}/update/email", token, body), 401, 403)
            assert place.avow.messages(body["email"]) == []  # type: ignore[arg-type]  # a text
    with case.cell("number of another user"):
        body = {"loginId": theirs.login_id, "phone": "+12025550148"}
        assert_refused(api.post("/v1/auth/otp/update/phone/sms", token, body), 401, 403)
    with case.cell("log-out of another user"):
        end = {"sessionId": theirs.session_id, "userId": theirs.id, "loginId": theirs.login_id}
        assert_refused(api.post("/v1/auth/avow/sessions/end", token, end), 404)
        others = place.sign_in(mine.login_id)
        assert api.post("/v1/auth/logoutall", others.refresh_jwt, end).status == 200
        assert api.refresh(theirs.refresh_jwt).status == 200
        token = place.sign_in(mine.login_id).refresh_jwt
    with case.cell("management with a session of one's own"):
        for path in (f"/v1/mgmt/user?userId={theirs.id}", f"/v1/mgmt/user?userId={theirs.id}&tenant=T2"):
            assert_refused(api.get(path, token), 401, 403)
    with case.cell("nothing stored of the other user has changed"):
        assert [row for row in place.rows("users") if theirs.id in row] == before


def test_s_auz_10_step_up_and_mfa_binding(case: Case, make_each_place: MakePlace) -> None:
    place = make_each_place()
    mine, theirs = place.sign_in(), place.sign_in()
    api = place.api

    def factor(token: str, **options: bool) -> Answer:
        return api.post("/v1/auth/otp/signin/email", token, {"loginId": mine.login_id, "loginOptions": options})

    def by_back_end(token: str, **options: bool) -> Answer:
        return manage(place, SIGN_IN, {"loginId": mine.login_id, "jwt": token, **options})

    case.control(lambda: factor(mine.refresh_jwt, mfa=True).status == 200)
    case.control(lambda: by_back_end(mine.refresh_jwt, mfa=True).status == 200)
    before = stored(place)
    for name, ask in {"a code": factor, "a back end's word": by_back_end}.items():
        for option in ("mfa", "stepup"):
            with case.cell(f"{option} by {name}, with another user's refresh token"):
                assert_refused(ask(theirs.refresh_jwt, **{option: True}), 401, 403)
            with case.cell(f"{option} by {name}, without a token"):
                assert_refused(ask("", **{option: True}), 400, 401)
    with case.cell("nothing came of it"):
        assert stored(place) == before
    with case.cell("a step-up is of one session"):
        assert factor(mine.refresh_jwt, stepup=True).status == 200
        stepped = place.verify_code(mine.login_id, place.avow.code(mine.login_id)).body
        assert claims_of(stepped["sessionJwt"])["su"] is True
        assert "su" not in claims_of(api.refresh(mine.refresh_jwt).body["sessionJwt"])
    with case.cell("amr says what was really used"):
        second = place.avow.code(mine.login_id) if factor(mine.refresh_jwt, mfa=True).status == 200 else ""
        assert claims_of(place.verify_code(mine.login_id, second).body["sessionJwt"])["amr"] == ["email"]  # twice
        assert claims_of(by_back_end(mine.refresh_jwt).body["sessionJwt"])["amr"] == []
        assert claims_of(by_back_end(mine.refresh_jwt, mfa=True).body["sessionJwt"])["amr"] == ["email", "mfa"]
    with case.cell("mfa that was begun ends with its session"):
        person = place.sign_in()
        body = {"loginId": person.login_id, "loginOptions": {"mfa": True}}
        assert api.post("/v1/auth/otp/signin/email", person.refresh_jwt, body).status == 200
        code = place.avow.code(person.login_id)
        assert api.post("/v1/auth/logout", person.refresh_jwt).status == 200
        assert_refused(place.verify_code(person.login_id, code))
