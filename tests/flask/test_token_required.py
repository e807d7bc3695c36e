"""`token_required`, as the pages of the Flask tutorial use it; and every decorator before tokens that do not hold."""

import pytest

from avow.testing.server import Avow, Server
from tests.applications import Network, SignIn, forged_tokens, machine_token, signed_in
from tests.flask.conftest import Open, Visitor
from tests.flask.shop import DEMANDING


@pytest.mark.parametrize("path", ["/token", "/token/async"])
def test_view_gets_the_claims_first(visitor: Visitor, sign_in: SignIn, avow: Avow, path: str) -> None:
    tokens = sign_in()
    answer = visitor.get(path, tokens.session)
    assert answer.status_code == 200
    assert answer.json == avow.client().validate_session(tokens.session)


def test_parts_of_the_url_follow_the_claims(visitor: Visitor, sign_in: SignIn) -> None:
    tokens = sign_in()
    user = visitor.get("/token", tokens.session).json["userId"]
    assert visitor.get("/token/7/apple", tokens.session).json == [user, 7, "apple"]


def test_view_keeps_its_name(visitor: Visitor) -> None:
    assert {"token", "token_async", "role", "login_async"} <= set(visitor.client.application.view_functions)


@pytest.mark.parametrize("path", DEMANDING)
def test_stranger_is_refused_with_json(visitor: Visitor, path: str) -> None:
    answer = visitor.get(path)
    assert (answer.status_code, list(answer.json)) == (401, ["error"])
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize("path", DEMANDING)
@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer a.b.c", "bearer x", "Bearer a b", "Bearer \u00e9"])
def test_header_without_a_valid_token_is_refused(visitor: Visitor, path: str, header: str) -> None:
    answer = visitor.get(path, headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json["error"]


def test_refused_token_is_named_as_such(visitor: Visitor) -> None:
    answer = visitor.get("/token", "a.b.c")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("path", ["/token", "/token/async", "/login"])
def test_forged_tokens_are_refused(visitor: Visitor, sign_in: SignIn, avow: Avow, path: str) -> None:
    tokens = sign_in()
    assert visitor.get(path, tokens.session).status_code == 200
    for forgery in forged_tokens(avow, tokens.session):
        answer = visitor.get(path, forgery.token)
        assert answer.status_code == 401, forgery
        assert b"userId" not in answer.data
    assert visitor.get(path, tokens.session).status_code == 200


def test_refresh_token_is_no_session_token(visitor: Visitor, sign_in: SignIn) -> None:
    tokens = sign_in()
    assert visitor.get("/token", tokens.refresh).status_code == 401


def test_token_of_another_project_is_refused(visitor: Visitor, server: Server) -> None:
    assert visitor.get("/token", signed_in(server.project()).session).status_code == 401


def test_token_whose_time_is_over_is_refused(visitor: Visitor, sign_in: SignIn, avow: Avow) -> None:
    tokens = sign_in()
    avow.advance(606)
    assert visitor.get("/token", tokens.session).status_code == 401


def test_header_comes_before_cookies_and_is_not_replaced_by_them(visitor: Visitor, sign_in: SignIn) -> None:
    visitor.keep(sign_in())
    assert visitor.get("/token").status_code == 200
    assert visitor.get("/token", "a.b.c").status_code == 401


def test_header_of_another_scheme_is_not_ours(visitor: Visitor, sign_in: SignIn) -> None:
    visitor.keep(sign_in())
    assert visitor.get("/token", headers={"Authorization": "Basic bWlhOm1pYQ=="}).status_code == 200


def test_session_token_of_a_machine_is_taken_but_is_nobody(visitor: Visitor, avow: Avow) -> None:
    token = machine_token(avow)
    assert visitor.get("/token", token).json["keyId"]
    assert visitor.get("/login", token).status_code == 403


@pytest.mark.parametrize("path", DEMANDING)
def test_nobody_passes_while_keys_cannot_be_had(open_shop: Open, sign_in: SignIn, network: Network, path: str) -> None:
    tokens = sign_in()
    network.is_away = True
    shop = open_shop()
    answer = shop.get(path, tokens.session)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert shop.keep(tokens).get(path).status_code == 503
    assert shop.kept == tokens


@pytest.mark.parametrize("path", DEMANDING)
@pytest.mark.parametrize("verb", ["HEAD", "OPTIONS"])
def test_other_verbs_show_nothing(visitor: Visitor, path: str, verb: str) -> None:
    answer = visitor.client.open(path, method=verb)
    assert answer.status_code == (401 if verb == "HEAD" else 200)
    assert b"secret" not in answer.data


def test_request_with_a_seen_token_sends_nothing(visitor: Visitor, sign_in: SignIn, network: Network) -> None:
    tokens = sign_in()
    visitor.get("/token", tokens.session)
    network.paths.clear()
    for path in ("/token", "/token/async", "/login"):
        assert visitor.get(path, tokens.session).status_code == 200
    assert visitor.keep(tokens).get("/login").status_code == 200
    assert network.paths == []
