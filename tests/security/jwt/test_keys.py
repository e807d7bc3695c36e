"""S-JWT-18 and 19: what key sets publish, and how trust in a key begins and ends."""

import base64
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from avow.server.keys import actions as keys
from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from tests.bed.cases import Case
from tests.cli.programs import Said
from tests.factories import make_user
from tests.security.calls import assert_refused
from tests.security.conftest import MakePlace
from tests.security.place import Place, claims_of, header_of
from tests.security.presenting import refuses
from tests.security.production import Production
from tests.security.views import APIS, django_view

PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
OVERLAP_SECONDS = 3600
SDK_CACHE_SECONDS = 600


def published(place: Place, path: str) -> list[dict[str, Any]]:
    answer = place.api.get(path.format(place.avow.project_id))
    assert answer.status == 200
    found: list[dict[str, Any]] = answer.body["keys"]
    return found


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
def test_s_jwt_18_key_sets_have_public_parts_only(case: Case, make_local_place: MakePlace, algorithm: str) -> None:
    place = make_local_place()
    if algorithm != "ES256":
        place.use_algorithm(algorithm)
    place.avow.run(lambda tx: keys.create_set(tx, keys.OIDC, "RS256"))
    place.avow.run(lambda tx: keys.rotate(tx, keys.SESSION, algorithm=algorithm, overlap_seconds=OVERLAP_SECONDS))
    place.avow.run(lambda tx: keys.rotate(tx, keys.OIDC, algorithm="RS256", overlap_seconds=OVERLAP_SECONDS))
    place.advance(2)
    case.control(lambda: place.sign_in())
    active = header_of(place.sign_in().session_jwt)["kid"]
    for path in ("/v2/keys/{}", "/{}/.well-known/jwks.json"):
        rows = published(place, path)
        with case.cell(f"{path}: active, next and retired keys are there"):
            assert active in {row["kid"] for row in rows}
            assert len(rows) == len({row["kid"] for row in rows}) >= 3
        with case.cell(f"{path}: no private member"):
            assert not [row for row in rows if PRIVATE_MEMBERS & set(row)]
        with case.cell(f"{path}: each has kid, alg and use"):
            assert all(row["kid"] and row["alg"] and row["use"] == "sig" for row in rows)
        with case.cell(f"{path}: large enough"):
            assert all(_is_large(row) for row in rows)
    with case.cell("the keys of OpenID are not among those of sessions"):
        sessions_keys = {row["kid"] for row in published(place, "/v2/keys/{}")}
        assert {row["alg"] for row in published(place, "/v2/keys/{}")} == {algorithm}
        assert sessions_keys < {row["kid"] for row in published(place, "/{}/.well-known/jwks.json")}
    with case.cell("nothing of a private key is in what is published"):
        der = place.signing_key().to_der()
        text = place.api.get(f"/v2/keys/{place.avow.project_id}").content
        assert base64.urlsafe_b64encode(der)[8:40] not in text
    with case.cell("jwks_uri of discovery"):
        found = place.api.get(f"/{place.avow.project_id}/.well-known/openid-configuration").body
        assert found["jwks_uri"] == f"{place.avow.base_url}/{place.avow.project_id}/.well-known/jwks.json"


def _is_large(row: dict[str, Any]) -> bool:
    if row["kty"] == "RSA":
        return len(base64.urlsafe_b64decode(row["n"] + "==")) * 8 >= 2048
    return (row["kty"], row["crv"]) in {("EC", "P-256"), ("OKP", "Ed25519")}


