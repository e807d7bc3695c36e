"""The commands `avow user ...` on one account and their help; what they do is imported when they run."""

from collections.abc import Callable
from typing import Any, Literal, TypedDict, TypeVar, Unpack

import click

from avow.cli.options import Where, several, with_project, with_yes

__all__ = ["FURTHER"]

F = TypeVar("F", bound=Callable[..., Any])


class _Described(TypedDict):
    """What `_with_profile` adds to a command."""

    email: str | None
    phone: str | None
    name: str | None
    given_name: str | None
    family_name: str | None
    is_email_verified: bool | None
    is_phone_verified: bool | None
    attributes: tuple[str, ...]


class _Placed(TypedDict):
    """What `_with_place` adds to a command."""

    login_ids: tuple[str, ...]
    roles: tuple[str, ...]
    tenants: tuple[str, ...]
    tenant_roles: tuple[tuple[str, str], ...]


class _Created(_Described, _Placed, Where):
    """Options of commands that make a user."""


class _Updated(_Described, Where):
    """Options of the command that changes one."""


def _with_profile(command: F) -> F:
    """Add the options that describe a user."""
    for option in (
        click.option(
            "--attribute", "attributes", multiple=True, metavar="NAME=VALUE", help="Custom attribute; empty: gone."
        ),
        click.option("--verified-phone/--unverified-phone", "is_phone_verified", default=None, help="It is theirs."),
        click.option("--verified-email/--unverified-email", "is_email_verified", default=None, help="It is theirs."),
        click.option("--family-name", help="Last name."),
        click.option("--given-name", help="First name."),
        click.option("--name", help="Name to show."),
        click.option("--phone", help="Phone number, +15555550100."),
        click.option("--email", help="E-mail address."),
    ):
        command = option(command)
    return command


def _with_place(command: F) -> F:
    """Add the options that say what a new user belongs to."""
    for option in (
        click.option(
            "--tenant-role",
            "tenant_roles",
            multiple=True,
            nargs=2,
            metavar="TENANT ROLE",
            help="Role in a tenant, of which they are a member.",
        ),
        click.option("--tenant", "tenants", multiple=True, help="Tenant of which they are a member."),
        click.option("--role", "roles", multiple=True, help="Role in the project."),
        click.option("--login-id", "login_ids", multiple=True, help="What else they sign in with."),
    ):
        command = option(command)
    return command


@click.command("create")
@click.argument("login_id")
@_with_profile
@_with_place
@click.option(
    "--status",
    type=click.Choice(["invited", "enabled", "disabled"]),
    default="invited",
    show_default=True,
    help="Invited, until they prove an address.",
)
@click.option("--test", "is_test", is_flag=True, help="A test user, to whom nothing is ever sent.")
@with_project
def user_create(
    login_id: str,
    *,
    status: Literal["invited", "enabled", "disabled"],
    is_test: bool,
    **options: Unpack[_Created],
) -> None:
    """Make a user who signs in with LOGIN_ID, and send them nothing.

    A LOGIN_ID that is an e-mail address or a phone number is theirs. For example:

    avow user create mia@example.com --name "Mia Example" --tenant-role Acme reader
    """
    from avow.cli import accounts
    from avow.cli.problems import told

    with told():
        accounts.create(login_id, accounts.profile(options), status, accounts.where(options), is_test=is_test)


@click.command("invite")
@click.argument("login_id")
@_with_profile
@_with_place
@click.option("--url", default="", help="Page of the application that the link leads to; an approved one.")
@click.option("--sms", "by_sms", is_flag=True, help="By SMS, even if they have an e-mail address.")
@click.option("--locale", default="", help="Language of the message.")
@with_project
def user_invite(login_id: str, *, url: str, by_sms: bool, locale: str, **options: Unpack[_Created]) -> None:
    """Make a user and send them a link that signs them in, for three days.

    Who was invited before and has not come yet is sent another link, and the one before ends. The settings of a server
    about mail and its address have to be there (AVOW_SMTP_HOST, AVOW_PUBLIC_URL). For example:

    avow user invite mia@example.com --tenant Acme
    """
    from avow.cli import accounts
    from avow.cli.problems import told

    with told():
        invitation = accounts.Invitation(url, by_sms, locale)
        accounts.invite(login_id, accounts.profile(options), invitation, accounts.where(options))


@click.command("update")
@click.argument("user")
@_with_profile
@with_project
def user_update(user: str, **options: Unpack[_Updated]) -> None:
    """Change what is named of a USER; everything else stays, login IDs too.

    For example: avow user update mia@example.com --name "Mia Sample" --attribute plan=gold
    """
    from avow.cli import accounts
    from avow.cli.problems import told

    with told():
        accounts.update(user, accounts.profile(options), accounts.where(options))


