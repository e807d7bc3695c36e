"""The commands `avow app ...` and `avow api ...` and their help; what they do is imported when they run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Unpack

import click

from avow.cli.options import Where, with_project, with_yes

__all__ = ["api", "app"]

_PRESETS = click.Choice(["regular-web", "spa", "native", "machine"])
_NAME_IDS = click.Choice(["user-id", "email", "phone"])
_ALGORITHMS = click.Choice(["RS256", "ES256", "EdDSA"])


@click.group()
def app() -> None:
    """Applications that sign people in through Avow, by OpenID Connect or SAML.

    Everywhere an APP is named by client_id or name.
    """


@click.group()
def api() -> None:
    """APIs that access tokens are for, each named by its identifier (audience)."""


def _with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of an application's settings."""
    for option in (
        click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="A setting, or `default`."),
        click.option("--origin", "web_origins", multiple=True, help="Browser origin that calls the token endpoint."),
        click.option("--logout", "logout_uris", multiple=True, help="Where a browser may go after log-out."),
        click.option("--redirect", "redirect_uris", multiple=True, help="Where answers may go."),
        click.option("--description", help="What it is, in more words."),
    ):
        command = option(command)
    return command


@app.command("list")
@with_project
def app_list(**where: Unpack[Where]) -> None:
    """List the applications."""
    from avow.cli import apps
    from avow.cli.problems import told

    with told():
        apps.list_all(where)


@app.command("show")
@click.argument("app")
@with_project
def app_show(app: str, **where: Unpack[Where]) -> None:
    """Show all that an APP is, but for its secrets."""
    from avow.cli import apps
    from avow.cli.problems import told

    with told():
        apps.summary(app, where)


@app.command("create")
@click.argument("name")
@click.option("--preset", type=_PRESETS, default="regular-web", show_default=True, help="What kind it is.")
@click.option("--id", "app_id", default="", help="Its client_id; made up unless it is given.")
@click.option(
    "--trust/--asks-consent",
    "is_trusted",
    default=None,
    help="Whether people are asked before it is told anything; they are for a native one unless this is said.",
)
@_with_settings
@with_project
def app_create(
    name: str,
    *,
    preset: str,
    app_id: str,
    is_trusted: bool | None,
    description: str | None,
    redirect_uris: tuple[str, ...],
    logout_uris: tuple[str, ...],
    web_origins: tuple[str, ...],
    assignments: tuple[str, ...],
    **where: Unpack[Where],
) -> None:
    """Make an application with this NAME, and print its secret, this once.

    --redirect, --logout, --origin and --set may be given several times. For example:

    avow app create shop --redirect http://localhost:4040/callback --logout http://localhost:4040
    """
    from avow.cli import apps
    from avow.cli.problems import told

    with told():
        changes = apps.Changes(
            description=description,
            is_trusted=is_trusted,
            redirect_uris=redirect_uris,
            logout_uris=logout_uris,
            web_origins=web_origins,
            assignments=assignments,
        )
        apps.create(name, preset, app_id, changes, where)


@app.command("update")
@click.argument("app")
@click.option("--name", help="Another name.")
@click.option("--enable/--disable", "is_enabled", default=None, help="Whether it can be used.")
@click.option("--trust/--ask-consent", "is_trusted", default=None, help="Whether people are asked for consent.")
@_with_settings
@with_project
def app_update(
    app: str,
    *,
    name: str | None,
    is_enabled: bool | None,
    is_trusted: bool | None,
    description: str | None,
    redirect_uris: tuple[str, ...],
    logout_uris: tuple[str, ...],
    web_origins: tuple[str, ...],
    assignments: tuple[str, ...],
    **where: Unpack[Where],
) -> None:
    """Change what is named of an APP; a list takes the place of the one before.

    For example: avow app update shop --set pkce=required --set updatedAt=default
    """
    from avow.cli import apps
    from avow.cli.problems import told

    with told():
        changes = apps.Changes(
            name, description, is_enabled, is_trusted, redirect_uris, logout_uris, web_origins, assignments
        )
        apps.update(app, changes, where)


