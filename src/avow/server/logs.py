"""The log: one JSON object per line on standard error, or a short line for people under `avow dev`.

What may be secret never gets here: requests are named by their endpoint, not by path or query, and bodies, cookies and
Authorization headers are not logged at any level. What libraries and exceptions say is searched for secrets besides.
"""

import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import TextIO

import msgspec

__all__ = ["Line", "configure", "scrubbed"]

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_MOST_CHARACTERS = 500
_MOST_FRAMES = 25

_SECRETS = re.compile(
    r"""(?P<token>eyJ[\w-]{5,}(?:\.[\w-]*){1,4})             # a JWT or JWE
    | (?P<bearer>(?:bearer|basic)\s+\S+)
    | (?P<url>(?<=://)[^\s/@]+@)                             # user and password of a URL
    | (?P<query>(?<=[?&])[\w.-]+=[^\s&\#"']+)                # values of a query string
    | (?P<address>[^\s@<>"',;:()\[\]]+@[^\s@<>"',;:()\[\]]+) # an e-mail address
    | (?P<long>[\w+/=-]{40,})                                # a key, a link's token, a digest
    | (?P<digits>(?<![\w.])\+?\d{6,}(?![\w.]))               # a one-time code, a phone number
    """,
    re.VERBOSE | re.IGNORECASE,
)
# C0 characters are escaped by JSON itself; these move a terminal's cursor or end a line as well.
_CONTROLS = re.compile("[\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_COLOURS = {"debug": "2", "info": "36", "warning": "33", "error": "31"}


class Line(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One line of the log; a field that does not apply is left out.

    Attributes:
        time: UTC, ISO 8601 with milliseconds.
        level: debug, info, warning or error.
        event: What happened: `request`, or a sentence.
        logger: Which part said it; absent of requests.
        request_id: As in the answer's `X-Request-Id`.
        endpoint: Operation id of the route; never the path, which may hold a secret.
        method: HTTP method.
        status: HTTP status of the answer.
        ms: Milliseconds that the answer took.
        project: Project id, of a project that exists.
        client: Client address.
        code: Code of the error that was answered.
        detail: What the answer does not say.
        error: Class and text of an exception.
        stack: Its frames, innermost last: `file:line function`.
    """

    time: str = ""
    level: str = ""
    event: str = ""
    logger: str = ""
    request_id: str = ""
    endpoint: str = ""
    method: str = ""
    status: int = 0
    ms: float = 0.0
    project: str = ""
    client: str = ""
    code: str = ""
    detail: str = ""
    error: str = ""
    stack: list[str] = []


def configure(level: str = "info", *, for_people: bool = False, stream: TextIO | None = None) -> None:
    """Send what Avow and its libraries log to one place, from now on in this process.

    Args:
        level: Of Avow's own loggers; libraries speak from `warning` on, whatever it is.
        for_people: Short lines instead of JSON, with colours on a terminal.
        stream: Standard error unless given.
    """
    target = stream or sys.stderr
    handler = _PeopleHandler(target) if for_people else _JsonHandler(target)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("avow").setLevel(_LEVELS[level])


def scrubbed(text: str) -> str:
    """Return text of a library or an exception without what may be secret, at most 500 characters."""
    some = text[: 2 * _MOST_CHARACTERS].encode("utf-8", "backslashreplace").decode()  # halves of characters, too
    return _SECRETS.sub("[redacted]", some)[:_MOST_CHARACTERS]


class _JsonHandler(logging.Handler):
    """Writes one JSON object per line."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; a log that cannot be written stops nobody."""
        try:
            text = msgspec.json.encode(_line_of(record)).decode()
            self._stream.write(_without_controls(text) + "\n")
            self._stream.flush()
        except Exception:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        """Stay silent: there is nowhere left to say it, and the record may hold what must not be printed."""


class _PeopleHandler(_JsonHandler):
    """Writes short lines."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._is_coloured = stream.isatty()

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        try:
            line = _line_of(record)
            text = _without_controls(_sentence(line), everything=True)
            if self._is_coloured:
                text = f"\x1b[{_COLOURS.get(line.level, '0')}m{text}\x1b[0m"
            self._stream.write(text + "".join(f"\n    {_without_controls(frame)}" for frame in line.stack) + "\n")
            self._stream.flush()
        except Exception:
            self.handleError(record)


def _line_of(record: logging.LogRecord) -> Line:
    line = getattr(record, "line", None)
    if not isinstance(line, Line):
        line = Line(event=scrubbed(record.getMessage()), logger=record.name)
    line.time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line.level = record.levelname.lower()
    if record.exc_info and record.exc_info[1] is not None:
        line.error, line.stack = _told(record.exc_info[1])
    return line


def _told(error: BaseException) -> tuple[str, list[str]]:
    """Return class, text and frames of an exception, its causes first; no source lines and no values."""
    frames: list[str] = []
    names: list[str] = []
    current: BaseException | None = error
    while current is not None and len(names) < 5:
        names.append(f"{type(current).__name__}: {scrubbed(str(current))}")
        here = [
            f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(current.__traceback__)
        ]
        frames = here + frames
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return " <- ".join(names), frames[-_MOST_FRAMES:]


def _sentence(line: Line) -> str:
    if line.event != "request":
        return f"{line.time[11:19]} {line.level}: {line.event} {line.error}".rstrip()
    parts = (line.time[11:19], f"{line.status}", f"{line.method:<4}", line.endpoint, f"{line.ms:.0f} ms", line.code)
    return " ".join(part for part in (*parts, line.detail, line.error) if part)


def _without_controls(text: str, *, everything: bool = False) -> str:
    if everything:
        text = re.sub("[\x00-\x1f]", _escaped, text)
    return text if text.isascii() and "\x7f" not in text else _CONTROLS.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
