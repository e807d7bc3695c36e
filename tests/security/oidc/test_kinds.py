"""S-TYP-02, 03 and 05, S-JWT-12 and 19, S-AUZ-06 and 10 at the OpenID provider: a token is good for one thing."""

import json
import re
from collections.abc import Callable
from functools import partial

import pytest

from avow.core.federation import idtokens
from avow.core.federation.idtokens import ExpectedIdToken
from avow.core.federation.keys import read_keys
from avow.errors import SignInRefused
from avow.server.keys import actions as keys
from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from avow.testing.server import Avow
from tests.bed.cases import Case
from tests.factories import new_email
from tests.security.conftest import MakePlace
from tests.security.place import dump
from tests.security.session.test_second_factor import both, make_person, waiting
from tests.server.api import Api
from tests.server.api import Reply as Answered
from tests.server.oidc.relying import Reply, Rp, claims, header, landed, make_app, prepare
from tests.server.pages.browsing import Browser

SCOPE = "openid offline_access"
CONSENTS, REVOKE = "/v1/auth/avow/consents", "/v1/auth/avow/consents/revoke"
VERIFIES = (
    "/v1/auth/magiclink/verify",
    "/v1/auth/enchantedlink/verify",
    "/v1/auth/oauth/exchange",
    "/v1/auth/avow/recoverycodes/verify",
)


@pytest.fixture
def rp(project: Avow) -> Rp:
    """Return an application with refresh tokens."""
    return make_app(project)


@pytest.fixture
def tokens(rp: Rp) -> Reply:
    """Return what somebody's sign-in gave the application."""
    return rp.tokens(rp.browser(), new_email(), scope=SCOPE)


def others(project: Avow) -> dict[str, str]:
    """Return tokens of Avow's own sessions, each of which is good where it belongs."""
    session = Api(project).sign_in().body
    machine = project.client().mgmt.access_key.create("machine")["cleartext"]
    exchanged = Api(project).post("/v1/auth/accesskey/exchange", {}, token=machine)["sessionJwt"]
    return {
        "session token": session["sessionJwt"],
        "refresh token": session["refreshJwt"],
        "access key": machine,
        "session token of an access key": exchanged,
        "management key": project.management_key,
    }


def assert_no_session(answer: Answered) -> None:
    assert answer.status in (400, 401), answer.body
    assert "sessionJwt" not in answer.body
    assert not [value for name, value in answer.headers if name == "set-cookie"]
    assert "userId" not in json.dumps(answer.body)


def test_s_typ_02_refresh_grant_takes_refresh_tokens_only(case: Case, rp: Rp, tokens: Reply, project: Avow) -> None:
    case.control(lambda: rp.refresh(tokens["refresh_token"]).status == 200)
    made = {**others(project), "ID token": tokens["id_token"], "access token": tokens["access_token"]}
    before = dump(project, "oidc_grants")
    with case.cell("OIDC refresh_token grant"):
        for name, token in made.items():
            refused = rp.refresh(token)
            assert (refused.error, refused.headers["cache-control"]) == ((400, "invalid_grant"), "no-store"), name
            assert refused.body.keys() <= {"error", "error_description"}
    with case.cell("what the application has, at /v1/auth/refresh"):
        for token in (tokens["refresh_token"], tokens["id_token"], tokens["access_token"]):
            for path in ("/v1/auth/refresh", "/v1/auth/logoutall"):
                assert_no_session(Api(project).post(path, token=token))
    with case.cell("nothing stored has changed by that"):
        assert dump(project, "oidc_grants") == before


