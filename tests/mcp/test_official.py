"""An MCP server of the official package behind `avow.mcp`, and its client, which finds Avow, registers and signs in."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import uvicorn
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.server import MCPServer
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.mcpserver.exceptions import ToolError
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pydantic import AnyUrl

from avow.mcp import access_token, protected
from avow.server.projects import actions as projects
from avow.testing.server import Avow, Server
from tests.bed.databases import new_sqlite_url, remove_sqlite
from tests.factories import new_email
from tests.security.place import NO_LIMITS
from tests.served import free_port, over_http
from tests.server.oidc.relying import Rp, make_api, prepare
from tests.server.pages.browsing import Browser

CALLBACK = "http://localhost:3030/callback"


@dataclass
class Bed:
    """An Avow and an MCP server, both over HTTP.

    Attributes:
        avow: The project whose people may call.
        issuer: Of that project.
        url: The address of the MCP server.
    """

    avow: Avow
    issuer: str
    url: str


def notes(issuer: str, url: str) -> Any:
    """Return the application of an MCP server: a tool for everybody, and one that looks for a scope itself."""
    server = MCPServer("Notes")

    @server.tool()
    def whoami() -> str:
        """Say who calls."""
        theirs = get_access_token()  # the package's own way to ask
        assert theirs is not None
        assert theirs.subject == access_token().subject
        return access_token().subject

    @server.tool()
    def write() -> str:
        """Write, for those who may."""
        if not access_token().has_scopes(["notes:write"]):
            raise ToolError("notes:write is needed")
        return "written"

    protect = protected(issuer, audience=url, scopes=["notes:read"], scopes_offered=["notes:write"], name="Notes")
    return protect(server.streamable_http_app(host="localhost"))


@pytest.fixture(scope="module")
def bed() -> Iterator[Bed]:
    port, url = free_port(), new_sqlite_url()
    server = Server(url, settings={"public_url": f"http://localhost:{port}"})
    with over_http(server, port=port):
        server.site.courier.stop()
        avow = server.project(**NO_LIMITS)
        prepare(avow)
        server.clock.reset()
        avow.run(lambda tx: projects.change_settings(tx, {"allowsRegistration": True}, actor="test"))
        avow.advance(3)
        server.clock.reset()  # the client has the clock of the machine
        issuer = f"http://localhost:{port}/{avow.project_id}"
        yield Bed(avow, issuer, f"http://localhost:{free_port()}/mcp")
    server.close()
    remove_sqlite(url)


@contextlib.asynccontextmanager
async def listening(app: Any, port: int) -> AsyncIterator[None]:
    """Serve an application on this event loop."""
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False)
    listener = uvicorn.Server(config)
    task = asyncio.create_task(listener.serve())
    while not listener.started:
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        listener.should_exit = True
        await task


@dataclass
class Storage:
    """Keeps what a client learns."""

    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


@dataclass
class Person:
    """Somebody at a browser, to whom the client shows where to sign in."""

    avow: Avow
    email: str = field(default_factory=new_email)
    told: dict[str, str] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)

    async def open(self, url: str) -> None:
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        await asyncio.to_thread(self._sign_in, url)

    async def bring_back(self) -> AuthorizationCodeResult:
        return AuthorizationCodeResult(**{name: self.told[name] for name in ("code", "state", "iss")})

    def _sign_in(self, url: str) -> None:
        rp, browser = Rp(self.avow, ""), Browser(self.avow)
        parts = urlsplit(url)
        page = rp.sign_in(browser, browser.get(f"{parts.path}?{parts.query}"), self.email)
        assert page.heading == "Allow Notes of Mia?"  # it registered itself, and nobody vouches for it
        where = browser.submit(page.form(), "allow").headers["location"]
        assert where.startswith(CALLBACK)
        self.told = {name: values[0] for name, values in parse_qs(urlsplit(where).query).items()}


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_official_client_finds_its_way_and_calls(bed: Bed, mode: Literal["legacy", "auto"]) -> None:
    with contextlib.suppress(Exception):
        make_api(bed.avow, "notes:read", "notes:write", identifier=bed.url)
        bed.avow.server.clock.reset()
    storage, person = Storage(), Person(bed.avow)
    said = OAuthClientMetadata(
        client_name="Notes of Mia",
        redirect_uris=[AnyUrl(CALLBACK)],
        grant_types=["authorization_code", "refresh_token"],
        token_endpoint_auth_method="none",
    )

    async def call() -> tuple[str, str, bool]:
        auth = OAuthClientProvider(bed.url, said, storage, person.open, person.bring_back)
        async with (
            listening(notes(bed.issuer, bed.url), urlsplit(bed.url).port or 0),
            httpx2.AsyncClient(auth=auth) as http,
            Client(streamable_http_client(bed.url, http_client=http), mode=mode) as client,
        ):
            who = await client.call_tool("whoami", {})
            written = await client.call_tool("write", {})
            return who.content[0].text, written.content[0].text, bool(written.is_error)  # type: ignore[union-attr]

    who, written, is_error = asyncio.run(call())
    user = bed.avow.run(lambda tx: tx.all("SELECT id FROM users WHERE project_id = :project_id", lambda *row: row[0]))
    assert who in user
    assert ("notes:write is needed" in written, is_error) == (True, True)  # it asked for what the challenge named
    assert person.asked["resource"] == bed.url
    assert "notes:read" in person.asked["scope"].split()
    assert storage.tokens is not None
    assert storage.client is not None
