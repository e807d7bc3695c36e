"""The metadata that every table joins, and the kinds of columns and references that tables are made of."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Text,
)
from sqlalchemy.dialects.postgresql import TEXT as POSTGRES_TEXT

__all__ = [
    "TEXT",
    "UNLOGGED",
    "added_integer",
    "added_text",
    "data",
    "flag",
    "integer",
    "metadata",
    "owned",
    "reference",
    "text",
]

# Tables that PostgreSQL keeps out of its write-ahead log: a crash empties them.
UNLOGGED = {"kv"}

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

TEXT = Text().with_variant(POSTGRES_TEXT(collation="C"), "postgresql")


def text(name: str, *, null: bool = False) -> Column[str]:
    """Return a column of text, compared bytewise on both databases."""
    return Column(name, TEXT, nullable=null)


def integer(name: str, *, null: bool = False) -> Column[int]:
    """Return a column of a 64-bit integer."""
    return Column(name, BigInteger, nullable=null)


def added_text(name: str, default: str = "") -> Column[str]:
    """Return a column that a later release added to a table: rows of before hold the default."""
    return Column(name, TEXT, nullable=False, server_default=default)


def added_integer(name: str, default: int = 0) -> Column[int]:
    """Return a column that a later release added to a table: rows of before hold the default."""
    return Column(name, BigInteger, nullable=False, server_default=str(default))


def data(name: str, *, null: bool = False) -> Column[bytes]:
    """Return a column of bytes: a MAC, a seal, a key."""
    return Column(name, LargeBinary, nullable=null)


def flag(name: str) -> list[Column[int] | CheckConstraint]:
    """Return a column that is 0 or 1, and the check of it."""
    return [integer(name), CheckConstraint(f"{name} IN (0, 1)", name=name)]


def owned(*names: str) -> list[PrimaryKeyConstraint | ForeignKeyConstraint]:
    """Return the primary key (project_id, *names) and the reference to the project."""
    return [
        PrimaryKeyConstraint("project_id", *names),
        ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
    ]


def reference(column: str, table: str) -> ForeignKeyConstraint:
    """Return a reference into the same project; the referring row goes with its target."""
    return ForeignKeyConstraint(["project_id", column], [f"{table}.project_id", f"{table}.id"], ondelete="CASCADE")
