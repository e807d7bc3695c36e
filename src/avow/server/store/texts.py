"""JSON in columns of text, which both databases keep as it is."""

import msgspec

from avow import shaping

__all__ = ["json_object", "json_text"]


def json_text(value: object) -> str:
    """Return a value as a column keeps it."""
    return msgspec.json.encode(value).decode()


def json_object(text: str) -> dict[str, object]:
    """Return the object that a column keeps; most are empty, and those are not parsed."""
    return {} if text == "{}" else shaping.decode(text, dict[str, object])
