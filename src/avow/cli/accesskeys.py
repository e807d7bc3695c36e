"""`avow accesskey ...`: the secrets of machines, each printed once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from avow.cli import named
from avow.cli.directory import ACTOR, attributes, directory, facts
from avow.cli.options import Where
from avow.cli.output import day, filled, say, show, table
from avow.cli.problems import CannotStart
from avow.cli.questions import require_yes
from avow.clock import system_clock
from avow.server.accesskeys import actions, handlers
from avow.server.accesskeys.actions import ACTIVE, INACTIVE
from avow.server.store import Tx
from avow.wire.accesskeys import (
    AccessKey,
    AccessKeyId,
    CreateAccessKey,
    CreatedAccessKey,
    KeyTenant,
    LoadAccessKey,
    SearchAccessKeys,
    UpdateAccessKey,
)

__all__ = ["Changes", "New", "activate", "create", "deactivate", "delete", "list_all", "rotate", "summary", "update"]

_DAY_SECONDS: Final = 86400


@dataclass(frozen=True, slots=True)
class New:
    """What a key is to be, as the options of `avow accesskey create` say."""

    roles: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    tenant_roles: tuple[tuple[str, str], ...] = ()
    user: str = ""
    days: int | None = None
    until: datetime | None = None
    permitted_ips: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to change of a key, as the options of `avow accesskey update` say; None and () stay."""

    name: str | None = None
    description: str | None = None
    permitted_ips: tuple[str, ...] = ()
    is_permitted_everywhere: bool = False


def list_all(text: str, tenants: tuple[str, ...], user: str, where: Where) -> None:
    """Print keys without their secrets: all, of tenants, of a user, with a text in name or description."""

    def unit(tx: Tx) -> tuple[AccessKey, ...]:
        body = SearchAccessKeys(
            tenant_ids=tuple(named.tenant_id(tx, each) for each in tenants) or None,
            bound_user_id=named.user(tx, user).id if user else None,
        )
        return handlers.search(tx, opened.call(body)).keys

    with directory(where) as opened:
        every = opened.look(unit)
    wanted = text.casefold()
    found = [each for each in every if wanted in f"{each.name}\n{each.description}".casefold()]
    now, is_json = system_clock(), where["as_json"]
    table(
        [facts(each) if is_json else _line(each, now) for each in found],
        as_json=is_json,
        empty="There is no such access key; `avow accesskey list` shows all."
        if text or tenants or user
        else "There is no access key yet; make one with `avow accesskey create NAME --role ROLE`.",
    )


def summary(key: str, where: Where) -> None:
    """Print all that a key is, but for its secret."""
    with directory(where) as opened:
        body = LoadAccessKey(id=opened.look(lambda tx: named.key(tx, key)).row.id)
        found = facts(opened.look(lambda tx: handlers.load(tx, opened.call(body))).key)
    show(found if where["as_json"] else filled(found), as_json=where["as_json"])


def create(name: str, new: New, where: Where) -> None:
    """Make a key and print it, this once."""
    if new.user and (new.roles or new.tenants or new.tenant_roles):
        raise CannotStart("A key that acts for a user has what the user has; name either a user, or roles and tenants.")
    if new.roles and (new.tenants or new.tenant_roles):
        raise CannotStart("A key of tenants has its roles there; give them with --tenant-role TENANT ROLE.")
    expires_at = _end(new)

    def unit(tx: Tx) -> CreatedAccessKey:
        body = CreateAccessKey(
            name=name,
            expire_time=expires_at,
            role_names=named.role_names(tx, new.roles) or None,
            key_tenants=_key_tenants(tx, new) or None,
            user_id=named.user(tx, new.user).id if new.user else None,
            custom_claims=attributes(new.claims),
            description=new.description,
            permitted_ips=new.permitted_ips or None,
        )
        return handlers.create(tx, opened.call(body))

    with directory(where) as opened:
        made = opened.change(unit)
    _say_once(made, where)


def update(key: str, changes: Changes, where: Where) -> None:
    """Change what is named of a key."""
    if changes == Changes():
        raise CannotStart("Say what is to change; `avow accesskey update --help` shows what can.")
    if changes.permitted_ips and changes.is_permitted_everywhere:
        raise CannotStart("Say either --permitted-ip or --from-anywhere.")

    def unit(tx: Tx) -> AccessKey:
        row = named.key(tx, key).row
        permitted = () if changes.is_permitted_everywhere else changes.permitted_ips or None
        body = UpdateAccessKey(
            id=row.id,
            name=row.name if changes.name is None else changes.name,
            description=changes.description,
            permitted_ips=permitted,
        )
        return handlers.update(tx, opened.call(body)).key

    with directory(where) as opened:
        changed = opened.change(unit)
    say(f"The access key {changed.name!r} ({changed.id}) is changed.", facts(changed), as_json=where["as_json"])


