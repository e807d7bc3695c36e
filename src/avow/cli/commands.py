"""The commands and their help; what they do is imported when they run."""

from pathlib import Path

import click

from avow.cli.accesskeycommands import accesskey
from avow.cli.accountcommands import FURTHER
from avow.cli.appcommands import api, app
from avow.cli.auditcommands import audit
from avow.cli.messagecommands import message
from avow.cli.options import PATH, with_data, with_project
from avow.cli.providercommands import provider
from avow.cli.rolecommands import permission, role
from avow.cli.tenantcommands import tenant
from avow.cli.usercommands import user

__all__ = ["avow"]

_PORT = click.IntRange(0, 65535)
_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=_SETTINGS)
@click.version_option(package_name="avow", message="%(prog)s %(version)s", help="Show the version and exit.")
def avow() -> None:
    """Avow, a self-hosted authentication service.

    New here? Type `avow dev` and open the address it prints.

    For production: `avow migrate`, `avow project create NAME`, `avow serve`; the manual is docs/production.md.
    """


@avow.group()
def project() -> None:
    """Projects and their settings."""


for _further in FURTHER:
    user.add_command(_further)
for _group in (user, tenant, role, permission, accesskey, app, api, provider, message, audit):
    avow.add_command(_group)


@avow.group()
def key() -> None:
    """Management keys, which may call /v1/mgmt."""


@avow.group("signing-key")
def signing_key() -> None:
    """Signing keys, which sign tokens."""


# --- Servers ---------------------------------------------------------------------------------------------------


@avow.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=_PORT, default=8000, show_default=True, help="Port to listen on; 0 for any free one.")
@click.option("--data", type=PATH, default=Path(".avow"), show_default=True, help="Directory that keeps everything.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON instead of text for people.")
@click.option("--dev-clock", is_flag=True, help="Let POST /dev/clock move the time.")
@click.option("--tls", is_flag=True, help="Serve https with a certificate of a local authority.")
def dev(host: str, port: int, data: Path, *, as_json: bool, dev_clock: bool, tls: bool) -> None:
    """Start Avow for development, in one step.

    Data, project and keys are made on the first start; a later start uses the same. Mails and SMS are not sent but
    shown in the inbox. Never expose it: its keys lie in clear text beside the data.
    """
    from avow.cli.dev import DevOptions, run
    from avow.cli.problems import told

    with told():
        run(DevOptions(host, port, data, as_json, dev_clock, tls))


@avow.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for every one.")
@click.option("--port", type=_PORT, default=8000, show_default=True, help="Port to listen on; 0 for any free one.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes; one for each core is a good start.",
)
@click.option("--check", is_flag=True, help="Check settings and database, and do not serve.")
def serve(host: str, port: int, workers: int, *, check: bool) -> None:
    """Serve in production.

    Settings come from variables named AVOW_... (docs/reference/settings.md). SIGTERM stops it: /readyz says no first,
    then what was accepted is finished. A second one stops it at once.
    """
    from avow.cli.problems import told
    from avow.cli.production import ServeOptions, run

    with told():
        raise SystemExit(run(ServeOptions(host, port, workers, check)))


# --- The database as a whole -----------------------------------------------------------------------------------


@avow.command()
@with_data
def migrate(data: Path | None, *, as_json: bool) -> None:
    """Make or update the tables of the database."""
    from avow.cli import data as command
    from avow.cli.problems import told

    with told():
        command.migrate(data=data, as_json=as_json)


@avow.command()
@click.argument("target", type=PATH)
@with_data
def backup(target: Path, data: Path | None, *, as_json: bool) -> None:
    """Copy a SQLite database while its server runs.

    TARGET is a new file. For PostgreSQL there is pg_dump.
    """
    from avow.cli import data as command
    from avow.cli.problems import told

    with told():
        command.copy(target, data=data, as_json=as_json)


# --- Projects --------------------------------------------------------------------------------------------------


@project.command("create")
@click.argument("name")
@click.option("--environment", default="", help="Free text, such as production.")
@click.option(
    "--algorithm",
    type=click.Choice(["ES256", "RS256", "EdDSA"]),
    default="ES256",
    show_default=True,
    help="What signs session tokens.",
)
@with_data
def project_create(name: str, environment: str, algorithm: str, data: Path | None, *, as_json: bool) -> None:
    """Make a project named NAME.

    Prints its id and a first management key, which is never shown again.
    """
    from avow.cli import projects
    from avow.cli.problems import told

    with told():
        projects.create(name, environment=environment, algorithm=algorithm, data=data, as_json=as_json)


@project.command("list")
@with_data
def project_list(data: Path | None, *, as_json: bool) -> None:
    """List the projects."""
    from avow.cli import projects
    from avow.cli.problems import told

    with told():
        projects.list_all(data=data, as_json=as_json)


@project.command("show")
@with_project
def project_show(project: str, data: Path | None, *, as_json: bool) -> None:
    """Show one project."""
    from avow.cli import projects
    from avow.cli.problems import told

    with told():
        projects.summary(project, data=data, as_json=as_json)


@project.command("get")
@click.argument("names", nargs=-1)
@with_project
def project_get(names: tuple[str, ...], project: str, data: Path | None, *, as_json: bool) -> None:
    """Show the settings of a project, or those named, defaults included."""
    from avow.cli import projects
    from avow.cli.problems import told

    with told():
        projects.settings(names, project=project, data=data, as_json=as_json)


