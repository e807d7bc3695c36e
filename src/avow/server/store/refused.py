"""The one error that stops a start: a database that must not be served as it is."""

from typing import ClassVar

from avow.errors import AvowError

__all__ = ["StoreRefused"]


class StoreRefused(AvowError):
    """The database is missing, damaged, foreign, or of another schema; `str()` is one sentence for the operator."""

    status: ClassVar[int] = 503
    code: ClassVar[str] = "E019503"
    text: ClassVar[str] = "The server cannot use its database."

    def __init__(self, sentence: str) -> None:
        """Keep the sentence for the operator; callers of the API see only the class's own text."""
        self.error_message = self.text
        self.error_code = self.code
        self.detail = sentence
        super().__init__(sentence)
