"""auth0-spa-js and oidc-client-ts on a page in Chromium: they call the provider themselves, from another origin."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from avow.server.applications import actions as applications
from avow.server.sessions import actions as sessions
from avow.wire.applications import UpdateApplication
from tests.bed.plugin import program
from tests.factories import join_tenant, make_tenant, make_user, new_email
from tests.oidc.peers.shop import shop
from tests.oidc.serving import Peer, provider_over_tls
from tests.server.oidc.relying import API, Rp, make_api, make_app

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

auth0_spa_js = pytest.mark.peer("auth0-spa-js")
oidc_client_ts = pytest.mark.peer("oidc-client-ts")
pytestmark = pytest.mark.browser

SCOPE = "openid profile email read:messages"
RENEW = "client.getTokenSilently({ cacheMode: 'off', detailedResponse: true })"


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    with provider_over_tls(tmp_path_factory.mktemp("tls")) as started:
        make_api(started.avow, "read:messages")
        yield started


@pytest.fixture(scope="module")
def origin(peer: Peer, pytestconfig: pytest.Config) -> Iterator[str]:
    program(pytestconfig, "oidc-provider")  # what npm installs
    with shop(peer.chain) as started:
        yield started


@dataclass
class Visitor:
    """A person at the shop's page.

    Attributes:
        calls: What the page has loaded from the provider, frames included: verb, path, and query or form.
    """

    peer: Peer
    page: "Page"
    url: str
    rp: Rp
    email: str
    user_id: str
    calls: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def open(self, make: str, options: Mapping[str, object]) -> None:
        """Open the page and make its client; what it remembered in the page is gone."""
        self.page.goto(self.url)
        self.make(make, options)

    def make(self, make: str, options: Mapping[str, object]) -> None:
        """Make the client of the page that is open."""
        self.page.evaluate(f"options => {{ window.client = new {make}(options) }}", options)

    def run(self, call: str) -> Any:
        """Have the page call its client; return what comes of it, and `error: text` of what fails."""
        return self.page.evaluate(f"async () => {call}.catch(wrong => 'error: ' + (wrong.error ?? wrong))")

    def leave(self, call: str) -> None:
        """Have the page call something that leads the browser away."""
        self.page.evaluate(f"() => {{ {call} }}")

    def sign_in(self, email: str = "") -> str:
        """Sign in on the provider's page, until the browser is back; return the address that it was shown at."""
        shown = self.fill(self.page, email or self.email)
        self.page.wait_for_url(f"{self.url}?code=*")
        return shown

    def fill(self, page: "Page", email: str) -> str:
        """Go through the provider's pages; return the address of the first one."""
        page.wait_for_url(f"https://{self.peer.domain}/login/**")
        shown = page.url
        page.get_by_label("E-mail address").fill(email)
        page.get_by_role("button", name="Continue", exact=True).click()
        page.get_by_label("Code", exact=True).wait_for()
        page.get_by_label("Code", exact=True).fill(self.peer.avow.code(email))
        page.get_by_role("button", name="Not now").click()  # a passkey
        return shown

    def pop_up(self, call: str) -> "Page":
        """Have the page call something that opens a popup, whose end `outcome` waits for; return the popup."""
        with self.page.expect_popup() as opened:
            self.page.evaluate(f"() => {{ window.outcome = {call}; window.outcome.catch(() => undefined); }}")
        return opened.value

    def outcome(self) -> Any:
        """Return what came of the popup, as `run` does."""
        return self.run("window.outcome")

    def allow_popups(self) -> None:
        """Set the application's switch."""
        change = UpdateApplication(id=self.rp.id, settings={"allowsPopups": True})
        self.peer.avow.run(lambda tx: applications.update(tx, change, is_open=False, actor="test"))
        self.peer.avow.advance(2)
        self.rp.key_set()  # of that later second, so that the next request compares again, in whatever second it comes
        self.peer.avow.server.clock.reset()

    def note(self, request: "Request") -> None:
        address = urlsplit(request.url)
        if address.netloc == self.peer.domain:
            said = parse_qs(request.post_data or address.query)
            first = {name: values[0] for name, values in said.items()}
            self.calls.append((request.method, address.path, first))

    def renewals(self) -> list[str]:
        """Return how tokens were asked for since the last look: the response mode of silent requests, or the grant."""
        found = [said.get("response_mode", "query") for _, path, said in self.calls if path == "/authorize"]
        found += [said["grant_type"] for verb, path, said in self.calls if (verb, path) == ("POST", "/oauth/token")]
        self.calls.clear()
        return found


@pytest.fixture
def visitor(request: pytest.FixtureRequest, peer: Peer, origin: str, browser: "Browser") -> Iterator[Visitor]:
    """Give a person before the page of a library that the test names."""
    url = f"{origin}/{request.param}"
    settings: dict[str, Any] = {
        "redirectUris": [url, f"{url}/silent", f"{url}/popup"],
        "logoutUris": [url, f"{url}/bye"],
        "webOrigins": [origin],
    }
    rp = make_app(peer.avow, preset="spa", **settings)
    email = new_email()
    user_id = make_user(peer.avow, email, name="Mia Example")
    peer.avow.server.clock.reset()  # the browser has the clock of the machine
    context = browser.new_context(locale="en-GB", ignore_https_errors=True)
    page = context.new_page()
    made = Visitor(peer, page, url, rp, email, user_id)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    context.on("request", made.note)
    yield made
    context.close()
    assert errors == []


