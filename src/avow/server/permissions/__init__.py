"""Permissions of a project: the named rights that roles are made of."""

from avow.server.permissions.handlers import SLICE

__all__ = ["SLICE"]
