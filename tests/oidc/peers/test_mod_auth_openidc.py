"""mod_auth_openidc, a certified relying party in C, before pages of Apache: sign-in, log-out, and APIs behind tokens.

It is configured twice: as most do, and with what differs from that (requests and answers by forms, the secret and the
token in the body).
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from avow.server.applications import actions
from avow.server.oidc.herald import Herald
from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from tests.bed.apache import running_apache
from tests.bed.plugin import program
from tests.factories import make_user, new_email
from tests.oidc.serving import Peer, Surfer, provider_over_tls
from tests.served import free_port
from tests.server.oidc.hearing import LOOPBACK
from tests.server.oidc.relying import API, Rp, make_api, make_app

pytestmark = pytest.mark.peer("mod_auth_openidc")

OTHER = "https://other.example.com"
WHY = "SELECT revoked_why FROM oidc_grants WHERE project_id = :project_id AND application_id = :application_id"
WAYS = ("usual", "by-form")
FORMS = """
  OIDCResponseMode form_post
  OIDCProviderAuthRequestMethod POST
  OIDCUserInfoTokenMethod post_param
"""
HOST = """
<VirtualHost 127.0.0.1:{port}>
  ServerName localhost:{port}
  OIDCProviderMetadataURL {issuer}.well-known/openid-configuration
  OIDCCABundlePath {{folder}}/ca.pem
  OIDCClientID {id}
  OIDCClientSecret {secret}
  OIDCProviderTokenEndpointAuth client_secret_{method}
  OIDCRedirectURI http://localhost:{port}/back
  OIDCCryptoPassphrase the-passphrase-of-a-test
  OIDCCacheEncrypt On
  OIDCScope "openid profile email"
  OIDCPKCEMethod S256
  OIDCRemoteUserClaim email
  OIDCInfoHook id_token userinfo access_token
  {further}
  <Location /members>
    AuthType openid-connect
    Require claim email:{email}
  </Location>
  <Location /back>
    AuthType openid-connect
    Require valid-user
  </Location>
  {api}
</VirtualHost>
"""
INTROSPECTED = """
  OIDCOAuthSSLValidateServer On
  OIDCOAuthIntrospectionEndpoint {issuer}oauth/introspect
  OIDCOAuthClientID {id}
  OIDCOAuthClientSecret {secret}
"""
VERIFIED = "  OIDCOAuthVerifyJwksUri {issuer}.well-known/jwks.json\n"
BEHIND = """
  OIDCOAuthRemoteUserClaim sub
  <Location /api>
    AuthType oauth20
    Require claim aud:{audience}
  </Location>
