"""Tokens that management makes and changes."""
