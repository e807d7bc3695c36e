"""Snapshots: a project's configuration as files, taken over by another project; its copy and its end."""

from avow.server.snapshots.handlers import SLICE

__all__ = ["SLICE"]
