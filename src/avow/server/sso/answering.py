"""What every route of SSO settings does: show configurations, and save one within the caller's rights."""

from collections.abc import Sequence

from msgspec.structs import replace

from avow.server.keys import saml as saml_keys
from avow.server.roles import actions as roles
from avow.server.serving import Call
from avow.server.sso import actions
from avow.server.sso.actions import Connection
from avow.server.sso.shown import Shown
from avow.server.sso.stored import Settings
from avow.server.store import Tx
from avow.server.tenants import actions as tenants

__all__ = ["save", "shown"]


def shown(tx: Tx, call: Call[object], tenant_id: str, connections: Sequence[Connection]) -> list[Shown]:
    """Return configurations of a tenant, ready to be shown."""
    names: dict[str, str] = {}
    if any(each.settings.mappings.roles or each.settings.mappings.default_roles for each in connections):
        names = {role.id: role.name for role in roles.search(tx, roles.Wanted(tenants=("", tenant_id)))}
    leads, certificate = tenants.sso_domains(tx, tenant_id), saml_keys.certificate(tx)
    return [
        Shown(call.project, each, names, [domain for domain, lead in leads.items() if lead == each.id], certificate)
        for each in connections
    ]


def save(
    tx: Tx,
    call: Call[object],
    before: Connection,
    after: Connection,
    what: str,
    *,
    secret: str = "",
    domains: Sequence[str] | None = None,
) -> None:
    """Save a configuration, and its domains where they are given.

    Whoever chooses the identity provider, or of whom its word counts, can sign in as anybody there with any groups: all
    but where people go afterwards takes the right to give roles besides.
    """
    if (before.kind, _vouching(before.settings)) != (after.kind, _vouching(after.settings)):
        call.management.require("role")
    actions.save(tx, after, secret=secret, what=what, actor=call.management.actor)
    if domains is not None and tenants.set_sso_domains(tx, after.tenant_id, after.id, domains):
        call.management.require("role")


def _vouching(settings: Settings) -> Settings:
    """Return settings without what says nothing of who signs in, and as whom."""
    return replace(settings, saml=replace(settings.saml, redirect_url=""), oidc=replace(settings.oidc, redirect_url=""))
