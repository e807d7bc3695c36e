"""The configuration: what cannot be used is refused when the application starts, with what to set instead."""

from typing import Any

import pytest
from flask import Flask

from avow.flask import Avow, InvalidSettings
from tests.applications import Network
from tests.flask.conftest import Open


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (
            {"AVOW_COOKIE_SAMESIT": "Strict"},
            "There is no setting AVOW_COOKIE_SAMESIT; did you mean AVOW_COOKIE_SAMESITE",
        ),
        ({"AVOW_COOKIE_SAMESITE": "None", "AVOW_COOKIE_SECURE": False}, "SameSite=None"),
        ({"AVOW_DATABASE_URL": "sqlite:///x"}, "There is no setting AVOW_DATABASE_URL"),
        ({"AVOW_XYZZY": 1}, "There is no setting AVOW_XYZZY; a server in the application is told by AVOW_EMBEDDED"),
    ],
)
def test_configuration_that_does_not_count_is_refused(open_shop: Open, config: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidSettings, match=sentence):
        open_shop(**config)


def test_every_misspelt_name_is_told(network: Network) -> None:
    app = Flask("shop")
    app.config.update(AVOW_CLIENT=network.client, AVOW_TIMEOUT=1, AVOW_LOGINFLOW="x")
    with pytest.raises(InvalidSettings, match=r"AVOW_TIMEOUT_SECONDS\? .*AVOW_LOGIN_FLOW\?"):
        Avow(app)


@pytest.mark.parametrize("name", ["AVOW_EMBEDDED", "AVOW_JWT_STRICT", "AVOW_OIDC", "AVOWED", "avow_login_flow"])
def test_configuration_of_other_parts_is_left_alone(open_shop: Open, name: str) -> None:
    assert open_shop(**{name: {}}).get("/plain").status_code == 200