def test_s_typ_03_id_tokens_open_nothing(case: Case, rp: Rp, tokens: Reply, project: Avow) -> None:
    case.control(lambda: rp.userinfo(tokens["access_token"]).status == 200)
    made = {**others(project), "ID token": tokens["id_token"], "refresh token of OIDC": tokens["refresh_token"]}
    with case.cell("userinfo"):
        for name, token in made.items():
            for answer in (rp.userinfo(token), rp.call("/userinfo", {"access_token": token})):
                assert answer.error == (401, "invalid_token"), name
                assert re.match(r'Bearer .*error="invalid_token"', answer.headers["www-authenticate"])
                assert "sub" not in answer.body
    with case.cell("/v1/auth/me"):
        for token in (tokens["id_token"], tokens["access_token"], tokens["refresh_token"]):
            for path in ("/v1/auth/me", "/v1/auth/me/history", CONSENTS):
                assert_no_session(Api(project).get(path, token=token))


def test_s_typ_05_authorization_codes_are_no_sessions(case: Case, rp: Rp, project: Avow) -> None:
    browser, email = rp.browser(), new_email()
    case.control(lambda: rp.redeem(rp.code(browser, email)).status == 200)
    code = rp.code(browser, email)
    api = Api(project)
    uses: dict[str, Callable[[], Answered]] = {
        "me": partial(api.get, "/v1/auth/me", token=code),
        "refresh": partial(api.post, "/v1/auth/refresh", token=code),
        "otp": partial(api.post, "/v1/auth/otp/verify/email", {"loginId": email, "code": code[:64]}),
        **{path: partial(api.post, path, {"token": code, "code": code, "loginId": email}) for path in VERIFIES},
    }
    with case.cell("authorization code"):
        for name, use in uses.items():
            before = dump(project, "sessions")
            assert_no_session(use())
            assert dump(project, "sessions") == before, name
        assert rp.refresh(code).error == (400, "invalid_grant")
        assert rp.userinfo(code).error == (401, "invalid_token")
    with case.cell("where it belongs it still works"):
        assert rp.redeem(code).status == 200
    with case.cell("tokens of other kinds as a code"):
        mailed = api.post("/v1/auth/magiclink/signin/email", {"loginId": email})
        assert mailed.status == 200
        link = api.link_token(email)
        for token in (link, *others(project).values()):
            assert rp.redeem(token).error == (400, "invalid_grant")
        assert api.post("/v1/auth/magiclink/verify", {"token": link}).status == 200


def test_s_jwt_12_id_token_of_another_client(case: Case, project: Avow, c1: Rp) -> None:
    """Judged by our own relying party, as Django's OpenID sign-in and social providers use it."""
    email, browser = new_email(), c1.browser()
    mine = c1.tokens(browser, email)
    theirs = make_app(project).tokens(browser, email)
    published = read_keys(json.dumps(c1.call("/.well-known/jwks.json", verb="GET").body).encode())
    expected = ExpectedIdToken(issuer=c1.issuer, client_id=c1.id, nonce="n-0S6", algorithms=("RS256", "ES256"))

    def taken(token: str) -> bool:
        return bool(idtokens.verify(idtokens.parse(token), published, expected, project.server.clock()))

    case.control(lambda: taken(mine["id_token"]))
    with case.cell("ID token of C2, relying party C1"):
        for token in (theirs["id_token"], mine["access_token"], theirs["access_token"]):
            with pytest.raises(SignInRefused):
                taken(token)
        assert claims(theirs["id_token"])["sub"] == claims(mine["id_token"])["sub"]
    with case.cell("ID token of C2 as a hint of C1"):
        told = landed(c1.ask(browser, prompt="none", id_token_hint=theirs["id_token"]))
        assert told["error"] == "login_required"


def test_s_jwt_19_keys_of_the_provider(case: Case, rp: Rp, tokens: Reply, project: Avow) -> None:
    case.control(lambda: rp.refresh(tokens["refresh_token"]).status == 200)
    first, before = header(tokens["access_token"])["kid"], tokens["access_token"]

    def listed() -> set[str]:
        return {each["kid"] for each in rp.call("/.well-known/jwks.json", verb="GET")["keys"]}

    with case.cell("OpenID key set"):
        assert first in listed()
        announced = listed()
        project.run(_rotate)
        project.advance(2)
        after = rp.refresh(tokens["refresh_token"])["access_token"]
        second = header(after)["kid"]
        assert second in announced - {first}  # nobody meets a kid that was not published before
        assert {first, second} <= listed()
        assert rp.userinfo(before).status == rp.userinfo(after).status == 200
        project.run(lambda tx: sessions.remove_signing_key(tx, first))
        project.advance(2)
        assert first not in listed()
        assert rp.userinfo(before).error == (401, "invalid_token")
        assert rp.userinfo(after).status == 200
        assert rp.call("/oauth/introspect", {"token": before}, authorization=rp.basic())["active"] is False


