"""What a project is configured with: read as a snapshot, tried, and taken over; a copy of it as a new project.

An import puts what the snapshot names into its place, and what the snapshot does not name stays: roles that users
hold, attributes that have values. Things are the same by their names, so users keep a role that is imported anew. Only
what differs is written: the same snapshot a second time changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from avow import shaping
from avow.core import ids
from avow.core.tokens import SigningKey
from avow.errors import AuthException, InvalidArgument, NotFound
from avow.server.attributes import actions as attributes
from avow.server.attributes.actions import Defined
from avow.server.delivery import actions as delivery
from avow.server.delivery.actions import OwnTemplate
from avow.server.flows import actions as flows
from avow.server.flows.actions import Flow
from avow.server.keys import actions as keys
from avow.server.lists import actions as lists
from avow.server.passwords import actions as passwords
from avow.server.permissions import actions as permissions
from avow.server.projects import actions as projects
from avow.server.roles import actions as roles
from avow.server.roles.actions import Wanted
from avow.server.serving import ManagementCaller
from avow.server.snapshots import applications, layout, rows
from avow.server.snapshots.layout import (
    Api,
    Application,
    Attribute,
    List,
    Permission,
    Role,
    Snapshot,
    Template,
    TokenTemplate,
)
from avow.server.snapshots.rows import ListRow, NamedRow
from avow.server.store import Tx, in_list, many_rows
from avow.server.store.tx import Value
from avow.server.templates import actions as templates
from avow.wire import permissions as permissions_wire
from avow.wire import roles as roles_wire
from avow.wire.jwttemplates import JwtTemplate
from avow.wire.snapshots import CloneProject

__all__ = ["Cloned", "KeySets", "check", "clone", "put", "read"]

Part = TypeVar("Part")

_MOST_CHANGES = 1000  # one unit is bounded
_MOST_HELD = 20_000  # permissions in the roles that change
_DOCUMENTS = (
    "templates",
    "jwt_templates",
    "lists",
    "apis",
    "applications",
    "flows",
)  # each takes statements of its own
_MOST_DOCUMENTS = 300
_ROWS_AT_ONCE = 128  # as many as `many_rows` puts into one statement
_MOST_OF_A_KIND = 500  # definitions of attributes
_MOST_TEMPLATES = 100  # JWT templates, and lists
_LONGEST_LIST = 100_000  # characters: longer ones are data, and would make a file of many megabytes
_TEMPLATES = {"sessionTemplate": "user", "accessKeyTemplate": "key"}
_OF_TEMPLATES = tuple(each.encode_name for each in msgspec.structs.fields(TokenTemplate))
KeySets = dict[str, tuple[SigningKey, SigningKey]]


@dataclass(frozen=True, slots=True)
class Cloned:
    """A project that was made, and the cleartext of its first management key."""

    project_id: str
    management_key: str


def read(tx: Tx) -> Snapshot:
    """Return what the project is configured with; users, tenants and keys are none of it, and no secret is.

    Raises:
        InvalidArgument: It has more permissions, or more of them in roles, than one answer lists.
    """
    found = roles.search(tx, Wanted(tenants=("",)), most=roles_wire.MOST_LISTED)
    token_templates = templates.every(tx)
    return Snapshot(
        settings=_named({each.id: each.name for each in token_templates}, _settings(tx)),
        permissions=[
            Permission(name=row.name, description=row.description)
            for row in permissions.every(tx, most=permissions_wire.MOST_LISTED)
        ],
        roles=[
            Role(
                name=role.name,
                description=role.description,
                permission_names=tuple(sorted(role.permissions)),
                default=role.is_default,
                private=role.is_private,
            )
            for role in found
        ],
        attributes=[_attribute(each) for each in attributes.every(tx)],
        templates=[
            Template(template=e.template, method=e.method, locale=e.locale, subject=e.subject, text=e.text, html=e.html)
            for e in delivery.every_template(tx)
        ],
        jwt_templates=[_token_template(each) for each in token_templates],
        lists=[_list(row) for row in tx.all(rows.LISTS, ListRow, most=_LONGEST_LIST)],
        apis=applications.read_apis(tx),
        applications=applications.read_applications(tx),
        passwords=passwords.settings(tx),
        flows=flows.every(tx),
        theme=flows.find_theme(tx),
    )


def check(tx: Tx, wanted: Snapshot, *, is_open: bool) -> list[str]:
    """Return why a snapshot cannot be taken over by the project, a sentence for each reason; write nothing."""
    return _failures(tx, read(tx), wanted, is_open=is_open)


def put(tx: Tx, wanted: Snapshot, *, is_open: bool, actor: str) -> None:
    """Take a snapshot over whose files were read without a failure, whole or not at all.

    In development (`is_open`) applications may have http addresses of any host.

    Raises:
        InvalidArgument: It does not fit the project, or changes more than one import may.
    """
    projects.bump(tx)  # first: it locks the project, so that of two imports at once the second waits
    present = read(tx)
    failures = _failures(tx, present, wanted, is_open=is_open)
    if failures:
        raise InvalidArgument(error_message=failures[0])
    changed = _changes(present, wanted)
    _put_permissions(tx, changed.permissions or ())
    _put_roles(tx, changed.roles or ())
    _put_attributes(tx, changed.attributes or ())
    for template in changed.templates or ():
        own = OwnTemplate(template.locale, template.subject, template.text, template.html)
        delivery.save_template(tx, template.template, template.method, own, actor=actor)
    _put_token_templates(tx, changed.jwt_templates or (), actor)
    for each in changed.lists or ():
        _put_list(tx, each, actor)
    applications.put_apis(tx, changed.apis or (), actor=actor)
    applications.put_applications(tx, changed.applications or (), is_open=is_open, actor=actor)
    if changed.passwords is not None:
        passwords.configure(tx, "", changed.passwords, actor=actor)
    for flow in changed.flows or ():
        flows.keep(tx, flow, actor=actor)
    if changed.theme is not None:
        flows.put_theme(tx, changed.theme, actor=actor)
    if changed.settings:
        known = {each.name: each.id for each in templates.every(tx)}
        projects.change_settings(tx, _named(known, changed.settings), actor=actor)
    tx.audit("project.snapshot_imported", actor=actor, data=_named_changes(changed))


def clone(
    tx: Tx, caller: ManagementCaller, wanted: CloneProject, snapshot: Snapshot, made: KeySets, *, is_open: bool
) -> Cloned:
    """Insert a project with the configuration that was read of the unit's, keys of its own and no users.

    Its first management key may do what the caller may do, from where and until when the caller may. It is one unit,
    which an import's bounds keep short: a project that is not there whole is not there.

    Raises:
        InvalidArgument: The server has no room for another project, or the configuration is too large.
    """
    projects.require_room(tx)
    copy = tx.in_new_project()
    for each in snapshot.lists or ():
        if each.data is None:
            raise InvalidArgument(error_message=f"The list {each.name!r} is too long to be copied.")
    projects.create(copy, wanted.name, environment=wanted.environment or "", tags=wanted.tags or (), actor=caller.actor)
    for key_set, both in made.items():
        keys.insert_set(copy, key_set, both)
    put(copy, snapshot, is_open=is_open, actor=caller.actor)
    _, cleartext = keys.create_management_key(
        copy,
        "first",
        rights=caller.rights,
        permitted_ips=[str(network) for network in caller.grant.networks],
        expires_at=caller.grant.expires_at,
        actor=caller.actor,
    )
    tx.audit("project.cloned", actor=caller.actor, data={"project": copy.project_id})
    return Cloned(copy.project_id, cleartext)


def _failures(tx: Tx, present: Snapshot, wanted: Snapshot, *, is_open: bool) -> list[str]:
    known = {each.identifier: each for each in (*(present.apis or ()), *(wanted.apis or ()))}
    apps = (wanted.applications or (), present.applications or ())
    return [
        *_unknown_permissions(present, wanted),
        *_wrong_attributes(present, wanted),
        *_wrong_settings(tx, present, wanted),
        *applications.failures(tx, *apps, known.values(), is_open=is_open)[: layout.MOST_FAILURES],
        *_too_much(present, wanted),
    ]


def _changes(present: Snapshot, wanted: Snapshot) -> Snapshot:
    """Return the part of a snapshot that would be written."""
    there = present.settings or {}
    has_theme = wanted.theme is not None and wanted.theme.id and wanted.theme != present.theme
    return Snapshot(
        settings={name: value for name, value in (wanted.settings or {}).items() if there.get(name) != value},
        permissions=_differing(present.permissions, wanted.permissions),
        roles=_differing(present.roles, _sorted(wanted.roles)),
        attributes=_differing(present.attributes, wanted.attributes),
        templates=_differing(present.templates, wanted.templates),
        jwt_templates=_differing(present.jwt_templates, wanted.jwt_templates),
        lists=_differing(present.lists, wanted.lists),
        apis=_differing(present.apis, wanted.apis),
        applications=_differing(present.applications, wanted.applications),
        passwords=wanted.passwords if wanted.passwords != present.passwords else None,
        flows=_differing(present.flows, wanted.flows),
        theme=wanted.theme if has_theme else None,
    )


def _named_changes(changed: Snapshot) -> dict[str, list[str]]:
    """Return what is changed, by kind, as the audit tells it."""
    told: dict[str, list[str]] = {"settings": sorted(changed.settings or {})}
    for kind in (*layout.LISTED, "flows"):
        told[kind] = [" ".join(_key(each)) for each in getattr(changed, kind)]
    for kind in ("passwords", "theme"):
        told[kind] = [kind] if getattr(changed, kind) is not None else []
    return {kind: names for kind, names in told.items() if names}


def _put_permissions(tx: Tx, changed: Sequence[Permission]) -> None:
    wanted: list[dict[str, Value]] = [
        {"id": ids.directory_id(ids.PERMISSION, tx.now), "name": each.name, "description": each.description}
        for each in changed
    ]
    _put_rows(tx, rows.PUT_PERMISSION, wanted)


def _put_roles(tx: Tx, changed: Sequence[Role]) -> None:
    """Make roles, or change those of the same name; users keep what they hold."""
    if not changed:
        return
    wanted: list[dict[str, Value]] = [
        {
            "id": ids.directory_id(ids.ROLE, tx.now),
            "name": each.name,
            "description": each.description,
            "is_default": int(each.default),
            "is_private": int(each.private),
        }
        for each in changed
    ]
    _put_rows(tx, rows.PUT_ROLE, wanted)
    role_ids = {row.name: row.id for row in tx.all(rows.ROLES, NamedRow)}
    permission_ids = {row.name: row.id for row in tx.all(rows.PERMISSIONS, NamedRow)}
    clause, listed = in_list("role_ids", [role_ids[each.name] for each in changed])
    tx.run(rows.CLEAR_ROLES.replace("(:role_ids)", clause), **listed)
    links: list[dict[str, Value]] = [
        {"role_id": role_ids[each.name], "permission_id": permission_ids[name]}
        for each in changed
        for name in each.permission_names
    ]
    for sql, params in many_rows(rows.ALLOW, links):
        tx.run(sql, **params)


def _put_attributes(tx: Tx, changed: Sequence[Attribute]) -> None:
    wanted = [attributes.columns_of(_defined(each)) for each in changed]
    if _put_rows(tx, rows.PUT_ATTRIBUTE, wanted) != len(wanted):  # defined by somebody else in this moment
        raise InvalidArgument(error_message="An attribute has another type in this project.")


def _put_rows(tx: Tx, statement: str, wanted: Sequence[Mapping[str, Value]]) -> int:
    """Insert or change rows, each once; return how many.

    In parts of 2^n: others would be filled up with a row twice, which PostgreSQL does not update.
    """
    changed, start = 0, 0
    while start < len(wanted):
        size = 1 << (min(len(wanted) - start, _ROWS_AT_ONCE).bit_length() - 1)
        for sql, params in many_rows(statement, wanted[start : start + size]):
            changed += tx.run(sql, **params)
        start += size
    return changed


def _unknown_permissions(present: Snapshot, wanted: Snapshot) -> list[str]:
    known = {each.name for each in (*(present.permissions or ()), *(wanted.permissions or ()))}
    return [
        f"The role {role.name[:100]!r} has a permission {name[:100]!r} that does not exist."
        for role in wanted.roles or ()
        for name in role.permission_names
        if name not in known
    ][: layout.MOST_FAILURES]


def _wrong_attributes(present: Snapshot, wanted: Snapshot) -> list[str]:
    types = {(each.kind, each.name): each.type for each in present.attributes or ()}
    failures = [
        f"The attribute {each.name!r} has another type in this project."
        for each in wanted.attributes or ()
        if types.get((each.kind, each.name), each.type) != each.type
    ]
    every = {*types, *((each.kind, each.name) for each in wanted.attributes or ())}
    for kind in sorted({kind for kind, _ in every}):
        if sum(each == kind for each, _ in every) > _MOST_OF_A_KIND:
            failures.append(f"A project has at most {_MOST_OF_A_KIND} attributes of the kind {kind}.")
    return failures


def _wrong_settings(tx: Tx, present: Snapshot, wanted: Snapshot) -> list[str]:
    settings = wanted.settings or {}
    try:
        projects.check_settings(tx, settings)
    except AuthException as wrong:
        return [wrong.error_message]
    known = {each.name: each.type for each in (*(present.jwt_templates or ()), *(wanted.jwt_templates or ()))}
    named = [(str(settings.get(name) or ""), kind) for name, kind in _TEMPLATES.items()]
    return [
        f"There is no JWT template {template!r} of the type {kind!r}."
        for template, kind in named
        if template and known.get(template) != kind
    ]


def _too_much(present: Snapshot, wanted: Snapshot) -> list[str]:
    changes = _changes(present, wanted)
    told = _named_changes(changes)
    changed = sum(map(len, told.values()))
    held = sum(len(role.permission_names) for role in changes.roles or ())
    documents = sum(len(told.get(kind, ())) for kind in _DOCUMENTS)
    failures = []
    if changed > _MOST_CHANGES:
        failures.append(f"The snapshot changes {changed} things, and one import at most {_MOST_CHANGES}.")
    if documents > _MOST_DOCUMENTS:
        failures.append(
            f"The snapshot changes {documents} flows, lists, templates, APIs and applications, and one import at most "
            f"{_MOST_DOCUMENTS}."
        )
    if held > _MOST_HELD:
        failures.append(f"The roles that change have {held} permissions together, and one import at most {_MOST_HELD}.")
    for kind in ("jwt_templates", "lists"):
        names = {each.name for each in (*(getattr(present, kind) or ()), *(getattr(wanted, kind) or ()))}
        if len(names) > _MOST_TEMPLATES:
            failures.append(f"A project has at most {_MOST_TEMPLATES} {kind.replace('_', ' ')}.")
    together = {flow.id: flow for flow in (*(present.flows or ()), *(wanted.flows or ()))}
    try:
        flows.check_room(list(together.values()))
    except InvalidArgument as wrong:
        failures.append(wrong.error_message)
    return failures


def _sorted(found: Sequence[Role] | None) -> list[Role]:
    """Return roles whose permissions are in the order of `read`, each once."""
    return [
        msgspec.structs.replace(each, permission_names=tuple(sorted(set(each.permission_names))))
        for each in found or ()
    ]


def _differing(present: Iterable[Part] | None, wanted: Iterable[Part] | None) -> list[Part]:
    """Return what is wanted and not there just so."""
    there = {_key(each): each for each in present or ()}
    return [each for each in wanted or () if there.get(_key(each)) != each]


def _key(part: object) -> tuple[str, ...]:
    """Return what a thing is the same by in every project."""
    match part:
        case Permission(name=name) | Role(name=name) | TokenTemplate(name=name) | List(name=name):
            return (name,)
        case Attribute(kind=kind, name=name):
            return (kind, name)
        case Template(template=template, method=method, locale=locale):
            return (template, method, locale)
        case Flow(id=named) | Application(id=named) | Api(identifier=named):
            return (named,)
        case _:
            raise TypeError(f"{type(part).__name__} is no part of a snapshot")


def _settings(tx: Tx) -> dict[str, object]:
    """Return the settings as JSON has them."""
    return shaping.decode(msgspec.json.encode(projects.settings(tx)), dict[str, object])


def _named(known: Mapping[str, str], settings: Mapping[str, object]) -> dict[str, object]:
    """Return settings that name JWT templates by name, in the place of their ids, or the other way round.

    The ids of one project are nothing in another.
    """
    changed = {name: known.get(str(settings[name]), "") for name in _TEMPLATES if settings.get(name)}
    return {**settings, **changed}


def _put_token_templates(tx: Tx, changed: Iterable[TokenTemplate], actor: str) -> None:
    known = {each.name: each.id for each in templates.every(tx)}
    for each in changed:
        if each.name in known:
            templates.update(tx, each.given(known[each.name]), actor=actor)
        else:
            templates.create(tx, each.given(), actor=actor)


def _put_list(tx: Tx, wanted: List, actor: str) -> None:
    """Make a list, or change the one of this name; without data in the snapshot, it keeps its own."""
    data = wanted.data
    if data is None:
        try:
            kept = lists.find_by_name(tx, wanted.name)
            data = kept.data if kept.type == wanted.type else None
        except NotFound:
            data = None
    lists.put(tx, "", lists.Wanted(wanted.name, wanted.type, wanted.description, data), actor=actor)


def _token_template(held: JwtTemplate) -> TokenTemplate:
    values = msgspec.to_builtins(held)
    return shaping.convert({name: values[name] for name in _OF_TEMPLATES}, TokenTemplate)


def _list(row: ListRow) -> List:
    data = shaping.decode(row.document) if row.document else None
    return shaping.convert({"name": row.name, "description": row.description, "type": row.type, "data": data}, List)


def _defined(each: Attribute) -> Defined:
    name = each.display_name or each.name
    return Defined(each.kind, each.name, each.type, name, each.required, each.options)


def _attribute(row: Defined) -> Attribute:
    """Return a definition as files show it; the database lets no other kind and type in."""
    return shaping.convert(
        {
            "kind": row.kind,
            "name": row.name,
            "type": row.type,
            "displayName": row.display_name,
            "required": row.is_required,
            "options": row.options,
        },
        Attribute,
    )
