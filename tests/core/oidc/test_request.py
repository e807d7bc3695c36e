"""The table of checks of an authorization request: what is refused, in which order, and who is told."""

from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as changed

from avow.core.oidc.clients import PRESETS, Client
from avow.core.oidc.request import CHECKS, Asked, Authorization, Fault, judge, judge_address

REDIRECT = "https://app.example.com/cb"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
SETTINGS = changed(PRESETS["regular-web"], redirect_uris=(REDIRECT,), web_origins=("https://app.example.com",))
CLIENT = Client("C1", settings=SETTINGS)
GOOD = {
    "client_id": "C1",
    "redirect_uri": REDIRECT,
    "response_type": "code",
    "scope": "openid profile",
    "state": "xyz",
    "nonce": "n",
}


def asked(client: Client | None = CLIENT, audiences: tuple[str, ...] = (), **changes: Any) -> Asked:
    given = {**GOOD, **changes}
    parameters = {name: (value,) if isinstance(value, str) else value for name, value in given.items() if value}
    return Asked(parameters, client, audiences)


def ask(**changes: Any) -> Authorization | Fault:
    return judge(asked(**changes))


def refused(**changes: Any) -> Fault:
    found = ask(**changes)
    assert isinstance(found, Fault), found
    return found


def accepted(**changes: Any) -> Authorization:
    found = ask(**changes)
    assert isinstance(found, Authorization), found
    return found


def test_good_request_is_read_whole() -> None:
    found = accepted(
        audiences=("https://api",),
        audience="https://api",
        max_age="60",
        prompt="login consent",
        screen_hint="signup",
        organization="T1",
        code_challenge=CHALLENGE,
        code_challenge_method="S256",
        claims='{"id_token":{"email":{"essential":true},"sub":{"value":"U1"}}}',
        unknown="passed over",
    )
    assert (found.redirect_uri, found.mode, found.state, found.nonce) == (REDIRECT, "query", "xyz", "n")
    assert (found.scope, found.audiences, found.challenge) == (("openid", "profile"), ("https://api",), CHALLENGE)
    assert (found.max_age, found.prompt, found.signs_up, found.tenant) == (
        60,
        frozenset({"login", "consent"}),
        True,
        "T1",
    )
    assert (found.claims.id_token, found.claims.subject) == (("email", "sub"), "U1")
    assert found.asks_anew
    assert not found.is_silent


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"client": None}, "client"),
        ({"client_id": ("C1", "C1")}, "client"),
        ({"client": replace(CLIENT, is_enabled=False)}, "enabled"),
        ({"redirect_uri": (REDIRECT, REDIRECT)}, "one-redirect"),
        ({"redirect_uri": ""}, "redirect"),
        ({"redirect_uri": "https://evil.example/cb"}, "registered"),
    ],
)
def test_fault_before_the_address_is_known_is_shown_and_sent_nowhere(changes: dict[str, Any], check: str) -> None:
    found = refused(**changes)
    assert (found.check, found.is_told, found.redirect_uri) == (check, False, "")
    assert judge_address(asked(**changes)) == found


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example.com/cb/",
        "https://app.example.com/cb?x=1",
        "https://app.example.com/cb#x",
        "https://app.example.com/CB",
        "http://app.example.com/cb",
        "https://app.example.com:8443/cb",
        "https://app.example.com.evil.example/cb",
        "https://app.example.com%2f@evil.example/cb",
        "https://user@app.example.com/cb",
        "https://app.example.com/cb/../x",
        "//app.example.com/cb",
        "javascript:alert(1)",
    ],
)
def test_redirect_uri_is_compared_character_by_character(uri: str) -> None:
    assert refused(redirect_uri=uri).check == "registered"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"state": ("a", "b")}, "invalid_request"),
        ({"request": "x.y.z"}, "request_not_supported"),
        ({"request_uri": "https://app.example.com/r"}, "request_uri_not_supported"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"response_type": ""}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"scope": 'openid "x"'}, "invalid_scope"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "maybe"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"code_challenge": CHALLENGE}, "invalid_request"),
        ({"code_challenge": CHALLENGE, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": CHALLENGE, "code_challenge_method": "S512"}, "invalid_request"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
        ({"code_challenge_method": "S256"}, "invalid_request"),
        ({"audience": "https://unknown"}, "invalid_target"),
        ({"claims": "[]"}, "invalid_request"),
        ({"claims": '{"id_token": 1}'}, "invalid_request"),
        ({"nonce": "n" * 2049}, "invalid_request"),
    ],
)
def test_fault_of_a_known_client_is_sent_to_it(changes: dict[str, Any], error: str) -> None:
    found = refused(**changes)
    assert (found.error, found.is_told, found.redirect_uri) == (error, True, REDIRECT)
    assert found.state == ("a" if "state" in changes else "xyz")
    assert judge_address(asked(**changes)) is None


