"""The options that commands on data share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

__all__ = ["PATH", "with_data", "with_project"]

F = TypeVar("F", bound=Callable[..., Any])

PATH = click.Path(path_type=Path)


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
