"""The commands `avow provider ...` and their help; what they do is imported when they run."""

from pathlib import Path
from typing import Unpack

import click

from avow.cli.options import Where, with_project, with_yes

__all__ = ["provider"]

_FILE = click.Path(path_type=Path, allow_dash=True)


@click.group()
def provider() -> None:
    """Social providers, by which people sign in.

    The manual is docs/social.md.
    """


@provider.command("add")
@click.argument("name")
@click.option("--client-id", required=True, help="Yours, at the provider.")
@click.option(
    "--secret-file",
    type=_FILE,
    help="File with the client secret, or with a private key in PEM; - reads standard input. Without it you are asked.",
)
@click.option("--kind", default="", help="google, github, ..., oidc or oauth2; without it the NAME, or else oidc.")
@click.option("--issuer", default="", help="Issuer URL of an OpenID provider; of OAuth a URL that names it.")
@click.option("--discovery-url", default="", help="Where it describes itself, if the issuer does not tell.")
@click.option("--authorization-url", default="", help="Where browsers go.")
@click.option("--token-url", default="", help="Where codes are exchanged.")
@click.option("--user-url", default="", help="What tells who somebody is.")
@click.option("--emails-url", default="", help="What lists their addresses.")
@click.option("--keys-url", default="", help="The keys of its ID tokens.")
@click.option("--host", "hosts", multiple=True, help="Host besides the issuer's that the provider may name as its own.")
@click.option("--scope", "scopes", multiple=True, help="Asked for in the place of the usual ones.")
@click.option("--claim", "claims", multiple=True, metavar="FACT=CLAIM", help="Where a fact is: subject=id.")
@click.option("--parameter", "parameters", multiple=True, metavar="NAME=VALUE", help="Added to every request.")
@click.option(
    "--client-auth",
    type=click.Choice(["basic", "post", "private_key_jwt", "apple", "none"]),
    help="How the server proves who it is.",
)
@click.option("--key-id", default="", help="Name of the private key at the provider.")
@click.option("--team-id", default="", help="Apple's name of the developer.")
@click.option("--trusted-domain", "trusted_domains", multiple=True, help="Mail domain that it is trusted for.")
@click.option("--display-name", default="", help="For people.")
@click.option("--no-pkce", is_flag=True, help="Send no code challenge, for a provider that refuses one.")
@click.option("--no-tokens", is_flag=True, help="Keep none of its tokens.")
@click.option("--no-new-users", is_flag=True, help="Nobody comes into being by it.")
@click.option("--no-connecting", is_flag=True, help="A verified address leads to no user who is there already.")
@click.option("--disabled", is_flag=True, help="Keep it switched off.")
@with_project
def provider_add(
    name: str,
    *,
    client_id: str,
    secret_file: Path | None,
    kind: str,
    issuer: str,
    discovery_url: str,
    authorization_url: str,
    token_url: str,
    user_url: str,
    emails_url: str,
    keys_url: str,
    hosts: tuple[str, ...],
    scopes: tuple[str, ...],
    claims: tuple[str, ...],
    parameters: tuple[str, ...],
    client_auth: str | None,
    key_id: str,
    team_id: str,
    trusted_domains: tuple[str, ...],
    display_name: str,
    no_pkce: bool,
    no_tokens: bool,
    no_new_users: bool,
    no_connecting: bool,
    disabled: bool,
    **where: Unpack[Where],
) -> None:
    """Set up the provider NAME, or replace how it is set up; print what to register there.

    Known by name: google, github, microsoft, apple, facebook, gitlab, linkedin, discord, slack, bitbucket, x, twitch.
    Any other OpenID provider needs --issuer. For example:

    avow provider add google --client-id 123.apps.googleusercontent.com --secret-file google.txt

    avow provider add acme --issuer https://id.acme.example --client-id avow
    """
    from avow.cli import providers
    from avow.cli.problems import told

    with told():
        wanted = providers.Wanted(
            client_id=client_id,
            secret_file=secret_file,
            kind=kind,
            issuer=issuer,
            discovery_url=discovery_url,
            authorization_url=authorization_url,
            token_url=token_url,
            user_url=user_url,
            emails_url=emails_url,
            keys_url=keys_url,
            hosts=hosts,
            scopes=scopes,
            claims=claims,
            parameters=parameters,
            client_auth=client_auth,
            key_id=key_id,
            team_id=team_id,
            trusted_domains=trusted_domains,
            display_name=display_name,
            is_enabled=not disabled,
            uses_pkce=False if no_pkce else None,
            are_tokens_kept=not no_tokens,
            may_create=not no_new_users,
            may_connect=not no_connecting,
        )
        providers.add(name, wanted, where)


@provider.command("list")
@with_project
def provider_list(**where: Unpack[Where]) -> None:
    """List the social providers of the project, without their secrets.

    For example: avow provider list
    """
    from avow.cli import providers
    from avow.cli.problems import told

    with told():
        providers.list_all(where)


@provider.command("show")
@click.argument("name")
@with_project
def provider_show(name: str, **where: Unpack[Where]) -> None:
    """Show how the provider NAME is set up, but for its secret.

    For example: avow provider show google
    """
    from avow.cli import providers
    from avow.cli.problems import told

    with told():
        providers.summary(name, where)


@provider.command("remove")
@click.argument("name")
@with_yes
@with_project
def provider_remove(name: str, *, is_agreed: bool, **where: Unpack[Where]) -> None:
    """Remove the provider NAME with its secret and the tokens that it gave. Its users stay.

    For example: avow provider remove google --yes
    """
    from avow.cli import providers
    from avow.cli.problems import told

    with told():
        providers.remove(name, where, is_agreed=is_agreed)
