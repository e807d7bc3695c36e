"""S-TYP-07 and 08: what management may say in a token, and which tokens it may change."""

from typing import Any

from avow.core.tokens import SigningKey, sign
from tests.bed.cases import Case
from tests.factories import grant, make_role, make_user, new_email
from tests.security.calls import Answer, assert_refused
from tests.security.conftest import MakePlace
from tests.security.place import Person, Place, claims_of
from tests.security.token_type.test_token_type import RESERVED

UPDATE, IMPERSONATE = "/v1/mgmt/jwt/update", "/v1/mgmt/impersonate"
SLOW_SECONDS = 60  # that the test may take, by a clock that runs
WISH: dict[str, Any] = {**RESERVED, "act": {"sub": "Uattacker"}, "shoe_size": 44}


def update(place: Place, token: str, claims: dict[str, Any] | None = None, **body: Any) -> Answer:
    key = place.avow.management_key
    return place.api.post(UPDATE, key, {"jwt": token, "customClaims": claims or {"shoe_size": 44}, **body})


def assert_the_servers(place: Place, token: str, user_id: str, *, ends_by: int) -> None:
    """Look at every reserved claim of a token that was asked to say something else."""
    claims = claims_of(token)
    assert (claims["sub"], claims["iss"], claims["shoe_size"]) == (user_id, place.avow.project_id, 44)
    assert claims["exp"] <= ends_by + SLOW_SECONDS
    for name in ("roles", "permissions", "tenants", "amr"):
        assert claims.get(name, RESERVED[name]) != RESERVED[name] or name not in claims
    assert claims["sid"] != RESERVED["sid"]
    assert claims.get("gen", 1) == 1
    assert claims.get("jti", "") != RESERVED["jti"]
    assert claims.get("act") != WISH["act"]
    assert not {"dsub", "aud", "tkn", "su", "dct", "projectId", "userId", "email_verified", "nsec"} & set(claims)


def test_s_typ_07_management_claims_cannot_override_reserved_ones(case: Case, make_each_place: MakePlace) -> None:
    place = make_each_place()
    person = place.sign_in()
    case.control(lambda: update(place, person.session_jwt).status == 200)
    now = place.avow.server.clock()
    with case.cell("jwt/update"):
        for token, kind, seconds in ((person.session_jwt, "DS", 600), (person.refresh_jwt, "DSR", 28 * 86400)):
            for duration in (0, 400 * 86400):
                answer = update(place, token, WISH, refreshDuration=duration)
                assert answer.status == 200, answer.content
                assert claims_of(answer.body["jwt"])["drn"] == kind
                assert_the_servers(place, answer.body["jwt"], person.id, ends_by=now + seconds)
        later = place.api.refresh(person.refresh_jwt).body["sessionJwt"]
        assert_the_servers(place, later, person.id, ends_by=now + 600)
    with case.cell("impersonate"):
        helper = new_email("helper")
        grant(place.avow, make_user(place.avow, helper), make_role(place.avow, "Support", ["Impersonate"]))
        body = {"loginId": person.login_id, "impersonatorId": helper, "customClaims": WISH}
        answer = place.api.post(IMPERSONATE, place.avow.management_key, {**body, "refreshDuration": 400 * 86400})
        assert answer.status == 200, answer.content
        opened = place.api.refresh(answer.body["jwt"]).body
        assert_the_servers(place, opened["sessionJwt"], person.id, ends_by=now + 600)
        assert opened["cookieExpiration"] <= now + 3600 + SLOW_SECONDS


def test_s_typ_08_jwt_update_refuses_foreign_and_dead_tokens(case: Case, make_each_place: MakePlace) -> None:
    place, other = make_each_place(), make_each_place()
    person = place.sign_in()
    case.control(lambda: update(place, person.session_jwt).status == 200)
    claims = claims_of(person.session_jwt)
    own_key = SigningKey.generate("ES256")
    cells: dict[str, list[str]] = {
        "token of another project": _both(other.sign_in()),
        "token of an own key": [sign(own_key, claims), sign(own_key, claims_of(person.refresh_jwt))],
        "access-key token with user claims": [
            sign(place.signing_key(), {**claims, "sub": f"A{person.id[1:]}", "keyId": f"A{person.id[1:]}"}),
            sign(place.signing_key(), {name: value for name, value in claims.items() if name != "sid"}),
        ],
        "token of an ended session": _both(_signed_out(place)),
        "expired token": [sign(place.signing_key(), {**claims, "exp": claims["iat"] - 10})],
    }
    before = place.rows("sessions")
    for name, tokens in cells.items():
        with case.cell(name):
            for token in tokens:
                assert_refused(update(place, token), 400, 401, 403, 404)
            assert place.rows("sessions") == before


def _both(person: Person) -> list[str]:
    return [person.session_jwt, person.refresh_jwt]


def _signed_out(place: Place) -> Person:
    person = place.sign_in()
    assert place.api.post("/v1/auth/logout", person.refresh_jwt).status == 200
    return person
