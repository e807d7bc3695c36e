"""Tenants: made, changed, found and deleted; joined by users, who are given their default roles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from avow import shaping
from avow.core import addresses, ids
from avow.errors import InvalidArgument, NotFound
from avow.server.attributes import actions as attributes
from avow.server.roles import actions as roles
from avow.server.store import MOST_IN_LIST, Search, Tx, in_list, json_object, json_text
from avow.server.tenants import rows
from avow.server.tenants.rows import DefaultRow, DetailsRow, DomainRow, IdRow, JoinedRow, LeadRow, MemberRow, TenantRow
from avow.wire.tenants import Tenant

__all__ = [
    "PROVISIONING",
    "SSO",
    "HeldTenant",
    "Settings",
    "Wanted",
    "add_member",
    "create",
    "demanding_sso",
    "folded",
    "get",
    "joined_at",
    "lock",
    "save",
    "search",
    "set_default_roles",
    "set_auth_type",
    "set_domains",
    "set_sso_domains",
    "shown",
    "sso_domains",
]

PROVISIONING, SSO = "provisioning", "sso"
_MISSING = "There is no such tenant."


class Settings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The settings of a tenant as they are kept; fields as in `wire.tenants.TenantSettings`.

    `mfa_since` is when `mfa` became what it is.
    """

    auth_type: str = "none"
    enabled: bool = False
    refresh_token_expiration: int = 0
    refresh_token_expiration_unit: str = ""
    session_token_expiration: int = 0
    session_token_expiration_unit: str = ""
    stepup_token_expiration: int = 0
    stepup_token_expiration_unit: str = ""
    enable_inactivity: bool = False
    inactivity_time: int = 0
    inactivity_time_unit: str = ""
    jit_disabled: bool = False
    mfa: str = ""
    mfa_since: int = 0
    trusted_device_days: int = -1
    fresh_proof_seconds: int = -1
    setup_suite: dict[str, object] = {}


