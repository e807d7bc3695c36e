"""Tenants, customer organisations inside a project, and who belongs to them."""

from avow.server.tenants.handlers import SLICE

__all__ = ["SLICE"]
