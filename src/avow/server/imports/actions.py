"""Imports: a chunk of users judged and written in one unit, together with how far the import has come.

A unit takes at most `MOST_NEW` users with `MOST_ROWS` rows, or a part of that when those who exist are updated, so that
none runs for long.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from avow import shaping
from avow.core import ids
from avow.core.imports.people import Person
from avow.server.accounts import actions as accounts
from avow.server.attributes import actions as attributes
from avow.server.challenges import actions as challenges
from avow.server.imports import judging, rows
from avow.server.imports.judging import Line, Plan, Ready, Refused
from avow.server.imports.rows import IdRow, ImportRow, OwnerRow
from avow.server.passwords import guesses
from avow.server.sessions import actions as sessions
from avow.server.store import MOST_IN_LIST, Tx, in_list, json_text, many_rows
from avow.server.store.tx import Value
from avow.server.users import actions as users
from avow.wire.accounts import Association, PatchUser

__all__ = [
    "MOST_CHANGED",
    "MOST_CHANGED_ROWS",
    "MOST_NEW",
    "MOST_ROWS",
    "ImportRow",
    "Line",
    "Outcome",
    "Overtaken",
    "Plan",
    "Refused",
    "Step",
    "begin",
    "find",
    "finish",
    "forget",
    "judge",
    "move",
    "parts",
    "put",
    "rows_of",
    "written_refusals",
]

MOST_NEW: Final = 512
MOST_CHANGED: Final = 64
MOST_ROWS: Final = 8192  # of new users; who has many roles in many tenants takes hundreds
MOST_CHANGED_ROWS: Final = 1024


class Overtaken(Exception):
    """The import is not where this run of it left off: another run has gone on with it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an import that can be interrupted.

    Attributes:
        import_id: The import.
        before: Its position before.
        position: Its position after.
        digest: Of every line up to there.
        report_bytes: Length of the report before the refusals of this step.
        refused: Lines that could not be read, and are refused whatever the database says.
    """

    import_id: str
    before: int
    position: int
    digest: bytes
    report_bytes: int
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a chunk.

    Attributes:
        created: User ids of those who were inserted.
        updated: How many were updated.
        refused: Those who were not imported, in the order of the file.
        left_out: Names of attributes that were left out.
    """

    created: tuple[str, ...] = ()
    updated: int = 0
    refused: tuple[Refused, ...] = ()
    left_out: frozenset[str] = field(default_factory=frozenset)


def rows_of(line: Line) -> int:
    """Return about how many rows a user takes in the database."""
    person = line.person
    in_tenants = sum(1 + len(roles) for roles in person.tenants.values())
    return 2 + len(person.login_ids) + len(person.role_names) + len(person.attributes) + in_tenants