def _rotate(tx: Tx) -> None:
    keys.rotate(tx, keys.OIDC, algorithm="RS256", overlap_seconds=28 * 86_400)


def test_s_auz_06_consents_of_another_user(case: Case, project: Avow) -> None:
    asking = make_app(project, trusted=False)
    api, mail = Api(project), new_email()
    page = asking.sign_in(browser := asking.browser(), asking.ask(browser, scope="openid"), mail)
    landed(browser.submit(page.form(), "allow"))
    theirs, mine = api.sign_in(mail)["refreshJwt"], api.sign_in()["refreshJwt"]
    [consent] = api.get(CONSENTS, token=theirs)["consents"]
    case.control(lambda: len(api.get(CONSENTS, token=theirs)["consents"]) == 1)
    user = api.get("/v1/auth/me", token=theirs)["userId"]
    with case.cell("consent list of another user"):
        for query in ({}, {"userId": user}, {"loginId": mail}, {"consentId": consent["id"]}):
            assert api.get(CONSENTS, query, token=mine)["consents"] == []
        never = consent["id"][:-1] + ("0" if consent["id"][-1] != "0" else "1")
        answers = [api.post(REVOKE, {"consentId": each, "userId": user}, token=mine) for each in (consent["id"], never)]
        assert [each.status for each in answers] == [404, 404]
        assert answers[0].body == answers[1].body
        own = Browser(project)
        own.sign_in(new_email())
        page = own.get(f"/account/{project.project_id}")
        fields = {**page.form().fields, "do": "withdraw", "id": consent["id"]}
        own.post(page.form().action, fields)
        assert asking.id in str(dump(project, "consents"))
        assert api.get(CONSENTS, token=theirs)["consents"] == [consent]


def test_s_auz_10_first_factor_alone_is_no_authorization(case: Case, make_each_place: MakePlace) -> None:
    place = make_each_place(mfa="enrolled")
    avow = place.avow
    prepare(avow)
    rp = make_app(avow)
    person = make_person(place)

    def with_session(token: str) -> Browser:
        browser = rp.browser()
        for name in ("refresh", "session"):
            browser.cookies[f"avow-{name}-{avow.project_id}"] = token
        return browser

    session = both(place, person)
    case.control(lambda: "code" in landed(rp.ask(with_session(session["refreshJwt"]), prompt="none")))
    with case.cell("OIDC authorize with the first-factor ticket"):
        ticket, before = waiting(place, person), dump(avow, "oidc_grants")
        browser = with_session(ticket)
        assert landed(rp.ask(browser, prompt="none"))["error"] == "login_required"
        page = rp.ask(browser)
        assert (page.status, "location" in page.headers) == (200, False)
        follows = page.form().fields["next"]
        assert browser.get(follows).form().fields["next"] == follows
        for wrong in (rp.redeem(ticket), rp.refresh(ticket)):
            assert wrong.error == (400, "invalid_grant")
        assert rp.userinfo(ticket).error == (401, "invalid_token")
        assert dump(avow, "oidc_grants") == before
    with case.cell("a sign-in on the pages that has shown one factor"):
        browser = rp.browser()
        page = rp.ask(browser)
        page = browser.submit(page.form(), "code", email=person.login_id)
        step = browser.submit(page.form(), "verify", code=avow.code(person.login_id))
        assert step.status == 200  # and the second factor is asked for
        assert landed(rp.ask(browser, prompt="none"))["error"] == "login_required"
