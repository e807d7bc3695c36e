"""The SQL of snapshots: lists without the entries of those that are too long for a file."""

from dataclasses import dataclass

__all__ = ["RETURNS", "ListRow"]


@dataclass(frozen=True, slots=True)
class ListRow:
    """A list; `document` is JSON, or "" where it is longer than was asked for."""

    name: str
    description: str
    type: str
    document: str


LISTS = """
    SELECT name, description, type, CASE WHEN LENGTH(document) <= :most THEN document ELSE '' END AS document
    FROM lists WHERE project_id = :project_id ORDER BY name
"""

RETURNS = {"LISTS": ListRow}
