"""What the provider publishes: made once, and not sent again to who has it."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from avow.server.asgi import AsgiApp
from avow.server.keys import actions as keys
from avow.server.keys.directory import load
from avow.server.oidc import discovery
from avow.testing.server import Avow
from tests.server.oidc.relying import Rp, make_app, take_root

CONFIGURATION, KEYS = "/.well-known/openid-configuration", "/.well-known/jwks.json"


@pytest.fixture(params=["below the project", "at the root"])
def issuer(request: pytest.FixtureRequest, project: Avow) -> Rp:
    return make_app(project, host=take_root(project) if request.param == "at the root" else "")


@pytest.mark.parametrize("path", [CONFIGURATION, KEYS])
def test_who_has_a_document_is_told_so(issuer: Rp, path: str) -> None:
    first = issuer.call(path, verb="GET")
    tag = first.headers["etag"]
    for named in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = issuer.call(path, verb="GET", if_none_match=named)
        assert (again.status, again.body, again.headers["etag"]) == (304, None, tag)
        assert again.headers["cache-control"] == first.headers["cache-control"] == "public, max-age=60"
        assert again.headers["access-control-allow-origin"] == "*"
        assert "content-type" not in again.headers
    assert issuer.call(path, verb="GET", if_none_match='"other"').body == first.body
    assert issuer.call(path, verb="GET", if_none_match="").status == 200


def test_changed_document_has_another_tag(issuer: Rp) -> None:
    before = issuer.call(CONFIGURATION, verb="GET").headers["etag"]
    issuer.avow.client().mgmt.project.set_settings(allows_registration=True)
    issuer.avow.advance(1)
    found = issuer.call(CONFIGURATION, verb="GET", if_none_match=before)
    assert found["registration_endpoint"].endswith("/oidc/register")


def test_key_set_has_another_tag_once_its_keys_change(project: Avow) -> None:
    rp = make_app(project)
    before = rp.call(KEYS, verb="GET").headers["etag"]
    project.run(lambda tx: keys.rotate(tx, keys.SESSION, algorithm="ES256", overlap_seconds=60))
    project.advance(1)
    assert rp.call(KEYS, verb="GET", if_none_match=before).status == 200


def test_documents_are_made_once(project: Avow) -> None:
    settings = project.server.site.settings
    one, other = (project.run(lambda tx: load(tx, settings)) for _ in range(2))
    assert one is not None
    assert other is not None
    issuer = f"{settings.public_url}/"
    assert discovery.configuration(one, issuer) is discovery.configuration(other, issuer)
    assert discovery.standard_keys(one.oidc_jwks) is discovery.standard_keys(other.oidc_jwks)


def test_answer_without_a_body_says_no_length(issuer: Rp) -> None:
    tag = issuer.call(CONFIGURATION, verb="GET").headers["etag"]
    sent: list[MutableMapping[str, Any]] = []
    headers = [(b"if-none-match", tag.encode()), (b"host", issuer.host.encode())]
    scope = {"type": "http", "method": "GET", "path": issuer.prefix + CONFIGURATION, "query_string": b""}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    asyncio.run(AsgiApp(issuer.avow.server.site)({**scope, "headers": headers}, receive, send))
    assert sent[0]["status"] == 304
    assert b"content-length" not in dict(sent[0]["headers"])
