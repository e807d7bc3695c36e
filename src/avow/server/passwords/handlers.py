"""The routes of the password settings."""

from avow.core.passwords import policy
from avow.server.passwords import actions
from avow.server.projects import actions as projects
from avow.server.serving import Call, Slice, reads, writes
from avow.server.store import Tx
from avow.server.tenants import actions as tenants
from avow.wire import passwords as wire
from avow.wire.endpoint import Nothing
from avow.wire.passwords import ConfigurePasswords, PasswordSettings, WhosePasswords

__all__ = ["SLICE"]


def get_settings(tx: Tx, call: Call[WhosePasswords]) -> PasswordSettings:
    """Return what passwords have to be, in the project or in a tenant.

    A tenant that has no settings of its own has those of the project.
    """
    tenant_id = call.body.tenant_id or ""
    if tenant_id:
        tenants.get(tx, tenant_id)
    return actions.settings(tx, tenant_id)


def configure_settings(tx: Tx, call: Call[ConfigurePasswords]) -> Nothing:
    """Change what passwords have to be, in the project or in a tenant; they apply to passwords set from now on.

    A tenant's settings stand in the place of the project's for its members; whoever belongs to several tenants with
    settings of their own has to satisfy all of them.
    """
    projects.bump(tx)  # first: it locks the project, so that of two changes at once the second adds to the first
    tenant_id = call.body.tenant_id or ""
    if tenant_id:
        tenants.lock(tx, tenant_id)  # whoever deletes it takes these settings away too
    after = policy.changed(actions.settings(tx, tenant_id), call.body)
    actions.configure(tx, tenant_id, after, actor=call.management.actor)
    return Nothing()


SLICE = Slice("passwords", (reads(wire.GET_SETTINGS, get_settings), writes(wire.CONFIGURE, configure_settings)))
