"""The commands `avow accesskey ...` and their help; what they do is imported when they run."""

from datetime import datetime
from typing import Unpack

import click

from avow.cli.options import Where, several, with_project, with_yes

__all__ = ["accesskey"]

_DATES = ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M")


@click.group()
def accesskey() -> None:
    """Access keys, the secrets of machines.

    Everywhere a KEY is named by id or name. The manual is docs/access-keys.md.
    """


@accesskey.command("list")
@click.argument("text", default="")
@click.option("--tenant", "tenants", multiple=True, help="Only keys of this tenant; may be given several times.")
@click.option("--user", default="", help="Only keys that act for this user.")
@with_project
def accesskey_list(text: str, *, tenants: tuple[str, ...], user: str, **where: Unpack[Where]) -> None:
    """List access keys without their secrets, or those with TEXT in name or description.

    For example: avow accesskey list --tenant Acme
    """
    from avow.cli import accesskeys
    from avow.cli.problems import told

    with told():
        accesskeys.list_all(text, tenants, user, where)


@accesskey.command("show")
@click.argument("key")
@with_project
def accesskey_show(key: str, **where: Unpack[Where]) -> None:
    """Show all that a KEY is, but for its secret.

    For example: avow accesskey show "nightly report"
    """
    from avow.cli import accesskeys
    from avow.cli.problems import told

    with told():
        accesskeys.summary(key, where)


@accesskey.command("create")
@click.argument("name")
@click.option("--role", "roles", multiple=True, help="Role of the project that it has.")
@click.option("--tenant", "tenants", multiple=True, help="Tenant that it belongs to.")
@click.option(
    "--tenant-role", "tenant_roles", multiple=True, nargs=2, metavar="TENANT ROLE", help="Role that it has in a tenant."
)
@click.option("--user", default="", help="User whom it acts for; it then has what they have, and nothing of its own.")
@click.option("--days", type=click.IntRange(0, 36500), metavar="N", help="Days until it ends; else never, or --until.")
@click.option("--until", type=click.DateTime(_DATES), metavar="YYYY-MM-DD[THH:MM]", help="When it ends, UTC.")
@click.option("--permitted-ip", "permitted_ips", multiple=True, help="Address or network that it may be used from.")
@click.option("--claim", "claims", multiple=True, metavar="NAME=VALUE", help="Claim at the top level of its tokens.")
@click.option("--description", default="", help="What it is for, in more words.")
@with_project
def accesskey_create(
    name: str,
    *,
    roles: tuple[str, ...],
    tenants: tuple[str, ...],
    tenant_roles: tuple[tuple[str, str], ...],
    user: str,
    days: int | None,
    until: datetime | None,
    permitted_ips: tuple[str, ...],
    claims: tuple[str, ...],
    description: str,
    **where: Unpack[Where],
) -> None:
    """Make an access key with this NAME and print it, this once.

    What it holds, whom it acts for and when it ends cannot be changed later. --role, --tenant, --tenant-role,
    --permitted-ip and --claim may be given several times. For example:

    avow accesskey create "nightly report" --tenant-role Acme reader --days 90 --permitted-ip 192.0.2.0/24
    """
    from avow.cli import accesskeys
    from avow.cli.problems import told

    with told():
        new = accesskeys.New(roles, tenants, tenant_roles, user, days, until, permitted_ips, claims, description)
        accesskeys.create(name, new, where)


@accesskey.command("update")
@click.argument("key")
@click.option("--name", help="Another name.")
@click.option("--description", help="What it is for, in more words.")
@click.option("--permitted-ip", "permitted_ips", multiple=True, help="From here only, instead of those before.")
@click.option("--from-anywhere", is_flag=True, help="From every address.")
@with_project
def accesskey_update(
    key: str,
    *,
    name: str | None,
    description: str | None,
    permitted_ips: tuple[str, ...],
    from_anywhere: bool,
    **where: Unpack[Where],
) -> None:
    """Change what is named of a KEY; its secret and what it holds stay.

    For example: avow accesskey update "nightly report" --permitted-ip 198.51.100.7
    """
    from avow.cli import accesskeys
    from avow.cli.problems import told

    with told():
        accesskeys.update(key, accesskeys.Changes(name, description, permitted_ips, from_anywhere), where)


@accesskey.command("rotate")
@click.argument("key")
@with_project
def accesskey_rotate(key: str, **where: Unpack[Where]) -> None:
    """Give a KEY a new secret and print it, this once; the one before ends at once.

    For example: avow accesskey rotate "nightly report"
    """
    from avow.cli import accesskeys
    from avow.cli.problems import told

    with told():
        accesskeys.rotate(key, where)


@accesskey.command("activate")
@several("keys")
@with_project
def accesskey_activate(keys: tuple[str, ...], **where: Unpack[Where]) -> None:
    """Let KEYS be exchanged again, all of them or none.

    For example: avow accesskey activate "nightly report"
    """
    from avow.cli import accesskeys
    from avow.cli.problems import told

    with told():
        accesskeys.activate(keys, where)


@accesskey.command("deactivate")
@several("keys")
@with_project
def accesskey_deactivate(keys: tuple[str, ...], **where: Unpack[Where]) -> None:
    """Let KEYS be exchanged no more until they are activated, all of them or none.

    Tokens made before hold until they end. For example: avow accesskey deactivate "nightly report"
    """
    from avow.cli import accesskeys
    from avow.cli.problems import told

    with told():
        accesskeys.deactivate(keys, where)


@accesskey.command("delete")
@several("keys")
@with_yes
@with_project
def accesskey_delete(keys: tuple[str, ...], *, is_agreed: bool, **where: Unpack[Where]) -> None:
    """Delete KEYS for ever, all of them or none.

    For example: avow accesskey delete "nightly report" --yes
    """
    from avow.cli import accesskeys
    from avow.cli.problems import told

    with told():
        accesskeys.delete(keys, where, is_agreed=is_agreed)
