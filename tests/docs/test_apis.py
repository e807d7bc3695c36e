"""docs/api.md and docs/mcp.md: what each page builds takes tokens of a real Avow, and its commands run."""

import importlib.util
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from avow.cli import commands
from avow.core.oidc.clients import preset
from avow.core.oidc.redirects import is_registered
from avow.sdk.resource.settings import Arguments
from avow.server.applications import actions
from avow.testing.server import Avow, Server
from tests.bed.databases import new_sqlite_url, remove_sqlite
from tests.bed.server import NOBODY_CARRIES
from tests.cli.programs import SECRET_KEY, in_process
from tests.factories import grant, make_role, make_user, new_email
from tests.security.place import NO_LIMITS
from tests.served import free_port, over_http
from tests.server.oidc.relying import make_api, make_app, prepare

DOCS = Path(__file__).resolve().parents[2] / "docs"
API, NOTES = "https://api.example.com", "https://notes.example.com/mcp"


@dataclass(frozen=True, slots=True)
class Issued:
    """An issuer over HTTP, and tokens of it.

    Attributes:
        issuer: As it calls itself.
        reader, stranger: Access tokens for the API of the page, of who may read and of who may not.
        notes, writing: For the MCP server, without and with the scope to write.
        identity: An ID token.
        machine: Id and secret of an application that was given the API.
    """

    issuer: str
    reader: str
    stranger: str
    notes: str
    writing: str
    identity: str
    machine: tuple[str, str]


@pytest.fixture(scope="module")
def issued() -> Iterator[Issued]:
    port, url = free_port(), new_sqlite_url()
    server = Server(url, settings={"public_url": f"http://localhost:{port}"})
    with over_http(server, port=port):
        server.site.courier.stop()
        yield tokens_of(server.project(**NO_LIMITS), f"http://localhost:{port}")
    server.close()
    remove_sqlite(url)


def tokens_of(avow: Avow, url: str) -> Issued:
    prepare(avow)
    make_api(avow, "read:messages", identifier=API, rbac=True)
    make_api(avow, "notes:read", "notes:write", identifier=NOTES)
    rp, email = make_app(avow), new_email()
    machine = make_app(avow, preset="machine")
    avow.run(lambda tx: actions.grant(tx, machine.id, API, (), actor="test"))
    grant(avow, make_user(avow, email), make_role(avow, "reader", ["read:messages"]))
    avow.server.clock.reset()  # the APIs have the clock of the machine

    def tokens(email: str, audience: str, scope: str) -> Any:
        return rp.tokens(rp.browser(), email, audience=audience, scope=scope)

    reader = tokens(email, API, "openid")
    return Issued(
        issuer=f"{url}/{avow.project_id}",
        reader=reader["access_token"],
        stranger=tokens(new_email(), API, "openid")["access_token"],
        notes=tokens(email, NOTES, "openid notes:read")["access_token"],
        writing=tokens(email, NOTES, "openid notes:read notes:write")["access_token"],
        identity=reader["id_token"],
        machine=(machine.id, machine.secret),
    )


