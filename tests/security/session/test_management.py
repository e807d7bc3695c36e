"""S-SES-04, 05 and 12: what management changes is felt at once, or in the next token, on every instance."""

from collections.abc import Callable
from typing import Any

from tests.bed.cases import Case
from tests.factories import join_tenant, make_member, make_role, make_tenant, make_user, new_email
from tests.security.calls import Answer, assert_refused
from tests.security.conftest import MakePlace
from tests.security.place import Person, Place, claims_of

USER = "/v1/mgmt/user"


def manage(place: Place, path: str, body: object) -> Answer:
    """Call management; it has to work."""
    answer = place.api.post(path, place.avow.management_key, body)
    assert answer.status == 200, answer.content
    return answer


def session_claims(place: Place, person: Person) -> dict[str, Any]:
    """Return what the next session token says."""
    answer = place.api.refresh(person.refresh_jwt)
    assert answer.status == 200, answer.content
    return claims_of(answer.body["sessionJwt"])


def impersonated(place: Place, person: Person) -> Person:
    """Return the person as somebody acts in their name."""
    helper = new_email("helper")
    user_id = make_user(place.avow, helper)
    make_member(place.avow, user_id, roles_of_project={f"Support of {user_id}": ["Impersonate"]})
    body = {"loginId": person.login_id, "impersonatorId": helper, "validateConsent": False}
    token = manage(place, "/v1/mgmt/impersonate", body).body["jwt"]
    return Person(person.id, person.login_id, "", token)


def assert_ended(place: Place, persons: list[Person]) -> None:
    """Look at each session on every instance: requests go to them in turn."""
    for person in persons:
        for _ in range(3):
            assert_refused(place.api.refresh(person.refresh_jwt))
            assert_refused(place.api.me(person.refresh_jwt))
            assert_refused(place.api.post("/v1/mgmt/jwt/update", place.avow.management_key, {"jwt": _any(person)}))


def _any(person: Person) -> str:
    return person.session_jwt or person.refresh_jwt


def test_s_ses_04_disabled_by_management(case: Case, make_place: MakePlace) -> None:
    place = make_place()
    case.control(lambda: place.sign_in())
    bystander = place.sign_in()
    with case.cell("disabled by management, at once"):
        login_id = new_email()
        all_of_them = [place.sign_in(login_id) for _ in range(2)]
        code = place.send_code(login_id, how="signin")
        link = place.send_magic_link(login_id, how="signin")
        by_others = impersonated(place, all_of_them[0])
        manage(place, f"{USER}/update/status", {"loginId": login_id, "status": "disabled"})
        assert_ended(place, [*all_of_them, by_others])
        proofs: list[Callable[[], Answer]] = [
            lambda: place.verify_code(login_id, code),
            lambda: place.api.post("/v1/auth/magiclink/verify", body={"token": link}),
            lambda: place.api.post("/v1/auth/otp/signin/email", body={"loginId": login_id}),
        ]
        for path in ("signin", "signup-in"):
            body = {"loginId": login_id}
            proofs.append(lambda path=path, body=body: _as_back_end(place, path, body))  # type: ignore[misc]  # bound
        for proof in proofs:
            assert_refused(proof(), 401, 403)
        manage(place, f"{USER}/update/status", {"loginId": login_id, "status": "enabled"})
        assert_ended(place, [*all_of_them, by_others])
        assert place.sign_in(login_id).id == all_of_them[0].id
    with case.cell("who acted in another's name, disabled by management"):
        helper, user = new_email("helper"), place.sign_in()
        helper_id = make_user(place.avow, helper)
        make_member(place.avow, helper_id, roles_of_project={"Support": ["Impersonate"]})
        wish = {"loginId": user.login_id, "impersonatorId": helper, "validateConsent": False}
        acting = Person(user.id, "", "", manage(place, "/v1/mgmt/impersonate", wish).body["jwt"])
        assert place.api.refresh(acting.refresh_jwt).status == 200
        manage(place, f"{USER}/update/status", {"loginId": helper, "status": "disabled"})
        assert_ended(place, [acting])
        manage(place, f"{USER}/update/status", {"loginId": helper, "status": "enabled"})
        assert_ended(place, [acting])
        assert place.api.refresh(user.refresh_jwt).status == 200
    with case.cell("others go on"):
        assert place.api.refresh(bystander.refresh_jwt).status == 200


