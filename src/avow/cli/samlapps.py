"""`avow app ...` for SAML applications: what is made, changed and shown of them, by the contract's operations."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from avow import shaping
from avow.cli.directory import Directory, facts
from avow.cli.output import say
from avow.cli.problems import CannotStart
from avow.server.applications import ssoapps
from avow.server.applications.actions import HeldApplication
from avow.wire.ssoapplications import (
    AttributeToSend,
    GroupToSend,
    LoadApplication,
    RoleToSend,
    SamlApplication,
    SamlApplicationSettings,
    SsoApplication,
)

__all__ = ["SamlChanges", "create", "update", "view"]

_FORMATS: Final = {
    "unspecified": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
    "email": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    "persistent": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    "transient": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
}
_SOURCES: Final = {"user-id": "", "email": "email", "phone": "phone"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlChanges:
    """What a SAML application is to be, or to become, as the options say; None and () stay."""

    name: str | None = None
    description: str | None = None
    is_enabled: bool | None = None
    is_fresh: bool | None = None
    metadata_url: str | None = None
    entity_id: str | None = None
    acs: tuple[str, ...] = ()
    certificate: Path | None = None
    logout: str | None = None
    attributes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    name_id: str | None = None
    name_id_format: str | None = None
    relay_state: str | None = None


def create(opened: Directory, name: str, app_id: str, changes: SamlChanges, *, as_json: bool) -> None:
    """Make a SAML application and print what its service provider has to know."""
    body = SamlApplication(id=app_id or None, name=name, **_common(changes), **_settings(changes))
    made = opened.follow(ssoapps.create_saml(opened.call(body)))
    shown = _loaded(opened, made.id)
    say("\n".join([f"The application {name!r} is made: {made.id}", "", *_told(shown)]), facts(shown), as_json=as_json)


def update(opened: Directory, held: HeldApplication, changes: SamlChanges, *, as_json: bool) -> None:
    """Change what is named of a SAML application."""
    if changes == SamlChanges():
        raise CannotStart("Say what is to change; `avow app update-saml --help` shows what can.")
    row = held.row
    kept = msgspec.structs.asdict(shaping.decode(row.settings, SamlApplicationSettings))
    before: dict[str, Any] = {
        "name": row.name,
        "description": row.description,
        "logo": row.logo,
        "enabled": bool(row.is_enabled),
        "login_page_url": row.login_page_url,
        "force_authentication": bool(row.force_authentication),
    }
    named = {"name": changes.name} if changes.name is not None else {}
    body = SamlApplication(id=row.id, **{**before, **kept, **named, **_common(changes), **_settings(changes)})
    opened.change(lambda tx: ssoapps.update_saml(tx, opened.call(body)))
    shown = _loaded(opened, row.id)
    say(f"The application {shown.name!r} ({row.id}) is changed.", facts(shown), as_json=as_json)


def view(opened: Directory, application_id: str) -> dict[str, object]:
    """Return all that a SAML application is."""
    shown = _loaded(opened, application_id)
    own = {"id": shown.id, "kind": shown.app_type, "name": shown.name, "description": shown.description}
    return {**own, "enabled": shown.enabled, **facts(shown.saml_settings)}


def _loaded(opened: Directory, application_id: str) -> SsoApplication:
    return opened.look(lambda tx: ssoapps.load(tx, opened.call(LoadApplication(id=application_id))))


def _told(shown: SsoApplication) -> list[str]:
    """Return what a service provider has to know, as lines."""
    saml = shown.saml_settings
    return [
        f"metadata: {saml.idp_metadata_url}",
        f"entity id: {saml.idp_entity_id}",
        f"sign-in: {saml.idp_sso_url}",
        f"log-out: {saml.idp_logout_url}",
        f"begins here: {saml.idp_initiated_url}",
        "",
        saml.idp_cert.strip(),
    ]


def _common(changes: SamlChanges) -> dict[str, Any]:
    named = {
        "description": changes.description,
        "enabled": changes.is_enabled,
        "force_authentication": changes.is_fresh,
    }
    return {name: value for name, value in named.items() if value is not None}


def _settings(changes: SamlChanges) -> dict[str, Any]:
    """Return the settings that options name."""
    found: dict[str, Any] = {
        "metadata_url": changes.metadata_url,
        "entity_id": changes.entity_id,
        "certificate": _text(changes.certificate) if changes.certificate else None,
        "logout_redirect_url": changes.logout,
        "subject_name_id_type": None if changes.name_id is None else _SOURCES[changes.name_id],
        "subject_name_id_format": None
        if changes.name_id_format is None
        else _FORMATS.get(changes.name_id_format, changes.name_id_format),
        "default_relay_state": changes.relay_state,
    }
    if changes.metadata_url is not None or changes.acs:
        found["use_metadata_info"] = bool(changes.metadata_url)
    if changes.acs:
        found |= {"acs_url": changes.acs[0], "acs_allowed_callbacks": changes.acs[1:]}
    if changes.attributes:
        found["attribute_mapping"] = tuple(map(_attribute, changes.attributes))
    if changes.groups:
        found["groups_mapping"] = tuple(map(_group, changes.groups))
    return {name: value for name, value in found.items() if value is not None}


def _attribute(text: str) -> AttributeToSend:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise CannotStart(f"Write attributes as NAME=VALUE, such as mail=email, not {text!r}.")
    return AttributeToSend(name=name, value=value)


def _group(text: str) -> GroupToSend:
    parts = text.split("=")
    if len(parts) not in (2, 3) or not all(parts[:2]):
        raise CannotStart(f"Write groups as ATTRIBUTE=ROLE or ATTRIBUTE=ROLE=GROUP, not {text!r}.")
    return GroupToSend(name=parts[0], value=parts[2] if len(parts) == 3 else "", roles=(RoleToSend(name=parts[1]),))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotStart(f"The certificate {str(path)!r} cannot be read: it is a file in PEM.") from error
