"""Avow's own routes of applications and APIs; the contract's operations (beside this file) work on the same data."""

from typing import Any
from urllib.parse import urlsplit

from msgspec import UNSET

from avow import shaping
from avow.core.oidc.accesstoken import userinfo_audience
from avow.errors import InvalidArgument
from avow.server.applications import actions, apis, ssoapps, thirdparty
from avow.server.applications.actions import HeldApplication
from avow.server.applications.apis import HeldApi
from avow.server.serving import Call, Slice, reads, writes
from avow.server.store import Tx
from avow.wire import applications as wire
from avow.wire.applications import (
    Api,
    ApiAnswer,
    ApiPermission,
    Apis,
    Application,
    ApplicationAnswer,
    ApplicationGrant,
    ApplicationId,
    ApplicationRef,
    Applications,
    ApplicationSecret,
    ApplicationSettings,
    CreateApi,
    CreateApplication,
    CreatedApplication,
    GrantApi,
    ListPage,
    RotateSecret,
    UpdateApi,
    UpdateApplication,
)

__all__ = ["SLICE"]


def create(tx: Tx, call: Call[CreateApplication]) -> CreatedApplication:
    """Make an application from a preset, and return it with its secret, this once; a public one has none.

    What `settings` names differs from the preset. `trusted` is true unless it is said: nobody is asked for consent.
    """
    _require_algorithm(call, (call.body.settings or {}).get("idTokenAlgorithm"))
    made, secret = actions.create(tx, call.body, is_open=call.project.is_open, actor=call.management.actor)
    return CreatedApplication(application=shown(actions.get(tx, made)), secret=secret or UNSET)


def load(tx: Tx, call: Call[ApplicationRef]) -> ApplicationAnswer:
    """Return an application, without its secrets."""
    return ApplicationAnswer(application=shown(actions.get(tx, call.body.id or "")))


def list_all(tx: Tx, call: Call[ListPage]) -> Applications:
    """Return a page of the applications of the project, the oldest first, and how many there are.

    A page has a thousand, or `limit`.
    """
    most = call.body.limit or actions.MOST_LISTED
    found = actions.list_page(tx, actions.KINDS, most, most * (call.body.page or 0))
    return Applications(applications=tuple(map(shown, found)), total=actions.count(tx, actions.KINDS))


def update(tx: Tx, call: Call[UpdateApplication]) -> CreatedApplication:
    """Change what is named of an application; of `settings` null puts one back to what the preset has.

    One that becomes public loses its secrets; one that was public until now gets one, which is shown this once.
    """
    _require_algorithm(call, (call.body.settings or {}).get("idTokenAlgorithm"))
    secret = actions.update(tx, call.body, is_open=call.project.is_open, actor=call.management.actor)
    return CreatedApplication(application=shown(actions.get(tx, call.body.id)), secret=secret or UNSET)


def rotate(tx: Tx, call: Call[RotateSecret]) -> CreatedApplication:
    """Give an application a new secret, shown this once; those before count for `overlapSeconds` more, or a day."""
    body = call.body
    secret = actions.rotate(tx, body.id, overlap_seconds=body.overlap_seconds, actor=call.management.actor)
    return CreatedApplication(application=shown(actions.get(tx, body.id)), secret=secret)


def grant(tx: Tx, call: Call[GrantApi]) -> ApplicationAnswer:
    """Say what an application may do at an API in its own name (`client_credentials`); null takes the API away."""
    body = call.body
    actions.grant(tx, body.id, body.audience, body.scopes, actor=call.management.actor)
    return ApplicationAnswer(application=shown(actions.get(tx, body.id)))


def delete(tx: Tx, call: Call[ApplicationId]) -> None:
    """Delete an application for ever: its codes and refresh tokens end at once."""
    actions.delete(tx, call.body.id, actor=call.management.actor)


def create_api(tx: Tx, call: Call[CreateApi]) -> ApiAnswer:
    """Make an API that access tokens can be for."""
    _require_algorithm(call, call.body.algorithm)
    _require_foreign(call, call.body.identifier)
    made = apis.create(tx, call.body, actor=call.management.actor)
    return ApiAnswer(api=shown_api(apis.get(tx, made)))


def load_api(tx: Tx, call: Call[ApplicationRef]) -> ApiAnswer:
    """Return an API by its id or identifier."""
    return ApiAnswer(api=shown_api(apis.get(tx, call.body.id or "")))


