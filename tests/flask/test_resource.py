"""What is Flask's own about views that take access tokens."""

import pytest
from flask import Flask, jsonify
from flask.typing import ResponseReturnValue

from avow.flask import InvalidSettings, ResourceServer, current_token
from tests.issuing import AUDIENCE, ISSUER, Issuer, bearer


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def api(issuer: Issuer) -> ResourceServer:
    return ResourceServer(ISSUER, audience=AUDIENCE, clock=issuer.clock, transport=issuer)


def test_views_of_both_colours_are_handed_their_arguments(issuer: Issuer, api: ResourceServer) -> None:
    app = Flask("api")

    @app.get("/plain/<name>")
    @api.token_required
    def plain(name: str) -> ResponseReturnValue:
        return jsonify([name, current_token.subject])

    @app.get("/asynchronous/<name>")
    @api.token_required(permissions=["read:admin"])
    async def asynchronous(name: str) -> ResponseReturnValue:
        return jsonify([name, current_token.subject])

    @app.get("/open")
    def everybody() -> ResponseReturnValue:
        return jsonify(bool(current_token))

    client = app.test_client()
    assert client.get("/plain/a", headers=bearer(issuer.token())).json == ["a", "U1"]
    assert client.get("/asynchronous/b", headers=bearer(issuer.token())).json == ["b", "U1"]
    assert client.get("/plain/a").json == {"error": "An access token is needed."}
    assert client.get("/open", headers=bearer(issuer.token())).json is False
    assert plain.__name__ == "plain"


def test_metadata_can_be_served(api: ResourceServer) -> None:
    said = ResourceServer(ISSUER, audience=AUDIENCE, publishes_metadata=True)
    app = Flask("api")
    app.add_url_rule(said.resource.metadata_path, view_func=lambda: said.metadata(["write"]))
    found = app.test_client().get("/.well-known/oauth-protected-resource/mcp").json
    assert found is not None
    assert (found["resource"], found["scopes_supported"]) == (AUDIENCE, ["write"])


def test_settings_that_cannot_work_stop_the_start() -> None:
    with pytest.raises(InvalidSettings, match="issuer must look like"):
        ResourceServer("id.example.com", audience=AUDIENCE)
