"""`avow app ...` and `avow api ...`: applications that sign people in through Avow, and the APIs of their tokens.

What is of SAML alone is in `samlapps.py`.
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from avow import shaping
from avow.cli import samlapps
from avow.cli.directory import ACTOR, directory, facts
from avow.cli.options import Where
from avow.cli.output import filled, say, show, table
from avow.cli.problems import CannotStart
from avow.cli.questions import require_yes
from avow.cli.samlapps import SamlChanges
from avow.server.applications import actions, apis, handlers
from avow.server.applications.actions import HeldApplication
from avow.server.applications.apis import HeldApi
from avow.server.store import Tx
from avow.wire.applications import (
    ApiAnswer,
    ApiPermission,
    ApplicationAnswer,
    ApplicationSettings,
    CreateApi,
    CreateApplication,
    CreatedApplication,
    GrantApi,
    RotateSecret,
    UpdateApi,
    UpdateApplication,
)

__all__ = [
    "ApiChanges",
    "Changes",
    "SamlChanges",
    "create",
    "create_api",
    "create_saml",
    "delete",
    "delete_api",
    "grant",
    "list_all",
    "list_apis",
    "rotate",
    "summary",
    "summary_api",
    "update",
    "update_api",
    "update_saml",
]

_HOUR_SECONDS = 3600
_SAML = "saml"
_STANDARD = msgspec.structs.asdict(ApplicationSettings())
_WIRE = {each.name: each.encode_name for each in msgspec.structs.fields(ApplicationSettings)}
_LISTS = {_WIRE[name] for name, value in _STANDARD.items() if isinstance(value, tuple)}
_TEXTS = {_WIRE[name] for name, value in _STANDARD.items() if isinstance(value, str)}


@dataclass(frozen=True, slots=True)
class Changes:
    """What an application is to be, or to become, as the options say; None and () stay."""

    name: str | None = None
    description: str | None = None
    is_enabled: bool | None = None
    is_trusted: bool | None = None
    redirect_uris: tuple[str, ...] = ()
    logout_uris: tuple[str, ...] = ()
    web_origins: tuple[str, ...] = ()
    assignments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApiChanges:
    """What an API is to be, or to become; None and () stay."""

    name: str | None = None
    permissions: tuple[str, ...] = ()
    lifetime_seconds: int | None = None
    has_rbac: bool | None = None
    allows_offline: bool | None = None
    algorithm: str | None = None


# --- Applications --------------------------------------------------------------------------------------------------


def list_all(where: Where) -> None:
    """Print the applications."""
    with directory(where) as opened:
        found = opened.look(lambda tx: list(actions.every(tx)))
    is_json = where["as_json"]
    table(
        [facts(handlers.shown(each)) if is_json else _line(each) for each in found],
        as_json=is_json,
        empty="There is no application yet; make one with `avow app create NAME --redirect URL`.",
    )


def summary(app: str, where: Where) -> None:
    """Print all that an application is, but for its secrets."""
    with directory(where) as opened:
        held = opened.look(lambda tx: _application(tx, app))
        found = samlapps.view(opened, held.id) if held.row.kind == _SAML else facts(handlers.shown(held))
    show(found if where["as_json"] else filled(found), as_json=where["as_json"])


def create_saml(name: str, app_id: str, changes: SamlChanges, where: Where) -> None:
    """Make a SAML application and print what its service provider has to know."""
    with directory(where) as opened:
        samlapps.create(opened, name, app_id, changes, as_json=where["as_json"])


def update_saml(app: str, changes: SamlChanges, where: Where) -> None:
    """Change what is named of a SAML application."""
    with directory(where) as opened:
        held = opened.look(lambda tx: _application(tx, app))
        if held.row.kind != _SAML:
            raise CannotStart(f"{held.row.name!r} is no SAML application: `avow app update` changes it.")
        samlapps.update(opened, held, changes, as_json=where["as_json"])


def create(name: str, preset: str, app_id: str, changes: Changes, where: Where) -> None:
    """Make an application and print its secret, this once."""

    def unit(tx: Tx) -> CreatedApplication:
        body = CreateApplication(
            name=name,
            preset=preset,  # type: ignore[arg-type]  # one of the option's choices
            id=app_id or None,
            description=changes.description,
            trusted=changes.is_trusted,
            settings=_settings(changes) or None,
        )
        return handlers.create(tx, opened.call(body))

    with directory(where) as opened:
        made = opened.change(unit)
        host = opened.found.settings.public_url.rstrip("/")
        issuer = f"{host}/{opened.found.project_id}"
    _say_once(f"The application {name!r} is made.\n\nissuer: {issuer}", made, where)


def update(app: str, changes: Changes, where: Where) -> None:
    """Change what is named of an application."""
    if changes == Changes():
        raise CannotStart("Say what is to change; `avow app update --help` shows what can.")

    def unit(tx: Tx) -> CreatedApplication:
        row = _application(tx, app).row
        settings = _settings(changes)
        if settings and row.kind == _SAML:
            raise CannotStart(f"{row.name!r} is a SAML application: `avow app update-saml` changes its settings.")
        body = UpdateApplication(
            id=row.id,
            name=changes.name,
            description=changes.description,
            enabled=changes.is_enabled,
            trusted=changes.is_trusted,
            settings=settings or None,
        )
        return handlers.update(tx, opened.call(body))

    with directory(where) as opened:
        made = opened.change(unit)
    changed = made.application
    lines = [f"The application {changed.name!r} ({changed.id}) is changed.", *_told(made)]
    said = {**facts(changed), "secret": made.secret} if isinstance(made.secret, str) else facts(changed)
    say("\n".join(lines), said, as_json=where["as_json"])


def rotate(app: str, overlap_hours: int | None, where: Where) -> None:
    """Give an application a new secret and print it, this once."""

    def unit(tx: Tx) -> CreatedApplication:
        seconds = None if overlap_hours is None else overlap_hours * _HOUR_SECONDS
        return handlers.rotate(tx, opened.call(RotateSecret(id=_application(tx, app).id, overlap_seconds=seconds)))

    with directory(where) as opened:
        rotated = opened.change(unit)
    hours = 24 if overlap_hours is None else overlap_hours
    _say_once(f"Those before count for {hours} hours more.", rotated, where)


def grant(app: str, audience: str, scopes: tuple[str, ...], where: Where, *, takes_away: bool) -> None:
    """Say what an application may do at an API in its own name."""
    if takes_away and scopes:
        raise CannotStart("Say either --scope or --none.")

    def unit(tx: Tx) -> ApplicationAnswer:
        wanted = None if takes_away else scopes
        body = GrantApi(id=_application(tx, app).id, audience=audience, scopes=wanted)
        return handlers.grant(tx, opened.call(body))

    with directory(where) as opened:
        changed = opened.change(unit).application
    said = "may do nothing" if takes_away else f"may do {', '.join(scopes) or 'nothing that has a name'}"
    say(f"The application {changed.name!r} {said} at {audience}.", facts(changed), as_json=where["as_json"])


def delete(app: str, where: Where, *, is_agreed: bool) -> None:
    """Delete an application for ever."""
    with directory(where) as opened:
        found = opened.look(lambda tx: _application(tx, app))
        require_yes(f"Delete the application {found.row.name!r} ({found.id}) for ever?", is_agreed=is_agreed)
        opened.change(lambda tx: actions.delete(tx, found.id, actor=ACTOR))
    say(f"Deleted: {found.row.name!r}.", {"id": found.id, "deleted": True}, as_json=where["as_json"])


# --- APIs ----------------------------------------------------------------------------------------------------------


def list_apis(where: Where) -> None:
    """Print the APIs."""
    with directory(where) as opened:
        found = opened.look(lambda tx: list(apis.every(tx)))
    is_json = where["as_json"]
    table(
        [facts(handlers.shown_api(each)) if is_json else _api_line(each) for each in found],
        as_json=is_json,
        empty="There is no API yet; make one with `avow api create IDENTIFIER`.",
    )


def summary_api(api: str, where: Where) -> None:
    """Print all that an API is."""
    with directory(where) as opened:
        found = facts(handlers.shown_api(opened.look(lambda tx: apis.get(tx, api))))
    show(found if where["as_json"] else filled(found), as_json=where["as_json"])


def create_api(identifier: str, changes: ApiChanges, where: Where) -> None:
    """Make an API."""

    def unit(tx: Tx) -> ApiAnswer:
        body = CreateApi(identifier=identifier, **_api_values(changes))
        return handlers.create_api(tx, opened.call(body))

    with directory(where) as opened:
        made = opened.change(unit).api
    say(f"The API {made.identifier!r} is made: {made.id}", facts(made), as_json=where["as_json"])


def update_api(api: str, changes: ApiChanges, where: Where) -> None:
    """Change what is named of an API."""
    if changes == ApiChanges():
        raise CannotStart("Say what is to change; `avow api update --help` shows what can.")

    def unit(tx: Tx) -> ApiAnswer:
        body = UpdateApi(id=apis.get(tx, api).row.id, **_api_values(changes))
        return handlers.update_api(tx, opened.call(body))

    with directory(where) as opened:
        changed = opened.change(unit).api
    say(f"The API {changed.identifier!r} is changed.", facts(changed), as_json=where["as_json"])


def delete_api(api: str, where: Where, *, is_agreed: bool) -> None:
    """Delete an API for ever."""
    with directory(where) as opened:
        found = opened.look(lambda tx: apis.get(tx, api)).row
        require_yes(f"Delete the API {found.identifier!r} for ever?", is_agreed=is_agreed)
        opened.change(lambda tx: apis.delete(tx, found.id, actor=ACTOR))
    say(f"Deleted: {found.identifier!r}.", {"id": found.id, "deleted": True}, as_json=where["as_json"])


# --- Parts ---------------------------------------------------------------------------------------------------------


def _application(tx: Tx, named: str) -> HeldApplication:
    """Return an application by its client_id, or by a name that only one has."""
    by_id = actions.find(tx, named)
    found = [by_id] if by_id else [each for each in actions.every(tx) if each.row.name == named]
    if len(found) != 1:
        many = "Several applications have" if found else "There is no application with"
        raise CannotStart(f"{many} the name {named!r}; `avow app list` shows those there are.")
    return found[0]


def _settings(changes: Changes) -> dict[str, object]:
    """Return the settings that are named by options, and as NAME=VALUE: JSON, or texts with commas between them."""
    named: dict[str, object] = {
        "redirectUris": list(changes.redirect_uris),
        "logoutUris": list(changes.logout_uris),
        "webOrigins": list(changes.web_origins),
    }
    found = {name: value for name, value in named.items() if value}
    for assignment in changes.assignments:
        name, equals, text = assignment.partition("=")
        if not (name and equals):
            raise CannotStart(f"Write settings as NAME=VALUE, not {assignment!r}.")
        found[name] = _value(name, text)
    return found


def _value(name: str, text: str) -> object:
    if text == "default":
        return None
    if name in _TEXTS:
        return text
    if name in _LISTS and not text.startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return shaping.decode(text)
    except msgspec.DecodeError:
        return text


def _api_values(changes: ApiChanges) -> dict[str, Any]:
    permissions = [each.partition("=") for each in changes.permissions]
    return {
        "name": changes.name,
        "permissions": tuple(ApiPermission(name=name, description=about) for name, _, about in permissions) or None,
        "lifetime_seconds": changes.lifetime_seconds,
        "rbac": changes.has_rbac,
        "allows_offline": changes.allows_offline,
        "algorithm": changes.algorithm,
    }


def _say_once(sentence: str, made: CreatedApplication, where: Where) -> None:
    lines = [sentence, f"client_id: {made.application.id}", *_told(made)]
    say("\n".join(lines), facts(made), as_json=where["as_json"])


def _told(made: CreatedApplication) -> list[str]:
    if not isinstance(made.secret, str):
        return []
    return [f"client_secret: {made.secret}\n\nKeep it now: it is not shown again."]


def _line(held: HeldApplication) -> dict[str, object]:
    row = held.row
    return {
        "client_id": row.id,
        "name": row.name,
        "kind": actions.settings_of(row).preset if row.kind == actions.OIDC else row.kind,
        "status": "enabled" if row.is_enabled else "disabled",
    }


def _api_line(held: HeldApi) -> dict[str, object]:
    row = held.row
    return {
        "identifier": row.identifier,
        "name": row.name,
        "rbac": "yes" if row.has_rbac else "no",
        "permissions": ", ".join(each.name for each in held.permissions),
    }