def list_apis(tx: Tx, call: Call[ListPage]) -> Apis:
    """Return a page of the APIs of the project, the oldest first, and how many there are.

    A page has a thousand, or `limit`.
    """
    most = call.body.limit or actions.MOST_LISTED
    found = apis.list_page(tx, most, most * (call.body.page or 0))
    return Apis(apis=tuple(map(shown_api, found)), total=apis.count(tx))


def update_api(tx: Tx, call: Call[UpdateApi]) -> ApiAnswer:
    """Change what is named of an API; `permissions` take the place of all before.

    A permission that is gone is in no token from then on, whoever was granted it.
    """
    _require_algorithm(call, call.body.algorithm)
    apis.update(tx, call.body, actor=call.management.actor)
    return ApiAnswer(api=shown_api(apis.get(tx, call.body.id)))


def delete_api(tx: Tx, call: Call[ApplicationId]) -> None:
    """Delete an API for ever; access tokens for it hold until they end."""
    apis.delete(tx, call.body.id, actor=call.management.actor)


def shown(held: HeldApplication) -> Application:
    """Return an application as our own routes show it."""
    row = held.row
    return Application(
        id=row.id,
        kind=row.kind,  # type: ignore[arg-type]  # the table allows no other
        name=row.name,
        description=row.description,
        logo=row.logo,
        enabled=bool(row.is_enabled),
        trusted=bool(row.is_trusted),
        login_page_url=row.login_page_url,
        force_authentication=bool(row.force_authentication),
        created_time=row.created_at,
        modified_time=row.updated_at,
        settings=actions.settings_of(row) if row.kind in actions.OAUTH_KINDS else ApplicationSettings(),
        secrets=tuple(
            ApplicationSecret(id=each.id, created_time=each.created_at, expire_time=each.ends_at or 0)
            for each in held.secrets
        ),
        grants=tuple(
            ApplicationGrant(audience=each.identifier, scopes=shaping.decode(each.scopes, tuple[str, ...]))
            for each in held.grants
        ),
    )


def shown_api(held: HeldApi) -> Api:
    """Return an API as our own routes show it."""
    row = held.row
    return Api(
        id=row.id,
        identifier=row.identifier,
        name=row.name,
        lifetime_seconds=row.lifetime_seconds,
        algorithm=row.algorithm,
        rbac=bool(row.has_rbac),
        allows_offline=bool(row.allows_offline),
        created_time=row.created_at,
        permissions=tuple(ApiPermission(name=each.name, description=each.description) for each in held.permissions),
    )


def _require_algorithm(call: Call[Any], algorithm: object) -> None:
    """Refuse an algorithm that the project has no key for; its tokens would be signed by another."""
    project = call.project
    known = {"RS256", project.settings.session_algorithm, project.signing_key.algorithm}
    if isinstance(algorithm, str) and algorithm not in known:
        text = f"The project has no key for {algorithm[:20]!r}; it signs by {' and '.join(sorted(known))}."
        raise InvalidArgument(error_message=text)


def _require_foreign(call: Call[Any], identifier: str) -> None:
    """Refuse an audience that is our own: tokens for such an API would open userinfo."""
    project = call.project
    own = [project.public_url, f"{project.public_url.rstrip('/')}/{project.id}"]
    if project.issuer_host:
        own.append(f"{urlsplit(project.public_url).scheme}://{project.issuer_host}")
    if identifier in map(userinfo_audience, own):
        raise InvalidArgument(error_message="This is the address of Avow's own userinfo endpoint, not of an API.")


SLICE = Slice(
    "applications",
    (
        writes(wire.CREATE, create),
        reads(wire.LOAD, load),
        reads(wire.LIST, list_all),
        writes(wire.UPDATE, update),
        writes(wire.ROTATE, rotate),
        writes(wire.GRANT, grant),
        writes(wire.DELETE, delete),
        writes(wire.API_CREATE, create_api),
        reads(wire.API_LOAD, load_api),
        reads(wire.API_LIST, list_apis),
        writes(wire.API_UPDATE, update_api),
        writes(wire.API_DELETE, delete_api),
        *ssoapps.HANDLERS,
        *thirdparty.HANDLERS,
    ),
)