class _Details(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    sso_exclusions: tuple[str, ...] = ()
    federated_app_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldTenant:
    """A tenant with all that it is; `parent` is "" when it is part of none."""

    id: str
    name: str
    created_at: int = 0
    is_disabled: bool = False
    enforces_sso: bool = False
    parent: str = ""
    role_inheritance: str = ""
    custom_attributes: Mapping[str, object] = field(default_factory=dict)
    sso_exclusions: tuple[str, ...] = ()
    federated_app_ids: tuple[str, ...] = ()
    settings: Settings = field(default_factory=Settings)
    provisioning_domains: tuple[str, ...] = ()
    sso_domains: tuple[str, ...] = ()
    default_roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tenants a search is for; what is empty does not limit."""

    tenant_ids: Sequence[str] = ()
    names: Sequence[str] = ()
    domains: Sequence[str] = ()
    custom_attributes: Mapping[str, object] | None = None


def create(tx: Tx, name: str, *, tenant_id: str = "", wanted: HeldTenant | None = None, actor: str = "command") -> str:
    """Insert a tenant; return its id, which is made up unless one is given.

    Args:
        tx: Unit of the project.
        name: For people.
        tenant_id: Unique in the project.
        wanted: What else it is; its id and name do not count here.
        actor: Who makes it, for the audit.

    Raises:
        InvalidArgument: The id or a domain is taken, the parent does not exist, or an attribute does not fit.
    """
    if not tenant_id.isprintable():  # it is a name in tokens, and of `?tenant=`
        raise InvalidArgument(error_message="The id of a tenant must not hold control characters.")
    tenant = wanted or HeldTenant(id=tenant_id, name=name)
    tenant_id = tenant_id or ids.directory_id(ids.TENANT, tx.now)
    if tenant.parent and not search(tx, Wanted(tenant_ids=(tenant.parent,))):
        raise InvalidArgument(error_message="The parent is not a tenant of this project.")
    values = attributes.accepted(tx, "tenant", tenant.custom_attributes)
    made = tx.one(
        rows.INSERT,
        IdRow,
        id=tenant_id,
        name=name,
        is_disabled=int(tenant.is_disabled),
        enforces_sso=int(tenant.enforces_sso),
        parent_id=tenant.parent or None,
        custom_attributes=json_text(values),
        details=json_text(_details_of(tenant)),
    )
    if made is None:
        raise InvalidArgument(error_message=f"There is a tenant {tenant_id!r} already.")
    attributes.put(tx, "tenant", tenant_id, values, is_new=True)
    if tenant.provisioning_domains:
        set_domains(tx, tenant_id, PROVISIONING, tenant.provisioning_domains)
    tx.audit("tenant.created", actor=actor, tenant_id=tenant_id)
    return tenant_id


def get(tx: Tx, tenant_id: str) -> HeldTenant:
    """Return a tenant.

    Raises:
        NotFound: There is none.
    """
    found = search(tx, Wanted(tenant_ids=(tenant_id,)))
    if not found:
        raise NotFound(error_message=_MISSING)
    return found[0]


def lock(tx: Tx, tenant_id: str) -> HeldTenant:
    """Return a tenant, which nobody else changes until the unit ends; raises as `get`."""
    tx.one(rows.LOCK, IdRow, id=tenant_id)
    return get(tx, tenant_id)


def search(tx: Tx, wanted: Wanted, *, most: int | None = None) -> list[HeldTenant]:
    """Return the tenants that match everything, the oldest first, in three statements for each thousand.

    Raises:
        InvalidArgument: There are more than `most`.
    """
    statement = Search(rows.SEARCH)
    if wanted.tenant_ids:
        statement.among("t.id", "tenant_ids", wanted.tenant_ids)
    if wanted.names:
        statement.among("t.name", "names", wanted.names)
    if wanted.domains:
        statement.within(rows.WITH_DOMAIN, {"domains": _spellings(wanted.domains)})
    for name, value in (wanted.custom_attributes or {}).items():
        if texts := sorted(set(attributes.searchable(value))):
            statement.within(rows.WITH_ATTRIBUTE, {"texts": texts}, attribute=name, least=len(texts))
    return _gathered(tx, statement.order("t.created_at, t.id").listed(tx, TenantRow, most, "tenants"))


def save(tx: Tx, before: HeldTenant, after: HeldTenant, *, actor: str) -> None:
    """Replace a tenant by what it is to be; only what differs is written.

    Raises:
        InvalidArgument: A domain is taken, or an attribute does not fit.
        NotFound: It was deleted meanwhile.
    """
    values = before.custom_attributes
    if after.custom_attributes != values:
        values = attributes.accepted(tx, "tenant", after.custom_attributes)
    updated = tx.one(
        rows.UPDATE,
        IdRow,
        id=before.id,
        name=after.name,
        is_disabled=int(after.is_disabled),
        enforces_sso=int(after.enforces_sso),
        role_inheritance=after.role_inheritance,
        custom_attributes=json_text(values),
        details=json_text(_details_of(after)),
        settings=json_text(msgspec.structs.replace(after.settings, auth_type="none")),  # a column of its own
    )
    if updated is None:
        raise NotFound(error_message=_MISSING)
    if values != before.custom_attributes:
        attributes.put(tx, "tenant", before.id, values)
    if after.provisioning_domains != before.provisioning_domains:
        set_domains(tx, before.id, PROVISIONING, after.provisioning_domains)
    if after.sso_domains != before.sso_domains:
        set_domains(tx, before.id, SSO, after.sso_domains)
    if after.settings.auth_type != before.settings.auth_type:
        set_auth_type(tx, before.id, after.settings.auth_type)
    tx.audit("tenant.updated", actor=actor, tenant_id=before.id)


def set_domains(tx: Tx, tenant_id: str, kind: str, domains: Sequence[str]) -> None:
    """Replace the domains of one kind; one that stays leads to the SSO configuration that it led to.

    Raises:
        InvalidArgument: Another tenant has one of them.
    """
    leads = _leads(tx, tenant_id, kind)
    _put_domains(tx, tenant_id, kind, {domain: leads.get(domain, "") for domain in folded(domains)})


def sso_domains(tx: Tx, tenant_id: str) -> dict[str, str]:
    """Return the mail domains that sign in through a tenant's SSO, each with the id of its configuration."""
    return _leads(tx, tenant_id, SSO)


def set_sso_domains(tx: Tx, tenant_id: str, sso_id: str, domains: Sequence[str]) -> bool:
    """Replace the domains of one SSO configuration; one that led to another of the tenant leads here from now on.

    Returns:
        Whether a domain has come, gone or changed where it leads.

    Raises:
        InvalidArgument: Another tenant has one of them.
    """
    tx.one(rows.LOCK, IdRow, id=tenant_id)  # first: domains of its other configurations are written back too
    before, wanted = sso_domains(tx, tenant_id), folded(domains)
    others = {each: lead for each, lead in before.items() if lead != sso_id and each not in wanted}
    after = {**dict.fromkeys(wanted, sso_id), **others}
    if after != before or list(after) != list(before):
        _put_domains(tx, tenant_id, SSO, after)
    return after != before


def demanding_sso(tx: Tx, user_id: str, login_ids: Sequence[str]) -> frozenset[str]:
    """Return the tenants of a user whose members sign in through SSO only, without those that except this user.

    Args:
        tx: Any unit.
        user_id: Who signs in.
        login_ids: What they sign in with; exceptions name people by that, or by their id.
    """
    names = {user_id, *login_ids}
    return frozenset(
        row.id
        for row in tx.all(rows.DEMANDING_SSO, DetailsRow, user_id=user_id)
        if names.isdisjoint(shaping.decode(row.details, _Details).sso_exclusions)
    )


def set_auth_type(tx: Tx, tenant_id: str, auth_type: str) -> None:
    """Say how members sign in through the first SSO configuration of a tenant: `none`, `saml` or `oidc`."""
    tx.run(rows.SET_AUTH_TYPE, tenant_id=tenant_id, auth_type=auth_type)


def set_default_roles(tx: Tx, tenant_id: str, names: Sequence[str], *, actor: str) -> None:
    """Replace what new members of a tenant hold; a role of the tenant comes before one of the project.

    Raises:
        NotFound: There is no such tenant.
        InvalidArgument: There is no such role.
    """
    get(tx, tenant_id)
    wanted = list(dict.fromkeys(names))
    found = roles.search(tx, roles.Wanted(tenants=("", tenant_id), names=wanted)) if wanted else []
    by_name = {role.name: role.id for role in sorted(found, key=lambda role: role.tenant_id)}
    if unknown := [name for name in wanted if name not in by_name]:
        raise InvalidArgument(error_message=f"There is no role {unknown[0]!r} in the project or the tenant.")
    tx.run(rows.CLEAR_DEFAULTS, tenant_id=tenant_id)
    for name in wanted:
        tx.run(rows.ADD_DEFAULT, tenant_id=tenant_id, role_id=by_name[name])
    tx.audit("tenant.default_roles_changed", actor=actor, tenant_id=tenant_id, data={"roles": list(by_name.values())})


def add_member(tx: Tx, user_id: str, tenant_id: str, *, with_defaults: bool = True) -> None:
    """Make a user a member of a tenant, with its default roles or none; a second time changes nothing."""
    if tx.one(rows.ADD_MEMBER, MemberRow, user_id=user_id, tenant_id=tenant_id) is None:
        return
    if with_defaults:
        tx.run(rows.GRANT_DEFAULTS, user_id=user_id, tenant_id=tenant_id)
    tx.audit("tenant.member_added", actor="command", user_id=user_id, tenant_id=tenant_id)


def joined_at(tx: Tx, user_id: str, tenant_id: str) -> int:
    """Return when a user became a member of a tenant, in seconds since the epoch; 0 when they are none."""
    found = tx.one(rows.JOINED, JoinedRow, user_id=user_id, tenant_id=tenant_id)
    return found.created_at if found is not None else 0


def folded(domains: Sequence[str]) -> tuple[str, ...]:
    """Return mail domains as they are stored and as those of addresses are compared: each once, in ASCII.

    Raises:
        InvalidArgument: One of them is no domain that an address can have.
    """
    return tuple(dict.fromkeys(addresses.domain(each).folded for each in domains if each.strip()))


def shown(tenant: HeldTenant) -> Tenant:
    """Return a tenant as answers show it."""
    return Tenant(
        id=tenant.id,
        name=tenant.name,
        self_provisioning_domains=tenant.provisioning_domains,
        custom_attributes=dict(tenant.custom_attributes),
        auth_type=tenant.settings.auth_type,
        domains=tenant.sso_domains,
        created_time=tenant.created_at,
        enforces_sso=tenant.enforces_sso,
        disabled=tenant.is_disabled,
        sso_exclusions=tenant.sso_exclusions,
        federated_app_ids=tenant.federated_app_ids,
        role_inheritance=tenant.role_inheritance,
        parent=tenant.parent,
        default_roles=tenant.default_roles,
    )


def _put_domains(tx: Tx, tenant_id: str, kind: str, leads: Mapping[str, str]) -> None:
    tx.run(rows.CLEAR_DOMAINS, tenant_id=tenant_id, kind=kind)
    for position, (domain, sso_id) in enumerate(leads.items()):
        lettered = _spellings([domain])[-1]
        added = tx.one(
            rows.ADD_DOMAIN,
            DomainRow,
            kind=kind,
            domain=domain,
            lettered=lettered,
            tenant_id=tenant_id,
            position=position,
            sso_id=sso_id,
        )
        if added is None:
            raise InvalidArgument(error_message=f"Another tenant has the domain {domain!r}.")


def _leads(tx: Tx, tenant_id: str, kind: str) -> dict[str, str]:
    """Return where domains lead; those that are no domains for `folded` are older than it, and stay as they are."""
    found = tx.all(rows.LEADS, LeadRow, tenant_id=tenant_id, kind=kind)
    return {_spellings([row.domain])[0]: row.sso_id for row in found}


def _spellings(domains: Sequence[str]) -> list[str]:
    """Return domains as they are stored, and as older rows may have them: with letters, or as no domain at all."""
    found: list[str] = []
    for each in domains:
        try:
            domain = addresses.domain(each)
        except InvalidArgument:
            found.append(each.lower())
        else:
            found += (domain.folded, domain.lettered)
    return found


def _gathered(tx: Tx, found: Sequence[TenantRow]) -> list[HeldTenant]:
    tenants = {row.id: _held(row) for row in found}
    for start in range(0, len(found), MOST_IN_LIST):
        clause, listed = in_list("tenant_ids", [row.id for row in found[start : start + MOST_IN_LIST]])
        for each in tx.all(rows.DOMAINS_OF.replace("(:tenant_ids)", clause), DomainRow, **listed):
            tenant = tenants[each.tenant_id]
            if each.kind == PROVISIONING:
                tenants[tenant.id] = replace(tenant, provisioning_domains=(*tenant.provisioning_domains, each.domain))
            else:
                tenants[tenant.id] = replace(tenant, sso_domains=(*tenant.sso_domains, each.domain))
        for role in tx.all(rows.DEFAULTS_OF.replace("(:tenant_ids)", clause), DefaultRow, **listed):
            tenant = tenants[role.tenant_id]
            tenants[tenant.id] = replace(tenant, default_roles=(*tenant.default_roles, role.name))
    return list(tenants.values())


def _held(row: TenantRow) -> HeldTenant:
    details = shaping.decode(row.details, _Details)
    return HeldTenant(
        id=row.id,
        name=row.name,
        created_at=row.created_at,
        is_disabled=bool(row.is_disabled),
        enforces_sso=bool(row.enforces_sso),
        parent=row.parent,
        role_inheritance=row.role_inheritance,
        custom_attributes=json_object(row.custom_attributes),
        sso_exclusions=details.sso_exclusions,
        federated_app_ids=details.federated_app_ids,
        settings=msgspec.structs.replace(shaping.decode(row.settings, Settings), auth_type=row.auth_type),
    )


def _details_of(tenant: HeldTenant) -> _Details:
    return _Details(sso_exclusions=tenant.sso_exclusions, federated_app_ids=tenant.federated_app_ids)
