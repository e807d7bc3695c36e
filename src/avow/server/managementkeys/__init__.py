"""Management keys by the management API, and who administers a tenant."""

from avow.server.managementkeys.handlers import SLICE

__all__ = ["SLICE"]
