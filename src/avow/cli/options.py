"""The options that commands on data share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict, TypeVar

import click

__all__ = ["PATH", "Where", "several", "with_data", "with_project", "with_yes"]

F = TypeVar("F", bound=Callable[..., Any])

PATH = click.Path(path_type=Path)
_MOST = 1000


class Where(TypedDict):
    """What `with_project` adds to a command: the project, where its data is, and how to answer."""

    project: str
    data: Path | None
    as_json: bool


def with_data(command: F) -> F:
    """Add the options of every command on data."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Answer with lines of JSON, for programs."),
        click.option(
            "--data",
            type=PATH,
            help="Directory of `avow dev`; without it AVOW_DATABASE_URL and AVOW_SECRET_KEY say what to use.",
        ),
    ):
        command = option(command)
    return command


def with_project(command: F) -> F:
    """Add the options of every command on one project."""
    named = click.option("--project", default="", help="Project id or name; not needed while there is only one.")
    return named(with_data(command))


def with_yes(command: F) -> F:
    """Add the option of commands that ask before they delete."""
    return click.option("--yes", "is_agreed", is_flag=True, help="Do not ask first.")(command)


def several(name: str) -> Callable[[F], F]:
    """Add an argument that takes one value or more, as many as one unit of work takes."""
    return click.argument(name, nargs=-1, required=True, callback=_bounded)


def _bounded(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    if len(given) > _MOST:
        raise click.BadParameter(f"at most {_MOST} at once.")
    return given
