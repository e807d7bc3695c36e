"""Tenants: created, and joined by users."""

from avow.core import ids
from avow.server.store import Tx
from avow.server.tenants import rows

__all__ = ["add_member", "create"]


def create(tx: Tx, name: str, *, tenant_id: str = "") -> str:
    """Insert a tenant; return its id, which is made up unless one is given."""
    tenant_id = tenant_id or ids.directory_id(ids.TENANT, tx.now)
    tx.run(rows.INSERT, id=tenant_id, name=name)
    tx.audit("tenant.created", actor="command", tenant_id=tenant_id)
    return tenant_id


def add_member(tx: Tx, user_id: str, tenant_id: str) -> None:
    """Make a user a member of a tenant; a second time changes nothing."""
    tx.run(rows.ADD_MEMBER, user_id=user_id, tenant_id=tenant_id)
    tx.audit("tenant.member_added", actor="command", user_id=user_id, tenant_id=tenant_id)
