"""Session tokens that are judged at once: with the keys at hand, their claims read when somebody asks."""

from collections.abc import Callable
from typing import Any

import pytest

from avow.core.tokens import KeySet
from avow.errors import InvalidToken, TokenExpired
from avow.sdk.integration.arrivals import Ended, Held, arrive
from avow.sdk.integration.session import AvowSession, Tokens
from tests.sdk.bed import FakeServer


@pytest.fixture
def ready(make_client: Callable[..., Any], server: FakeServer) -> Any:
    """Return a client that has fetched its keys."""
    client = make_client()
    client.validate_session(server.session_token(session_id="other"))
    return getattr(client, "wrapped", client)  # what is judged at once is judged in one colour


def test_nothing_is_known_before_keys_are_fetched(make_client: Callable[..., Any], server: FakeServer) -> None:
    client = make_client()
    inner = getattr(client, "wrapped", client)
    token = server.session_token()
    assert inner.validate_at_once(token) is None
    assert not server.requests
    client.validate_session(token)
    assert inner.validate_at_once(token) is not None


def test_token_that_is_judged_at_once_says_what_a_validation_says(ready: Any, client: Any, server: FakeServer) -> None:
    token = server.session_token(claims={"roles": ["editor"]})
    held = ready.validate_at_once(token)
    assert held.claims(token) == client.validate_session(token)
    assert held.user_id == client.validate_session(token)["userId"]
    assert repr(held) == f"HeldToken(exp={held.exp}, kid={held.kid!r})"  # not who somebody is


def test_claims_belong_to_whoever_reads_them(ready: Any, server: FakeServer) -> None:
    token = server.session_token(claims={"roles": ["editor"]})
    first, second = (AvowSession(ready.validate_at_once(token), Tokens(token)) for _ in range(2))
    assert first.claims is first.claims  # and are read once
    first.claims["roles"].append("owner")
    assert second.roles == ["editor"]
    assert AvowSession(ready.validate_at_once(token), Tokens(token)).roles == ["editor"]


def test_token_whose_time_is_over_is_judged_anew(ready: Any, server: FakeServer) -> None:
    token = server.session_token()
    held = ready.validate_at_once(token)
    keys = KeySet.of(server.published).to_jwks()
    server.now = held.exp + 4  # the leeway is five seconds
    ready._flows._ring.accept(keys, server.now, is_search=False)
    assert ready.validate_at_once(token) is not None
    server.now = held.exp + 5
    with pytest.raises(TokenExpired):
        ready.validate_at_once(token)


def test_token_is_not_judged_by_keys_that_are_old(ready: Any, server: FakeServer) -> None:
    token = server.session_token()
    assert ready.validate_at_once(token) is not None
    server.now += 300  # keys are renewed from here on
    assert ready.validate_at_once(token) is None


@pytest.mark.parametrize("wrong", ["", "x", "a.b.c", None])
def test_what_is_no_token_is_refused_at_once(ready: Any, wrong: Any) -> None:
    with pytest.raises(InvalidToken):
        ready.validate_at_once(wrong)


@pytest.mark.parametrize("said", [{"user": "U7"}, {"claims": {"dsub": "U7"}}])
def test_user_is_known_by_the_claim_that_names_them(ready: Any, server: FakeServer, said: dict[str, Any]) -> None:
    token = server.session_token(**said)
    held = ready.validate_at_once(token)
    assert (AvowSession(held).user_id, AvowSession(held).is_machine) == ("U7", False)
    assert AvowSession(held.claims(token)).user_id == "U7"


def test_access_key_is_known_for_one_and_not_let_into_a_browser(ready: Any, server: FakeServer) -> None:
    token = server.session_token(claims={"keyId": "K1"})
    held = ready.validate_at_once(token)
    for session in (AvowSession(held, Tokens(token)), AvowSession(held.claims(token), Tokens(token))):
        assert (session.user_id, session.is_machine, session.key_id) == ("", True, "K1")
    assert isinstance(arrive(Tokens(token), ready), Ended)


def test_token_of_a_person_is_let_into_a_browser(ready: Any, server: FakeServer) -> None:
    token = server.session_token()
    arrival = arrive(Tokens(token), ready)
    assert isinstance(arrival, Held)
    assert arrival.session.tokens == Tokens(token)
