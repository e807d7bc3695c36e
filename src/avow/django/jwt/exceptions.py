"""What the JWT layer raises, under djwto's names."""

__all__ = ["JWTBlacklistError", "JWTValidationError"]


class JWTValidationError(Exception):
    """A token is absent, malformed, not ours, not valid now, or ended."""


class JWTBlacklistError(Exception):
    """Kept for code that imports the name; nothing here raises it, as nothing in djwto did."""
