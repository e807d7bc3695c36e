"""JWT templates: made, changed, found and deleted. One that is in use counts on every node within a second."""

import msgspec

from avow import shaping
from avow.core import ids
from avow.errors import InvalidArgument, MissingArgument, NotFound
from avow.server.projects import actions as projects
from avow.server.store import Tx
from avow.server.templates import rows
from avow.server.templates.checking import issues
from avow.server.templates.rows import IdRow, TemplateRow
from avow.wire.jwttemplates import GivenTemplate, JwtTemplate, LibraryEntry

__all__ = ["LIBRARY", "create", "delete", "entry", "every", "get", "of_entry", "update"]

_MOST = 100  # templates of a project
_PREFIX = "J"

# What comes with the server.
LIBRARY: tuple[LibraryEntry, ...] = (
    LibraryEntry(
        id="who-it-is",
        name="Who it is",
        description="E-mail address, number and name beside the usual claims, for back ends that ask nothing more.",
        template={"email": "{{user.email}}", "phone": "{{user.phone}}", "name": "{{user.name}}"},
        tags=("user",),
        empty_claim_policy="delete",
    ),
    LibraryEntry(
        id="selected-tenant",
        name="Selected tenant",
        description="Roles and permissions of the selected tenant alone: for people with very many tenants.",
        tags=("user", "tenants"),
        auth_schema="tenantOnly",
        auto_dct=True,
    ),
    LibraryEntry(
        id="no-rights",
        name="No rights",
        description="No roles, permissions and tenants: where something else decides who may do what.",
        tags=("user",),
        auth_schema="none",
    ),
)


def create(tx: Tx, given: GivenTemplate | None, *, actor: str) -> JwtTemplate:
    """Insert a template.

    Raises:
        MissingArgument: There is none.
        InvalidArgument: Something is wrong with it, its name is taken, or there are as many as a project may have.
    """
    template = _checked(given, ids.directory_id(_PREFIX, tx.now))
    made = tx.one(rows.INSERT, IdRow, id=template.id, most=_MOST, **_columns(template))
    if made is None:
        raise InvalidArgument(
            error_message=f"There is a template of this name already, or there are {_MOST}, as many as there may be."
        )
    tx.audit("jwt_template.created", actor=actor, data={"template": template.id})
    return template


def update(tx: Tx, given: GivenTemplate | None, *, actor: str) -> JwtTemplate:
    """Put a template in the place of the one with its id.

    Raises:
        MissingArgument: There is none, or it has no id.
        NotFound: There is none with this id.
        InvalidArgument: Something is wrong with it, its name is taken, or it is in use for another type.
    """
    if given is None or not given.id:
        raise MissingArgument(error_message="Name the template by its id.")
    before = get(tx, given.id)
    template = _checked(given, given.id)
    projects.bump(tx)  # first: whoever puts a template to use waits for this unit, or this one for theirs
    if template.type != before.type and template.id in _in_use(tx):
        raise InvalidArgument(error_message="The template is in use; its type stays.")
    if tx.one(rows.UPDATE, IdRow, id=template.id, **_columns(template)) is None:
        raise InvalidArgument(error_message="There is a template of this name already.")
    tx.audit("jwt_template.changed", actor=actor, data={"template": template.id})
    return template


def delete(tx: Tx, template_id: str | None, *, actor: str) -> None:
    """Delete a template that is not in use.

    Raises:
        NotFound: There is none with this id.
        InvalidArgument: It is in use: without it, tokens would say more than they should.
    """
    get(tx, template_id)
    projects.bump(tx)  # as in `update`
    if template_id in _in_use(tx):
        raise InvalidArgument(error_message="The template is in use; take it out of the project's settings first.")
    if tx.one(rows.DELETE, IdRow, id=template_id) is None:
        raise _missing()
    tx.audit("jwt_template.deleted", actor=actor, data={"template": template_id})


def get(tx: Tx, template_id: str | None) -> JwtTemplate:
    """Return the template with this id.

    Raises:
        MissingArgument: No id is given.
        NotFound: There is none.
    """
    if not template_id:
        raise MissingArgument(error_message="Name the template by its id.")
    row = tx.one(rows.FIND, TemplateRow, id=template_id)
    if row is None:
        raise _missing()
    return _read(row)


def every(tx: Tx) -> tuple[JwtTemplate, ...]:
    """Return the project's templates, by name."""
    return tuple(_read(row) for row in tx.all(rows.LIST, TemplateRow))


def entry(entry_id: str | None) -> LibraryEntry:
    """Return the entry of the library with this id.

    Raises:
        NotFound: There is none.
    """
    for each in LIBRARY:
        if each.id == entry_id:
            return each
    raise NotFound(error_message="The library has no entry with this id.")


def of_entry(found: LibraryEntry, *, name: str, description: str) -> GivenTemplate:
    """Return the template that an entry of the library makes."""
    return GivenTemplate(
        name=name or found.name,
        description=description or found.description,
        template=dict(found.template),
        source=found.id,
        tags=found.tags,
        auth_schema=found.auth_schema,
        type=found.type,
        auto_dct=found.auto_dct,
        empty_claim_policy=found.empty_claim_policy,
        exclude_permissions=found.exclude_permissions,
    )


def _checked(given: GivenTemplate | None, template_id: str) -> JwtTemplate:
    if given is None:
        raise MissingArgument(error_message="A template is needed.")
    found = issues(given)
    if found:
        raise InvalidArgument(error_message=f"{found[0].field}: {found[0].message} {found[0].hint}".strip())
    return JwtTemplate(
        id=template_id,
        name=(given.name or "").strip(),
        description=given.description or "",
        template=dict(given.template or {}),
        source=given.source or "",
        tags=given.tags or (),
        auth_schema=given.auth_schema or "default",
        type=given.type or "user",
        auto_dct=bool(given.auto_dct),
        empty_claim_policy=given.empty_claim_policy or "none",
        omit_custom_claims_from_dsr=bool(given.omit_custom_claims_from_dsr),
        add_jti=bool(given.add_jti),
        exclude_permissions=bool(given.exclude_permissions),
    )


def _columns(template: JwtTemplate) -> dict[str, str]:
    """Return what the table keeps of a template beside its id."""
    document = msgspec.json.encode(template).decode()
    return {"name": template.name, "type": template.type, "document": document}


def _in_use(tx: Tx) -> set[str]:
    settings = projects.settings(tx)
    return {settings.session_template, settings.access_key_template}


def _read(row: TemplateRow) -> JwtTemplate:
    return shaping.decode(row.document, JwtTemplate)


def _missing() -> NotFound:
    return NotFound(error_message="There is no template with this id.")