def parts(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Return new users in parts of which each is written in one unit."""
    part: list[Line] = []
    size = 0
    for line in lines:
        if part and (len(part) == MOST_NEW or size + rows_of(line) > MOST_ROWS):
            yield part
            part, size = [], 0
        part.append(line)
        size += rows_of(line)
    if part:
        yield part


def judge(tx: Tx, lines: Sequence[Line], *, updates: bool = False) -> Plan:
    """Say what `put` would make of users, and write nothing."""
    return judging.judge(tx, lines, updates=updates)


def put(tx: Tx, lines: Sequence[Line], *, updates: bool = False, actor: str, source: str) -> Outcome:
    """Write users; those who cannot be written are refused, each for themselves.

    Args:
        tx: Unit of the project.
        lines: At most `MOST_NEW`, with `updates` `MOST_CHANGED`; see `parts`.
        updates: Users who exist are changed in what the file names; otherwise they are refused.
        actor: For the audit.
        source: What is imported, for the audit.

    Raises:
        AuthException: A user who exists cannot be changed so; nothing is written.
    """
    plan = judging.judge(tx, lines, updates=updates)
    created, lost = _insert(tx, plan)
    for ready in plan.known:
        _update(tx, ready, actor)
    refused = sorted([*plan.refused, *lost], key=lambda each: each.number)
    if created or plan.known:
        between = {"first": lines[0].number, "last": lines[-1].number}
        counts = {"created": len(created), "updated": len(plan.known), "refused": len(refused)}
        tx.audit("user.imported", actor=actor, data={"source": source, **counts, **between})
    return Outcome(tuple(created), len(plan.known), tuple(refused), frozenset(plan.left_out))


# --- How far an import has come --------------------------------------------------------------------------------


def begin(tx: Tx, import_id: str, source: str) -> ImportRow:
    """Return an import, begun now if there was none."""
    tx.run(rows.BEGIN, id=import_id, source=source, digest=b"")
    found = find(tx, import_id)
    if found is None:
        raise LookupError("an import that was begun is gone")
    return found


def find(tx: Tx, import_id: str) -> ImportRow | None:
    """Return an import, or None."""
    return tx.one(rows.FIND, ImportRow, id=import_id)


def forget(tx: Tx, import_id: str) -> None:
    """Forget how far an import has come; the users stay."""
    tx.run(rows.FORGET, id=import_id)


def move(tx: Tx, step: Step, lines: Sequence[Line], *, updates: bool, actor: str, source: str) -> Outcome:
    """Write users, and note in the same unit that the import has come behind them.

    Raises:
        Overtaken: Another run of the import has gone on; nothing is written.
        AuthException: As `put`.
    """
    if tx.one(rows.TAKE, IdRow, id=step.import_id, position=step.before) is None:
        raise Overtaken
    outcome = put(tx, lines, updates=updates, actor=actor, source=source) if lines else Outcome()
    refused = tuple(sorted([*step.refused, *outcome.refused], key=lambda each: each.number))
    tx.run(
        rows.MOVE,
        id=step.import_id,
        position=step.position,
        digest=step.digest,
        created=len(outcome.created),
        updated=outcome.updated,
        rejected=len(refused),
        refusals=json_text([(each.number, each.reason) for each in refused]),
        report_bytes=step.report_bytes,
    )
    return replace(outcome, refused=refused)


def finish(tx: Tx, import_id: str) -> None:
    """Note that there are no more lines."""
    tx.run(rows.FINISH, id=import_id)


def written_refusals(row: ImportRow) -> dict[int, str]:
    """Return number and reason of the lines that the last unit of an import refused."""
    return dict(shaping.decode(row.refusals, list[tuple[int, str]]))


# --- New users -------------------------------------------------------------------------------------------------


def _insert(tx: Tx, plan: Plan) -> tuple[list[str], list[Refused]]:
    """Insert the new users of a plan; return their ids, and those whose login ID was taken meanwhile."""
    new = {ids.directory_id(ids.USER, tx.now): ready for ready in plan.new}
    _run(tx, rows.INSERT_USER, [_user(tx, user_id, ready) for user_id, ready in new.items()])
    late = _claim(tx, new)
    lost = [Refused(new[user_id].line.number, new[user_id].line.person.called, _TAKEN) for user_id in late]
    for user_id in late:
        del new[user_id]
    _delete(tx, sorted(late))
    _run(tx, rows.INSERT_PASSWORD, _passwords(new.items()))
    _run(tx, rows.INSERT_ATTRIBUTE, _attributes(new.items()))
    _run(tx, rows.GRANT, [{"user_id": key, "role_id": role} for key, ready in new.items() for role in ready.role_ids])
    places = [
        (user_id, tenant_id, roles) for user_id, ready in new.items() for tenant_id, roles in ready.tenants.items()
    ]
    _run(tx, rows.JOIN, [{"user_id": user_id, "tenant_id": tenant_id} for user_id, tenant_id, _ in places])
    held = [
        {"user_id": user_id, "tenant_id": tenant_id, "role_id": role}
        for user_id, tenant_id, roles in places
        for role in roles
    ]
    _run(tx, rows.GRANT_IN_TENANT, held)
    return list(new), lost


def _claim(tx: Tx, new: dict[str, Ready]) -> set[str]:
    """Give users their login IDs; return the ids of those of whom another unit has taken one meanwhile."""
    wanted = [
        {"login_id": each.canonical, "typed": each.typed, "user_id": user_id}
        for user_id, ready in new.items()
        for each in ready.login_ids
    ]
    # In one order everywhere, so that two imports do not wait for each other.
    wanted.sort(key=lambda row: row["login_id"])
    given: set[str] = set()
    for sql, params in many_rows(rows.CLAIM, wanted):
        given |= {row.login_id for row in tx.all(sql, OwnerRow, **params)}
    return {row["user_id"] for row in wanted if row["login_id"] not in given}


def _delete(tx: Tx, user_ids: Sequence[str]) -> None:
    for start in range(0, len(user_ids), MOST_IN_LIST):
        clause, listed = in_list("user_ids", user_ids[start : start + MOST_IN_LIST])
        tx.run(rows.DELETE.replace("(:user_ids)", clause), **listed)


def _user(tx: Tx, user_id: str, ready: Ready) -> dict[str, Value]:
    person, said = ready.line.person, ready.line.person.said
    names = (_name(person), said.given_name or "", said.middle_name or "", said.family_name or "")
    return {
        "id": user_id,
        "status": person.status,
        "name": names[0],
        "given_name": names[1],
        "middle_name": names[2],
        "family_name": names[3],
        "name_folded": users.folded_name(*names),
        "email": person.email,
        "email_folded": person.email_folded,
        "is_email_verified": int(person.is_email_verified),
        "phone": person.phone,
        "is_phone_verified": int(person.is_phone_verified),
        "picture": said.picture or "",
        "is_test": int(bool(said.test)),
        "created_at": tx.now if person.created_at is None else min(person.created_at, tx.now),
        "custom_attributes": json_text(ready.attributes) if ready.attributes else "{}",
        "external_ids": json_text(said.external_ids) if said.external_ids else "[]",
    }


def _passwords(new: Iterable[tuple[str, Ready]]) -> list[dict[str, Value]]:
    return [
        {"user_id": user_id, "encoded": encoded}
        for user_id, ready in new
        if (encoded := ready.line.person.encoded_password) is not None
    ]


def _attributes(new: Iterable[tuple[str, Ready]]) -> list[dict[str, Value]]:
    return [
        {"owner_id": user_id, "name": name, "value": text}
        for user_id, ready in new
        for name, value in ready.attributes.items()
        for text in attributes.searchable(value)
    ]


def _run(tx: Tx, statement: str, wanted: Sequence[Mapping[str, Value]]) -> None:
    for sql, params in many_rows(statement, wanted):
        tx.run(sql, **params)


# --- Users that exist ------------------------------------------------------------------------------------------


def _update(tx: Tx, ready: Ready, actor: str) -> None:
    """Change a user in what the file names: as a patch does, and their password and login IDs."""
    person, said = ready.line.person, ready.line.person.said
    held = (each for each in ready.login_ids if users.find_owner(tx, each.canonical))
    known = next(held, ready.login_ids[0])
    tenants = said.user_tenants and tuple(
        Association(tenant_id=key, role_names=roles) for key, roles in person.tenants.items()
    )
    wanted = PatchUser(
        login_id=known.typed,
        email=person.email if said.email is not None else None,
        phone=person.phone if said.phone is not None else None,
        display_name=_name(person) or None,
        given_name=said.given_name,
        middle_name=said.middle_name,
        family_name=said.family_name,
        role_names=said.role_names,
        user_tenants=tenants,
        picture=said.picture,
        custom_attributes=dict(ready.attributes) or None,
        verified_email=said.verified_email,
        verified_phone=said.verified_phone,
        status=said.status,
    )
    user_id = accounts.patch(tx, wanted, actor=actor)
    for each in ready.login_ids:
        users.claim_login_id(tx, user_id, each)
    if person.encoded_password is not None:
        _replace_password(tx, user_id, person.encoded_password, actor)


def _replace_password(tx: Tx, user_id: str, encoded: str, actor: str) -> None:
    """Put another hash in the place of a user's; who was signed in with the one before is not any more."""
    if tx.one(rows.REPLACE_PASSWORD, IdRow, user_id=user_id, encoded=encoded) is not None:
        tx.run(rows.MOVE_CREDENTIALS, user_id=user_id)
        challenges.drop_all(tx, user_id)
        guesses.clear_all(tx, user_id)
        sessions.end_all(tx, user_id, why="password imported", actor=actor)


def _name(person: Person) -> str:
    return person.said.display_name or person.said.name or ""


_TAKEN: Final = "A login ID was taken by another user meanwhile."
