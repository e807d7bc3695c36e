"""The files that web components ask for: which flows there are, the screens, and the look.

Pages of any origin may read them: no request for them carries a credential, and none has a secret in it.

Spec: contract "web" section 1.
"""

import msgspec

from avow.errors import NotFound
from avow.server.flows.chosen import flow_named, versions
from avow.server.flows.executions import screen_named
from avow.server.flows.showing import screen_of
from avow.server.screens import Component, Screen, Sheet, brand_of, brand_sheet, render, style_sheet
from avow.server.screens.values import Failed, Said
from avow.server.serving import Answer, Call, Project, Steps, plain, read, steps
from avow.server.store import Tx
from avow.wire.endpoint import Caller, Endpoint, Nothing

__all__ = ["HANDLERS", "style_urls"]

_ANYBODY = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
_HTML = "text/html; charset=utf-8"
_CSS = "text/css; charset=utf-8"
_SCRIPT = "text/javascript; charset=utf-8"
_FOR_EVER = {**_ANYBODY, "cache-control": "public, max-age=31536000, immutable"}
_SHORTLY = {**_ANYBODY, "cache-control": "public, max-age=300"}
_CHANGED = Failed(reason=Said("wrong.expired"))  # the flow is not the one that was begun
_UI_VERSION = "3.14.1"  # of the official bundle, whose place our stub takes
_STUB = b"globalThis.DescopeUI={};\n"

FILE = Endpoint("pages.flow_file", "GET", "/pages/{projectId}/v2-beta/{file}", Nothing, Nothing, Caller.ANYONE)
TENANT_THEME = Endpoint(
    "pages.flow_theme", "GET", "/pages/{projectId}/v2-beta/{tenant}/{file}", Nothing, Nothing, Caller.ANYONE
)
STUB = Endpoint("pages.flow_ui", "GET", "/npm/@descope/{package}/dist/umd/{file}", Nothing, Nothing, Caller.ANYONE)


class _Config(msgspec.Struct, rename="camel"):
    """`config.json`: without a start screen, so that the component asks the server for the first one."""

    components_version: str
    flows: dict[str, dict[str, int]]
    styles: dict[str, object] = {}
    css_template: dict[str, object] = {}


def file(call: Call[Nothing]) -> Steps[Answer]:
    """Return one of the files of a project: `config.json`, a theme, a style sheet, or a screen by its id."""
    name, project = call.path["file"], call.project
    stem, _, kind = name.rpartition(".")
    if name == "config.json":
        return (yield from read(_config, project))
    if kind == "css":
        return _sheet(project, name)
    if kind == "json":
        return theme(call)
    found = (yield from read(_screen, project, stem.partition("-")[0])) if kind == "html" else None
    if found is None:
        raise NotFound
    shown, locale = found
    html = render(shown, locale=locale, brand=brand_of(project), face=Component(style_urls(project)))
    return Answer(html, content_type=_HTML, headers={**_ANYBODY, "cache-control": "no-store"})


def theme(call: Call[Nothing]) -> Answer:
    """Return that there is no theme: screens bring their style sheet."""
    return Answer(b"null", headers=_SHORTLY)


def stub(call: Call[Nothing]) -> Answer:
    """Return what the official bundle of user interface parts is here: nothing. The screens need none of it."""
    return Answer(_STUB, content_type=_SCRIPT, headers=_SHORTLY)


def style_urls(project: Project) -> tuple[str, ...]:
    """Return the absolute addresses of the style sheets of a project, its own colours last."""
    folder = f"{project.public_url.rstrip('/')}/pages/{project.id}/v2-beta"
    return tuple(f"{folder}/{sheet.name}" for sheet in _sheets(project))


def _sheet(project: Project, name: str) -> Answer:
    found = next((sheet for sheet in _sheets(project) if sheet.name == name), None)
    if found is None:
        raise NotFound
    return Answer(found.body, content_type=_CSS, headers=_FOR_EVER)


def _sheets(project: Project) -> list[Sheet]:
    own = brand_sheet(brand_of(project))
    return [style_sheet(), *([own] if own is not None else [])]


def _config(tx: Tx, project: Project) -> Answer:
    flows = {name: {"version": version} for name, version in versions(tx, project).items()}
    return Answer(msgspec.json.encode(_Config(_UI_VERSION, flows)), headers={**_ANYBODY, "cache-control": "no-cache"})


def _screen(tx: Tx, project: Project, screen_id: str) -> tuple[Screen, str] | None:
    """Return the screen that has this id, and its reader's language; None when no execution is at it."""
    execution = screen_named(tx, screen_id)
    if execution is None:
        return None
    try:
        flow = flow_named(tx, project, execution.flow_id)
    except NotFound:
        return _CHANGED, execution.state.locale
    if flow.version != execution.flow_version:
        return _CHANGED, execution.state.locale
    return screen_of(tx, project, flow, execution, is_component=True), execution.state.locale


HANDLERS = (steps(FILE, file), plain(TENANT_THEME, theme), plain(STUB, stub))
