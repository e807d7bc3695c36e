"""Roles of a project and of its tenants, and who holds them."""
