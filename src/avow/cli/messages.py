"""`avow message ...`: a project's own words for the messages that it sends."""

from pathlib import Path

import msgspec

from avow.cli.directory import ACTOR, directory
from avow.cli.options import Where
from avow.cli.output import filled, say, show, table
from avow.cli.problems import CannotStart
from avow.cli.questions import require_yes
from avow.server.delivery import actions
from avow.server.delivery.messages import OwnTemplate
from avow.server.delivery.rows import StoredTemplate

__all__ = ["list_all", "put", "reset", "summary"]

_MOST_BYTES = 100_000  # of a template, and the length of a subject: what a snapshot of the project takes
_MOST_SUBJECT = 1000


def list_all(where: Where) -> None:
    """Print which messages have words of the project's own."""
    with directory(where) as opened:
        found = opened.look(actions.every_template)
    table(
        [
            {"message": each.template, "method": each.method, "language": each.locale, "subject": each.subject}
            for each in found
        ],
        as_json=where["as_json"],
        empty="All messages have the built-in words; put others in their place with `avow message set`.",
    )


def summary(message: str, method: str, language: str, where: Where) -> None:
    """Print the project's own words for one message."""
    with directory(where) as opened:
        found = _named(opened.look(actions.every_template), message, method, language)
    facts = msgspec.structs.asdict(found)
    facts["message"], facts["language"] = facts.pop("template"), facts.pop("locale")
    show(facts if where["as_json"] else filled(facts), as_json=where["as_json"])


def put(message: str, method: str, language: str, subject: str, files: tuple[Path, Path | None], where: Where) -> None:
    """Store a project's own words for a message, once they have been tried."""
    if len(subject) > _MOST_SUBJECT:
        raise CannotStart(f"The subject is longer than {_MOST_SUBJECT:,} characters.")
    text, html = _read(files[0]), _read(files[1]) if files[1] is not None else ""
    own = OwnTemplate(locale=language, subject=subject, text=text, html=html)
    with directory(where) as opened:
        opened.change(lambda tx: actions.save_template(tx, message, method, own, actor=ACTOR))
    say(
        f"{message} by {method} has these words from now on.\n\n"
        f"To go back: avow message reset {message} {method}{f' --language {language}' if language else ''}",
        {"message": message, "method": method, "language": language},
        as_json=where["as_json"],
    )


def reset(message: str, method: str, language: str, where: Where, *, is_agreed: bool) -> None:
    """Go back to the built-in words of a message."""
    with directory(where) as opened:
        _named(opened.look(actions.every_template), message, method, language)
        require_yes(f"Delete the project's own words for {message} by {method}?", is_agreed=is_agreed)
        opened.change(lambda tx: actions.delete_template(tx, message, method, language))
    say(
        f"{message} by {method} has the built-in words from now on.",
        {"message": message, "method": method, "language": language, "deleted": True},
        as_json=where["as_json"],
    )


def _named(found: list[StoredTemplate], message: str, method: str, language: str) -> StoredTemplate:
    for each in found:
        if (each.template, each.method, each.locale) == (message, method, language):
            return each
    of_language = f" in {language!r}" if language else ""
    raise CannotStart(
        f"There are no own words for {message!r} by {method!r}{of_language}; `avow message list` shows those there are."
    )


def _read(path: Path) -> str:
    """Return the text of a file.

    Raises:
        CannotStart: It cannot be read, is larger than a message may be, or no text.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CannotStart(f"{path} cannot be read: {error.strerror}.") from error
    if len(data) > _MOST_BYTES:
        raise CannotStart(f"{path} is larger than {_MOST_BYTES:,} bytes.")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise CannotStart(f"{path} is not text in UTF-8.") from error