def _with_saml(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a SAML application."""
    for option in (
        click.option("--relay-state", help="RelayState of sign-ins that begin here."),
        click.option("--name-id-format", help="`unspecified`, `email`, `persistent`, `transient`, or a URI."),
        click.option("--name-id", type=_NAME_IDS, help="What names the person."),
        click.option("--group", "groups", multiple=True, metavar="ATTRIBUTE=ROLE[=GROUP]", help="A group by a role."),
        click.option("--attribute", "attributes", multiple=True, metavar="NAME=VALUE", help="Such as mail=email."),
        click.option("--logout", help="Where it hears what became of a log-out."),
        click.option("--certificate", type=click.Path(path_type=Path), help="File (PEM): its requests are signed."),
        click.option("--acs", multiple=True, help="Where SAML assertions go; the first unless a request says so."),
        click.option("--entity-id", help="Its name."),
        click.option("--metadata", "metadata_url", help="Where it describes itself, in the place of most of these."),
        click.option("--fresh/--any-session", "is_fresh", default=None, help="Whether everybody signs in anew."),
        click.option("--description", help="What it is, in more words."),
    ):
        command = option(command)
    return command


@app.command("create-saml")
@click.argument("name")
@click.option("--id", "app_id", default="", help="Its id; made up unless it is given.")
@_with_saml
@with_project
def app_create_saml(name: str, *, app_id: str, **options: Any) -> None:  # noqa: ANN401 - of two decorators
    """Make a SAML application with this NAME, and print what its service provider has to know.

    --acs, --attribute and --group may be given several times. For example:

    avow app create-saml wiki --entity-id urn:wiki --acs https://wiki.example.com/acs --attribute mail=email
    """
    from avow.cli import apps
    from avow.cli.problems import told

    with told():
        changes, where = _api_options(options)
        apps.create_saml(name, app_id, apps.SamlChanges(**changes), where)


@app.command("update-saml")
@click.argument("app")
@click.option("--name", help="Another name.")
@click.option("--enable/--disable", "is_enabled", default=None, help="Whether it can be used.")
@_with_saml
@with_project
def app_update_saml(app: str, **options: Any) -> None:  # noqa: ANN401 - of two decorators
    """Change what is named of the SAML application APP; what may be given several times takes the place of all before.

    For example: avow app update-saml wiki --group groups=editor=Editors
    """
    from avow.cli import apps
    from avow.cli.problems import told

    with told():
        changes, where = _api_options(options)
        apps.update_saml(app, apps.SamlChanges(**changes), where)


@app.command("rotate-secret")
@click.argument("app")
@click.option("--overlap-hours", type=click.IntRange(0, 2160), help="How long those before count; a day otherwise.")
@with_project
def app_rotate(app: str, *, overlap_hours: int | None, **where: Unpack[Where]) -> None:
    """Give an APP a new secret and print it, this once.

    For example: avow app rotate-secret shop --overlap-hours 2
    """
    from avow.cli import apps
    from avow.cli.problems import told

    with told():
        apps.rotate(app, overlap_hours, where)


@app.command("grant")
@click.argument("app")
@click.argument("audience")
@click.option("--scope", "scopes", multiple=True, help="Scope that it may have; may be given several times.")
@click.option("--none", "takes_away", is_flag=True, help="Take the API away.")
@with_project
def app_grant(app: str, audience: str, *, scopes: tuple[str, ...], takes_away: bool, **where: Unpack[Where]) -> None:
    """Say what an APP may do at the API AUDIENCE in its own name (client_credentials).

    For example: avow app grant nightly https://api.example.com --scope read:messages
    """
    from avow.cli import apps
    from avow.cli.problems import told

    with told():
        apps.grant(app, audience, scopes, where, takes_away=takes_away)


@app.command("delete")
@click.argument("app")
@with_yes
@with_project
def app_delete(app: str, *, is_agreed: bool, **where: Unpack[Where]) -> None:
    """Delete an APP for ever: its codes and refresh tokens end at once."""
    from avow.cli import apps
    from avow.cli.problems import told

    with told():
        apps.delete(app, where, is_agreed=is_agreed)


def _with_api(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of an API."""
    for option in (
        click.option("--algorithm", type=_ALGORITHMS, help="What signs its tokens."),
        click.option("--offline/--no-offline", "allows_offline", default=None, help="Whether it gets refresh tokens."),
        click.option("--rbac/--no-rbac", "has_rbac", default=None, help="Whether tokens say the user's permissions."),
        click.option("--seconds", "lifetime_seconds", type=click.IntRange(60, 2592000), help="Life of its tokens."),
        click.option("--permission", "permissions", multiple=True, metavar="NAME[=ABOUT]", help="A scope it knows."),
        click.option("--name", help="For people."),
    ):
        command = option(command)
    return command


@api.command("list")
@with_project
def api_list(**where: Unpack[Where]) -> None:
    """List the APIs."""
    from avow.cli import apps
    from avow.cli.problems import told

    with told():
        apps.list_apis(where)


@api.command("show")
@click.argument("identifier")
@with_project
def api_show(identifier: str, **where: Unpack[Where]) -> None:
    """Show all that the API IDENTIFIER is."""
    from avow.cli import apps
    from avow.cli.problems import told

    with told():
        apps.summary_api(identifier, where)


@api.command("create")
@click.argument("identifier")
@_with_api
@with_project
def api_create(identifier: str, **options: Any) -> None:  # noqa: ANN401 - the options of two decorators
    """Make an API with this IDENTIFIER, the audience of its tokens.

    --permission may be given several times. For example:

    avow api create https://api.example.com --rbac --permission "read:messages=Read messages"
    """
    from avow.cli import apps
    from avow.cli.problems import told

    with told():
        changes, where = _api_options(options)
        apps.create_api(identifier, apps.ApiChanges(**changes), where)


@api.command("update")
@click.argument("identifier")
@_with_api
@with_project
def api_update(identifier: str, **options: Any) -> None:  # noqa: ANN401 - the options of two decorators
    """Change what is named of the API IDENTIFIER; permissions take the place of all before.

    For example: avow api update https://api.example.com --seconds 3600
    """
    from avow.cli import apps
    from avow.cli.problems import told

    with told():
        changes, where = _api_options(options)
        apps.update_api(identifier, apps.ApiChanges(**changes), where)


@api.command("delete")
@click.argument("identifier")
@with_yes
@with_project
def api_delete(identifier: str, *, is_agreed: bool, **where: Unpack[Where]) -> None:
    """Delete the API IDENTIFIER for ever; tokens for it hold until they end."""
    from avow.cli import apps
    from avow.cli.problems import told

    with told():
        apps.delete_api(identifier, where, is_agreed=is_agreed)


def _api_options(options: dict[str, Any]) -> tuple[dict[str, Any], Where]:
    """Return what is to change, and where."""
    where: Where = {"project": options.pop("project"), "data": options.pop("data"), "as_json": options.pop("as_json")}
    return options, where
