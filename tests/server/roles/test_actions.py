"""Roles with their permissions, in a project and in a tenant."""

import pytest

from avow.errors import InvalidArgument
from avow.server.permissions import actions as permissions
from avow.server.roles import actions as roles
from avow.server.store import Tx
from avow.server.tenants import actions as tenants
from avow.server.users import actions as users
from avow.testing.server import Avow
from tests.factories import make_user


def test_granted_roles_bring_their_permissions(avow: Avow) -> None:
    user_id = make_user(avow)

    def grant_all(tx: Tx) -> str:
        permissions.ensure(tx, ("read", "write"), actor="test")
        editor = roles.create(tx, "editor", permissions=("read", "write"))
        reader = roles.create(tx, "reader", permissions=("read",))
        tenant_id = tenants.create(tx, "Acme")
        tenants.add_member(tx, user_id, tenant_id)
        tenants.add_member(tx, user_id, tenant_id)
        roles.grant(tx, user_id, editor)
        roles.grant(tx, user_id, editor)
        roles.grant(tx, user_id, reader, tenant_id=tenant_id)
        return tenant_id

    tenant_id = avow.run(grant_all)
    profile = avow.run(lambda tx: users.find(tx, user_id))
    assert profile is not None
    assert (profile.roles, profile.permissions) == (("editor",), ("read", "write"))
    held = profile.tenants[tenant_id]
    assert (held.name, held.roles, held.permissions) == ("Acme", ("reader",), ("read",))


def test_name_is_unique_in_the_project_and_in_each_tenant(avow: Avow) -> None:
    tenant_id = avow.run(lambda tx: tenants.create(tx, "Acme"))
    avow.run(lambda tx: roles.create(tx, "admin"))
    avow.run(lambda tx: roles.create(tx, "admin", tenant_id=tenant_id))
    with pytest.raises(InvalidArgument, match="already"):
        avow.run(lambda tx: roles.create(tx, "admin"))
    with pytest.raises(InvalidArgument, match="already"):
        avow.run(lambda tx: roles.create(tx, "admin", tenant_id=tenant_id))
