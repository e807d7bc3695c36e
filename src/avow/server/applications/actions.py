"""Applications: made, found, changed and deleted, with their secrets and what they may do in their own name.

Each change moves the project's version: nodes keep applications as long as it stays (`kept.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from avow.core import ids
from avow.core.oidc import clients
from avow.core.oidc.clients import Client
from avow.core.redirects import is_url
from avow.core.vault import Vault
from avow.errors import InvalidArgument, NotFound
from avow.server.applications import apis, rows
from avow.server.applications.rows import ApplicationRow, CountRow, GrantRow, IdRow, SecretRow
from avow.server.projects import actions as projects
from avow.server.store import Tx, in_list, json_text
from avow.wire.applications import ApplicationSettings, CreateApplication, UpdateApplication
from avow.wire.thirdparty import ThirdPartySettings

__all__ = [
    "ApplicationRow",
    "MISSING",
    "MISSING_SECRET",
    "MOST_LISTED",
    "MOST_SECRETS",
    "OAUTH_KINDS",
    "OIDC",
    "PUBLISHED",
    "HeldApplication",
    "add_named_secret",
    "add_secret",
    "check_page",
    "client_of",
    "count",
    "create",
    "delete",
    "every",
    "find",
    "get",
    "grant",
    "insert",
    "is_one_of",
    "is_secret",
    "list_page",
    "lock",
    "may_reach",
    "name_of",
    "revealed",
    "revoke_secret",
    "rotate",
    "save",
    "settings_of",
    "update",
]

MISSING = "There is no such application."
MISSING_SECRET = "The application has no secret of this name."
MOST_LISTED = 1000
OIDC = "oidc"
PUBLISHED = "published"  # it says itself what it is: see oidc/documents.py
OAUTH_KINDS = frozenset({OIDC, "third-party", PUBLISHED})  # all have `ApplicationSettings`
MOST_SECRETS = 20
_NAMED = ":"  # before the name in the id of a secret that has one
_SETTINGS: dict[str, type[ApplicationSettings]] = {"third-party": ThirdPartySettings}
_PREFIX = "N"
_SECRET_PREFIX = "N"
_MAC = "application-secret"
_OVERLAP_SECONDS = 86_400

Kind = Literal["oidc", "saml", "wsfed", "third-party", "published"]


@dataclass(frozen=True, slots=True)
class HeldApplication:
    """An application with its live secrets, the newest first, and what it may do in its own name."""

    row: ApplicationRow
    secrets: tuple[SecretRow, ...] = field(default=(), repr=False)
    grants: tuple[GrantRow, ...] = ()

    @property
    def id(self) -> str:
        """Return the client_id."""
        return self.row.id


def settings_of(row: ApplicationRow) -> ApplicationSettings:
    """Return the typed settings of an OpenID client; of one of others these are `ThirdPartySettings`."""
    return msgspec.json.decode(row.settings, type=_SETTINGS.get(row.kind, ApplicationSettings))


def client_of(held: HeldApplication) -> Client:
    """Return an application as the provider judges its requests."""
    row = held.row
    return Client(
        id=row.id,
        name=row.name,
        logo=row.logo,
        is_enabled=bool(row.is_enabled),
        is_trusted=bool(row.is_trusted),
        forces_authentication=bool(row.force_authentication),
        login_page_url=row.login_page_url,
        settings=settings_of(row),
        is_published=row.kind == PUBLISHED,
        machine_scopes={
            each.identifier: frozenset(msgspec.json.decode(each.scopes, type=list[str])) for each in held.grants
        },
    )


# --- Made and changed ----------------------------------------------------------------------------------------------


def create(tx: Tx, wanted: CreateApplication, *, is_open: bool, actor: str) -> tuple[str, str]:
    """Insert an OpenID client from a preset; return its id and its secret, "" for a public one.

    Raises:
        InvalidArgument: Its id is taken, its logo is no URL, or a setting cannot be.
    """
    _check_logo(wanted.logo or "")
    settings = clients.preset(wanted.preset or "regular-web", wanted.settings, is_open=is_open)
    row = ApplicationRow(
        id=wanted.id or ids.directory_id(_PREFIX, tx.now),
        kind=OIDC,
        name=wanted.name,
        description=wanted.description or "",
        logo=wanted.logo or "",
        is_enabled=1,
        is_trusted=int(settings.preset != "native" if wanted.trusted is None else wanted.trusted),
        login_page_url=wanted.login_page_url or "",
        force_authentication=int(wanted.force_authentication or False),
        settings=msgspec.json.encode(settings).decode(),
        created_at=tx.now,
        updated_at=tx.now,
    )
    insert(tx, row, actor=actor)
    is_public = settings.auth_methods == ("none",)
    return row.id, "" if is_public else add_secret(tx, row.id)


def insert(tx: Tx, row: ApplicationRow, *, actor: str) -> None:
    """Insert an application of any kind; its secret is another step.

    Raises:
        InvalidArgument: Its id is taken, or its sign-in page is no URL.
    """
    check_page(row.login_page_url)
    if tx.one(rows.INSERT, IdRow, **_columns(row), kind=row.kind) is None:
        raise InvalidArgument(error_message="There is an application with this id already.")
    projects.bump(tx)
    tx.audit("application.created", actor=actor, data={"application": row.id, "kind": row.kind})


def update(tx: Tx, wanted: UpdateApplication, *, is_open: bool, actor: str) -> None:
    """Change what is named of an OpenID client.

    Raises:
        NotFound: There is no such application.
        InvalidArgument: Its logo is no URL, or a setting cannot be.
    """
    _check_logo(wanted.logo or "")
    row = lock(tx, wanted.id).row
    settings = row.settings
    if wanted.settings and row.kind == PUBLISHED:
        raise InvalidArgument(error_message="The settings of this application are those that it publishes.")
    if wanted.settings and row.kind not in OAUTH_KINDS:
        raise InvalidArgument(error_message="The application is of SAML: `mgmt.sso_application` changes its settings.")
    if wanted.settings:
        changed = clients.changed(settings_of(row), wanted.settings, is_open=is_open)
        settings = msgspec.json.encode(changed).decode()
    save(
        tx,
        msgspec.structs.replace(
            row,
            name=row.name if wanted.name is None else wanted.name,
            description=row.description if wanted.description is None else wanted.description,
            logo=row.logo if wanted.logo is None else wanted.logo,
            is_enabled=row.is_enabled if wanted.enabled is None else int(wanted.enabled),
            is_trusted=row.is_trusted if wanted.trusted is None else int(wanted.trusted),
            login_page_url=row.login_page_url if wanted.login_page_url is None else wanted.login_page_url,
            force_authentication=row.force_authentication
            if wanted.force_authentication is None
            else int(wanted.force_authentication),
            settings=settings,
        ),
        actor=actor,
    )


def save(tx: Tx, row: ApplicationRow, *, actor: str) -> None:
    """Put an application in the place of what it was; `lock` it first. Raises as `insert`."""
    check_page(row.login_page_url)
    if tx.one(rows.UPDATE, IdRow, **_columns(row)) is None:
        raise NotFound(error_message=MISSING)
    projects.bump(tx)
    tx.audit("application.changed", actor=actor, data={"application": row.id})


def check_page(url: str) -> None:
    """Refuse a sign-in page of an application's own that browsers could not be led to.

    Raises:
        InvalidArgument: It is neither "" nor a URL of http or https without a fragment.
    """
    if url and (not is_url(url) or "#" in url):
        raise InvalidArgument(error_message=f"{url[:200]!r} is no URL that a browser could be led to.")


def delete(tx: Tx, application_id: str, *, actor: str) -> None:
    """Delete an application for ever, with its secrets, consents and grants.

    Raises:
        NotFound: There is no such application.
    """
    if tx.one(rows.DELETE, IdRow, id=application_id) is None:
        raise NotFound(error_message=MISSING)
    tx.run(rows.FORGET_REACH, id=application_id)
    projects.bump(tx)
    tx.audit("application.deleted", actor=actor, data={"application": application_id})


def grant(tx: Tx, application_id: str, audience: str, scopes: Sequence[str] | None, *, actor: str) -> None:
    """Say what an application may do at an API in its own name; None takes the API away.

    Raises:
        NotFound: There is no such application, or no such API.
        InvalidArgument: The API does not know a scope.
    """
    lock(tx, application_id)
    api = apis.get(tx, audience)
    if scopes is None:
        tx.run(rows.TAKE_AWAY, application_id=application_id, api_id=api.row.id)
    else:
        unknown = sorted(set(scopes) - {each.name for each in api.permissions})
        if unknown:
            raise InvalidArgument(error_message=f"The API does not know the scope {unknown[0][:100]!r}.")
        kept = json_text(sorted(set(scopes)))
        tx.run(rows.GRANT, application_id=application_id, api_id=api.row.id, scopes=kept)
    projects.bump(tx)
    tx.audit("application.granted", actor=actor, data={"application": application_id, "api": api.row.id})


# --- Found ---------------------------------------------------------------------------------------------------------


def find(tx: Tx, application_id: str) -> HeldApplication | None:
    """Return an application of any kind, or None."""
    row = tx.one(rows.FIND, ApplicationRow, id=application_id)
    return _held(tx, [row])[0] if row else None


def get(tx: Tx, application_id: str) -> HeldApplication:
    """Return an application.

    Raises:
        NotFound: There is none.
    """
    found = find(tx, application_id)
    if found is None:
        raise NotFound(error_message=MISSING)
    return found


def lock(tx: Tx, application_id: str) -> HeldApplication:
    """Return an application that nobody else changes until the unit ends. Raises as `get`."""
    if tx.one(rows.LOCK, IdRow, id=application_id) is None:
        raise NotFound(error_message=MISSING)
    return get(tx, application_id)


def every(tx: Tx, most: int = MOST_LISTED) -> list[HeldApplication]:
    """Return the applications of the project, the oldest first, at most so many."""
    return _held(tx, tx.all(rows.LIST, ApplicationRow, most=most))


def list_page(tx: Tx, kinds: Sequence[Kind], most: int = MOST_LISTED, passed_over: int = 0) -> list[HeldApplication]:
    """Return applications of these kinds, the oldest first, at most so many after so many."""
    clause, listed = in_list("kinds", kinds)
    statement = rows.LIST_OF_KINDS.replace("(:kinds)", clause)
    return _held(tx, tx.all(statement, ApplicationRow, most=most, passed_over=passed_over, **listed))


def count(tx: Tx, kinds: Sequence[Kind]) -> int:
    """Return how many applications of these kinds there are."""
    clause, listed = in_list("kinds", kinds)
    found = tx.one(rows.COUNT_OF_KINDS.replace("(:kinds)", clause), CountRow, **listed)
    return found.total if found else 0


def may_reach(tx: Tx, application_id: str, user_id: str) -> bool:
    """Tell whether a user may use an application: whom management has named none for may use all."""
    named = {row.id for row in tx.all(rows.REACH, IdRow, id=application_id, user_id=user_id)}
    return not named or application_id in named


# --- Secrets -------------------------------------------------------------------------------------------------------


def add_secret(tx: Tx, application_id: str) -> str:
    """Insert a secret beside those there are, and return it."""
    secret, secret_id = ids.secret_text(), ids.random_id(_SECRET_PREFIX)
    mac, sealed = _kept_of(tx, application_id, secret_id, secret)
    tx.run(rows.ADD_SECRET, application_id=application_id, id=secret_id, mac=mac, sealed=sealed)
    return secret


def rotate(tx: Tx, application_id: str, *, overlap_seconds: int | None = None, actor: str) -> str:
    """Give an application a new secret, and let those before count for a while; return the new one.

    Raises:
        NotFound: There is no such application.
        InvalidArgument: It is public or of SAML, and has none.
    """
    _require_secrets(lock(tx, application_id))
    overlap = _OVERLAP_SECONDS if overlap_seconds is None else overlap_seconds
    tx.run(rows.END_SECRETS, application_id=application_id, kept="", ends_at=tx.now + overlap)
    tx.run(rows.FORGET_SECRETS, application_id=application_id)
    secret = add_secret(tx, application_id)
    projects.bump(tx)
    tx.audit("application.secret_rotated", actor=actor, data={"application": application_id, "overlap": overlap})
    return secret


def revealed(tx: Tx, held: HeldApplication, name: str = "", *, actor: str) -> str:
    """Return a secret in clear text: the contract reads it back.

    Args:
        tx: The unit; the audit says who read it.
        held: Whose.
        name: Of a secret that was added with one; "" for the newest of the rotation.
        actor: For the audit.

    Returns:
        The secret, "" for none.

    Raises:
        NotFound: There is none with this name.
    """
    found = [each for each in held.secrets if name_of(each) == name]
    if name and not found:
        raise NotFound(error_message=MISSING_SECRET)
    tx.audit("application.secret_read", actor=actor, data={"application": held.id, "name": name})
    if not found:
        return ""
    # One that counts for good is newer than one that ends, in the second in which it was rotated too.
    newest = min(found, key=lambda each: (each.ends_at is not None, -each.created_at))
    return tx.vault.open(newest.sealed, row=rows.sealed_row(tx.project_id, held.id, newest.id)).decode()


def name_of(secret: SecretRow) -> str:
    """Return the name that a secret was given, or ""."""
    return secret.id.removeprefix(_NAMED) if secret.id.startswith(_NAMED) else ""


def add_named_secret(
    tx: Tx, held: HeldApplication, name: str, *, ends_at: int | None, actor: str
) -> tuple[SecretRow, str]:
    """Insert a secret with a name, which no rotation ends, beside the others; return it.

    Args:
        tx: The unit that has locked the application.
        held: Whose.
        name: That no other of its secrets has.
        ends_at: When it ends, or None.
        actor: For the audit.

    Raises:
        InvalidArgument: The application keeps no secrets or has enough, the name is taken, or the end is past.
    """
    _require_secrets(held)
    if len(held.secrets) >= MOST_SECRETS:
        raise InvalidArgument(error_message=f"An application has at most {MOST_SECRETS} secrets.")
    if ends_at is not None and ends_at <= tx.now:
        raise InvalidArgument(error_message="expireTime is past.")
    tx.run(rows.FORGET_SECRETS, application_id=held.id)
    secret, secret_id = ids.secret_text(), f"{_NAMED}{name}"
    mac, sealed = _kept_of(tx, held.id, secret_id, secret)
    row = SecretRow(held.id, secret_id, mac, sealed, tx.now, ends_at)
    values = {"application_id": held.id, "id": secret_id, "mac": mac, "sealed": sealed, "ends_at": ends_at}
    if tx.one(rows.ADD_NAMED_SECRET, IdRow, **values) is None:
        raise InvalidArgument(error_message="The application has a secret of this name already.")
    projects.bump(tx)
    tx.audit("application.secret_added", actor=actor, data={"application": held.id, "name": name})
    return row, secret


def revoke_secret(tx: Tx, held: HeldApplication, name: str, *, actor: str) -> None:
    """End a secret with a name at once.

    Raises:
        NotFound: There is none.
    """
    if tx.one(rows.REVOKE_SECRET, IdRow, application_id=held.id, id=f"{_NAMED}{name}") is None:
        raise NotFound(error_message=MISSING_SECRET)
    projects.bump(tx)
    tx.audit("application.secret_revoked", actor=actor, data={"application": held.id, "name": name})


def is_secret(tx: Tx, held: HeldApplication, secret: str) -> bool:
    """Tell whether a text is a secret of an application that counts now; constant time in the secret."""
    return is_one_of(tx.vault, tx.project_id, held.id, held.secrets, secret, tx.now)


def is_one_of(
    vault: Vault, project_id: str, application_id: str, secrets: Sequence[SecretRow], secret: str, now: int
) -> bool:
    """Tell the same outside a unit, of secrets that were read before."""
    matches = [
        vault.is_mac(each.mac, _MAC, project_id, application_id, secret)
        for each in secrets
        if each.ends_at is None or each.ends_at > now
    ]
    return any(matches)


# --- Parts ---------------------------------------------------------------------------------------------------------


def _check_logo(logo: str) -> None:
    if logo and not is_url(logo):
        raise InvalidArgument(error_message=f"{logo[:200]!r} is no URL of a picture.")


def _require_secrets(held: HeldApplication) -> None:
    if held.row.kind not in OAUTH_KINDS or client_of(held).is_public:
        raise InvalidArgument(error_message="The application is public, or of SAML: it keeps no secret.")


def _kept_of(tx: Tx, application_id: str, secret_id: str, secret: str) -> tuple[bytes, bytes]:
    """Return what is kept of a secret: the MAC that it is checked by, and the sealed text that is read back."""
    sealed = tx.vault.seal(secret.encode(), row=rows.sealed_row(tx.project_id, application_id, secret_id))
    return tx.vault.mac(_MAC, tx.project_id, application_id, secret), sealed


def _held(tx: Tx, found: Sequence[ApplicationRow]) -> list[HeldApplication]:
    if not found:
        return []
    clause, listed = in_list("application_ids", [row.id for row in found])
    secrets: dict[str, list[SecretRow]] = {}
    for secret in tx.all(rows.SECRETS.replace("(:application_ids)", clause), SecretRow, **listed):
        secrets.setdefault(secret.application_id, []).append(secret)
    grants: dict[str, list[GrantRow]] = {}
    for each in tx.all(rows.GRANTS.replace("(:application_ids)", clause), GrantRow, **listed):
        grants.setdefault(each.application_id, []).append(each)
    return [HeldApplication(row, tuple(secrets.get(row.id, ())), tuple(grants.get(row.id, ()))) for row in found]


def _columns(row: ApplicationRow) -> dict[str, str | int]:
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "logo": row.logo,
        "is_enabled": row.is_enabled,
        "is_trusted": row.is_trusted,
        "login_page_url": row.login_page_url,
        "force_authentication": row.force_authentication,
        "settings": row.settings,
    }
