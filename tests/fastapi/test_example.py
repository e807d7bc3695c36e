"""examples/fastapi: what each of its people may, and its one command."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from avow.testing.server import BASE_URL
from examples.fastapi.app import PERMISSION, ROLE, create_app
from tests.applications import Network, SignIn, machine_token
from tests.examples import get, is_there, running_example

AUTHOR: dict[str, Any] = {"roles_of_project": {ROLE: [PERMISSION]}}


@pytest.fixture
def client(network: Network) -> Iterator[TestClient]:
    app = create_app(network.avow.project_id, BASE_URL, client=network.async_client)
    with TestClient(app, "https://shop.example.com") as opened:
        yield opened


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_strangers_are_greeted_and_read_nothing(client: TestClient) -> None:
    assert client.get("/").json()["hello"] == "stranger"
    for verb, path in (("GET", "/me"), ("GET", "/articles"), ("POST", "/articles"), ("DELETE", "/articles/1")):
        assert client.request(verb, path, json={"title": "t"}).status_code == 401, path


def test_people_read_and_authors_write(client: TestClient, sign_in: SignIn) -> None:
    reader, author = bearer(sign_in().session), bearer(sign_in(**AUTHOR).session)
    assert client.post("/articles", json={"title": "Fog"}, headers=reader).status_code == 403
    number = client.post("/articles", json={"title": "Fog"}, headers=author).json()["number"]
    assert client.get("/articles", headers=reader).json()[str(number)]["title"] == "Fog"
    assert PERMISSION in client.get("/me", headers=author).json()["permissions"]


def test_authors_remove_their_own_only(client: TestClient, sign_in: SignIn) -> None:
    first, second = bearer(sign_in(**AUTHOR).session), bearer(sign_in(**AUTHOR).session)
    number = client.post("/articles", json={"title": "Fog"}, headers=first).json()["number"]
    assert client.delete(f"/articles/{number}", headers=second).status_code == 404
    assert client.delete(f"/articles/{number}", headers=first).status_code == 204


def test_machines_remove_their_own_only(client: TestClient, network: Network) -> None:
    network.avow.client().mgmt.permission.create(PERMISSION)
    network.avow.client().mgmt.role.create(ROLE, permission_names=[PERMISSION])
    first, second = (bearer(machine_token(network.avow, role_names=[ROLE])) for _ in range(2))
    assert client.delete("/articles/77", headers=first).status_code == 404
    number = client.post("/articles", json={"title": "Fog"}, headers=first).json()["number"]
    assert client.delete(f"/articles/{number}", headers=second).status_code == 404
    assert client.delete(f"/articles/{number}", headers=first).status_code == 204


def test_tenants_are_for_their_members(client: TestClient, sign_in: SignIn) -> None:
    member = bearer(sign_in(roles_in_tenant={}).session)
    assert client.get("/tenants/my-tenant-ID/articles", headers=member).status_code == 200
    assert client.get("/tenants/other/articles", headers=member).status_code == 403


def test_one_command_starts_it(tmp_path: Path) -> None:
    with running_example("examples.fastapi", tmp_path) as at:
        assert get(f"{at.url}/articles").status == 401
        token = at.session_token("mia@example.com")
        assert get(f"{at.url}/articles", token).status == 200
        at.add_role("mia@example.com", ROLE)
        assert PERMISSION in get(f"{at.url}/me", at.session_token("mia@example.com")).text
    assert not is_there(at.avow_url)
