from typing import Any

import pytest

from avow.core.federation import answers
from avow.core.federation.providers import Endpoints, Provider
from avow.core.tokens.encoding import to_json
from avow.errors import SignInDeclined, SignInRefused

PROVIDER = Provider(protocol="oidc", issuer="https://id.example.com", client_id="avow")
OAUTH = Provider(protocol="oauth2", issuer="https://hub.example.com", client_id="avow")


def endpoints(*, names_itself: bool = False) -> Endpoints:
    return Endpoints(
        authorization_url="a",
        token_url="t",
        user_url="u",
        keys_url="k",
        client_auth="post",
        algorithms=("ES256",),
        uses_pkce=True,
        names_itself=names_itself,
    )


def test_code_is_taken_from_the_provider_that_names_itself() -> None:
    answer: dict[str, str | None] = {"code": "c", "iss": PROVIDER.issuer, "error": None}
    assert answers.code_of(PROVIDER, endpoints(names_itself=True), answer) == "c"
    assert answers.code_of(PROVIDER, endpoints(), {"code": "c"}) == "c"


@pytest.mark.parametrize(
    ("answer", "names_itself"),
    [
        ({"code": "c", "iss": "https://evil.example.com"}, False),
        ({"code": "c", "iss": "https://id.example.com/"}, False),
        ({"code": "c", "iss": ""}, False),
        ({"code": "c"}, True),
        ({}, False),
        ({"code": ""}, False),
        ({"error": "server_error"}, False),
        ({"error": "access_denied", "iss": "https://evil.example.com"}, False),
        ({"error": "\r\nx", "code": "c"}, False),
    ],
    ids=str,
)
def test_answer_of_another_provider_or_of_none_is_refused(answer: dict[str, str | None], names_itself: bool) -> None:
    with pytest.raises(SignInRefused):
        answers.code_of(PROVIDER, endpoints(names_itself=names_itself), answer)


def test_person_who_gives_up_is_told_apart() -> None:
    with pytest.raises(SignInDeclined):
        answers.code_of(PROVIDER, endpoints(), {"error": "access_denied", "code": "c"})


def tokens(provider: Provider = OAUTH, status: int = 200, **said: Any) -> answers.Tokens:
    return answers.read_tokens(provider, status, to_json({"access_token": "at", **said}))


def test_tokens_are_read() -> None:
    found = tokens(
        PROVIDER, id_token="a.b.c", refresh_token="rt", expires_in=3600, scope="openid email", token_type="bearer"
    )
    assert (found.access_token, found.id_token, found.refresh_token) == ("at", "a.b.c", "rt")
    assert (found.scopes, found.lifetime_seconds) == (("openid", "email"), 3600)


@pytest.mark.parametrize(
    ("said", "scopes"),
    [
        ({}, None),
        ({"scope": "a,b"}, ("a", "b")),
        ({"scope": ["a", "b"]}, ("a", "b")),
        ({"scope": ""}, ()),
        ({"scope": 7}, None),
        ({"scope": "a\0b c"}, ("c",)),
    ],
)
def test_scopes_come_in_several_forms(said: dict[str, Any], scopes: tuple[str, ...] | None) -> None:
    assert tokens(**said).scopes == scopes


@pytest.mark.parametrize(
    ("given", "seconds"),
    [(3600, 3600), ("3600", 3600), (-1, None), ("soon", None), (True, None), (10**18, 315_360_000)],
)
def test_lifetime_comes_in_several_forms(given: object, seconds: int | None) -> None:
    assert tokens(expires_in=given).lifetime_seconds == seconds


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b'{"error":"invalid_grant"}'),
        (200, b'{"error":"bad_verification_code"}'),
        (200, b"access_token=at&token_type=bearer"),
        (200, b"{}"),
        (200, b'{"access_token":7}'),
        (200, b'{"access_token":"a\\nb"}'),
        (200, b'{"access_token":"at","token_type":"mac"}'),
        (200, b'{"access_token":"at","access_token":"bt"}'),
        (500, b""),
        (302, b""),
    ],
)
def test_answer_without_tokens_that_we_can_use_is_refused(status: int, body: bytes) -> None:
    with pytest.raises(SignInRefused):
        answers.read_tokens(OAUTH, status, body)


def test_openid_provider_has_to_give_an_id_token() -> None:
    with pytest.raises(SignInRefused):
        tokens(PROVIDER)


@pytest.mark.parametrize(
    ("status", "content_type", "body"),
    [
        (401, "application/json", b"{}"),
        (200, "application/jwt", b"{}"),
        (200, "application/json", b"[]"),
        (200, "text/html", b"<p>"),
    ],
)
def test_user_endpoint_has_to_answer_an_object(status: int, content_type: str, body: bytes) -> None:
    with pytest.raises(SignInRefused):
        answers.read_user(status, content_type, body)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (
            [{"email": "a@x", "primary": False, "verified": True}, {"email": "b@x", "primary": True, "verified": True}],
            ("b@x", True),
        ),
        ([{"email": "b@x", "primary": True, "verified": False}], ("b@x", False)),
        ([{"email": "b@x", "primary": True, "verified": "true"}], ("b@x", False)),
        ({"values": [{"email": "c@x", "is_primary": True, "is_confirmed": True}]}, ("c@x", True)),
        ([{"email": "a@x", "verified": True}], ("", False)),
        ([], ("", False)),
        ("no", ("", False)),
        ({"values": 7}, ("", False)),
        ([7, None], ("", False)),
    ],
)
def test_primary_address_counts(body: object, found: tuple[str, bool]) -> None:
    assert answers.read_emails(200, to_json(body)) == found
    assert answers.read_emails(403, to_json(body)) == ("", False)


@pytest.mark.parametrize("error", ["see http://evil.example", "access_denied\n", "x" * 300, "\0"], ids=ascii)
def test_words_of_the_provider_are_not_passed_on(error: str) -> None:
    with pytest.raises(SignInRefused) as refused:
        answers.code_of(PROVIDER, endpoints(), {"error": error})
    assert refused.value.detail == "the provider answered an error of its own"
    with pytest.raises(SignInRefused) as refused:
        answers.read_tokens(PROVIDER, 400, to_json({"error": error}))
    assert refused.value.detail == "token endpoint: 400, an error of its own"
    with pytest.raises(SignInRefused) as refused:
        answers.read_tokens(PROVIDER, 400, to_json({"error": "invalid_grant"}))
    assert refused.value.detail == "token endpoint: 400, invalid_grant"
