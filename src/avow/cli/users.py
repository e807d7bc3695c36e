"""`avow user ...` on people one at a time, and their export; the import is in `importing`."""

import os
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from avow.cli import named
from avow.cli.output import filled, say, show, table
from avow.cli.problems import CannotStart
from avow.cli.progress import progress
from avow.cli.reach import Reached, reached_project
from avow.server.accounts import actions as accounts
from avow.server.accounts import grants
from avow.server.accounts.search import search
from avow.server.imports import exports
from avow.server.store import Tx
from avow.server.users.actions import Profile
from avow.wire.usersearch import SearchUsers

__all__ = ["Wanted", "add_roles", "export", "list_all", "remove_roles", "summary"]

_ACTOR: Final = "command"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom `avow user list` is to show, as its options say."""

    text: str = ""
    tenants: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    limit: int = 100
    page: int = 0


def list_all(wanted: Wanted, *, project: str, data: Path | None, as_json: bool) -> None:
    """Print users, the oldest first, a page of them."""
    body = SearchUsers(
        text=wanted.text or None,
        statuses=wanted.statuses or None,
        limit=wanted.limit,
        page=wanted.page,
    )

    def unit(tx: Tx) -> tuple[list[Profile], int]:
        tenants = tuple(named.tenant_id(tx, each) for each in wanted.tenants) or None
        roles = named.role_names(tx, wanted.roles) or None
        return search(tx, msgspec.structs.replace(body, tenant_ids=tenants, role_names=roles), is_test=None)

    with reached_project(data, project) as found:
        people, total = found.store.look(found.project_id, unit)
    rows = [_facts(each) if as_json else _line(each) for each in people]
    empty = "There is no user yet; make one with `avow user create LOGIN_ID`, or import them."
    table(rows, as_json=as_json, empty=empty if wanted == Wanted(limit=wanted.limit) else "There is no such user.")
    if not as_json and total > len(people):
        print(f"\n{len(people)} of {total}; --page {wanted.page + 1} shows more.")


def summary(user: str, *, project: str, data: Path | None, as_json: bool) -> None:
    """Print one user with all that tokens say about them."""
    with reached_project(data, project) as found:
        profile = _looked_up(found, user)
    facts = _facts(profile)
    show(facts if as_json else filled(facts), as_json=as_json)


def add_roles(user: str, names: Sequence[str], tenant: str, *, project: str, data: Path | None, as_json: bool) -> None:
    """Give roles of the project, or in one tenant."""
    _change(user, names, tenant, (grants.add_roles, "role.granted"), project=project, data=data, as_json=as_json)


def remove_roles(
    user: str, names: Sequence[str], tenant: str, *, project: str, data: Path | None, as_json: bool
) -> None:
    """Take roles of the project, or in one tenant."""
    _change(user, names, tenant, (grants.remove_roles, "role.withdrawn"), project=project, data=data, as_json=as_json)


def export(target: str, *, has_passwords: bool, project: str, data: Path | None, as_json: bool) -> None:
    """Write every user as a line of JSON that `avow user import` takes.

    Raises:
        CannotStart: The file exists, or cannot be written.
    """
    count, last = 0, ""
    with (
        reached_project(data, project) as found,
        _target(target) as file,
        progress("Exporting users", "users", 0, is_quiet=as_json) as shown,
    ):
        while page := found.store.look(
            found.project_id, partial(exports.page, after=last, has_passwords=has_passwords)
        ):
            file.write(b"".join(msgspec.json.encode(each) + b"\n" for each in page.users))
            count, last = count + len(page.users), page.last
            shown.show(count, count)
    if target != "-":
        say(f"{count:,} user(s) are in {target}.", {"target": target, "users": count}, as_json=as_json)


def _change(
    user: str,
    names: Sequence[str],
    tenant: str,
    what: tuple[Callable[[Tx, str, Sequence[str], str], None], str],
    *,
    project: str,
    data: Path | None,
    as_json: bool,
) -> None:
    act, action = what

    def unit(tx: Tx) -> tuple[Profile, str]:
        user_id, tenant_id = named.user(tx, user).id, named.tenant_id(tx, tenant)
        roles = named.role_names(tx, names)
        accounts.lock_several(tx, [user_id])
        act(tx, user_id, roles, tenant_id)
        tx.audit(action, actor=_ACTOR, user_id=user_id, tenant_id=tenant_id, data={"roles": list(roles)})
        return named.user(tx, user_id), tenant_id

    with reached_project(data, project) as found:
        profile, tenant_id = found.store.run(found.project_id, unit)
    held = profile.tenants[tenant_id].roles if tenant else profile.roles
    where = f" in {tenant}" if tenant else ""
    say(
        f"{user} has these roles{where} now: {', '.join(held) or 'none'}.",
        {"user_id": profile.id, "tenant_id": tenant_id, "roles": list(held)},
        as_json=as_json,
    )


def _looked_up(found: Reached, user: str) -> Profile:
    return found.store.look(found.project_id, partial(named.user, named=user))


def _facts(profile: Profile) -> dict[str, object]:
    shown: dict[str, object] = msgspec.to_builtins(accounts.shown(profile))
    return shown


def _line(profile: Profile) -> dict[str, object]:
    """Return what fits into a line; `avow user show` and lines of JSON say more."""
    row = profile.row
    return {
        "login_ids": " ".join(profile.login_ids) or profile.id,
        "name": row.name,
        "status": row.status,
        "roles": ", ".join(profile.roles),
        "tenants": ", ".join(held.name or tenant_id for tenant_id, held in profile.tenants.items()),
    }


@contextmanager
def _target(target: str) -> Generator[BinaryIO]:
    if target == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise CannotStart(f"{target} exists already; name a new file.") from None
    except OSError as error:
        raise CannotStart(f"{target} cannot be written: {error.strerror}.") from None
    with os.fdopen(descriptor, "wb") as file:
        yield file
        file.flush()
        os.fsync(descriptor)
