"""Projects with an OpenID provider, on both databases."""

import pytest

from avow.testing.server import Avow
from tests.server.oidc.relying import Rp, make_app, prepare


@pytest.fixture
def project(avow: Avow) -> Avow:
    """Return a project with its OpenID keys."""
    prepare(avow)
    return avow


@pytest.fixture
def rp(project: Avow) -> Rp:
    """Return a regular web application, as the Auth0 preset has it."""
    return make_app(project, grantTypes=["authorization_code", "refresh_token", "client_credentials"])
