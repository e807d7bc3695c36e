"""Social sign-in with the official SDK, at npm oidc-provider and at a provider of GitHub's shape."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from descope import AuthException, LoginOptions

from avow.core.federation.requests import read_key
from avow.testing.server import Avow
from tests.bed.openid import OpenIdPeer, openid_peer
from tests.bed.openid_provider import OpenIdProvider
from tests.bed.social import Social
from tests.bed.visitor import Page, Visitor
from tests.contract.people import Person, error_code
from tests.core.federation.test_requests import pem

PAGE = "https://app.example.com/handle-oauth"
ALGORITHMS = ["RS256", "ES256", "PS256", "EdDSA"]


@pytest.fixture
def avow(make_project: Callable[..., Avow]) -> Avow:
    return make_project(approved_redirects=["https://app.example.com"])


@pytest.fixture
def provider(avow: Avow, openid_provider: OpenIdProvider) -> OpenIdProvider:
    """Set the provider up as `google`."""
    configure(avow, openid_provider)
    return openid_provider


def configure(avow: Avow, provider: OpenIdProvider, name: str = "google", **metadata: Any) -> None:
    ours = avow.client().mgmt.provider
    made = ours.save(name, "none yet", "none yet", kind="oidc", issuer=provider.url)["provider"]
    client_id, secret = provider.register(made["redirectUri"], **metadata)
    ours.save(name, client_id, secret, kind="oidc", issuer=provider.url)


def come(avow: Avow, provider: OpenIdProvider, url: str, login: str) -> Page:
    """Go with a browser from the address of a start to the provider, and back."""
    visitor = Visitor(avow.server.site)
    return visitor.get(provider.sign_in(visitor.get(url).location, login))


@pytest.mark.operation("oauth.start", "oauth.exchange_token")
def test_person_signs_up_and_in(client: Any, avow: Avow, provider: OpenIdProvider, fits: Callable[..., bool]) -> None:
    started = client.oauth.start("google", PAGE)
    assert fits("oauth.start", "url")
    page = come(avow, provider, started["url"], "jane")
    assert page.location.startswith(f"{PAGE}?code=")
    session = client.oauth.exchange_token(page.code)
    assert fits("oauth.exchange_token", "sessionJwt", "refreshJwt", "user", "firstSeen")
    assert session["firstSeen"]
    assert session["user"]["email"] == "jane@example.com"
    assert session["user"]["verifiedEmail"]
    assert session["user"]["name"] == "jane Example"
    assert session["user"]["OAuth"] == {"google": True}
    assert session["sessionToken"]["amr"] == ["oauth"]
    assert client.validate_session(session["sessionToken"]["jwt"])["sub"] == session["userId"]
    again = client.oauth.exchange_token(come(avow, provider, client.oauth.start("google", PAGE)["url"], "jane").code)
    assert (again["userId"], again["firstSeen"]) == (session["userId"], False)
    assert client.me(again["refreshSessionToken"]["jwt"])["OAuth"] == {"google": True}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_of_the_provider_is_understood(
    client: Any, avow: Avow, openid_provider: OpenIdProvider, algorithm: str
) -> None:
    configure(avow, openid_provider, id_token_signed_response_alg=algorithm)
    page = come(avow, openid_provider, client.oauth.start("google", PAGE)["url"], "jane")
    assert client.oauth.exchange_token(page.code)["user"]["email"] == "jane@example.com"


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_secret_is_shown_as_the_provider_wants_it(
    client: Any, avow: Avow, openid_provider: OpenIdProvider, method: str
) -> None:
    ours = avow.client().mgmt.provider
    made = ours.save("google", "x", "x", kind="oidc", issuer=openid_provider.url)["provider"]
    client_id, secret = openid_provider.register(made["redirectUri"], token_endpoint_auth_method=method)
    auth = method.removeprefix("client_secret_")
    ours.save("google", client_id, secret, kind="oidc", issuer=openid_provider.url, client_auth=auth)
    page = come(avow, openid_provider, client.oauth.start("google", PAGE)["url"], "jane")
    assert client.oauth.exchange_token(page.code)["firstSeen"]


def test_private_key_proves_who_we_are(client: Any, avow: Avow, openid_provider: OpenIdProvider) -> None:
    key = pem(ec.generate_private_key(ec.SECP256R1()))
    ours = avow.client().mgmt.provider
    made = ours.save("google", "x", key, kind="oidc", issuer=openid_provider.url, client_auth="private_key_jwt")
    client_id, _ = openid_provider.register(
        made["provider"]["redirectUri"],
        token_endpoint_auth_method="private_key_jwt",
        token_endpoint_auth_signing_alg="ES256",
        jwks={"keys": [json.loads(read_key(key).public_jwk())]},
    )
    ours.save("google", client_id, key, kind="oidc", issuer=openid_provider.url, client_auth="private_key_jwt")
    page = come(avow, openid_provider, client.oauth.start("google", PAGE)["url"], "jane")
    assert client.oauth.exchange_token(page.code)["firstSeen"]


def test_address_that_the_provider_did_not_verify_leads_to_nobody(
    client: Any, avow: Avow, provider: OpenIdProvider, sign_in: Callable[..., Person]
) -> None:
    owner = sign_in("eve-unverified@example.com")
    page = come(avow, provider, client.oauth.start("google", PAGE)["url"], "eve-unverified")
    assert page.error == "E061303"
    session = client.oauth.exchange_token(
        come(avow, provider, client.oauth.start("google", PAGE)["url"], "x-unverified").code
    )
    assert session["userId"] != owner.session["userId"]
    assert not session["user"]["verifiedEmail"]


def test_verified_address_leads_to_its_user(
    client: Any, avow: Avow, provider: OpenIdProvider, sign_in: Callable[..., Person]
) -> None:
    owner = sign_in("mia@example.com")
    page = come(avow, provider, client.oauth.start("google", PAGE)["url"], "mia")
    assert client.oauth.exchange_token(page.code)["userId"] == owner.session["userId"]


def test_login_options_count(client: Any, avow: Avow, provider: OpenIdProvider) -> None:
    wanted = LoginOptions(custom_claims={"plan": "pro"})
    page = come(avow, provider, client.oauth.start("google", PAGE, wanted)["url"], "jane")
    session = client.oauth.exchange_token(page.code)
    assert session["sessionToken"]["nsec"] == {"plan": "pro"}
    token = session["refreshSessionToken"]["jwt"]
    url = client.oauth.start("google", PAGE, LoginOptions(stepup=True), token)["url"]
    stepped = client.oauth.exchange_token(come(avow, provider, url, "jane").code)
    assert stepped["sessionToken"]["su"] is True
    assert stepped["userId"] == session["userId"]


def test_code_counts_once(client: Any, avow: Avow, provider: OpenIdProvider) -> None:
    code = come(avow, provider, client.oauth.start("google", PAGE)["url"], "jane").code
    client.oauth.exchange_token(code)
    with pytest.raises(AuthException) as refused:
        client.oauth.exchange_token(code)
    assert refused.value.status_code == 401
    assert error_code(refused) == "E061102"


@pytest.mark.parametrize(("name", "page"), [("myspace", PAGE), ("google", "https://evil.example.com/")])
def test_start_that_leads_nowhere_is_refused(
    client: Any, avow: Avow, provider: OpenIdProvider, name: str, page: str
) -> None:
    with pytest.raises(AuthException) as refused:
        client.oauth.start(name, page)
    assert (refused.value.status_code, error_code(refused)) == (400, "E011004")


@pytest.mark.operation("mgmt.user.get_provider_token")
def test_tokens_of_the_provider_are_handed_to_management(client: Any, avow: Avow, provider: OpenIdProvider) -> None:
    client.oauth.exchange_token(come(avow, provider, client.oauth.start("google", PAGE)["url"], "jane").code)
    kept = client.mgmt.user.get_provider_token("jane@example.com", "google")
    assert kept["providerUserID"] == "jane"
    answer = httpx2.get(f"{provider.url}/me", headers={"authorization": f"Bearer {kept['accessToken']}"})
    assert answer.json()["sub"] == "jane"


@pytest.fixture
def hub(avow: Avow) -> Iterator[OpenIdPeer]:
    with openid_peer(avow.server.clock) as found:
        yield found


def test_provider_of_githubs_shape(client: Any, avow: Avow, hub: OpenIdPeer) -> None:
    hub.person = {
        "id": 583231,
        "name": "Octo Cat",
        "emails": [{"email": "octo@example.com", "primary": True, "verified": True}],
    }
    social = Social(avow, hub, "github")
    social.configure_oauth()
    page = social.come_back(social.open(client.oauth.start("github", PAGE)["url"]))
    user = client.oauth.exchange_token(page.code)["user"]
    assert (user["email"], user["verifiedEmail"], user["OAuth"]) == ("octo@example.com", True, {"github": True})
