"""The commands `avow role ...` and `avow permission ...` and their help; what they do is imported when they run."""

from collections.abc import Callable
from typing import Any, TypeVar, Unpack

import click

from avow.cli.options import Where, several, with_project, with_yes

__all__ = ["permission", "role"]

F = TypeVar("F", bound=Callable[..., Any])


@click.group()
def role() -> None:
    """Roles, the named sets of permissions.

    Everywhere a ROLE is named by id or name, and a tenant's role by name with --tenant.
    """


@click.group()
def permission() -> None:
    """Permissions, of which roles are made.

    Everywhere a PERMISSION is named by id or name.
    """


def _in_tenant(command: F) -> F:
    """Add the option that says whose role is meant."""
    return click.option("--tenant", default="", help="A role of this tenant; otherwise of the project.")(command)


def _with_details(command: F) -> F:
    """Add the options of both creation and change."""
    for option in (
        click.option(
            "--private/--not-private",
            "is_private",
            default=None,
            help="Tenants' administrators neither see nor give it.",
        ),
        click.option(
            "--default/--no-default", "is_default", default=None, help="New users have it; a tenant's, new members."
        ),
        click.option("--description", help="What it is for."),
    ):
        command = option(command)
    return command


# --- Roles -----------------------------------------------------------------------------------------------------


@role.command("list")
@click.argument("text", default="")
@click.option("--tenant", "tenants", multiple=True, help="Only roles of this tenant; may be given several times.")
@click.option(
    "--permission", "permissions", multiple=True, help="Only roles with this permission; with all of several."
)
@with_project
def role_list(text: str, *, tenants: tuple[str, ...], permissions: tuple[str, ...], **where: Unpack[Where]) -> None:
    """List roles of the project and of tenants, or those with TEXT in the name.

    For example: avow role list --permission orders.read
    """
    from avow.cli import roles
    from avow.cli.problems import told

    with told():
        roles.list_all(roles.Wanted(text, tenants, permissions), where)


@role.command("show")
@click.argument("role")
@_in_tenant
@with_project
def role_show(role: str, *, tenant: str, **where: Unpack[Where]) -> None:
    """Show all that a ROLE is.

    For example: avow role show reader --tenant Acme
    """
    from avow.cli import roles
    from avow.cli.problems import told

    with told():
        roles.summary(role, tenant, where)


@role.command("create")
@click.argument("name")
@click.option("--permission", "permissions", multiple=True, help="Permission that it is made of.")
@_in_tenant
@_with_details
@with_project
def role_create(
    name: str,
    *,
    permissions: tuple[str, ...],
    tenant: str,
    description: str | None,
    is_default: bool | None,
    is_private: bool | None,
    **where: Unpack[Where],
) -> None:
    """Make a role with this NAME from permissions that exist.

    --permission may be given several times. For example:

    avow role create reader --permission orders.read --description "Sees orders"
    """
    from avow.cli import roles
    from avow.cli.problems import told

    with told():
        details = roles.Details(None, description, is_default, is_private)
        roles.create(name, permissions, tenant, details, where)


@role.command("update")
@click.argument("role")
@click.option("--name", help="Another name.")
@_in_tenant
@_with_details
@with_project
def role_update(
    role: str,
    *,
    name: str | None,
    tenant: str,
    description: str | None,
    is_default: bool | None,
    is_private: bool | None,
    **where: Unpack[Where],
) -> None:
    """Change what is named of a ROLE; its permissions stay.

    For example: avow role update reader --name viewer --default
    """
    from avow.cli import roles
    from avow.cli.problems import told

    with told():
        roles.update(role, tenant, roles.Details(name, description, is_default, is_private), where)


@role.command("add-permission")
@click.argument("role")
@several("permissions")
@_in_tenant
@with_project
def role_add_permission(role: str, permissions: tuple[str, ...], *, tenant: str, **where: Unpack[Where]) -> None:
    """Put PERMISSIONS into ROLE; who holds it has them from the next refresh on.

    For example: avow role add-permission reader invoices.read
    """
    from avow.cli import roles
    from avow.cli.problems import told

    with told():
        roles.add_permissions(role, permissions, tenant, where)


@role.command("remove-permission")
@click.argument("role")
@several("permissions")
@_in_tenant
@with_project
def role_remove_permission(role: str, permissions: tuple[str, ...], *, tenant: str, **where: Unpack[Where]) -> None:
    """Take PERMISSIONS out of ROLE.

    For example: avow role remove-permission reader invoices.read
    """
    from avow.cli import roles
    from avow.cli.problems import told

    with told():
        roles.remove_permissions(role, permissions, tenant, where)


@role.command("delete")
@several("roles")
@_in_tenant
@with_yes
@with_project
def role_delete(roles: tuple[str, ...], *, tenant: str, is_agreed: bool, **where: Unpack[Where]) -> None:
    """Delete ROLES for ever, all of them or none; whoever has one loses it.

    For example: avow role delete viewer --yes
    """
    from avow.cli import roles as command
    from avow.cli.problems import told

    with told():
        command.delete(roles, tenant, where, is_agreed=is_agreed)


# --- Permissions -----------------------------------------------------------------------------------------------


@permission.command("list")
@click.argument("text", default="")
@with_project
def permission_list(text: str, **where: Unpack[Where]) -> None:
    """List permissions, or those with TEXT in name or description.

    For example: avow permission list orders
    """
    from avow.cli import permissions
    from avow.cli.problems import told

    with told():
        permissions.list_all(text, where)


@permission.command("show")
@click.argument("permission")
@with_project
def permission_show(permission: str, **where: Unpack[Where]) -> None:
    """Show a PERMISSION and the roles that are made of it.

    For example: avow permission show orders.read
    """
    from avow.cli import permissions
    from avow.cli.problems import told

    with told():
        permissions.summary(permission, where)


@permission.command("create")
@click.argument("name")
@click.option("--description", default="", help="What it allows.")
@with_project
def permission_create(name: str, *, description: str, **where: Unpack[Where]) -> None:
    """Make a permission with this NAME.

    For example: avow permission create orders.read --description "Sees orders"
    """
    from avow.cli import permissions
    from avow.cli.problems import told

    with told():
        permissions.create(name, description, where)


@permission.command("update")
@click.argument("permission")
@click.option("--name", help="Another name.")
@click.option("--description", help="What it allows.")
@with_project
def permission_update(permission: str, *, name: str | None, description: str | None, **where: Unpack[Where]) -> None:
    """Change what is named of a PERMISSION; roles that are made of it stay so.

    For example: avow permission update orders.read --name orders.view
    """
    from avow.cli import permissions
    from avow.cli.problems import told

    with told():
        permissions.update(permission, name, description, where)


@permission.command("delete")
@several("permissions")
@with_yes
@with_project
def permission_delete(permissions: tuple[str, ...], *, is_agreed: bool, **where: Unpack[Where]) -> None:
    """Delete PERMISSIONS for ever, all of them or none; they leave every role.

    For example: avow permission delete orders.view --yes
    """
    from avow.cli import permissions as command
    from avow.cli.problems import told

    with told():
        command.delete(permissions, where, is_agreed=is_agreed)
