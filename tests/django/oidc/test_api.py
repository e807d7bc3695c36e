"""`api_session`: an HTTP client with the access token of whoever is signed in, refreshed when it is due."""

import hashlib
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.db import connections

from avow.clock import system_clock
from avow.django.oidc import SignInStopped
from tests.bed.openid import OpenIdPeer, Said, Seen, openid_peer
from tests.bed.openid_provider import OpenIdProvider
from tests.django.oidc.conftest import Configure
from tests.django.oidc.visitor import Visitor

AtProvider = Callable[..., OpenIdProvider]


class Api:
    """A provider that gives tokens for seconds, and an API beside it that says which token came."""

    def __init__(self, peer: OpenIdPeer) -> None:
        self.peer = peer
        self.refreshes: list[str] = []
        self.expires_in: object = 3600
        self.seconds_for_a_refresh = 0.0
        self.refusal: Said | None = None
        self.issued = 0
        peer.answers["/token"] = self.token
        peer.answers["/message"] = lambda seen: Said({"token": seen.headers.get("authorization", "")})

    @property
    def url(self) -> str:
        return f"{self.peer.url}/message"

    def token(self, seen: Seen) -> Said:
        if seen.form.get("grant_type") == "refresh_token":
            self.refreshes.append(seen.form["refresh_token"])
            time.sleep(self.seconds_for_a_refresh)
            if self.refusal:
                return self.refusal
            return Said({"access_token": self.next("access"), "refresh_token": self.next("refresh"), **self.rest(3600)})
        del self.peer.answers["/token"]
        said = self.peer.answer(seen)
        self.peer.answers["/token"] = self.token
        assert isinstance(said.body, dict)
        changed = {"access_token": self.next("access"), "refresh_token": self.next("refresh")}
        return Said({**said.body, **changed, **self.rest(self.expires_in)}, said.status)

    def rest(self, expires_in: object) -> dict[str, object]:
        return {"token_type": "Bearer", "expires_in": expires_in}

    def next(self, kind: str) -> str:
        self.issued += 1
        return f"{kind}-{self.issued}"


@pytest.fixture
def api(configure: Configure, peer: OpenIdPeer) -> Api:
    configure(keep_tokens=True, userinfo="never")
    return Api(peer)


def call(visitor: Visitor, api: Api, **more: str) -> Any:
    return visitor.get(f"/call?{urlencode({'url': api.url, **more})}")


def token_seen(answer: Any) -> str:
    assert answer.status_code == 200, answer.content
    return str(answer.json()["token"]).removeprefix("Bearer ")


def test_access_token_goes_to_the_api(api: Api, visitor: Visitor) -> None:
    visitor.sign_in(api.peer)
    assert token_seen(call(visitor, api)) == visitor.session["avow_oidc"]["access_token"] == "access-1"
    assert api.refreshes == []


@pytest.mark.parametrize("expires_in", [1, 59, "30"])
def test_token_that_is_due_is_refreshed_and_kept(api: Api, visitor: Visitor, expires_in: object) -> None:
    api.expires_in = expires_in
    visitor.sign_in(api.peer)
    assert token_seen(call(visitor, api)) == "access-3"
    held = visitor.session["avow_oidc"]
    assert (held["access_token"], held["refresh_token"]) == ("access-3", "refresh-4")
    assert held["expires_at"] > system_clock() + 3000
    assert held["userinfo"]["sub"] == api.peer.person["sub"]
    assert token_seen(call(visitor, api)) == "access-3"
    assert api.refreshes == ["refresh-2"]


def test_new_refresh_token_is_kept_although_the_view_breaks(api: Api, visitor: Visitor) -> None:
    api.expires_in = 1
    visitor.sign_in(api.peer)
    assert call(visitor, api, fail="1").status_code == 500
    assert visitor.session["avow_oidc"]["refresh_token"] == "refresh-4"


def test_many_requests_at_once_refresh_once(api: Api, visitor: Visitor, database: str) -> None:
    api.expires_in, api.seconds_for_a_refresh = 1, 0.3
    visitor.sign_in(api.peer)
    assert at_once(visitor, api, 4) == ["access-3"] * 4
    assert api.refreshes == ["refresh-2"]


