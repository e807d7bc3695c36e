"""Avow's own pages: plain forms rendered here, which a little script makes more comfortable."""

from avow.server.pages.handlers import Pages

__all__ = ["Pages"]
