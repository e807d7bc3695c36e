"""Instants and addresses as other systems write them."""

from datetime import UTC, datetime

__all__ = ["first", "seconds_of", "text_of"]


def seconds_of(value: object) -> int | None:
    """Return an instant in seconds since the epoch, of ISO 8601 text, or of milliseconds; None when it is neither."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return max(0, int(value) // 1000)
    if not isinstance(value, str) or not value:
        return None
    if value.isdigit():
        return int(value[:16]) // 1000
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    at = found if found.tzinfo else found.replace(tzinfo=UTC)
    return max(0, int(at.timestamp()))


def text_of(value: object) -> str:
    """Return a text or a number as text; anything else is ""."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def first(*values: object) -> str:
    """Return the first that is a text and not empty, or ""."""
    return next((text for text in map(text_of, values) if text), "")
