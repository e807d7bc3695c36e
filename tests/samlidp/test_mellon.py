"""mod_auth_mellon, a SAML service provider in C on Lasso, before pages of Apache: sign-in, attributes, log-out."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from avow import SAMLIDPAttributeMappingInfo, SAMLIDPGroupsMappingInfo, SAMLIDPRoleGroupMappingInfo
from avow.core.saml.idp import LogoutService, parse_metadata
from tests.bed import run
from tests.bed.apache import running_apache
from tests.bed.idp_simplesamlphp import key_pair
from tests.bed.plugin import program
from tests.bed.programs import modules_of
from tests.factories import grant, make_role
from tests.oidc.serving import Peer, Surfer
from tests.samlidp.serving import Application, application, arrived, of_localhost, server
from tests.served import free_port

HOST = """
LoadModule headers_module "{modules}/mod_headers.so"
<VirtualHost 127.0.0.1:{port}>
  ServerName localhost:{port}
  <Location />
    MellonEnable info
    MellonEndpointPath /mellon
    MellonSPentityId http://localhost:{port}/mellon/metadata
    MellonSPPrivateKeyFile {files}/sp.key
    MellonSPCertFile {files}/sp.crt
    MellonIdPMetadataFile {files}/idp.xml
    MellonSignatureMethod rsa-sha256
    MellonSecureCookie Off
    MellonMergeEnvVars On
    Header set X-Name-Id "%{{MELLON_NAME_ID}}e"
    Header set X-Mail "%{{MELLON_mail}}e"
    Header set X-Groups "%{{MELLON_groups}}e"
  </Location>
  <Location /members>
    AuthType Mellon
    MellonEnable auth
    Require valid-user
  </Location>
  <Location /editors>
    AuthType Mellon
    MellonEnable auth
    MellonCond groups Editors
    Require valid-user
  </Location>
</VirtualHost>
"""


@dataclass(frozen=True)
class Site:
    """Pages behind the module."""

    url: str
    app: Application
    log: Path


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    with server(tmp_path_factory.mktemp("tls")) as started:
        yield started


@pytest.fixture(scope="module")
def site(peer: Peer, pytestconfig: pytest.Config) -> Iterator[Site]:
    apache, port = program(pytestconfig, "mod_auth_mellon").where, free_port()
    url, (key, certificate) = f"http://localhost:{port}", key_pair("mellon")
    app = application(
        peer,
        "Pages",
        entity_id=f"{url}/mellon/metadata",
        acs_url=f"{url}/mellon/postResponse",
        certificate=certificate,
        logout_redirect_url=f"{url}/mellon/logout",
        default_relay_state=f"{url}/members",
        attribute_mapping=[SAMLIDPAttributeMappingInfo("mail", "", "email")],
        groups_mapping=[
            SAMLIDPGroupsMappingInfo("groups", "", "", "Editors", [SAMLIDPRoleGroupMappingInfo("", "editor")])
        ],
    )
    files = run.folder() / f"mellon-{port}"
    files.mkdir()
    files.chmod(0o755)
    metadata = requests.get(app.idp["idpMetadataUrl"], verify=str(peer.bundle), timeout=10).text
    for name, text in {"sp.key": key, "sp.crt": certificate, "idp.xml": metadata}.items():
        (files / name).write_text(text)
    text = HOST.format(port=port, files=files, modules=modules_of(apache))
    try:
        with running_apache(apache, "auth_mellon", [port], text) as folder:
            _write_pages(folder)
            yield Site(url, app, folder / "log")
    finally:
        shutil.rmtree(files, ignore_errors=True)


def _write_pages(folder: Path) -> None:
    for name in ("members", "editors", "bye.html"):
        (folder / "pages" / name).write_text(f"These are the {name}.")


@pytest.fixture
def surfer(peer: Peer) -> Iterator[Surfer]:
    made = Surfer(peer)
    made.session.hooks["response"].append(of_localhost)
    yield made
    made.session.close()


def signed_in(surfer: Surfer, site: Site) -> requests.Response:
    """Open the protected page and sign in on the way."""
    page = surfer.get(f"{site.url}/members?a=1&b=2")
    assert "/login/" in page.url, page.text
    return arrived(surfer, surfer.sign_in(page, site.app.email))


def test_member_signs_in_with_attributes_and_out_again(site: Site, surfer: Surfer) -> None:
    shown = signed_in(surfer, site)
    assert (shown.url, shown.text) == (f"{site.url}/members?a=1&b=2", "These are the members."), site.log.read_text()
    assert shown.headers["X-Mail"] == site.app.email
    assert shown.headers["X-Name-Id"].startswith("_")  # it asks for transient names
    left = surfer.get(f"{site.url}/mellon/logout?ReturnTo={site.url}/bye.html")
    assert (left.url, left.text) == (f"{site.url}/bye.html", "These are the bye.html.")
    # Both sessions are over: it asks again, and so do we.
    assert "/login/" in surfer.get(f"{site.url}/members").url


def test_sign_in_begins_here(site: Site, surfer: Surfer) -> None:
    page = surfer.get(site.app.idp["idpInitiatedUrl"])
    shown = arrived(surfer, surfer.sign_in(page, site.app.email))
    assert (shown.url, shown.text) == (f"{site.url}/members", "These are the members.")


def test_groups_open_what_is_theirs(peer: Peer, site: Site, surfer: Surfer) -> None:
    signed_in(surfer, site)
    assert surfer.get(f"{site.url}/editors").status_code == 403
    grant(peer.avow, site.app.user_id, make_role(peer.avow, "editor"))
    surfer.session.cookies.clear()
    signed_in(surfer, site)
    shown = surfer.get(f"{site.url}/editors")
    assert (shown.status_code, shown.headers["X-Groups"]) == (200, "Editors")


def test_what_it_says_of_itself_is_read(site: Site) -> None:
    document = requests.get(f"{site.url}/mellon/metadata", timeout=10).content
    found = parse_metadata(document, "", int(time.time()))
    assert (found.entity_id, found.acs_url) == (f"{site.url}/mellon/metadata", f"{site.url}/mellon/postResponse")
    assert found.logout == LogoutService(f"{site.url}/mellon/logout")
    assert (found.needs_signature, len(found.certificates)) == (True, 1)


def test_refusal_is_told(site: Site, surfer: Surfer) -> None:
    back = f"{site.url}/members"
    page = arrived(surfer, surfer.get(f"{site.url}/mellon/login?ReturnTo={back}&IsPassive=true"))
    assert page.status_code in (401, 403)
    assert page.url.startswith(site.url)
