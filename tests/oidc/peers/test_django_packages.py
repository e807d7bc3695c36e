"""Django's packages for sign-in by OpenID Connect: mozilla-django-oidc, django-allauth, social-auth."""

from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.factories import make_user, new_email
from tests.oidc.peers.python import WebApp, web_app
from tests.oidc.serving import Peer, Surfer
from tests.server.oidc.relying import claims

CALLBACKS = {
    "mozilla": ("/oidc/callback/", ""),
    "allauth": ("/accounts/oidc/avow/login/callback/", "/accounts/auth0/login/callback/"),
    "social": ("/social/complete/oidc/", "/social/complete/auth0/"),
}
# What each of them keeps; mozilla-django-oidc knows accounts by their address alone.
KEPT = {"mozilla": {"email"}, "allauth": {"email", "sub", "name"}, "social": {"email", "sub", "name"}}
MOZILLA = pytest.param("mozilla", marks=pytest.mark.peer("mozilla-django-oidc"))
ALLAUTH = pytest.param("allauth", marks=pytest.mark.peer("django-allauth"))
SOCIAL = pytest.param("social", marks=pytest.mark.peer("social-auth"))


@pytest.fixture(scope="module", params=[MOZILLA, ALLAUTH, SOCIAL])
def app(provider: Peer, request: pytest.FixtureRequest) -> Iterator[WebApp]:
    callback, loose = CALLBACKS[request.param]
    with web_app(provider, "newest", request.param, callback=callback, loose_callback=loose) as started:
        yield started


def enter(app: WebApp, surfer: Surfer, email: str, start: str = "start") -> dict[str, object]:
    """Log in; return whom the application takes it for."""
    page = surfer.submit(surfer.get(f"{app.url}/{start}"))
    assert page.url.startswith(f"https://{app.peer.domain}/login/"), page.text
    shown: dict[str, object] = surfer.sign_in(page, email).json()
    return shown


def test_log_in_takes_over_who_it_is(provider: Peer, app: WebApp, new_surfer: Callable[[], Surfer]) -> None:
    email = new_email()
    user = make_user(provider.avow, email, name="Mia Example")
    shown = enter(app, new_surfer(), email)
    said = {"email": email, "sub": user, "name": "Mia Example"}
    assert {name: shown[name] for name in KEPT[app.name]} == {name: said[name] for name in KEPT[app.name]}
    assert enter(app, new_surfer(), email)["id"] == shown["id"]  # the same account
    assert enter(app, new_surfer(), new_email())["id"] != shown["id"]


def test_log_out_ends_the_token_and_asks_again(provider: Peer, app: WebApp, surfer: Surfer) -> None:
    bearer = {"Authorization": f"Bearer {enter(app, surfer, new_email())['token']}"}
    userinfo = f"https://{provider.domain}/userinfo"
    assert surfer.session.get(userinfo, headers=bearer, timeout=10).status_code == 200
    assert surfer.submit(surfer.get(f"{app.url}/start")).url == f"{app.url}/"  # one sign-in is enough
    left = surfer.submit(surfer.get(f"{app.url}/finish"))
    if "id_token_hint" not in left.history[-1].url and left.url != f"{app.url}/":
        left = surfer.submit(left)  # nothing says that the person wished it: the provider asks them
    assert left.url == f"{app.url}/"
    assert left.json() == {"signed_in": False}
    assert surfer.session.get(userinfo, headers=bearer, timeout=10).status_code == 401
    assert surfer.submit(surfer.get(f"{app.url}/start")).url.startswith(f"https://{provider.domain}/login/")


def test_answer_in_another_browser_is_refused(app: WebApp, new_surfer: Callable[[], Surfer]) -> None:
    surfer, other = new_surfer(), new_surfer()
    answer = app.answer(surfer, "", new_email())
    other.get(answer)
    assert other.get(app.url).json() == {"signed_in": False}
    assert surfer.get(answer).json()["signed_in"]


def test_code_of_another_sign_in_is_refused(app: WebApp, new_surfer: Callable[[], Surfer]) -> None:
    surfer = new_surfer()
    stolen = app.answer(new_surfer(), "", new_email())
    answer = app.answer(surfer, "", new_email())
    code, state = parse_qs(urlsplit(stolen).query)["code"][0], parse_qs(urlsplit(answer).query)["state"][0]
    surfer.get(f"{app.callback}?{urlencode({'code': code, 'state': state})}")
    assert surfer.get(app.url).json() == {"signed_in": False}


@pytest.mark.parametrize("app", [MOZILLA], indirect=True)
def test_mozilla_renews_without_a_page_and_ends_with_the_session(provider: Peer, app: WebApp, surfer: Surfer) -> None:
    shown = enter(app, surfer, new_email())
    surfer.get(f"{app.url}/expire")
    again = surfer.get(f"{app.url}/")
    assert [urlsplit(each.url).path for each in again.history] == ["/", "/authorize", CALLBACKS["mozilla"][0]]
    assert again.json()["id"] == shown["id"]
    assert again.json()["token"] != shown["token"]
    surfer.get(f"https://{provider.domain}/v2/logout?client_id={app.client.id}&returnTo={app.url}")
    surfer.get(f"{app.url}/expire")
    assert surfer.get(f"{app.url}/").json() == {"signed_in": False}


@pytest.mark.parametrize("app", [SOCIAL], indirect=True)
def test_social_auth_uses_its_refresh_token(provider: Peer, app: WebApp, surfer: Surfer) -> None:
    enter(app, surfer, new_email())
    tokens = surfer.get(f"{app.url}/renew").json()
    assert tokens["before"] != tokens["after"]
    assert claims(tokens["after"])["sub"] == claims(tokens["before"])["sub"]


@pytest.mark.parametrize("app", [ALLAUTH, SOCIAL], indirect=True)
def test_backends_for_auth0_log_in_with_the_switch_that_they_need(provider: Peer, app: WebApp, surfer: Surfer) -> None:
    email = new_email()
    user = make_user(provider.avow, email, name="Mia Example")
    shown = enter(app, surfer, email, "start-auth0")
    assert (shown["email"], shown["sub"], shown["name"]) == (email, user, "Mia Example")
