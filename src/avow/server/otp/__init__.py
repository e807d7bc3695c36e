"""One-time codes: a sign-in method."""

from avow.server.otp.handlers import SLICE

__all__ = ["SLICE"]
