"""The flow of Auth0's Django guide on Authlib, unmodified but for domain, client and audience."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
import requests

from tests.factories import grant, make_role, make_user, new_email
from tests.oidc.serving import Peer, Surfer, provider_over_tls, running
from tests.served import free_port
from tests.server.oidc.relying import API, make_api, make_app

APP = Path(__file__).with_name("authlib_app.py")


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    with provider_over_tls(tmp_path_factory.mktemp("tls")) as started:
        make_api(started.avow, "read:admin-messages", rbac=True)
        yield started


@pytest.fixture(scope="module")
def app(peer: Peer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run the application; give its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    client = make_app(peer.avow, redirectUris=[f"{url}/callback"], logoutUris=[url])
    peer.avow.server.clock.reset()  # the application has the clock of the machine
    variables = {
        **peer.variables(),
        "APP_PORT": str(port),
        "APP_SESSIONS": str(tmp_path_factory.mktemp("sessions")),
        "AUTH0_DOMAIN": peer.domain,
        "AUTH0_CLIENT_ID": client.id,
        "AUTH0_CLIENT_SECRET": client.secret,
        "AUTH0_AUDIENCE": API,
    }
    with running(APP, variables):
        yield url


@pytest.fixture
def surfer(peer: Peer) -> Iterator[Surfer]:
    made = Surfer(peer)
    yield made
    made.session.close()


def permissions(peer: Peer, token: str) -> list[str]:
    """Judge an access token as the sample API does: RS256, the key set, issuer with a slash, audience."""
    trust = ssl.create_default_context(cafile=str(peer.bundle))
    keys = jwt.PyJWKClient(f"https://{peer.domain}/.well-known/jwks.json", ssl_context=trust)
    key = keys.get_signing_key_from_jwt(token).key
    said = jwt.decode(token, key, algorithms=["RS256"], audience=API, issuer=peer.issuer)
    found: list[str] = said["permissions"]
    return found


def test_log_in_shows_the_profile_with_every_field(peer: Peer, app: str, surfer: Surfer) -> None:
    email = new_email()
    user = make_user(peer.avow, email, name="Mia Example", picture="https://pictures.example.com/mia")
    grant(peer.avow, user, make_role(peer.avow, "admin", ["read:admin-messages"]))
    page = surfer.get(f"{app}/login")
    assert page.url.startswith(f"https://{peer.domain}/login/")
    shown = surfer.sign_in(page, email)
    assert shown.url == f"{app}/profile"
    told = shown.json()["user"]
    fields = ("nickname", "name", "picture", "updated_at", "email", "email_verified", "sub")
    assert all(told[name] for name in fields)
    assert (told["sub"], told["email"], told["iss"]) == (user, email, peer.issuer)
    assert isinstance(told["updated_at"], str)
    assert permissions(peer, shown.json()["access_token"]) == ["read:admin-messages"]


def test_whoever_may_not_has_no_permission(peer: Peer, app: str, surfer: Surfer) -> None:
    shown = surfer.sign_in(surfer.get(f"{app}/login"), new_email())
    assert permissions(peer, shown.json()["access_token"]) == []


def test_sign_up_shows_the_sign_up_and_ends_in_the_profile(peer: Peer, app: str, surfer: Surfer) -> None:
    page = surfer.get(f"{app}/signup")
    assert "flow=sign-up&" in page.url
    email = new_email()
    assert surfer.sign_in(page, email).json()["user"]["email"] == email


def test_log_out_asks_again(peer: Peer, app: str, surfer: Surfer) -> None:
    email = new_email()
    surfer.sign_in(surfer.get(f"{app}/login"), email)
    again = surfer.get(f"{app}/login")
    assert again.url == f"{app}/profile"  # one sign-in is enough
    left = surfer.get(f"{app}/logout")
    assert (left.url, left.json()) == (f"{app}/", {"signed_in": False})
    assert surfer.get(f"{app}/login").url.startswith(f"https://{peer.domain}/login/")


def test_state_of_another_browser_is_refused_by_the_application(peer: Peer, app: str, surfer: Surfer) -> None:
    page = surfer.get(f"{app}/login")
    surfer.session.cookies.clear(domain="127.0.0.1")
    with pytest.raises(requests.exceptions.JSONDecodeError):
        surfer.sign_in(page, new_email()).json()
