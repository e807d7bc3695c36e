"""What the wrapper lets through to an MCP server, what it says of itself, and whose a session is."""

import asyncio
import contextlib
import json
from typing import Any

import httpx2
import pytest
from mcp.server import MCPServer

from avow.mcp import InvalidSettings, access_token, protected
from tests.issuing import AUDIENCE, ISSUER, AsyncIssuer, Issuer, Place, bearer, mcp_api

METADATA = "/.well-known/oauth-protected-resource/mcp"


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


def test_metadata_is_for_everybody(issuer: Issuer) -> None:
    ask: Any = mcp_api(Place.of(issuer), scopes_offered=["write"], name="Notes")
    answer = ask(METADATA)
    assert answer.status == 200
    assert answer.body["resource"] == AUDIENCE
    assert answer.body["authorization_servers"] == [ISSUER]
    assert (answer.body["scopes_supported"], answer.body["resource_name"]) == (["write"], "Notes")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert [ask(METADATA, verb=verb).status for verb in ("HEAD", "OPTIONS", "POST")] == [200, 204, 405]
    assert ask(METADATA, verb="HEAD").body is None


@pytest.mark.parametrize("path", ["/.well-known/oauth-protected-resource", f"{METADATA}/", "/", "/anything"])
def test_nothing_else_is_answered_without_a_token(issuer: Issuer, path: str) -> None:
    ask: Any = mcp_api(Place.of(issuer))
    answer = ask(path)
    assert answer.status == 401
    assert f'resource_metadata="https://api.example.com{METADATA}"' in answer.challenge
    assert ask(path, verb="OPTIONS").status == 401
    assert ask(path, bearer(issuer.token())).status == 200


def test_pages_of_origins_that_were_named_may_call(issuer: Issuer) -> None:
    page, other = "https://inspector.example.com", "https://evil.example.com"
    ask: Any = mcp_api(Place.of(issuer), origins=[page])

    def preflight(origin: str, fields: str = "authorization, content-type, mcp-session-id") -> Any:
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": fields}
        return ask("/any", [("Origin", origin), *asked.items()], verb="OPTIONS")

    assert (preflight(page).status, preflight(page).headers["access-control-allow-origin"]) == (200, page)
    assert "access-control-allow-origin" not in preflight(other).headers
    stranger = ask("/any", [("Origin", page)])
    assert (stranger.status, stranger.headers["access-control-allow-origin"]) == (401, page)
    assert "WWW-Authenticate" in stranger.headers["access-control-expose-headers"]
    served = ask("/any", [("Origin", page), *bearer(issuer.token())])
    assert (served.status, served.headers["access-control-allow-origin"]) == (200, page)
    assert "access-control-allow-credentials" not in served.headers
    assert ask(METADATA, [("Origin", other)]).headers["access-control-allow-origin"] == "*"
    with pytest.raises(ValueError, match="lists of names"):
        protected(ISSUER, audience=AUDIENCE, origins=page)


def test_websocket_of_a_stranger_is_closed(issuer: Issuer) -> None:
    ask: Any = mcp_api(Place.of(issuer))
    answer = ask("/any", kind="websocket")
    assert (answer.headers["type"], answer.status) == ("websocket.close", 1008)


def test_audience_is_the_address_of_the_server() -> None:
    for audience in (
        "notes",
        "urn:notes",
        "http://notes.example.com/mcp",
        "https://notes.example.com/mcp?x=1",
        "http://[",
    ):
        with pytest.raises(InvalidSettings):
            protected(ISSUER, audience=audience)
    with pytest.raises(ValueError, match="lists of names"):
        protected(ISSUER, audience=AUDIENCE, scopes="notes:read")


def test_token_is_of_a_call() -> None:
    with pytest.raises(LookupError, match="protected"):
        access_token()


def test_session_is_of_whoever_began_it(issuer: Issuer) -> None:
    server = MCPServer("Notes")

    @server.tool()
    def whoami() -> str:
        """Say who calls, by which token."""
        return f"{access_token().subject} {access_token().token_id}"

    protect = protected(ISSUER, audience=AUDIENCE, clock=issuer.clock, transport=AsyncIssuer(issuer))
    app = protect(server.streamable_http_app(json_response=True, host="api.example.com"))

    async def scene() -> None:
        async with lived(app), httpx2.AsyncClient(transport=httpx2.ASGITransport(app)) as http:

            async def send(token: str, method: str, session: str = "", **params: Any) -> httpx2.Response:
                headers = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}
                body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
                headers |= {"Mcp-Session-Id": session} if session else {}
                return await http.post(AUDIENCE, json=body, headers=headers)

            mine, renewed, theirs = issuer.token(), issuer.token(jti="j2"), issuer.token(sub="U2")
            hello: Any = {
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": {"name": "c", "version": "1"},
            }
            begun = await send(mine, "initialize", **hello)
            assert begun.status_code == 200, begun.text
            session = begun.headers["Mcp-Session-Id"]
            called = await send(mine, "tools/call", session, name="whoami", arguments={})
            assert called.json()["result"]["content"][0]["text"] == "U1 j1"
            called = await send(renewed, "tools/call", session, name="whoami", arguments={})
            assert called.json()["result"]["content"][0]["text"] == "U1 j2"  # of this call, not of the first one
            assert (await send(theirs, "tools/call", session, name="whoami", arguments={})).status_code == 404
            other_client = issuer.token(client_id="other")
            assert (await send(other_client, "tools/call", session, name="whoami", arguments={})).status_code == 404
            assert (await send("nonsense", "tools/call", session, name="whoami", arguments={})).status_code == 401

    asyncio.run(scene())


@contextlib.asynccontextmanager
async def lived(app: Any) -> Any:
    """Begin and end an application as servers do."""
    asked: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    told: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    task = asyncio.create_task(app({"type": "lifespan", "asgi": {"version": "3.0"}}, asked.get, told.put))
    await asked.put({"type": "lifespan.startup"})
    assert json.dumps(await told.get()) == '{"type": "lifespan.startup.complete"}'
    yield
    await asked.put({"type": "lifespan.shutdown"})
    await told.get()
    await task
