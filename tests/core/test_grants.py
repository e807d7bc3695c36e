"""What facts of the database come to."""

from avow.core.grants import Held, gathered
from avow.core.sessions import TenantGrants


def test_names_are_sorted_and_each_stands_once() -> None:
    held = gathered(
        [
            ("role", "writer", "write", ""),
            ("role", "writer", "read", ""),
            ("role", "reader", "read", ""),
            ("role", "empty", "", ""),
        ]
    )
    assert (held.roles, held.permissions) == (("empty", "reader", "writer"), ("read", "write"))


def test_each_tenant_has_its_own() -> None:
    held = gathered(
        [
            ("tenant", "T1", "One", ""),
            ("tenant", "T2", "Two", ""),
            ("tenant-role", "T1", "buyer", "buy"),
            ("tenant-role", "T1", "clerk", ""),
        ]
    )
    assert held == Held(tenants={"T1": TenantGrants("One", ("buyer", "clerk"), ("buy",)), "T2": TenantGrants("Two")})


def test_other_facts_and_roles_in_tenants_that_are_none_do_not_count() -> None:
    assert gathered([("login", "mia", "", ""), ("tenant-role", "T1", "buyer", "buy"), ("", "", "", "")]) == Held()
