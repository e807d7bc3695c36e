"""`avow permission ...`: the named rights that roles are made of."""

from avow.cli import named
from avow.cli.directory import ACTOR, directory, facts
from avow.cli.options import Where
from avow.cli.output import filled, say, show, table
from avow.cli.problems import CannotStart
from avow.cli.questions import require_yes
from avow.server.permissions import actions, handlers
from avow.server.permissions.actions import PermissionRow
from avow.server.roles import actions as roles
from avow.server.store import Tx
from avow.wire.permissions import CreatePermission, Permission, UpdatePermission

__all__ = ["create", "delete", "list_all", "summary", "update"]


def list_all(text: str, where: Where) -> None:
    """Print the permissions, or those with a text in name or description, and people the roles made of each."""
    with directory(where) as opened:
        every = opened.look(actions.every)
        held = [] if where["as_json"] else opened.look(lambda tx: roles.search(tx, roles.Wanted()))
    wanted = text.casefold()
    found = [each for each in every if wanted in each.name.casefold() or wanted in each.description.casefold()]
    is_json = where["as_json"]
    table(
        [
            _facts(each)
            if is_json
            else {
                "name": each.name,
                "description": each.description,
                "roles": ", ".join(dict.fromkeys(role.name for role in held if each.name in role.permissions)),
            }
            for each in found
        ],
        as_json=is_json,
        empty="No permission has this in its name; `avow permission list` shows all."
        if every
        else "There is no permission yet; make one with `avow permission create NAME`.",
    )


def summary(permission: str, where: Where) -> None:
    """Print a permission and the roles that are made of it."""

    def unit(tx: Tx) -> dict[str, object]:
        found = named.permission(tx, permission)
        made = roles.search(tx, roles.Wanted(permissions=(found.name,)))
        return {
            **_facts(found),
            "roles": [{"id": each.id, "name": each.name, "tenantId": each.tenant_id} for each in made],
        }

    with directory(where) as opened:
        found = opened.look(unit)
    show(found if where["as_json"] else filled(found), as_json=where["as_json"])


def create(name: str, description: str, where: Where) -> None:
    """Make a permission."""

    def unit(tx: Tx) -> PermissionRow:
        handlers.create(tx, opened.call(CreatePermission(name=name, description=description)))
        return named.permission(tx, name)

    with directory(where) as opened:
        made = opened.change(unit)
    say(
        f"The permission {made.name!r} is made: {made.id}\n\n"
        f"To put it into a role: avow role add-permission ROLE {made.id}",
        _facts(made),
        as_json=where["as_json"],
    )


def update(permission: str, name: str | None, description: str | None, where: Where) -> None:
    """Change what is named of a permission; roles that are made of it stay so."""
    if name is None and description is None:
        raise CannotStart("Say what is to change; `avow permission update --help` shows what can.")

    def unit(tx: Tx) -> PermissionRow:
        found = named.permission(tx, permission)
        body = UpdatePermission(
            id=found.id,
            new_name=found.name if name is None else name,
            description=found.description if description is None else description,
        )
        handlers.update(tx, opened.call(body))
        return named.permission(tx, found.id)

    with directory(where) as opened:
        changed = opened.change(unit)
    say(f"The permission {changed.name!r} is changed.", _facts(changed), as_json=where["as_json"])


def delete(permissions: tuple[str, ...], where: Where, *, is_agreed: bool) -> None:
    """Delete permissions for ever, all or none; they leave every role."""
    with directory(where) as opened:
        found = opened.look(lambda tx: [named.permission(tx, each) for each in permissions])
        names = ", ".join(f"{each.name!r}" for each in found)
        require_yes(f"Delete the permission(s) {names} for ever, out of every role?", is_agreed=is_agreed)
        ids = list(dict.fromkeys(each.id for each in found))
        opened.change(lambda tx: actions.delete(tx, permission_ids=ids, actor=ACTOR))
    say(f"Deleted: {names}.", {"ids": ids, "deleted": True}, as_json=where["as_json"])


def _facts(row: PermissionRow) -> dict[str, object]:
    return facts(Permission(id=row.id, name=row.name, description=row.description))
