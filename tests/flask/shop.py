"""The application of the tests: views under each decorator, plain and asynchronous ones."""

from collections.abc import Iterator
from typing import Any

from flask import Flask, Response, jsonify, render_template_string, session, stream_with_context
from flask.typing import ResponseReturnValue

from avow.flask import (
    SELECTED,
    Avow,
    current_session,
    login_required,
    permissions_required,
    roles_required,
    tenant_required,
    token_required,
)
from avow.testing.server import BASE_URL
from tests.applications import Network

TENANT = "my-tenant-ID"

# Each view that demands something, and what it demands.
DEMANDING = (
    "/token",
    "/token/async",
    "/login",
    "/login/async",
    "/role",
    "/role/async",
    "/permission",
    "/permission/async",
    "/tenant/my-tenant-ID",
    "/tenant-role",
    "/selected",
)


def new_shop(network: Network, **config: Any) -> Flask:
    """Return the application."""
    app = Flask("shop")
    usual = {
        "TESTING": True,
        "SECRET_KEY": "a secret of the tests, which is long enough",
        "AVOW_PROJECT_ID": network.avow.project_id,
        "AVOW_BASE_URL": BASE_URL,
        "AVOW_CLIENT": network.client,
    }
    app.config.update(usual | config)
    Avow(app)
    _add_tokens(app)
    _add_rights(app)
    _add_others(app)
    return app


def _add_tokens(app: Flask) -> None:
    @app.route("/token", methods=["GET", "POST"])
    @token_required
    def token(jwt_response: dict[str, Any]) -> ResponseReturnValue:
        return jsonify(jwt_response)

    @app.get("/token/async")
    @token_required
    async def token_async(jwt_response: dict[str, Any]) -> ResponseReturnValue:
        return jsonify(jwt_response)

    @app.get("/token/<int:number>/<word>")
    @token_required
    def token_and_parts(jwt_response: dict[str, Any], number: int, word: str) -> ResponseReturnValue:
        return jsonify([jwt_response["userId"], number, word])

    @app.route("/login", methods=["GET", "POST"])
    @login_required
    def login() -> ResponseReturnValue:
        return jsonify(user=current_session.user_id)

    @app.get("/login/async")
    @login_required
    async def login_async() -> ResponseReturnValue:
        return jsonify(user=current_session.user_id)


def _add_rights(app: Flask) -> None:
    @app.get("/role")
    @roles_required("editor")
    def role() -> str:
        return "secret"

    @app.get("/role/async")
    @roles_required("editor")
    async def role_async() -> str:
        return "secret"

    @app.get("/permission")
    @permissions_required("articles:write", "articles:read")
    def permission() -> str:
        return "secret"

    @app.get("/permission/async")
    @permissions_required("articles:write", "articles:read")
    async def permission_async() -> str:
        return "secret"

    @app.get("/tenant/<tenant_id>")
    @permissions_required("bills:read", tenant_kwarg="tenant_id")
    def tenant(tenant_id: str) -> str:
        return f"secret of {tenant_id}"

    @app.get("/tenant-role")
    @roles_required("clerk", tenant=TENANT)
    def tenant_role() -> str:
        return "secret"

    @app.get("/selected")
    @tenant_required()
    def selected() -> str:
        return "secret"

    @app.get("/selected-role")
    @roles_required("clerk", tenant=SELECTED)
    def selected_role() -> str:
        return "secret"

    @app.get("/member/<tenant_id>")
    @tenant_required(tenant_kwarg="tenant_id")
    def member(tenant_id: str) -> str:
        return f"secret of {tenant_id}"


def _add_others(app: Flask) -> None:
    @app.get("/plain")
    def plain() -> str:
        return "plain"

    @app.route("/who", methods=["GET", "POST"])
    def who() -> str:
        return current_session.user_id if current_session else "nobody"

    @app.get("/template")
    def template() -> str:
        return render_template_string(
            "{{ current_session.user_id if current_session else 'nobody' }} {{ avow.project_id }} {{ avow.sdk_src }}"
        )

    @app.get("/streamed")
    def streamed() -> Response:
        def late() -> Iterator[str]:
            yield current_session.user_id if current_session else "nobody"

        return Response(stream_with_context(late()))

    @app.get("/cart/<thing>")
    def cart(thing: str) -> str:
        session.setdefault("things", [])
        session["things"] = [*session["things"], thing]
        return ",".join(session["things"])

    @app.get("/broken")
    @login_required
    def broken() -> str:
        raise LookupError("nobody caught it")
