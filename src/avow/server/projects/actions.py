"""Projects and their settings: created, read, changed. Each change moves the project's version."""

import re
from collections.abc import Iterable, Mapping

import msgspec

from avow import shaping
from avow.core import ids
from avow.core.passkeys.parties import is_origin, is_party_id
from avow.core.redirects import is_entry, is_url
from avow.errors import InvalidArgument
from avow.server.projects import layouts, rows
from avow.server.projects.rows import ProjectRow
from avow.server.store import Tx, json_text
from avow.wire.projects import ProjectSettings

__all__ = [
    "ProjectRow",
    "bump",
    "change_settings",
    "check_settings",
    "create",
    "every",
    "find",
    "find_version",
    "is_deleted",
    "mark_deleted",
    "new_id",
    "origins",
    "rename",
    "require_room",
    "set_issuer_host",
    "set_tags",
    "settings",
    "tags_of",
]

_MOST_PROJECTS = 1000
_NAMES = {field.name for field in msgspec.structs.fields(ProjectSettings)}
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.){{0,30}}{_LABEL}", re.ASCII | re.IGNORECASE)
_HOST = re.compile(rf"(?:{_LABEL}\.){{0,30}}{_LABEL}(?::[0-9]{{1,5}})?", re.ASCII | re.IGNORECASE)
_CAMEL = {field.encode_name: field.name for field in msgspec.structs.fields(ProjectSettings)}


def create(
    tx: Tx,
    name: str,
    *,
    environment: str = "",
    tags: Iterable[str] = (),
    issuer_host: str | None = None,
    actor: str = "command",
) -> str:
    """Insert the project whose id the unit is bound to; return its id."""
    tx.run(rows.INSERT, name=name, environment=environment, issuer_host=issuer_host, tags=json_text(list(tags)))
    tx.audit("project.created", actor=actor, data={"name": name})
    return tx.project_id


def require_room(tx: Tx) -> None:
    """Refuse a project that callers of the API make when a server has very many already.

    Raises:
        InvalidArgument: There are as many as a server keeps, those included whose rows are still being deleted.
    """
    found = tx.one(rows.COUNT, rows.CountRow)
    if found is not None and found.projects >= _MOST_PROJECTS:
        raise InvalidArgument(error_message=f"This server has {found.projects} projects, as many as it takes.")


def new_id(now: int) -> str:
    """Return an id for a project to be created."""
    return ids.directory_id(ids.PROJECT, now)


def find(tx: Tx) -> ProjectRow | None:
    """Return the project of the unit, or None."""
    return tx.one(rows.FIND, ProjectRow)


def find_version(tx: Tx) -> int | None:
    """Return the project's version, or None when there is no such project."""
    found = tx.one(rows.FIND_VERSION, rows.VersionRow)
    return found.version if found else None


def every(tx: Tx) -> list[ProjectRow]:
    """Return all projects of the server; for commands only."""
    return tx.all(rows.LIST, ProjectRow)


def rename(tx: Tx, name: str, *, actor: str) -> None:
    """Give the project another name, which messages and pages show within a second."""
    tx.one(rows.RENAME, rows.VersionRow, name=name)
    tx.audit("project.renamed", actor=actor, data={"name": name})


def set_issuer_host(tx: Tx, host: str | None, *, actor: str) -> None:
    """Give the project a host whose root is its OpenID issuer, or None for none of its own.

    Raises:
        InvalidArgument: It is no host, or another project's.
    """
    if host is not None and not _HOST.fullmatch(host):
        raise InvalidArgument(error_message=f"{host[:200]!r} is not a host such as id.example.com.")
    wanted = None if host is None else host.lower()
    if any(row.issuer_host == wanted and row.id != tx.project_id for row in every(tx) if wanted):
        raise InvalidArgument(error_message="This host is another project's.")
    tx.one(rows.SET_ISSUER_HOST, rows.VersionRow, issuer_host=wanted)
    tx.audit("project.issuer_host_changed", actor=actor, data={"host": wanted or ""})


def set_tags(tx: Tx, tags: Iterable[str], *, actor: str) -> None:
    """Put these tags in the place of all that the project has; a second time the same one is dropped."""
    wanted = list(dict.fromkeys(tags))
    tx.one(rows.SET_TAGS, rows.VersionRow, tags=json_text(wanted))
    tx.audit("project.tags_changed", actor=actor, data={"tags": wanted})


def tags_of(row: ProjectRow) -> tuple[str, ...]:
    """Return the tags of a project."""
    return shaping.decode(row.tags, tuple[str, ...])


