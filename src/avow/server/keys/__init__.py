"""Keys: what signs and verifies tokens, and what authorises management."""

from avow.server.keys.handlers import SLICE

__all__ = ["SLICE"]
