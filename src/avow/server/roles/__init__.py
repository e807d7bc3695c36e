"""Roles of a project and of its tenants, and who holds them."""

from avow.server.roles.handlers import SLICE

__all__ = ["SLICE"]
