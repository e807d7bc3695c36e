"""The routes of tenants."""

from collections.abc import Iterable
from dataclasses import replace
from typing import cast

import msgspec

from avow import shaping
from avow.server.serving import Call, Slice, Steps, reads, steps, write, writes
from avow.server.store import Tx
from avow.server.tenants import actions, deletion
from avow.server.tenants.actions import HeldTenant, Settings, Wanted
from avow.wire import tenants as wire
from avow.wire.endpoint import Nothing
from avow.wire.tenants import (
    ChangeSettings,
    CreatedTenant,
    CreateTenant,
    DefaultRoles,
    DeleteTenant,
    PatchTenant,
    SearchTenants,
    SetupSuite,
    Tenant,
    TenantId,
    Tenants,
    TenantSettings,
    UpdateTenant,
)

__all__ = ["SLICE"]

_SETTINGS = frozenset(field.name for field in msgspec.structs.fields(Settings)) - {"setup_suite", "mfa_since"}


def create(tx: Tx, call: Call[CreateTenant]) -> CreatedTenant:
    """Make a tenant and return its id."""
    body = call.body
    wanted = HeldTenant(
        id="",
        name=body.name,
        is_disabled=bool(body.disabled),
        enforces_sso=bool(body.enforces_sso),
        parent=body.parent or "",
        custom_attributes=body.custom_attributes or {},
        sso_exclusions=body.sso_exclusions or (),
        federated_app_ids=body.federated_app_ids or (),
        provisioning_domains=actions.folded(body.self_provisioning_domains or ()),
    )
    made = actions.create(tx, body.name, tenant_id=body.id or "", wanted=wanted, actor=call.management.actor)
    return CreatedTenant(id=made)


def update(tx: Tx, call: Call[UpdateTenant]) -> None:
    """Replace all that a tenant is; what the call does not name is emptied."""
    body = call.body
    before = actions.lock(tx, body.id)
    after = replace(
        before,
        name=body.name,
        is_disabled=bool(body.disabled),
        enforces_sso=bool(body.enforces_sso),
        custom_attributes=body.custom_attributes or {},
        sso_exclusions=body.sso_exclusions or (),
        federated_app_ids=body.federated_app_ids or (),
        provisioning_domains=actions.folded(body.self_provisioning_domains or ()),
    )
    actions.save(tx, before, after, actor=call.management.actor)


def patch(tx: Tx, call: Call[PatchTenant]) -> None:
    """Change what the call names; a custom attribute of null is taken out, those not named stay."""
    body = call.body
    before = actions.lock(tx, body.id)
    merged = {**before.custom_attributes, **(body.custom_attributes or {})}
    after = replace(
        before,
        name=before.name if body.name is None else body.name,
        is_disabled=before.is_disabled if body.disabled is None else body.disabled,
        enforces_sso=before.enforces_sso if body.enforces_sso is None else body.enforces_sso,
        role_inheritance=before.role_inheritance if body.role_inheritance is None else body.role_inheritance,
        custom_attributes={name: value for name, value in merged.items() if value is not None},
        sso_exclusions=before.sso_exclusions if body.sso_exclusions is None else body.sso_exclusions,
        federated_app_ids=before.federated_app_ids if body.federated_app_ids is None else body.federated_app_ids,
        provisioning_domains=(
            before.provisioning_domains
            if body.self_provisioning_domains is None
            else actions.folded(body.self_provisioning_domains)
        ),
    )
    actions.save(tx, before, after, actor=call.management.actor)


def delete(call: Call[DeleteTenant]) -> Steps[None]:
    """Delete a tenant for ever, with its roles and memberships; it leaves the next token of its members.

    With `cascade`, users and access keys that belong to no other tenant are deleted too. Nothing of the tenant works
    from the beginning on; its members leave some at a time. Who repeats a call that did not end goes on with it, and
    so does the server within minutes. Its id is free when the call has ended.
    """
    if call.body.cascade:
        call.management.require("user")
        call.management.require("access_key")
    tenant_id, actor = call.body.id, call.management.actor
    is_gone = yield from write(deletion.begin, tenant_id, cascade=bool(call.body.cascade), actor=actor)
    while not is_gone:
        is_gone = yield from write(deletion.go_on, tenant_id)


