"""Applications that sign people in through us, the APIs that access tokens are for, and consents."""

from avow.server.applications.handlers import SLICE

__all__ = ["SLICE"]
