"""Applications: made, found, changed and deleted, with their secrets and what they may do in their own name.

Each change moves the project's version: nodes keep applications as long as it stays (`kept.py`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

import msgspec

from avow import shaping
from avow.core import ids
from avow.core.flows.builtin import BUILT_IN
from avow.core.oidc import clients, redirects
from avow.core.oidc.clients import Client
from avow.core.vault import Vault
from avow.errors import InvalidArgument, NotFound
from avow.server.applications import apis, registered, rows
from avow.server.applications.rows import ApplicationRow, CountRow, GrantRow, IdRow, NameRow, SecretRow
from avow.server.projects import actions as projects
from avow.server.serving import Client as Caller
from avow.server.store import Tx, in_list, json_text
from avow.wire.applications import ApplicationSettings, CreateApplication, UpdateApplication
from avow.wire.thirdparty import ThirdPartySettings

__all__ = [
    "ApplicationRow",
    "KINDS",
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
    "check_addresses",
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
    "names",
    "revealed",
    "revoke_secret",
    "rotate",
    "save",
    "settings_of",
    "settle_secrets",
    "update",
    "whole",
]

MISSING = "There is no such application."
MISSING_SECRET = "The application has no secret of this name."
MOST_LISTED = 1000
_MOST_WHOLE = 10_000
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
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


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
    return shaping.decode(row.settings, _SETTINGS.get(row.kind, ApplicationSettings))


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
        machine_scopes={each.identifier: frozenset(shaping.decode(each.scopes, list[str])) for each in held.grants},
    )


# --- Made and changed ----------------------------------------------------------------------------------------------


def create(tx: Tx, wanted: CreateApplication, *, is_open: bool, actor: str) -> tuple[str, str]:
    """Insert an OpenID client from a preset; return its id and its secret, "" for a public one.

    Raises:
        InvalidArgument: Its id is taken, an address is none, or a setting cannot be, or names what there is not.
    """
    check_addresses(wanted.login_page_url or "", wanted.logo or "", is_open=is_open)
    settings = clients.preset(wanted.preset or "regular-web", wanted.settings, is_open=is_open)
    _require_named(tx, settings)
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


def insert(
    tx: Tx, row: ApplicationRow, *, actor: str, caller: Caller | None = None, registers_itself: bool = False
) -> None:
    """Insert an application of any kind; its secret is another step. Strangers are on record with their address.

    Raises:
        InvalidArgument: Its id is taken, or one of those that register themselves.
    """
    if registered.is_one(row.id) and not registers_itself:
        text = f"Ids that begin with {registered.PREFIX} are those of applications that register themselves."
        raise InvalidArgument(error_message=text)
    if tx.one(rows.INSERT, IdRow, **_columns(row), kind=row.kind) is None:
        raise InvalidArgument(error_message="There is an application with this id already.")
    projects.bump(tx)
    _note(tx, "application.created", {"application": row.id, "kind": row.kind}, actor, caller)


def update(tx: Tx, wanted: UpdateApplication, *, is_open: bool, actor: str) -> str:
    """Change what is named of an OpenID client; return the secret of one that was public until now, else "".

    Raises:
        NotFound: There is no such application.
        InvalidArgument: An address is none, or a setting cannot be, or names what there is not.
    """
    check_addresses(wanted.login_page_url or "", wanted.logo or "", is_open=is_open)
    held = lock(tx, wanted.id)
    row, secret = held.row, ""
    settings = row.settings
    if wanted.settings and row.kind == PUBLISHED:
        raise InvalidArgument(error_message="The settings of this application are those that it publishes.")
    if wanted.settings and row.kind not in OAUTH_KINDS:
        raise InvalidArgument(error_message="The application is of SAML: `mgmt.sso_application` changes its settings.")
    if wanted.settings:
        before = settings_of(row)
        changed = clients.changed(before, wanted.settings, is_open=is_open)
        _require_named(tx, changed, before)
        settings = msgspec.json.encode(changed).decode()
        secret = settle_secrets(tx, held, changed)
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
    return secret


def save(tx: Tx, row: ApplicationRow, *, actor: str, caller: Caller | None = None) -> None:
    """Put an application in the place of what it was; `lock` it first. Of strangers as `insert`.

    Raises:
        NotFound: There is no such application.
    """
    if tx.one(rows.UPDATE, IdRow, **_columns(row)) is None:
        raise NotFound(error_message=MISSING)
    projects.bump(tx)
    _note(tx, "application.changed", {"application": row.id}, actor, caller)


def check_addresses(login_page_url: str, logo: str, *, is_open: bool) -> None:
    """Refuse a sign-in page and a picture of an application that browsers should not be led to.

    Raises:
        InvalidArgument: One is neither "" nor an https URL without a fragment; of this machine http does, and in
            development (`is_open`) of all.
    """
    for url in filter(None, (login_page_url, logo)):
        if not redirects.is_redirect(url, takes_schemes=False, is_open=is_open):
            raise InvalidArgument(error_message=f"{url[:200]!r} is no URL of https that a browser could be led to.")


def delete(tx: Tx, application_id: str, *, actor: str, caller: Caller | None = None) -> None:
    """Delete an application for ever, with its secrets, consents and grants. Of strangers as `insert`.

    Raises:
        NotFound: There is no such application.
    """
    if tx.one(rows.DELETE, IdRow, id=application_id) is None:
        raise NotFound(error_message=MISSING)
    tx.run(rows.FORGET_REACH, id=application_id)
    projects.bump(tx)
    _note(tx, "application.deleted", {"application": application_id}, actor, caller)


def grant(tx: Tx, application_id: str, audience: str, scopes: Sequence[str] | None, *, actor: str) -> None:
    """Say what an application may do at an API in its own name; None takes the API away.

    Raises:
        NotFound: There is no such application, or no such API.
        InvalidArgument: The API does not know a scope.
    """
    lock(tx, application_id)
    api = apis.lock(tx, audience)  # so that it knows each scope until this is written
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


def every(tx: Tx) -> Iterator[HeldApplication]:
    """Return all applications of the project, the oldest first."""
    passed_over = 0
    while found := list_page(tx, KINDS, MOST_LISTED, passed_over):
        yield from found
        passed_over += len(found)


def whole(tx: Tx, kinds: Sequence[Kind]) -> list[HeldApplication]:
    """Return all applications of these kinds, the oldest first, for those who can ask for no page.

    Raises:
        InvalidArgument: There are too many for one answer.
    """
    if count(tx, kinds) > _MOST_WHOLE:
        text = f"There are more than {_MOST_WHOLE} applications: mgmt.app.list returns them in pages."
        raise InvalidArgument(error_message=text)
    wanted = frozenset(kinds)
    return [each for each in every(tx) if each.row.kind in wanted]


def list_page(
    tx: Tx, kinds: Sequence[Kind], most: int = MOST_LISTED, passed_over: int = 0, *, is_managed: bool = False
) -> list[HeldApplication]:
    """Return applications of these kinds, the oldest first, at most so many after so many.

    Those that registered themselves are left out where only what is managed is wanted (`is_managed`).
    """
    clause, listed = in_list("kinds", kinds)
    statement = (rows.LIST_MANAGED if is_managed else rows.LIST_OF_KINDS).replace("(:kinds)", clause)
    return _held(tx, tx.all(statement, ApplicationRow, most=most, passed_over=passed_over, **listed))


def count(tx: Tx, kinds: Sequence[Kind]) -> int:
    """Return how many applications of these kinds there are."""
    clause, listed = in_list("kinds", kinds)
    found = tx.one(rows.COUNT_OF_KINDS.replace("(:kinds)", clause), CountRow, **listed)
    return found.total if found else 0


def names(tx: Tx, application_ids: Sequence[str]) -> dict[str, str]:
    """Return what applications are called, by id, in one statement; those that there are not are left out."""
    clause, listed = in_list("ids", application_ids)
    return {row.id: row.name for row in tx.all(rows.NAMES.replace("(:ids)", clause), NameRow, **listed)}


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
        InvalidArgument: It is public or of SAML, and has none; or as many as there may be count still.
    """
    _require_secrets(lock(tx, application_id))
    overlap = _OVERLAP_SECONDS if overlap_seconds is None else overlap_seconds
    tx.run(rows.END_SECRETS, application_id=application_id, kept="", ends_at=tx.now + overlap)
    tx.run(rows.FORGET_SECRETS, application_id=application_id)
    if overlap and len(get(tx, application_id).secrets) >= MOST_SECRETS:
        text = f"{MOST_SECRETS} secrets of the application count still; with overlapSeconds 0 those before end at once."
        raise InvalidArgument(error_message=text)
    secret = add_secret(tx, application_id)
    projects.bump(tx)
    tx.audit("application.secret_rotated", actor=actor, data={"application": application_id, "overlap": overlap})
    return secret


