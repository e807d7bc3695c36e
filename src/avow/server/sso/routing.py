"""Where people sign in: which tenant and which of its configurations, by id, e-mail address or domain."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from avow import shaping
from avow.core import addresses
from avow.errors import InvalidArgument, NotFound
from avow.server.federation.starts import Way
from avow.server.sso import actions, rows
from avow.server.sso.actions import Connection
from avow.server.sso.rows import DomainRow, TenantRow
from avow.server.store import Tx
from avow.server.tenants import actions as tenants
from avow.server.tenants.actions import Settings as TenantSettings

__all__ = ["Place", "domain_of", "domains_of", "find", "place_of"]

_KINDS: Final = frozenset({"saml", "oidc"})
_MOST_DOMAIN: Final = 253


@dataclass(frozen=True, slots=True)
class Place:
    """A configuration at which somebody can sign in now.

    Attributes:
        connection: Of kind `saml` or `oidc`.
        settings: Of its tenant.
        made_at: When the tenant was made: one that takes the id of a deleted one is another tenant.
        now: Seconds since the epoch.
    """

    connection: Connection
    settings: TenantSettings
    made_at: int
    now: int

    @property
    def tenant_id(self) -> str:
        """Return whose it is."""
        return self.connection.tenant_id

    @property
    def way(self) -> Way:
        """Return by which way people come from there."""
        return Way(kind="sso", name=self.connection.id, tenant_id=self.connection.tenant_id)


def find(tx: Tx, wanted: str, *, sso_id: str, hint: str) -> Place | None:
    """Return where to sign in; None when there is no such tenant, or it has no SSO that is on.

    Args:
        tx: The unit.
        wanted: Id of a tenant, e-mail address or domain.
        sso_id: A configuration by its id on the wire, or "".
        hint: Whom to expect: among several configurations that of their domain comes first.

    Raises:
        InvalidArgument: The id of the configuration can be none.
    """
    tenant, lead = _tenant(tx, wanted), None
    if tenant is None:
        leading = _leading(tx, domain_of(wanted) if "@" in wanted else _ascii(wanted))
        tenant, lead = (_tenant(tx, leading.tenant_id), leading.sso_id) if leading else (None, None)
    elif "@" in hint and (leading := _leading(tx, domain_of(hint))) and leading.tenant_id == tenant.id:
        lead = leading.sso_id
    if tenant is None or tenant.is_disabled:
        return None
    connection = _connection(tx, tenant.id, named=sso_id, lead=lead)
    return _place(tx, tenant, connection) if connection else None


def place_of(tx: Tx, way: Way) -> Place | None:
    """Return where a way leads from; None when the tenant or the configuration is off or gone meanwhile."""
    tenant = _tenant(tx, way.tenant_id)
    if tenant is None or tenant.is_disabled:
        return None
    connection = _named(tx, tenant.id, way.name)
    return _place(tx, tenant, connection) if connection else None


def domains_of(tx: Tx, tenant_id: str) -> frozenset[str]:
    """Return the mail domains that a tenant signs in by itself, in ASCII."""
    return frozenset(_ascii(each) for each in tenants.sso_domains(tx, tenant_id))


def domain_of(address: str) -> str:
    """Return the domain of an e-mail address, lower case and in ASCII; "" for what is no address."""
    try:
        return addresses.email(address).folded.rpartition("@")[2]
    except InvalidArgument:
        return ""


def _tenant(tx: Tx, tenant_id: str) -> TenantRow | None:
    return tx.one(rows.TENANT, TenantRow, tenant_id=tenant_id)


def _leading(tx: Tx, domain: str) -> DomainRow | None:
    """Return whose a domain in ASCII is; older rows may have it with letters."""
    if not domain:
        return None
    return tx.one(rows.DOMAIN, DomainRow, domain=domain, other=_lettered(domain))


def _connection(tx: Tx, tenant_id: str, *, named: str, lead: str | None) -> Connection | None:
    """Return the configuration that is named, else that of the domain, else the first, else the only one that is on."""
    if named:
        return _named(tx, tenant_id, actions.connection_id(named))
    if lead is not None:
        return _named(tx, tenant_id, lead)
    on = [each for each in actions.load_all(tx, tenant_id) if _is_on(each)]
    if on and not on[0].id:
        return on[0]
    return on[0] if len(on) == 1 else None


def _named(tx: Tx, tenant_id: str, connection: str) -> Connection | None:
    try:
        found = actions.load(tx, tenant_id, connection)
    except NotFound:
        return None
    return found if _is_on(found) else None


def _is_on(connection: Connection) -> bool:
    settings = connection.settings
    is_set: Sequence[str] = [kind for kind, half in (("saml", settings.saml), ("oidc", settings.oidc)) if half.is_set]
    return connection.kind in _KINDS and connection.kind in is_set


def _place(tx: Tx, tenant: TenantRow, connection: Connection) -> Place:
    return Place(connection, shaping.decode(tenant.settings, TenantSettings), tenant.created_at, tx.now)


def _ascii(domain: str) -> str:
    """Return a domain as addresses are compared by it; what is none stays, in lower case."""
    try:
        return addresses.domain(domain).folded
    except InvalidArgument:
        return domain.lower()[:_MOST_DOMAIN]


def _lettered(domain: str) -> str:
    """Return a domain in ASCII with the letters that it stands for."""
    try:
        return addresses.domain(domain).lettered
    except InvalidArgument:
        return domain
