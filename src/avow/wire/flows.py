"""Flows and the theme, as documents that are kept and given back: shapes and routes."""

from typing import Annotated

from msgspec import Meta

from avow.wire.bounds import Reference
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape

__all__ = [
    "DELETE",
    "ENDPOINTS",
    "EXPORT",
    "EXPORT_THEME",
    "IMPORT",
    "IMPORT_THEME",
    "LIST",
    "ExportedFlow",
    "FlowHead",
    "FlowIds",
    "FlowRef",
    "Flows",
    "ImportFlow",
    "ImportTheme",
    "Theme",
]

# Documents are free within: what a flow may do, its execution decides.
Document = Annotated[dict[str, object], Meta(max_length=200)]
Screens = Annotated[tuple[Document, ...], Meta(max_length=200)]


class FlowHead(Shape, frozen=True, kw_only=True):
    """A flow as lists show it."""

    id: str
    name: str
    description: str
    disabled: bool


class Flows(Shape, frozen=True, kw_only=True):
    """All flows, by id."""

    flows: tuple[FlowHead, ...]
    total: int


class FlowRef(Shape, frozen=True, kw_only=True):
    """A flow, by its id."""

    flow_id: Reference


class FlowIds(Shape, frozen=True, kw_only=True):
    """Flows to be deleted, all or none."""

    ids: Annotated[tuple[Reference, ...], Meta(max_length=200)] | None = None


class ImportFlow(Shape, frozen=True, kw_only=True):
    """A flow to be kept under an id, in the place of what was there.

    Attributes:
        flow_id: Letters, digits, `-` and `_`, at most 128.
        flow: `name`, `description`, `disabled` and `dsl`; what else there is, is kept as it is.
        screens: Each with an `id` of its own.
    """

    flow_id: Reference
    flow: Document | None = None
    screens: Screens | None = None


class ExportedFlow(Shape, frozen=True, kw_only=True):
    """A flow with its screens.

    Attributes:
        flow: `id`, `name`, `description`, `disabled`, `dsl`, `etag` (another one after each change), and what else
            was imported.
        screens: Each with `id`, `inputs`, `interactions`, and what else was imported.
    """

    flow: dict[str, object]
    screens: tuple[dict[str, object], ...]


class ImportTheme(Shape, frozen=True, kw_only=True):
    """A theme to be the project's, in the place of the one before: `id` and `cssTemplate`."""

    theme: Document | None = None


class Theme(Shape, frozen=True, kw_only=True):
    """The theme of the project; without one, "" and {}."""

    id: str
    css_template: dict[str, object]


LIST = Endpoint(
    "mgmt.flow.list_flows", "POST", "/v1/mgmt/flow/list", Nothing, Flows, Caller.MANAGEMENT, only_reads=True
)
DELETE = Endpoint("mgmt.flow.delete_flows", "POST", "/v1/mgmt/flow/delete", FlowIds, Nothing, Caller.MANAGEMENT)
EXPORT = Endpoint(
    "mgmt.flow.export_flow", "POST", "/v1/mgmt/flow/export", FlowRef, ExportedFlow, Caller.MANAGEMENT, only_reads=True
)
IMPORT = Endpoint("mgmt.flow.import_flow", "POST", "/v1/mgmt/flow/import", ImportFlow, ExportedFlow, Caller.MANAGEMENT)
EXPORT_THEME = Endpoint(
    "mgmt.flow.export_theme", "POST", "/v1/mgmt/theme/export", Nothing, Theme, Caller.MANAGEMENT, only_reads=True
)
IMPORT_THEME = Endpoint(
    "mgmt.flow.import_theme", "POST", "/v1/mgmt/theme/import", ImportTheme, Theme, Caller.MANAGEMENT
)

ENDPOINTS = (LIST, DELETE, EXPORT, IMPORT, EXPORT_THEME, IMPORT_THEME)
