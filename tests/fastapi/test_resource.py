"""What is FastAPI's own about endpoints that take access tokens."""

from typing import Annotated

import pytest
from fastapi import Depends, FastAPI, WebSocket
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from avow.fastapi import AccessToken, ResourceServer
from tests.issuing import AUDIENCE, ISSUER, AsyncIssuer, Issuer, bearer


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def app(issuer: Issuer) -> FastAPI:
    made = FastAPI()
    api = ResourceServer(ISSUER, audience=AUDIENCE, clock=issuer.clock, transport=AsyncIssuer(issuer))
    anybody = Annotated[AccessToken, Depends(api.require())]

    @made.get("/me/{name}")
    def me(name: str, token: anybody) -> list[str]:
        return [name, token.subject]

    @made.get("/admin", dependencies=[Depends(api.require(permissions=["read:admin"]))])
    async def admin() -> None: ...

    @made.websocket("/live")
    async def live(socket: WebSocket, token: anybody) -> None:
        await socket.accept()
        await socket.send_text(token.subject)

    return made


def test_endpoints_get_the_token(issuer: Issuer, app: FastAPI) -> None:
    with TestClient(app) as client:
        headers = dict(bearer(issuer.token()))
        assert client.get("/me/a", headers=headers).json() == ["a", "U1"]
        assert client.get("/admin", headers=headers).status_code == 200
        assert client.get("/me/a").json() == {"detail": "An access token is needed."}


def test_websocket_needs_a_token_too(issuer: Issuer, app: FastAPI) -> None:
    with TestClient(app) as client:
        with client.websocket_connect("/live", headers=dict(bearer(issuer.token()))) as socket:
            assert socket.receive_text() == "U1"
        with pytest.raises(WebSocketDisconnect) as closed, client.websocket_connect("/live"):
            pass
    assert closed.value.code == 1008


def test_description_of_the_api_names_the_credentials(app: FastAPI) -> None:
    said = app.openapi()
    assert said["components"]["securitySchemes"]["access_token"] == {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": f"An access token for {AUDIENCE}.",
    }
    assert said["paths"]["/admin"]["get"]["security"] == [{"access_token": []}]
    assert [each["name"] for each in said["paths"]["/me/{name}"]["get"]["parameters"]] == ["name"]
