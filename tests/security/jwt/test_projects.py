"""S-JWT-10, 12, 14: tokens of other projects, for other audiences, and tokens that are only large."""

import contextlib
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from avow.core.tokens import sign
from tests.bed.cases import Case
from tests.cli.programs import Running
from tests.factories import new_email
from tests.security.calls import OverHttp, Wish, assert_refused
from tests.security.conftest import MakePlace
from tests.security.place import Place, claims_of
from tests.security.presenting import Stage, refuses, stored
from tests.security.production import Production
from tests.server.oidc.relying import make_app, prepare

MEGABYTE = 1_000_000
ANSWER_SECONDS = 0.25


def test_s_jwt_10_token_of_another_project(case: Case, make_local_place: MakePlace) -> None:
    one, two = make_local_place(), make_local_place()
    mine, foreign = one.sign_in(), two.sign_in()
    case.control(lambda: one.api.me(mine.refresh_jwt).status == 200)
    case.control(lambda: two.api.me(foreign.refresh_jwt).status == 200)
    before = [stored(one), stored(two)]
    for name, token in (("session token", foreign.session_jwt), ("refresh token", foreign.refresh_jwt)):
        with case.cell(f"GET /v1/auth/me, {name}"):
            assert_refused(one.api.me(token))
        with case.cell(f"POST /v1/auth/refresh, {name}"):
            assert_refused(one.api.refresh(token))
        with case.cell(f"refresh cookie, {name}"):
            assert_refused(one.api.get("/v1/auth/me", cookies={"DSR": token}))
        with case.cell(f"logout, {name}"):
            assert_refused(one.api.post("/v1/auth/logout", token))
        with case.cell(f"validate_session, {name}"):
            refuses(partial(one.avow.client().validate_session, token))
        with case.cell(f"refresh_session, {name}"):
            refuses(partial(one.avow.client().refresh_session, token))
    with case.cell("both project ids in one header"):
        headers = {"authorization": f"Bearer {one.avow.project_id}:{two.avow.project_id}:{foreign.refresh_jwt}"}
        assert_refused(one.api.get("/v1/auth/me", headers=headers))
    with case.cell("another project id beside the header's"):
        headers = {"x-descope-project-id": two.avow.project_id}
        assert_refused(one.api.get("/v1/auth/me", foreign.refresh_jwt, headers=headers))
    with case.cell("a management key of the other project"):
        assert_refused(one.api.get("/v1/mgmt/avow/project/settings", two.avow.management_key))
    with case.cell("nothing stored has changed"):
        assert [stored(one), stored(two)] == before
    with case.cell("userinfo"):
        _present_foreign_access_token(one, two)


def _present_foreign_access_token(one: Place, two: Place) -> None:
    """Show a project the access token of another one, whose key is even the same here."""
    clients = []
    for place in (one, two):
        prepare(place.avow)
        clients.append(make_app(place.avow))
    tokens = [client.tokens(client.browser(), new_email())["access_token"] for client in clients]
    assert clients[0].userinfo(tokens[0]).status == clients[1].userinfo(tokens[1]).status == 200
    assert clients[0].userinfo(tokens[1]).error == clients[1].userinfo(tokens[0]).error == (401, "invalid_token")


