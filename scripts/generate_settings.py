"""Write docs/reference/settings.md from the settings of the server and of projects, or check that it is current."""

import argparse
import inspect
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import msgspec
from msgspec import inspect as inspection

from avow.server.settings import Settings
from avow.wire.projects import ProjectSettings

TARGET = Path(__file__).resolve().parent.parent / "docs" / "reference" / "settings.md"
HEAD = """\
# Settings

Generated from `src/avow/server/settings.py` and `src/avow/wire/projects.py`; change it there.

## Of a server process

Environment variables of `avow serve` and of the commands. An unsafe or unreadable value stops the start with a
sentence that says what to set. Which of them you need is in [production.md](../production.md).

| variable | default | range | meaning |
| --- | --- | --- | --- |
"""
MIDDLE = """
## Of a project

Policy of one project, kept in the database: `avow project get`, `avow project set NAME=VALUE`, or
`GET` and `POST /v1/mgmt/avow/project/settings` (there in camelCase). Every server follows within a second.

| setting | default | range | meaning |
| --- | --- | --- | --- |
"""


def of_servers() -> Iterator[str]:
    """Yield one row of the first table for each setting."""
    for setting in fields(Settings):
        if setting.name == "is_development":
            continue
        about = setting.metadata
        span = f"{about['low']} to {about['high']}" if about["high"] else ""
        yield f"| `AVOW_{setting.name.upper()}` | {_shown(setting.default)} | {span} | {about['about']} |"


def of_projects() -> Iterator[str]:
    """Yield one row of the second table for each setting; the sentences are those of the class."""
    sentences = dict(_attributes(ProjectSettings))
    info = inspection.type_info(ProjectSettings)
    ranges = {field.name: field.type for field in (info.fields if isinstance(info, inspection.StructType) else ())}
    for setting in msgspec.structs.fields(ProjectSettings):
        default = getattr(ProjectSettings(), setting.name)
        span = _span(ranges[setting.name])
        yield f"| `{setting.name}` | {_shown(default)} | {span} | {sentences[setting.name]} |"


def _span(kind: inspection.Type) -> str:
    """Return in words what values a type of a setting takes."""
    match kind:
        case inspection.IntType(ge=int(low), le=int(high)):
            return f"{low} to {high}"
        case inspection.BoolType():
            return "`true`, `false`"
        case inspection.LiteralType(values=values):
            return ", ".join(f"`{value}`" for value in values)
        case inspection.StrType(max_length=int(most)):
            return f"up to {most} characters"
        case inspection.VarTupleType(item_type=inspection.LiteralType() as item):
            return f"any of {_span(item)}"
        case inspection.VarTupleType(item_type=item, max_length=int(most)):
            return f"up to {most}, each {_span(item)}"
        case inspection.DictType(value_type=item):
            return f"each {_span(item)}"
        case _:
            raise TypeError(f"no words for the range of {kind}")


def _attributes(documented: type) -> Iterator[tuple[str, str]]:
    """Yield name and sentence of each attribute in a docstring."""
    _, _, section = inspect.cleandoc(documented.__doc__ or "").partition("Attributes:\n")
    name, parts = "", list[str]()
    for line in section.splitlines():
        if line.startswith("    ") and not line.startswith("     "):
            if name:
                yield name, " ".join(parts)
            name, _, text = line.strip().partition(": ")
            parts = [text]
        else:
            parts.append(line.strip())
    yield name, " ".join(parts)


def _shown(default: object) -> str:
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, tuple):
        return f"`{','.join(map(str, default))}`" if default else ""
    return "" if default in ("", {}) else f"`{default}`"


def main() -> int:
    """Write the page, or with `--check` return 1 when the file differs from it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the file is not current")
    wanted = HEAD + "\n".join(of_servers()) + "\n" + MIDDLE + "\n".join(of_projects()) + "\n"
    if parser.parse_args().check:
        return int(not TARGET.exists() or TARGET.read_text() != wanted)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
