"""The manual, heading "Setup": a client from the environment, or directly."""

import pytest

from avow.testing.server import Avow


@pytest.fixture
def _environment(monkeypatch: pytest.MonkeyPatch, avow: Avow) -> None:
    monkeypatch.setenv("DESCOPE_PROJECT_ID", avow.project_id)
    monkeypatch.setenv("DESCOPE_BASE_URI", avow.base_url)
    monkeypatch.delenv("DESCOPE_MANAGEMENT_KEY", raising=False)
    for name in ("AVOW_PROJECT_ID", "AVOW_BASE_URL", "AVOW_MANAGEMENT_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("_environment")
def test_setup(avow: Avow) -> None:
    from avow import DescopeClient

    # Initialized after setting the DESCOPE_PROJECT_ID env var
    descope_client = DescopeClient()
    assert avow.project_id in repr(descope_client)

    # ** Or directly **
    descope_client = DescopeClient(project_id=avow.project_id)
    assert avow.project_id in repr(descope_client)


def test_setup_with_our_own_variables(avow: Avow, monkeypatch: pytest.MonkeyPatch) -> None:
    from avow import Client

    monkeypatch.setenv("AVOW_PROJECT_ID", avow.project_id)
    monkeypatch.setenv("AVOW_BASE_URL", avow.base_url)
    assert avow.project_id in repr(Client())