def test_s_jwt_19_rotation_keeps_and_retirement_drops_trust(
    case: Case, place: Place, rounds: Callable[[int, int], int]
) -> None:
    case.control(lambda: place.sign_in())
    client = place.avow.client()
    before = place.open_session()
    first = header_of(before.session_jwt)["kid"]
    assert client.validate_session(before.session_jwt)
    failed = 0
    with case.cell("no sign-in fails while keys rotate, and each token verifies at once"):
        turns = rounds(40, 200)
        for number in range(turns):
            if number % (turns // 4) == 5:  # four times, well within the life of a session token
                place.advance(61)  # an SDK looks for newer keys once a minute, and knows the next one before
                place.avow.run(_rotate)
            person = place.sign_in()
            failed += place.api.me(person.refresh_jwt).status != 200
            failed += client.validate_session(person.session_jwt)["sub"] != person.id
        assert failed == 0
    place.advance(2)
    with case.cell("after rotation the old tokens count, for server and SDK"):
        assert place.api.me(before.refresh_jwt).status == 200
        assert client.validate_session(before.session_jwt)
    with case.cell("after rotation new tokens carry the new key"):
        kids = {header_of(place.sign_in().session_jwt)["kid"] for _ in range(4)}
        assert len(kids) == 1
        assert first not in kids
    with case.cell("a refreshed session gets the new key"):
        fresh = place.api.refresh(before.refresh_jwt).body["sessionJwt"]
        assert header_of(fresh)["kid"] in kids
    bystander = place.sign_in()
    ended = place.avow.run(lambda tx: sessions.remove_signing_key(tx, first))
    place.advance(2)
    with case.cell("after forced retirement the server refuses what the key signed"):
        assert ended >= 1
        assert_refused(place.api.me(before.refresh_jwt))
        assert_refused(place.api.refresh(before.refresh_jwt))
    with case.cell("after forced retirement the key is not published"):
        assert first not in {row["kid"] for row in published(place, "/v2/keys/{}")}
    with case.cell("after forced retirement sessions of other keys go on"):
        assert place.api.refresh(bystander.refresh_jwt).status == 200
    with case.cell("after the SDK's cache time it refuses, too"):
        place.advance(SDK_CACHE_SECONDS)
        refuses(partial(client.validate_session, before.session_jwt))
    with case.cell("an SDK that starts now refuses, too"):
        refuses(partial(place.avow.client().validate_session, before.session_jwt))
    with case.cell("a key whose overlap is over is not published and not trusted"):
        _overlap_ends(place)


def test_s_jwt_19_views_of_applications(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: place.api.refresh(place.open_session().refresh_jwt).status == 200)
    before = place.open_session()
    first = header_of(before.session_jwt)["kid"]
    apis = {name: open_view(place.avow) for name, open_view in APIS.items()}
    with case.cell("protected view after retirement, Django, Flask, FastAPI"), django_view(place.avow) as visit:

        def statuses(session: str, refresh: str) -> set[int]:
            return {visit(session, refresh), *(view.by_cookies(session, refresh) for view in apis.values())}

        assert statuses(before.session_jwt, "") == {200}
        place.advance(61)
        place.avow.run(_rotate)
        place.advance(2)
        after = place.open_session()
        assert header_of(after.session_jwt)["kid"] != first
        assert statuses(before.session_jwt, "") == statuses(after.session_jwt, "") == {200}
        place.avow.run(lambda tx: sessions.remove_signing_key(tx, first))
        place.advance(SDK_CACHE_SECONDS)
        assert statuses(before.session_jwt, "") == statuses(before.session_jwt, before.refresh_jwt) == {302, 401}
        assert statuses("", before.refresh_jwt) == {302, 401}
        assert statuses(after.session_jwt, after.refresh_jwt) == {200}


def _rotate(tx: Tx) -> None:
    keys.rotate(tx, keys.SESSION, algorithm="ES256", overlap_seconds=28 * 86400)


def _overlap_ends(place: Place) -> None:
    person = place.open_session(make_user(place.avow))
    kid = header_of(person.refresh_jwt)["kid"]
    place.avow.run(lambda tx: keys.rotate(tx, keys.SESSION, algorithm="ES256", overlap_seconds=OVERLAP_SECONDS))
    place.advance(OVERLAP_SECONDS - 60)
    assert place.api.me(person.refresh_jwt).status == 200
    place.advance(65)
    assert kid not in {row["kid"] for row in published(place, "/v2/keys/{}")}
    assert_refused(place.api.me(person.refresh_jwt))
    assert claims_of(person.refresh_jwt)["exp"] > place.avow.server.clock()


def test_s_jwt_19_by_the_commands(case: Case, production: Production) -> None:
    place, installation = production.place, production.installation
    case.control(lambda: place.api.refresh(place.open_session().refresh_jwt).status == 200)
    person = place.open_session()
    first = header_of(person.refresh_jwt)["kid"]

    def told(*arguments: str) -> Said:
        return installation.command("signing-key", *arguments, "--json")

    with case.cell("an active key cannot be retired"):
        assert told("retire", first, "--force").code != 0
        assert place.api.me(person.refresh_jwt).status == 200
    with case.cell("rotate: the next key signs, nobody is signed out"):
        second = told("rotate").json()["active"]
        assert second != first
        _wait_for(lambda: header_of(place.api.refresh(person.refresh_jwt).body["sessionJwt"])["kid"] == second)
        assert place.api.me(person.refresh_jwt).status == 200
    with case.cell("retire needs --force"):
        assert told("retire", first).code != 0
        assert place.api.me(person.refresh_jwt).status == 200
    with case.cell("retire --force: what the key signed is refused at once"):
        assert told("retire", first, "--force").json()["sessions_ended"] >= 1
        assert_refused(place.api.refresh(person.refresh_jwt))
        _wait_for(lambda: first not in {row["kid"] for row in published(place, "/v2/keys/{}")})


def _wait_for(holds: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)
