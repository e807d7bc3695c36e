"""What the provider says of itself. Spec: OpenID Connect Discovery 1.0 section 3; RFC 8414 section 2."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from avow.core.oidc import acr, dpop, scopes
from avow.core.oidc.request import MODES
from avow.core.tokens import KeySet
from avow.server.oidc import devices, exchanging
from avow.server.oidc.issuers import address
from avow.server.serving import Project
from avow.wire.codec import encode

__all__ = ["GRANTS", "configuration", "standard_keys"]

GRANTS = ("authorization_code", "refresh_token", "client_credentials", devices.GRANT_TYPE, exchanging.GRANT_TYPE)
_STANDARD = "RS256"
_MOST_KEPT = 512
_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")
_ASSERTION_ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")


def configuration(project: Project, issuer: str) -> bytes:
    """Return the metadata of an issuer, as JSON that is made once."""
    said = _Said(
        issuer,
        project.id,
        project.signing_key.algorithm,
        allows_registration=project.settings.allows_registration,
        allows_client_documents=project.settings.allows_client_documents,
    )
    return _encoded(said)


@lru_cache(_MOST_KEPT)
def standard_keys(key_set: bytes) -> bytes:
    """Return the keys of a published set that are of RSA."""
    return KeySet.of(key for key in KeySet.from_jwks(key_set).values() if key.algorithm == _STANDARD).to_jwks()


class _Said(NamedTuple):
    """All that the metadata of an issuer depends on."""

    issuer: str
    project_id: str
    algorithm: str
    allows_registration: bool
    allows_client_documents: bool


@lru_cache(_MOST_KEPT)
def _encoded(said: _Said) -> bytes:
    return encode(_metadata(said))


def _metadata(said: _Said) -> Mapping[str, object]:
    issuer = said.issuer
    algorithms = list(dict.fromkeys((_STANDARD, said.algorithm)))
    whole_set = (
        f"/{said.project_id}" if issuer.endswith("/") else ""
    )  # the one at the root of a host has RSA keys alone
    registration = {"registration_endpoint": address(issuer, "/oidc/register")}
    return {
        "client_id_metadata_document_supported": said.allows_client_documents,
        **(registration if said.allows_registration else {}),
        "issuer": issuer,
        "authorization_endpoint": address(issuer, "/authorize"),
        "token_endpoint": address(issuer, "/oauth/token"),
        "userinfo_endpoint": address(issuer, "/userinfo"),
        "jwks_uri": address(issuer, f"{whole_set}/.well-known/jwks.json"),
        "end_session_endpoint": address(issuer, "/oidc/logout"),
        "revocation_endpoint": address(issuer, "/oauth/revoke"),
        "introspection_endpoint": address(issuer, "/oauth/introspect"),
        "device_authorization_endpoint": address(issuer, "/oauth/device/code"),
        "pushed_authorization_request_endpoint": address(issuer, "/oauth/par"),
        "scopes_supported": scopes.STANDARD,
        "claims_supported": (*scopes.CLAIMS, "auth_time", "amr", "acr", "sid", "org_id", "org_name"),
        "acr_values_supported": acr.SUPPORTED,
        "response_types_supported": ["code"],
        "response_modes_supported": MODES,
        "grant_types_supported": GRANTS,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms,
        "userinfo_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": _AUTH_METHODS,
        "token_endpoint_auth_signing_alg_values_supported": _ASSERTION_ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": _AUTH_METHODS,
        "introspection_endpoint_auth_methods_supported": _AUTH_METHODS[:-1],
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": dpop.ALGORITHMS,
        "prompt_values_supported": ["none", "login", "consent", "select_account", "create"],
        "display_values_supported": ["page", "popup"],
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "require_request_uri_registration": False,
        "authorization_response_iss_parameter_supported": True,
    }
