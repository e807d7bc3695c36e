"""Roles and permissions of a project: tables and actions; their routes come with management."""
