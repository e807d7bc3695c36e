"""Records of other systems made users of ours, within our bounds."""

from collections.abc import Mapping
from typing import Any

import msgspec

from avow import shaping
from avow.errors import InvalidArgument
from avow.wire.imports import ImportedUser

__all__ = ["object_in", "objects_in", "texts_in", "user_of"]


def user_of(record: Mapping[str, object]) -> ImportedUser:
    """Return the user of a record with the names of our own form; what is empty is left out.

    An update changes what is there, so a record says only what the other system knows: not that an address is not
    proven, nor that somebody may sign in.

    Raises:
        InvalidArgument: A value does not fit, for example a name that is too long.
    """
    given = {name: value for name, value in record.items() if value is not None and value not in ("", [], {})}
    try:
        return shaping.convert(given, ImportedUser, strict=False)
    except msgspec.ValidationError as error:
        place = str(error).rpartition("$.")[2].strip("`")
        raise InvalidArgument(error_message=f"What would be the field {place} does not have its form.") from None


def object_in(value: object) -> dict[str, Any]:
    """Return an object, or one without members in the place of anything else."""
    return value if isinstance(value, dict) else {}


def objects_in(value: object) -> list[dict[str, Any]]:
    """Return the objects of a list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def texts_in(value: object) -> list[str]:
    """Return the texts of a list."""
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
