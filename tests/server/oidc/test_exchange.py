"""Token exchange: narrow, off unless allowed, and never wider or longer than what was brought."""

import pytest

from avow.server.applications import actions, consents
from avow.server.oidc import grants
from avow.server.sessions import actions as sessions
from avow.testing.server import Avow
from avow.wire.applications import UpdateApplication
from tests.factories import new_email
from tests.server.oidc.relying import API, Reply, Rp, claims, make_api, make_app
from tests.server.oidc.test_clients import KEY, proof

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
TYPE = "urn:ietf:params:oauth:token-type:access_token"
INNER = "https://inner.example.com"
OUTER = "https://outer.example.com"


@pytest.fixture
def service(project: Avow) -> Rp:
    """Return a service that gets tokens for one API and calls another one."""
    make_api(project, "read:messages")
    make_api(project, "read:inner", "write:inner", identifier=INNER)
    make_api(project, "read:outer", identifier=OUTER)
    made = make_app(project, grantTypes=["client_credentials", GRANT])
    for identifier, scopes in ((API, ["read:messages"]), (INNER, ["read:inner"])):
        allow(made, identifier, *scopes)
    return made


def allow(rp: Rp, identifier: str, *scopes: str) -> None:
    rp.avow.run(lambda tx: actions.grant(tx, rp.id, identifier, scopes, actor="test"))
    rp.avow.advance(3)


def subject(rp: Rp, audience: str = API) -> str:
    token: str = rp.tokens(rp.browser(), new_email(), scope="openid read:messages", audience=audience)["access_token"]
    return token


def exchange(service: Rp, token: str, **form: str) -> Reply:
    given = {"grant_type": GRANT, "subject_token": token, "subject_token_type": TYPE, "audience": INNER, **form}
    return service.token({name: value for name, value in given.items() if value})


def test_service_calls_another_api_for_the_user(rp: Rp, service: Rp) -> None:
    token = subject(rp)
    got = exchange(service, token)
    assert (got["issued_token_type"], got["scope"], "refresh_token" in got.body) == (TYPE, "read:inner", False)
    before, said = claims(token), claims(got["access_token"])
    assert (said["sub"], said["aud"], said["client_id"]) == (before["sub"], INNER, service.id)
    assert said["act"] == {"sub": f"{service.id}@clients"}
    assert said["exp"] <= before["exp"]


def test_what_was_exchanged_ends_with_the_session(rp: Rp, service: Rp) -> None:
    token = subject(rp)
    got = exchange(service, token)["access_token"]
    form = {"token": got}
    assert service.call("/oauth/introspect", form, authorization=service.basic())["active"] is True
    rp.avow.run(lambda tx: sessions.end_all(tx, claims(token)["sub"], why="logout"))
    assert service.call("/oauth/introspect", form, authorization=service.basic())["active"] is False
    assert exchange(service, token).error == (400, "invalid_request")


def test_it_is_off_unless_allowed(rp: Rp, service: Rp, project: Avow) -> None:
    token = subject(rp)
    assert exchange(rp, token).error == (400, "unauthorized_client")
    public = make_app(project, preset="spa", grantTypes=["authorization_code", GRANT])
    assert exchange(public, token).error == (400, "unauthorized_client")


def test_nothing_wider_is_given(rp: Rp, service: Rp) -> None:
    token = subject(rp)
    assert exchange(service, token, scope="write:inner").error == (400, "invalid_scope")
    assert exchange(service, token, audience=OUTER).error == (403, "access_denied")
    assert exchange(service, token, audience="https://nobody.example.com").error == (400, "invalid_target")
    assert exchange(service, token, audience="").error == (400, "invalid_target")


def test_only_tokens_that_the_service_may_hold(rp: Rp, service: Rp, project: Avow) -> None:
    tokens = rp.tokens(rp.browser(), new_email(), scope="openid offline_access", audience=OUTER)
    for wrong in (tokens["access_token"], tokens["id_token"], tokens["refresh_token"], "x.y.z"):
        assert exchange(service, wrong).error == (400, "invalid_request")
    machine = service.token({"grant_type": "client_credentials", "audience": API})["access_token"]
    assert exchange(service, machine).error == (400, "invalid_request")
    again = exchange(service, subject(rp))["access_token"]
    assert exchange(service, again).error == (400, "invalid_request")


def test_other_kinds_of_tokens_are_not_exchanged(rp: Rp, service: Rp) -> None:
    token, other = subject(rp), "urn:ietf:params:oauth:token-type:refresh_token"
    assert exchange(service, token, subject_token_type=other).error == (400, "invalid_request")
    assert exchange(service, token, requested_token_type=other).error == (400, "invalid_request")
    assert exchange(service, token, actor_token=token).error == (400, "invalid_request")


# --- What such a token is worth --------------------------------------------------------------------------------------


@pytest.fixture
def guard(project: Avow, service: Rp) -> Rp:
    """Return the API that the service calls: it asks what tokens are worth."""
    made = make_app(project, preset="machine")
    allow(made, INNER)
    return made


def introspect(rp: Rp, token: str) -> Reply:
    return rp.call("/oauth/introspect", {"token": token}, authorization=rp.basic())


def test_introspection_says_who_acts_and_by_which_key(rp: Rp, service: Rp, guard: Rp) -> None:
    token = subject(rp)
    told = introspect(guard, exchange(service, token)["access_token"])
    assert (told["sub"], told["client_id"], told["token_type"]) == (claims(token)["sub"], service.id, "Bearer")
    assert (told["act"], "cnf" in told.body) == ({"sub": f"{service.id}@clients"}, False)
    bound = service.token(
        {"grant_type": GRANT, "subject_token": token, "subject_token_type": TYPE, "audience": INNER},
        dpop=proof(service, "/oauth/token"),
    )
    told = introspect(guard, bound["access_token"])
    assert (told["token_type"], told["cnf"]) == ("DPoP", {"jkt": KEY.kid})
    allow(guard, API)
    plain = introspect(guard, token)
    assert (plain["active"], "act" in plain.body, "cnf" in plain.body) == (True, False, False)


def test_token_of_a_service_that_is_switched_off_counts_no_more(rp: Rp, service: Rp, guard: Rp) -> None:
    token = subject(rp)
    got = exchange(service, token)["access_token"]
    assert introspect(guard, got)["active"] is introspect(rp, token)["active"] is True
    update(service, enabled=False)
    assert introspect(guard, got).body == {"active": False}
    assert introspect(rp, token)["active"] is True  # whose grant it is has nothing to do with it


def test_token_of_a_service_counts_while_the_user_allows_it(rp: Rp, service: Rp, guard: Rp) -> None:
    update(service, trusted=False)
    token = subject(rp)
    user = claims(token)["sub"]

    def consent(scopes: dict[str, list[str]]) -> None:
        rp.avow.run(lambda tx: consents.add(tx, service.id, user, scopes))

    consent({INNER: ["read:inner"]})
    got = exchange(service, token)["access_token"]
    assert introspect(guard, got)["active"] is True
    rp.avow.run(lambda tx: grants.withdraw(tx, service.id, user, actor="test"))
    assert introspect(guard, got).body == {"active": False}
    consent({"": ["openid"], OUTER: ["read:outer"]})
    assert introspect(guard, got).body == {"active": False}
    update(service, trusted=True)
    assert introspect(guard, got)["active"] is True


def update(rp: Rp, **changes: bool) -> None:
    body = UpdateApplication(id=rp.id, **changes)  # type: ignore[arg-type]
    rp.avow.run(lambda tx: actions.update(tx, body, is_open=False, actor="test"))
    rp.avow.advance(3)
