"""How commands answer: tables and sentences for people, one line of JSON for programs."""

import json
import shutil
import textwrap
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

__all__ = ["Shown", "day", "filled", "moment", "plain", "say", "show", "table"]

Shown = Mapping[str, object]

_USUAL_COLUMNS: Final = 80
_GAP: Final = "  "
_LONGEST_WORD: Final = 27  # an id, which stays on one line so that it can be copied


def say(sentence: str, facts: Shown, *, as_json: bool) -> None:
    """Print a sentence for people, or the facts as one line of JSON."""
    print(json.dumps(dict(facts)) if as_json else sentence)


def table(rows: Sequence[Shown], *, as_json: bool, empty: str) -> None:
    """Print rows as a table, or each as one line of JSON; `empty` is what people read when there are none."""
    if as_json:
        for row in rows:
            print(json.dumps(dict(row)))
    elif not rows:
        print(empty)
    else:
        _print_columns(rows)


def show(facts: Shown, *, as_json: bool) -> None:
    """Print facts one below the other, or as one line of JSON."""
    if as_json:
        print(json.dumps(dict(facts)))
        return
    width = max(map(len, facts), default=0)
    for name, value in facts.items():
        print(f"{name:<{width}}  {_text(value)}")


def moment(at: int | None) -> str:
    """Return an instant as people read it, UTC."""
    return "" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")


def day(at: int | None) -> str:
    """Return the day of an instant, UTC."""
    return moment(at)[:10]


def filled(facts: Shown) -> dict[str, object]:
    """Return what people want to read of an object: no empty values, and instants as they read them."""
    return {
        name: moment(value) if name.endswith("Time") and isinstance(value, int) else value
        for name, value in facts.items()
        if value
    }


def plain(text: str) -> str:
    """Return a text on one line, so that nobody who fills in a name or an address writes to a terminal."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def _print_columns(rows: Sequence[Shown]) -> None:
    """Print columns that fit the terminal; nothing is cut, what is too long goes on below."""
    lines = [list(rows[0]), *([_text(value) for value in row.values()] for row in rows)]
    widths = _widths(lines)
    for line in lines:
        cells = [textwrap.wrap(text, width) or [""] for text, width in zip(line, widths, strict=True)]
        for number in range(max(map(len, cells))):
            parts = [cell[number] if number < len(cell) else "" for cell in cells]
            print(_GAP.join(f"{part:<{width}}" for part, width in zip(parts, widths, strict=True)).rstrip())


def _widths(lines: Sequence[Sequence[str]]) -> list[int]:
    """Return how wide columns are: as their widest value, or narrower until they fit, the widest first."""
    columns = list(zip(*lines, strict=True))
    widths = [max(map(len, column)) for column in columns]
    words = [max(len(word) for text in column for word in (text.split() or [""])) for column in columns]
    most = shutil.get_terminal_size((_USUAL_COLUMNS, 24)).columns - len(_GAP) * (len(columns) - 1)
    # The first column names what a line is about: it stays as it is for as long as there is any other room.
    few = [1] * (len(columns) - 1)
    for least in ([words[0], *(min(word, _LONGEST_WORD) for word in words[1:])], [words[0], *few], [1, *few]):
        while sum(widths) > most:
            room = [max(0, width - low) for width, low in zip(widths, least, strict=True)]
            if not any(room):
                break
            widest = max((number for number, spare in enumerate(room) if spare), key=lambda number: widths[number])
            widths[widest] -= 1
    return [max(1, width) for width in widths]


def _text(value: object) -> str:
    if isinstance(value, list | tuple | dict | bool):
        return plain(json.dumps(value, ensure_ascii=False))
    return "" if value is None else plain(str(value))
