"""A server that SAML applications of others come to, and browsers that send on the forms which send themselves."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.factories import make_user, new_email
from tests.oidc.serving import Peer, Surfer, provider_over_tls

__all__ = ["Application", "application", "arrived", "of_localhost", "server"]


@dataclass(frozen=True)
class Application:
    """A SAML application of the project, and a person who may use it.

    Attributes:
        id: Of the application.
        idp: What management shows of our side.
        email: Of the person.
        user_id: Of the person.
    """

    id: str
    idp: dict[str, Any]
    email: str
    user_id: str


@contextlib.contextmanager
def server(folder: Path) -> Iterator[Peer]:
    """Serve a project over TLS, by the clock of the machine."""
    with provider_over_tls(folder) as started:
        started.avow.server.clock.reset()
        yield started


def application(peer: Peer, name: str, **settings: Any) -> Application:
    """Make an application as its administrator would."""
    apps = peer.avow.client().mgmt.sso_application
    id, email = apps.create_saml_application(name, "", **settings)["id"], new_email()
    user_id = make_user(peer.avow, email, name="Mia Example")
    return Application(id, apps.load(id)["samlSettings"], email, user_id)


def arrived(surfer: Surfer, page: requests.Response) -> requests.Response:
    """Send on the forms that a browser sends by itself."""
    while 'name="SAMLResponse"' in page.text or 'name="SAMLRequest"' in page.text:
        page = surfer.submit(page)
    return page


def of_localhost(response: requests.Response, **_: object) -> None:
    """Take the domain `localhost` off cookies: Python's jar, unlike browsers, would not send them back there."""
    message = response.raw._original_response.msg
    cookies = message.get_all("Set-Cookie", [])
    del message["Set-Cookie"]
    for each in cookies:
        message["Set-Cookie"] = each.replace("; Domain=localhost", "")
