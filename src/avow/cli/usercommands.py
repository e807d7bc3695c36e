"""The commands `avow user ...` and their help; what they do is imported when they run."""

from pathlib import Path

import click

from avow.cli.options import PATH, with_project

__all__ = ["user"]


@click.group()
def user() -> None:
    """Users, one by one and imported.

    Everywhere a USER is named by id or login ID, a tenant or role by id or name.
    """


@user.command("import")
@click.argument("file", metavar="FILE|-")
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv", "auth0", "firebase", "django", "keycloak"]),
    help="What wrote the file; without it the end of its name says csv, or else jsonl.",
)
@click.option("--hashes", type=PATH, help="Hash export of Auth0, or hash parameters of Firebase.")
@click.option("--update", is_flag=True, help="Change users who exist in what the file names, instead of refusing them.")
@click.option("--without-roles", is_flag=True, help="Leave out the roles that another system's file names.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and write nothing.")
@click.option("--anew", is_flag=True, help="Begin at the beginning, even if an earlier run was interrupted.")
@click.option("--report", type=PATH, help="File for refused lines; FILE.rejected.jsonl unless named.")
@with_project
def user_import(
    file: str,
    *,
    form: str | None,
    hashes: Path | None,
    update: bool,
    without_roles: bool,
    dry_run: bool,
    anew: bool,
    report: Path | None,
    project: str,
    data: Path | None,
    as_json: bool,
) -> None:
    """Import users from FILE, or from standard input with -.

    Every user stands for themselves: who cannot be imported is reported with line and reason, the others are imported.
    The same command after an interruption goes on where it was. Exit code 1: somebody was refused, or the file could
    not be read to its end. The manual is docs/migrate.md.
    """
    from avow.cli import importing
    from avow.cli.problems import told

    with told():
        options = importing.Options(
            file,
            form or "",
            hashes,
            report,
            updates=update,
            takes_roles=not without_roles,
            is_dry=dry_run,
            is_anew=anew,
        )
        raise SystemExit(importing.run(options, project=project, data=data, as_json=as_json))


@user.command("export")
@click.argument("target", metavar="FILE|-", default="-")
@click.option("--with-passwords", is_flag=True, help="With the hashes of passwords; keep such a file safe.")
@with_project
def user_export(target: str, *, with_passwords: bool, project: str, data: Path | None, as_json: bool) -> None:
    """Write all users to a new FILE, or to standard output, as lines of JSON that `avow user import` takes."""
    from avow.cli import users
    from avow.cli.problems import told

    with told():
        users.export(target, has_passwords=with_passwords, project=project, data=data, as_json=as_json)


@user.command("list")
@click.argument("text", default="")
@click.option("--tenant", "tenants", multiple=True, help="Only members of this tenant; may be given several times.")
@click.option("--role", "roles", multiple=True, help="Only who has this role, anywhere.")
@click.option(
    "--status", "statuses", multiple=True, type=click.Choice(["enabled", "disabled", "invited"]), help="Only these."
)
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="How many at once.")
@click.option("--page", type=click.IntRange(0, 1_000_000), default=0, help="Which page of so many, from 0.")
@with_project
def user_list(
    text: str,
    *,
    tenants: tuple[str, ...],
    roles: tuple[str, ...],
    statuses: tuple[str, ...],
    limit: int,
    page: int,
    project: str,
    data: Path | None,
    as_json: bool,
) -> None:
    """List users, or those with TEXT in a name, an address or a login ID."""
    from avow.cli import users
    from avow.cli.problems import told

    with told():
        wanted = users.Wanted(text, tenants, roles, statuses, limit, page)
        users.list_all(wanted, project=project, data=data, as_json=as_json)


@user.command("show")
@click.argument("user")
@with_project
def user_show(user: str, *, project: str, data: Path | None, as_json: bool) -> None:
    """Show one USER, named by login ID or id."""
    from avow.cli import users
    from avow.cli.problems import told

    with told():
        users.summary(user, project=project, data=data, as_json=as_json)


@user.command("add-role")
@click.argument("user")
@click.argument("roles", nargs=-1, required=True)
@click.option("--tenant", default="", help="In this tenant, of which they are a member; otherwise in the project.")
@with_project
def user_add_role(
    user: str, roles: tuple[str, ...], *, tenant: str, project: str, data: Path | None, as_json: bool
) -> None:
    """Give ROLES to USER; they are in their tokens from the next refresh on."""
    from avow.cli import users
    from avow.cli.problems import told

    with told():
        users.add_roles(user, roles, tenant, project=project, data=data, as_json=as_json)


@user.command("remove-role")
@click.argument("user")
@click.argument("roles", nargs=-1, required=True)
@click.option("--tenant", default="", help="In this tenant; otherwise in the project.")
@with_project
def user_remove_role(
    user: str, roles: tuple[str, ...], *, tenant: str, project: str, data: Path | None, as_json: bool
) -> None:
    """Take ROLES from USER."""
    from avow.cli import users
    from avow.cli.problems import told

    with told():
        users.remove_roles(user, roles, tenant, project=project, data=data, as_json=as_json)
