"""Applications and APIs in snapshots: read, checked, put in place; neither secrets nor what people allowed are in one.

An API is the same by its identifier, an application by its id, which its client library names. One that is new to a
project has no secret there until one is made (`rotate_secret`); one that exists keeps its own.
"""

from collections.abc import Iterable, Sequence

import msgspec

from avow import shaping
from avow.core.oidc import clients
from avow.errors import AuthException, InvalidArgument
from avow.server.applications import actions, apis, registered, ssoapps
from avow.server.applications.actions import ApplicationRow, HeldApplication, Kind
from avow.server.snapshots import layout
from avow.server.snapshots.layout import Api, ApiScope, Application, Granted
from avow.server.store import Tx
from avow.wire.applications import ApplicationSettings, CreateApi, UpdateApi
from avow.wire.ssoapplications import SamlApplication, SamlApplicationSettings
from avow.wire.thirdparty import ThirdPartySettings

__all__ = ["failures", "put_apis", "put_applications", "read_apis", "read_applications"]

_KINDS: dict[Kind, type[msgspec.Struct]] = {
    "oidc": ApplicationSettings,
    "third-party": ThirdPartySettings,
    "saml": SamlApplicationSettings,
}


def read_apis(tx: Tx) -> list[Api]:
    """Return the APIs of the project, by identifier.

    Raises:
        InvalidArgument: There are more than a snapshot holds.
    """
    found = apis.list_page(tx, layout.MOST_LISTED + 1)
    _require_room(found, "APIs")
    return [
        Api(
            identifier=held.row.identifier,
            name=held.row.name,
            lifetime_seconds=held.row.lifetime_seconds,
            algorithm=held.row.algorithm,  # type: ignore[arg-type]  # management lets no other in
            rbac=bool(held.row.has_rbac),
            allows_offline=bool(held.row.allows_offline),
            permissions=layout.by_name(ApiScope(name=e.name, description=e.description) for e in held.permissions),
        )
        for held in sorted(found, key=lambda held: held.row.identifier)
    ]


def read_applications(tx: Tx) -> list[Application]:
    """Return the applications of the project, by id, without those that publish what they are or registered themselves.

    Raises:
        InvalidArgument: There are more than a snapshot holds.
    """
    found = actions.list_page(tx, tuple(_KINDS), layout.MOST_LISTED + 1, is_managed=True)
    _require_room(found, "applications")
    return [_shown(each) for each in sorted(found, key=lambda held: held.id)]


def failures(
    tx: Tx, wanted: Sequence[Application], there: Sequence[Application], known: Iterable[Api], *, is_open: bool
) -> list[str]:
    """Return why applications cannot be taken over, a sentence for each reason.

    Args:
        tx: The unit.
        wanted: Those of the snapshot.
        there: Those of the project.
        known: The APIs of both.
        is_open: Development: http is good for every host.
    """
    kinds, found = {each.id: each.kind for each in there}, []
    scopes = {api.identifier: {each.name for each in api.permissions} for api in known}
    for each in wanted:
        if registered.is_one(each.id):
            found.append(f"The application {each.id!r} registered itself: no snapshot holds such a one.")
            continue
        if kinds.get(each.id, each.kind) != each.kind or (each.id not in kinds and actions.find(tx, each.id)):
            found.append(f"The application {each.id!r} is of another kind in this project.")
            continue
        try:
            actions.check_addresses(each.login_page_url, each.logo, is_open=is_open)
            _settings(each, is_open=is_open)
        except AuthException as wrong:
            found.append(f"The application {each.id!r}: {wrong.error_message}")
        for grant in each.grants:
            if not set(grant.scopes) <= scopes.get(grant.audience, set()) or grant.audience not in scopes:
                found.append(f"The application {each.id!r} is granted what no API {grant.audience[:100]!r} knows.")
    return found


def put_apis(tx: Tx, changed: Iterable[Api], *, actor: str) -> None:
    """Make APIs, or change those of the same identifier."""
    for each in changed:
        said = {**msgspec.to_builtins(each), "id": each.identifier, "name": each.name or None}
        if apis.find(tx, each.identifier) is None:
            apis.create(tx, shaping.convert(said, CreateApi), actor=actor)
        else:
            apis.update(tx, shaping.convert(said, UpdateApi), actor=actor)


def put_applications(tx: Tx, changed: Iterable[Application], *, is_open: bool, actor: str) -> None:
    """Make applications, or change those of the same id; secrets, consents and whom they are open to stay."""
    for each in changed:
        row = _row(tx, each, msgspec.json.encode(_settings(each, is_open=is_open)).decode())
        held = actions.find(tx, each.id)
        if held is None:
            actions.insert(tx, row, actor=actor)
        else:
            actions.save(tx, row, actor=actor)
        granted = {grant.identifier for grant in held.grants} if held else set()
        for gone in sorted(granted - {grant.audience for grant in each.grants}):
            actions.grant(tx, each.id, gone, None, actor=actor)
        for grant in each.grants:
            actions.grant(tx, each.id, grant.audience, grant.scopes, actor=actor)


def _require_room(found: Sequence[object], what: str) -> None:
    """Refuse to leave some out: what is not in a snapshot would be taken for what is not there."""
    if len(found) > layout.MOST_LISTED:
        text = f"The project has more {what} than a snapshot holds: {layout.MOST_LISTED}."
        raise InvalidArgument(error_message=text)


def _shown(held: HeldApplication) -> Application:
    row = held.row
    settings = shaping.decode(row.settings, _KINDS[row.kind])  # type: ignore[index]  # asked for by kind
    grants = (
        Granted(audience=each.identifier, scopes=shaping.decode(each.scopes, tuple[str, ...])) for each in held.grants
    )
    return Application(
        id=row.id,
        kind=row.kind,  # type: ignore[arg-type]  # likewise
        name=row.name,
        description=row.description,
        logo=row.logo,
        enabled=bool(row.is_enabled),
        trusted=bool(row.is_trusted),
        login_page_url=row.login_page_url,
        force_authentication=bool(row.force_authentication),
        settings=shaping.decode(msgspec.json.encode(settings)),  # as files have it: lists, no tuples
        grants=layout.by_audience(grants),
    )


def _settings(wanted: Application, *, is_open: bool) -> msgspec.Struct:
    """Return the settings of an application, checked as management checks them.

    Raises:
        InvalidArgument: They cannot be.
    """
    shape = _KINDS[wanted.kind]
    try:
        if issubclass(shape, ApplicationSettings):
            return clients.changed(shaping.convert(dict(wanted.settings), shape), {}, is_open=is_open)
        return ssoapps.settings_of(
            shaping.convert({**wanted.settings, "id": wanted.id, "name": wanted.name}, SamlApplication)
        )
    except msgspec.ValidationError as wrong:
        raise InvalidArgument(error_message=f"A setting is not valid: {wrong}.") from wrong


def _row(tx: Tx, wanted: Application, settings: str) -> ApplicationRow:
    return ApplicationRow(
        id=wanted.id,
        kind=wanted.kind,
        name=wanted.name,
        description=wanted.description,
        logo=wanted.logo,
        is_enabled=int(wanted.enabled),
        is_trusted=int(wanted.trusted),
        login_page_url=wanted.login_page_url,
        force_authentication=int(wanted.force_authentication),
        settings=settings,
        created_at=tx.now,
        updated_at=tx.now,
    )
