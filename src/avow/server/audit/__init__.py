"""The audit: found again, added to, and sent on to webhooks."""

from avow.server.audit.handlers import SLICE

__all__ = ["SLICE"]
