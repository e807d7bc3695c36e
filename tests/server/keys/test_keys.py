"""GET /v2/keys/{projectId} and /{projectId}/.well-known/jwks.json, and the rotation of what they publish."""

import pytest

from avow.core.tokens import SigningKey
from avow.errors import InvalidArgument
from avow.server.keys import actions as keys
from avow.server.sessions import actions as sessions
from tests.server.api import Api, Statements

MONTH_SECONDS = 28 * 86400


def published(api: Api, path: str = "/v2/keys/{project}") -> list[str]:
    body = api.get(path.format(project=api.avow.project_id))
    assert body.header("content-type").startswith("application/json")
    return [str(key["kid"]) for key in body["keys"]]


def rotate(api: Api, algorithm: str = "ES256") -> str:
    promoted = api.avow.run(
        lambda tx: keys.rotate(tx, keys.SESSION, algorithm=algorithm, overlap_seconds=MONTH_SECONDS)
    )
    api.clock.advance(1)
    return promoted


def state_of(api: Api, kid: str) -> str:
    return {row.id: row.state for row in api.avow.run(keys.list_signing_keys)}[kid]


def test_active_and_next_key_are_published_without_their_private_halves(api: Api) -> None:
    answer = api.get(f"/v2/keys/{api.avow.project_id}")
    assert len(answer["keys"]) == 2
    for key in answer["keys"]:
        assert set(key) == {"kid", "alg", "kty", "use", "crv", "x", "y"}
        assert (key["alg"], key["kty"], key["use"], key["crv"]) == ("ES256", "EC", "sig", "P-256")


def test_kid_is_the_thumbprint_of_the_key(api: Api) -> None:
    for row in api.avow.run(keys.published):
        assert SigningKey.from_jwk(row.public_jwk).kid == row.id


def test_openid_path_lists_the_session_keys_too(api: Api) -> None:
    assert set(published(api)) <= set(published(api, "/{project}/.well-known/jwks.json"))


def test_next_key_is_known_before_it_signs(api: Api) -> None:
    before = published(api)
    promoted = rotate(api)
    assert promoted in before
    assert set(before) < set(published(api))
    assert state_of(api, promoted) == "active"


def test_retired_key_is_published_until_its_tokens_end(api: Api) -> None:
    session = api.sign_in()
    [retired] = [row.id for row in api.avow.run(keys.published) if row.state == "active"]
    rotate(api)
    assert retired in published(api)
    assert api.refresh(session["refreshJwt"]).status == 200
    api.clock.advance(MONTH_SECONDS - 2)
    assert retired in published(api)
    api.clock.advance(1)
    assert retired not in published(api)


def test_retirement_before_its_time_ends_what_the_key_signed(api: Api) -> None:
    old = api.sign_in()["refreshJwt"]
    [retired] = [row.id for row in api.avow.run(keys.published) if row.state == "active"]
    api.clock.advance(1)
    rotate(api)
    api.clock.advance(60)  # other servers may have signed with the old key a little longer
    young = api.sign_in()["refreshJwt"]
    assert api.avow.run(lambda tx: sessions.remove_signing_key(tx, retired)) >= 1
    api.clock.advance(1)
    assert retired not in published(api)
    assert api.refresh(old).status == 401
    assert api.refresh(young).status == 200


def test_active_key_cannot_be_retired(api: Api) -> None:
    [active] = [row.id for row in api.avow.run(keys.published) if row.state == "active"]
    with pytest.raises(InvalidArgument):
        api.avow.run(lambda tx: keys.remove_retired(tx, active))


def test_unknown_project_is_refused(api: Api) -> None:
    assert api.get("/v2/keys/Punknown").refusal[0] in {401, 404}


def test_keys_of_a_known_project_cost_no_statement(api: Api, statements: Statements) -> None:
    published(api)
    with statements:
        published(api)
    assert statements.ran == []


def test_load_of_a_project_runs_three_statements(api: Api, statements: Statements) -> None:
    with statements:
        published(api)
    assert statements.ran == ["projects.FIND", "keys.PUBLISHED", "projects.SETTINGS"]
