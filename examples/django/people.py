"""Who is there from the first start on, and the roles that say what they may."""

from collections.abc import Iterable
from dataclasses import dataclass

from avow import Client

__all__ = ["LOOK_AT_USERS", "PEOPLE", "SUMMARISE", "Person", "make"]

SUMMARISE = "text.summarise"
LOOK_AT_USERS = "users.read"
# Roles of this application, and what they permit. `is_staff` and `is_superuser` every project has.
_ROLES = {"editor": SUMMARISE, "support": LOOK_AT_USERS}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to sign in as.

    Attributes:
        email: Their address; its codes arrive in Avow's inbox.
        name: What they are called.
        roles: Their roles in Avow.
        may: What follows from these, for people to read.
    """

    email: str
    name: str
    roles: tuple[str, ...]
    may: str


PEOPLE = (
    Person("rosa@example.com", "Rosa", (), "read what is for everybody who is signed in"),
    Person("emil@example.com", "Emil", ("editor",), "use the summariser"),
    Person("sita@example.com", "Sita", ("is_staff", "support"), "see the admin page; look at users in Django's admin"),
    Person("ada@example.com", "Ada", ("is_staff", "is_superuser", "editor"), "do everything"),
)


def make(client: Client) -> None:
    """Make the roles and people that are missing; those of an earlier start stay as they are."""
    _make_roles(client)
    known = client.mgmt.user.search_all(login_ids=[each.email for each in PEOPLE])["users"]
    there = {login_id for user in known for login_id in user["loginIds"]}
    for person in PEOPLE:
        if person.email not in there:
            client.mgmt.user.create(
                person.email, email=person.email, display_name=person.name, role_names=list(person.roles)
            )


def _make_roles(client: Client) -> None:
    permissions = _names(client.mgmt.permission.load_all()["permissions"])
    roles = _names(client.mgmt.role.load_all()["roles"])
    for role, permission in _ROLES.items():
        if permission not in permissions:
            client.mgmt.permission.create(permission)
        if role not in roles:
            client.mgmt.role.create(role, permission_names=[permission])


def _names(found: Iterable[object]) -> set[str]:
    return {str(each["name"]) for each in found if isinstance(each, dict)}
