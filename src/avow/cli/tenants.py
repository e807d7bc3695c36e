"""`avow tenant ...`: the customer organisations of a project, their domains and what new members hold."""

from dataclasses import dataclass, replace

from avow.cli import named
from avow.cli.directory import Directory, attributes, directory, facts
from avow.cli.options import Where
from avow.cli.output import filled, plain, say, show, table
from avow.cli.problems import CannotStart
from avow.cli.questions import require_yes
from avow.server.store import Tx
from avow.server.tenants import actions, handlers
from avow.server.tenants.actions import HeldTenant
from avow.wire.tenants import CreateTenant, DefaultRoles, DeleteTenant, PatchTenant

__all__ = [
    "Details",
    "add_default_roles",
    "add_domains",
    "create",
    "delete",
    "list_all",
    "remove_default_roles",
    "remove_domains",
    "summary",
    "update",
]


@dataclass(frozen=True, slots=True)
class Details:
    """What a tenant is to be, as options say; None and "" for what is not named."""

    name: str | None = None
    tenant_id: str = ""
    domains: tuple[str, ...] = ()
    parent: str = ""
    default_roles: tuple[str, ...] = ()
    is_disabled: bool | None = None
    enforces_sso: bool | None = None
    attributes: tuple[str, ...] = ()


def list_all(text: str, where: Where) -> None:
    """Print the tenants, or those with a text in id, name or domain."""
    with directory(where) as opened:
        every = opened.look(lambda tx: actions.search(tx, actions.Wanted()))
    wanted = text.casefold()
    found = [
        each
        for each in every
        if any(wanted in value.casefold() for value in (each.id, each.name, *each.provisioning_domains))
    ]
    is_json = where["as_json"]
    table(
        [facts(actions.shown(each)) if is_json else _line(each) for each in found],
        as_json=is_json,
        empty="No tenant has this in its id, name or domains; `avow tenant list` shows all."
        if every
        else "There is no tenant yet; make one with `avow tenant create NAME`.",
    )


def summary(tenant: str, where: Where) -> None:
    """Print all that a tenant is."""
    with directory(where) as opened:
        found = facts(actions.shown(opened.look(lambda tx: named.tenant(tx, tenant))))
    show(found if where["as_json"] else filled(found), as_json=where["as_json"])


def create(name: str, details: Details, where: Where) -> None:
    """Make a tenant and print its id."""

    def unit(tx: Tx) -> HeldTenant:
        body = CreateTenant(
            name=name,
            id=details.tenant_id or None,
            self_provisioning_domains=details.domains or None,
            custom_attributes=attributes(details.attributes),
            enforces_sso=details.enforces_sso,
            disabled=details.is_disabled,
            parent=named.tenant_id(tx, details.parent) or None,
        )
        made = handlers.create(tx, opened.call(body)).id
        if details.default_roles:
            _set_default_roles(opened, tx, made, named.role_names(tx, details.default_roles))
        return actions.get(tx, made)

    with directory(where) as opened:
        made = opened.change(unit)
    say(
        f"The tenant {made.name!r} is made: {made.id}\n\nTo make somebody a member: "
        f"avow user add-tenant LOGIN_ID {made.id}",
        facts(actions.shown(made)),
        as_json=where["as_json"],
    )


def update(tenant: str, details: Details, where: Where) -> None:
    """Change what is named of a tenant."""
    if details == Details():
        raise CannotStart("Say what is to change; `avow tenant update --help` shows what can.")

    def unit(tx: Tx) -> HeldTenant:
        body = PatchTenant(
            id=named.tenant(tx, tenant).id,
            name=details.name,
            disabled=details.is_disabled,
            enforces_sso=details.enforces_sso,
            custom_attributes=attributes(details.attributes),
        )
        handlers.patch(tx, opened.call(body))
        return actions.get(tx, body.id)

    with directory(where) as opened:
        changed = opened.change(unit)
    say(
        f"The tenant {changed.name!r} ({changed.id}) is changed.",
        facts(actions.shown(changed)),
        as_json=where["as_json"],
    )


