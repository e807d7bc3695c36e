"""How Flask and FastAPI look to a type checker; nobody runs this. An ignored line is one that must not pass."""

from typing import Annotated, Any, assert_type

from fastapi import Depends, FastAPI
from flask import Flask
from flask.typing import ResponseReturnValue

from avow import AsyncClient, Client
from avow import fastapi as for_fastapi
from avow import flask as for_flask
from avow.fastapi import CurrentSession, OptionalSession, require
from avow.flask import (
    AccessToken,
    AvowSession,
    current_session,
    current_token,
    login_required,
    permissions_required,
    token_required,
)


def flask_application(app: Flask) -> None:
    extension = for_flask.Avow(app)
    assert_type(extension.client, Client)
    for_flask.Avow("shop")  # type: ignore[arg-type]  # an application, not its name

    @app.get("/secret/<int:number>")
    @token_required
    def secret(jwt_response: dict[str, Any], number: int) -> ResponseReturnValue:
        return {"user": jwt_response["userId"], "number": number}

    @app.get("/home")
    @login_required
    async def home() -> ResponseReturnValue:
        assert_type(current_session, AvowSession)
        return current_session.user_id

    @permissions_required("articles:write", tenant="T1")
    def write(title: str) -> str:
        return title

    assert_type(secret(number=7), ResponseReturnValue)
    write(7)  # type: ignore[arg-type]  # a title is a text
    permissions_required(["articles:write"])  # type: ignore[arg-type]  # names, not a list


def fastapi_application(app: FastAPI) -> None:
    extension = for_fastapi.Avow(app, project_id="P1", trusted_origins=["https://www.example.com"])
    assert_type(extension.client, AsyncClient)
    for_fastapi.Avow(app, project="P1")  # type: ignore[call-arg]  # no setting has that name

    @app.get("/")
    async def home(
        session: CurrentSession,
        perhaps: OptionalSession,
        writer: Annotated[AvowSession, Depends(require(permissions=["articles:write"], tenant_param="tenant_id"))],
    ) -> list[str]:
        assert_type(session, AvowSession)
        assert_type(perhaps, AvowSession | None)
        assert_type(writer.has_roles(["editor"], tenant="T1"), bool)
        return session.roles

    require(role=["editor"])  # type: ignore[call-arg]  # roles


def flask_api(app: Flask) -> None:
    api = for_flask.ResourceServer("https://id.example.com/", audience="https://api.example.com", leeway_seconds=10)

    @app.get("/messages/<int:number>")
    @api.token_required
    def message(number: int) -> ResponseReturnValue:
        assert_type(current_token, AccessToken)
        return {"for": current_token.subject, "number": number}

    @api.token_required(permissions=["write:messages"], people_only=True)
    async def write(title: str) -> ResponseReturnValue:
        return title

    assert_type(message(number=7), ResponseReturnValue)
    write(7)  # type: ignore[arg-type]  # a title is a text
    api.token_required("write:messages")  # type: ignore[call-overload]  # names in a list, and which kind
    for_flask.ResourceServer("https://id.example.com/")  # type: ignore[call-arg]  # for which audience


def fastapi_api(app: FastAPI) -> None:
    api = for_fastapi.ResourceServer("https://id.example.com/", audience="https://api.example.com", requires_dpop=True)

    @app.get("/messages")
    async def messages(token: Annotated[AccessToken, Depends(api.require(scopes=["read"]))]) -> str:
        assert_type(token.person, tuple[str, str] | None)
        return token.subject

    api.require(["read"])  # type: ignore[call-arg]  # permissions or scopes
