"""What an API says of itself to clients that do not know it. No I/O in it.

Spec: RFC 9728 section 2.
"""

from collections.abc import Sequence

from avow.core.oidc.dpop import ALGORITHMS
from avow.sdk.resource.settings import Resource

__all__ = ["metadata"]


def metadata(said: Resource, scopes: Sequence[str] = ()) -> dict[str, object]:
    """Return the document.

    Args:
        said: The API.
        scopes: What clients may want to ask for.
    """
    return {
        "resource": said.audience,
        "authorization_servers": [said.issuer],
        **({"scopes_supported": list(scopes)} if scopes else {}),
        "bearer_methods_supported": ["header"],
        **({"resource_name": said.name} if said.name else {}),
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
        **({"dpop_bound_access_tokens_required": True} if said.requires_dpop else {}),
    }