def add_domains(tenant: str, domains: tuple[str, ...], where: Where) -> None:
    """Add mail domains whose users belong to a tenant."""

    def added(before: tuple[str, ...]) -> tuple[str, ...]:
        return (*before, *(each for each in domains if each not in before))

    with directory(where) as opened:
        changed = opened.change(
            lambda tx: _with_domains(opened, tx, (found := named.tenant(tx, tenant)), added(found.provisioning_domains))
        )
    _say_domains(changed, where)


def remove_domains(tenant: str, domains: tuple[str, ...], where: Where) -> None:
    """Take mail domains from a tenant."""
    gone = {each.strip().lower() for each in domains}

    def unit(tx: Tx) -> HeldTenant:
        found = named.tenant(tx, tenant)
        if unknown := sorted(gone - set(found.provisioning_domains)):
            raise CannotStart(f"The tenant has no domain {unknown[0]!r}; `avow tenant show {tenant}` shows them.")
        kept = tuple(each for each in found.provisioning_domains if each not in gone)
        return _with_domains(opened, tx, found, kept)

    with directory(where) as opened:
        changed = opened.change(unit)
    _say_domains(changed, where)


def add_default_roles(tenant: str, roles: tuple[str, ...], where: Where) -> None:
    """Add roles to what new members of a tenant hold."""

    def unit(tx: Tx) -> HeldTenant:
        found = named.tenant(tx, tenant)
        names = (*found.default_roles, *named.role_names(tx, roles))
        _set_default_roles(opened, tx, found.id, tuple(dict.fromkeys(names)))
        return actions.get(tx, found.id)

    with directory(where) as opened:
        changed = opened.change(unit)
    _say_default_roles(changed, where)


def remove_default_roles(tenant: str, roles: tuple[str, ...], where: Where) -> None:
    """Take roles from what new members of a tenant hold; who is a member keeps them."""

    def unit(tx: Tx) -> HeldTenant:
        found = named.tenant(tx, tenant)
        gone = named.role_names(tx, roles)
        if unknown := [each for each in gone if each not in found.default_roles]:
            raise CannotStart(f"{unknown[0]!r} is no default role; `avow tenant show {tenant}` shows them.")
        kept = tuple(each for each in found.default_roles if each not in gone)
        _set_default_roles(opened, tx, found.id, kept)
        return replace(found, default_roles=kept)

    with directory(where) as opened:
        changed = opened.change(unit)
    _say_default_roles(changed, where)


def delete(tenant: str, where: Where, *, cascade: bool, is_agreed: bool) -> None:
    """Delete a tenant for ever."""
    with directory(where) as opened:
        found = opened.look(lambda tx: named.tenant(tx, tenant))
        what = "its roles and memberships"
        what += ", and the users and access keys that belong to no other tenant" if cascade else ""
        require_yes(f"Delete the tenant {found.name!r} ({found.id}) with {what}, for ever?", is_agreed=is_agreed)
        opened.follow(handlers.delete(opened.call(DeleteTenant(id=found.id, cascade=cascade))))
    say(f"The tenant {found.name!r} is deleted.", {"id": found.id, "deleted": True}, as_json=where["as_json"])


def _with_domains(opened: Directory, tx: Tx, found: HeldTenant, domains: tuple[str, ...]) -> HeldTenant:
    handlers.patch(tx, opened.call(PatchTenant(id=found.id, self_provisioning_domains=domains)))
    return actions.get(tx, found.id)


def _set_default_roles(opened: Directory, tx: Tx, tenant_id: str, names: tuple[str, ...]) -> None:
    handlers.update_default_roles(tx, opened.call(DefaultRoles(id=tenant_id, default_roles=names)))


def _say_domains(tenant: HeldTenant, where: Where) -> None:
    domains = ", ".join(tenant.provisioning_domains) or "none"
    say(f"Domains of {tenant.name!r} now: {plain(domains)}.", facts(actions.shown(tenant)), as_json=where["as_json"])


def _say_default_roles(tenant: HeldTenant, where: Where) -> None:
    roles = ", ".join(tenant.default_roles) or "none"
    say(
        f"New members of {tenant.name!r} hold from now on: {plain(roles)}.",
        facts(actions.shown(tenant)),
        as_json=where["as_json"],
    )


def _line(tenant: HeldTenant) -> dict[str, object]:
    return {
        "id": tenant.id,
        "name": tenant.name,
        "status": "disabled" if tenant.is_disabled else "enabled",
        "domains": " ".join(tenant.provisioning_domains),
    }
