"""python3-saml as the service provider, in strict mode with all of its demands: sign-in, attributes, log-out."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from avow.core.saml.idp import LogoutService, parse_metadata
from avow.core.saml.idp.parties import EMAIL
from tests.bed.idp_simplesamlphp import key_pair
from tests.oidc.serving import Peer, Surfer, running
from tests.samlidp.serving import Application, application, arrived, server
from tests.served import free_port

APP = Path(__file__).with_name("python3_saml_app.py")


@dataclass(frozen=True)
class Site:
    """The application."""

    url: str
    app: Application


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    with server(tmp_path_factory.mktemp("tls")) as started:
        yield started


@pytest.fixture(scope="module")
def site(peer: Peer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    port, (key, certificate) = free_port(), key_pair("python3-saml")
    url, files = f"http://localhost:{port}", tmp_path_factory.mktemp("sp")
    app = application(
        peer,
        "Wiki",
        entity_id=f"{url}/metadata",
        acs_url=f"{url}/acs",
        certificate=certificate,
        logout_redirect_url=f"{url}/sls",
        subject_name_id_type="email",
    )
    metadata = requests.get(app.idp["idpMetadataUrl"], verify=str(peer.bundle), timeout=10).text
    for name, text in {"sp.key": key, "sp.crt": certificate, "idp.xml": metadata}.items():
        (files / name).write_text(text)
    variables = {"APP_PORT": str(port), "APP_FILES": str(files), "APP_FORMAT": EMAIL}
    with running(APP, variables):
        yield Site(url, app)


@pytest.fixture
def surfer(peer: Peer) -> Iterator[Surfer]:
    made = Surfer(peer)
    yield made
    made.session.close()


def signed_in(surfer: Surfer, site: Site) -> dict[str, Any]:
    page = surfer.get(f"{site.url}/login")
    assert "/login/" in page.url, page.text
    page = arrived(surfer, surfer.sign_in(page, site.app.email))
    assert page.url == f"{site.url}/", page.text
    found: dict[str, Any] = page.json()["person"]
    return found


def test_person_signs_in_with_attributes_and_out_again(site: Site, surfer: Surfer) -> None:
    person = signed_in(surfer, site)
    assert (person["name"], person["format"]) == (site.app.email, EMAIL)
    assert person["attributes"] == {"email": [site.app.email], "name": ["Mia Example"]}
    assert person["contexts"] == ["urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"]
    left = surfer.get(f"{site.url}/logout")
    assert (left.url, left.json()) == (f"{site.url}/", {"person": None})
    assert "/login/" in surfer.get(f"{site.url}/login").url


def test_sign_in_begins_here(site: Site, surfer: Surfer) -> None:
    page = surfer.get(site.app.idp["idpInitiatedUrl"])
    page = arrived(surfer, surfer.sign_in(page, site.app.email))
    assert page.json()["person"]["name"] == site.app.email


def test_session_is_enough_unless_it_has_to_be_anew(site: Site, surfer: Surfer) -> None:
    assert "errors" in arrived(surfer, surfer.get(f"{site.url}/login?passive=1")).text
    signed_in(surfer, site)
    assert arrived(surfer, surfer.get(f"{site.url}/login?passive=1")).json()["person"]["name"] == site.app.email
    assert "/login/" in surfer.get(f"{site.url}/login?force=1").url


def test_what_it_says_of_itself_is_read(site: Site) -> None:
    document = requests.get(f"{site.url}/metadata", timeout=10).content
    found = parse_metadata(document, f"{site.url}/metadata", int(time.time()))
    assert (found.acs_url, found.logout) == (f"{site.url}/acs", LogoutService(f"{site.url}/sls"))
    assert (found.needs_signature, len(found.certificates)) == (True, 1)
    assert found.valid_until is not None
