"""Token exchange: narrow, off unless allowed, and never wider or longer than what was brought."""

import pytest

from avow.server.applications import actions
from avow.server.sessions import actions as sessions
from avow.testing.server import Avow
from tests.factories import new_email
from tests.server.oidc.relying import API, Reply, Rp, claims, make_api, make_app

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
