"""JWT templates: what session tokens say beside the reserved claims."""

from avow.server.templates.handlers import SLICE

__all__ = ["SLICE"]
