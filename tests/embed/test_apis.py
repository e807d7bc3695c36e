"""An API in the process of its issuer: keys are asked for without a request going out, which nobody would answer."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import Depends, FastAPI
from flask import Flask
from starlette.testclient import TestClient

import avow.fastapi
import avow.flask
from avow.core.ids import secret_text
from avow.core.vault import Vault
from avow.embed.embedded import Embedded
from avow.embed.fastapi import Embedded as FastApiEmbedded
from avow.embed.flask import Embedded as FlaskEmbedded
from avow.sdk.transport import Request
from avow.server.applications import actions, apis
from avow.server.keys import actions as keys
from avow.server.projects import actions as projects
from avow.server.store import Tx, open_store
from avow.wire.applications import ApiPermission, CreateApi, CreateApplication
from tests.embed.conftest import database
from tests.embed.shops import made_project
from tests.served import free_port
from tests.server.oidc.relying import API, made_keys

SCOPE = "read:messages"

# Views of both colours in a project without the plugin; the Avow in it is made when somebody asks for it.
_DJANGO = """
import asyncio, json, sys
import django
from django.conf import settings
said = json.loads(sys.stdin.read())
settings.configure(
    ALLOWED_HOSTS=["testserver"],
    DATABASES={},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "avow.embed.django"],
    AVOW_EMBEDDED=said["embedded"],
)
django.setup()
from django.http import JsonResponse
from django.test import AsyncRequestFactory, RequestFactory
from avow.django.resource import ResourceServer, token_of

def answer(request):
    return JsonResponse({"subject": token_of(request).subject})

async def awaited(request):
    return answer(request)

def api():
    return ResourceServer(said["issuer"], audience=said["audience"]).token_required(scopes=["read:messages"])

headers = {"Authorization": "Bearer " + said["token"]}
answers = [
    api()(answer)(RequestFactory().get("/", headers=headers)),
    asyncio.run(api()(awaited)(AsyncRequestFactory().get("/", headers=headers))),
]
print(json.dumps([[each.status_code, json.loads(each.content)] for each in answers]))
"""


@dataclass
class Data:
    """A database with an API in it, whose applications get tokens for it.

    Attributes:
        said: What an application says of its Avow; nobody listens at its address.
        project_id: Of the project.
        client: Id and secret of a machine.
    """

    said: dict[str, Any]
    project_id: str
    client: tuple[str, str]

    def token(self, issuer: str) -> str:
        """Return an access token of an issuer."""
        inside = Embedded(**self.said)
        id, secret = self.client
        form = {"grant_type": "client_credentials", "audience": API, "client_id": id, "client_secret": secret}
        headers = {"content-type": "application/x-www-form-urlencoded"}
        path = issuer.removeprefix(self.said["base_url"]).rstrip("/") + "/oauth/token"
        answer = inside.send(Request("POST", path, headers=headers, body=urlencode(form).encode()))
        inside.close()
        assert answer.status == 200, answer.body
        return str(json.loads(answer.body)["access_token"])


@pytest.fixture(scope="module")
def data(request: pytest.FixtureRequest) -> Iterator[Data]:
    with database("sqlite", request) as url:
        secret_key = secret_text()
        project_id, _ = made_project(url, secret_key)

        def unit(tx: Tx) -> tuple[str, str]:
            keys.insert_set(tx, keys.OIDC, made_keys())
            apis.create(tx, CreateApi(identifier=API, permissions=(ApiPermission(name=SCOPE),)), actor="test")
            made = actions.create(tx, CreateApplication(name="Job", preset="machine"), is_open=False, actor="test")
            actions.grant(tx, made[0], API, [SCOPE], actor="test")
            return made

        store = open_store(url, vault=Vault.from_text(secret_key), durable=False)
        client = store.run(project_id, unit)
        store.run(project_id, projects.bump)
        store.close()
        base_url = f"http://localhost:{free_port()}/auth"
        said = {"base_url": base_url, "database_url": url, "secret_key": secret_key, "development": True}
        yield Data(said, project_id, client)


@pytest.fixture(params=["project", "root"])
def issuer(request: pytest.FixtureRequest, data: Data) -> str:
    """Give the issuer of a project, and that of the address itself, whose names end differently."""
    return f"{data.said['base_url']}/" + (data.project_id if request.param == "project" else "")


def test_view_of_flask_takes_tokens_of_the_avow_around_it(data: Data, issuer: str) -> None:
    token, app = data.token(issuer), Flask("shop")
    said = {name.upper(): value for name, value in data.said.items() if name != "base_url"}
    app.config.update(AVOW_BASE_URL=data.said["base_url"], AVOW_PROJECT_ID=data.project_id, AVOW_EMBEDDED=said)
    api = avow.flask.ResourceServer(issuer, audience=API)

    @app.get("/messages")
    @api.token_required(scopes=[SCOPE])
    def messages() -> dict[str, str]:
        return {"subject": avow.flask.current_token.subject}

    inside = FlaskEmbedded(app)
    answer = app.test_client().get("/messages", headers={"Authorization": f"Bearer {token}"})
    inside.close()
    assert (answer.status_code, answer.json) == (200, {"subject": f"{data.client[0]}@clients"})


def test_endpoint_of_fastapi_takes_tokens_of_the_avow_in_its_application(data: Data, issuer: str) -> None:
    token = data.token(issuer)
    app, inside = FastAPI(), FastApiEmbedded(**data.said)
    api = avow.fastapi.ResourceServer(issuer, audience=API)
    reader = Depends(api.require(scopes=[SCOPE]))

    @app.get("/messages")
    async def messages(found: avow.fastapi.AccessToken = reader) -> dict[str, str]:
        return {"subject": found.subject}

    inside.mount(app)
    answer = TestClient(app).get("/messages", headers={"Authorization": f"Bearer {token}"})
    inside.close()
    assert (answer.status_code, answer.json()) == (200, {"subject": f"{data.client[0]}@clients"})


def test_views_of_django_take_tokens_of_the_avow_in_their_project(data: Data, issuer: str) -> None:
    given = {"embedded": data.said, "issuer": issuer, "audience": API, "token": data.token(issuer)}
    run = subprocess.run(
        [sys.executable, "-c", _DJANGO], input=json.dumps(given), capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == [[200, {"subject": f"{data.client[0]}@clients"}]] * 2


def test_address_elsewhere_is_asked_over_the_network(data: Data) -> None:
    inside = Embedded(**data.said)
    base = data.said["base_url"]
    for url in (
        base.replace("/auth", "/authors/keys"),
        base.replace("localhost", "id.example.com"),
        "https://id.test/",
    ):
        assert inside.path_of(url) is None
    assert [inside.path_of(base + rest) for rest in ("", "/", "/P1/keys?a=b")] == ["/", "/", "/P1/keys"]
