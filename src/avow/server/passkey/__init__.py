"""Passkeys: a sign-in method, and what users do with theirs."""

from avow.server.passkey.handlers import SLICE

__all__ = ["SLICE"]
