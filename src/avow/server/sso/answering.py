"""What every route of SSO settings does: show configurations, and save one within the caller's rights."""

from collections.abc import Sequence

from avow.server.roles import actions as roles
from avow.server.serving import Call
from avow.server.sso import actions, spkeys
from avow.server.sso.actions import Connection
from avow.server.sso.shown import Shown
from avow.server.store import Tx
from avow.server.tenants import actions as tenants

__all__ = ["save", "shown"]


def shown(tx: Tx, call: Call[object], tenant_id: str, connections: Sequence[Connection]) -> list[Shown]:
    """Return configurations of a tenant, ready to be shown."""
    names: dict[str, str] = {}
    if any(each.settings.mappings.roles or each.settings.mappings.default_roles for each in connections):
        names = {role.id: role.name for role in roles.search(tx, roles.Wanted(tenants=("", tenant_id)))}
    leads, certificate = tenants.sso_domains(tx, tenant_id), spkeys.certificate(tx)
    return [
        Shown(call.project, each, names, [domain for domain, lead in leads.items() if lead == each.id], certificate)
        for each in connections
    ]


def save(tx: Tx, call: Call[object], before: Connection, after: Connection, what: str, *, secret: str = "") -> None:
    """Save a configuration; whoever changes what roles it gives needs the right to give roles."""
    one, other = before.settings.mappings, after.settings.mappings
    if (one.roles, one.default_roles) != (other.roles, other.default_roles):
        call.management.require("role")
    actions.save(tx, after, secret=secret, what=what, actor=call.management.actor)