def mark_deleted(tx: Tx, *, actor: str) -> bool:
    """Delete the project as far as anybody can tell, within a second on every node; tell whether it was there.

    Its rows stay until the housekeeper has deleted them in steps: of a million users no unit could.
    """
    if tx.one(rows.MARK_DELETED, rows.VersionRow) is None:
        return False
    tx.audit("project.deleted", actor=actor)
    return True


def is_deleted(tx: Tx) -> bool:
    """Tell whether the project was deleted and rows of it are left; its id is not used again."""
    return tx.one(rows.FIND_DELETED, rows.VersionRow) is not None


def settings(tx: Tx) -> ProjectSettings:
    """Return the settings, defaults included."""
    stored = {row.name: shaping.decode(row.value) for row in tx.all(rows.SETTINGS, rows.SettingRow)}
    return _typed(stored)


def change_settings(tx: Tx, changes: Mapping[str, object], *, actor: str) -> ProjectSettings:
    """Change the named settings; None puts one back to its default.

    Args:
        tx: Unit of the project.
        changes: By Python or camelCase name.
        actor: Who changes, for the audit.

    Raises:
        InvalidArgument: A name is unknown or a value out of its range; nothing is changed.
    """
    wanted = _named(changes)
    changed = check_settings(tx, changes)
    for name, value in wanted.items():
        if value is None:
            tx.run(rows.CLEAR_SETTING, name=name)
        else:
            text = json_text(getattr(changed, name))
            tx.run(rows.SET_SETTING, name=name, value=text)
    bump(tx)
    layouts.check(tx, changed)
    tx.audit("project.settings_changed", actor=actor, data={"names": sorted(wanted)})
    return changed


def check_settings(tx: Tx, changes: Mapping[str, object]) -> ProjectSettings:
    """Return what the settings would be after such a change, and change nothing; see `change_settings`.

    Raises:
        InvalidArgument: A name is unknown or a value out of its range.
    """
    stored = {row.name: shaping.decode(row.value) for row in tx.all(rows.SETTINGS, rows.SettingRow)}
    changed = _typed({**stored, **_named(changes)})
    _check_addresses(changed)
    return changed


def bump(tx: Tx) -> None:
    """Move the version, so that every node reads the project anew within a second."""
    tx.one(rows.BUMP, rows.VersionRow)


def origins(tx: Tx) -> list[str]:
    """Return the approved redirects and allowed origins of every project, for CORS preflights."""
    found: list[str] = []
    for row in tx.all(rows.ORIGINS, rows.SettingRow):
        found += shaping.decode(row.value, list[str])
    return found


def _check_addresses(settings: ProjectSettings) -> None:
    urls = [*settings.approved_redirects, *settings.allowed_origins, *settings.default_redirects.values()]
    for url in (*urls, *filter(None, [settings.invite_url])):
        if not is_entry(url):
            raise InvalidArgument(error_message=f"{url[:200]!r} is not an absolute http or https URL.")
    if settings.logo_url and not (settings.logo_url.startswith("https://") and is_url(settings.logo_url)):
        raise InvalidArgument(error_message=f"{settings.logo_url[:200]!r} is not an https URL.")
    # It goes into a header as it is: anything but a host name could end the cookie, or the header.
    if settings.cookie_domain and not _DOMAIN.fullmatch(settings.cookie_domain):
        raise InvalidArgument(error_message=f"{settings.cookie_domain[:200]!r} is not a domain such as example.com.")
    if settings.passkey_rp_id and not is_party_id(settings.passkey_rp_id):
        raise InvalidArgument(error_message=f"{settings.passkey_rp_id!r} is not a domain such as example.com.")
    for origin in settings.passkey_origins:
        if not is_origin(origin):
            raise InvalidArgument(error_message=f"{origin[:200]!r} is not an origin such as https://app.example.com.")


def _named(changes: Mapping[str, object]) -> dict[str, object]:
    """Return changes by their Python names."""
    wanted = {_CAMEL.get(name, name): value for name, value in changes.items()}
    unknown = sorted(set(wanted) - _NAMES)
    if unknown:
        raise InvalidArgument(error_message=f"There is no project setting {unknown[0][:100]!r}.")
    return wanted


def _typed(values: Mapping[str, object]) -> ProjectSettings:
    """Return the settings in their types; None counts as not set."""
    given = {name: value for name, value in values.items() if value is not None}
    try:
        return shaping.convert({_camel(name): value for name, value in given.items()}, ProjectSettings)
    except msgspec.ValidationError as wrong:
        raise InvalidArgument(error_message=f"A project setting is not valid: {wrong}.") from wrong


def _camel(name: str) -> str:
    return next(camel for camel, snake in _CAMEL.items() if snake == name)
