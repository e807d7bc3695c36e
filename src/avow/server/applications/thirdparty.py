"""The contract's operations of applications of others: `mgmt.third_party_application`, consents excepted."""

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

import msgspec

from avow import shaping
from avow.core import ids
from avow.core.oidc import clients, scopes
from avow.errors import InvalidArgument, NotFound
from avow.server.applications import actions, secrets
from avow.server.applications.actions import HeldApplication
from avow.server.applications.rows import ApplicationRow
from avow.server.applications.secrets import Kinds
from avow.server.serving import Call, reads, writes
from avow.server.store import Tx
from avow.wire import thirdparty as wire
from avow.wire.applicationsecrets import MadeApplication, WhichApplication
from avow.wire.endpoint import Nothing
from avow.wire.ssoapplications import BearerSettings
from avow.wire.thirdparty import (
    ApplicationScope,
    CreateThirdParty,
    LoadPage,
    LoadThirdParty,
    PatchThirdParty,
    ScopeClaims,
    ThirdParties,
    ThirdParty,
    ThirdPartyIds,
    ThirdPartyPage,
    ThirdPartySettings,
    UpdateThirdParty,
)

__all__ = ["HANDLERS"]

_KINDS: Final[Kinds] = ("third-party",)
_PREFIX = "N"
_PAGE = 100
_NEW: Final = clients.OTHERS
_RULES: Final = frozenset({"projectId", "clientId"})
_PUBLIC: Final = ("none",)

Shaped = TypeVar("Shaped", bound=msgspec.Struct)


def create(tx: Tx, call: Call[CreateThirdParty]) -> MadeApplication:
    """Make an application of others and return its secret; everybody whom it signs in is asked for consent."""
    body = call.body
    actions.check_addresses(body.login_page_url, body.logo or "", is_open=call.project.is_open)
    settings = _settings(_NEW, body, is_open=call.project.is_open, keeps=False)
    row = ApplicationRow(
        id=ids.directory_id(_PREFIX, tx.now),
        kind="third-party",
        name=body.name,
        description=body.description or "",
        logo=body.logo or "",
        is_enabled=1,
        is_trusted=0,
        login_page_url=body.login_page_url,
        force_authentication=0,
        settings=msgspec.json.encode(settings).decode(),
        created_at=tx.now,
        updated_at=tx.now,
    )
    actions.insert(tx, row, actor=call.management.actor)
    is_public = settings.auth_methods == _PUBLIC
    return MadeApplication(id=row.id, cleartext="" if is_public else actions.add_secret(tx, row.id))


def update(tx: Tx, call: Call[UpdateThirdParty]) -> Nothing:
    """Make an application as the body says; what it leaves out is emptied. Its secrets and consents stay."""
    body = call.body
    return _saved(tx, call, body, name=body.name, login_page_url=body.login_page_url, keeps=False)


def patch(tx: Tx, call: Call[PatchThirdParty]) -> Nothing:
    """Change what is named of an application and nothing else."""
    body = call.body
    return _saved(tx, call, body, name=body.name, login_page_url=body.login_page_url, keeps=True)


def delete(tx: Tx, call: Call[WhichApplication]) -> Nothing:
    """Delete an application for ever, with its secrets and consents; what it was granted ends at once."""
    _delete(tx, call, [call.body.id])
    return Nothing()


def delete_batch(tx: Tx, call: Call[ThirdPartyIds]) -> Nothing:
    """Delete several applications for ever, all or none."""
    _delete(tx, call, call.body.ids or ())
    return Nothing()


def load(tx: Tx, call: Call[LoadThirdParty]) -> ThirdParty:
    """Return an application, without its secrets."""
    return _shown(secrets.held(tx, call.body.id, _KINDS))


def load_all(tx: Tx, call: Call[Nothing]) -> ThirdParties:
    """Return all applications of others, the oldest first; of more than ten thousand, `load_page` returns pages."""
    return ThirdParties(apps=tuple(map(_shown, actions.whole(tx, _KINDS))))


def load_page(tx: Tx, call: Call[LoadPage]) -> ThirdPartyPage:
    """Return a page of the applications of others, the oldest first, and how many there are."""
    limit = call.body.limit or _PAGE
    found = actions.list_page(tx, _KINDS, limit, limit * (call.body.page or 0))
    return ThirdPartyPage(apps=tuple(map(_shown, found)), total=actions.count(tx, _KINDS))


def _saved(
    tx: Tx,
    call: Call[UpdateThirdParty] | Call[PatchThirdParty],
    body: UpdateThirdParty | PatchThirdParty,
    *,
    name: str | None,
    login_page_url: str | None,
    keeps: bool,
) -> Nothing:
    held = actions.lock(tx, body.id)
    row = held.row
    if row.kind not in _KINDS:
        raise NotFound(error_message=actions.MISSING)
    actions.check_addresses(login_page_url or "", body.logo or "", is_open=call.project.is_open)
    settings = _settings(_settings_of(row), body, is_open=call.project.is_open, keeps=keeps)
    changed = msgspec.structs.replace(
        row,
        name=row.name if name is None else name,
        login_page_url=row.login_page_url if login_page_url is None else login_page_url,
        description=_said(body.description, row.description, keeps=keeps),
        logo=_said(body.logo, row.logo, keeps=keeps),
        settings=msgspec.json.encode(settings).decode(),
    )
    actions.save(tx, changed, actor=call.management.actor)
    actions.settle_secrets(tx, held, settings)
    return Nothing()


