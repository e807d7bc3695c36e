"""examples/flask: its pages, its endpoint, and its one command."""

import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from avow.testing.server import BASE_URL, Avow
from examples.flask.app import create_app
from tests.applications import Network, SignIn, forged_tokens
from tests.examples import get, is_there, running_example

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "flask"


def visit(network: Network, **config: Any) -> FlaskClient:
    known = {"AVOW_PROJECT_ID": network.avow.project_id, "AVOW_BASE_URL": BASE_URL, "AVOW_CLIENT": network.client}
    return create_app({"TESTING": True, **known, **config}).test_client()


@pytest.mark.parametrize("path", ["/", "/login", "/profile"])
def test_pages_load_the_client_of_the_server_and_hold_no_script(network: Network, avow: Avow, path: str) -> None:
    page = visit(network).get(path).text
    assert '<script src="http://localhost:8000/sdk/avow.js"></script>' in page
    assert f'data-project-id="{avow.project_id}" data-base-url="http://localhost:8000"' in page
    assert not re.search(r"<script>|\son\w+=|javascript:", page)


def test_login_page_loads_the_component(network: Network) -> None:
    assert '<script src="http://localhost:8000/sdk/avow-login.js"></script>' in visit(network).get("/login").text


def test_official_scripts_are_chosen_by_a_setting(network: Network) -> None:
    page = visit(network, AVOW_SCRIPTS="official").get("/login").text
    assert "https://unpkg.com/@descope/web-js-sdk@latest/dist/index.umd.js" in page
    assert "https://unpkg.com/@descope/web-component@latest/dist/index.js" in page
    assert "/sdk/avow" not in page


def test_every_file_of_the_pages_is_there(network: Network) -> None:
    client = visit(network)
    for path in ("/", "/login", "/profile"):
        for name in re.findall(r'(?:src|href)="(/static/[^"]+)"', client.get(path).text):
            with client.get(name) as answer:
                assert answer.status_code == 200, name


def test_secret_message_is_for_people_with_a_token(network: Network, sign_in: SignIn, avow: Avow) -> None:
    client, tokens = visit(network), sign_in()
    answer = client.get("/get_secret_message", headers={"Authorization": f"Bearer {tokens.session}"})
    assert "secret_msg" in (answer.json or {})
    for header in [{}, *({"Authorization": f"Bearer {one.token}"} for one in forged_tokens(avow, tokens.session)[:20])]:
        refused = client.get("/get_secret_message", headers=header)
        assert (refused.status_code, list(refused.json or {})) == (401, ["error"])


def test_one_command_starts_it(tmp_path: Path) -> None:
    with running_example("examples.flask", tmp_path) as at:
        assert "Login" in get(f"{at.url}/").text
        assert get(f"{at.url}/get_secret_message").status == 401
        token = at.session_token("mia@example.com")
        assert "secret_msg" in get(f"{at.url}/get_secret_message", token).text
    assert not is_there(at.avow_url)


def test_readme_names_the_command_and_every_address(network: Network) -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "python -m examples.flask" in readme
    rules = visit(network).application.url_map.iter_rules()
    assert all(f"`{rule.rule}`" in readme for rule in rules if rule.endpoint != "static")
