"""POST /v1/mgmt/impersonate, impersonate/stepup and stop/impersonation."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from avow.server.accounts import actions as accounts
from avow.server.managementkeys.actions import TENANT_ADMIN
from avow.server.sessions import actions as sessions
from avow.server.users import actions as users
from avow.testing.server import Avow
from tests.factories import grant, join_tenant, make_role, make_tenant, make_user, new_email
from tests.server.api import Api, Reply

IMPERSONATE = "/v1/mgmt/impersonate"
STEPUP = "/v1/mgmt/impersonate/stepup"
STOP = "/v1/mgmt/stop/impersonation"


@dataclass(frozen=True, slots=True)
class Cast:
    """Who acts (with the permission in the project) and in whose name, by id and address."""

    api: Api
    helper: str
    helper_address: str
    user: str
    address: str
    role: str

    def impersonate(self, path: str = IMPERSONATE, **changes: Any) -> Reply:
        body = {"loginId": self.address, "impersonatorId": self.helper_address, "validateConsent": False, **changes}
        return manage(self.api, path, body)

    def token(self, **changes: Any) -> str:
        return str(self.impersonate(**changes)["jwt"])


def manage(api: Api, path: str, body: dict[str, Any]) -> Reply:
    return api.post(path, body, token=api.avow.management_key)


def claims(api: Api, session: Reply) -> dict[str, Any]:
    return dict(api.avow.client().validate_session(session["sessionJwt"]))


def events(api: Api, action: str) -> list[tuple[str, str, str]]:
    """Return actor, user and outcome of the events of a kind."""
    statement = "SELECT actor, user_id, outcome FROM audit_events WHERE project_id = :project_id AND action = :action"
    return api.avow.run(lambda tx: tx.all(statement, lambda *row: row, action=action))


@pytest.fixture
def cast(api: Api) -> Cast:
    helper_address, address = new_email("helper"), new_email()
    helper, user = make_user(api.avow, helper_address), make_user(api.avow, address)
    role = make_role(api.avow, "Support", ["Impersonate"])
    grant(api.avow, helper, role)
    return Cast(api, helper, helper_address, user, address, role)


# --- What it gives -----------------------------------------------------------------------------------------------


def test_session_is_the_users_and_says_who_acts(cast: Cast) -> None:
    api = cast.api
    grant(api.avow, cast.user, make_role(api.avow, "Editor", ["write"]))
    token = cast.token(customClaims={"ticket": 7, "act": {"sub": "Unobody"}, "sub": "Unobody"})
    refreshed = api.refresh(token)
    for said in (claims(api, refreshed), dict(api.avow.client().refresh_session(token)["refreshSessionToken"])):
        assert said["sub"] == cast.user
        assert said["act"] == {"sub": cast.helper}
    said = claims(api, refreshed)
    assert (said["ticket"], said["roles"], said["amr"]) == (7, ["Editor"], [])
    assert "su" not in said
    assert api.get("/v1/auth/me", token=token)["userId"] == cast.user
    started = (f"user:{cast.helper}", cast.user, "done")
    assert events(api, "impersonation.started") == [started]


def test_people_are_named_by_id_or_login_id(cast: Cast) -> None:
    assert cast.impersonate(loginId=cast.user, impersonatorId=cast.helper).status == 200
    assert cast.impersonate(loginId=new_email()).refusal == (404, "E112102")
    assert cast.impersonate(impersonatorId=new_email()).refusal == (404, "E112102")


def test_login_id_that_looks_like_an_id_is_nobody_elses(cast: Cast) -> None:
    make_user(cast.api.avow, cast.user)  # somebody chose the id of the user as login ID
    assert claims(cast.api, cast.api.refresh(cast.token(loginId=cast.user)))["sub"] == cast.user


@pytest.mark.parametrize(("wanted", "seconds"), [(None, 3600), (0, 3600), (60, 60), (86400, 3600)])
def test_session_lives_an_hour_at_most(cast: Cast, wanted: int | None, seconds: int) -> None:
    session = cast.api.refresh(cast.token(refreshDuration=wanted))
    assert session["cookieMaxAge"] == seconds
    assert session["cookieExpiration"] == cast.api.clock() + seconds


def test_step_up_is_said_only_where_it_was_asked_for(cast: Cast) -> None:
    api = cast.api
    assert claims(api, api.refresh(cast.token(stepup=True)))["su"] is True
    assert claims(api, api.refresh(cast.impersonate(STEPUP)["jwt"]))["su"] is True


def test_tenant_is_one_of_the_users(cast: Cast) -> None:
    api, tenant = cast.api, make_tenant(cast.api.avow)
    assert cast.impersonate(selectedTenant=tenant).refusal == (403, "E019403")
    join_tenant(api.avow, cast.user, tenant)
    assert claims(api, api.refresh(cast.token(selectedTenant=tenant)))["dct"] == tenant


# --- Who may -----------------------------------------------------------------------------------------------------


def test_permission_is_needed_and_a_management_key_is_no_substitute(cast: Cast) -> None:
    api, other = cast.api, make_user(cast.api.avow)
    assert cast.impersonate(impersonatorId=other).refusal == (403, "E019403")
    assert events(api, "impersonation.refused") == [(f"user:{other}", cast.user, "refused")]
    grant(api.avow, other, make_role(api.avow, "Agent", ["impersonation"]))  # as the official SDK calls it
    assert cast.impersonate(impersonatorId=other).status == 200
    assert cast.impersonate(loginId=cast.helper).refusal[0] == 403  # nobody impersonates themselves


def test_consent_is_the_users_own_and_has_an_end(cast: Cast) -> None:
    api, allow = cast.api, "/v1/auth/avow/impersonation/allow"
    mine = api.sign_in(cast.address)["refreshJwt"]
    assert cast.impersonate(validateConsent=True).refusal == (403, "E019403")
    acting = cast.token()
    assert api.post(allow, {"seconds": 60}, token=acting).refusal == (403, "E019403")
    assert api.post(allow, {"seconds": 31 * 86400}, token=mine).status == 400
    assert api.post(allow, {"seconds": 60}, token=mine).status == 200
    assert events(api, "impersonation.allowed") == [(f"user:{cast.user}", cast.user, "done")]
    token = cast.token(validateConsent=True)
    assert api.post(allow, {"seconds": 0}, token=mine).status == 200
    assert cast.impersonate(validateConsent=True).refusal == (403, "E019403")
    assert api.refresh(token).status == 200
    api.post(allow, {"seconds": 60}, token=mine)
    api.clock.advance(60)
    assert cast.impersonate(validateConsent=True).refusal == (403, "E019403")


def test_disabled_people_neither_act_nor_are_acted_for(cast: Cast) -> None:
    avow = cast.api.avow
    avow.run(lambda tx: users.set_status(tx, cast.user, "disabled"))
    assert cast.impersonate().refusal == (403, "E062110")
    avow.run(lambda tx: users.set_status(tx, cast.user, "enabled"))
    avow.run(lambda tx: users.set_status(tx, cast.helper, "disabled"))
    assert cast.impersonate().refusal == (403, "E019403")


@pytest.mark.parametrize("role", ["is_superuser", "is_staff"])
def test_administrator_is_impersonated_by_administrators_alone(cast: Cast, role: str) -> None:
    body = {"loginId": cast.address, "roleNames": [role]}
    manage(cast.api, "/v1/mgmt/user/update/role/set", body)
    assert cast.impersonate().refusal == (403, "E019403")
    own = {"loginId": cast.helper_address, "roleNames": [role, "Support"]}
    manage(cast.api, "/v1/mgmt/user/update/role/set", own)
    assert cast.impersonate().status == 200


def test_nobody_is_impersonated_who_may_impersonate(cast: Cast) -> None:
    api = cast.api
    join_tenant(api.avow, cast.user, make_tenant(api.avow), [cast.role])
    assert cast.impersonate().refusal == (403, "E019403")


def test_permission_of_a_tenant_is_for_its_members_alone(cast: Cast) -> None:
    api = cast.api
    own, other = make_tenant(api.avow), make_tenant(api.avow)
    agent = make_user(api.avow)
    join_tenant(api.avow, agent, own, [cast.role])

    def attempt() -> int:
        return cast.impersonate(impersonatorId=agent).status

    assert attempt() == 403  # a member of no tenant
    join_tenant(api.avow, cast.user, own)
    assert attempt() == 200
    join_tenant(api.avow, cast.user, other)
    assert attempt() == 403
    join_tenant(api.avow, agent, other, [cast.role])
    assert attempt() == 200
    role = make_role(api.avow, "Editor", ["write"])
    grant(api.avow, cast.user, role)
    assert attempt() == 403
    grant(api.avow, agent, role)
    assert attempt() == 200


def test_people_of_another_project_do_not_exist(cast: Cast, make_project: Callable[..., Avow]) -> None:
    stranger = make_user(make_project())
    for changes in ({"loginId": stranger}, {"impersonatorId": stranger}):
        assert cast.impersonate(**changes).refusal == (404, "E112102")


# --- What is not done in another's name --------------------------------------------------------------------------


def test_nothing_of_the_user_themselves_is_done(cast: Cast) -> None:
    api, token = cast.api, cast.token()
    mine = api.sign_in(cast.address)
    own = claims(api, mine)["sid"]
    refused = {
        "/v1/auth/logoutall": {},
        "/v1/auth/avow/sessions/end": {"sessionId": own},
        "/v1/auth/otp/signin/email": {"loginId": cast.address, "loginOptions": {"stepup": True}},
        "/v1/auth/magiclink/signin/email": {"loginId": cast.address, "loginOptions": {"mfa": True}},
        "/v1/auth/enchantedlink/signin/email": {"loginId": cast.address, "loginOptions": {"stepup": True}},
        "/v1/auth/otp/update/email": {"loginId": cast.address, "email": new_email()},
        "/v1/auth/otp/update/phone/sms": {"loginId": cast.address, "phone": "+12025550199"},
        "/v1/auth/magiclink/update/email": {"loginId": cast.address, "email": new_email()},
        "/v1/auth/enchantedlink/update/email": {"loginId": cast.address, "email": new_email()},
    }
    for path, body in refused.items():
        assert api.post(path, body, token=token).refusal == (403, "E019403"), path
    assert api.refresh(mine["refreshJwt"]).status == 200
    stepped = manage(api, "/v1/mgmt/auth/signin", {"loginId": cast.address, "stepup": True, "jwt": token})
    assert stepped.refusal == (403, "E019403")


def test_tenant_is_not_administered(cast: Cast) -> None:
    api, tenant = cast.api, make_tenant(cast.api.avow)
    join_tenant(api.avow, cast.user, tenant, [make_role(api.avow, TENANT_ADMIN)])
    path, query = "/v1/mgmt/role/all", {"tenant": tenant}
    assert api.get(path, query, token=api.sign_in(cast.address)["refreshJwt"]).status == 200
    assert api.get(path, query, token=cast.token()).refusal == (403, "E019403")


# --- Its end -----------------------------------------------------------------------------------------------------


def test_stop_returns_to_who_acted(cast: Cast) -> None:
    api = cast.api
    for kind in ("refreshJwt", "sessionJwt"):
        token = cast.token()
        shown = token if kind == "refreshJwt" else api.refresh(token)[kind]
        back = manage(api, STOP, {"jwt": shown, "customClaims": {"ticket": 7}})["jwt"]
        said = claims(api, api.refresh(back))
        assert (said["sub"], said["ticket"]) == (cast.helper, 7)
        assert "act" not in said
        assert api.refresh(token).refusal == (401, "E064001")
        assert manage(api, STOP, {"jwt": shown}).refusal == (401, "E064001")
    assert events(api, "impersonation.stopped") == [(f"user:{cast.helper}", cast.user, "done")] * 2


def test_stop_needs_a_live_session_in_anothers_name(cast: Cast, make_project: Callable[..., Avow]) -> None:
    api, own = cast.api, cast.api.sign_in(cast.address)
    assert manage(api, STOP, {"jwt": own["refreshJwt"]}).refusal == (400, "E011004")
    assert manage(api, STOP, {"jwt": "a.b.c"}).refusal == (401, "E064002")
    elsewhere = Api(make_project())
    assert manage(elsewhere, STOP, {"jwt": cast.token()}).status == 401
    assert api.refresh(own["refreshJwt"]).status == 200
    late = cast.token()
    api.clock.advance(3600)
    assert manage(api, STOP, {"jwt": late}).status == 401


def test_tenant_after_the_stop_is_one_of_who_acted(cast: Cast) -> None:
    api, tenant, token = cast.api, make_tenant(cast.api.avow), cast.token()
    assert manage(api, STOP, {"jwt": token, "selectedTenant": tenant}).refusal == (403, "E019403")
    assert api.refresh(token).status == 200
    join_tenant(api.avow, cast.helper, tenant)
    back = manage(api, STOP, {"jwt": token, "selectedTenant": tenant})["jwt"]
    assert claims(api, api.refresh(back))["dct"] == tenant


def _disable(api: Api, cast: Cast) -> None:
    manage(api, "/v1/mgmt/user/update/status", {"loginId": cast.helper_address, "status": "disabled"})


def _disable_and_enable(api: Api, cast: Cast) -> None:
    _disable(api, cast)
    manage(api, "/v1/mgmt/user/update/status", {"loginId": cast.helper_address, "status": "enabled"})


ENDS: dict[str, Callable[[Api, Cast], object]] = {
    "disabled": _disable,
    "disabled and enabled again": _disable_and_enable,
    "deleted": lambda api, cast: api.avow.run(lambda tx: accounts.delete(tx, [cast.helper], actor="test")),
    "logged out": lambda api, cast: api.avow.run(lambda tx: sessions.end_all(tx, cast.helper, why="test")),
    "logged out by management": lambda api, cast: manage(api, "/v1/mgmt/user/logout", {"userId": cast.helper}),
    "user disabled": lambda api, cast: manage(
        api, "/v1/mgmt/user/update/status", {"loginId": cast.address, "status": "disabled"}
    ),
    "user deleted": lambda api, cast: manage(api, "/v1/mgmt/user/delete", {"userId": cast.user}),
}


@pytest.mark.parametrize("how", ENDS)
def test_session_ends_at_once_with_who_acts_and_in_whose_name(cast: Cast, how: str) -> None:
    token = cast.token()
    bystander = cast.api.sign_in()["refreshJwt"]
    assert cast.api.refresh(token).status == 200
    ENDS[how](cast.api, cast)
    for answer in (cast.api.get("/v1/auth/me", token=token), cast.api.refresh(token)):
        assert answer.refusal == (401, "E064001")
    assert manage(cast.api, STOP, {"jwt": token}).status == 401
    assert cast.api.refresh(bystander).status == 200


def test_session_ends_with_the_right_to_it(cast: Cast) -> None:
    api, token = cast.api, cast.token()
    body = {"loginId": cast.helper_address, "roleNames": ["Support"]}
    assert manage(api, "/v1/mgmt/user/update/role/remove", body).status == 200
    assert api.refresh(token).refusal == (401, "E064001")
    assert manage(api, "/v1/mgmt/user/update/role/set", body).status == 200
    assert api.refresh(token).refusal == (401, "E064001")


def test_impersonator_signed_out_elsewhere_does_not_end_sessions_of_the_user(cast: Cast) -> None:
    mine = cast.api.sign_in(cast.address)["refreshJwt"]
    cast.token()
    cast.api.avow.run(lambda tx: sessions.end_all(tx, cast.helper, why="test"))
    assert cast.api.refresh(mine).status == 200