def _said(given: str | None, before: str, *, keeps: bool) -> str:
    if given is None:
        return before if keeps else ""
    return given


def _delete(tx: Tx, call: Call[WhichApplication] | Call[ThirdPartyIds], named: Sequence[str]) -> None:
    # In one order everywhere, so that two batches do not wait for each other.
    for each in sorted(set(named)):
        secrets.held(tx, each, _KINDS)
        actions.delete(tx, each, actor=call.management.actor)


def _settings(
    before: ThirdPartySettings,
    body: CreateThirdParty | UpdateThirdParty | PatchThirdParty,
    *,
    is_open: bool,
    keeps: bool,
) -> ThirdPartySettings:
    """Return settings as a body says them; what it leaves out stays as before, or is as in a new application.

    Raises:
        InvalidArgument: Something cannot be.
    """
    base = before if keeps else _emptied(before)
    given: dict[str, object] = {
        "permissions_scopes": _each(body.permissions_scopes, ApplicationScope, "permissionsScopes"),
        "attributes_scopes": _each(body.attributes_scopes, ApplicationScope, "attributesScopes"),
        "scope_claim_mapping": _each(body.scope_claim_mapping, ScopeClaims, "scopeClaimMapping"),
        "jwt_bearer_settings": _one(body.jwt_bearer_settings, BearerSettings, "jwtBearerSettings"),
        "custom_attributes": body.custom_attributes,
        "redirect_uris": body.approved_callback_urls,
        "pkce": None if body.force_pkce is None else "required" if body.force_pkce else "allowed",
        "requires_dpop": body.force_dpop,
        "auth_methods": _methods(body.client_type),
    }
    if body.default_audience is not None:
        is_rule = body.default_audience in _RULES
        given |= {
            "audience_rule": body.default_audience if is_rule else "",
            "default_audience": "" if is_rule else body.default_audience,
        }
    made = msgspec.structs.replace(base, **{name: value for name, value in given.items() if value is not None})
    named = dict.fromkeys((*_names(made), *(each.scope for each in made.scope_claim_mapping)))
    made = msgspec.structs.replace(made, scopes=tuple(each for each in named if each not in scopes.STANDARD))
    return clients.changed(made, {}, is_open=is_open)


def _emptied(before: ThirdPartySettings) -> ThirdPartySettings:
    """Return settings without what the contract's operations say; what only `mgmt.app.update` says stays."""
    said = (
        "permissions_scopes",
        "attributes_scopes",
        "scope_claim_mapping",
        "jwt_bearer_settings",
        "custom_attributes",
        "redirect_uris",
        "pkce",
        "requires_dpop",
        "auth_methods",
        "audience_rule",
        "default_audience",
    )
    return msgspec.structs.replace(before, **{name: getattr(_NEW, name) for name in said})


def _names(settings: ThirdPartySettings) -> Iterable[str]:
    return (each.name for each in (*settings.permissions_scopes, *settings.attributes_scopes))


def _each(given: Sequence[object] | None, shape: type[Shaped], name: str) -> tuple[Shaped, ...] | None:
    return None if given is None else tuple(_converted(each, shape, name) for each in given)


def _one(given: object, shape: type[Shaped], name: str) -> Shaped | None:
    return None if given is None else _converted(given, shape, name)


def _converted(given: object, shape: type[Shaped], name: str) -> Shaped:
    try:
        return shaping.convert(given, shape)
    except msgspec.ValidationError as wrong:
        raise InvalidArgument(error_message=f"{name} is not valid: {wrong}.") from wrong


def _methods(client_type: str | None) -> tuple[str, ...] | None:
    if client_type is None:
        return None
    if client_type == "public":
        return _PUBLIC
    if client_type in ("", "confidential"):
        return _NEW.auth_methods
    raise InvalidArgument(error_message="clientType is confidential or public.")


def _settings_of(row: ApplicationRow) -> ThirdPartySettings:
    return shaping.decode(row.settings, ThirdPartySettings)


def _shown(held: HeldApplication) -> ThirdParty:
    row, settings = held.row, _settings_of(held.row)
    return ThirdParty(
        id=row.id,
        name=row.name,
        description=row.description,
        logo=row.logo,
        login_page_url=row.login_page_url,
        client_id=row.id,
        approved_callback_urls=settings.redirect_uris,
        permissions_scopes=settings.permissions_scopes,
        attributes_scopes=settings.attributes_scopes,
        scope_claim_mapping=settings.scope_claim_mapping,
        jwt_bearer_settings=settings.jwt_bearer_settings,
        custom_attributes=settings.custom_attributes,
        force_pkce=settings.pkce == "required",
        default_audience=settings.audience_rule or settings.default_audience,
        client_type="public" if settings.auth_methods == _PUBLIC else "confidential",
        force_dpop=settings.requires_dpop,
    )


HANDLERS = (
    writes(wire.CREATE, create),
    writes(wire.CREATE_V2, create),
    writes(wire.UPDATE, update),
    writes(wire.UPDATE_V2, update),
    writes(wire.PATCH, patch),
    writes(wire.PATCH_V2, patch),
    writes(wire.DELETE, delete),
    writes(wire.DELETE_BATCH, delete_batch),
    reads(wire.LOAD, load),
    reads(wire.LOAD_V2, load),
    reads(wire.LOAD_ALL, load_all),
    reads(wire.LOAD_PAGE, load_page),
    *secrets.handlers(_KINDS, wire.SECRET, wire.ROTATE, wire.ADD_SECRET, wire.REVOKE_SECRET),
)
