"""Authenticator apps: a sign-in method."""

from avow.server.totp.handlers import SLICE

__all__ = ["SLICE"]
