"""What users have to sign in with, as management sees and removes it; how it comes to be is up to the methods."""

from avow.server.accounts.credentials.handlers import HANDLERS

__all__ = ["HANDLERS"]
