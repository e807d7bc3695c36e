"""Who may act in whose name. No I/O."""

from collections.abc import Mapping
from enum import Enum
from typing import Final, Protocol

from avow.core.sessions import TenantGrants

__all__ = ["LIFETIME_SECONDS", "PERMISSIONS", "Person", "Verdict", "judge"]

# The contract's clients call it the one, its manual the other.
PERMISSIONS: Final = frozenset({"Impersonate", "impersonation"})
LIFETIME_SECONDS: Final = 3600  # of a session in somebody else's name, at most

# Roles that stand above the applications of a project: Django's two flags.
_ADMINISTRATORS: Final = frozenset({"is_staff", "is_superuser"})


class Person(Protocol):
    """A user with what they hold."""

    @property
    def id(self) -> str:
        """Return the user id."""
        ...

    @property
    def roles(self) -> tuple[str, ...]:
        """Return the roles held in the project."""
        ...

    @property
    def permissions(self) -> tuple[str, ...]:
        """Return the permissions held in the project."""
        ...

    @property
    def tenants(self) -> Mapping[str, TenantGrants]:
        """Return what is held in each tenant."""
        ...


class Verdict(Enum):
    """Whether one person may act in the name of another."""

    ALLOWED = "allowed"
    UNENTITLED = "unentitled"  # has not the permission
    ABOVE = "above"  # the other one administers the project, or may impersonate: no chain of names, no promotion
    OUT_OF_REACH = "out of reach"  # the permission is of a tenant, and the other one is more than its member


def judge(impersonator: Person, other: Person) -> Verdict:
    """Decide whether somebody may act in the name of somebody else.

    The permission held in the project is for every user; held in a tenant, for those who belong to such tenants only
    and hold nothing in the project that the impersonator does not.

    Args:
        impersonator: Who wants to act.
        other: In whose name.

    Spec: RFC 8693 section 4.4 (a party may be authorised to act for another one only by policy).
    """
    tenants = {key for key, held in impersonator.tenants.items() if PERMISSIONS & set(held.permissions)}
    is_for_all = bool(PERMISSIONS & set(impersonator.permissions))
    if impersonator.id == other.id or not (is_for_all or tenants):
        return Verdict.UNENTITLED
    if _may_impersonate(other) or (_ADMINISTRATORS & set(other.roles)) - set(impersonator.roles):
        return Verdict.ABOVE
    if is_for_all:
        return Verdict.ALLOWED
    holds_no_more = set(other.roles) <= set(impersonator.roles) and set(other.permissions) <= set(
        impersonator.permissions
    )
    is_within = bool(other.tenants) and set(other.tenants) <= tenants
    return Verdict.ALLOWED if is_within and holds_no_more else Verdict.OUT_OF_REACH


def _may_impersonate(person: Person) -> bool:
    held = {*person.permissions, *(name for each in person.tenants.values() for name in each.permissions)}
    return bool(PERMISSIONS & held)