def load(tx: Tx, call: Call[TenantId]) -> Tenant:
    """Return a tenant."""
    call.confinement.require(call.body.id)
    return actions.shown(actions.get(tx, call.body.id))


def load_all(tx: Tx, call: Call[Nothing]) -> Tenants:
    """Return every tenant of the project, the oldest first; where there are more than 20,000, search for some."""
    return _shown(actions.search(tx, Wanted(), most=wire.MOST_LISTED))


def search(tx: Tx, call: Call[SearchTenants]) -> Tenants:
    """Return the tenants that match everything asked for, the oldest first; more than 20,000 are refused."""
    body = call.body
    wanted = Wanted(
        tenant_ids=body.tenant_ids or (),
        names=body.tenant_names or (),
        domains=body.tenant_self_provisioning_domains or (),
        custom_attributes=body.custom_attributes,
    )
    return _shown(actions.search(tx, wanted, most=wire.MOST_LISTED))


def update_default_roles(tx: Tx, call: Call[DefaultRoles]) -> None:
    """Say what new members of a tenant hold there; those who are members already keep what they have."""
    call.management.require("role")
    actions.set_default_roles(tx, call.body.id, call.body.default_roles or (), actor=call.management.actor)


def load_settings(tx: Tx, call: Call[TenantId]) -> TenantSettings:
    """Return the settings of a tenant."""
    tenant = actions.get(tx, call.body.id)
    kept = {name: getattr(tenant.settings, name) for name in _SETTINGS}
    return TenantSettings(
        domains=tenant.sso_domains,
        self_provisioning_domains=tenant.provisioning_domains,
        session_settings_enabled=tenant.settings.enabled,
        sso_setup_suite_settings=shaping.convert(tenant.settings.setup_suite, SetupSuite),
        **kept,
    )


def update_settings(tx: Tx, call: Call[ChangeSettings]) -> None:
    """Change the named settings of a tenant.

    `authType` says how members are to sign in through the tenant's first SSO configuration. It may be said before that
    configuration has such settings: until it has, nobody signs in through it. Who turns that on or off, or changes of
    which domains its word counts, decides who signs in as whom: it takes the right to give roles besides.
    """
    body = call.body
    before = actions.lock(tx, body.tenant_id)
    changes = {name: getattr(body, name) for name in _SETTINGS if getattr(body, name) is not None}
    if body.sso_setup_suite_settings is not None:
        changes["setup_suite"] = cast(dict[str, object], msgspec.to_builtins(body.sso_setup_suite_settings))
    if changes.get("auth_type") == "":
        changes["auth_type"] = "none"
    if changes.get("mfa", before.settings.mfa) != before.settings.mfa:
        changes["mfa_since"] = tx.now
    after = replace(
        before,
        settings=msgspec.structs.replace(before.settings, **changes),
        enforces_sso=before.enforces_sso if body.enforces_sso is None else body.enforces_sso,
        sso_exclusions=before.sso_exclusions if body.sso_exclusions is None else body.sso_exclusions,
        federated_app_ids=before.federated_app_ids if body.federated_app_ids is None else body.federated_app_ids,
        sso_domains=before.sso_domains if body.domains is None else actions.folded(body.domains),
        provisioning_domains=(
            before.provisioning_domains
            if body.self_provisioning_domains is None
            else actions.folded(body.self_provisioning_domains)
        ),
    )
    if after.settings.auth_type != before.settings.auth_type or set(after.sso_domains) != set(before.sso_domains):
        call.management.require("role")
    actions.save(tx, before, after, actor=call.management.actor)


def _shown(found: Iterable[HeldTenant]) -> Tenants:
    return Tenants(tenants=tuple(map(actions.shown, found)))


SLICE = Slice(
    "tenants",
    (
        writes(wire.CREATE, create),
        writes(wire.UPDATE, update),
        writes(wire.PATCH, patch),
        steps(wire.DELETE, delete),
        reads(wire.LOAD, load),
        reads(wire.LOAD_ALL, load_all),
        reads(wire.SEARCH, search),
        writes(wire.UPDATE_DEFAULT_ROLES, update_default_roles),
        reads(wire.LOAD_SETTINGS, load_settings),
        writes(wire.UPDATE_SETTINGS, update_settings),
    ),
)