def built(page: str, name: str, folder: Path, issuer: str) -> Any:
    """Return the module that a page has under a name, with our issuer in the place of its own."""
    text = (DOCS / page).read_text(encoding="utf-8")
    [block] = re.findall(rf"^`{name}\.py`:\n\n```py\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    file = folder / f"{name}.py"
    file.write_text(block.replace("https://id.example.com/", issuer), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ask_flask(module: Any, headers: dict[str, str]) -> tuple[int, Any]:
    answer = module.app.test_client().get("/messages", headers=headers)
    return answer.status_code, answer.json


def ask_fastapi(module: Any, headers: dict[str, str]) -> tuple[int, Any]:
    answer = TestClient(module.app).get("/messages", headers=headers)
    return answer.status_code, answer.json()


def ask_django(module: Any, headers: dict[str, str]) -> tuple[int, Any]:
    import_module("tests.django.conftest")  # configures Django, once in a process
    from django.test import Client, override_settings

    with override_settings(ROOT_URLCONF=module, ALLOWED_HOSTS=["testserver"]):
        answer = Client().get("/messages", headers=headers)
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    ("name", "ask"), [("flask_api", ask_flask), ("fastapi_api", ask_fastapi), ("django_api", ask_django)]
)
def test_api_of_the_page(
    name: str, ask: Callable[[Any, dict[str, str]], tuple[int, Any]], issued: Issued, tmp_path: Path
) -> None:
    import_module("tests.django.conftest")
    module = built("api.md", name, tmp_path, issued.issuer)
    assert ask(module, {})[0] == 401
    status, said = ask(module, bearer(issued.reader))
    assert (status, said["text"], said["subject"][0]) == (200, "For those who may read", "U")
    assert ask(module, bearer(issued.stranger))[0] == 403
    assert ask(module, bearer(issued.notes))[0] == 401
    assert ask(module, bearer(issued.identity))[0] == 401


def test_metadata_of_the_page(issued: Issued, tmp_path: Path) -> None:
    client = built("api.md", "published_api", tmp_path, issued.issuer).app.test_client()
    said = client.get("/.well-known/oauth-protected-resource").json
    assert (said["resource"], said["authorization_servers"]) == ("https://api.example.com/", [issued.issuer])


def test_api_asks_what_a_token_is_worth_as_the_page_says(issued: Issued) -> None:
    [path] = re.findall(r"^curl -u \S+ -d \S+ https://id\.example\.com(\S+)$", api_page(), re.MULTILINE)
    asking: dict[str, Any] = {"auth": issued.machine, "data": {"token": issued.reader}}
    with httpx2.Client() as http:
        assert http.post(f"{issued.issuer}{path}", **asking).json()["active"] is True
        asking["data"] = {"token": issued.notes}
        assert http.post(f"{issued.issuer}{path}", **asking).json() == {"active": False}


def api_page() -> str:
    return (DOCS / "api.md").read_text(encoding="utf-8")


def test_mcp_server_of_the_page(issued: Issued, tmp_path: Path) -> None:
    app = built("mcp.md", "notes", tmp_path, issued.issuer).app
    with TestClient(app, "https://notes.example.com") as client:
        said = client.get("/.well-known/oauth-protected-resource/mcp").json()
        assert said["authorization_servers"] == [issued.issuer]
        assert (said["resource"], said["scopes_supported"]) == (NOTES, ["notes:read", "notes:write"])
        stranger = client.post("/mcp", json={})
        assert 'scope="notes:read", resource_metadata="https://notes' in stranger.headers["WWW-Authenticate"]

        def call(token: str, tool: str, **arguments: str) -> Any:
            headers = {**bearer(token), "Accept": "application/json, text/event-stream"}
            hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}}
            body: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}
            begun = client.post("/mcp", json=body, headers=headers)
            if begun.status_code != 200:
                return begun.status_code
            headers["Mcp-Session-Id"] = begun.headers["Mcp-Session-Id"]
            body |= {"method": "tools/call", "params": {"name": tool, "arguments": arguments}}
            return client.post("/mcp", json=body, headers=headers).text

        assert "The notes of U" in call(issued.notes, "read")
        assert "Writing needs the scope notes:write." in call(issued.notes, "write", text="x")
        assert "Written: x" in call(issued.writing, "write", text="x")
        assert (call(issued.reader, "read"), call(issued.identity, "read")) == (401, 401)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("page", ["api.md", "mcp.md"])
def test_commands_of_the_page_run(page: str, tmp_path: Path) -> None:
    known = {
        **NOBODY_CARRIES,
        "AVOW_DATABASE_URL": f"sqlite:///{tmp_path}/avow.sqlite3",
        "AVOW_SECRET_KEY": SECRET_KEY,
        "AVOW_PUBLIC_URL": "https://auth.example.com",
    }
    assert in_process("migrate", variables=known).code == 0
    assert in_process("project", "create", "Shop", variables=known).code == 0
    lines = re.findall(r"^avow (.*)$", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert lines
    for line in lines:
        done = CliRunner().invoke(commands.avow, shlex.split(line), env=known)
        assert done.exit_code == 0, f"{line}\n{done.output}"


def test_client_of_the_page_comes_from_any_port() -> None:
    [address] = re.findall(r"--redirect (\S+)", (DOCS / "mcp.md").read_text(encoding="utf-8"))
    settings = preset("native", {"redirectUris": [address]}, is_open=False)
    assert is_registered(settings, address.replace("/callback", ":3030/callback"))


def test_what_works_is_not_called_missing() -> None:
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    assert "| not yet |" not in readme


def test_every_argument_stands_in_the_page() -> None:
    table = api_page().partition("## Settings")[2]
    named = set(re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in table.splitlines() if "|" in line)))
    assert named == set(Arguments.__annotations__)