def at_once(visitor: Visitor, api: Api, count: int) -> list[str]:
    """Call the API in several requests of one session at the same time; return the tokens that it saw."""
    seen: list[str] = []
    start = threading.Barrier(count)

    def ask() -> None:
        another = Visitor()
        another.client.cookies["sessionid"] = visitor.session_key
        start.wait()
        try:
            seen.append(token_seen(call(another, api)))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


def test_request_that_waited_too_long_sends_no_refresh_token(
    configure: Configure, peer: OpenIdPeer, visitor: Visitor
) -> None:
    configure(keep_tokens=True, userinfo="never", timeout_seconds=0.2)
    api = Api(peer)
    api.expires_in = 1
    visitor.sign_in(peer)
    lock = lock_name("refresh-2")
    cache.set(lock, "of another request")
    with pytest.raises(SignInStopped, match="provider_away"):
        call(visitor, api)
    assert api.refreshes == []
    assert cache.get(lock) == "of another request"


def test_lock_of_another_request_is_left_to_it(api: Api, visitor: Visitor) -> None:
    api.expires_in = 1
    visitor.sign_in(api.peer)
    before = api.peer.answers["/token"]

    def answer(seen: Seen) -> Said:
        cache.set(lock_name("refresh-2"), "of another request")  # ours was lost in the meantime
        return before(seen)

    api.peer.answers["/token"] = answer
    assert token_seen(call(visitor, api)) == "access-3"
    assert cache.get(lock_name("refresh-2")) == "of another request"


def lock_name(refresh_token: str) -> str:
    return f"avow_oidc_refresh:{hashlib.sha256(refresh_token.encode()).hexdigest()}"


def test_many_requests_at_once_refresh_once_to_tokens_that_are_due_at_once(
    api: Api, visitor: Visitor, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "rest", lambda _: {"token_type": "Bearer", "expires_in": 30})
    api.seconds_for_a_refresh = 0.3
    visitor.sign_in(api.peer)
    assert at_once(visitor, api, 3) == ["access-3"] * 3
    assert api.refreshes == ["refresh-2"]


def test_logout_in_another_tab_during_a_refresh(api: Api, visitor: Visitor) -> None:
    api.expires_in = 1
    visitor.sign_in(api.peer)
    other = Visitor()
    other.client.cookies["sessionid"] = visitor.session_key
    before = api.peer.answers["/token"]

    def leave() -> None:
        other.click_logout()
        connections.close_all()

    def answer(seen: Seen) -> Said:
        thread = threading.Thread(target=leave)
        thread.start()
        thread.join()
        return before(seen)

    api.peer.answers["/token"] = answer
    answered = call(visitor, api)
    assert (answered.status_code, answered["location"]) == (302, "/login")
    assert visitor.user == ""


def test_short_token_is_used_until_its_end_where_none_can_follow(api: Api, visitor: Visitor) -> None:
    api.expires_in = 30
    before = api.peer.answers["/token"]

    def answer(seen: Seen) -> Said:
        body = before(seen).body
        assert isinstance(body, dict)
        return Said({name: value for name, value in body.items() if name != "refresh_token"})

    api.peer.answers["/token"] = answer
    visitor.sign_in(api.peer)
    assert token_seen(call(visitor, api)) == "access-1"


