"""Tenants, customer organisations inside a project, and who belongs to them."""
