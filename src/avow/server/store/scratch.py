"""What a long command keeps aside while it runs, on disk and not in memory."""

import sqlite3

__all__ = ["Scratch"]


class Scratch:
    """Texts by key, on disk: as many as there are, in little memory. Gone with the process."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)  # a file without a name
        self._connection.execute("CREATE TABLE entries (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")
        self._connection.execute("BEGIN")

    def add(self, key: str, value: str) -> bool:
        """Keep a text; False when there is one by this key."""
        added = self._connection.execute("INSERT OR IGNORE INTO entries (key, value) VALUES (?, ?)", (key, value))
        return added.rowcount > 0

    def find(self, key: str) -> str:
        """Return the text by this key, or ""."""
        row = self._connection.execute("SELECT value FROM entries WHERE key = ?", (key,)).fetchone()
        return row[0] if row else ""

    def close(self) -> None:
        """Let go of it."""
        self._connection.close()
