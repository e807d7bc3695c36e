"""The commands `avow audit ...` and their help; what they do is imported when they run."""

from pathlib import Path

import click

from avow.cli.options import with_project

__all__ = ["audit"]


@click.group()
def audit() -> None:
    """The audit: what happened in a project."""


@audit.command("tail")
@click.option(
    "-n", "--lines", type=click.IntRange(0, 1000), default=20, show_default=True, help="How many to begin with."
)
@click.option("-f", "--follow", is_flag=True, help="Go on with what is added, until Ctrl-C.")
@click.option("--action", "actions", multiple=True, help="Events of this action alone, such as session.opened.")
@click.option("--user", "users", multiple=True, help="Events that concern the user with this id.")
@click.option("--tenant", "tenants", multiple=True, help="Events that concern the tenant with this id.")
@with_project
def audit_tail(
    lines: int,
    *,
    follow: bool,
    actions: tuple[str, ...],
    users: tuple[str, ...],
    tenants: tuple[str, ...],
    project: str,
    data: Path | None,
    as_json: bool,
) -> None:
    """Show the newest events, the oldest first.

    --action, --user and --tenant may be given several times. For example, refused codes as they happen:

    avow audit tail --follow --action code.refused
    """
    from avow.cli import audit as command
    from avow.cli.problems import told

    with told():
        wanted = command.Wanted(lines, follow, actions, users, tenants)
        command.tail(wanted, project=project, data=data, as_json=as_json)
