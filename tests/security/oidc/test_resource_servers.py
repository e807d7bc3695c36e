"""S-OP-14, S-TYP-03, S-JWT-12: APIs that Avow gives tokens for, in each integration, under attack."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from avow.core.tokens import SigningKey, sign
from avow.server.applications import actions
from avow.server.keys import actions as keys
from avow.server.store import Tx
from avow.testing.server import Avow
from tests.bed.cases import Case
from tests.factories import grant, make_role, make_user, new_email
from tests.issuing import AUDIENCE, FACES, Answer, Ask, Place, bearer
from tests.server.oidc.relying import Rp, claims, made_keys, make_api, make_app

OTHER = "https://other.example.com"
VIEWS = ("/any", "/admin", "/write", "/people")


@dataclass
class Scene:
    """An API in each integration, and the tokens of the people and machines who come.

    Attributes:
        admin: Who may everything.
        user: The id of that person.
        somebody: Who may nothing.
        machine: A machine that was granted everything.
        other: Somebody's token for another API.
        tokens: All tokens of the person who may everything, by what they are.
    """

    rp: Rp
    apis: dict[str, Ask]
    user: str
    admin: str
    somebody: str
    machine: str
    other: str
    tokens: dict[str, str] = field(repr=False)

    def ask(self, face: str, path: str, token: str) -> Answer:
        return self.apis[face](path, bearer(token))

    def statuses(self, token: str) -> set[tuple[int, ...]]:
        """Return what the views answer to a token; the same in each integration if all is well."""
        return {tuple(self.ask(face, path, token).status for path in VIEWS) for face in FACES}

    def signed(self, **changes: Any) -> str:
        """Return a token that the issuer signed, but would not have given."""
        return sign(made_keys()[0], {**claims(self.admin), **changes}, typ="at+jwt")


@pytest.fixture
def scene(project: Avow) -> Scene:
    grants = ["authorization_code", "refresh_token", "client_credentials"]
    for identifier in (AUDIENCE, OTHER):
        make_api(project, "read:admin", "write", identifier=identifier, rbac=True, allows_offline=True)
    rp, service = make_app(project, grantTypes=grants), make_app(project, preset="machine")
    project.run(lambda tx: actions.grant(tx, service.id, AUDIENCE, ["read:admin", "write"], actor="test"))
    project.advance(3)
    email, scope = new_email(), "openid offline_access write read:admin"
    user = make_user(project, email)
    grant(project, user, make_role(project, "boss", ["read:admin", "write"]))
    mine = rp.tokens(rp.browser(), email, scope=scope, audience=AUDIENCE)
    somebody = rp.tokens(rp.browser(), new_email(), scope=scope, audience=AUDIENCE)
    other = rp.tokens(rp.browser(), new_email(), scope=scope, audience=OTHER)
    machine = service.token({"grant_type": "client_credentials", "audience": AUDIENCE})
    place = Place.of_avow(project, rp.issuer, AUDIENCE)
    tokens = {name: str(mine[name]) for name in ("id_token", "refresh_token")}
    apis = {face: make(place) for face, make in FACES.items()}
    mine, somebody, machine, other = (each["access_token"] for each in (mine, somebody, machine, other))
    return Scene(rp, apis, user, mine, somebody, machine, other, tokens)


def test_s_op_14_scope_audience_and_subject_count_at_the_api(case: Case, scene: Scene) -> None:
    case.control(lambda: scene.statuses(scene.admin) == {(200, 200, 200, 200)})
    for face in FACES:
        with case.cell(f"{face}, without the permission, without the scope"):
            for path in ("/admin", "/write"):
                answer = scene.ask(face, path, scene.somebody)
                assert (answer.status, 'error="insufficient_scope"' in answer.challenge) == (403, True)
            assert scene.ask(face, "/any", scene.somebody).status == 200
        with case.cell(f"{face}, for another audience"):
            answer = scene.ask(face, "/any", scene.other)
            assert (answer.status, 'error="invalid_token"' in answer.challenge) == (401, True)
        with case.cell(f"{face}, a machine where a person is needed"):
            assert scene.ask(face, "/write", scene.machine).status == 200
            assert scene.ask(face, "/people", scene.machine).status == 403
        with case.cell(f"{face}, a machine whose subject is a user's id"):
            forged = scene.signed(sub=scene.user, gty="client-credentials")
            assert scene.ask(face, "/people", forged).status == 403
    with case.cell("nobody is told more than the sentence"):
        body = scene.ask("Flask", "/any", scene.other).body
        assert body == {"error": "The access token does not hold."}


def test_s_typ_03_only_access_tokens_open_apis(case: Case, scene: Scene) -> None:
    case.control(lambda: scene.statuses(scene.admin) == {(200, 200, 200, 200)})
    avow = scene.rp.avow
    session = keys_of_sessions(avow)
    said = {**claims(scene.admin), "aud": AUDIENCE}
    with case.cell("protected API view, Django, Flask, FastAPI"):
        assert scene.statuses(scene.tokens["id_token"]) == {(401, 401, 401, 401)}
        for audience in (AUDIENCE, [AUDIENCE, scene.rp.id]):
            forged = sign(made_keys()[0], {**claims(scene.tokens["id_token"]), "aud": audience}, typ="JWT")
            assert scene.statuses(forged) == {(401, 401, 401, 401)}
    with case.cell("protected API view, the refresh token of the client"):
        assert scene.statuses(scene.tokens["refresh_token"]) <= {(401,) * 4, (400,) * 4}
    with case.cell("protected API view, session and refresh tokens of the project"):
        for kind in ("DS", "DSR"):
            of_session = {"iss": avow.project_id, "sub": scene.user, "drn": kind, "exp": said["exp"], "aud": AUDIENCE}
            for made in (of_session, {**said, "drn": kind}):
                for typ in ("JWT", "at+jwt"):
                    for key in (session, made_keys()[0]):
                        assert scene.statuses(sign(key, made, typ=typ)) == {(401, 401, 401, 401)}


def test_s_jwt_12_token_for_an_api_of_another(case: Case, scene: Scene) -> None:
    case.control(lambda: scene.statuses(scene.admin) == {(200, 200, 200, 200)})
    case.control(lambda: scene.statuses(scene.signed(aud=[OTHER, AUDIENCE])) == {(200, 200, 200, 200)})
    with case.cell("access token for an API of another client, resource servers"):
        assert scene.statuses(scene.other) == {(401, 401, 401, 401)}
        for audience in (OTHER, [OTHER], [], "", f"{AUDIENCE}/", AUDIENCE.upper(), f"{OTHER} {AUDIENCE}", [[AUDIENCE]]):
            assert scene.statuses(scene.signed(aud=audience)) == {(401, 401, 401, 401)}, audience
    with case.cell("access token for our own userinfo, resource servers"):
        plain = scene.rp.tokens(scene.rp.browser(), new_email(), scope="openid")["access_token"]
        assert scene.rp.userinfo(plain).status == 200
        assert scene.statuses(plain) == {(401, 401, 401, 401)}


def keys_of_sessions(avow: Avow) -> SigningKey:
    """Return the key that signs sessions of a project."""

    def unit(tx: Tx) -> SigningKey:
        rows = keys.published(tx)
        return keys.opened(tx, next(row for row in rows if (row.key_set, row.state) == (keys.SESSION, "active")))

    return avow.run(unit)
