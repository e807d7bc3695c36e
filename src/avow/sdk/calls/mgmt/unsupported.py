"""Which methods of the official SDK Avow does not do yet: those of `wire.unsupported`, by the object that has them."""

from typing import Final

from avow.errors import NotSupported
from avow.wire.unsupported import UNSUPPORTED

__all__ = ["methods", "refusal"]

# Operations that share the address of another one, and therefore do not stand in `UNSUPPORTED`.
_SHARED: Final = (
    "mgmt.outbound_application_by_token.fetch_tenant_token",
    "mgmt.outbound_application_by_token.fetch_tenant_token_by_scopes",
    "mgmt.outbound_application_by_token.fetch_token",
    "mgmt.outbound_application_by_token.fetch_token_by_scopes",
)


def methods(area: str) -> frozenset[str]:
    """Return the names of the methods that an object of the official SDK, `mgmt.fga`, has and Avow does not do."""
    every = (*(row.id for row in UNSUPPORTED), *_SHARED)
    return frozenset(name.rpartition(".")[2] for name in every if name.rpartition(".")[0] == area)


def refusal(operation: str) -> NotSupported:
    """Return what a call of such a method raises; the server would answer the same status and code."""
    return NotSupported(error_message=f"Avow does not support {operation} yet.")
