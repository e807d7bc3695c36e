"""The commands and their help; what they do is imported when they run."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(
    name="avow",
    help=(
        "Avow, a self-hosted authentication service.\n\nNew here? Type `avow dev` and open the address it prints. "
        "For production: `avow migrate`, `avow project create NAME`, `avow serve`; the manual is docs/production.md."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
project_app = typer.Typer(help="Projects and their settings.", no_args_is_help=True, rich_markup_mode=None)
key_app = typer.Typer(help="Management keys: what may call /v1/mgmt.", no_args_is_help=True, rich_markup_mode=None)
signing_app = typer.Typer(help="Signing keys: what signs tokens.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(project_app, name="project")
app.add_typer(key_app, name="key")
app.add_typer(signing_app, name="signing-key")

Data = Annotated[
    Path | None,
    typer.Option(help="Directory of `avow dev`; without it AVOW_DATABASE_URL and AVOW_SECRET_KEY say what to use."),
]
Json = Annotated[bool, typer.Option("--json", help="Answer with lines of JSON, for programs.")]
Project = Annotated[str, typer.Option(help="Project id or name; not needed while there is only one.")]


class KeySet(StrEnum):
    """The two sets of signing keys."""

    session = "session"
    oidc = "oidc"


class Algorithm(StrEnum):
    """What session tokens can be signed with."""

    ES256 = "ES256"
    RS256 = "RS256"
    EdDSA = "EdDSA"


@app.command()
def dev(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 for any free one.")] = 8000,
    data: Annotated[Path, typer.Option(help="Directory that keeps everything.")] = Path(".avow"),
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON instead of text for people.")] = False,
    dev_clock: Annotated[bool, typer.Option("--dev-clock", help="Let POST /dev/clock move the time.")] = False,
    tls: Annotated[bool, typer.Option("--tls", help="Serve https with a certificate of a local authority.")] = False,
) -> None:
    """Start Avow for development, in one step: data, project and keys are made on the first start.

    Mails and SMS are not sent but shown in the inbox. Never expose it: its keys lie in clear text beside the data.
    """
    from avow.cli.dev import DevOptions, run
    from avow.cli.problems import told

    with told():
        run(DevOptions(host, port, data, as_json, dev_clock, tls))


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for every one.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes; one for each core is a good start.")] = 1,
    check: Annotated[bool, typer.Option("--check", help="Check settings and database, and do not serve.")] = False,
) -> None:
    """Serve in production, with settings from AVOW_... variables (docs/reference/settings.md).

    SIGTERM stops it: /readyz says no first, then what was accepted is finished. A second one stops it at once.
    """
    from avow.cli.problems import told
    from avow.cli.production import ServeOptions, run

    with told():
        raise typer.Exit(run(ServeOptions(host, port, workers, check)))


@app.command()
def migrate(data: Data = None, as_json: Json = False) -> None:
    """Make the tables of the database, or bring them up to this release."""
    from avow.cli import data as command
    from avow.cli.problems import told

    with told():
        command.migrate(data=data, as_json=as_json)


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="File to write; it must not exist.")],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Copy a SQLite database while its server runs; for PostgreSQL there is pg_dump."""
    from avow.cli import data as command
    from avow.cli.problems import told

    with told():
        command.copy(target, data=data, as_json=as_json)


@project_app.command("create")
def project_create(
    name: Annotated[str, typer.Argument(help="For messages and pages.")],
    environment: Annotated[str, typer.Option(help="Free text, such as production.")] = "",
    algorithm: Annotated[Algorithm, typer.Option(help="What signs session tokens.")] = Algorithm.ES256,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make a project; prints its id and a first management key, which is never shown again."""
    from avow.cli import projects
    from avow.cli.problems import told

    with told():
        projects.create(name, environment=environment, algorithm=algorithm.value, data=data, as_json=as_json)


@project_app.command("list")
def project_list(data: Data = None, as_json: Json = False) -> None:
    """List the projects."""
    from avow.cli import projects
    from avow.cli.problems import told

    with told():
        projects.list_all(data=data, as_json=as_json)


@project_app.command("show")
def project_show(project: Project = "", data: Data = None, as_json: Json = False) -> None:
    """Show one project."""
    from avow.cli import projects
    from avow.cli.problems import told

    with told():
        projects.summary(project, data=data, as_json=as_json)


@project_app.command("get")
def project_get(
    names: Annotated[list[str] | None, typer.Argument(help="Settings to show; all when none is named.")] = None,
    project: Project = "",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Show the settings of a project, defaults included."""
    from avow.cli import projects
    from avow.cli.problems import told

    with told():
        projects.settings(names or [], project=project, data=data, as_json=as_json)


@project_app.command("set")
def project_set(
    assignments: Annotated[list[str], typer.Argument(help="NAME=VALUE; lists with commas; NAME=default to undo.")],
    project: Project = "",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Change settings of a project.

    For example: avow project set approved_redirects=https://app.example.com rotation=always
    """
    from avow.cli import projects
    from avow.cli.problems import told

    with told():
        projects.change(assignments, project=project, data=data, as_json=as_json)


@key_app.command("create")
def key_create(
    name: Annotated[str, typer.Argument(help="What it is for; you will see it in lists.")],
    days: Annotated[int, typer.Option(min=0, help="Days until it expires; 0 for never.")] = 0,
    project: Project = "",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make a management key and print it, this once."""
    from avow.cli import keys
    from avow.cli.problems import told

    with told():
        keys.create(name, days=days, project=project, data=data, as_json=as_json)


@key_app.command("list")
def key_list(project: Project = "", data: Data = None, as_json: Json = False) -> None:
    """List the management keys, without their secrets."""
    from avow.cli import keys
    from avow.cli.problems import told

    with told():
        keys.list_all(project=project, data=data, as_json=as_json)


@key_app.command("revoke")
def key_revoke(
    key_id: Annotated[str, typer.Argument(help="Id of the key (K...).")],
    project: Project = "",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Take a management key back, at once."""
    from avow.cli import keys
    from avow.cli.problems import told

    with told():
        keys.revoke(key_id, project=project, data=data, as_json=as_json)


@signing_app.command("list")
def signing_list(project: Project = "", data: Data = None, as_json: Json = False) -> None:
    """List the signing keys: next, active, retired and removed ones."""
    from avow.cli import keys
    from avow.cli.problems import told

    with told():
        keys.list_signing(project=project, data=data, as_json=as_json)


@signing_app.command("rotate")
def signing_rotate(
    key_set: Annotated[KeySet, typer.Option("--set", help="Which keys.")] = KeySet.session,
    project: Project = "",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Let the next key sign from now on; nobody is signed out."""
    from avow.cli import keys
    from avow.cli.problems import told

    with told():
        keys.rotate(key_set.value, project=project, data=data, as_json=as_json)


@signing_app.command("retire")
def signing_retire(
    kid: Annotated[str, typer.Argument(help="Key id, as `avow signing-key list` shows it.")],
    force: Annotated[bool, typer.Option("--force", help="Yes, sign out everybody whose tokens it signed.")] = False,
    project: Project = "",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Remove a retired key before its time, after its secret leaked; ends the sessions it signed for."""
    from avow.cli import keys
    from avow.cli.problems import told

    with told():
        keys.retire(kid, is_forced=force, project=project, data=data, as_json=as_json)