@project.command("set")
@click.argument("assignments", nargs=-1, required=True, metavar="NAME=VALUE...")
@with_project
def project_set(assignments: tuple[str, ...], project: str, data: Path | None, *, as_json: bool) -> None:
    """Change settings of a project.

    Values of a list are separated by commas; NAME=default puts a setting back. For example:

    avow project set approved_redirects=https://app.example.com rotation=always
    """
    from avow.cli import projects
    from avow.cli.problems import told

    with told():
        projects.change(assignments, project=project, data=data, as_json=as_json)


@project.command("host")
@click.argument("host", default="")
@with_project
def project_host(host: str, project: str, data: Path | None, *, as_json: bool) -> None:
    """Give a project's OpenID provider the root of HOST, or of no host of its own.

    Its issuer is https://HOST/ then, beside the one below the server's address. For example:

    avow project host id.example.com
    """
    from avow.cli import projects
    from avow.cli.problems import told

    with told():
        projects.give_host(host, project=project, data=data, as_json=as_json)


@project.command("export")
@click.argument("folder", type=PATH)
@with_project
def project_export(folder: Path, project: str, data: Path | None, *, as_json: bool) -> None:
    """Write what a project is configured with into FOLDER, as files of JSON.

    Users, tenants, keys and secrets are in none of them.
    """
    from avow.cli import snapshots
    from avow.cli.problems import told

    with told():
        snapshots.export(folder, project=project, data=data, as_json=as_json)


@project.command("validate")
@click.argument("folder", type=PATH)
@with_project
def project_validate(folder: Path, project: str, data: Path | None, *, as_json: bool) -> None:
    """Say whether the files in FOLDER could be imported, and change nothing."""
    from avow.cli import snapshots
    from avow.cli.problems import told

    with told():
        snapshots.check(folder, project=project, data=data, as_json=as_json)


@project.command("import")
@click.argument("folder", type=PATH)
@click.option("--exclude", "excludes", multiple=True, help="A file, or a kind of file (settings, roles), to pass over.")
@with_project
def project_import(folder: Path, excludes: tuple[str, ...], project: str, data: Path | None, *, as_json: bool) -> None:
    """Configure a project as the files in FOLDER say, whole or not at all.

    What they do not name stays as it is. --exclude may be given several times.
    """
    from avow.cli import snapshots
    from avow.cli.problems import told

    with told():
        snapshots.take(folder, excludes, project=project, data=data, as_json=as_json)


# --- Keys ------------------------------------------------------------------------------------------------------


@key.command("create")
@click.argument("name")
@click.option("--days", type=click.IntRange(min=0), default=0, help="Days until it expires; 0 for never.")
@click.option(
    "--right", "rights", multiple=True, help="What it may do: user:read, user:write, *:read; without any, all."
)
@click.option("--tenant", default="", help="The one tenant that it is confined to.")
@click.option("--permitted-ip", "permitted_ips", multiple=True, help="Address or network that it may be used from.")
@click.option("--description", default="", help="What it is for, in more words.")
@with_project
def key_create(
    name: str,
    *,
    days: int,
    rights: tuple[str, ...],
    tenant: str,
    permitted_ips: tuple[str, ...],
    description: str,
    project: str,
    data: Path | None,
    as_json: bool,
) -> None:
    """Make a management key and print it, this once.

    NAME says what it is for, in lists. --right and --permitted-ip may be given several times. For example, a key that
    manages the users of one tenant:

    avow key create support --tenant T1 --right user:write --permitted-ip 192.0.2.0/24
    """
    from avow.cli import keys
    from avow.cli.problems import told

    with told():
        options = keys.Options(days, rights, tenant, permitted_ips, description)
        keys.create(name, options, project=project, data=data, as_json=as_json)


@key.command("list")
@with_project
def key_list(project: str, data: Path | None, *, as_json: bool) -> None:
    """List the management keys, without their secrets."""
    from avow.cli import keys
    from avow.cli.problems import told

    with told():
        keys.list_all(project=project, data=data, as_json=as_json)


@key.command("revoke")
@click.argument("key_id")
@with_project
def key_revoke(key_id: str, project: str, data: Path | None, *, as_json: bool) -> None:
    """Take the management key KEY_ID back, at once."""
    from avow.cli import keys
    from avow.cli.problems import told

    with told():
        keys.revoke(key_id, project=project, data=data, as_json=as_json)


@signing_key.command("list")
@with_project
def signing_list(project: str, data: Path | None, *, as_json: bool) -> None:
    """List the signing keys: next, active, retired and removed ones."""
    from avow.cli import keys
    from avow.cli.problems import told

    with told():
        keys.list_signing(project=project, data=data, as_json=as_json)


@signing_key.command("rotate")
@click.option(
    "--set",
    "key_set",
    type=click.Choice(["session", "oidc"]),
    default="session",
    show_default=True,
    help="Which keys.",
)
@with_project
def signing_rotate(key_set: str, project: str, data: Path | None, *, as_json: bool) -> None:
    """Let the next key sign from now on; nobody is signed out."""
    from avow.cli import keys
    from avow.cli.problems import told

    with told():
        keys.rotate(key_set, project=project, data=data, as_json=as_json)


@signing_key.command("retire")
@click.argument("kid")
@click.option("--force", is_flag=True, help="Yes, sign out everybody whose tokens it signed.")
@with_project
def signing_retire(kid: str, project: str, data: Path | None, *, force: bool, as_json: bool) -> None:
    """Remove a retired key before its time.

    For a key whose secret leaked: KID counts no more, and the sessions that it signed for end.
    """
    from avow.cli import keys
    from avow.cli.problems import told

    with told():
        keys.retire(kid, is_forced=force, project=project, data=data, as_json=as_json)
