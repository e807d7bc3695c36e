"""S-JWT-01 to 09, 11, 13, 15 to 17: tokens that anybody can make are refused wherever tokens are taken."""

import urllib.request
from dataclasses import replace
from functools import partial

import pytest

from avow import Client
from avow.core.tokens import sign
from avow.embed.transport import InProcessTransport
from avow.sdk.transport import Request, Response
from avow.server.site import Site
from tests.bed.cases import Case
from tests.security.calls import assert_refused
from tests.security.place import claims_of
from tests.security.presenting import Canary, Stage, present, refuses

LEEWAY_SECONDS = 5
ANSWER_SECONDS = 0.25


class Counting(InProcessTransport):
    """Notes what a client asks for."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.asked: list[str] = []

    def send(self, request: Request) -> Response:
        self.asked.append(request.path)
        return super().send(request)


def test_s_jwt_01_alg_none(case: Case, stage: Stage) -> None:
    present(case, stage)


def test_s_jwt_02_public_key_as_hmac_secret(case: Case, stage: Stage) -> None:
    present(case, stage)


def test_s_jwt_03_payload_changed(case: Case, stage: Stage) -> None:
    present(case, stage)


def test_s_jwt_04_embedded_key(case: Case, stage: Stage) -> None:
    present(case, stage)


def test_s_jwt_05_remote_keys(case: Case, stage: Stage, canary: Canary) -> None:
    before = len(canary.calls)
    present(case, stage)
    with case.cell("nobody called"):
        assert len(canary.calls) == before
    with case.cell("the listener would have noticed"):
        with pytest.raises(OSError, match="closed connection"):
            urllib.request.urlopen(canary.url, timeout=5)
        assert len(canary.calls) == before + 1


def test_s_jwt_06_kid_as_path_or_sql(case: Case, stage: Stage) -> None:
    present(case, stage)
    api = stage.place.api
    for forgery in (each for each in stage.of_refresh if each.case_id == case.id):
        with case.cell(f"time of {forgery.title}"):
            fastest = min(api.me(forgery.token).seconds for _ in range(3))  # another process may have had the turn
            assert fastest < ANSWER_SECONDS


def test_s_jwt_07_unknown_crit(case: Case, stage: Stage) -> None:
    present(case, stage)


def test_s_jwt_08_unencoded_payload(case: Case, stage: Stage) -> None:
    present(case, stage)


def test_s_jwt_09_times(case: Case, stage: Stage) -> None:
    present(case, stage)
    place, key = stage.place, stage.key
    client = place.avow.client()
    clock = place.avow.server.clock
    session, refresh = claims_of(stage.person.session_jwt), claims_of(stage.person.refresh_jwt)
    for name, claim, offset in (("ended", "exp", -1), ("issued ahead", "iat", 1), ("valid only later", "nbf", 1)):
        beyond, within = offset * (LEEWAY_SECONDS + 5), offset * (LEEWAY_SECONDS - 3)
        with case.cell(f"{name}, beyond the leeway, server"):
            assert_refused(place.api.me(sign(key, {**refresh, claim: clock() + beyond})))
        with case.cell(f"{name}, beyond the leeway, validate_session"):
            refuses(partial(client.validate_session, sign(key, {**session, claim: clock() + beyond})))
        with case.cell(f"{name}, within the leeway, validate_session"):
            token = sign(key, {**session, claim: clock() + within})
            assert client.validate_session(token)["sub"] == stage.person.id


def test_s_jwt_11_issuers(case: Case, stage: Stage) -> None:
    present(case, stage)


def test_s_jwt_13_wrong_key_for_a_known_kid(case: Case, stage: Stage) -> None:
    present(case, stage)
    place = stage.place
    clock, carrier = place.avow.server.clock, Counting(place.avow.server.site)
    client = Client(place.avow.project_id, base_url="http://localhost", transport=carrier, clock=clock)
    assert client.validate_session(stage.person.session_jwt)
    with case.cell("200 unknown kids in ten seconds fetch the keys at most twice"):
        for number in range(200):
            if number % 20 == 19:
                clock.advance(1)
            token = sign(replace(stage.key, kid=f"unknown-{number}"), claims_of(stage.person.session_jwt))
            refuses(partial(client.validate_session, token))
        assert set(carrier.asked) == {f"/v2/keys/{place.avow.project_id}"}
        assert len(carrier.asked) <= 2
    with case.cell("a minute later they may be fetched once more"):
        clock.advance(61)
        refuses(lambda: client.validate_session(token))
        refuses(lambda: client.validate_session(token))
        assert len(carrier.asked) <= 3


def test_s_jwt_15_duplicates(case: Case, stage: Stage) -> None:
    present(case, stage)


def test_s_jwt_16_encrypted(case: Case, stage: Stage) -> None:
    present(case, stage)


def test_s_jwt_17_spellings(case: Case, stage: Stage) -> None:
    place = stage.place
    revoked = place.sign_in()
    assert place.api.post("/v1/auth/logout", revoked.refresh_jwt).status == 200
    _present_spellings(case, stage)
    head, payload, signature = revoked.refresh_jwt.split(".")
    spellings = {
        "as it was": revoked.refresh_jwt,
        "padding": revoked.refresh_jwt + "==",
        "the standard alphabet": f"{head}.{payload}.{signature.replace('-', '+').replace('_', '/')}",
        "a space after it": revoked.refresh_jwt + " ",
        "a fourth part": revoked.refresh_jwt + ".",
        "quoted": f'"{revoked.refresh_jwt}"',
    }
    for name, token in spellings.items():
        with case.cell(f"revoked, {name}"):
            assert_refused(place.api.me(token))
            assert_refused(place.api.refresh(token))
            assert_refused(place.api.get("/v1/auth/me", cookies={"DSR": token}))


def _present_spellings(case: Case, stage: Stage) -> None:
    """Present the spellings; white space around the value of a header or cookie is no part of it in HTTP."""
    mine = [each for each in stage.of_refresh if each.case_id == case.id]
    around = [each for each in mine if each.token != each.token.strip() and each.over_the_wire]
    assert around
    present(case, replace(stage, of_refresh=[each for each in mine if each not in around]))
    api = stage.place.api
    for forgery in around:
        genuine = forgery.token.strip()
        ways = {
            "GET /v1/auth/me": partial(api.me, forgery.token),
            "POST /v1/auth/refresh": partial(api.refresh, forgery.token),
            "refresh cookie": partial(api.get, "/v1/auth/me", cookies={"DSR": forgery.token}),
        }
        for way, call in ways.items():
            with case.cell(f"{way}, {forgery.title}: refused, or the same three parts"):
                answer = call()
                if answer.status != 200:
                    assert_refused(answer)
                else:
                    assert api.me(genuine).status == 200
                    assert claims_of(genuine)["sub"].encode() in answer.content
