"""`avow project ...`: projects and their settings."""

import json
from collections.abc import Sequence
from pathlib import Path

import msgspec

from avow import shaping
from avow.cli.output import moment, say, show, table
from avow.cli.problems import CannotStart
from avow.cli.reach import reached, reached_project
from avow.clock import system_clock
from avow.errors import InvalidArgument
from avow.server import founding
from avow.server.projects import actions
from avow.server.projects.actions import ProjectRow
from avow.server.store import Tx
from avow.wire.projects import ProjectSettings

__all__ = ["change", "create", "give_host", "list_all", "settings", "summary"]

_ACTOR = "command"


def create(name: str, *, environment: str, algorithm: str, data: Path | None, as_json: bool) -> None:
    """Make a project with its keys and print its id and a management key, which is shown this once."""
    project_id = actions.new_id(system_clock())

    def unit(tx: Tx) -> str:
        return founding.found(tx, name, environment=environment, algorithm=algorithm).management_key

    with reached(data) as found:
        key = found.store.run(project_id, unit)
        founding.complete(found.store, project_id)
    say(
        f"Project {name!r} is made.\n\nProject id      {project_id}\nManagement key  {key}\n\n"
        "Keep the management key now: it is stored nowhere and never shown again.",
        {"project_id": project_id, "name": name, "management_key": key},
        as_json=as_json,
    )


def list_all(*, data: Path | None, as_json: bool) -> None:
    """Print every project."""
    with reached(data) as found:
        rows = found.store.look_anywhere(actions.every)
    table(
        [_shown(row, as_json=as_json) for row in rows],
        as_json=as_json,
        empty="There is no project yet; make one with `avow project create NAME`.",
    )


def summary(project: str, *, data: Path | None, as_json: bool) -> None:
    """Print one project without its settings."""
    with reached_project(data, project) as found:
        row = found.store.look(found.project_id, actions.find)
    if row is not None:
        show(_shown(row, as_json=as_json), as_json=as_json)


def settings(names: Sequence[str], *, project: str, data: Path | None, as_json: bool) -> None:
    """Print the named settings, or all."""
    with reached_project(data, project) as found:
        known = _builtins(found.store.look(found.project_id, actions.settings))
    unknown = [name for name in names if name not in known]
    if unknown:
        raise CannotStart(f"There is no project setting {unknown[0]!r}; `avow project get` shows all.")
    show({name: known[name] for name in names or known}, as_json=as_json)


def change(assignments: Sequence[str], *, project: str, data: Path | None, as_json: bool) -> None:
    """Change settings; `NAME=default` puts one back."""
    changes = dict(_parsed(assignment) for assignment in assignments)
    for name, value in changes.items():
        _check(name, value)
    with reached_project(data, project) as found:
        changed = found.store.run(found.project_id, lambda tx: actions.change_settings(tx, changes, actor=_ACTOR))
    show({name: _builtins(changed)[name] for name in changes}, as_json=as_json)


def give_host(host: str, *, project: str, data: Path | None, as_json: bool) -> None:
    """Give a project a host of its own for its OpenID provider, or "" for none."""
    with reached_project(data, project) as found:
        found.store.run(found.project_id, lambda tx: actions.set_issuer_host(tx, host or None, actor=_ACTOR))
        row = found.store.look(found.project_id, actions.find)
    if row is None:
        raise CannotStart("The project was deleted meanwhile; `avow project list` shows those there are.")
    show(_shown(row, as_json=as_json), as_json=as_json)


def _parsed(assignment: str) -> tuple[str, object]:
    name, equals, text = assignment.partition("=")
    if not equals:
        raise CannotStart(f"Write settings as NAME=VALUE, not {assignment!r}.")
    if text == "default":
        return name, None
    if isinstance(getattr(ProjectSettings(), name, None), str):
        return name, text
    try:
        return name, json.loads(text)
    except ValueError:
        is_list = isinstance(getattr(ProjectSettings(), name, None), tuple)
        return name, [part.strip() for part in text.split(",") if part.strip()] if is_list else text


def _check(name: str, value: object) -> None:
    """Refuse a value by the name that was typed; the refusal of the unit says the name of the API."""
    field = next((each for each in msgspec.structs.fields(ProjectSettings) if each.name == name), None)
    if field is None or value is None:
        return
    try:
        shaping.convert(value, field.type)
    except msgspec.ValidationError:
        wanted = _wanted(shaping.type_info(field.type))
        raise InvalidArgument(error_message=f"{name} must be {wanted}.") from None


def _wanted(kind: msgspec.inspect.Type) -> str:
    """Say in words which values a setting takes."""
    match kind:
        case msgspec.inspect.IntType(ge=lowest, le=highest):
            return f"a whole number from {lowest} to {highest}"
        case msgspec.inspect.BoolType():
            return "true or false"
        case msgspec.inspect.LiteralType(values=values):
            return f"one of {', '.join(map(str, values))}"
        case msgspec.inspect.VarTupleType(item_type=msgspec.inspect.LiteralType(values=values)):
            return f"a list of some of {', '.join(map(str, values))}"
        case msgspec.inspect.VarTupleType():
            return "a list"
        case msgspec.inspect.DictType():
            return 'JSON, such as {"magiclink": "https://app.example.com/"}'
        case msgspec.inspect.StrType(pattern=str()):  # colours are the only texts of a form of their own
            return "a colour such as #0f766e"
        case _:
            return "a text, not too long"


def _builtins(known: ProjectSettings) -> dict[str, object]:
    """Return the settings by their Python names."""
    return {field.name: msgspec.to_builtins(getattr(known, field.name)) for field in msgspec.structs.fields(known)}


def _shown(row: ProjectRow, *, as_json: bool) -> dict[str, object]:
    return {
        "id": row.id,
        "name": row.name,
        "environment": row.environment,
        "issuer_host": row.issuer_host,
        "created_at": row.created_at if as_json else moment(row.created_at),
    }
