"""Applications whose client_id is the address of a document that says what they are. No I/O.

What it says is believed for nothing but this: the addresses that its answers go to, and how it shows who it is. It has
no secret, needs PKCE, is never trusted by itself, and people see the host that it is published at.

Spec: OAuth Client ID Metadata Document (draft-ietf-oauth-client-id-metadata-document) sections 3 and 4.
"""

import re
from typing import Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from avow.core.oidc import redirects, registration
from avow.core.oidc.clients import Client
from avow.errors import AvowError
from avow.wire.codec import flat_pairs

__all__ = ["MOST_BYTES", "is_document_id", "read"]

MOST_BYTES: Final = 10_240
_MAX_ID: Final = 512
_MAX_NAME: Final = 100
# With a path, and without user, query, fragment and anything that two readers could take for different addresses.
_ID: Final = re.compile(
    r"https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?/(?:[A-Za-z0-9\-._~!$'()*+,;=:@/])*", re.ASCII
)
_DOTS: Final = frozenset({".", ".."})
# Members that count; all others are passed over, so that one document serves many providers.
_READ: Final = frozenset(
    {
        "application_type",
        "client_name",
        "dpop_bound_access_tokens",
        "grant_types",
        "id_token_signed_response_alg",
        "jwks",
        "jwks_uri",
        "policy_uri",
        "post_logout_redirect_uris",
        "redirect_uris",
        "token_endpoint_auth_method",
        "tos_uri",
    }
)
_GRANTS: Final = ("authorization_code", "refresh_token")
_METHODS: Final = ("none", "private_key_jwt")


def is_document_id(client_id: str) -> bool:
    """Tell whether a client_id can be the address of a document."""
    if len(client_id) > _MAX_ID or _ID.fullmatch(client_id) is None:
        return False
    return _DOTS.isdisjoint(client_id.split("/"))


def read(client_id: str, body: bytes) -> Client:
    """Return the application that a document describes.

    Args:
        client_id: Where it was found, which it has to name itself.
        body: The document.

    Raises:
        ValueError: It is of another application, names a secret, or cannot be.
    """
    said: dict[str, tuple[str, ...]] = {}
    try:
        for name, value in flat_pairs(body):
            said[name] = (*said.get(name, ()), value)
    except AvowError as wrong:
        raise ValueError("no JSON object") from wrong
    if said.get("client_id") != (client_id,):
        raise ValueError("it names another client_id")
    if "client_secret" in said or "client_secret_expires_at" in said:
        raise ValueError("it names a secret")
    [method] = said.get("token_endpoint_auth_method", ("none",))[:1]
    if method not in _METHODS:
        raise ValueError("it shows who it is by a secret")
    known = {name: values for name, values in said.items() if name in _READ}
    grants = tuple(each for each in _GRANTS if each in said.get("grant_types", _GRANTS[:1]))
    settings = registration.settings_of(
        {**known, "token_endpoint_auth_method": (method,), "grant_types": grants}, is_open=False
    )
    if _GRANTS[0] not in grants or not settings.redirect_uris:
        raise ValueError("it asks for no codes")
    origins = tuple(dict.fromkeys(each for uri in settings.redirect_uris if (each := redirects.origin_of(uri))))
    return Client(
        id=client_id,
        name=_name(said.get("client_name", ("",))[0], client_id),
        is_published=True,
        settings=replace(settings, pkce="required", web_origins=origins if method == "none" else ()),
    )


def _name(said: str, client_id: str) -> str:
    """Return the name for people; what it calls itself is shown beside the host that nobody else can have."""
    host = urlsplit(client_id).netloc
    shown = " ".join(said.split())[:_MAX_NAME]
    return f"{shown} ({host})"[-256:] if shown and shown.isprintable() else host
