"""How commands answer: tables and sentences for people, one line of JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

__all__ = ["Shown", "moment", "say", "show", "table"]

Shown = Mapping[str, object]


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


def _print_columns(rows: Sequence[Shown]) -> None:
    """Print columns as wide as their widest value; nothing is cut, so that every id can be copied."""
    lines = [list(rows[0]), *([_text(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(f"{text:<{width}}" for text, width in zip(line, widths, strict=True)).rstrip())


def _text(value: object) -> str:
    if isinstance(value, list | tuple | dict | bool):
        return json.dumps(value)
    return "" if value is None else str(value)
