"""Tenants, customer organisations inside a project: tables and actions; their routes come with management."""
