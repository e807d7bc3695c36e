"""Accounts: users as management creates, changes, finds and deletes them."""

from avow.server.accounts.handlers import SLICE

__all__ = ["SLICE"]
