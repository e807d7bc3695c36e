"""Client ID metadata documents: which addresses can be a client_id, and what of a document is believed."""

import json
from typing import Any

import pytest

from avow.core.oidc import documents

ID = "https://app.example.com/oauth/client.json"
GOOD: dict[str, Any] = {"client_id": ID, "client_name": "Reader", "redirect_uris": ["https://app.example.com/cb"]}


def read(**changes: Any) -> Any:
    said = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    return documents.read(ID, json.dumps(said).encode())


@pytest.mark.parametrize("client_id", [ID, "https://app.example.com/", "https://a.example:8443/x/client,1.json"])
def test_addresses(client_id: str) -> None:
    assert documents.is_document_id(client_id)


@pytest.mark.parametrize(
    "client_id",
    [
        "http://app.example.com/client.json",
        "https://app.example.com",
        "https://app.example.com/a/../client.json",
        "https://app.example.com/./client.json",
        "https://app.example.com/client.json?x=1",
        "https://app.example.com/client.json#x",
        "https://user@app.example.com/client.json",
        "https://user:pass@app.example.com/client.json",
        "https://APP.example.com/client.json",
        "https://app.example.com/a\\b",
        "https://app.example.com/%2e%2e/x",
        "https://app.example.com/a b",
        "https://app.example.com/client.json\n",
        "https://app.example.com:/x",
        "https:///x",
        "https://[::1]/x",
        "N-an-id",
        "",
        "https://app.example.com/" + "a" * 512,
    ],
)
def test_other_addresses_are_none(client_id: str) -> None:
    assert not documents.is_document_id(client_id)


def test_document_makes_a_public_client_that_needs_pkce() -> None:
    found = read(
        grant_types=["authorization_code", "refresh_token", "urn:x"], logo_uri="https://x.example/l", scope="a"
    )
    assert (found.id, found.name, found.logo) == (ID, "Reader (app.example.com)", "")
    assert (found.is_trusted, found.is_public, found.is_published) == (False, True, True)
    settings = found.settings
    assert (settings.redirect_uris, settings.pkce) == (("https://app.example.com/cb",), "required")
    assert settings.grant_types == ("authorization_code", "refresh_token")
    assert settings.web_origins == ("https://app.example.com",)


def test_name_never_hides_the_host() -> None:
    assert read(client_name=None).name == "app.example.com"
    assert read(client_name="Avow \u202e reversed").name == "app.example.com"
    assert read(client_name="x" * 500).name == f"{'x' * 100} (app.example.com)"


def test_client_with_a_key_needs_pkce_too() -> None:
    found = read(token_endpoint_auth_method="private_key_jwt", jwks_uri="https://app.example.com/keys")
    assert (found.is_public, found.settings.pkce, found.settings.web_origins) == (False, "required", ())


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": None},
        {"client_id": "https://app.example.com/oauth/other.json"},
        {"client_id": f"{ID}/"},
        {"client_id": [ID, ID]},
        {"client_secret": "x"},
        {"client_secret_expires_at": 0},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"token_endpoint_auth_method": "client_secret_post"},
        {"token_endpoint_auth_method": "client_secret_jwt"},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"redirect_uris": None},
        {"redirect_uris": []},
        {"redirect_uris": ["https://*.example.com/cb"]},
        {"redirect_uris": ["https://app.example.com/cb#x"]},
        {"redirect_uris": ["javascript:alert(1)"]},
        {"redirect_uris": ["http://app.example.com/cb"]},
        {"grant_types": ["client_credentials"]},
        {"grant_types": ["refresh_token"]},
        {"policy_uri": "javascript:alert(1)"},
        {"jwks": {"keys": "x"}, "token_endpoint_auth_method": "private_key_jwt"},
        {"id_token_signed_response_alg": "none"},
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        read(**changes)


@pytest.mark.parametrize("body", [b"", b"[]", b'"x"', b"{", b'{"client_id": 1}', b"\xff", b"{" * 9000])
def test_what_is_no_document_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        documents.read(ID, body)
