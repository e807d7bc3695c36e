"""An application for the modules of the conformance plans, answered by the query and then by a form."""

from typing import Any

import pytest

from avow.testing.server import Avow, Server
from tests.oidc.modules.suite import Suite
from tests.server.oidc.relying import make_app, prepare


@pytest.fixture
def project(avow_server: Server) -> Avow:
    """Return a project with its OpenID keys."""
    avow_server.clock.reset()
    avow_server.inbox.clear()
    made = avow_server.project()
    prepare(made)
    return made


@pytest.fixture(params=["query", "form_post"])
def suite(request: pytest.FixtureRequest, project: Avow) -> Suite:
    """Return a relying party as the conformance suite registers one, for each response mode of the plans."""
    settings: dict[str, Any] = {
        "idTokenHasClaims": False,
        "updatedAt": "number",
        "logoutUris": ["https://app.example.com/bye"],
    }
    return Suite(make_app(project, **settings), request.param)
