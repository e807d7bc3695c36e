"""The development inbox in the browser: what `avow dev` captured instead of sending it."""

from avow.server.pages.inbox.handlers import INBOX, inbox_slice

__all__ = ["INBOX", "inbox_slice"]
