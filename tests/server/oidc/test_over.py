"""What is over counts nowhere: left tenants, switched-off machines, spent refresh tokens, consents taken back.

And what has begun is held to whom it was begun for: a pushed request to its issuer, a grant to the first proven key.
"""

from msgspec import Struct

from avow.server.applications import actions
from avow.server.oidc import grants
from avow.server.users import applications
from avow.testing.server import Avow
from avow.wire.applications import UpdateApplication
from tests.factories import change_settings, join_tenant, make_tenant, make_user, new_email
from tests.server.oidc.relying import API, Rp, claims, make_api, make_app, take_root
from tests.server.oidc.test_clients import KEY, introspect, proof, push
from tests.server.oidc.test_devices import GRANT as DEVICE
from tests.server.oidc.test_devices import answered, begin, poll
from tests.server.oidc.test_direct import REALM, by_password, signed_up
from tests.server.oidc.test_exchange import GRANT as EXCHANGE
from tests.server.oidc.test_exchange import INNER, allow, exchange

OFFLINE = "openid offline_access"
DEAD = {"active": False}


class Found(Struct, frozen=True):
    id: str


def test_who_has_left_the_tenant_acts_in_it_no_more(project: Avow, rp: Rp) -> None:
    for identifier, scope in ((API, "read:messages"), (INNER, "read:inner")):
        make_api(project, scope, identifier=identifier)
    service = make_app(project, grantTypes=["client_credentials", EXCHANGE])
    allow(service, API, "read:messages")
    allow(service, INNER, "read:inner")
    tenant, email = make_tenant(project), new_email()
    user = make_user(project, email)
    join_tenant(project, user, tenant)
    scope = f"{OFFLINE} read:messages"
    tokens = rp.tokens(rp.browser(), email, scope=scope, audience=API, organization=tenant)
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    assert introspect(service, access)["active"] is introspect(rp, refresh)["active"] is True
    assert claims(exchange(service, access)["access_token"])["org_id"] == tenant
    project.client().mgmt.user.remove_tenant(email, tenant)
    assert introspect(service, access).body == introspect(rp, refresh).body == DEAD
    assert rp.userinfo(access).error == (401, "invalid_token")
    assert exchange(service, access).error == (400, "invalid_request")
    # It is taken back nevertheless: who comes back to the tenant does not find it again.
    assert rp.call("/oauth/revoke", {"token": access}, authorization=rp.basic()).status == 200
    join_tenant(project, user, tenant)
    assert introspect(service, access).body == DEAD


def test_machine_that_is_switched_off_has_no_token_that_counts(project: Avow) -> None:
    make_api(project, "read:messages")
    machine, service = make_app(project, preset="machine"), make_app(project, preset="machine")
    for each in (machine, service):
        allow(each, API, "read:messages")
    token = machine.token({"grant_type": "client_credentials", "audience": API})["access_token"]
    assert introspect(service, token)["active"] is True
    off = UpdateApplication(id=machine.id, enabled=False)
    project.run(lambda tx: actions.update(tx, off, is_open=False, actor="test"))
    project.advance(3)
    assert introspect(service, token).body == DEAD


def test_refresh_token_that_would_be_refused_is_told_as_dead(project: Avow) -> None:
    change_settings(project, {"idleLifetimeSeconds": 600})
    project.advance(3)
    rp = make_app(project)
    first = rp.tokens(rp.browser(), new_email(), scope=OFFLINE)["refresh_token"]
    project.advance(31)
    second = rp.refresh(first)["refresh_token"]
    assert introspect(rp, first)["active"] is introspect(rp, second)["active"] is True
    project.advance(31)
    assert (introspect(rp, first).body, introspect(rp, second)["active"]) == (DEAD, True)
    project.advance(600)
    assert introspect(rp, second).body == DEAD


def test_device_gets_nothing_when_the_consent_is_taken_back_before_it_asks(project: Avow) -> None:
    device = make_app(project, preset="native", redirectUris=[], grantTypes=[DEVICE, "refresh_token"])
    codes = begin(device)
    answered(device, codes)
    consent = "SELECT user_id AS id FROM consents WHERE project_id = :project_id"
    user = project.run(lambda tx: tx.all(consent, Found))[0].id
    project.run(lambda tx: grants.withdraw(tx, device.id, user, actor="test"))
    assert poll(device, codes).error == (400, "access_denied")


def test_who_may_not_use_the_application_leaves_no_session_there(project: Avow) -> None:
    direct, other = make_app(project, grantTypes=["authorization_code", REALM]), make_app(project)
    email = signed_up(direct)
    whose = "SELECT user_id AS id FROM login_ids WHERE project_id = :project_id"
    user = project.run(lambda tx: tx.all(whose, Found))[0].id
    project.run(lambda tx: applications.set_all(tx, user, [other.id]))
    assert by_password(direct, email).error == (403, "access_denied")
    live = "SELECT id FROM sessions WHERE project_id = :project_id AND revoked_at IS NULL"
    assert project.run(lambda tx: tx.all(live, Found)) == []


def test_pushed_request_is_of_the_issuer_that_it_was_pushed_to(project: Avow, rp: Rp) -> None:
    root = Rp(project, rp.id, rp.secret, host=take_root(project))
    uri = push(rp)["request_uri"]
    assert root.browser().get(f"/authorize?client_id={rp.id}&request_uri={uri}").status == 400
    page = rp.browser().get(f"{rp.prefix}/authorize?client_id={rp.id}&request_uri={uri}")
    assert page.status == 200


def test_grant_is_bound_to_the_first_key_that_is_proven(project: Avow, rp: Rp) -> None:
    tokens = rp.tokens(rp.browser(), new_email(), scope=OFFLINE)
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    demand = UpdateApplication(id=rp.id, settings={"requiresDpop": True})
    project.run(lambda tx: actions.update(tx, demand, is_open=False, actor="test"))
    project.advance(3)
    assert rp.token(form).error == (400, "invalid_dpop_proof")
    bound = rp.token(form, dpop=proof(rp, "/oauth/token"))
    assert (bound["token_type"], claims(bound["access_token"])["cnf"]) == ("DPoP", {"jkt": KEY.kid})
    assert rp.userinfo(bound["access_token"]).error == (401, "invalid_token")
    other = proof(rp, "/oauth/token", key=type(KEY).generate("ES256"))
    assert rp.token(form, dpop=other).error == (400, "invalid_grant")
    # The token of before says no key, and counts until its end as it was given.
    assert rp.userinfo(tokens["access_token"]).status == 200
