"""The route that imports users over the API."""

import base64
import binascii
from collections.abc import Sequence
from functools import partial

from avow.core.imports.auth0 import hashes_in
from avow.core.imports.context import Context, FirebaseParameters, parameters_of
from avow.core.imports.entries import json_entries
from avow.core.imports.formats import SOURCES, Format, person_of
from avow.errors import AuthException, InvalidArgument, MissingArgument
from avow.server.accounts import actions as accounts
from avow.server.imports import actions
from avow.server.imports.actions import Line, Outcome, Refused
from avow.server.serving import Call, Slice, Steps, aside, read, steps, write
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.wire import imports as wire
from avow.wire.imports import ImportAnswer, ImportFailure, ImportUsers
from avow.wire.users import UserResponse

__all__ = ["SLICE"]

_MOST_USERS = 1000


def import_users(call: Call[ImportUsers]) -> Steps[ImportAnswer]:
    """Import users that another system exported, at most a thousand of them, with the hashes of their passwords.

    Each user stands for themselves: one who cannot be imported is named in `failures` with the reason, the others are
    imported. Nobody is updated, and nobody is sent anything. With `dryrun` nothing is written.
    """
    lines, unreadable = yield from aside(_read, call.body)
    if any(line.person.role_names or any(line.person.tenants.values()) for line in lines):
        call.management.require("role")
    if call.body.dryrun:
        return (yield from read(_judged, lines, unreadable))
    shown: tuple[UserResponse, ...] = ()
    refused = [*unreadable]
    for part in actions.parts(lines):
        unit = partial(_put, call, part)
        outcome, written = yield from write(unit)
        shown += written
        refused += outcome.refused
    return ImportAnswer(users=shown, failures=_failures(refused))


def _read(body: ImportUsers) -> tuple[list[Line], list[Refused]]:
    """Return the users of a call, and those who cannot be read.

    Raises:
        MissingArgument, InvalidArgument: The call cannot be read as a whole.
    """
    kind = SOURCES.get(body.source.strip().lower())
    if kind is None:
        raise InvalidArgument(error_message=f"The source is one of {', '.join(sorted(SOURCES))}.")
    if not body.users:
        raise MissingArgument(error_message="There are no users.")
    context = _context(kind, _plain(body.hashes or "", "hashes"))
    lines: list[Line] = []
    refused: list[Refused] = []
    for entry in kind.entries([_plain(body.users, "users")]):
        if len(lines) + len(refused) >= _MOST_USERS:
            message = f"A call imports at most {_MOST_USERS} users; `avow user import` takes any number."
            raise InvalidArgument(error_message=message)
        try:
            person = person_of(kind, entry, context)
        except AuthException as error:
            refused.append(Refused(entry.number, f"entry {entry.number}", error.error_message))
        else:
            lines += [Line(entry.number, person)] if person else []
    return lines, refused


def _context(kind: Format, data: bytes) -> Context:
    if kind.takes_parameters and data:
        parameters: FirebaseParameters | None = parameters_of(data)
        return Context(firebase=parameters)
    known: dict[str, str] = {}
    if kind.takes_hashes and data:
        for entry in json_entries([data]):
            known.update(hashes_in(entry.data))
    return Context(hash_of=lambda key: known.get(key, ""))


def _judged(tx: Tx, lines: Sequence[Line], unreadable: Sequence[Refused]) -> ImportAnswer:
    plan = actions.judge(tx, lines)
    return ImportAnswer(
        users=tuple(_foreseen(each.line) for each in plan.new), failures=_failures([*unreadable, *plan.refused])
    )


def _put(call: Call[ImportUsers], lines: Sequence[Line], tx: Tx) -> tuple[Outcome, tuple[UserResponse, ...]]:
    outcome = actions.put(tx, lines, actor=call.management.actor, source=call.body.source)
    return outcome, tuple(map(accounts.shown, users.find_several(tx, outcome.created)))


def _failures(refused: Sequence[Refused]) -> tuple[ImportFailure, ...]:
    ordered = sorted(refused, key=lambda each: each.number)
    return tuple(ImportFailure(user=each.called, reason=each.reason) for each in ordered)


def _foreseen(line: Line) -> UserResponse:
    person, said = line.person, line.person.said
    return UserResponse(
        login_ids=tuple(each.typed for each in person.login_ids),
        user_id="",
        name=said.display_name or said.name or "",
        given_name=said.given_name or "",
        middle_name=said.middle_name or "",
        family_name=said.family_name or "",
        email=person.email,
        phone=person.phone,
        verified_email=person.is_email_verified,
        verified_phone=person.is_phone_verified,
        status=person.status,
        password=person.encoded_password is not None,
    )


def _plain(text: str, name: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise InvalidArgument(error_message=f"The field {name} is not base64.") from None


SLICE = Slice("imports", (steps(wire.IMPORT, import_users),))
