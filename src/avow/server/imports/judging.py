"""Whether the users of a chunk can be written: what they name has to exist, and nobody else may have their login IDs.

A few statements judge the whole chunk; nothing is written.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from avow.core.addresses import LoginId
from avow.core.imports.people import Person
from avow.errors import AuthException, InvalidArgument
from avow.server.attributes import actions as attributes
from avow.server.imports import rows
from avow.server.imports.rows import DefaultRow, IdRow, OwnerRow, RoleRow
from avow.server.store import MOST_IN_LIST, Tx, in_list, many_rows

__all__ = ["Line", "Plan", "Ready", "Refused", "judge"]


@dataclass(frozen=True, slots=True)
class Line:
    """A user of a file, and the number of their line or entry there."""

    number: int
    person: Person


@dataclass(frozen=True, slots=True)
class Refused:
    """A user who is not imported, and why."""

    number: int
    called: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ready:
    """A user who can be written, with ids in the place of names.

    Attributes:
        line: Who it is.
        login_ids: The spare ones that are free among them.
        role_ids: Roles of the project, those of every new user included.
        tenants: Tenants with the ids of the roles there, those of every new member included.
        attributes: As the project defines them.
        is_known: Somebody has one of the login IDs: this is about them.
    """

    line: Line
    login_ids: tuple[LoginId, ...]
    role_ids: tuple[str, ...]
    tenants: Mapping[str, tuple[str, ...]]
    attributes: Mapping[str, object]
    is_known: bool


@dataclass(slots=True)
class Plan:
    """What becomes of the users of a chunk.

    Attributes:
        new, known: Those who can be written.
        refused: Those who cannot.
        left_out: Names of attributes that the project does not define, of formats whose users have any.
    """

    new: list[Ready] = field(default_factory=list)
    known: list[Ready] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    left_out: set[str] = field(default_factory=set)


def judge(tx: Tx, lines: Sequence[Line], *, updates: bool) -> Plan:
    """Judge users; of two with one login ID the first counts.

    Args:
        tx: Unit of the project.
        lines: In the order of the file.
        updates: A user who exists is to be updated, not refused.
    """
    plan = Plan()
    directory = _Directory(tx, [line.person for line in lines], plan.left_out)
    owners = _owners(tx, lines)
    claimed: dict[str, int] = {}
    for line in lines:
        try:
            ready = _ready(line, directory, owners, claimed, updates=updates)
        except AuthException as refusal:
            plan.refused.append(Refused(line.number, line.person.called, refusal.error_message))
            continue
        claimed.update((each.canonical, line.number) for each in ready.login_ids)
        (plan.known if ready.is_known else plan.new).append(ready)
    return plan


def _ready(
    line: Line, directory: "_Directory", owners: Mapping[str, str], claimed: Mapping[str, int], *, updates: bool
) -> Ready:
    person = line.person
    is_known = False
    for each in person.login_ids:
        if each.canonical not in owners and each.canonical not in claimed:
            continue
        if not updates:
            raise InvalidArgument(error_message=_taken(each.typed, claimed.get(each.canonical)))
        is_known = True
    if is_known and len({owners.get(each.canonical, "") for each in person.login_ids if each.canonical in owners}) > 1:
        raise InvalidArgument(error_message="The login IDs belong to several users.")
    spare = [each for each in person.spare_login_ids if each.canonical not in owners and each.canonical not in claimed]
    return Ready(
        line,
        login_ids=(*person.login_ids, *spare),
        role_ids=directory.roles_of(person),
        tenants=directory.tenants_of(person),
        attributes=directory.attributes_of(person),
        is_known=is_known,
    )


def _taken(typed: str, number: int | None) -> str:
    who = "a user" if number is None else f"the user of {number}"
    return f"The login ID {typed!r} is that of {who} already."


def _owners(tx: Tx, lines: Sequence[Line]) -> dict[str, str]:
    wanted = {each.canonical for line in lines for each in (*line.person.login_ids, *line.person.spare_login_ids)}
    found: dict[str, str] = {}
    for sql, params in many_rows(rows.OWNERS, [{"login_id": each} for each in sorted(wanted)]):
        found.update((row.login_id, row.user_id) for row in tx.all(sql, OwnerRow, **params) if row.user_id)
    return found


class _Directory:
    """What users may name: the roles, tenants and attributes of the project, as far as a chunk needs them."""

    def __init__(self, tx: Tx, people: Sequence[Person], left_out: set[str]) -> None:
        self._left_out = left_out
        names = {name for each in people for name in (*each.role_names, *_in_tenants(each))}
        tenant_ids = {tenant_id for each in people for tenant_id in each.tenants}
        self._roles: dict[tuple[str, str], str] = {}
        self._usual: list[str] = []
        self._read_roles(tx, names, tenant_ids)
        self._tenants: dict[str, list[str]] = {}
        self._read_tenants(tx, tenant_ids)
        has_attributes = any(each.attributes for each in people)
        self._defined = attributes.Definitions(tx, "user") if has_attributes else None

    def roles_of(self, person: Person) -> tuple[str, ...]:
        """Return the ids of the roles in the project."""
        return tuple(dict.fromkeys([*self._usual, *(self._role(name, "") for name in person.role_names)]))

    def tenants_of(self, person: Person) -> dict[str, tuple[str, ...]]:
        """Return the tenants with the ids of the roles there."""
        found: dict[str, tuple[str, ...]] = {}
        for tenant_id, names in person.tenants.items():
            if tenant_id not in self._tenants:
                raise InvalidArgument(error_message=f"There is no tenant {tenant_id!r}.")
            given = (self._role(name, tenant_id) for name in names)
            found[tenant_id] = tuple(dict.fromkeys([*self._tenants[tenant_id], *given]))
        return found

    def attributes_of(self, person: Person) -> dict[str, object]:
        """Return the attributes as they are defined."""
        if self._defined is None or not person.attributes:
            return {}
        values = dict(person.attributes)
        if person.is_lenient:
            unknown = {name for name in values if name not in self._defined}
            self._left_out |= unknown
            values = {name: value for name, value in values.items() if name not in unknown}
        if person.has_texts:
            values = {name: self._defined.of_text(name, value) for name, value in values.items()}
        return self._defined.checked(values)

    def _role(self, name: str, tenant_id: str) -> str:
        """Return the id of a role by name; in a tenant its own role comes before one of the project."""
        found = self._roles.get((tenant_id, name)) or self._roles.get(("", name))
        if found is None:
            raise InvalidArgument(error_message=f"There is no role named {name!r}.")
        return found

    def _read_roles(self, tx: Tx, names: Iterable[str], tenant_ids: Iterable[str]) -> None:
        for part in _parts(names) or [[]]:
            for tenants in _parts(tenant_ids) or [[]]:
                clause, listed = in_list("names", part)
                of_tenants, further = in_list("tenant_ids", tenants)
                statement = rows.ROLES.replace("(:names)", clause).replace("(:tenant_ids)", of_tenants)
                for row in tx.all(statement, RoleRow, **listed, **further):
                    self._roles[row.tenant_id or "", row.name] = row.id
                    if row.is_default and row.tenant_id is None and row.id not in self._usual:
                        self._usual.append(row.id)

    def _read_tenants(self, tx: Tx, tenant_ids: Iterable[str]) -> None:
        for part in _parts(tenant_ids):
            clause, listed = in_list("tenant_ids", part)
            for found in tx.all(rows.TENANTS.replace("(:tenant_ids)", clause), IdRow, **listed):
                self._tenants[found.id] = []
            for row in tx.all(rows.DEFAULTS.replace("(:tenant_ids)", clause), DefaultRow, **listed):
                self._tenants[row.tenant_id].append(row.role_id)


def _in_tenants(person: Person) -> Iterable[str]:
    return (name for names in person.tenants.values() for name in names)


def _parts(values: Iterable[str]) -> list[list[str]]:
    """Return values, sorted, in lists that a statement takes."""
    listed = sorted(values)
    return [listed[start : start + MOST_IN_LIST] for start in range(0, len(listed), MOST_IN_LIST)]
