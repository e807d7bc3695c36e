from dataclasses import replace
from typing import Any

import pytest

from avow.core.federation.providers import Provider, read_discovery, resolve
from avow.core.tokens.encoding import to_json
from avow.errors import SignInRefused

ISSUER = "https://id.example.com/acme"
DOCUMENT: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://id.example.com/authorize",
    "token_endpoint": "https://id.example.com/token",
    "userinfo_endpoint": "https://id.example.com/me",
    "jwks_uri": "https://id.example.com/keys",
    "id_token_signing_alg_values_supported": ["HS256", "none", "ES256"],
    "token_endpoint_auth_methods_supported": ["client_secret_post"],
}
PROVIDER = Provider(protocol="oidc", issuer=ISSUER, client_id="avow")


def said(**changes: Any) -> Any:
    document = {name: value for name, value in {**DOCUMENT, **changes}.items() if value is not None}
    return read_discovery(ISSUER)(to_json(document))


def test_provider_describes_itself() -> None:
    found = resolve(PROVIDER, said())
    assert (found.token_url, found.keys_url) == ("https://id.example.com/token", "https://id.example.com/keys")
    assert (found.algorithms, found.client_auth, found.uses_pkce) == (("ES256",), "post", True)


@pytest.mark.parametrize(
    "url",
    [
        "https://id.example.com/a\r\nset-cookie: a=b",
        "https://id.example.com/a b",
        "javascript:alert(1)",
        "https://id.example.com@evil.example/",
        "/a",
        7,
    ],
)
def test_address_that_is_none_is_refused(url: object) -> None:
    with pytest.raises(ValueError, match="authorization_endpoint"):
        said(authorization_endpoint=url)


def test_description_lies_below_the_issuer() -> None:
    assert PROVIDER.described_at == f"{ISSUER}/.well-known/openid-configuration"
    slashed = Provider(protocol="oidc", issuer="https://id.example.com/", client_id="avow")
    assert slashed.described_at == "https://id.example.com/.well-known/openid-configuration"


@pytest.mark.parametrize("issuer", [f"{ISSUER}/", "https://id.example.com", "https://evil.example.com", None, 7])
def test_description_of_another_issuer_is_refused(issuer: object) -> None:
    with pytest.raises(ValueError, match="another issuer"):
        said(issuer=issuer)


@pytest.mark.parametrize(
    "changes",
    [{"token_endpoint": 7}, {"jwks_uri": "x" * 3000}, {"id_token_signing_alg_values_supported": "ES256"}],
    ids=str,
)
def test_description_of_another_shape_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"is no URL|something else"):
        said(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"token_endpoint": "https://accounts.other.example/token"},
        {"authorization_endpoint": "https://accounts.other.example/authorize"},
        {"jwks_uri": "https://accounts.other.example/keys"},
        {"userinfo_endpoint": "https://accounts.other.example/me"},
        {"token_endpoint": "http://id.example.com/token"},
        {"token_endpoint": "https://id.example.com:8443/token"},
        {"token_endpoint": "https://id.example.com.evil.example/token"},
    ],
    ids=str,
)
def test_endpoint_of_another_host_is_refused_unless_it_was_set_up(changes: dict[str, str]) -> None:
    with pytest.raises(SignInRefused):
        resolve(PROVIDER, said(**changes))


def test_host_that_was_set_up_may_be_named() -> None:
    provider = Provider(protocol="oidc", issuer=ISSUER, client_id="avow", hosts=("oauth2.example.net",))
    assert resolve(provider, said(token_endpoint="https://oauth2.example.net/token")).token_url.endswith(".net/token")


def test_what_was_set_up_comes_first() -> None:
    provider = Provider(
        protocol="oidc",
        issuer=ISSUER,
        client_id="avow",
        token_url="https://elsewhere.example/token",
        client_auth="basic",
    )
    found = resolve(provider, said())
    assert (found.token_url, found.client_auth) == ("https://elsewhere.example/token", "basic")
    assert provider.needs_discovery


@pytest.mark.parametrize("missing", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_provider_without_an_endpoint_is_refused(missing: str) -> None:
    with pytest.raises(SignInRefused):
        resolve(PROVIDER, said(**{missing: None}))


@pytest.mark.parametrize(
    ("methods", "uses"), [(None, True), (["S256"], True), (["plain", "S256"], True), (["plain"], False), ([], False)]
)
def test_challenge_is_sent_wherever_it_is_not_ruled_out(methods: list[str] | None, uses: bool) -> None:
    assert resolve(PROVIDER, said(code_challenge_methods_supported=methods)).uses_pkce is uses


@pytest.mark.parametrize(
    ("methods", "auth"),
    [(None, "basic"), (["client_secret_post", "client_secret_basic"], "basic"), (["tls_client_auth"], "basic")],
)
def test_secret_is_shown_in_the_header_where_the_provider_takes_it(methods: list[str] | None, auth: str) -> None:
    assert resolve(PROVIDER, said(token_endpoint_auth_methods_supported=methods)).client_auth == auth


def test_rs256_is_taken_where_nothing_is_said() -> None:
    assert resolve(PROVIDER, said(id_token_signing_alg_values_supported=None)).algorithms == ("RS256",)


def test_what_another_issuer_says_of_itself_does_not_count() -> None:
    other = replace(PROVIDER, issuer="https://id.example.com/other")
    with pytest.raises(SignInRefused):
        resolve(other, said())
