"""For MCP servers: an OpenID provider says who may come, and clients find it by themselves.

from mcp.server import MCPServer

from avow.mcp import access_token, protected

server = MCPServer("Notes")

@server.tool()
def whoami() -> str:
    return access_token().subject

protect = protected("https://id.example.com/", audience="https://notes.example.com/mcp", scopes=["notes:read"])
app = protect(server.streamable_http_app())
"""

from avow.mcp.protection import access_token, protected
from avow.sdk.integration.settings import InvalidSettings
from avow.sdk.resource.tokens import AccessToken

__all__ = ["AccessToken", "InvalidSettings", "access_token", "protected"]
