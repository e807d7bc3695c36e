"""Avow: self-hosted authentication and user management for Python web developers."""
