"""Embedded links: tokens that management hands to the application, and magic links take back."""

from avow.server.embeddedlink.handlers import SLICE

__all__ = ["SLICE"]
