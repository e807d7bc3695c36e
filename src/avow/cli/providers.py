"""`avow provider ...`: the social providers of a project."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from avow.cli.directory import directory, facts
from avow.cli.options import Where
from avow.cli.output import filled, say, show, table
from avow.cli.problems import CannotStart
from avow.cli.questions import ask_secret, require_yes
from avow.server.social import actions, handlers
from avow.server.store import Tx
from avow.wire.endpoint import Nothing
from avow.wire.providers import Provider, ProviderRef, SaveProvider

__all__ = ["Wanted", "add", "list_all", "remove", "summary"]

_MOST_BYTES = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A provider as its command names it; fields as in `wire.providers.SaveProvider`."""

    client_id: str
    secret_file: Path | None
    kind: str
    issuer: str
    discovery_url: str
    authorization_url: str
    token_url: str
    user_url: str
    emails_url: str
    keys_url: str
    hosts: tuple[str, ...]
    scopes: tuple[str, ...]
    claims: tuple[str, ...]
    parameters: tuple[str, ...]
    client_auth: str | None
    key_id: str
    team_id: str
    trusted_domains: tuple[str, ...]
    display_name: str
    is_enabled: bool
    uses_pkce: bool | None
    are_tokens_kept: bool
    may_create: bool
    may_connect: bool


def add(name: str, wanted: Wanted, where: Where) -> None:
    """Set a provider up and print what has to be registered there."""
    secret = "" if wanted.client_auth == "none" else _secret(wanted.secret_file)
    body = _body(name, wanted, secret)

    def unit(tx: Tx) -> tuple[Provider, bool]:
        is_new = actions.find(tx, name) is None
        return handlers.save(tx, opened.call(body)).provider, is_new

    with directory(where) as opened:
        made, is_new = opened.change(unit)
    done = "is set up" if is_new else "is set up anew, in the place of what was there"
    say(
        f"The provider {made.name!r} {done}.\n\n"
        f"Register this redirect URI at {made.display_name}:\n  {made.redirect_uri}",
        facts(made),
        as_json=where["as_json"],
    )


def list_all(where: Where) -> None:
    """Print the providers."""
    with directory(where) as opened:
        found = opened.look(lambda tx: handlers.load_all(tx, opened.call(Nothing()))).providers
    is_json = where["as_json"]
    table(
        [
            facts(each)
            if is_json
            else {
                "name": each.name,
                "kind": each.kind,
                "client id": each.client_id,
                "issuer": each.issuer,
                "on": "yes" if each.is_enabled else "no",
            }
            for each in found
        ],
        as_json=is_json,
        empty="There is no provider yet; set one up with `avow provider add NAME --client-id ID`.",
    )


def summary(name: str, where: Where) -> None:
    """Print how a provider is set up."""
    with directory(where) as opened:
        found = opened.look(lambda tx: handlers.load(tx, opened.call(ProviderRef(name=name)))).provider
    show(facts(found) if where["as_json"] else filled(facts(found)), as_json=where["as_json"])


def remove(name: str, where: Where, *, is_agreed: bool) -> None:
    """Remove a provider, once the person agrees."""
    with directory(where) as opened:
        opened.look(lambda tx: actions.get(tx, name))
        require_yes(f"Remove the provider {name!r} with its secret and the tokens it gave?", is_agreed=is_agreed)
        opened.change(lambda tx: handlers.delete(tx, opened.call(ProviderRef(name=name))))
    say(f"The provider {name!r} is removed.", {"name": name, "removed": True}, as_json=where["as_json"])


def _body(name: str, wanted: Wanted, secret: str) -> SaveProvider:
    return SaveProvider(
        name=name,
        kind=wanted.kind or None,
        client_id=wanted.client_id,
        client_secret=secret or None,
        display_name=wanted.display_name or None,
        is_enabled=wanted.is_enabled,
        issuer=wanted.issuer or None,
        discovery_url=wanted.discovery_url or None,
        authorization_url=wanted.authorization_url or None,
        token_url=wanted.token_url or None,
        user_url=wanted.user_url or None,
        emails_url=wanted.emails_url or None,
        keys_url=wanted.keys_url or None,
        hosts=wanted.hosts or None,
        scopes=wanted.scopes or None,
        client_auth=wanted.client_auth,  # type: ignore[arg-type]  # one of those, by its command
        key_id=wanted.key_id or None,
        team_id=wanted.team_id or None,
        parameters=_pairs(wanted.parameters),
        claims=_pairs(wanted.claims),
        trusted_domains=wanted.trusted_domains or None,
        uses_pkce=wanted.uses_pkce,
        are_tokens_kept=wanted.are_tokens_kept,
        may_create=wanted.may_create,
        may_connect=wanted.may_connect,
    )


def _pairs(assignments: Iterable[str]) -> dict[str, str] | None:
    """Return what was typed as NAME=VALUE.

    Raises:
        CannotStart: One is not of this form.
    """
    found: dict[str, str] = {}
    for each in assignments:
        name, equals, value = each.partition("=")
        if not (name and equals):
            raise CannotStart(f"Write claims and parameters as NAME=VALUE, not {each!r}.")
        found[name] = value
    return found or None


def _secret(path: Path | None) -> str:
    """Return a client secret from a file, from standard input, or from whoever types it.

    Raises:
        CannotStart: The file cannot be read, is too long or empty; or nobody is there to type.
    """
    if path is None:
        return ask_secret("Client secret")
    try:
        text = sys.stdin.read(_MOST_BYTES + 1) if str(path) == "-" else path.read_text("utf-8")
    except (OSError, UnicodeError) as failure:
        raise CannotStart(f"The secret cannot be read: {failure}.") from failure
    if not text.strip() or len(text) > _MOST_BYTES:
        raise CannotStart("The secret is empty, or too long to be one.")
    return text.strip()
