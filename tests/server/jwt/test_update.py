"""POST /v1/mgmt/jwt/update."""

import json
from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest

from avow.core.claims import MAX_BYTES
from avow.core.tokens import sign
from avow.core.tokens.encoding import from_base64url
from avow.server.keys.directory import load
from avow.testing.server import Avow
from tests.factories import grant, make_role, new_email
from tests.server.api import Api, Reply, Statements, said

PATH = "/v1/mgmt/jwt/update"
KEEPER: dict[str, Any] = {"x_avow_stores_rotated_tokens": "1"}


def update(api: Api, token: str, claims: dict[str, Any] | None = None, **body: Any) -> Reply:
    return api.post(PATH, {"jwt": token, "customClaims": claims, **body}, token=api.avow.management_key)


def read(api: Api, token: str) -> dict[str, Any]:
    return dict(api.avow.client().validate_session(token))


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(from_base64url(token.split(".")[1].encode()))
    return claims


def test_session_token_gets_claims_and_the_rights_of_now(api: Api) -> None:
    session = api.sign_in()
    before = read(api, session["sessionJwt"])
    grant(api.avow, session["user"]["userId"], make_role(api.avow, "Editor", ["write"]))
    after = read(api, update(api, session["sessionJwt"], {"plan": "gold"})["jwt"])
    assert (after["plan"], after["roles"], after["drn"]) == ("gold", ["Editor"], "DS")
    assert {after[name] == before[name] for name in ("sub", "sid", "iss", "amr", "rexp")} == {True}
    assert "jwt" in after
    assert "plan" not in before


def test_claims_stay_in_the_tokens_to_come(api: Api) -> None:
    session = api.sign_in(options={"customClaims": {"asked": 1}})
    update(api, session["sessionJwt"], {"plan": "gold", "seats": 3})
    update(api, session["sessionJwt"], {"plan": "silver", "seats": None})
    after = read(api, api.refresh(session["refreshJwt"])["sessionJwt"])
    assert (after["plan"], after["nsec"]) == ("silver", {"asked": 1})
    assert "seats" not in after


@pytest.mark.parametrize("headers", [{}, KEEPER])
def test_refresh_token_stays_the_one_of_its_session(api: Api, headers: dict[str, Any]) -> None:
    session = api.sign_in(**headers)
    token = update(api, session["refreshJwt"], {"plan": "gold"})["jwt"]
    shown = claims_of(token)
    assert (shown["drn"], shown["plan"]) == ("DSR", "gold")
    for each in (token, session["refreshJwt"]):
        assert read(api, api.refresh(each)["sessionJwt"])["plan"] == "gold"
    api.clock.advance(3600)
    assert api.refresh(token).status == 200


def test_duration_shortens_and_never_lengthens(api: Api) -> None:
    session = api.sign_in()
    now = api.clock()
    for token, usual in ((session["sessionJwt"], now + 600), (session["refreshJwt"], now + 28 * 86400)):
        ends = [
            claims_of(update(api, token, refreshDuration=seconds)["jwt"])["exp"] for seconds in (0, 60, 300 * 86400)
        ]
        assert ends == [usual, now + 60, usual]
    assert api.refresh(session["refreshJwt"])["cookieExpiration"] == now + 28 * 86400


def test_reserved_claims_stay_the_servers(api: Api) -> None:
    session = api.sign_in()
    wish = {"sub": "Uother", "exp": 1, "iss": "Pother", "roles": ["is_superuser"], "tenants": {"T": {}}, "su": True}
    for kind in ("sessionJwt", "refreshJwt"):
        token = update(api, session[kind], {**wish, "permissions": ["all"], "act": {"sub": "U"}, "mine": 1})["jwt"]
        after = claims_of(token)
        assert (after["sub"], after["iss"], after["mine"]) == (session["user"]["userId"], api.avow.project_id, 1)
        assert after["exp"] > api.clock()
        assert not after.get("roles")
        assert not after.get("permissions")
        assert not after.get("tenants")
        assert not {"act", "su"} & after.keys()


def test_step_up_lasts_through_an_update(api: Api) -> None:
    address = new_email()
    live = api.sign_in(address)
    body = {"loginId": address, "stepup": True, "jwt": live["refreshJwt"]}
    stepped = api.post("/v1/mgmt/auth/signin", body, token=api.avow.management_key)
    assert read(api, update(api, stepped["sessionJwt"], {"plan": "gold"})["jwt"])["su"] is True


def test_claims_are_bounded_together(api: Api) -> None:
    token = api.sign_in()["sessionJwt"]
    half = "x" * (MAX_BYTES // 2)
    assert update(api, token, {"a": half}).status == 200
    assert update(api, token, {"b": half}).refusal == (400, "E011004")
    assert update(api, token, {"a": None, "b": half}).status == 200
    assert update(api, token, {"b": "\ud800"}).status == 400


def test_dead_foreign_and_forged_tokens_are_refused(api: Api, make_project: Callable[..., Avow]) -> None:
    session = api.sign_in()
    elsewhere = Api(make_project()).sign_in()
    assert update(api, elsewhere["sessionJwt"]).status == 401
    project = api.avow.run(lambda tx: load(tx, api.avow.server.site.settings))
    assert project is not None
    own = {name: value for name, value in read(api, session["sessionJwt"]).items() if name in ("sub", "sid", "exp")}
    forged = sign(project.signing_key, {**own, "iss": "Pother", "drn": "DS"})
    machine = sign(project.signing_key, {**own, "sub": "A1", "iss": api.avow.project_id, "drn": "DS"})
    no_session = sign(project.signing_key, {**own, "sid": None, "iss": api.avow.project_id, "drn": "DS"})
    for wrong in ("a.b.c", forged, machine, no_session):
        assert update(api, wrong).status == 401
    api.clock.advance(606)
    assert update(api, session["sessionJwt"]).refusal == (401, "E064003")
    fresh = api.refresh(session["refreshJwt"])["sessionJwt"]
    api.post("/v1/auth/logout", token=session["refreshJwt"])
    for dead in (fresh, session["refreshJwt"]):
        assert update(api, dead).refusal == (401, "E064001")


def test_refresh_token_that_was_replaced_is_refused(api: Api) -> None:
    session = api.sign_in(**KEEPER)
    api.clock.advance(60)
    newer = api.refresh(session["refreshJwt"])["refreshJwt"]
    api.clock.advance(60)
    assert update(api, session["refreshJwt"]).refusal == (401, "E064001")
    assert said(update(api, newer)["jwt"]) == said(newer)


def test_updates_at_once_keep_each_others_claims(api: Api) -> None:
    session = api.sign_in()
    start = Barrier(6)

    def one(number: int) -> None:
        start.wait()
        assert update(api, session["sessionJwt"], {f"c{number}": number}).status == 200

    threads = [Thread(target=one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = read(api, api.refresh(session["refreshJwt"])["sessionJwt"])
    assert {after[f"c{number}"] for number in range(6)} == set(range(6))


def test_update_runs_few_statements(api: Api, statements: Statements) -> None:
    session = api.sign_in()
    with statements:
        update(api, session["sessionJwt"], {"plan": "gold"})
    assert statements.ran == [
        "keys.FIND_SECRET",
        "sessions.HOLD",
        "users.PROFILE",
        "sessions.SAY",
        "users.PROFILE",
        "store.INSERT_AUDIT",
    ]
