"""The layouts of a project's tokens: the JWT templates that its settings name."""

from typing import cast

from avow import shaping
from avow.core.layouts import PLAIN, EmptyPolicy, Layout, Scheme
from avow.errors import InvalidArgument
from avow.server.projects import rows
from avow.server.projects.rows import TemplateRow
from avow.server.store import Tx
from avow.wire.jwttemplates import JwtTemplate
from avow.wire.projects import ProjectSettings

__all__ = ["check", "layouts"]


def layouts(tx: Tx, settings: ProjectSettings) -> tuple[Layout, Layout]:
    """Return how session tokens of users, and those of access keys, are laid out; asks nothing where it is as usual."""
    return _layout(tx, settings.session_template), _layout(tx, settings.access_key_template)


def check(tx: Tx, settings: ProjectSettings) -> None:
    """Refuse settings that name a template which is not there, or is for something else.

    Call it once the project's row is held, so that nobody deletes the template meanwhile.

    Raises:
        InvalidArgument: One does.
    """
    for template_id, kind in ((settings.session_template, "user"), (settings.access_key_template, "key")):
        found = _find(tx, template_id)
        if template_id and (found is None or found.type != kind):
            raise InvalidArgument(error_message=f"There is no JWT template {template_id!r} of the type {kind!r}.")


def _layout(tx: Tx, template_id: str) -> Layout:
    template = _find(tx, template_id)
    if template is None:
        return PLAIN
    return Layout(
        claims=template.template,
        scheme=cast(Scheme, template.auth_schema),
        leaves_out_permissions=template.exclude_permissions,
        selects_only_tenant=template.auto_dct,
        adds_id=template.add_jti,
        empty=cast(EmptyPolicy, template.empty_claim_policy),
    )


def _find(tx: Tx, template_id: str) -> JwtTemplate | None:
    row = tx.one(rows.FIND_TEMPLATE, TemplateRow, template_id=template_id) if template_id else None
    return shaping.decode(row.document, JwtTemplate) if row else None
