"""Access keys, the secrets of machines: under management, and exchanged for session tokens."""

from avow.server.accesskeys.handlers import SLICE

__all__ = ["SLICE"]
