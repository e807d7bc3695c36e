"""Permissions of a project: the named rights that roles are made of."""
