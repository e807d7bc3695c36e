"""Social providers of a project: saved, found and deleted; the client secret sealed."""

from dataclasses import dataclass, field
from typing import Final

from avow.core.federation.requests import is_parameter, read_key
from avow.core.targets import target
from avow.errors import InvalidArgument, NotFound
from avow.server.federation import tokens
from avow.server.serving import Project
from avow.server.social import rows, stored
from avow.server.social.kinds import GENERIC, KINDS, kind_of
from avow.server.social.rows import IdRow, ProviderRow
from avow.server.social.stored import CLAIMS, KEY_AUTHS, Settings
from avow.server.store import Tx

__all__ = ["Held", "client_secret", "delete", "every", "find", "get", "kind_for", "save"]

MOST_PROVIDERS: Final = 50
_ADDRESSES: Final = (
    "discovery_url",
    "authorization_url",
    "token_url",
    "user_url",
    "emails_url",
    "keys_url",
)


@dataclass(frozen=True, slots=True)
class Held:
    """A provider of a project.

    Attributes:
        name: What calls name it.
        given: What the project said of it.
        settings: The same with what its kind adds.
        sealed_secret: The client secret, or None.
        created_at, updated_at: Seconds since the epoch.
    """

    name: str
    given: Settings
    settings: Settings
    sealed_secret: bytes | None = field(default=None, repr=False)
    created_at: int = 0
    updated_at: int = 0


def find(tx: Tx, name: str) -> Held | None:
    """Return a provider, or None."""
    row = tx.one(rows.FIND, ProviderRow, id=name)
    return _held(row) if row else None


def get(tx: Tx, name: str) -> Held:
    """Return a provider.

    Raises:
        NotFound: There is none of this name.
    """
    found = find(tx, name)
    if found is None:
        raise NotFound(error_message="There is no such provider.")
    return found


def every(tx: Tx) -> list[Held]:
    """Return every provider, by name."""
    return [_held(row) for row in tx.all(rows.LIST, ProviderRow)]


def kind_for(name: str, kind: str) -> str:
    """Return the kind of a provider that is saved under a name: the one given, or the name itself, or OpenID.

    Raises:
        InvalidArgument: There is no such kind.
    """
    wanted = kind or (name if name in KINDS else "oidc")
    if kind_of(wanted) is None:
        known = ", ".join((*KINDS, *GENERIC))
        raise InvalidArgument(error_message=f"There is no kind {wanted!r}; the known ones are: {known}.")
    return wanted


def save(tx: Tx, project: Project, name: str, given: Settings, secret: str, *, actor: str) -> Held:
    """Insert or replace a provider.

    Args:
        tx: The unit.
        project: Whose.
        name: What calls are to name it.
        given: All that the project says of it.
        secret: The client secret or private key; "" leaves the one that is kept, unless where it goes to changes: a
            secret is not sent to somebody whom it was not given for.
        actor: Who saves it.

    Raises:
        InvalidArgument: Something is missing or malformed, or the project has as many as it may.
    """
    kind = kind_of(given.kind)
    if kind is None:
        raise InvalidArgument(error_message="There is no such kind of provider.")
    settings = stored.with_kind(given, kind)
    _check(project, settings)
    before = tx.one(rows.LOCK, ProviderRow, id=name)
    kept = _held(before) if before is not None else None
    sealed = None
    if secret:
        if settings.client_auth in KEY_AUTHS:
            read_key(secret)
        sealed = tx.vault.seal(secret.encode(), row=rows.sealed_row(tx.project_id, name))
    elif kept is not None and kept.settings.secret_goes_to == settings.secret_goes_to:
        sealed = kept.sealed_secret
    if sealed is None and settings.client_auth != "none":
        raise InvalidArgument(error_message="The client secret is needed (again, where its receiver changes).")
    text = stored.encoded(given)
    if tx.one(rows.SAVE, IdRow, id=name, settings=text, sealed_secret=sealed, most=MOST_PROVIDERS) is None:
        raise InvalidArgument(error_message=f"A project has at most {MOST_PROVIDERS} providers.")
    tx.audit(
        "provider.saved",
        actor=actor,
        data={"provider": name, "kind": settings.kind, "enabled": settings.is_enabled, "new": kept is None},
    )
    return get(tx, name)


def delete(tx: Tx, name: str, *, actor: str) -> None:
    """Delete a provider with its secret and the tokens that it gave; who came by it stays known by it.

    Raises:
        NotFound: There is none of this name.
    """
    if tx.one(rows.DELETE, IdRow, id=name) is None:
        raise NotFound(error_message="There is no such provider.")
    count = tokens.forget_of(tx, name)
    tx.audit("provider.deleted", actor=actor, data={"provider": name, "tokens": count})


def client_secret(tx: Tx, held: Held) -> str:
    """Return the client secret, for a sign-in alone; "" when there is none.

    Raises:
        SealBroken: The secret key of the server is not the one that sealed it.
    """
    if held.sealed_secret is None:
        return ""
    return tx.vault.open(held.sealed_secret, row=rows.sealed_row(tx.project_id, held.name)).decode()


def _held(row: ProviderRow) -> Held:
    given = stored.decoded(row.settings)
    kind = kind_of(given.kind) or GENERIC["oidc"]
    settings = stored.with_kind(given, kind)
    return Held(row.id, given, settings, row.sealed_secret, row.created_at, row.updated_at)


def _check(project: Project, settings: Settings) -> None:
    """Refuse what no sign-in could go by.

    Raises:
        InvalidArgument: The message names the field.
    """
    if not settings.client_id:
        raise InvalidArgument(error_message="The client id is missing.")
    wanted = ("issuer",) if settings.protocol == "oidc" else ("issuer", "authorization_url", "token_url", "user_url")
    for name in wanted:
        if not getattr(settings, name):
            raise InvalidArgument(error_message=f"A provider of this kind needs its {name}.")
    for name in _ADDRESSES:
        address = getattr(settings, name)
        if address and target(address, project.callable_networks) is None:
            raise InvalidArgument(error_message=f"The {name} is no address that this server may call.")
    plain_issuer = settings.issuer.replace("{tenantid}", "common")
    if "?" in plain_issuer or "#" in plain_issuer or target(plain_issuer, project.callable_networks) is None:
        raise InvalidArgument(error_message="The issuer is no address that this server may call.")
    if settings.trusted_domains and "{" in settings.issuer:
        raise InvalidArgument(
            error_message="A provider of many organisations speaks for the domains of none: name the issuer of one."
        )
    if wrong := [name for name in settings.parameters if not is_parameter(name)]:
        raise InvalidArgument(error_message=f"The parameter {wrong[0]!r} cannot be set.")
    if unknown := [name for name in settings.claims if name not in CLAIMS]:
        raise InvalidArgument(error_message=f"There is no fact {unknown[0]!r} about a person.")
    if settings.client_auth == "apple" and not (settings.key_id and settings.team_id):
        raise InvalidArgument(error_message="Apple needs key_id and team_id beside the private key.")
