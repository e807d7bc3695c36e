"""openid-client, a certified relying party, and oauth4webapi below it: whole exchanges against a server over TLS."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

from avow.server.applications import actions
from tests.bed.plugin import program
from tests.factories import change_settings, make_user, new_email
from tests.oidc.peers.node import Answers, Player, player
from tests.oidc.serving import Peer, Surfer, provider_over_tls
from tests.server.oidc.relying import API, REDIRECT, Rp, make_api, make_app

PROGRAM = Path(__file__).parent / "js" / "openid_client.mjs"
SECOND, OTHER = "https://second.example.com", "https://other.example.com"
SCOPE = "openid profile email offline_access read:messages write:letters"
GOODBYE = "https://app.example.com/bye"
REFUSED = [400, "invalid_grant"]
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"

pytestmark = [pytest.mark.peer("openid-client"), pytest.mark.peer("oauth4webapi")]


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Peer]:
    with provider_over_tls(tmp_path_factory.mktemp("tls"), "postgres", request.getfixturevalue) as started:
        change_settings(started.avow, {"allows_registration": True})
        make_api(started.avow, "read:messages")
        make_api(started.avow, "write:letters", identifier=SECOND)
        make_api(started.avow, identifier=OTHER)
        yield started


@pytest.fixture(scope="module")
def node(peer: Peer, pytestconfig: pytest.Config) -> Iterator[Player]:
    program(pytestconfig, "oidc-provider")  # what npm installs
    with player(PROGRAM, peer.variables()) as started:
        yield started


class Application:
    """An application that the program plays, and the person who uses it."""

    def __init__(self, peer: Peer, node: Player) -> None:
        self.peer = peer
        self.avow = peer.avow
        self.node = node
        self.surfer = Surfer(peer)
        self.email = new_email()
        self.user_id = make_user(peer.avow, self.email, name="Mia Example")

    def play(self, part: str, rp: Rp | None = None, **given: object) -> Any:
        answers: Answers = {
            "visit": self.visit,
            "advance": self.advance,
            "approve": self.approve,
            "register": self.register,
        }
        known = {"client": rp.id, "secret": rp.secret} if rp else {}
        self.avow.server.clock.reset()  # the program has the clock of the machine
        said = {"issuer": self.peer.issuer, "redirect": REDIRECT, "scope": SCOPE, **known, **given}
        return self.node.play(part, answers, **said)

    def visit(self, url: str) -> str:
        """Lead the browser to an address, sign in and agree where that is asked for; return where it ends."""
        page = self.surfer.get(url)
        if "/login/" in page.url:
            page = self.surfer.sign_in(page, self.email)
        if "/authorize" in page.url:
            page = self.surfer.submit(page, "allow")
        return page.url

    def advance(self, seconds: int) -> None:
        self.avow.advance(seconds)

    def approve(self, codes: dict[str, Any]) -> None:
        page = self.surfer.sign_in(self.surfer.get(codes["verification_uri_complete"]), self.email)
        page = self.surfer.submit(self.surfer.submit(page, "look"), "allow")
        assert "Done" in page.text

    def register(self, keys: dict[str, Any]) -> str:
        strict: dict[str, Any] = {"requiresPushed": True, "requiresDpop": True, "authMethods": ["private_key_jwt"]}
        strict |= {"pkce": "required", "idTokenAlgorithm": "ES256", "userinfoAlgorithm": "RS256"}
        made = make_app(self.avow, jwks=json.dumps(keys), **strict)
        self.avow.server.clock.reset()
        return made.id


@pytest.fixture
def app(peer: Peer, node: Player) -> Iterator[Application]:
    made = Application(peer, node)
    yield made
    made.surfer.session.close()


@pytest.fixture
def web(peer: Peer) -> Rp:
    return make_app(peer.avow, pkce="required", updatedAt="number", logoutUris=[GOODBYE])


def test_discovery_is_read_as_of_openid_connect_and_as_of_oauth(app: Application) -> None:
    own_path = f"{app.peer.issuer}{app.avow.project_id}"
    for issuer in (app.peer.issuer, own_path):
        found = app.play("discovery", client="any", issuer=issuer)
        assert found["oidc"] == found["oauth2"]
        assert found["oidc"]["issuer"] == issuer
        assert found["oidc"]["token_endpoint"] == urljoin(f"{issuer.rstrip('/')}/", "oauth/token")


@pytest.mark.parametrize("how", ["basic", "post"])
def test_sign_in_with_pkce_state_nonce_and_iss(app: Application, web: Rp, how: str) -> None:
    told = app.play("signIn", web, how=how)
    assert told["claims"]["sub"] == told["about"]["sub"] == app.user_id
    assert told["about"]["email"] == app.email
    assert told["about"]["name"] == "Mia Example"
    assert told["tokens"]["scope"] == "openid profile email offline_access"
    # The code a second time is refused, and ends what came of it.
    assert told["reused"] == REFUSED
    assert told["after"] == [401, "invalid_token"]


def test_sign_in_below_the_path_of_a_project(app: Application, web: Rp) -> None:
    issuer = f"{app.peer.issuer}{app.avow.project_id}"
    told = app.play("signIn", web, issuer=issuer)
    assert (told["claims"]["iss"], told["about"]["sub"]) == (issuer, app.user_id)


def test_pushed_requests_assertions_and_proof_of_possession(app: Application) -> None:
    told = app.play("strict", resources=[API])
    assert told["parameters"] == ["client_id", "request_uri"]
    assert told["unpushed"] == [0, "invalid_request"]
    assert told["tokens"]["token_type"] == "dpop"
    assert told["claims"]["auth_time"]
    assert told["about"]["sub"] == told["access"]["sub"] == app.user_id
    assert told["access"]["cnf"] == told["bound"]["cnf"]
    assert told["access"]["scope"].split()[-1] == "read:messages"
    assert told["unproven"] == [401, "invalid_token"]
    assert told["stolen"] == REFUSED
    assert told["bare"] == [400, "invalid_dpop_proof"]


def test_resource_names_the_api_of_a_token(app: Application, web: Rp) -> None:
    told = app.play("resources", web, resources=[API, SECOND], other=OTHER)
    own = f"{app.peer.issuer}userinfo"
    assert told["first"]["aud"] == [API, own]
    assert told["first"]["scope"] == told["scope"] == "openid profile email offline_access read:messages"
    assert told["second"]["aud"] == [SECOND, own]
    assert told["second"]["scope"] == "openid profile email offline_access write:letters"
    assert told["whole"]["aud"] == [API, SECOND, own]
    assert told["misplaced"] == "OAUTH_JWT_CLAIM_COMPARISON_FAILED"
    assert told["other"] == [400, "invalid_target"]


def test_refresh_tokens_rotate_and_reuse_ends_the_family(app: Application, web: Rp) -> None:
    told = app.play("refresh", web)
    first, second, lost, third = told["tokens"]
    assert (len({first, second, third}), lost) == (3, second)
    assert set(told["subjects"]) == {app.user_id}
    assert told["scopes"][-1] == "openid"
    assert told["wider"] == [400, "invalid_scope"]
    assert (told["reused"], told["family"], told["access"]) == (REFUSED, REFUSED, [401, "invalid_token"])


def test_introspection_and_revocation(app: Application, web: Rp) -> None:
    told = app.play("revocation", web)
    access, refresh = told["before"]
    assert (access["active"], access["sub"], access["client_id"]) == (True, told["sub"], web.id)
    assert (access["token_type"], access["iss"]) == ("Bearer", app.peer.issuer)
    assert (refresh["active"], refresh["sub"]) == (True, told["sub"])
    assert told["after"] == [{"active": False}, {"active": False}]
    assert told["refused"] == REFUSED


def test_machine_gets_tokens_by_rfc_9068(app: Application) -> None:
    machine = make_app(app.avow, preset="machine")
    app.avow.run(lambda tx: actions.grant(tx, machine.id, API, ("read:messages",), actor="test"))
    app.avow.advance(1)
    told = app.play("machine", machine, resource=API, scope="read:messages", how="basic")
    assert told["plain"]["sub"] == f"{machine.id}@clients"
    assert told["plain"]["aud"] == told["bound"]["aud"] == API
    assert told["types"] == ["bearer", "dpop"]
    assert told["bound"]["cnf"]["jkt"]
    assert (told["introspected"]["active"], told["introspected"]["scope"]) == (True, "read:messages")
    assert told["refused"] == [400, "invalid_scope"]


def test_device_signs_in(app: Application) -> None:
    device = make_app(app.avow, preset="native", redirectUris=[], grantTypes=[DEVICE, "refresh_token"])
    told = app.play("device", device)
    assert told["sub"] == told["about"]["sub"] == app.user_id
    assert told["refreshes"]


def test_log_out_ends_the_session_and_its_tokens(app: Application, web: Rp) -> None:
    told = app.play("logout", web, goodbye=GOODBYE)
    assert told["same"]
    assert told["landed"] == f"{GOODBYE}?state=bye"
    assert told["after"] == [0, "login_required"]
    assert told["access"] == [401, "invalid_token"]


def test_application_registers_itself(app: Application) -> None:
    told = app.play("registration")
    assert (told["claims"]["aud"], told["claims"]["sub"]) == (told["client"], app.user_id)