def settle_secrets(tx: Tx, held: HeldApplication, settings: ApplicationSettings) -> str:
    """Take the secrets of an application that becomes public, and give one to one that was public; return that, or "".

    Args:
        tx: The unit that has locked the application.
        held: As it was.
        settings: As they will be.
    """
    is_public = settings.auth_methods == ("none",)
    if is_public == client_of(held).is_public:
        return ""
    tx.run(rows.END_ALL_SECRETS, application_id=held.id)
    return "" if is_public else add_secret(tx, held.id)


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


def _require_named(tx: Tx, settings: ApplicationSettings, before: ApplicationSettings | None = None) -> None:
    """Refuse settings that name an API or a flow that there is not; what they named before, they may name.

    Raises:
        InvalidArgument: They do.
    """
    known = ("",) if before is None else ("", before.default_audience, before.flow, before.sign_up_flow)
    audience = settings.default_audience
    if audience not in known:
        api = apis.find(tx, audience)
        if api is None or api.row.identifier != audience:
            raise InvalidArgument(error_message=f"defaultAudience: there is no API {audience[:200]!r}.")
    for flow in (settings.flow, settings.sign_up_flow):
        if flow not in known and flow not in BUILT_IN and tx.one(rows.FLOW, IdRow, id=flow) is None:
            raise InvalidArgument(error_message=f"There is no flow {flow[:200]!r}.")


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


def _note(tx: Tx, action: str, data: Mapping[str, object], actor: str, caller: Caller | None) -> None:
    address, device = (caller.address, caller.device) if caller else ("", "")
    tx.audit(action, actor=actor, address=address, device=device, data=data)


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
