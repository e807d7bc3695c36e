"""Groups of tenants, and who is in them."""

from avow.server.groups.handlers import SLICE

__all__ = ["SLICE"]
