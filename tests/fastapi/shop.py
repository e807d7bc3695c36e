"""The application of the tests: endpoints under each dependency, on a mounted application and a WebSocket too."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, WebSocket
from starlette.responses import PlainTextResponse, StreamingResponse

from avow import AsyncClient
from avow.fastapi import (
    SELECTED,
    Avow,
    AvowSession,
    CurrentSession,
    OptionalSession,
    client_of,
    current_session,
    current_user,
    optional_session,
    require,
)
from avow.testing.server import BASE_URL
from tests.applications import Network

TENANT = "my-tenant-ID"

# Each endpoint that demands something.
DEMANDING = (
    "/me",
    "/me/sync",
    "/person",
    "/mounted/me",
    "/routed/me",
    "/role",
    "/permissions",
    "/tenant/my-tenant-ID",
    "/tenant-role",
    "/member",
    "/selected",
)


def new_shop(network: Network, **said: Any) -> FastAPI:
    """Return the application."""
    app = FastAPI(title="Shop")
    usual: dict[str, Any] = {
        "project_id": network.avow.project_id,
        "base_url": BASE_URL,
        "client": network.async_client,
    }
    Avow(app, **(usual | said))
    _add_people(app)
    _add_rights(app)
    _add_others(app)
    app.mount("/mounted", _mounted())
    app.include_router(_routed(), prefix="/routed")
    return app


def _add_people(app: FastAPI) -> None:
    @app.get("/me")
    async def me(session: CurrentSession) -> dict[str, Any]:
        return {"user": session.user_id, "key": session.key_id}

    @app.get("/me/sync")
    def me_sync(session: Annotated[AvowSession, Depends(current_session)]) -> dict[str, Any]:
        return {"user": session.user_id}

    @app.get("/person")
    async def person(session: Annotated[AvowSession, Depends(current_user)]) -> dict[str, Any]:
        return {"user": session.user_id}

    @app.post("/me")
    async def post_me(session: CurrentSession) -> dict[str, Any]:
        return {"user": session.user_id}

    @app.get("/who")
    async def who(session: OptionalSession) -> str:
        return session.user_id if session else "nobody"

    @app.post("/who")
    async def post_who(session: Annotated[AvowSession | None, Depends(optional_session)]) -> str:
        return session.user_id if session else "nobody"

    @app.get("/me/text")
    async def text(session: CurrentSession) -> PlainTextResponse:
        return PlainTextResponse(session.user_id)

    @app.get("/tenants")
    async def tenants(session: CurrentSession, client: Annotated[AsyncClient, Depends(client_of)]) -> Any:
        return await client.my_tenants(session.tokens.refresh, ids=session.tenants)


def _add_rights(app: FastAPI) -> None:
    def secret() -> str:
        return "secret"

    for path, demand in {
        "/role": require(roles=["editor"]),
        "/permissions": require(permissions=["articles:write", "articles:read"]),
        "/tenant/{tenant_id}": require(permissions=["bills:read"], tenant_param="tenant_id"),
        "/tenant-role": require(roles=["clerk"], tenant=TENANT),
        "/member": require(tenant=TENANT),
        "/members/{tenant_id}": require(tenant_param="tenant_id"),
        "/selected": require(tenant=SELECTED),
        "/selected-role": require(roles=["clerk"], tenant=SELECTED),
    }.items():
        app.get(path, dependencies=[Depends(demand)])(secret)


def _add_others(app: FastAPI) -> None:
    @app.get("/plain")
    async def plain() -> str:
        return "plain"

    @app.get("/broken")
    async def broken(session: CurrentSession) -> str:
        raise LookupError("nobody caught it")

    @app.get("/streamed")
    async def streamed(session: CurrentSession) -> StreamingResponse:
        return StreamingResponse(iter([session.user_id]))

    @app.websocket("/talk")
    async def talk(socket: WebSocket, session: Annotated[AvowSession, Depends(require(roles=["editor"]))]) -> None:
        await socket.accept()
        await socket.send_text(session.user_id)
        await socket.close()


def _mounted() -> FastAPI:
    inner = FastAPI()

    @inner.get("/me")
    async def me(session: CurrentSession) -> dict[str, str]:
        return {"user": session.user_id}

    return inner


def _routed() -> APIRouter:
    router = APIRouter(dependencies=[Depends(current_session)])

    @router.get("/me")
    async def me() -> str:
        return "secret"

    return router