def _as_back_end(place: Place, path: str, body: dict[str, str]) -> Answer:
    return place.api.post(f"/v1/mgmt/auth/{path}", place.avow.management_key, body)


def test_s_ses_05_deleted_by_management(case: Case, make_place: MakePlace) -> None:
    place = make_place()
    case.control(lambda: place.sign_in())
    with case.cell("deleted by management"):
        login_id = new_email()
        old = place.sign_in(login_id)
        make_member(place.avow, old.id, roles_of_project={"editor": ["write"]}, roles_in_tenant={"admin": ["all"]})
        manage(place, "/v1/mgmt/jwt/update", {"jwt": old.session_jwt, "customClaims": {"plan": "gold"}})
        by_others = impersonated(place, old)
        manage(place, f"{USER}/delete", {"loginId": login_id})
        assert_ended(place, [old, by_others])
        answer = _as_back_end(place, "signup", {"loginId": login_id})
        assert answer.status == 200, answer.content
        assert_ended(place, [old, by_others])
        assert answer.body["user"]["userId"] != old.id
        claims = claims_of(answer.body["sessionJwt"])
        assert (claims["roles"], claims["permissions"], claims["tenants"]) == ([], [], {})
        assert "plan" not in claims


def test_s_ses_12_roles_and_memberships(case: Case, make_place: MakePlace) -> None:
    place = make_place()
    case.control(lambda: place.sign_in())
    login_id = new_email()
    person = place.sign_in(login_id)
    make_member(
        place.avow,
        person.id,
        roles_of_project={"editor": ["write"]},
        tenant_id="T1",
        roles_in_tenant={"Tenant Admin": ["all"]},
    )
    with case.cell("role and membership removed by management"):
        for _ in range(3):  # on every instance
            claims = session_claims(place, person)
            assert (claims["roles"], claims["permissions"]) == (["editor"], ["write"])
            assert claims["tenants"]["T1"]["roles"] == ["Tenant Admin"]
        manage(place, f"{USER}/update/role/set", {"loginId": login_id, "roleNames": []})
        for _ in range(3):
            claims = session_claims(place, person)
            assert (claims["roles"], claims["permissions"]) == ([], [])
        manage(place, "/v1/mgmt/role/update", {"name": "Tenant Admin", "newName": "Tenant Admin"})
        for _ in range(3):  # what the role is made of
            assert session_claims(place, person)["tenants"]["T1"] == {
                "name": "My tenant",
                "roles": ["Tenant Admin"],
                "permissions": [],
            }
    with case.cell("management routes that act for a user"):
        path = "/v1/mgmt/role/all?tenant=T1"
        assert place.api.get(path, person.refresh_jwt).status == 200
        body = {"loginId": login_id, "tenantId": "T1", "roleNames": ["Tenant Admin"]}
        manage(place, f"{USER}/update/role/remove", body)
        for _ in range(3):  # at once, whatever the tokens that are out say
            assert_refused(place.api.get(path, person.refresh_jwt), 401, 403)
    with case.cell("the membership itself"):
        manage(place, f"{USER}/update/tenant/remove", {"loginId": login_id, "tenantId": "T1"})
        for _ in range(3):
            assert session_claims(place, person)["tenants"] == {}
        selected = place.api.post("/v1/auth/tenant/select", person.refresh_jwt, {"tenant": "T1"})
        assert_refused(selected, 401, 403)
    with case.cell("the selected tenant that was left"):
        tenant = make_tenant(place.avow)
        join_tenant(place.avow, person.id, tenant, [make_role(place.avow, "buyer")])
        assert place.api.post("/v1/auth/tenant/select", person.refresh_jwt, {"tenant": tenant}).status == 200
        assert session_claims(place, person)["dct"] == tenant
        manage(place, f"{USER}/update/tenant/remove", {"loginId": login_id, "tenantId": tenant})
        for _ in range(3):
            assert "dct" not in session_claims(place, person)
    with case.cell("logged out by management, at once"):
        manage(place, f"{USER}/logout", {"loginId": login_id})
        assert_ended(place, [person])
