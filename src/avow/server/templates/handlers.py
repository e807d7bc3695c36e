"""The routes of JWT templates."""

from avow.errors import MissingArgument
from avow.server.serving import Call, Slice, plain, reads, writes
from avow.server.store import Tx
from avow.server.templates import actions
from avow.server.templates.checking import issues
from avow.wire import jwttemplates as wire
from avow.wire.endpoint import Nothing
from avow.wire.jwttemplates import (
    ApplyFromLibrary,
    CheckTemplate,
    GivenTemplate,
    LibraryAnswer,
    LibraryEntries,
    LibraryRef,
    PutTemplate,
    TemplateAnswer,
    TemplateRef,
    Templates,
    Validation,
)

__all__ = ["SLICE"]


def create(tx: Tx, call: Call[PutTemplate]) -> TemplateAnswer:
    """Make a JWT template. It counts once a project setting names it: `session_template` or `access_key_template`."""
    return TemplateAnswer(template=actions.create(tx, call.body.template, actor=call.management.actor))


def update(tx: Tx, call: Call[PutTemplate]) -> TemplateAnswer:
    """Put a JWT template in the place of the one with its id; tokens made from the next second on follow it."""
    return TemplateAnswer(template=actions.update(tx, call.body.template, actor=call.management.actor))


def delete(tx: Tx, call: Call[TemplateRef]) -> None:
    """Delete a JWT template that is not in use."""
    actions.delete(tx, call.body.id, actor=call.management.actor)


def load(tx: Tx, call: Call[TemplateRef]) -> TemplateAnswer:
    """Return the JWT template with this id."""
    return TemplateAnswer(template=actions.get(tx, call.body.id))


def list_all(tx: Tx, call: Call[Nothing]) -> Templates:
    """Return every JWT template of the project, by name."""
    return Templates(templates=actions.every(tx))


def validate(tx: Tx, call: Call[CheckTemplate]) -> Validation:
    """Say what is wrong with a JWT template: one that is given, or the one with this id."""
    given = call.body.template
    if given is None:
        if not call.body.id:
            raise MissingArgument(error_message="A template or its id is needed.")
        found = actions.get(tx, call.body.id)
        given = GivenTemplate(name=found.name, template=found.template)
    wrong = issues(given)
    return Validation(valid=not wrong, issues=wrong)


def list_library(call: Call[Nothing]) -> LibraryEntries:
    """Return the templates that come with the server."""
    return LibraryEntries(entries=actions.LIBRARY)


def load_library_entry(call: Call[LibraryRef]) -> LibraryAnswer:
    """Return one template that comes with the server."""
    return LibraryAnswer(entry=actions.entry(call.body.id))


def apply_from_library(tx: Tx, call: Call[ApplyFromLibrary]) -> TemplateAnswer:
    """Make a JWT template of one that comes with the server."""
    body = call.body
    given = actions.of_entry(
        actions.entry(body.library_entry_id), name=body.name or "", description=body.description or ""
    )
    return TemplateAnswer(template=actions.create(tx, given, actor=call.management.actor))


SLICE = Slice(
    "templates",
    (
        writes(wire.CREATE, create),
        writes(wire.UPDATE, update),
        writes(wire.DELETE, delete),
        reads(wire.LOAD, load),
        reads(wire.LIST, list_all),
        reads(wire.VALIDATE, validate),
        plain(wire.LIST_LIBRARY, list_library),
        plain(wire.LOAD_LIBRARY_ENTRY, load_library_entry),
        writes(wire.APPLY_FROM_LIBRARY, apply_from_library),
    ),
)