def test_end_of_a_token_is_not_that_of_the_one_before(
    api: Api, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.expires_in = 3600
    visitor.sign_in(api.peer)
    monkeypatch.setattr(api, "rest", lambda _: {"token_type": "Bearer"})
    monkeypatch.setattr("avow.django.oidc.api.system_clock", lambda: system_clock() + 3590)
    assert [token_seen(call(visitor, api)) for _ in range(3)] == ["access-3"] * 3
    monkeypatch.setattr("avow.django.oidc.api.system_clock", lambda: system_clock() + 2 * 3590)
    assert token_seen(call(visitor, api)) == "access-5"


def test_refused_refresh_asks_for_a_login(api: Api, visitor: Visitor) -> None:
    api.expires_in, api.refusal = 1, Said({"error": "invalid_grant"}, 400)
    visitor.sign_in(api.peer)
    assert call(visitor, api)["location"] == "/login"
    assert set(visitor.session["avow_oidc"]) == {"userinfo"}
    assert visitor.user == api.peer.person["sub"]
    assert call(visitor, api)["location"] == "/login"
    assert len(api.refreshes) == 1


def test_provider_that_is_away_costs_no_token(api: Api, visitor: Visitor) -> None:
    api.expires_in, api.refusal = 1, Said({}, 503)
    visitor.sign_in(api.peer)
    with pytest.raises(SignInStopped, match="provider_away"):
        call(visitor, api)
    api.refusal = None
    assert token_seen(call(visitor, api)) == "access-3"


def test_tokens_that_are_not_kept_are_asked_for(
    api: Api, configure: Configure, peer: OpenIdPeer, visitor: Visitor
) -> None:
    configure(keep_tokens=False)
    visitor.sign_in(peer)
    answer = call(visitor, api, plain="1")
    assert answer.status_code == 401
    assert "keep_tokens" in answer.content.decode()


def test_token_without_an_end_is_used_as_it_is(api: Api, visitor: Visitor) -> None:
    api.expires_in = None
    visitor.sign_in(api.peer)
    assert token_seen(call(visitor, api)) == "access-1"


def test_token_follows_no_redirect_to_another_host(api: Api, visitor: Visitor) -> None:
    visitor.sign_in(api.peer)
    with openid_peer(system_clock) as other:
        api.peer.answers["/message"] = lambda _: Said({}, 302, headers={"location": f"{other.url}/message"})
        call(visitor, api)
        assert [seen.headers.get("authorization") for seen in other.seen] == [None]


def test_tokens_of_npm_oidc_provider_are_refreshed(
    at_provider: AtProvider, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered = {"grant_types": ["authorization_code", "refresh_token"]}
    provider = at_provider(
        registered, keep_tokens=True, scope="openid profile offline_access", parameters={"prompt": "consent"}
    )
    visitor.sign_in(provider, "jane")
    first = visitor.session["avow_oidc"]
    assert first["refresh_token"]
    url = f"/call?{urlencode({'url': f'{provider.url}/me'})}"
    assert visitor.get(url).json()["sub"] == "jane"
    monkeypatch.setattr("avow.django.oidc.api.system_clock", lambda: system_clock() + 3600)
    assert visitor.get(url).json()["sub"] == "jane"
    assert visitor.session["avow_oidc"]["access_token"] != first["access_token"]


# --- The page `admin` ---


@pytest.mark.parametrize(
    ("said", "status", "shown"),
    [
        (Said({"text": "This is an admin message."}), 200, "This is an admin message."),
        (Said({"message": "Permission denied"}, 403), 403, "Permission denied"),
        (Said({"message": "<b>no</b>"}, 401), 403, "&lt;b&gt;no&lt;/b&gt;"),
        (Said(b"no json", 403, "text/plain"), 403, "You need another permission"),
        (Said(b"no json", 500, "text/plain"), 503, "cannot be reached"),
    ],
)
def test_admin_page_shows_what_the_api_answers(
    configure: Configure, peer: OpenIdPeer, visitor: Visitor, said: Said, status: int, shown: str
) -> None:
    configure(audience="https://api.example.com", api_url=peer.url)
    peer.answers["/api/messages/admin"] = lambda _: said
    visitor.sign_in(peer)
    page = visitor.get("/admin")
    assert page.status_code == status
    assert shown in page.content.decode()
    assert peer.calls("/api/messages/admin")[0].headers["authorization"].startswith("Bearer ")


def test_admin_page_while_the_api_is_away(configure: Configure, peer: OpenIdPeer, visitor: Visitor) -> None:
    with openid_peer(system_clock) as gone:
        url = gone.url
    configure(audience="https://api.example.com", api_url=url)
    visitor.sign_in(peer)
    page = visitor.get("/admin")
    assert page.status_code == 503
    assert "cannot be reached" in page.content.decode()


def test_admin_page_without_a_token_asks_for_a_login(api: Api, configure: Configure, visitor: Visitor) -> None:
    configure(keep_tokens=True, userinfo="never", api_url=api.peer.url)
    api.expires_in, api.refusal = 1, Said({"error": "invalid_grant"}, 400)
    visitor.sign_in(api.peer)
    assert visitor.get("/admin")["location"] == "/login?again=1&next=/admin"