def rotate(key: str, where: Where) -> None:
    """Give a key a new secret and print it, this once; the one before ends at once."""
    with directory(where) as opened:
        rotated = opened.change(
            lambda tx: handlers.rotate(tx, opened.call(AccessKeyId(id=named.key(tx, key).row.id))),
        )
    _say_once(rotated, where)


def activate(keys: tuple[str, ...], where: Where) -> None:
    """Let keys be exchanged again, all or none."""
    _set_status(keys, ACTIVE, where)


def deactivate(keys: tuple[str, ...], where: Where) -> None:
    """Let keys be exchanged no more until they are activated, all or none."""
    _set_status(keys, INACTIVE, where)


def delete(keys: tuple[str, ...], where: Where, *, is_agreed: bool) -> None:
    """Delete keys for ever, all or none."""
    with directory(where) as opened:
        found = opened.look(lambda tx: [named.key(tx, each).row for each in keys])
        names = ", ".join(f"{each.name!r} ({each.id})" for each in found)
        require_yes(f"Delete the access key(s) {names} for ever?", is_agreed=is_agreed)
        ids = _distinct(each.id for each in found)
        opened.change(lambda tx: actions.delete(tx, ids, actor=ACTOR))
    say(f"Deleted: {names}.", {"ids": ids, "deleted": True}, as_json=where["as_json"])


def _set_status(keys: tuple[str, ...], status: str, where: Where) -> None:
    def unit(tx: Tx) -> list[str]:
        ids = _distinct(named.key(tx, each).row.id for each in keys)
        actions.set_status(tx, ids, status, actor=ACTOR)
        return ids

    with directory(where) as opened:
        ids = opened.change(unit)
    say(f"Now {status}: {', '.join(ids)}.", {"ids": ids, "status": status}, as_json=where["as_json"])


def _say_once(made: CreatedAccessKey, where: Where) -> None:
    say(
        f"{made.cleartext}\n\nKeep it now: it is stored nowhere and never shown again. To take it back: "
        f"avow accesskey deactivate {made.key.id}",
        facts(made),
        as_json=where["as_json"],
    )


def _key_tenants(tx: Tx, new: New) -> tuple[KeyTenant, ...]:
    """Return the tenants of a key with the roles there, each once."""
    roles: dict[str, list[str]] = {named.tenant_id(tx, each): [] for each in new.tenants}
    for tenant, role in new.tenant_roles:
        roles.setdefault(named.tenant_id(tx, tenant), []).extend(named.role_names(tx, [role]))
    return tuple(KeyTenant(tenant_id=each, role_names=tuple(names)) for each, names in roles.items())


def _end(new: New) -> int | None:
    """Return when a key ends, or None for never."""
    if new.days is not None and new.until is not None:
        raise CannotStart("Say either --days or --until.")
    if new.until is None:
        return system_clock() + new.days * _DAY_SECONDS if new.days else None
    end = int(new.until.replace(tzinfo=UTC).timestamp())
    if end <= system_clock():
        raise CannotStart("--until lies in the past; such a key would never count.")
    return end


def _distinct(ids: Iterable[str]) -> list[str]:
    """Return ids in one order, so that two commands do not wait for each other."""
    return sorted(set(ids))


def _line(key: AccessKey, now: int) -> dict[str, object]:
    is_over = 0 < key.expire_time <= now
    return {
        "id": key.id,
        "name": key.name,
        "status": "ended" if is_over else key.status,
        "ends": day(key.expire_time) if key.expire_time else "never",
        "holds": _holds(key),
    }


def _holds(key: AccessKey) -> str:
    if key.bound_user_id:
        return f"what {key.bound_user_id} holds"
    in_tenants = [_named(each.tenant_name or each.tenant_id, each.role_names) for each in key.key_tenants]
    return ", ".join([*key.role_names, *in_tenants])


def _named(tenant: str, roles: Sequence[str]) -> str:
    return f"{tenant} ({', '.join(roles)})" if roles else tenant
