"""The commands `avow tenant ...` and their help; what they do is imported when they run."""

from collections.abc import Callable
from typing import Any, TypeVar, Unpack

import click

from avow.cli.options import Where, several, with_project, with_yes

__all__ = ["tenant"]

F = TypeVar("F", bound=Callable[..., Any])


@click.group()
def tenant() -> None:
    """Tenants, the customer organisations.

    Everywhere a TENANT is named by id or name.
    """


def _with_details(command: F) -> F:
    """Add the options of both creation and change."""
    for option in (
        click.option(
            "--attribute",
            "attributes",
            multiple=True,
            metavar="NAME=VALUE",
            help="Custom attribute; empty: gone.",
        ),
        click.option(
            "--enforce-sso/--no-enforce-sso", "enforces_sso", default=None, help="Its members sign in through SSO only."
        ),
        click.option("--disabled/--enabled", "is_disabled", default=None, help="Whether nobody may sign in to it."),
    ):
        command = option(command)
    return command


@tenant.command("list")
@click.argument("text", default="")
@with_project
def tenant_list(text: str, **where: Unpack[Where]) -> None:
    """List tenants, or those with TEXT in id, name or domain.

    For example: avow tenant list acme
    """
    from avow.cli import tenants
    from avow.cli.problems import told

    with told():
        tenants.list_all(text, where)


@tenant.command("show")
@click.argument("tenant")
@with_project
def tenant_show(tenant: str, **where: Unpack[Where]) -> None:
    """Show all that a TENANT is.

    For example: avow tenant show Acme
    """
    from avow.cli import tenants
    from avow.cli.problems import told

    with told():
        tenants.summary(tenant, where)


@tenant.command("create")
@click.argument("name")
@click.option("--id", "tenant_id", default="", help="Its id, which never changes; made up unless given.")
@click.option("--domain", "domains", multiple=True, help="Mail domain whose users belong to it.")
@click.option("--default-role", "default_roles", multiple=True, help="Role that new members hold.")
@click.option("--parent", default="", help="Tenant that it is part of.")
@_with_details
@with_project
def tenant_create(
    name: str,
    *,
    tenant_id: str,
    domains: tuple[str, ...],
    default_roles: tuple[str, ...],
    parent: str,
    is_disabled: bool | None,
    enforces_sso: bool | None,
    attributes: tuple[str, ...],
    **where: Unpack[Where],
) -> None:
    """Make a tenant with this NAME.

    --domain, --default-role and --attribute may be given several times. For example:

    avow tenant create Acme --id acme --domain acme.example.com
    """
    from avow.cli import tenants
    from avow.cli.problems import told

    with told():
        details = tenants.Details(
            tenant_id=tenant_id,
            domains=domains,
            default_roles=default_roles,
            parent=parent,
            is_disabled=is_disabled,
            enforces_sso=enforces_sso,
            attributes=attributes,
        )
        tenants.create(name, details, where)


@tenant.command("update")
@click.argument("tenant")
@click.option("--name", help="Another name.")
@_with_details
@with_project
def tenant_update(
    tenant: str,
    *,
    name: str | None,
    is_disabled: bool | None,
    enforces_sso: bool | None,
    attributes: tuple[str, ...],
    **where: Unpack[Where],
) -> None:
    """Change what is named of a TENANT; everything else stays.

    For example: avow tenant update acme --name "Acme Ltd" --attribute plan=gold
    """
    from avow.cli import tenants
    from avow.cli.problems import told

    with told():
        details = tenants.Details(name=name, is_disabled=is_disabled, enforces_sso=enforces_sso, attributes=attributes)
        tenants.update(tenant, details, where)


@tenant.command("add-domain")
@click.argument("tenant")
@several("domains")
@with_project
def tenant_add_domain(tenant: str, domains: tuple[str, ...], **where: Unpack[Where]) -> None:
    """Let users with addresses in DOMAINS belong to TENANT.

    For example: avow tenant add-domain Acme acme.example.com acme.example.org
    """
    from avow.cli import tenants
    from avow.cli.problems import told

    with told():
        tenants.add_domains(tenant, domains, where)


@tenant.command("remove-domain")
@click.argument("tenant")
@several("domains")
@with_project
def tenant_remove_domain(tenant: str, domains: tuple[str, ...], **where: Unpack[Where]) -> None:
    """Take DOMAINS from TENANT.

    For example: avow tenant remove-domain Acme acme.example.org
    """
    from avow.cli import tenants
    from avow.cli.problems import told

    with told():
        tenants.remove_domains(tenant, domains, where)


@tenant.command("add-default-role")
@click.argument("tenant")
@several("roles")
@with_project
def tenant_add_default_role(tenant: str, roles: tuple[str, ...], **where: Unpack[Where]) -> None:
    """Give ROLES to whoever becomes a member of TENANT.

    A role of the tenant comes before one of the project with the same name. For example:

    avow tenant add-default-role Acme reader
    """
    from avow.cli import tenants
    from avow.cli.problems import told

    with told():
        tenants.add_default_roles(tenant, roles, where)


@tenant.command("remove-default-role")
@click.argument("tenant")
@several("roles")
@with_project
def tenant_remove_default_role(tenant: str, roles: tuple[str, ...], **where: Unpack[Where]) -> None:
    """Give ROLES no more to new members of TENANT; who has them keeps them.

    For example: avow tenant remove-default-role Acme reader
    """
    from avow.cli import tenants
    from avow.cli.problems import told

    with told():
        tenants.remove_default_roles(tenant, roles, where)


@tenant.command("delete")
@click.argument("tenant")
@click.option("--cascade", is_flag=True, help="Also delete users and access keys that belong to no other tenant.")
@with_yes
@with_project
def tenant_delete(tenant: str, *, cascade: bool, is_agreed: bool, **where: Unpack[Where]) -> None:
    """Delete a TENANT with its roles and memberships, for ever.

    For example: avow tenant delete Acme --cascade --yes
    """
    from avow.cli import tenants
    from avow.cli.problems import told

    with told():
        tenants.delete(tenant, where, cascade=cascade, is_agreed=is_agreed)