@click.command("enable")
@several("users")
@with_project
def user_enable(users: tuple[str, ...], **where: Unpack[Where]) -> None:
    """Let USERS sign in, all of them or none.

    For example: avow user enable mia@example.com
    """
    from avow.cli import accounts
    from avow.cli.problems import told

    with told():
        accounts.set_status(users, "enabled", where)


@click.command("disable")
@several("users")
@with_project
def user_disable(users: tuple[str, ...], **where: Unpack[Where]) -> None:
    """Let USERS sign in no more, and sign them out at once; all of them or none.

    For example: avow user disable mia@example.com
    """
    from avow.cli import accounts
    from avow.cli.problems import told

    with told():
        accounts.set_status(users, "disabled", where)


@click.command("add-tenant")
@click.argument("user")
@click.argument("tenant")
@click.option("--role", "roles", multiple=True, help="Role there, beside the tenant's default roles.")
@with_project
def user_add_tenant(user: str, tenant: str, *, roles: tuple[str, ...], **where: Unpack[Where]) -> None:
    """Make USER a member of TENANT, with its default roles.

    For example: avow user add-tenant mia@example.com Acme --role reader
    """
    from avow.cli import accounts
    from avow.cli.problems import told

    with told():
        accounts.add_tenant(user, tenant, roles, where)


@click.command("remove-tenant")
@click.argument("user")
@click.argument("tenant")
@with_project
def user_remove_tenant(user: str, tenant: str, **where: Unpack[Where]) -> None:
    """End the membership of USER in TENANT, and the roles held there.

    For example: avow user remove-tenant mia@example.com Acme
    """
    from avow.cli import accounts
    from avow.cli.problems import told

    with told():
        accounts.remove_tenant(user, tenant, where)


@click.command("logout")
@click.argument("user")
@click.option("--session", default="", help="This session alone; `avow user sessions` shows their ids.")
@with_project
def user_logout(user: str, *, session: str, **where: Unpack[Where]) -> None:
    """Sign USER out everywhere, at once.

    For example: avow user logout mia@example.com
    """
    from avow.cli import accounts
    from avow.cli.problems import told

    with told():
        accounts.end_sessions(user, session, where)


@click.command("sessions")
@click.argument("user")
@with_project
def user_sessions(user: str, **where: Unpack[Where]) -> None:
    """List where USER is signed in, the newest first, at most a hundred.

    For example: avow user sessions mia@example.com
    """
    from avow.cli import accounts
    from avow.cli.problems import told

    with told():
        accounts.list_sessions(user, where)


@click.command("history")
@click.argument("user")
@with_project
def user_history(user: str, **where: Unpack[Where]) -> None:
    """List when and from where USER signed in, the newest first.

    For example: avow user history mia@example.com
    """
    from avow.cli import accounts
    from avow.cli.problems import told

    with told():
        accounts.history(user, where)


@click.command("set-password")
@click.argument("user")
@click.option("--active", "is_active", is_flag=True, help="One that stays; otherwise they have to choose their own.")
@click.option("--stdin", "is_piped", is_flag=True, help="Read it from standard input, one line.")
@with_project
def user_set_password(user: str, *, is_active: bool, is_piped: bool, **where: Unpack[Where]) -> None:
    """Give USER another password, and sign them out everywhere.

    It is asked for twice and never shown, and has to be what the project asks of passwords. For example:

    avow user set-password mia@example.com
    """
    from avow.cli import accounts
    from avow.cli.problems import told

    with told():
        accounts.set_password(user, where, is_active=is_active, is_piped=is_piped)


@click.command("expire-password")
@click.argument("user")
@with_project
def user_expire_password(user: str, **where: Unpack[Where]) -> None:
    """Let the password of USER do no more than choose another; sessions go on.

    For example: avow user expire-password mia@example.com
    """
    from avow.cli import accounts
    from avow.cli.problems import told

    with told():
        accounts.expire_password(user, where)


@click.command("delete")
@several("users")
@with_yes
@with_project
def user_delete(users: tuple[str, ...], *, is_agreed: bool, **where: Unpack[Where]) -> None:
    """Delete USERS with all that is theirs, for ever, all of them or none.

    For example: avow user delete mia@example.com --yes
    """
    from avow.cli import accounts
    from avow.cli.problems import told

    with told():
        accounts.delete(users, where, is_agreed=is_agreed)


# Commands of the group in `usercommands`.
FURTHER = (
    user_create,
    user_invite,
    user_update,
    user_enable,
    user_disable,
    user_add_tenant,
    user_remove_tenant,
    user_logout,
    user_sessions,
    user_history,
    user_set_password,
    user_expire_password,
    user_delete,
)
