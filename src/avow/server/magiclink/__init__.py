"""Magic links: a sign-in method."""

from avow.server.magiclink.handlers import SLICE

__all__ = ["SLICE"]
