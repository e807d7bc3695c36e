"""Users brought from elsewhere, many at once."""

from avow.server.imports.handlers import SLICE

__all__ = ["SLICE"]