def test_s_jwt_12_audience(case: Case, stage: Stage) -> None:
    client, key = stage.place.avow.client(), stage.key
    claims = claims_of(stage.person.session_jwt)

    def token(audience: object) -> str:
        return sign(key, {**claims, "aud": audience})

    with case.cell("aud names C2 and C1"):
        assert client.validate_session(token(["C2", "C1"]), audience=["C1"])["sub"] == stage.person.id
    case.control(lambda: client.validate_session(token("C1"), audience="C1")["sub"] == stage.person.id)
    case.control(lambda: client.validate_session(stage.person.session_jwt)["sub"] == stage.person.id)
    others: dict[str, str] = {
        "is absent": stage.person.session_jwt,
        "names C2": token("C2"),
        "names C2 in a list": token(["C2"]),
        "is empty": token([]),
        "is an empty text": token(""),
        "is of another case": token("c1"),
        "begins alike": token("C11"),
        "holds it in one text": token("C2 C1"),
        "is nested": token([["C1"]]),
        "is an object": token({"C1": True}),
        "names the project": token(stage.place.avow.project_id),
    }
    for name, forged in others.items():
        for wanted in ("C1", ["C1"], ("C1", "C3")):
            with case.cell(f"aud {name}, wanted {wanted!r}"):
                refuses(partial(client.validate_session, forged, audience=wanted))
    with case.cell("a token for somebody else where nobody is demanded"):
        refuses(lambda: client.validate_session(token("C2")))
    with case.cell("a token that was accepted for another audience before"):
        seen = token(["C1"])
        assert client.validate_session(seen, audience="C1")
        refuses(lambda: client.validate_session(seen, audience="C2"))


def test_s_jwt_14_oversized(case: Case, production: Production) -> None:
    place, running = production.place, production.running
    person = place.open_session()
    api, parts = place.api, person.refresh_jwt.split(".")
    case.control(lambda: api.me(person.refresh_jwt).status == 200)
    tokens = {
        "1 MB header": f"{'A' * MEGABYTE}.{parts[1]}.{parts[2]}",
        "1 MB signature": f"{parts[0]}.{parts[1]}.{'A' * MEGABYTE}",
        "200 000 dots": "." * 200_000,
        "20 kB header": f"{'A' * 20_000}.{parts[1]}.{parts[2]}",
        "20 kB payload": f"{parts[0]}.{'A' * 20_000}.{parts[2]}",
        "8 kB of dots": "." * 8_000,
    }
    before, memory = stored(place), _resident_bytes(running)
    for name, token in tokens.items():
        for verb, path in (("GET", "/v1/auth/me"), ("POST", "/v1/auth/refresh")):
            with case.cell(f"{verb} {path}, {name}"):
                # The fastest of three: another process may have had the turn.
                assert min(_refused_in(api.wish(verb, path, token), place) for _ in range(3)) < ANSWER_SECONDS
        with case.cell(f"validate_session, {name}"):
            assert (
                min(_read_in(partial(place.avow.client().validate_session, token)) for _ in range(3)) < ANSWER_SECONDS
            )
    with case.cell("userinfo"):
        for token in tokens.values():
            wish = Wish("GET", f"/{api.project_id}/userinfo", {"authorization": f"Bearer {token}"})
            assert min(_refused_in(wish, place, is_oauth=True) for _ in range(3)) < ANSWER_SECONDS
    with case.cell("memory after 50 repeats"):
        for _ in range(50):
            _refused_in(api.wish("GET", "/v1/auth/me", tokens["1 MB header"]), place)
        assert _resident_bytes(running) - memory < 50 * MEGABYTE
    with case.cell("nothing stored has changed"):
        assert stored(place) == before


def _read_in(validate: Callable[[], object]) -> float:
    """Return the processor time of a refusal by our SDK."""
    begun = time.thread_time()
    refuses(validate)
    return time.thread_time() - begun


def _refused_in(wish: Wish, place: Place, *, is_oauth: bool = False) -> float:
    """Return how long a refusal took, that of the server or of the connection that it closes on so much."""
    begun = time.monotonic()
    with contextlib.closing(OverHttp(place.http.urls)) as carrier:
        try:
            answer = carrier.send(wish)
        except OSError:  # closed while the rest was on its way
            return time.monotonic() - begun
    taken = time.monotonic() - begun
    assert answer.status in {400, 401, 413, 431}, answer.status
    if is_oauth and answer.status in {400, 401}:
        assert answer.body.keys() == {"error", "error_description"}
    else:
        assert_refused(answer, answer.status)
    return taken


def _resident_bytes(running: Running) -> int:
    lines = Path(f"/proc/{running.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) * 1024
