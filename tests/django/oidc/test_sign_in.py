"""Sign-in at npm oidc-provider: the way there and back, the pages, and the way out."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from avow.django.oidc.models import Identity, SignIn
from avow.django.oidc.provider import NAME
from tests.bed.openid import OpenIdPeer
from tests.bed.openid_provider import OpenIdProvider
from tests.django.oidc.conftest import Configure
from tests.django.oidc.visitor import Visitor

AtProvider = Callable[..., OpenIdProvider]


def query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_somebody_signs_in_and_sees_their_profile(at_provider: AtProvider, visitor: Visitor) -> None:
    provider = at_provider()
    answer = visitor.sign_in(provider, "jane")
    assert (answer.status_code, answer["location"]) == (302, "/profile")
    page = visitor.get("/profile").content.decode()
    for shown in ("jane Example", "jane@example.com", "https://id.example.com/jane.png", '<dd id="sub">jane</dd>'):
        assert shown in page
    user: Any = get_user_model().objects.get(username="jane")
    assert (user.email, user.first_name, user.last_name) == ("jane@example.com", "jane", "Example")
    assert (user.has_usable_password(), user.is_staff) == (False, False)
    assert str(Identity.objects.get(user=user)) == f"jane at {provider.url}"


def test_second_sign_in_finds_the_same_account(at_provider: AtProvider, visitor: Visitor) -> None:
    provider = at_provider()
    visitor.sign_in(provider, "jane")
    another = Visitor()
    another.sign_in(provider, "jane")
    assert (visitor.user, another.user) == ("jane", "jane")
    assert Identity.objects.count() == 1


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "PS256", "EdDSA"])
def test_every_algorithm_is_understood(at_provider: AtProvider, visitor: Visitor, algorithm: str) -> None:
    visitor.sign_in(at_provider({"id_token_signed_response_alg": algorithm}), "jane")
    assert visitor.user == "jane"


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_secret_is_shown_as_it_is_configured(at_provider: AtProvider, visitor: Visitor, method: str) -> None:
    visitor.sign_in(at_provider({"token_endpoint_auth_method": method}, client_auth=method), "jane")
    assert visitor.user == "jane"


def test_public_client_needs_no_secret(at_provider: AtProvider, visitor: Visitor) -> None:
    visitor.sign_in(at_provider({"token_endpoint_auth_method": "none"}), "jane")
    assert visitor.user == "jane"


def test_requests_carry_fresh_state_nonce_and_challenge(at_provider: AtProvider, visitor: Visitor) -> None:
    at_provider(audience="https://api.example.com", parameters={"resource": "urn:x"})
    asked = [query(visitor.begin()) for _ in range(3)]
    for one in asked:
        assert one["response_type"] == "code"
        assert one["code_challenge_method"] == "S256"
        assert (one["audience"], one["resource"]) == ("https://api.example.com", "urn:x")
        assert one["redirect_uri"] == "https://testserver/callback"
        assert "screen_hint" not in one
    for name in ("state", "nonce", "code_challenge"):
        assert len({one[name] for one in asked}) == 3


def test_sign_up_says_so(at_provider: AtProvider, visitor: Visitor) -> None:
    provider = at_provider()
    assert query(visitor.begin("/signup"))["screen_hint"] == "signup"
    visitor.sign_in(provider, "new", "/signup")
    assert visitor.user == "new"


def test_stranger_is_sent_to_the_login_and_back(at_provider: AtProvider, visitor: Visitor) -> None:
    provider = at_provider()
    login = visitor.get("/private?page=2")
    assert login["location"] == "/login?next=/private%3Fpage%3D2"
    assert visitor.sign_in(provider, "jane", login["location"])["location"] == "/private?page=2"
    assert visitor.get("/private").content == b"jane"


@pytest.mark.parametrize("login_url", ["/accounts/login/", "/login", "avow_oidc:login"])
def test_pages_of_the_app_know_its_login(
    at_provider: AtProvider, project: Configure, visitor: Visitor, login_url: str
) -> None:
    at_provider()
    project(LOGIN_URL=login_url)  # the first is Django's own, of a project that set none
    assert visitor.get("/profile")["location"] == "/login?next=/profile"


def test_public_address_is_the_callbacks(at_provider: AtProvider, visitor: Visitor) -> None:
    at_provider(public_url="https://shop.example.com/")
    assert query(visitor.begin())["redirect_uri"] == "https://shop.example.com/callback"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", r"\\evil.example", "javascript:alert(1)", "http://testserver/"],
)
def test_nobody_is_led_elsewhere(at_provider: AtProvider, visitor: Visitor, elsewhere: str) -> None:
    assert visitor.sign_in(at_provider(), "jane", f"/login?next={elsewhere}")["location"] == "/profile"


def test_two_tabs_sign_in_each_to_its_own_page(at_provider: AtProvider, visitor: Visitor) -> None:
    provider = at_provider()
    first, second = visitor.begin("/login?next=/private%3Fa"), visitor.begin("/login?next=/private%3Fb")
    back = [provider.sign_in(url, "jane") for url in (first, second)]
    assert [visitor.come_back(url)["location"] for url in reversed(back)] == ["/private?b", "/private?a"]
    assert visitor.user == "jane"


def test_tab_whose_sign_in_was_lost_goes_on_once_the_other_is_signed_in(
    configure: Configure, peer: OpenIdPeer, visitor: Visitor
) -> None:
    lost, kept = (peer.authorize(visitor.begin()) for _ in range(2))
    held = visitor.client.session  # as the second tab saves it, which read it before the first one did
    del held[f"_state_{NAME}_{query(lost)['state']}"]
    held.save()
    page = visitor.come_back(lost)
    assert (page.status_code, visitor.user) == (400, "")
    assert visitor.come_back(kept).status_code == 302
    calls = len(peer.calls("/token"))
    assert visitor.come_back(f"{lost}&next=https://evil.example")["location"] == "/profile"
    assert visitor.come_back(kept)["location"] == "/profile"
    assert (len(peer.calls("/token")), visitor.user) == (calls, peer.person["sub"])


def test_refusal_of_the_provider_is_shown_to_somebody_who_is_signed_in(
    configure: Configure, peer: OpenIdPeer, visitor: Visitor
) -> None:
    visitor.sign_in(peer)
    url = visitor.begin("/login?again=1")
    assert visitor.come_back(peer.authorize(url, code=None, error="access_denied")).status_code == 403


@pytest.mark.parametrize("purpose", ["prefetch", "prefetch;prerender", "prefetch;anonymous-client-ip", ""])
def test_link_that_is_fetched_ahead_logs_nobody_out(
    configure: Configure, peer: OpenIdPeer, visitor: Visitor, purpose: str
) -> None:
    configure(logout="local")
    visitor.sign_in(peer)
    ahead = {"sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate", "sec-purpose": purpose}
    page = visitor.get("/logout", headers=ahead)
    assert page.status_code == 200
    assert "csrfmiddlewaretoken" in page.content.decode()
    assert visitor.user == peer.person["sub"]
    visitor.click_logout()
    assert visitor.user == ""


def test_replayed_callback_signs_nobody_in(at_provider: AtProvider, visitor: Visitor) -> None:
    provider = at_provider()
    back = provider.sign_in(visitor.begin(), "jane")
    assert visitor.come_back(back).status_code == 302
    visitor.client.logout()
    again = visitor.come_back(back)
    assert again.status_code == 400
    assert "start again" in again.content.decode()
    assert visitor.user == ""


def test_signed_in_person_is_asked_and_not_sent_round(at_provider: AtProvider, visitor: Visitor) -> None:
    visitor.sign_in(at_provider(), "jane")
    page = visitor.get("/login?next=/private")
    assert page.status_code == 200
    assert 'href="/private"' in page.content.decode()
    assert query(visitor.begin("/login?next=/private&again=1"))["prompt"] == "login"


def test_session_keeps_no_token_unless_asked(at_provider: AtProvider, visitor: Visitor) -> None:
    visitor.sign_in(at_provider(), "jane")
    held = visitor.session["avow_oidc"]
    assert set(held) == {"userinfo"}
    assert held["userinfo"]["email"] == "jane@example.com"


def test_logout_ends_both_sessions(at_provider: AtProvider, visitor: Visitor) -> None:
    provider = at_provider({"post_logout_redirect_uris": ["https://testserver/"]}, keep_tokens=True)
    visitor.sign_in(provider, "jane")
    answer = visitor.click_logout()
    assert visitor.user == ""
    assert visitor.session == {}
    asked = query(answer["location"])
    assert asked["post_logout_redirect_uri"] == "https://testserver/"
    assert asked["id_token_hint"].count(".") == 2
    page = httpx2.get(answer["location"])
    assert page.status_code == 200, page.text
    assert "/session/end/confirm" in page.text


def test_logout_without_kept_tokens_names_the_client(at_provider: AtProvider, visitor: Visitor) -> None:
    provider = at_provider({"post_logout_redirect_uris": ["https://testserver/"]})
    visitor.sign_in(provider, "jane")
    answer = visitor.click_logout()
    assert "id_token_hint" not in answer["location"]
    assert httpx2.get(answer["location"]).status_code == 200


def test_logout_by_another_site_is_asked_about(at_provider: AtProvider, visitor: Visitor) -> None:
    visitor.sign_in(at_provider(logout="local"), "jane")
    for headers in ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, {}):
        page = visitor.get("/logout", headers=headers)
        assert page.status_code == 200
        assert visitor.user == "jane"
    assert visitor.post("/logout").status_code == 403
    [token] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())
    answer = visitor.post("/logout", {"csrfmiddlewaretoken": token})
    assert answer["location"] == "/"
    assert visitor.user == ""


def test_logout_leaves_the_session_of_a_stranger_alone(at_provider: AtProvider, visitor: Visitor) -> None:
    provider = at_provider()
    url = visitor.begin()
    assert visitor.get("/logout")["location"] == "/"
    assert visitor.come_back(provider.sign_in(url, "jane"))["location"] == "/profile"


def test_person_with_a_password_is_sent_to_no_provider(at_provider: AtProvider, visitor: Visitor) -> None:
    at_provider()
    visitor.client.force_login(User.objects.create_user("ann"), "django.contrib.auth.backends.ModelBackend")
    assert visitor.click_logout()["location"] == "/"


def test_pages_are_for_those_who_are_signed_in(at_provider: AtProvider, visitor: Visitor) -> None:
    provider = at_provider()
    for path in ("/profile", "/protected", "/admin"):
        assert visitor.get(path)["location"] == f"/login?next={path}"
    visitor.sign_in(provider, "jane")
    assert "This is a protected message." in visitor.get("/protected").content.decode()
    assert visitor.get("/admin").status_code == 403
    get_user_model().objects.update(is_staff=True)
    assert "This is an admin message." in visitor.get("/admin").content.decode()


def test_pages_are_kept_by_no_cache(at_provider: AtProvider, visitor: Visitor) -> None:
    provider = at_provider()
    for path in ("/login", "/callback", "/profile"):
        assert "no-store" in visitor.get(path)["cache-control"] or visitor.get(path).status_code == 302
    visitor.sign_in(provider, "jane")
    assert "no-store" in visitor.get("/profile")["cache-control"]


def test_signed_in_request_runs_no_more_statements_than_djangos_own(at_provider: AtProvider, visitor: Visitor) -> None:
    visitor.sign_in(at_provider(), "jane")
    with CaptureQueriesContext(connection) as ran:
        visitor.get("/private")
    assert len(ran) == 2, ran.captured_queries  # the session, and the row of the user


def test_migration_is_what_the_models_say(project: Configure) -> None:
    call_command("makemigrations", "avow_oidc", check=True, dry_run=True, verbosity=0)


def test_session_gets_a_new_key_when_the_same_person_logs_in_again(
    configure: Configure, peer: OpenIdPeer, visitor: Visitor
) -> None:
    configure(backchannel_logout=True)
    visitor.sign_in(peer)
    before = visitor.session_key
    visitor.sign_in(peer, path="/login?again=1")
    assert visitor.session_key != before
    assert not Session.objects.filter(session_key=before).exists()
    assert [row.session_key for row in SignIn.objects.all()] == [visitor.session_key]