def at(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("visitor", [name], indirect=True, ids=[""])


def claims(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


# --- auth0-spa-js ----------------------------------------------------------------------------------------------------

AUTH0 = "auth0.Auth0Client"


def auth0(visitor: Visitor, **options: object) -> dict[str, object]:
    asked = {"redirect_uri": visitor.url, "audience": API, "scope": SCOPE}
    known = {"domain": visitor.peer.domain, "clientId": visitor.rp.id, "authorizeTimeoutInSeconds": 10}
    return {**known, "authorizationParams": asked, **options}


def auth0_login(visitor: Visitor, options: Mapping[str, object]) -> Any:
    """Log in; return what the page knows of the user then."""
    visitor.open(AUTH0, options)
    visitor.leave("client.loginWithRedirect()")
    visitor.sign_in()
    visitor.make(AUTH0, options)
    visitor.calls.clear()
    user = visitor.run("client.handleRedirectCallback().then(() => client.getUser())")
    assert visitor.renewals() == ["authorization_code"]
    return user


@auth0_spa_js
@at("auth0-spa-js")
def test_spa_logs_in_renews_by_web_message_and_logs_out(visitor: Visitor) -> None:
    options = auth0(visitor)
    user = auth0_login(visitor, options)
    assert (user["sub"], user["email"], user["name"]) == (visitor.user_id, visitor.email, "Mia Example")
    token = visitor.run("client.getTokenSilently()")
    assert claims(token)["aud"] == [API, f"{visitor.peer.issuer}userinfo"]
    assert claims(token)["scope"] == SCOPE
    assert visitor.renewals() == []
    renewed = visitor.run(RENEW)["access_token"]
    assert (claims(renewed)["sub"], renewed != token) == (visitor.user_id, True)
    assert visitor.renewals() == ["web_message", "authorization_code"]
    visitor.open(AUTH0, options)  # and once more after the page has forgotten everything
    assert visitor.run("client.checkSession().then(() => client.getUser())") == user
    assert visitor.renewals() == ["web_message", "authorization_code"]
    visitor.leave(f"client.logout({{ logoutParams: {{ returnTo: '{visitor.url}/bye' }} }})")
    visitor.page.wait_for_url(f"{visitor.url}/bye")
    visitor.make(AUTH0, options)
    assert visitor.run("client.getTokenSilently()") == "error: login_required"


@auth0_spa_js
@at("auth0-spa-js")
@pytest.mark.parametrize("proves", [False, True], ids=["bearer", "DPoP"])
def test_spa_renews_by_refresh_token_until_the_session_ends(visitor: Visitor, proves: bool) -> None:
    user = auth0_login(visitor, auth0(visitor, useRefreshTokens=True, useDpop=proves))
    assert user["sub"] == visitor.user_id
    seen = set()
    for seconds in (31, 0 if proves else 31):  # an old refresh token would end the grant; a proof counts for a minute
        visitor.peer.avow.advance(seconds)
        renewed = visitor.run(RENEW)
        said = claims(renewed["access_token"])
        assert (said["sub"], "cnf" in said) == (visitor.user_id, proves)
        seen.add(said["jti"])
    assert len(seen) == 2
    assert visitor.renewals() == ["refresh_token", "refresh_token"]
    visitor.peer.avow.run(lambda tx: sessions.end_all(tx, visitor.user_id, why="logout"))
    assert visitor.run(RENEW) == "error: invalid_grant"


@auth0_spa_js
@at("auth0-spa-js")
def test_spa_asks_for_the_sign_up(visitor: Visitor) -> None:
    options = auth0(visitor)
    visitor.open(AUTH0, options)
    visitor.leave("client.loginWithRedirect({ authorizationParams: { screen_hint: 'signup' } })")
    email = new_email()
    assert "flow=sign-up&" in visitor.sign_in(email)
    visitor.make(AUTH0, options)
    assert visitor.run("client.handleRedirectCallback().then(() => client.getUser())")["email"] == email


@auth0_spa_js
@at("auth0-spa-js")
def test_spa_signs_in_to_an_organization(visitor: Visitor) -> None:
    tenant = make_tenant(visitor.peer.avow)
    join_tenant(visitor.peer.avow, visitor.user_id, tenant)
    options = auth0(visitor)
    visitor.open(AUTH0, options)
    visitor.leave(f"client.loginWithRedirect({{ authorizationParams: {{ organization: '{tenant}' }} }})")
    visitor.sign_in()
    visitor.make(AUTH0, options)
    assert visitor.run("client.handleRedirectCallback().then(() => client.getUser())")["org_id"] == tenant


@auth0_spa_js
@at("auth0-spa-js")
def test_spa_signs_in_in_a_popup_where_its_application_allows_that(visitor: Visitor) -> None:
    visitor.allow_popups()
    visitor.open(AUTH0, auth0(visitor))
    popup = visitor.pop_up("client.loginWithPopup().then(() => client.getUser())")
    with popup.expect_event("close"):
        visitor.fill(popup, visitor.email)
    assert visitor.outcome()["sub"] == visitor.user_id
    assert visitor.renewals() == ["web_message", "authorization_code"]
    popup = visitor.pop_up("client.loginWithPopup({ authorizationParams: { audience: 'https://none.example.com' } })")
    assert visitor.outcome() == "error: invalid_target"
    assert visitor.run("client.checkSession().then(() => client.getUser())")["email"] == visitor.email


@auth0_spa_js
@at("auth0-spa-js")
def test_spa_loses_its_popup_where_its_application_does_not_allow_it(visitor: Visitor) -> None:
    visitor.open(AUTH0, auth0(visitor))
    popup = visitor.pop_up("client.loginWithPopup()")
    popup.wait_for_url(f"https://{visitor.peer.domain}/login/**")
    assert popup.evaluate("() => window.opener") is None
    assert visitor.outcome() == "error: cancelled"


# --- oidc-client-ts --------------------------------------------------------------------------------------------------

MANAGER = "oidc.UserManager"


def oidc(visitor: Visitor, scope: str = SCOPE) -> dict[str, object]:
    return {
        "authority": visitor.peer.issuer,
        "client_id": visitor.rp.id,
        "redirect_uri": visitor.url,
        "silent_redirect_uri": f"{visitor.url}/silent",
        "post_logout_redirect_uri": visitor.url,
        "scope": scope,
        "extraQueryParams": {"audience": API},
        "loadUserInfo": True,
        "silentRequestTimeoutInSeconds": 10,
    }


def oidc_login(visitor: Visitor, options: Mapping[str, object]) -> Any:
    """Log in; return the library's user then."""
    visitor.open(MANAGER, options)
    visitor.leave("client.signinRedirect()")
    visitor.sign_in()
    visitor.make(MANAGER, options)
    visitor.calls.clear()
    return visitor.run("client.signinRedirectCallback()")


@oidc_client_ts
@at("oidc-client-ts")
def test_page_logs_in_with_userinfo_renews_in_a_frame_and_logs_out(visitor: Visitor) -> None:
    options = oidc(visitor)
    user = oidc_login(visitor, options)
    told = user["profile"]
    assert (told["sub"], told["email"], told["name"]) == (visitor.user_id, visitor.email, "Mia Example")
    assert ("GET", "/userinfo") in [(verb, path) for verb, path, _ in visitor.calls]
    assert claims(user["access_token"])["aud"] == [API, f"{visitor.peer.issuer}userinfo"]
    visitor.calls.clear()
    renewed = visitor.run("client.signinSilent()")
    assert (renewed["profile"]["sub"], renewed["access_token"] != user["access_token"]) == (visitor.user_id, True)
    assert visitor.renewals() == ["query", "authorization_code"]
    visitor.leave("client.signoutRedirect({ state: 'bye' })")
    visitor.page.wait_for_url(f"{visitor.url}?state=*")
    visitor.make(MANAGER, options)
    assert visitor.run("client.signoutRedirectCallback()")["userState"] == "bye"
    assert visitor.run("client.signinSilent()") == "error: login_required"


@oidc_client_ts
@at("oidc-client-ts")
def test_page_signs_in_in_a_popup_where_its_application_allows_that(visitor: Visitor) -> None:
    options = {**oidc(visitor), "popup_redirect_uri": f"{visitor.url}/popup"}
    visitor.open(MANAGER, options)
    popup = visitor.pop_up("client.signinPopup({ popupAbortOnClose: true })")
    popup.wait_for_url(f"https://{visitor.peer.domain}/login/**")
    assert visitor.outcome() == "error: Error: Popup closed by user"
    popup.close()
    visitor.allow_popups()
    popup = visitor.pop_up("client.signinPopup()")
    with popup.expect_event("close"):
        visitor.fill(popup, visitor.email)
    assert visitor.outcome()["profile"]["sub"] == visitor.user_id


@oidc_client_ts
@at("oidc-client-ts")
def test_page_renews_by_refresh_token_until_it_takes_it_back(visitor: Visitor) -> None:
    user = oidc_login(visitor, oidc(visitor, f"{SCOPE} offline_access"))
    visitor.calls.clear()
    for _ in range(2):
        visitor.peer.avow.advance(31)
        renewed = visitor.run("client.signinSilent()")
        assert renewed["refresh_token"] != user["refresh_token"]
    assert visitor.renewals() == ["refresh_token", "refresh_token"]
    visitor.run("client.revokeTokens(['refresh_token'])")
    asked = "fetch(url, { headers: { authorization: `Bearer ${token}` } }).then(answer => answer.status)"
    given = {"url": f"{visitor.peer.issuer}userinfo", "token": renewed["access_token"]}
    # A page may read that its token counts no more.
    assert visitor.page.evaluate(f"({{ url, token }}) => {asked}", given) == 401
