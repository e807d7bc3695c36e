"""The migrations of this release, oldest first; kept apart from Alembic so that a start need not load it."""

__all__ = ["HEAD", "REVISIONS"]

REVISIONS: tuple[str, ...] = ("0001", "0002", "0003", "0004", "0005", "0006")
HEAD = REVISIONS[-1]
