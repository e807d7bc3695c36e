"""An API in FastAPI: endpoints that take the access tokens of an OpenID provider, Avow's or any other.

from avow.fastapi import AccessToken, ResourceServer

api = ResourceServer("https://id.example.com/", audience="https://api.example.com")

Reader = Annotated[AccessToken, Depends(api.require(permissions=["read:messages"]))]

@app.get("/messages")
async def messages(token: Reader) -> dict[str, str]:
    return {"for": token.subject}
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Annotated, Unpack
from urllib.parse import quote

from fastapi import HTTPException, Security, WebSocketException, status
from fastapi.openapi.models import HTTPBearer as BearerModel
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from avow.clock import Clock, system_clock
from avow.sdk._async.resource import AsyncGuard
from avow.sdk.integration.pages import NEVER_STORED
from avow.sdk.integration.refusals import Refusal
from avow.sdk.resource.credentials import Head
from avow.sdk.resource.guard import Judge
from avow.sdk.resource.metadata import metadata
from avow.sdk.resource.settings import Arguments, Resource
from avow.sdk.resource.tokens import AccessToken, needs
from avow.sdk.transport import AsyncTransport

__all__ = ["AccessToken", "ResourceServer"]


class _Scheme(SecurityBase):
    """What the description of the API says about credentials; the dependency beside it decides."""

    def __init__(self, said: Resource) -> None:
        self.model = BearerModel(bearerFormat="JWT", description=f"An access token for {said.audience}.")
        self.scheme_name = "access_token"

    async def __call__(self, connection: HTTPConnection) -> None:
        """Ask for nothing."""


class ResourceServer:
    """An API that takes the access tokens of one issuer.

    Attributes:
        resource: What it was told.
    """

    def __init__(
        self,
        issuer: str,
        *,
        audience: str,
        clock: Clock = system_clock,
        transport: AsyncTransport | None = None,
        **more: Unpack[Arguments],
    ) -> None:
        """Keep what is said; the issuer's keys are fetched with the first token.

        Args:
            issuer: As it calls itself, character by character.
            audience: What this API is called there.
            clock: Tells the time; for tests.
            transport: Carries requests to the issuer; for tests.
            more: As `avow.sdk.resource.settings.Resource` explains.

        Raises:
            InvalidSettings: They cannot be used; the text says what to set.
        """
        self.resource = Resource(issuer=issuer, audience=audience, **more)
        self._guard, self._scheme = AsyncGuard(Judge(self.resource, clock), transport), _Scheme(self.resource)

    def require(
        self, *, permissions: Collection[str] = (), scopes: Collection[str] = (), people_only: bool = False
    ) -> Callable[..., Awaitable[AccessToken]]:
        """Return a dependency that lets in requests whose access token holds and has all of these.

        Args:
            permissions: Names in the claim `permissions`: what the person, or the machine, may do.
            scopes: Names in the claim `scope`: what the application was allowed.
            people_only: Refuse tokens that an application got for itself.

        Returns:
            A dependency that returns the token, and raises 400, 401, 403 and 503.

        Raises:
            ValueError: Names are a text instead of a list.
        """
        wanted = needs(permissions, scopes, people_only=people_only)

        async def required(connection: HTTPConnection, _: Annotated[None, Security(self._scheme)]) -> AccessToken:
            found = await self._guard.judge(_head(connection), wanted)
            if isinstance(found, AccessToken):
                return found
            raise _refused(connection, found)

        return required

    def metadata(self, scopes: Sequence[str] = ()) -> dict[str, object]:
        """Return what this API says of itself, to be served at `resource.metadata_path` (RFC 9728)."""
        return metadata(self.resource, scopes)


def _head(connection: HTTPConnection) -> Head:
    shown = {name: connection.headers.getlist(name) for name in ("Authorization", "DPoP")}
    return Head(
        connection.scope.get("method", "GET"),  # a WebSocket is opened by GET
        lambda: f"{connection.url.scheme}://{connection.url.netloc}{quote(connection.scope['path'])}",
        shown["Authorization"],
        shown["DPoP"],
    )


def _refused(connection: HTTPConnection, refusal: Refusal) -> Exception:
    """Return what answers a refusal; a WebSocket has no status to answer."""
    if connection.scope["type"] == "websocket":
        return WebSocketException(status.WS_1008_POLICY_VIOLATION, refusal.sentence)
    return HTTPException(refusal.status, refusal.sentence, headers={**NEVER_STORED, **refusal.headers})
