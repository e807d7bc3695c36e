"""Lists that a project keeps for its own decisions."""

from avow.server.lists.handlers import SLICE

__all__ = ["SLICE"]
