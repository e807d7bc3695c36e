"""Errors for people: what happened and what to do, in the look of every other page."""

from dataclasses import replace

from avow.errors import (
    API_RATE_LIMIT_RETRY_AFTER_HEADER,
    AuthException,
    AvowError,
    InvalidRequest,
    RateLimitException,
    Unavailable,
)
from avow.server.pages.frame import Frame
from avow.server.serving import Answer
from avow.server.visit import Visit

__all__ = ["Unanswered", "error_page"]

_OWN_WORDS = frozenset({403, 404, 429})  # other statuses take the words of their class
_SERVER_ERRORS = 500


class Unanswered(InvalidRequest):
    """What an application asked is not answered to it; its person is told in words of their own.

    Attributes:
        words: Which ones: `address`, `unknown`, `over` or `wrong`.
        hint: For whoever develops it, "" for others: what is wrong.
        command: Likewise, what sets it right, or "".
    """

    def __init__(self, words: str, text: str, *, detail: str = "", hint: str = "", command: str = "") -> None:
        """Keep what each reader is told."""
        super().__init__(error_message=text, detail=detail)
        self.words, self.hint, self.command = words, hint, command


def error_page(frame: Frame, visit: Visit, error: AvowError) -> Answer:
    """Return the page for an error; it tells nothing beyond what happened and, of a fault of ours, its id."""
    status = int(error.status_code if isinstance(error, AuthException) else error.status)
    wait = error.retry_after_seconds if isinstance(error, RateLimitException | Unavailable) else 0
    # An error before the request was described leaves the language in the headers.
    locale = visit.client.locale or visit.request.headers.get("accept-language", "")
    words = f"error.{_words_of(status)}"
    told = error if isinstance(error, Unanswered) else Unanswered("", "")
    values = {
        "title_of": "error.app" if told.words else words,
        "lead_of": f"error.app-{told.words}" if told.words else f"{words}-lead",
        "hint": told.hint,
        "command": told.command,
        "seconds": wait,
        "incident": visit.id if status >= _SERVER_ERRORS else "",
        "project": visit.project,
    }
    answer = frame.page(replace(visit.client, locale=locale), "error", values, status=status)
    retry = {API_RATE_LIMIT_RETRY_AFTER_HEADER: str(wait)} if wait else {}
    return replace(answer, headers={**answer.headers, **retry})


def _words_of(status: int) -> int:
    if status in _OWN_WORDS:
        return status
    return 500 if status >= _SERVER_ERRORS else 400