def test_client_that_needs_pkce_is_refused_without() -> None:
    settings = changed(SETTINGS, pkce="required")
    assert refused(client=Client("C1", settings=settings)).check == "pkce"


def test_client_that_has_to_push_is_refused_at_the_front_door() -> None:
    settings = changed(SETTINGS, requires_pushed=True)
    assert refused(client=Client("C1", settings=settings)).check == "pushed"


def test_message_goes_to_registered_origins_only() -> None:
    assert accepted(response_mode="web_message").mode == "web_message"
    elsewhere = Client("C1", settings=changed(SETTINGS, web_origins=("https://other.example.com",)))
    found = refused(client=elsewhere, response_mode="web_message")
    assert (found.check, found.mode) == ("message", "query")


def test_only_address_need_not_be_named_by_plain_oauth() -> None:
    found = accepted(redirect_uri="", scope="read")
    assert (found.redirect_uri, found.has_redirect) == (REDIRECT, False)
    two = Client("C1", settings=changed(SETTINGS, redirect_uris=(REDIRECT, f"{REDIRECT}2")))
    assert refused(client=two, redirect_uri="", scope="read").check == "redirect"


def test_scope_that_stands_there_twice_counts_once() -> None:
    assert accepted(scope="openid profile email openid profile email").scope == ("openid", "profile", "email")


def test_default_audience_of_the_client_is_taken_when_it_exists() -> None:
    client = Client("C1", settings=changed(SETTINGS, default_audience="https://api"))
    assert accepted(client=client, audiences=("https://api",)).audiences == ("https://api",)
    assert accepted(client=client).audiences == ()


def test_switch_lets_the_query_of_an_address_differ() -> None:
    client = Client("C1", settings=changed(SETTINGS, ignores_redirect_query=True))
    uri = f"{REDIRECT}?redirect_state=1"
    assert accepted(client=client, redirect_uri=uri).redirect_uri == uri
    assert refused(client=client, redirect_uri=f"{REDIRECT}2?redirect_state=1").check == "registered"


@pytest.mark.parametrize("query", ["code=evil", "x=1&state=y", "iss=https://evil.example", "%63ode=evil", "error"])
def test_query_of_an_address_cannot_say_what_the_answer_will(query: str) -> None:
    client = Client("C1", settings=changed(SETTINGS, ignores_redirect_query=True))
    assert refused(client=client, redirect_uri=f"{REDIRECT}?{query}").check == "registered"


def test_native_application_takes_any_port_of_the_machine_itself() -> None:
    settings = changed(PRESETS["native"], redirect_uris=("http://127.0.0.1/cb",), pkce="allowed")
    client = Client("C1", settings=settings)
    assert accepted(client=client, redirect_uri="http://127.0.0.1:51004/cb").redirect_uri.endswith(":51004/cb")
    assert refused(client=client, redirect_uri="http://127.0.0.1:51004/other").check == "registered"
    assert refused(client=client, redirect_uri="http://localhost:51004/cb").check == "registered"


def test_checks_that_tell_nobody_come_first() -> None:
    told = [check.is_told for check in CHECKS]
    assert told == sorted(told)
    assert len({check.name for check in CHECKS}) == len(CHECKS)
