"""Tokens that management makes and changes."""

from avow.server.jwt.handlers import SLICE

__all__ = ["SLICE"]
