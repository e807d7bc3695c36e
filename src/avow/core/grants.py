"""What a user or an access key holds, gathered from the facts that the database has about it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from avow.core.sessions import TenantGrants

__all__ = ["Fact", "Held", "gathered"]

Fact = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Held:
    """Roles and permissions in the project, and in each tenant."""

    roles: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    tenants: Mapping[str, TenantGrants] = field(default_factory=dict)


def gathered(facts: Iterable[Fact]) -> Held:
    """Return what facts amount to; names are sorted, each once.

    Args:
        facts: Kind and three texts each: `role` (role, permission), `tenant` (tenant id, tenant name), `tenant-role`
            (tenant id, role, permission); a permission of "" is none, and other kinds do not count.
    """
    known = tuple(facts)
    tenants = {first: second for kind, first, second, _ in known if kind == "tenant"}
    held: dict[str, list[tuple[str, str]]] = {key: [] for key in tenants}
    for kind, first, second, third in known:
        if kind == "tenant-role" and first in held:
            held[first].append((second, third))
    project_level = [(first, second) for kind, first, second, _ in known if kind == "role"]
    return Held(
        roles=_distinct(role for role, _ in project_level),
        permissions=_distinct(permission for _, permission in project_level),
        tenants={
            key: TenantGrants(
                name,
                roles=_distinct(role for role, _ in held[key]),
                permissions=_distinct(permission for _, permission in held[key]),
            )
            for key, name in tenants.items()
        },
    )


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({name for name in names if name}))
