"""Sessions: what every sign-in ends in."""

from avow.server.sessions.handlers import SLICE

__all__ = ["SLICE"]