"""


@dataclass(frozen=True)
class Site:
    """Pages behind the module."""

    url: str
    rp: Rp
    email: str
    user_id: str


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    with provider_over_tls(tmp_path_factory.mktemp("tls")) as started:
        make_api(started.avow)
        make_api(started.avow, identifier=OTHER)
        yield started


def allow(rp: Rp, *audiences: str) -> None:
    """Let an application call APIs in its own name, and ask what tokens for them are worth."""

    def unit(tx: Tx) -> None:
        for each in audiences:
            actions.grant(tx, rp.id, each, (), actor="test")

    rp.avow.run(unit)


@pytest.fixture(scope="module")
def machine(peer: Peer) -> Rp:
    made = make_app(peer.avow, preset="machine")
    allow(made, API, OTHER)
    return made


@pytest.fixture(scope="module")
def sites(peer: Peer, machine: Rp, pytestconfig: pytest.Config) -> Iterator[dict[str, Site]]:
    apache = program(pytestconfig, "mod_auth_openidc").where
    found, texts = {}, []
    for way in WAYS:
        port, email = free_port(), new_email()
        url = f"http://localhost:{port}"
        settings: dict[str, Any] = {"redirectUris": [f"{url}/back"], "logoutUris": [f"{url}/bye.html"]}
        settings["backchannelLogoutUri"] = f"http://127.0.0.1:{port}/back?logout=backchannel"
        rp = make_app(peer.avow, pkce="required", **settings)
        allow(rp, API)
        found[way] = Site(url, rp, email, make_user(peer.avow, email, name="Mia Example"))
        known = {"issuer": peer.issuer, "id": rp.id, "secret": rp.secret, "email": email, "audience": API}
        differs = {"further": FORMS, "method": "post"} if way == "by-form" else {"further": "", "method": "basic"}
        api = ((VERIFIED if way == "by-form" else INTROSPECTED) + BEHIND).format(**known)
        texts.append(HOST.format(port=port, api=api, **known, **differs))
    peer.avow.server.clock.reset()  # Apache has the clock of the machine
    ports = [int(site.url.rpartition(":")[2]) for site in found.values()]
    with running_apache(apache, "auth_openidc", ports, "\n".join(texts)) as folder:
        shutil.copy(peer.bundle, folder / "ca.pem")
        for name in ("members", "bye.html", "api"):
            (folder / "pages" / name).write_text(f"These are the {name}.")
        yield found


@pytest.fixture(params=WAYS)
def site(request: pytest.FixtureRequest, sites: dict[str, Site]) -> Site:
    return sites[request.param]


@pytest.fixture
def surfer(peer: Peer) -> Iterator[Surfer]:
    made = Surfer(peer)
    yield made
    made.session.close()


def arrived(surfer: Surfer, page: requests.Response) -> requests.Response:
    """Send on the forms that a browser sends by itself."""
    while "<form" in page.text and "/login/" not in page.url:
        page = surfer.submit(page)
    return page


def signed_in(surfer: Surfer, site: Site) -> requests.Response:
    """Open the protected page and sign in on the way."""
    page = arrived(surfer, surfer.get(f"{site.url}/members"))
    assert page.url.startswith(surfer.peer.issuer)
    return arrived(surfer, surfer.sign_in(page, site.email))


def test_member_signs_in_and_out(peer: Peer, site: Site, surfer: Surfer) -> None:
    shown = signed_in(surfer, site)
    assert (shown.url, shown.text) == (f"{site.url}/members", "These are the members.")
    told = surfer.get(f"{site.url}/back?info=json").json()
    assert told["userinfo"]["sub"] == told["id_token"]["sub"] == site.user_id
    assert told["userinfo"]["email"] == site.email
    assert told["id_token"]["nonce"]
    left = surfer.get(f"{site.url}/back?logout={site.url}/bye.html")
    assert (left.url, left.text) == (f"{site.url}/bye.html", "These are the bye.html.")
    # It has taken its tokens back, and both sessions are over.
    assert "revoked" in peer.avow.run(lambda tx: tx.all(WHY, str, application_id=site.rp.id))
    assert "/login/" in arrived(surfer, surfer.get(f"{site.url}/members")).url


def test_somebody_else_is_known_and_not_let_in(site: Site, surfer: Surfer) -> None:
    page = arrived(surfer, surfer.get(f"{site.url}/members"))
    refused = arrived(surfer, surfer.sign_in(page, new_email()))
    assert (refused.url, refused.status_code) == (f"{site.url}/members", 401)


def test_log_out_elsewhere_ends_its_session(peer: Peer, site: Site, surfer: Surfer) -> None:
    signed_in(surfer, site)
    peer.avow.run(lambda tx: sessions.end_all(tx, site.user_id, why="logout"))
    Herald(peer.avow.server.site.store, LOOPBACK, peer.avow.server.clock).run_once()
    assert "/login/" in arrived(surfer, surfer.get(f"{site.url}/members")).url


def test_api_is_open_to_tokens_of_its_audience(peer: Peer, site: Site, machine: Rp) -> None:
    def opened(audience: str) -> int:
        form = {"grant_type": "client_credentials", "audience": audience}
        asked = requests.post(
            f"{peer.issuer}oauth/token",
            data=form,
            auth=(machine.id, machine.secret),
            verify=str(peer.bundle),
            timeout=10,
        )
        token = asked.json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(f"{site.url}/api", headers=headers, timeout=10).status_code

    assert (opened(API), opened(OTHER)) == (200, 401)
    assert requests.get(f"{site.url}/api", headers={"Authorization": "Bearer x"}, timeout=10).status_code == 401
