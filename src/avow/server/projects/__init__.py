"""Projects: isolated sets of users, keys and settings."""

from avow.server.projects.handlers import SLICE

__all__ = ["SLICE"]
